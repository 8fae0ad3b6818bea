"""The range of what is free: how far each free cell can go with everything determined held at its value.

Free unknowns that no row ties together move apart from each other: each such group is a linear programme of
its own. Many ends need none: those without limit are told apart by one programme over the directions in which
unknowns can go for ever (:func:`mfa.solve.degenerate.leaned_on`), and a point at which many unknowns are at
their bounds shows the ends of all of them. The other ends take a programme each. An end that a programme
gives no answer to is left open: no answer does not mean that there is no limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from mfa.solve.degenerate import equilibrated, leaned_on
from mfa.solve.problem import Bools, Floats, Ints
from mfa.solve.programme import Answer, least
from mfa.solve.ranges import ranges
from mfa.solve.sensitivity import Freedom
from mfa.solve.uncertainty import Propagated, sensitivity_of

ROUNDING = 1e-12
"""Ends of an interval this small beside the value found are nothing."""
LARGEST = 20_000
"""Unknowns of a group up to which its cells get intervals: a programme of so many takes a second."""
BUDGET = 200_000
"""Unknowns of all programmes together up to which ends are looked for one by one: about ten seconds."""
ROUNDS = 20
"""Points by which ends are looked for that are bounds of unknowns."""
REACHED = 1e-9
"""How near its bound an unknown is there, in units of scale."""


@dataclass(frozen=True)
class Intervals:
    """The feasible range of some free cells, and how many were asked for that have none here."""

    ends: dict[int, tuple[float, float]]
    skipped: int = 0


def intervals(spread: Propagated, wanted: Ints) -> Intervals:
    """The ranges of the free cells `wanted`; products are linearised at the solution.

    Of groups whose programmes are beyond `BUDGET`, cheaper ones first, only cells have a range whose ends
    need no programme of their own.
    """
    if not len(wanted):
        return Intervals({})
    freedom = sensitivity_of(spread).freedom()
    searches, found = list(_searches(freedom, wanted)), dict[int, tuple[float, float]]()
    price = _affordable(np.array([search.price for search in searches]))
    for search in searches:
        now = freedom.now[search.cells]
        ends = now[:, None] + search.ends(one_by_one=search.price <= price)
        ends = np.where(np.abs(ends) <= ROUNDING * np.abs(now)[:, None], 0.0, ends)
        told = ~np.isnan(ends).any(axis=1)
        pairs = zip(search.cells[told].tolist(), ends[told].tolist(), strict=True)
        found |= {cell: (low, high) for cell, (low, high) in pairs}
    return Intervals({k: found[k] for k in wanted.tolist() if k in found}, len(wanted) - len(found))


def _affordable(prices: Floats) -> float:
    """The largest price for which all that cost no more fit into `BUDGET` together."""
    sums = [float(prices[prices <= price].sum()) for price in prices]
    return max((float(p) for p, total in zip(prices, sums, strict=True) if total <= BUDGET), default=0.0)


def _searches(freedom: Freedom, wanted: Ints) -> Iterator[_Search]:
    """The cells that move with the same groups of unknowns, together."""
    group, columns = _groups(freedom), sparse.csc_array(freedom.held)
    by_group, alike = _Sorted.by(group), defaultdict[tuple[int, ...], list[int]](list)
    for cell in wanted.tolist():
        alike[tuple(np.unique(group[freedom.slopes[[cell]].indices]).tolist())].append(cell)
    for groups, cells in alike.items():
        moving = by_group.members(np.array(groups, np.int64))
        slopes = sparse.csr_array(freedom.slopes[cells][:, moving])
        slopes.eliminate_zeros()
        room = (freedom.low[moving], freedom.high[moving])
        held, unit = equilibrated(_filled(columns[:, moving]))
        inner = sparse.csr_array(slopes @ sparse.diags_array(unit))
        yield _Search(np.array(cells), inner, held.tocsc(), *(bound / unit for bound in room))


def _groups(freedom: Freedom) -> Ints:
    """The group of every free unknown."""
    held = freedom.held.tocoo()
    m, n = held.shape
    both = sparse.coo_array((np.ones(held.nnz, np.int8), (held.row, m + held.col)), shape=(m + n, m + n))
    return np.asarray(csgraph.connected_components(both, directed=False)[1][m:], np.int64)


@dataclass(frozen=True)
class _Sorted:
    """Places in the order of their groups."""

    order: Ints
    label: Ints

    @classmethod
    def by(cls, group: Ints) -> _Sorted:
        """Places sorted by group."""
        order = np.argsort(group, kind="stable")
        return cls(order, group[order])

    def members(self, groups: Ints) -> Ints:
        """The places of some groups, ascending."""
        first, last = (np.searchsorted(self.label, k) for k in (groups, groups + 1))
        return np.sort(self.order[ranges(first, last - first)])


def _filled(columns: sparse.csc_array) -> sparse.csr_array:
    """The rows that hold something."""
    columns.eliminate_zeros()
    return sparse.csr_array(columns)[np.unique(columns.indices)]


@dataclass(frozen=True)
class _Search:
    """Cells that change by `slopes` d over steps d between `low` and `high` that leave `held` unmoved."""

    cells: Ints
    slopes: sparse.csr_array
    held: sparse.csc_array
    low: Floats
    high: Floats

    @property
    def price(self) -> float:
        """The unknowns of all programmes that one end each would take; infinite of a group too large."""
        if len(self.low) > LARGEST:
            return np.inf
        return float(len(self.low) * np.count_nonzero(np.isnan(self.easy)))

    def ends(self, *, one_by_one: bool) -> Floats:
        """The least and the largest change of every cell (cells, 2); nan where it was not looked for."""
        found = self.easy.copy()
        for k in np.flatnonzero(np.isnan(found)).tolist() if one_by_one else ():
            if np.isnan(found[k]):
                answer = self._least(self.falls[[k]])
                if answer.optimal:
                    self._see(answer.x, found)
                    found[k] = answer.value if np.isnan(found[k]) else found[k]
                elif answer.unbounded:
                    found[k] = -np.inf
        low, high = np.split(found, 2)
        return np.column_stack([low, 0.0 - high])

    @cached_property
    def falls(self) -> sparse.csr_array:
        """The slopes and then minus the slopes: both ends are the least of something."""
        return sparse.csr_array(sparse.vstack([self.slopes, -self.slopes]))

    @cached_property
    def easy(self) -> Floats:
        """The least change of each of `falls` as far as it needs no programme of its own, nan elsewhere."""
        found = np.full(self.falls.shape[0], np.nan)
        if len(self.low) > LARGEST:
            return found
        found[self._endless] = -np.inf
        size, step = _sums(self.falls, np.abs(self.falls.data)), np.zeros(len(self.low))
        for _ in range(ROUNDS):
            seen, ask = self._see(step, found), np.isnan(found) & np.isfinite(self.floor)
            if (not seen and np.any(step)) or not np.any(ask):
                break
            answer = self._least(sparse.diags_array(1 / size[ask]) @ self.falls[ask])
            if not answer.optimal:
                break
            step = answer.x
        return found

    def _see(self, step: Floats, found: Floats) -> bool:
        """Enter what is as low at `step` as the bounds of unknowns allow; whether there was any."""
        near = REACHED * _sums(self.falls, np.abs(self.falls.data))
        there = np.isnan(found) & (self.falls @ step <= self.floor + near)
        found[there] = self.floor[there]
        return bool(np.any(there))

    @cached_property
    def floor(self) -> Floats:
        """How low each of `falls` could go if no row held; minus infinity where no bound stops it."""
        falls = self.falls
        worst = np.where(falls.data > 0, self.low[falls.indices], self.high[falls.indices])
        return _sums(falls, falls.data * worst)

    @cached_property
    def _endless(self) -> Bools:
        """Which of `falls` certainly have no least: they fall with unknowns that can go for ever one way, and
        rise with none."""
        up, down, falls = np.isinf(self.high), np.isinf(self.low), self.falls
        side = (down & ~up).astype(np.int8) - (up & ~down).astype(np.int8)
        left = leaned_on(sparse.csr_array(self.held), side, np.zeros(len(up), np.bool_), up | down)
        way = np.where(left == 0, -side, 0)
        rate, either = falls.data * way[falls.indices], (up & down)[falls.indices]
        fall, rise = (_sums(falls, which.astype(float)) > 0 for which in (rate < 0, (rate > 0) | either))
        return np.asarray(fall & ~rise)

    def _least(self, slopes: sparse.csr_array) -> Answer:
        """The least of the sum of some slopes."""
        cost = np.asarray(slopes.sum(axis=0)).ravel()
        size = float(np.max(np.abs(cost), initial=0.0)) or 1.0
        found = least(cost / size, self.held, np.zeros(self.held.shape[0]), self.low, self.high)
        return replace(found, value=size * found.value)


def _sums(matrix: sparse.csr_array, data: Floats) -> Floats:
    """The sums of `data` over the entries of each row."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return np.bincount(row, weights=data, minlength=matrix.shape[0]).astype(np.float64)
