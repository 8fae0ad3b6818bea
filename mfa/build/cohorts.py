"""What leaves a cohort stock: inflows by the lifetimes of cohorts, and the initial stock by its ages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Namer, Terms
from mfa.build.flows import EdgeCells
from mfa.build.naming import cell_name
from mfa.build.stocks import StockCells, aligned, n_times, previous_cells, series_of
from mfa.core.lifetime import Lifetime
from mfa.core.stock import initial_outflow, outflow_weights
from mfa.core.system import StockOf, System
from mfa.spec.schema import Parameters, Stock

AGES: Mapping[str, Any] = {"stationary": "stationary", "new": [1.0]}
"""The age structures of an initial stock, in the stock engine's terms."""


def add_cohorts(
    assembly: Assembly,
    system: System,
    stock: StockOf,
    spec: Stock,
    edges: Mapping[str, EdgeCells],
    *,
    cells: StockCells,
) -> None:
    """The exact rows of what leaves a cohort stock.

    Equation: outflow[t] = sum_c inflow[c] (sf[t-1, c] - sf[t, c]) + what leaves of the initial stock.
    """
    series, _ = series_of(system, stock.cells)
    start = np.full((int(series.max(initial=-1)) + 1, system.n_elements), -1, np.int64)
    start[series] = cells.before
    kept = _kept(system, stock, cells)
    leaving = [_terms(table, 1.0) for table in _tables(system, stock, stock.outflow, edges, kept)]
    entering = _tables(system, stock, stock.inflow, edges, kept)
    ageing = [
        part
        for where, lifetime in _lifetimes(system, stock, spec)
        for part in _ageing(
            system, spec, entering, lifetime=lifetime, own=np.unique(series[where]), start=start
        )
    ]
    terms = Terms.join(*leaving, *ageing)
    rows = np.unique(Terms.join(*leaving).row)
    namer = _namer(system, stock, rows, f"cohorts leaving {stock.name}")
    assembly.exact(terms.only(rows), np.zeros(len(rows)), namer, merge=rows // system.n_elements)


def add_levels(
    assembly: Assembly, system: System, stock: StockOf, edges: Mapping[str, EdgeCells], cells: StockCells
) -> None:
    """The exact rows of a stock kept by more labels than its process balances, such as an application.

    Equation: inflow - outflow - (S[t] - S[t-1]) = 0 for every cell; the balance of the process is their sum.
    """
    if set(stock.cells.axes) <= set(system.node_axes):
        return
    series, time = series_of(system, stock.cells)
    first = (series * n_times(system) + time) * system.n_elements
    row = first[:, None] + np.arange(system.n_elements)
    previous = previous_cells(system, stock, cells.level, cells.before)
    mask, kept = cells.level.mask & cells.rows, _kept(system, stock, cells)
    earlier = mask & (previous >= 0)
    parts = [_terms(table, 1.0) for table in _tables(system, stock, stock.inflow, edges, kept)]
    parts += [_terms(table, -1.0) for table in _tables(system, stock, stock.outflow, edges, kept)]
    parts.append(Terms.of(row[mask], cells.level.of(np.arange(len(mask)))[mask], -1.0))
    parts.append(Terms.of(row[earlier], previous[earlier], 1.0))
    terms = Terms.join(*parts)
    rows = np.unique(terms.row)
    namer = _namer(system, stock, rows, f"change of {stock.name}")
    assembly.exact(terms.only(rows), np.zeros(len(rows)), namer, merge=rows // system.n_elements)


def _ageing(
    system: System,
    spec: Stock,
    entering: list[Ints],
    *,
    lifetime: Lifetime,
    own: Ints,
    start: Ints,
) -> list[Terms]:
    """Minus what leaves of the inflows and of the initial stock of the series `own`, by one lifetime."""
    edges_of_time = period_edges(system)
    weights = outflow_weights(lifetime, edges_of_time, spec.timing).tocoo()
    to, of = (np.asarray(k, np.int64) for k in (weights.row, weights.col))
    parts = [_spread(t, own, to, of, weights.data) for t in entering]
    if (start[own] >= 0).any():
        share = initial_outflow(lifetime, edges_of_time, AGES[spec.age_structure], timing=spec.timing)
        times = np.arange(len(share))
        parts.append(_spread(np.repeat(start[:, None], len(share), axis=1), own, times, times, share))
    return parts


def _spread(table: Ints, own: Ints, to: Ints, of: Ints, weight: Floats) -> Terms:
    """Minus weight[k] of the cells at time of[k], in the rows of time to[k], for some series."""
    s, k, e = np.nonzero(table[own][:, of] >= 0)
    row = (own[s] * table.shape[1] + to[k]) * table.shape[2] + e
    return Terms.of(row, table[own[s], of[k], e], -np.asarray(weight)[k])


def period_edges(system: System) -> Floats:
    """The limits of the periods, one year each."""
    labels = np.asarray(system.dimensions[str(system.time)].labels, dtype=float)
    return np.append(labels, labels[-1] + 1.0)


def _lifetimes(system: System, stock: StockOf, spec: Stock) -> list[tuple[Bools, Lifetime]]:
    """The cells of a stock each lifetime holds for."""
    if isinstance(spec.lifetime, Parameters):
        made = Lifetime.from_spec(spec.lifetime.kind, spec.lifetime.parameters)
        return [(np.ones(len(stock.cells), np.bool_), made)]
    given = spec.lifetime or {}
    axis = max(stock.cells.axes, key=lambda a: len({str(x) for x in system.dimensions[a].labels} & {*given}))
    text = np.array([str(x) for x in system.dimensions[axis].labels])
    return [
        (
            text[stock.cells.column(axis)] == label,
            Lifetime.from_spec(parameters.kind, parameters.parameters),
        )
        for label, parameters in given.items()
    ]


def _kept(system: System, stock: StockOf, cells: StockCells) -> Bools:
    """Which (series, time, element) of a stock have rows of their own."""
    series, time = series_of(system, stock.cells)
    kept = np.zeros((int(series.max(initial=-1)) + 1, n_times(system), system.n_elements), np.bool_)
    kept[series, time] = cells.rows
    return kept


def _tables(
    system: System, stock: StockOf, names: tuple[str, ...], edges: Mapping[str, EdgeCells], kept: Bools
) -> list[Ints]:
    """For each edge the cell of every (series, time, element) in `kept`, -1 where there is none."""
    series, _ = series_of(system, stock.cells)
    shape = (int(series.max(initial=-1)) + 1, n_times(system), system.n_elements)
    tables = []
    for name in names:
        table = np.full(shape, -1, np.int64)
        cells = np.arange(len(system.edges[name].cells))
        table[aligned(system, stock, name)] = np.where(edges[name].mask, edges[name].of(cells), -1)
        tables.append(np.where(kept, table, -1))
    return tables


def _terms(table: Ints, weight: float) -> Terms:
    row = np.flatnonzero(table >= 0)
    return Terms.of(row, table.ravel()[row], weight)


def _namer(system: System, stock: StockOf, rows: Ints, name: str) -> Namer:
    series, time = series_of(system, stock.cells)
    times = n_times(system)
    cell = np.full((int(series.max(initial=-1)) + 1) * times, -1, np.int64)
    cell[series * times + time] = np.arange(len(series))
    at, element = np.divmod(rows, system.n_elements)
    return lambda k: cell_name(system, name, stock.cells, int(cell[at[k]]), int(element[k]))
