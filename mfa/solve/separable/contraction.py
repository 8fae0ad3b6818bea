"""Unobserved unknowns taken out exactly: rows that only they can close are merged, as nodes of a network are.

An unobserved free unknown pulls at nothing, so the multipliers of its rows obey sum_p a_p lambda_p = 0.
With two rows that ties one multiplier to the other, with one it makes it zero (an edge to the outside, a
limit that is not reached). What is left of the multipliers is one per group of rows: lambda_p = gain_p
mu_group(p)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import splu

from mfa.solve.problem import Bools, Floats, Ints

OUTSIDE = -1
"""The group of rows whose multiplier is zero."""
CANCELLED = 1e-9
"""A merged column's entry below this share of its largest is rounding."""


@dataclass(frozen=True)
class Contraction:
    """Groups of rows, and the tree of unobserved unknowns that holds each together.

    `group` and `gain` say lambda = gain * mu[group] (0 in the group OUTSIDE); `pivots` are the unknowns of
    the trees, `rows` the rows they are solved from, one each; `loose` the other unobserved unknowns, each
    closing a cycle."""

    group: Ints
    gain: Floats
    count: int
    pivots: Ints
    rows: Ints
    loose: Ints

    def without(self, groups: Ints) -> Contraction:
        """The same with the multipliers of some groups zero."""
        gone = np.isin(self.group, groups)
        count, group = _numbered(np.where(gone, OUTSIDE, self.group))
        return replace(self, group=group, gain=np.where(gone, 0.0, self.gain), count=count)

    def merge(self) -> sparse.csr_array:
        """The matrix Z' (groups, rows) that adds rows up so that unobserved unknowns fall out."""
        inside = np.flatnonzero(self.group != OUTSIDE)
        entries = (self.gain[inside], (self.group[inside], inside))
        return sparse.csr_array(sparse.coo_array(entries, shape=(self.count, len(self.group))))

    def merged(self, values: Floats, *, signed: bool = False) -> Floats:
        """Z' values: the sums over groups, by gain if `signed`, else by its absolute size."""
        inside = self.group != OUTSIDE
        weight = self.gain if signed else np.abs(self.gain)
        sums = np.bincount(self.group[inside], (weight * values)[inside], self.count)
        return np.asarray(sums, np.float64)

    def multipliers(self, mu: Floats) -> Floats:
        """lambda of every row."""
        outside = self.group == OUTSIDE
        return np.where(outside, 0.0, self.gain * np.append(mu, 0.0)[self.group])


def contract(columns: sparse.csc_array, unknowns: Ints, size: Floats) -> Contraction | None:
    """The contraction of the rows by these columns, one for each of `unknowns`.

    The largest row of a group, by `size`, is its root: what rounding leaves open of the group stays there.
    None where a column ties three groups or more, or a cycle multiplies (gain other than 1): no contraction
    of rows says that.
    """
    m = columns.shape[0]
    group, gain = np.arange(m), np.ones(m)
    none = np.zeros(0, np.int64)
    pivots, rows, loose = [none], [none], [none]
    left = np.arange(columns.shape[1])
    while len(left):
        merged = _merged(columns[:, left], group, gain)
        terms = np.diff(merged.indptr)
        loose.append(left[terms == 0])
        some = np.flatnonzero((terms == 1) | (terms == 2))
        forest = _forest(merged[:, some], size) if len(some) else None
        if forest is None:
            if len(some) or np.any(terms > 2):
                return None
            break
        pivots.append(left[some[forest.edges]])
        rows.append(forest.rows)
        loose.append(left[some[forest.cycles]])
        was = group >= 0
        gain[was] *= forest.gain[group[was]]
        group[was] = forest.root[group[was]]
        left = left[terms > 2]
    count, group = _numbered(group)
    tree, at, other = (np.concatenate(p) for p in (pivots, rows, loose))
    return Contraction(
        group, np.where(group == OUTSIDE, 0.0, gain), count, unknowns[tree], at, unknowns[other]
    )


def _merged(columns: sparse.csc_array, group: Ints, gain: Floats) -> sparse.csc_array:
    """The columns over the roots of groups; entries that cancel or lie outside are gone."""
    inside = group[columns.indices] >= 0
    largest = np.maximum.reduceat(
        np.abs(np.append(columns.data, 0.0)), np.minimum(columns.indptr[:-1], len(columns.data))
    )
    column = np.repeat(np.arange(columns.shape[1]), np.diff(columns.indptr))
    values = (columns.data * gain[columns.indices])[inside]
    places = (group[columns.indices[inside]], column[inside])
    found = sparse.csc_array(sparse.coo_array((values, places), shape=columns.shape))
    size = np.repeat(largest, np.diff(found.indptr))
    found.data[np.abs(found.data) < CANCELLED * size] = 0.0
    found.eliminate_zeros()
    return found


@dataclass(frozen=True)
class _Forest:
    """A spanning forest: its edges and the row each gives up, the other edges, root and gain of every row."""

    edges: Ints
    rows: Ints
    cycles: Ints
    root: Ints
    gain: Floats


