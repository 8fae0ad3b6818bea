"""The range of what is free: how far each free cell can go with everything determined held at its value.

Free unknowns that no row ties together move apart from each other: each such group is a linear programme of
its own, of a few unknowns where few flows in a row are unreported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from mfa.solve.problem import Floats, Ints
from mfa.solve.programme import least
from mfa.solve.ranges import ranges
from mfa.solve.sensitivity import Freedom
from mfa.solve.uncertainty import Propagated, sensitivity_of

ROUNDING = 1e-12
"""Ends of an interval this small beside the value found are nothing."""
LARGEST = 20_000
"""Unknowns of a group up to which its cells get intervals: a programme of so many takes a second."""


@dataclass(frozen=True)
class Intervals:
    """The feasible range of some free cells, and how many were asked for whose group is too large."""

    ends: dict[int, tuple[float, float]]
    skipped: int = 0


def intervals(spread: Propagated, wanted: Ints) -> Intervals:
    """The ranges of the free cells `wanted`; products are linearised at the solution."""
    if not len(wanted):
        return Intervals({})
    freedom = sensitivity_of(spread).freedom()
    group, found, skipped = _groups(freedom), dict[int, tuple[float, float]](), 0
    columns, by_group = sparse.csc_array(freedom.held), _Sorted.by(group)
    for cell in wanted.tolist():
        own = freedom.slopes[[cell]]
        moving = by_group.members(np.unique(group[own.indices]))
        if len(moving) > LARGEST:
            skipped += 1
            continue
        slope = np.zeros(len(moving))
        slope[np.searchsorted(moving, own.indices)] = own.data
        room = (freedom.low[moving], freedom.high[moving])
        ends = freedom.now[cell] + (_ends(slope, columns[:, moving], *room) if len(moving) else np.zeros(2))
        low, high = np.where(np.abs(ends) <= ROUNDING * abs(freedom.now[cell]), 0.0, ends)
        found[cell] = (float(low), float(high))
    return Intervals(found, skipped)


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


def _ends(slope: Floats, columns: sparse.csc_array, low: Floats, high: Floats) -> Floats:
    """The least and the largest change of slope . d over steps d that leave the rows unmoved."""
    held = _unit_rows(columns)
    return np.array([_least(slope, held, low, high), -_least(-slope, held, low, high)])


def _unit_rows(columns: sparse.csc_array) -> sparse.csc_array:
    """The rows that hold something, each of unit size."""
    some = np.unique(columns.indices)
    held = sparse.csr_array(columns)[some]
    size = np.asarray(abs(held).max(axis=1).toarray()).ravel()
    kept = np.flatnonzero(size > 0)
    return sparse.csc_array(sparse.diags_array(1 / size[kept]) @ held[kept])


def _least(slope: Floats, held: sparse.csc_array, low: Floats, high: Floats) -> float:
    """The minimum of slope . d over steps d that leave `held` unmoved; minus infinity where there is none."""
    found = least(slope, held, np.zeros(held.shape[0]), low, high)
    return found.value if found.optimal else -np.inf
