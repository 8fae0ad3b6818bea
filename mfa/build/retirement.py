"""Early retirement: what stays of a stock whose stated level falls faster than its cohorts leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mfa.build.ages import before_first, places_of, whole
from mfa.build.assembly import Assembly, Bools, Floats
from mfa.build.naming import cell_name
from mfa.build.stocks import StockCells, n_times, series_of
from mfa.build.values import Reader, ValueArray
from mfa.core.stock.ages import Ages
from mfa.core.stock.result import StockResult
from mfa.core.system import StockOf, System
from mfa.errors import Problem

if TYPE_CHECKING:
    import xarray as xr


def kept_shares(
    assembly: Assembly,
    system: System,
    stock: StockOf,
    ages: Ages,
    *,
    cells: StockCells,
    initial: ValueArray | None,
    reader: Reader,
) -> Floats | None:
    """What share of what was there stays in each period, (time, series, element); None with a problem.

    It is 1 for series whose level nothing states; where exact rows state it, they must do so in every period.
    """
    number = assembly.stated()[cells.level.of(np.arange(len(stock.cells)))]
    level = np.where(cells.level.mask, number, 0.0)
    driven, missing = _driven(system, stock, np.isnan(level))
    if missing is not None:
        reader.problems.append(_not_stated(system, stock, reader, *missing))
        return None
    level = np.where(driven, level, 0.0)
    before = None
    if initial is not None:
        stated = whole(system, stock, driven.astype(float))[0].drop_vars(str(system.time))
        before = before_first(system, stock, initial) * stated
    levels = whole(system, stock, level)
    kept = ages.join(list(ages.driven(levels, before)), levels, _kept).to_numpy()
    return kept.reshape(n_times(system), -1, system.n_elements)[:, places_of(system, stock)]


def _driven(system: System, stock: StockOf, missing: Bools) -> tuple[Bools, tuple[int, int] | None]:
    """Which cells and elements are of a series whose level is stated, and one that lacks it at times."""
    series, _ = series_of(system, stock.cells)
    none = np.ones((int(series.max(initial=-1)) + 1, missing.shape[1]), np.bool_)
    np.logical_and.at(none, series, missing)
    gaps = np.argwhere(missing & ~none[series])
    return ~none[series], (int(gaps[0, 0]), int(gaps[0, 1])) if len(gaps) else None


def _kept(result: StockResult) -> xr.DataArray:
    parts = result.parts
    assert parts is not None
    share = np.ones((len(result.layout.periods), result.layout.series)) if parts.kept is None else parts.kept
    kept: xr.DataArray = result.layout.wrap(share, "kept")
    return kept


def _not_stated(system: System, stock: StockOf, reader: Reader, cell: int, element: int) -> Problem:
    name = cell_name(system, stock.name, stock.cells, cell, element)
    text = f'"{stock.name}" may retire early, and its level is stated, but not that of {name}'
    hint = f"give drivers of {stock.name} for every period and element, or take `shrinking` away"
    return reader.document.problem("stock-not-driven", text, "stocks", stock.name, "shrinking", hint=hint)
