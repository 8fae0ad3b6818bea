"""Early retirement: what stays of a stock whose stated level falls faster than its cohorts leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mfa.build.ages import before_first, places_of, whole
from mfa.build.assembly import Assembly, Floats
from mfa.build.naming import cell_name
from mfa.build.stocks import StockCells, n_times
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
    """What share of what was there stays in each period, (time, series, element); None where all does.

    The level of every cell must be stated alone by an exact row; else the reader gets a problem.
    """
    number = assembly.stated()[cells.level.of(np.arange(len(stock.cells)))]
    level = np.where(cells.level.mask, number, 0.0)
    missing = np.argwhere(np.isnan(level))
    if len(missing):
        reader.problems.append(_not_stated(system, stock, reader, *(int(k) for k in missing[0])))
        return None
    before = None if initial is None else before_first(system, stock, initial)
    levels = whole(system, stock, level)
    kept = ages.join(list(ages.driven(levels, before)), levels, _kept).to_numpy()
    return kept.reshape(n_times(system), -1, system.n_elements)[:, places_of(system, stock)]


def _kept(result: StockResult) -> xr.DataArray:
    parts = result.parts
    assert parts is not None
    share = np.ones((len(result.layout.periods), result.layout.series)) if parts.kept is None else parts.kept
    kept: xr.DataArray = result.layout.wrap(share, "kept")
    return kept


def _not_stated(system: System, stock: StockOf, reader: Reader, cell: int, element: int) -> Problem:
    name = cell_name(system, stock.name, stock.cells, cell, element)
    text = f'"{stock.name}" may retire early, and nothing states the level of {name} alone'
    hint = f"give drivers of {stock.name} for every label, or take `shrinking` away"
    return reader.document.problem("stock-not-driven", text, "stocks", stock.name, "shrinking", hint=hint)
