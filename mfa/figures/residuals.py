"""Adjustments: what was reported against what reconciliation made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from mfa.errors import UnknownName, did_you_mean
from mfa.figures.rows import Chart, Mark, Row, draw_chart, is_wide
from mfa.figures.select import ENDS, TIME_NAMES, check_labels, title_of
from mfa.figures.spec import FigureSpec
from mfa.figures.style import ADJUSTED, GROSS, INK, MUTED, REPORTED, SUSPECT, styled
from mfa.figures.text import number
from mfa.run.mirror import label_columns
from mfa.run.result import Result

CAPTION = (
    "Reported values with one sigma, adjusted values with one standard deviation, relative to the report."
    " Hollow reports do not count (superseded, derived or repeated). z is the adjustment over its own"
    " standard deviation."
)
FLAGS: Mapping[str, str] = {"gross error": GROSS, "conflict": SUSPECT}
"""Flag -> its colour."""
STANDS = ("counted", "exact", "limit")
"""Standings of observations that take part in the reconciliation."""


def draw(result: Result, spec: FigureSpec) -> Figure:
    """Dot-and-whisker rows of observations, reported and adjusted, the largest |z| first.

    Raises UnknownName for a name or label the result lacks, and EmptyFigure.
    """
    check_labels(result, spec.at)
    table = chosen(result, spec)
    rows = tuple(_row(result, r) for r in table.to_dict("records"))
    shown = f"{len(rows)} of {len(matching(result, spec)):,} observations, the largest |z| first"
    wide = is_wide(rows)
    label = "relative to the reported value (reported = 1" + (", logarithmic)" if wide else ")")
    keys = [("reported \N{PLUS-MINUS SIGN} sigma", Mark(0, 0, REPORTED))]
    if any(m.hollow for r in rows for m in r.marks):
        keys.append(("does not count", Mark(0, 0, REPORTED, hollow=True)))
    keys.append(("adjusted \N{PLUS-MINUS SIGN} sd", Mark(0, 0, ADJUSTED, "D")))
    with styled():
        return draw_chart(
            Chart(spec.title or "Adjustments", shown, "", label, rows, tuple(keys), reference=1.0)
        )


def matching(result: Result, spec: FigureSpec) -> pd.DataFrame:
    """The observations that a figure speaks of, whether or not there is room for them.

    `of` names observations, or quantities they report; statistical differences are not reports. A figure that
    chooses nothing shows what counts; one that names observations or labels shows all editions of them.
    """
    table = result.observations
    difference = [n for n, q in result.quantities.items() if q.kind == "difference"]
    table = table[~table["name"].isin(difference)] if len(table) else table
    if not spec.of and not spec.at and len(table):
        table = table[table["standing"].isin(STANDS)]
    if spec.of:
        table = table[_named(table, spec)]
    for axis, labels in spec.at.items():
        if axis not in table.columns:
            hint = did_you_mean(axis, label_columns(table))
            raise UnknownName(f'figure "{spec.name}": no observation has "{axis}"; {hint}')
        table = table[table[axis].map(plain_label).isin([str(x) for x in labels])]
    return table


def _named(table: pd.DataFrame, spec: FigureSpec) -> pd.Series:
    quantities = table["of"].str.split(" + ", regex=False)
    known = {*table["name"], *(q for names in quantities for q in names)}
    for name in spec.of:
        if name not in known:
            raise UnknownName(
                f'figure "{spec.name}": nothing observed is called "{name}"; {did_you_mean(name, known)}'
            )
    wanted = set(spec.of)
    return table["name"].isin(wanted) | quantities.map(lambda names: bool(wanted & set(names)))


def chosen(result: Result, spec: FigureSpec) -> pd.DataFrame:
    """The rows of the figure: the `top` largest |z| of those that can be drawn; raises EmptyFigure."""
    table = matching(result, spec)
    drawable = table[table["adjusted"].notna() & ((table["value"] > 0) | (table["adjusted"] > 0))]
    if drawable.empty:
        raise spec.empty(
            "no observation is left of the selection", "see `observations.csv` for what there is"
        )
    order = drawable["z"].abs().sort_values(ascending=False, kind="stable", na_position="last").index
    return drawable.loc[order[: spec.top]]


def plain_label(label: Any) -> str:
    """A label of a table as text (a column of years with gaps holds floats)."""
    if label is None or (isinstance(label, float) and math.isnan(label)):
        return ""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def label_text(result: Result, row: Mapping[Any, Any], columns: Sequence[str]) -> str:
    """The labels of an observation in words: `2022, United States to China`."""
    words = {c: plain_label(row[c]) for c in columns}
    first = sorted(columns, key=lambda c: c not in TIME_NAMES)
    named = {c: title_of(result, c, words[c]) for c in first if words[c]}
    pair = [named.pop(end) for end in ENDS if end in named]
    return ", ".join([*named.values(), *([" to ".join(pair)] if pair else [])])


def _row(result: Result, row: Mapping[Any, Any]) -> Row:
    base = row["value"] if row["value"] > 0 else row["adjusted"]
    counts = row["standing"] in STANDS
    flag = str(row["flag"]) if row["flag"] in FLAGS else ""
    colour = FLAGS.get(flag, INK if counts else MUTED)
    labels = label_text(result, row, label_columns(result.observations))
    z = "" if math.isnan(row["z"]) else f"z = {number(row['z'], 2)}"
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    origin = ", ".join(w for w in (plain_label(row["source"]), plain_label(row["edition"])) if w)
    note = f"{origin}: {number(row['value'])}{unit} \N{RIGHTWARDS ARROW} {number(row['adjusted'])}"
    verdict = ", ".join(w for w in (z, flag or ("" if counts else str(row["standing"]))) if w)
    marks = (
        Mark(row["value"] / base, row["sigma"] / base, FLAGS.get(flag, REPORTED), hollow=not counts),
        Mark(row["adjusted"] / base, row["adjusted_sd"] / base, ADJUSTED, "D"),
    )
    return Row(f"{row['name']}: {labels}" if labels else str(row["name"]), note, verdict, colour, marks)
