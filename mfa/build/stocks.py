"""Stocks as rows: levels, cohorts with lifetimes, and reserves that extraction depletes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.build.assembly import Assembly, Floats, Ints, Terms
from mfa.build.flows import EdgeCells, blocks, cell_name
from mfa.build.parameters import ObservedGroup, add_parameter, label_frame
from mfa.build.values import ValueArray
from mfa.core.labels import ELEMENT, CellIndex, keys
from mfa.core.lifetime import Lifetime
from mfa.core.stock import initial_outflow, outflow_weights
from mfa.core.system import StockOf, System
from mfa.spec.schema import Parameters, Stock

AGES: Mapping[str, Any] = {"stationary": "stationary", "new": [1.0]}
"""The age structures of an initial stock, in the stock engine's terms."""
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class StockCells:
    """The level cells of a stock, the cells of its level before the first period (-1 for none), its statements."""

    level: EdgeCells
    before: Ints
    groups: tuple[ObservedGroup, ...]


def _mask(system: System, stock: StockOf, edges: Mapping[str, EdgeCells]) -> Bools:
    """Which elements a stock cell can hold: what entered it then or earlier."""
    if not stock.has_elements:
        return np.ones((len(stock.cells), 1), dtype=bool)
    series, time = _series(system, stock.cells)
    held = np.zeros((int(series.max(initial=-1)) + 1, len(system.dimensions[str(system.time)]), system.n_elements), bool)
    for name in stock.inflow:
        own, t, number = _aligned(system, stock, name)
        held[own, t] |= edges[name].mask[number]
    held = np.maximum.accumulate(held, axis=1)
    return np.asarray(held[series, time])


def _series(system: System, index: CellIndex) -> tuple[Ints, Ints]:
    """The series (all labels but the time) and the time position of every cell."""
    axes = [a for a in index.axes if a != system.time]
    _, series = np.unique(keys(index, axes, system.sizes), return_inverse=True)
    return series.astype(np.int64), index.column(str(system.time))


def _aligned(system: System, stock: StockOf, edge: str) -> tuple[Ints, Ints, Ints]:
    """Series and time of an edge's cells in the numbering of the stock, and the cell numbers."""
    axes = [a for a in stock.cells.axes if a != system.time]
    codes = np.unique(keys(stock.cells, axes, system.sizes))
    cells = system.edges[edge].cells
    own = np.searchsorted(codes, keys(cells, axes, system.sizes))
    return own.astype(np.int64), cells.column(str(system.time)), np.arange(len(cells))


