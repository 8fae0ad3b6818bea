"""Stocks as rows: their levels, their initial levels, and their change in the balance of their process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Terms
from mfa.build.compositions import Composition
from mfa.build.flows import EdgeCells
from mfa.build.naming import blocks, cell_namer, element_namer, tensor_namer
from mfa.build.parameters import ObservedGroup, add_parameter
from mfa.build.uniform import chief, shares_held
from mfa.build.values import ValueArray
from mfa.core.labels import CellIndex, at_cells, keys
from mfa.core.system import StockOf, System


@dataclass(frozen=True)
class StockCells:
    """The cells of a stock's level and of that before the first period (-1 for none), and its statements.

    `rows` says which (cell, element) have rows of their own: where the stock is uniform, one element's.
    """

    level: EdgeCells
    before: Ints
    groups: tuple[ObservedGroup, ...]
    rows: Bools


def n_times(system: System) -> int:
    """The number of periods: one in a system without time."""
    return len(system.lengths)


def width(system: System, stock: StockOf) -> int:
    """The number of columns of a stock's level: the elements, or one."""
    return system.n_elements if stock.has_elements else 1


def series_of(system: System, index: CellIndex) -> tuple[Ints, Ints]:
    """The series (all labels but the time) and the time position of every cell."""
    axes = [a for a in index.axes if a != system.time]
    _, series = np.unique(keys(index, axes, system.sizes), return_inverse=True)
    return series.astype(np.int64), system.time_of(index)


def aligned(system: System, stock: StockOf, edge: str) -> tuple[Ints, Ints]:
    """Series and time of an edge's cells in the numbering of the stock."""
    axes = [a for a in stock.cells.axes if a != system.time]
    codes = np.unique(keys(stock.cells, axes, system.sizes))
    cells = system.edges[edge].cells
    own = np.searchsorted(codes, keys(cells, axes, system.sizes))
    return own.astype(np.int64), system.time_of(cells)


def _mask(system: System, stock: StockOf, edges: Mapping[str, EdgeCells], *, change: bool) -> Bools:
    """Which elements a stock cell can hold: what entered it then or earlier (of a change: or left it)."""
    if not stock.has_elements:
        return np.ones((len(stock.cells), 1), dtype=np.bool_)
    series, time = series_of(system, stock.cells)
    held = np.zeros((int(series.max(initial=-1)) + 1, n_times(system), system.n_elements), np.bool_)
    for name in (*stock.inflow, *(stock.outflow if change else ())):
        np.logical_or.at(held, aligned(system, stock, name), edges[name].mask)
    held = np.maximum.accumulate(held, axis=1)
    return np.asarray(held[series, time])


def _level(
    assembly: Assembly,
    system: System,
    stock: StockOf,
    edges: Mapping[str, EdgeCells],
    initial: ValueArray | None,
) -> EdgeCells:
    """Unknowns and cells of a stock's level at the end of each period."""
    change = system.is_change(stock, started=initial is not None)
    mask, ne = _mask(system, stock, edges, change=change), width(system, stock)
    if initial is not None and stock.has_elements:
        mask |= at_cells(np.nan_to_num(initial.value) > 0, initial.axes, stock.cells, ne)
    cell, element = np.nonzero(mask)
    start: Floats | float = 1.0
    if initial is not None:
        start = np.nan_to_num(at_cells(initial.value, initial.axes, stock.cells, ne))[cell, element]
        start = np.where(start > 0, start, 1.0)
    first = assembly.unknowns(
        len(cell),
        element_namer(system, stock.name, stock.cells, cell, element)
        if stock.has_elements
        else tensor_namer(system, stock.name, stock.cells, 1),
        start=start,
        lower=-np.inf if change else 0.0,
        block=blocks(system, stock.cells)[cell],
        bulk=cell,
        scalable=initial is None,
    )
    i = np.zeros(mask.shape, np.int64)
    i[mask] = first + np.arange(len(cell))
    namer = tensor_namer(system, stock.name, stock.cells, ne)
    return EdgeCells(assembly.cells(i.ravel(), -1, mask.ravel().astype(float), namer), ne, mask)


def _amount(
    assembly: Assembly, system: System, stock: StockOf, edges: Mapping[str, EdgeCells], held: Floats
) -> EdgeCells:
    """Unknowns of a uniform stock's whole mass, and cells of its elements."""
    change = system.is_change(stock, started=False)
    mask, n = _mask(system, stock, edges, change=change), len(stock.cells)
    first = assembly.unknowns(
        n,
        cell_namer(system, stock.name, stock.cells),
        start=1.0,
        lower=-np.inf if change else 0.0,
        block=blocks(system, stock.cells),
    )
    i = np.repeat(first + np.arange(n), system.n_elements)
    namer = tensor_namer(system, stock.name, stock.cells, system.n_elements)
    return EdgeCells(assembly.cells(i, -1, (held * mask).ravel(), namer), system.n_elements, mask, first)


def add_stock(
    assembly: Assembly,
    system: System,
    stock: StockOf,
    edges: Mapping[str, EdgeCells],
    initial: ValueArray | None,
    *,
    shares: Composition | None = None,
) -> StockCells:
    """The level of a stock and its level before the first period, an unknown with its statement.

    A stock of uniform composition (`shares`) is one unknown a cell, and nothing is in it at first.
    """
    if shares is not None:
        held = shares_held(system, stock, shares)
        level = _amount(assembly, system, stock, edges, held)
        return StockCells(level, np.full(held.shape, -1, np.int64), (), chief(held))
    level = _level(assembly, system, stock, edges, initial)
    every = np.ones(level.mask.shape, np.bool_)
    if initial is None:
        return StockCells(level, np.full(level.mask.shape, -1, np.int64), (), every)
    parameter, group = add_parameter(assembly, system, f"{stock.name}.initial", initial)
    before = at_cells(parameter.cell, initial.axes, stock.cells, level.n_elements)
    return StockCells(level, before, (group,), every)


def change_terms(system: System, stock: StockOf, level: EdgeCells, before: Ints) -> Terms:
    """Minus the stock change per unit of time, as terms of the balance rows of its process.

    Rows are numbered node * n_elements + element. Equation: (S[t] - S[t-1]) / L[t], L the length of a period.
    """
    node = system.nodes.of(stock.process, stock.cells)
    row = node[:, None] * level.n_elements + np.arange(level.n_elements)
    now = level.of(np.arange(len(stock.cells)))
    previous = previous_cells(system, stock, level, before)
    mask, rate = level.mask, per_time(system, stock, level)
    earlier = mask & (previous >= 0)
    return Terms.join(
        Terms.of(row[mask], now[mask], -rate[mask]), Terms.of(row[earlier], previous[earlier], rate[earlier])
    )


def per_time(system: System, stock: StockOf, level: EdgeCells) -> Floats:
    """One over the length of the period of every cell and element of a level."""
    rate = 1.0 / system.lengths[system.time_of(stock.cells)]
    return np.broadcast_to(rate[:, None], level.mask.shape)


def previous_cells(system: System, stock: StockOf, level: EdgeCells, before: Ints) -> Ints:
    """The cell of the level one period earlier (the initial one for the first), -1 where it is zero."""
    series, time = series_of(system, stock.cells)
    number = np.full((int(series.max(initial=-1)) + 1, n_times(system) + 1), -1, np.int64)
    number[series, time + 1] = np.arange(len(stock.cells))
    earlier = number[series, time]
    held = (earlier >= 0)[:, None] & level.mask[earlier]
    return np.where(held, level.of(earlier), np.where((time == 0)[:, None], before, -1))
