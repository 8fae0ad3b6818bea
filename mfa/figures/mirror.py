"""Mirror gaps: two reports of one trade side by side, the largest contradiction first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from mfa.errors import UnknownName, did_you_mean
from mfa.figures.residuals import label_text, plain_label
from mfa.figures.rows import Chart, Mark, Row, draw_chart, is_wide
from mfa.figures.select import check_labels
from mfa.figures.spec import FigureSpec
from mfa.figures.style import GROSS, MUTED, styled
from mfa.figures.text import TIMES, number
from mfa.run.mirror import NUMBERS, mirror_gaps
from mfa.run.result import Result
from mfa.units import parse_unit

CAPTION = (
    "What the exporter and the importer report of the same trade, with one sigma. The factor is importer"
    " over exporter; z is the gap over the sigma of both together, and from 3 on the two contradict each"
    " other. A pair is incomplete where one side is silent about a part of what the other reports."
)
EXPORTER, IMPORTER = "#332288", "#cc6677"
VERDICTS: Mapping[str, str] = {"conflict": GROSS, "closes": MUTED, "incomplete": MUTED}
"""Verdict -> the colour of its text."""


def draw(result: Result, spec: FigureSpec) -> Figure:
    """Exporter's and importer's reports as dots with whiskers, a row for each pair and year, worst |z| first.

    Raises UnknownName for a name or label the result lacks, UnitError, and EmptyFigure.
    """
    check_labels(result, spec.at)
    gaps = chosen(result, spec)
    shown = gaps.head(spec.top)
    given = str(shown["unit"].iloc[0])
    unit = spec.unit or given
    factor = parse_unit(unit, unit.split()).factor / parse_unit(given, given.split()).factor
    rows = tuple(_row(result, gaps, r, factor) for r in shown.to_dict("records"))
    conflicts = int((gaps["verdict"] == "conflict").sum())
    words = f"{len(rows)} of {len(gaps)} pairs and years, worst first; {conflicts} in conflict"
    keys = (
        ("exporter reports \N{PLUS-MINUS SIGN} sigma", Mark(0, 0, EXPORTER)),
        ("importer reports \N{PLUS-MINUS SIGN} sigma", Mark(0, 0, IMPORTER, "D")),
    )
    label = f"{unit} per year" + (", logarithmic" if is_wide(rows) else "")
    with styled():
        return draw_chart(Chart(spec.title or "Two reports of one trade", words, "", label, rows, keys))


def chosen(result: Result, spec: FigureSpec) -> pd.DataFrame:
    """The mirror gaps of a figure in one kind of mass: that of `unit`, else the one with most pairs."""
    gaps = mirror_gaps(result.observations, result.mass_unit)
    if spec.of and len(gaps):
        names = gaps["of"].str.split(" + ", regex=False)
        for name in spec.of:
            result.quantity(name)
        gaps = gaps[names.map(lambda found: bool(set(found) & set(spec.of)))]
    for axis, labels in spec.at.items():
        if axis not in gaps.columns:
            raise UnknownName(
                f'figure "{spec.name}": no pair has "{axis}"; {did_you_mean(axis, gaps.columns)}'
            )
        gaps = gaps[gaps[axis].map(plain_label).isin([str(x) for x in labels])]
    if len(gaps):
        wanted = parse_unit(spec.unit, spec.unit.split()) if spec.unit else None
        kind = gaps["unit"].mode()[0] if wanted is None else f"{result.mass_unit} {wanted.basis}".strip()
        gaps = gaps[gaps["unit"] == kind]
    if gaps.empty:
        hint = (
            "a pair needs observations with `reported_by: importer` and `reported_by: exporter` of one trade"
        )
        raise spec.empty("no trade is reported by both sides within the selection", hint)
    return gaps.reset_index(drop=True)


def _row(result: Result, gaps: pd.DataFrame, row: Mapping[Any, Any], factor: float) -> Row:
    labels = [c for c in gaps.columns[: list(gaps.columns).index("of")] if c not in NUMBERS]
    names = [result.quantities[n].label if n in result.quantities else n for n in row["of"].split(" + ")]
    text = f"{number(row['ratio'])}{TIMES}, z = {number(row['z'], 2)}, {row['verdict']}"
    marks = (
        Mark(row["exporter_value"] / factor, row["exporter_sigma"] / factor, EXPORTER),
        Mark(row["importer_value"] / factor, row["importer_sigma"] / factor, IMPORTER, "D"),
    )
    sources = f"{row['exporter_source']} against {row['importer_source']}"
    note = f"{' + '.join(names)} ({sources})"
    return Row(label_text(result, row, labels), note, text, VERDICTS[row["verdict"]], marks)