def allocate_level(
    assembly: Assembly, system: System, stock: StockOf, edges: Mapping[str, EdgeCells], initial: ValueArray | None
) -> EdgeCells:
    """Unknowns and cells of a stock's level at the end of each period."""
    mask = _mask(system, stock, edges)
    cell, element = np.nonzero(mask)
    shown = stock.has_elements and bool(system.elements)
    namer = lambda k: cell_name(system, stock.name, stock.cells, int(cell[k]), int(element[k]) if shown else None)  # noqa: E731
    start = _at_cells(system, stock, initial)[cell, element] if initial is not None else 1.0
    first = assembly.unknowns(
        len(cell), namer, start=start, block=blocks(system, stock.cells)[cell], bulk=cell, scalable=initial is None
    )
    i = np.zeros(mask.shape, np.int64)
    i[mask] = first + np.arange(len(cell))
    ne = mask.shape[1]
    full = lambda k: cell_name(system, stock.name, stock.cells, k // ne, k % ne if shown else None)  # noqa: E731
    offset = assembly.cells(i.ravel(), -1, mask.ravel().astype(float), full)
    return EdgeCells(offset, ne, mask)


def _initial(
    assembly: Assembly, system: System, stock: StockOf, given: ValueArray | None
) -> tuple[Ints, tuple[ObservedGroup, ...]]:
    """The cell of the level before the first period for every (stock cell, element), -1 where it is zero."""
    ne = system.n_elements if stock.has_elements else 1
    none = np.full((len(stock.cells), ne), -1, np.int64)
    if given is None:
        return none, ()
    parameter, group = add_parameter(assembly, system, f"{stock.name}.initial", given)
    where = [
        np.arange(ne)[None, :] if a == ELEMENT else stock.cells.column(a)[:, None] for a in given.axes
    ]
    return np.broadcast_to(parameter.cell[tuple(where)], none.shape), (group,)


def _at_cells(system: System, stock: StockOf, given: ValueArray) -> Floats:
    """An initial level at every (stock cell, element)."""
    ne = system.n_elements if stock.has_elements else 1
    where = [np.arange(ne)[None, :] if a == ELEMENT else stock.cells.column(a)[:, None] for a in given.axes]
    return np.nan_to_num(np.broadcast_to(given.value[tuple(where)], (len(stock.cells), ne)))


def add_stock(
    assembly: Assembly, system: System, stock: StockOf, spec: Stock, edges: Mapping[str, EdgeCells],
    initial: ValueArray | None,
) -> StockCells:
    """The level of a stock, its initial level, and for a cohort stock what leaves it.

    Equation: outflow[t] = sum_c inflow[c] (sf[t-1, c] - sf[t, c]) + what leaves of the initial stock.
    """
    level = allocate_level(assembly, system, stock, edges, initial)
    before, groups = _initial(assembly, system, stock, initial)
    if stock.kind == "cohort" and spec.lifetime is not None:
        _add_cohorts(assembly, system, stock, spec, edges, before)
    return StockCells(level, before, groups)


def change_terms(system: System, stock: StockOf, level: EdgeCells, before: Ints) -> Terms:
    """Minus the stock change, as terms of the balance rows of its process (node * n_elements + element)."""
    node = system.nodes.numbers[stock.process][tuple(stock.cells.column(a) for a in system.node_axes)]
    row = node[:, None] * level.n_elements + np.arange(level.n_elements)
    now = level.of(np.arange(len(stock.cells)))
    previous = _previous(system, stock, level, before)
    mask = level.mask
    earlier = mask & (previous >= 0)
    return Terms.join(
        Terms.of(row[mask], now[mask], -1.0), Terms.of(row[earlier], previous[earlier], 1.0)
    )


def _previous(system: System, stock: StockOf, level: EdgeCells, before: Ints) -> Ints:
    """The cell of the level one period earlier (the initial one for the first), -1 where it is zero."""
    series, time = _series(system, stock.cells)
    n_times = len(system.dimensions[str(system.time)])
    number = np.full((int(series.max(initial=-1)) + 1, n_times + 1), -1, np.int64)
    number[series, time + 1] = np.arange(len(stock.cells))
    earlier = number[series, time]
    held = (earlier >= 0)[:, None] & level.mask[earlier]
    return np.where(held, level.of(earlier), np.where((time == 0)[:, None], before, -1))


def _lifetimes(system: System, stock: StockOf, spec: Stock) -> list[tuple[Bools, Lifetime]]:
    """The cells of a stock each lifetime holds for."""
    if isinstance(spec.lifetime, Parameters):
        made = Lifetime.from_spec(spec.lifetime.kind, spec.lifetime.parameters)
        return [(np.ones(len(stock.cells), bool), made)]
    found = []
    for label, parameters in (spec.lifetime or {}).items():
        axis = next(a for a in stock.cells.axes if label in system.dimensions[a].positions)
        where = stock.cells.column(axis) == system.dimensions[axis].index(label)
        found.append((where, Lifetime.from_spec(parameters.kind, parameters.parameters)))
    return found


def _edges_of_time(system: System) -> Floats:
    labels = np.asarray(system.dimensions[str(system.time)].labels, dtype=float)
    return np.append(labels, labels[-1] + 1.0)


def _add_cohorts(
    assembly: Assembly, system: System, stock: StockOf, spec: Stock, edges: Mapping[str, EdgeCells], before: Ints
) -> None:
    series, time = _series(system, stock.cells)
    ne = system.n_elements
    n_series, n_times = int(series.max(initial=-1)) + 1, len(system.dimensions[str(system.time)])
    inflow = _table(system, stock, stock.inflow, edges, (n_series, n_times))
    outflow = _table(system, stock, stock.outflow, edges, (n_series, n_times))
    start = np.full((n_series, ne), -1, np.int64)
    start[series] = before
    parts = [_cells_at(outflow, 1.0, (n_times, ne))]
    for where, lifetime in _lifetimes(system, stock, spec):
        own = np.unique(series[where])
        periods = _edges_of_time(system)
        weights = outflow_weights(lifetime, periods, spec.timing).tocoo()
        for t, c, w in zip(weights.row, weights.col, weights.data, strict=True):
            parts += [_one(inflow[name][own, c], own, int(t), -float(w), (n_times, ne)) for name in inflow]
        leaving = initial_outflow(lifetime, periods, AGES[spec.age_structure], timing=spec.timing)
        parts += [_one(start[own], own, t, -float(leaving[t]), (n_times, ne)) for t in range(n_times)]
    terms = Terms.join(*parts)
    held = np.isin(terms.row, terms.row[: len(parts[0].row)])
    rows, row = np.unique(terms.row[held], return_inverse=True)
    label = _row_names(system, stock, series, time, rows, (n_times, ne))
    assembly.exact(Terms(row.astype(np.int64), terms.cell[held], terms.weight[held]), np.zeros(len(rows)), label, merge=rows // ne)


def _table(
    system: System, stock: StockOf, names: tuple[str, ...], edges: Mapping[str, EdgeCells], shape: tuple[int, int]
) -> dict[str, Ints]:
    """For each edge the cell of every (series, time, element), -1 where there is none."""
    tables = {}
    for name in names:
        own, t, number = _aligned(system, stock, name)
        table = np.full((*shape, system.n_elements), -1, np.int64)
        table[own, t] = np.where(edges[name].mask, edges[name].of(number), -1)
        tables[name] = table
    return tables


def _cells_at(tables: Mapping[str, Ints], weight: float, shape: tuple[int, int]) -> Terms:
    parts = []
    for table in tables.values():
        s, t, e = np.nonzero(table >= 0)
        parts.append(Terms.of((s * shape[0] + t) * shape[1] + e, table[s, t, e], weight))
    return Terms.join(*parts)


def _one(cells: Ints, series: Ints, t: int, weight: float, shape: tuple[int, int]) -> Terms:
    k, e = np.nonzero(cells >= 0)
    return Terms.of((series[k] * shape[0] + t) * shape[1] + e, cells[k, e], weight)


def _row_names(system: System, stock: StockOf, series: Ints, time: Ints, rows: Ints, shape: tuple[int, int]):  # type: ignore[no-untyped-def]
    where = {(int(s), int(t)): k for k, (s, t) in enumerate(zip(series, time, strict=True))}

    def name(k: int) -> str:
        cell, e = divmod(int(rows[k]), shape[1])
        s, t = divmod(cell, shape[0])
        return cell_name(system, f"cohorts leaving {stock.name}", stock.cells, where[s, t], e)

    return name


def add_reserve(
    assembly: Assembly, system: System, stock: StockOf, edges: Mapping[str, EdgeCells], weights: Floats,
    initial: ValueArray | None, recovery: Floats, additions: Floats, revision: Floats,
) -> StockCells:
    """The rows of a reserve: R[t] = R[t-1] - mined / recovery + additions, never below zero.

    `recovery` and `additions` have one number for every cell of the stock; where `revision`, the standard
    deviation of the additions, is above 0, each year's additions are an unknown of either sign.
    """
    level = allocate_level(assembly, system, stock, edges, initial)
    before, groups = _initial(assembly, system, stock, initial)
    k = np.arange(len(stock.cells))
    previous = _previous(system, stock, level, before)[:, 0]
    parts = [Terms.of(k, level.offset + k, 1.0), Terms.of(k[previous >= 0], previous[previous >= 0], -1.0)]
    for name in stock.outflow:
        own, t, number = _aligned(system, stock, name)
        row = _cell_numbers(system, stock, own, t)
        where, e = np.nonzero(edges[name].mask & (weights != 0))
        cell = edges[name].of(number)[where, e]
        parts.append(Terms.of(row[where], cell, weights[e] / recovery[row[where]]))
    namer = lambda i: cell_name(system, f"depletion of {stock.name}", stock.cells, i)  # noqa: E731
    if (revision > 0).any():
        cell, group = _revisions(assembly, system, stock, additions, revision)
        parts.append(Terms.of(k, cell + k, -1.0))
        groups, additions = (*groups, group), np.zeros(len(k))
    assembly.exact(Terms.join(*parts), additions, namer)
    return StockCells(level, before, groups)


def _revisions(
    assembly: Assembly, system: System, stock: StockOf, additions: Floats, sd: Floats
) -> tuple[int, ObservedGroup]:
    """The first cell of a reserve's yearly additions, unknowns of either sign, and what is stated of them."""
    n = len(stock.cells)
    namer = lambda i: cell_name(system, f"{stock.name}.additions", stock.cells, i)  # noqa: E731
    first = assembly.unknowns(
        n, namer, start=additions, lower=-np.inf, block=blocks(system, stock.cells), scalable=False, scale=float(sd.max())
    )
    cell = assembly.linear(first, n, namer)
    rows = np.arange(n)
    at = assembly.observe(Terms.of(rows, cell + rows, 1.0), additions, sd, np.zeros(n), np.ones(n, bool), namer)
    unit = f"t {stock.basis}".strip()
    group = ObservedGroup(
        f"{stock.name}.additions", at, label_frame(system, stock.cells), unit, np.ones(n), ["assumption"] * n,
        ["as stated"] * n, [""] * n, [""] * n, "", f"{stock.name}.additions",
    )
    return cell, group


def _cell_numbers(system: System, stock: StockOf, series: Ints, time: Ints) -> Ints:
    """The stock cell of every (series, time)."""
    own, t = _series(system, stock.cells)
    number = np.full((int(own.max(initial=-1)) + 1, len(system.dimensions[str(system.time)])), -1, np.int64)
    number[own, t] = np.arange(len(stock.cells))
    return np.asarray(number[series, time])
