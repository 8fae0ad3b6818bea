"""Numbers so large or so small that nothing can be reckoned with them: a unit or an exponent is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mfa.build.assembly import Bools, Floats
from mfa.errors import Place, Problem

if TYPE_CHECKING:
    from mfa.build.reports import Report

SMALLEST, LARGEST = 1e-30, 1e12
"""In t, or in the canonical unit of whatever is reported."""
HINT = f"numbers other than 0 are between {SMALLEST:g} and {LARGEST:g} t; check unit and exponent"


def out_of_range(numbers: Floats) -> Bools:
    """Which numbers are too large or too small; 0 and what is not stated (NaN) are neither."""
    size = np.abs(numbers)
    return np.asarray((size > LARGEST) | ((size > 0) & (size < SMALLEST)))


def range_problems(report: Report) -> list[Problem]:
    """A problem for every value, bound or standard deviation of a report that is out of range."""
    found = []
    for column in ("value", "low", "high", "sd"):
        outside = out_of_range(report.frame[column].to_numpy(float))
        found += [_problem(report, int(k), column) for k in np.flatnonzero(outside)]
    return found


def _problem(report: Report, k: int, column: str) -> Problem:
    row, unit = report.frame.iloc[k], report.unit
    text = f"{report.name}: {column} {row[column] / unit.factor:g} {unit.text} is out of range"
    place = Place(str(row["file"]), int(row["line"])) if row["file"] else None
    return Problem("number-range", text, place, HINT)
