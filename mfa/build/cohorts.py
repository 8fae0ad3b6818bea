"""What leaves a cohort stock: inflows by the lifetimes of cohorts, and the initial stock by its ages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from mfa.build.ages import places_of, template
from mfa.build.assembly import Assembly, Bools, Floats, Ints, Namer, Terms
from mfa.build.flows import EdgeCells
from mfa.build.naming import cell_name
from mfa.build.stocks import StockCells, aligned, n_times, per_time, previous_cells, series_of
from mfa.core.labels import keys
from mfa.core.stock.ages import AGE, Ages, Part
from mfa.core.stock.weights import CUT, leaving, retired_early, survival_tables, used_leaving
from mfa.core.system import StockOf, System

if TYPE_CHECKING:
    import xarray as xr


def add_cohorts(
    assembly: Assembly,
    system: System,
    stock: StockOf,
    ages: Ages,
    edges: Mapping[str, EdgeCells],
    *,
    cells: StockCells,
    left: Floats | None = None,
    kept: Floats | None = None,
) -> None:
    """The exact rows of what leaves a cohort stock.

    Equation: outflow[t] = sum_c inflow[c] (sf[t-1, c] - sf[t, c]) + what leaves of the initial stock. `left`
    and `kept` are (time, series, element): the share of the initial stock left at the end of each period, and
    where it is below 1 the share of all there was that early retirement leaves; then nothing enters.
    """
    own = _own_rows(system, stock, cells)
    leaves = [_terms(table, 1.0) for table in _tables(system, stock, stock.outflow, edges, own)]
    inflow = _tables(system, stock, tuple(f for f in stock.inflow if f not in ages.used), edges, own)
    parts = [_spread(t, which, w) for which, w in ageing(system, stock, ages, kept) for t in inflow]
    for name, shares in ages.used.items():
        tables = _tables(system, stock, (name,), edges, own)
        parts += [
            _spread(t, which, w) for which, w in used_ageing(system, stock, ages, shares) for t in tables
        ]
    terms = Terms.join(*leaves, *parts, *_of_initial(system, stock, cells, left, kept))
    if kept is not None:
        early = kept.transpose(1, 0, 2).ravel() < 1.0
        enters = Terms.join(*(_terms(table, 1.0) for table in inflow))
        terms = Terms.join(terms.where(~early[terms.row]), enters.where(early[enters.row]))
    rows = np.unique(Terms.join(*leaves).row)
    namer = _namer(system, stock, rows, f"cohorts leaving {stock.name}")
    assembly.exact(terms.only(rows), np.zeros(len(rows)), namer, merge=rows // system.n_elements)


def add_levels(
    assembly: Assembly, system: System, stock: StockOf, edges: Mapping[str, EdgeCells], cells: StockCells
) -> None:
    """The exact rows of a cohort stock's level, where the balance of its process does not imply them.

    That is where the stock is kept by more labels than its process balances (their sum is the balance), and
    where the process is left open.
    Equation: inflow - outflow - (S[t] - S[t-1]) / L[t] = 0 for every cell.
    """
    at = system.processes[stock.process]
    if set(stock.cells.axes) <= set(at.cells.axes) and not at.open:
        return
    series, time = series_of(system, stock.cells)
    first = (series * n_times(system) + time) * system.n_elements
    row = first[:, None] + np.arange(system.n_elements)
    mask, previous = cells.level.mask & cells.rows, previous_cells(system, stock, cells.level, cells.before)
    earlier, rate, own = (
        mask & (previous >= 0),
        per_time(system, stock, cells.level),
        _own_rows(system, stock, cells),
    )
    parts = [_terms(table, 1.0) for table in _tables(system, stock, stock.inflow, edges, own)]
    parts += [_terms(table, -1.0) for table in _tables(system, stock, stock.outflow, edges, own)]
    parts.append(Terms.of(row[mask], cells.level.of(np.arange(len(mask)))[mask], -rate[mask]))
    parts.append(Terms.of(row[earlier], previous[earlier], rate[earlier]))
    terms = Terms.join(*parts)
    rows = np.unique(terms.row)
    namer = _namer(system, stock, rows, f"change of {stock.name}")
    assembly.exact(terms.only(rows), np.zeros(len(rows)), namer, merge=rows // system.n_elements)


def ageing(system: System, stock: StockOf, ages: Ages, kept: Floats | None) -> Iterator[tuple[Bools, Floats]]:
    """Which (series, element) share a lifetime, and what of each inflow leaves in each period: W[t, c]."""
    like, place = template(system, stock), places_of(system, stock)
    early = np.zeros((len(place), system.n_elements), np.bool_)
    if kept is not None:
        early |= (kept < 1.0).any(axis=0)
    for part in ages.parts:
        ageing, index = ages.ageing(part, like)
        own = np.where(_holds(part, like), index, -1)[place]
        lengths = np.diff(ageing.edges)
        for number, keep in survival_tables(ageing):
            which = np.broadcast_to((own == number)[:, None], early.shape)
            if (which & ~early).any():
                yield which & ~early, leaving(keep, lengths)
            for s, e in np.argwhere(which & early):
                assert kept is not None
                one = np.zeros_like(early)
                one[s, e] = True
                yield one, leaving(retired_early(keep, kept[:, s, e]), lengths)


def used_ageing(
    system: System, stock: StockOf, ages: Ages, shares: xr.DataArray
) -> Iterator[tuple[Bools, Floats]]:
    """Which series share a lifetime and the ages of a used inflow, and what of it leaves in each period."""
    like, place = template(system, stock), places_of(system, stock)
    by_age = shares.broadcast_like(like[0].drop_vars(str(system.time))).transpose(AGE, *like.dims[1:])
    padded = np.zeros((len(place), ages.oldest))
    padded[:, : by_age.sizes[AGE]] = by_age.to_numpy().reshape(by_age.sizes[AGE], -1)[:, place].T
    kinds, kind = np.unique(padded, axis=0, return_inverse=True)
    for part in ages.parts:
        ageing, index = ages.used_ageing(part, like)
        own = np.where(_holds(part, like), index, -1)[place]
        for number, keep in survival_tables(ageing):
            for k in np.unique(kind.ravel()[own == number]):
                which = ((own == number) & (kind.ravel() == k))[:, None]
                leaves = used_leaving(keep, kinds[k], ages.timing)
                yield np.repeat(which, system.n_elements, axis=1), leaves


def _holds(part: Part, like: xr.DataArray) -> Bools:
    """Which of all series a part's lifetime is that of."""
    first = like[0].copy()
    first[...] = 0.0 if part.axis else 1.0
    if part.axis:
        first.loc[{part.axis: part.label}] = 1.0
    return np.asarray(first.to_numpy().ravel() > 0)


