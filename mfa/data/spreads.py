"""The uncertainty that rows of a table state: columns `sd`, `cv` and `factor`, or an interval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.data.quantities import Figures, in_percent
from mfa.data.tables import Table
from mfa.errors import Place, Problem
from mfa.spec.reported import two_sds
from mfa.spec.values import LARGE_CV, both

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Need = Literal["none", "column", "always"]
"""Whether every row must state an uncertainty: never, where the table has columns for it, always."""
NAMES = ("sd", "cv", "factor")
LISTED = 20
"""How many rows are named one by one for one fault."""
EXACT_HINT = (
    "an sd of 0 says that it is exact; sd, cv or factor beside `table` stand in where a cell is blank"
)


@dataclass(frozen=True, eq=False)
class Spreads:
    """What each row of a table says of its error; NaN where it is silent.

    `columns` holds `sd` (in the unit of the row), `cv` and `factor`, as far as the table has them.
    """

    columns: dict[str, Floats]
    faults: tuple[tuple[int, Problem], ...]

    def own(self, rows: int) -> Bools:
        """Which rows state an error of their own."""
        stated = np.zeros(rows, dtype=bool)
        for cells in self.columns.values():
            stated |= ~np.isnan(cells)
        return stated


def read_spreads(table: Table, figures: Figures, percent: Bools, units: pd.Series) -> Spreads:
    """The errors that the rows state, and what is wrong with them, by row.

    `percent` says which figures are written in per cent, `units` in which units they are.
    """
    columns, faults = dict[str, Floats](), list[tuple[int, Problem]]()
    for name in (n for n in NAMES if n in table.frame.columns):
        parsed, _ = table.figures(name, thousands=False)
        columns[name] = np.where(_impossible(name, parsed.value), np.nan, parsed.value)
        faults += _cells(table, name, parsed, units)
    faults += _twice(table, columns, figures)
    faults += _intervals(table, figures, percent)
    if "sd" in columns:
        faults += _points(table, columns["sd"], figures.value, percent)
    return Spreads(columns, tuple(faults))


def told(table: Table, faults: Iterable[tuple[int, Problem]], kept: Bools | None = None) -> list[Problem]:
    """The problems of the rows that are kept; of many with one code the first, and how many there are."""
    count, shown = dict[str, int](), list[Problem]()
    for row, problem in faults:
        if kept is None or kept[row]:
            count[problem.code] = count.get(problem.code, 0) + 1
            shown += [problem] if count[problem.code] <= LISTED else []
    more = {code: n - LISTED for code, n in count.items() if n > LISTED}
    return shown + [Problem(c, f"{n} more rows like these", Place(table.file)) for c, n in more.items()]


def lacking(table: Table, spreads: Spreads, figures: Figures, need: Need, kept: Bools) -> list[Problem]:
    """A problem for each row with a value and no uncertainty, or one for a table without any."""
    if need == "none":
        return []
    has = [n for n in (*NAMES, "low", "high") if n in table.frame.columns]
    value, two = ~np.isnan(figures.value), _two_ends(figures)
    wrong = [row for row, problem in spreads.faults if problem.severity == "error"]
    silent = kept & value & ~two & ~spreads.own(len(value))
    silent[wrong] = False
    rows = np.flatnonzero(silent)
    if not len(rows) or (need == "column" and not has):
        return []
    if not has and not (kept & value & two).any():
        text = "no uncertainty: the table has no column sd, cv or factor"
        hint = "give one of sd, cv, factor beside `table`, or a column; `sd: 0` says that all is exact"
        return [Problem("no-uncertainty", text, table.place(int(rows[0])), hint)]
    return told(table, ((int(i), _silent(table, int(i), has)) for i in rows))


def _silent(table: Table, row: int, has: Sequence[str]) -> Problem:
    cells = {name: str(table.frame[name].iloc[row]).strip() for name in has}
    said = ", ".join(f'{name} is "{cell}"' if cell else f"{name} is empty" for name, cell in cells.items())
    text = f"no uncertainty: {said}" if has else "no uncertainty"
    return Problem("no-uncertainty", text, table.place(row), EXACT_HINT)


def _cells(table: Table, name: str, parsed: Figures, units: pd.Series) -> Iterator[tuple[int, Problem]]:
    """What is wrong with the cells of one column."""
    for row, problem in parsed.wrong:
        yield row, Problem(problem.code, f"{name}: {problem.text}", table.place(row), problem.hint)
    for row in np.flatnonzero(_two_ends(parsed)).tolist():
        text = f'{name}: "{table.frame[name].iloc[row]}" is a range; an uncertainty is one number'
        yield row, Problem("table-number", text, table.place(row))
    percent = in_percent(table.frame[name]) & (name != "cv")
    for row in np.flatnonzero(percent & ~np.isnan(parsed.value)).tolist():
        yield row, _percent(table, name, row, float(parsed.value[row]), units)
    for row in np.flatnonzero(_impossible(name, parsed.value) & ~percent).tolist():
        text = f"factor must be above 1: {parsed.value[row]:g}" if name == "factor" else f"{name} is negative"
        yield row, Problem("table-number", text, table.place(row))
    if name == "cv":
        yield from _percentages(table, parsed.value)


def _impossible(name: str, cells: Floats) -> Bools:
    """Which cells of a column cannot be an uncertainty."""
    return np.asarray(cells <= 1 if name == "factor" else cells < 0)


def _percent(table: Table, name: str, row: int, share: float, units: pd.Series) -> Problem:
    """A percentage where an amount must stand, with what it may mean."""
    cell = str(table.frame[name].iloc[row]).strip()
    if name == "factor":
        text = f'factor: "{cell}" is no factor'
        hint = f"a figure within {cell} of the truth has `factor` {1 + abs(share):g}"
        return Problem("table-number", text, table.place(row), hint)
    unit = "" if pd.isna(units.iloc[row]) else f" {units.iloc[row]}"
    text = f'sd: "{cell}" may be {cell} of the value, or {share:g}{unit}'
    hint = f"write {cell} in a column cv, or the amount without % in sd"
    return Problem("table-number", text, table.place(row), hint)


def _percentages(table: Table, cv: Floats) -> Iterator[tuple[int, Problem]]:
    """A warning where a column of relative standard deviations looks like percentages."""
    large = np.flatnonzero(cv >= LARGE_CV)
    if len(large):
        first = int(large[0])
        text = f"cv: {cv[first]:g} is {cv[first]:.0%} of the value, so that it says next to nothing"
        hint = f"write `{cv[first]:g}%` if that is meant"
        yield first, Problem("uncertainty", text, table.place(first), hint, severity="warning")


def _twice(table: Table, columns: dict[str, Floats], figures: Figures) -> Iterator[tuple[int, Problem]]:
    """Rows that state their error in two ways."""
    stated = {name: ~np.isnan(cells) for name, cells in columns.items()}
    stated |= {"an interval": _two_ends(figures) & ~np.isnan(figures.value)}
    count = np.sum(list(stated.values()), axis=0)
    for row in np.flatnonzero(count > 1).tolist():
        text = f"state the uncertainty once: {both([n for n, there in stated.items() if there[row]])}"
        yield row, Problem("uncertainty", text, table.place(row), "leave all but one blank")


def _intervals(table: Table, figures: Figures, percent: Bools) -> Iterator[tuple[int, Problem]]:
    """Intervals that are upside down, have one end, or do not hold their value."""
    value, low, high = figures.value, figures.low, figures.high
    for row in np.flatnonzero(low > high).tolist():
        text = f"the interval is upside down: {low[row]:g} to {high[row]:g}"
        yield row, Problem("uncertainty", text, table.place(row))
    for row in np.flatnonzero(~np.isnan(value) & (np.isnan(low) != np.isnan(high))).tolist():
        text = "a value has an interval with one end"
        hint = "give low and high, or the bound alone and no value"
        yield row, Problem("uncertainty", text, table.place(row), hint)
    for row in np.flatnonzero((low <= high) & ((value < low) | (value > high))).tolist():
        yield row, _outside(table, row, figures, bool(percent[row]))


def _outside(table: Table, row: int, figures: Figures, percent: bool) -> Problem:
    value, low, high = figures.value[row], figures.low[row], figures.high[row]
    text = f"the value {value:g} lies outside its interval {low:g} to {high:g}"
    hint = ""
    if percent:
        text += f"; the value is {value:.6g} as a share and {100 * value:.6g} as a percentage"
        hint = f'write {100 * value:.6g} with the unit "%", or low and high as shares or with %'
    return Problem("uncertainty", text, table.place(row), hint)


def _points(table: Table, sd: Floats, value: Floats, percent: Bools) -> Iterator[tuple[int, Problem]]:
    """Standard deviations beside a percentage that are larger than it as shares: perhaps points."""
    for row in np.flatnonzero(percent & (sd > np.abs(value))).tolist():
        text, hint = two_sds(float(value[row]), float(sd[row]))
        yield row, Problem("uncertainty", text, table.place(row), hint)


def _two_ends(figures: Figures) -> Bools:
    return np.asarray(np.isfinite(figures.low) & np.isfinite(figures.high))
