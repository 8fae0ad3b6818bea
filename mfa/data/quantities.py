"""Columns of numbers as statistics print them (:mod:`mfa.spec.reported`), read at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.errors import InputError, Problem
from mfa.spec.reported import Reported, parse_quantity

Floats = npt.NDArray[np.float64]
MANY = 300
"""So many digits may be more than a float holds."""


@dataclass(frozen=True, eq=False)
class Figures:
    """A column of figures: `value`, `low`, `high` with NaN where nothing is stated; `wrong` by position."""

    value: Floats
    low: Floats
    high: Floats
    wrong: tuple[tuple[int, Problem], ...] = ()

    @property
    def stated(self) -> npt.NDArray[np.bool_]:
        """Where a value or a bound is stated."""
        return ~(np.isnan(self.value) & np.isnan(self.low) & np.isnan(self.high))


def parse_column(texts: Iterable[object], *, thousands: bool = True) -> Figures:
    """All figures of a column at once; what cannot be read stands in `wrong`, not raised.

    `thousands` is that of :func:`~mfa.spec.reported.parse_quantity`.

    >>> parse_column(["1,000", "NA", ">5"]).value.tolist()
    [1000.0, nan, nan]
    """
    column = pd.Series(texts, dtype=object) if not isinstance(texts, pd.Series) else texts
    codes, uniques = pd.factorize(column)
    parsed = [_quick(str(text), thousands) for text in uniques]
    table = np.array([_bounds(p) for p in parsed], dtype=float).reshape(-1, 3)[codes]
    bad = {k: p for k, p in enumerate(parsed) if isinstance(p, Problem)}
    wrong = tuple((i, bad[int(c)]) for i, c in enumerate(codes) if int(c) in bad) if bad else ()
    return Figures(table[:, 0], table[:, 1], table[:, 2], wrong)


def in_percent(column: pd.Series) -> npt.NDArray[np.bool_]:
    """Which cells of a column are written in per cent.

    >>> in_percent(pd.Series(["10 %", "0.1"])).tolist()
    [True, False]
    """
    if pd.api.types.is_numeric_dtype(column):
        return np.zeros(len(column), dtype=bool)
    codes, uniques = pd.factorize(column)
    return np.array(["%" in str(text) for text in uniques], dtype=bool)[codes]


def _quick(text: str, thousands: bool) -> Reported | Problem | float:
    # Most cells are plain digits; the full grammar is ten times slower.
    if len(text) < MANY and text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        return parse_quantity(text, thousands=thousands)
    except InputError as error:
        return error.problems[0]


def _bounds(parsed: Reported | Problem | float) -> tuple[float, float, float]:
    if isinstance(parsed, float):
        return parsed, np.nan, np.nan
    if isinstance(parsed, Problem):
        return np.nan, np.nan, np.nan
    stated = (parsed.value, parsed.low, parsed.high)
    value, low, high = (np.nan if x is None else x for x in stated)
    return value, low, high