def _of_initial(
    system: System, stock: StockOf, cells: StockCells, left: Floats | None, kept: Floats | None
) -> list[Terms]:
    """Minus what leaves of the initial stock in each period, of which `left` would be there at its end."""
    if left is None:
        return []
    series, _ = series_of(system, stock.cells)
    start = np.full(left.shape[1:], -1, np.int64)
    start[series] = cells.before
    rest = left if kept is None else left * np.multiply.accumulate(kept, axis=0)
    share = -np.diff(rest, axis=0, prepend=1.0)
    t, s, e = np.nonzero((share > CUT) & (start >= 0))
    row = (s * len(share) + t) * system.n_elements + e
    return [Terms.of(row, start[s, e], -share[t, s, e] / system.lengths[t])]


def _spread(table: Ints, which: Bools, weights: Floats) -> Terms:
    """Minus weights[t, c] of the cells at time c, in the rows of time t, for some (series, element)."""
    to, of = np.nonzero(weights)
    own = np.flatnonzero(which.any(axis=1))
    s, k, e = np.nonzero((table[own][:, of] >= 0) & which[own][:, None])
    row = (own[s] * table.shape[1] + to[k]) * table.shape[2] + e
    return Terms.of(row, table[own[s], of[k], e], -weights[to[k], of[k]])


def _own_rows(system: System, stock: StockOf, cells: StockCells) -> Bools:
    """Which (series, time, element) of a stock have rows of their own."""
    series, time = series_of(system, stock.cells)
    own = np.zeros((int(series.max(initial=-1)) + 1, n_times(system), system.n_elements), np.bool_)
    own[series, time] = cells.rows
    return own


def _tables(
    system: System, stock: StockOf, names: tuple[str, ...], edges: Mapping[str, EdgeCells], own: Bools
) -> list[Ints]:
    """The cell of every (series, time, element) in `own`, -1 where there is none: a table for each edge and
    each of its labels that the stock does not tell apart."""
    series, _ = series_of(system, stock.cells)
    shape = (int(series.max(initial=-1)) + 1, n_times(system), system.n_elements)
    tables = []
    for name in names:
        index, (row, time) = system.edges[name].cells, aligned(system, stock, name)
        cells = np.where(edges[name].mask, edges[name].of(np.arange(len(index))), -1)
        label = keys(index, [a for a in index.axes if a not in stock.cells.axes], system.sizes)
        for one in np.unique(label):
            table, which = np.full(shape, -1, np.int64), label == one
            table[row[which], time[which]] = cells[which]
            tables.append(np.where(own, table, -1))
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
