"""Figures that two observations take from one place: one piece of evidence, which would count as two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import combinations

import pandas as pd

from mfa.build.reports import Report, names_of
from mfa.build.values import UNNAMED
from mfa.data.evidence import COUNTED
from mfa.errors import Problem
from mfa.spec.resolve import Document

_FIGURE = ("value", "low", "high")


def counted_twice(document: Document, reports: Sequence[Report]) -> list[Problem]:
    """A warning for every two observations with a figure of one source and edition for the same cells."""
    alike = defaultdict[Hashable, list[Report]](list)
    for report in reports:
        if report.section == "observations" and len(report.frame):
            alike[_target(report)].append(report)
    pairs = [pair for group in alike.values() for pair in combinations(group, 2)]
    found = ((first, second, _shared(first, second)) for first, second in pairs)
    return [_problem(document, a, b, rows) for a, b, rows in found if len(rows)]


def _target(report: Report) -> Hashable:
    """What a report speaks of, labels of its rows aside."""
    spec, unit = report.spec, report.unit
    fixed = [(axis, *sorted(map(str, labels))) for axis, labels in spec.at.items() if axis not in report.axes]
    return frozenset(names_of(spec).items()), frozenset(report.axes), frozenset(fixed), unit.kind, unit.basis


def _shared(first: Report, second: Report) -> pd.DataFrame:
    """The rows of the second that state what a row of the first states."""
    keys = [*second.axes, "source", "edition"]
    one, other = (_counted(report, keys) for report in (first, second))
    return other[other.set_index([*keys, *_FIGURE]).index.isin(one.set_index([*keys, *_FIGURE]).index)]


def _counted(report: Report, keys: Sequence[str]) -> pd.DataFrame:
    """The rows that count and name a source, figures without the last digits of a conversion of units."""
    frame = report.frame
    rows = frame.loc[(frame["status"] == COUNTED) & (frame["source"] != UNNAMED), [*keys, *_FIGURE]]
    text = {c: [f"{x:.12g}" for x in rows[c].to_numpy(float)] for c in _FIGURE}
    return rows.assign(**text)


def _problem(document: Document, first: Report, second: Report, rows: pd.DataFrame) -> Problem:
    row = rows.iloc[0]
    labels = ", ".join(str(row[a]) for a in second.axes)
    more = f" and {len(rows) - 1} more figures" if len(rows) > 1 else ""
    origin = f"{row['source']}, {row['edition']}"
    text = (
        f'"{second.name}" states what "{first.name}" states{f" for {labels}" if labels else ""}{more},'
        f" from the same source ({origin}): it counts twice"
    )
    hint = f"drop one, or say `derived_from: {first.name}` where it is the same figure"
    path = ("observations", second.name)
    return document.problem("counted-twice", text, *path, hint=hint, severity="warning", key=True)