def _forest(edges: sparse.csc_array, size: Floats) -> _Forest | None:
    """The spanning forest of columns with one or two rows; the outside is a row of its own, and a root."""
    m, n = edges.shape
    first = edges.indptr[:-1]
    two = np.diff(edges.indptr) == 2
    a, va = edges.indices[first].astype(np.int64), edges.data[first]
    second = np.where(two, first + 1, first)
    b, vb = np.where(two, edges.indices[second], m).astype(np.int64), edges.data[second]
    before, order = _walk(m, a, b, size)
    child = order[before[order] <= m]
    used = _edge_of(m, a, b, child, before)
    # lambda_child = factor * lambda_parent
    down = a[used] == child
    factor = np.where(two[used], -np.where(down, vb[used] / va[used], va[used] / vb[used]), 0.0)
    root, gain = _down(m, child, before[child], factor, order)
    cycles = np.setdiff1d(np.arange(n), used, assume_unique=True)
    if not _consistent(cycles, two, (a, b), (va, vb), root=root, gain=gain):
        return None
    return _Forest(used, child, cycles, np.where(root == m, OUTSIDE, root)[:m], gain[:m])


def _walk(m: int, a: Ints, b: Ints, size: Floats) -> tuple[Ints, Ints]:
    """The parent of every row and the rows in breadth-first order; trees hang on row m (outside) or on row
    m + 1, which stands for nothing."""
    graph = sparse.coo_array((np.ones(len(a)), (a, b)), shape=(m + 1, m + 1))
    _, label = csgraph.connected_components(graph, directed=False)
    largest = np.argsort(-np.append(size, np.inf), kind="stable")
    roots = largest[np.unique(label[largest], return_index=True)[1]]
    row = np.concatenate([a, roots])
    column = np.concatenate([b, np.full(len(roots), m + 1)])
    whole = sparse.csr_array(sparse.coo_array((np.ones(len(row)), (row, column)), shape=(m + 2, m + 2)))
    order, before = csgraph.breadth_first_order(whole, m + 1, directed=False)
    return before.astype(np.int64), order.astype(np.int64)[1:]


def _edge_of(m: int, a: Ints, b: Ints, child: Ints, before: Ints) -> Ints:
    """The edge by which every child hangs on its parent (the first, where several do)."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    keys = low * (m + 1) + high
    order = np.argsort(keys, kind="stable")
    parent = before[child]
    wanted = np.minimum(child, parent) * (m + 1) + np.maximum(child, parent)
    return np.asarray(order[np.searchsorted(keys[order], wanted)])


def _down(m: int, child: Ints, parent: Ints, factor: Floats, order: Ints) -> tuple[Ints, Floats]:
    """Root and gain of every row, by doubling the jumps towards the roots."""
    jump, gain = np.arange(m + 1), np.ones(m + 1)
    jump[child], gain[child] = parent, factor
    while True:
        further = jump[jump]
        if np.array_equal(further, jump):
            return jump, gain
        gain, jump = gain * np.where(jump == np.arange(m + 1), 1.0, gain[jump]), further


def _consistent(
    cycles: Ints,
    two: Bools,
    ends: tuple[Ints, Ints],
    values: tuple[Floats, Floats],
    *,
    root: Ints,
    gain: Floats,
) -> bool:
    """Whether the edges that close cycles say nothing new: a lambda_a + b lambda_b = 0 already."""
    (a, b), (va, vb) = ends, values
    first = va[cycles] * gain[a[cycles]]
    other = np.where(two[cycles], vb[cycles] * gain[b[cycles]], 0.0)
    outside = root[a[cycles]] == len(root) - 1
    return bool(np.all(outside | (np.abs(first + other) <= CANCELLED * np.abs(first))))


def _numbered(group: Ints) -> tuple[int, Ints]:
    """How many groups there are, and the groups numbered without gaps; OUTSIDE stays."""
    inside = group != OUTSIDE
    roots, number = np.unique(group[inside], return_inverse=True)
    found = np.full_like(group, OUTSIDE)
    found[inside] = number
    return len(roots), found


PROBES, SEED = 3, 5


class Tree:
    """The rows of a contraction as a square system for its pivots: what unobserved unknowns must be."""

    def __init__(self, columns: sparse.csc_array, contraction: Contraction) -> None:
        self.rows, self.pivots = contraction.rows, contraction.pivots
        square = sparse.csc_array(columns[:, self.pivots].tocsr()[self.rows])
        self._factors = splu(square) if len(self.pivots) else None

    def solve(self, right: Floats) -> Floats:
        """The pivots' values such that their columns add up to `right` in the rows they are solved from."""
        own = right[self.rows]
        return own if self._factors is None else np.asarray(self._factors.solve(own))

    def noise(self, size: Floats) -> Floats:
        """About what rounding does to the pivots' values when the rows' terms add up to `size`."""
        if self._factors is None:
            return np.zeros(0)
        signs = np.random.default_rng(SEED).choice([-1.0, 1.0], (len(self.rows), PROBES))
        moved = self._factors.solve(np.finfo(float).eps * size[self.rows, None] * signs)
        return np.asarray(np.max(np.abs(moved), axis=1))
