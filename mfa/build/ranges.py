"""Numbers so large or so small that nothing can be reckoned with them: a unit or an exponent is wrong."""

from __future__ import annotations

import numpy as np

from mfa.build.reports import Report
from mfa.errors import Place, Problem

SMALLEST, LARGEST = 1e-30, 1e12
"""In t, or in the canonical unit of whatever is reported."""
HINT = f"numbers other than 0 are between {SMALLEST:g} and {LARGEST:g} t; check unit and exponent"


def range_problems(report: Report) -> list[Problem]:
    """A problem for every value, bound or standard deviation of a report that is out of range."""
    found = []
    for column in ("value", "low", "high", "sd"):
        size = np.abs(report.frame[column].to_numpy(float))
        outside = np.isfinite(size) & (size > 0) & ((size < SMALLEST) | (size > LARGEST))
        found += [_problem(report, int(k), column) for k in np.flatnonzero(outside)]
    return found


def _problem(report: Report, k: int, column: str) -> Problem:
    row, unit = report.frame.iloc[k], report.unit
    text = f"{report.name}: {column} {row[column] / unit.factor:g} {unit.text} is out of range"
    place = Place(str(row["file"]), int(row["line"])) if row["file"] else None
    return Problem("number-range", text, place, HINT)
