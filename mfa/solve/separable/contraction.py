"""Unobserved unknowns taken out exactly: rows that only they can close are merged, as nodes of a network are.

An unobserved free unknown pulls at nothing, so the multipliers of its rows obey sum_p a_p lambda_p = 0.
With two rows that ties one multiplier to the other, with one it makes it zero (an edge to the outside, a
limit that is not reached), and so does a cycle of two-row ties that multiplies. What is left of the
multipliers is one per group of rows: lambda_p = gain_p mu_group(p)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import splu

from mfa.solve.problem import Bools, Floats, Ints

OUTSIDE = -1
"""The group of rows whose multiplier is zero."""
DENSE, RANK = 2_000, 1e-9
"""Most rows and columns eliminated densely, and the pivot, as a share of the largest, that counts as none."""
CANCELLED = 1e-9
"""A merged column's entry below this share of its largest is rounding."""


@dataclass(frozen=True)
class Contraction:
    """What the multipliers of rows follow from, and the unobserved unknowns that hold the rows together.

    `spread` Z (rows, groups) says lambda = Z mu; rows without an entry have a multiplier of zero. `pivots`
    are the unknowns that make the rows depend on each other, `rows` the rows they are solved from, one each;
    `loose` the other unobserved unknowns, each closing a cycle.
    """

    spread: sparse.csr_array
    pivots: Ints
    rows: Ints
    loose: Ints

    def without(self, groups: Ints) -> Contraction:
        """The same with the multipliers of some groups zero."""
        kept = np.setdiff1d(np.arange(self.spread.shape[1]), groups)
        return replace(self, spread=sparse.csr_array(self.spread[:, kept]))

    @cached_property
    def merge(self) -> sparse.csr_array:
        """The matrix Z' (groups, rows) that adds rows up so that unobserved unknowns fall out."""
        return sparse.csr_array(self.spread.T)

    def sizes(self, values: Floats) -> Floats:
        """The sums over groups of the rows' `values`, by the absolute size of Z."""
        return np.asarray(abs(self.merge) @ values)


def contract(columns: sparse.csc_array, unknowns: Ints, size: Floats) -> Contraction | None:
    """The contraction of the rows by these columns, one for each of `unknowns`.

    The largest row of a group, by `size`, is its root: what rounding leaves open of the group stays there.
    None where very many columns tie three groups or more.
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
        if not len(some):
            left = left[terms > 2]
            break
        forest = _forest(merged[:, some], size)
        pivots.append(left[some[forest.edges]])
        rows.append(forest.rows)
        loose.append(left[some[forest.cycles]])
        was = group >= 0
        gain[was] *= forest.gain[group[was]]
        group[was] = forest.root[group[was]]
        left = left[terms > 2]
    roots, spread = _spread(group, gain)
    if len(left):
        rest = _eliminated(sparse.csc_array(spread.T @ columns[:, left]))
        if rest is None:
            return None
        pivots.append(left[rest.columns])
        rows.append(roots[rest.rows])
        loose.append(np.delete(left, rest.columns))
        spread = sparse.csr_array(spread @ rest.spread)
    tree, at, other = (np.concatenate(p) for p in (pivots, rows, loose))
    return Contraction(spread, unknowns[tree], at, unknowns[other])


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
    """A spanning forest: its edges and the row each closes, the other edges, root and gain of every row."""

    edges: Ints
    rows: Ints
    cycles: Ints
    root: Ints
    gain: Floats


def _forest(edges: sparse.csc_array, size: Floats) -> _Forest:
    """The spanning forest of columns with one or two rows; the outside is a row of its own, and a root.

    A tree with a cycle that multiplies belongs to the outside too: one such edge closes its root's row.
    """
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
    amiss = _amiss(cycles, two, (a, b), (va, vb), root=root, gain=gain)
    multiplying = cycles[amiss > CANCELLED]
    keys, roots = _one_each(multiplying, root[a[multiplying]], amiss[amiss > CANCELLED])
    used, child = np.append(used, keys), np.append(child, roots)
    cycles = np.setdiff1d(cycles, keys, assume_unique=True)
    outside = (root == m) | np.isin(root, roots)
    return _Forest(used, child, cycles, np.where(outside, OUTSIDE, root)[:m], gain[:m])


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


def _amiss(
    cycles: Ints,
    two: Bools,
    ends: tuple[Ints, Ints],
    values: tuple[Floats, Floats],
    *,
    root: Ints,
    gain: Floats,
) -> Floats:
    """By how much, relative to its terms, a lambda_a + b lambda_b of each edge that closes a cycle is not 0.

    Where it is not, the cycle multiplies, and all multipliers along it are zero.
    """
    (a, b), (va, vb) = ends, values
    first = va[cycles] * gain[a[cycles]]
    other = np.where(two[cycles], vb[cycles] * gain[b[cycles]], 0.0)
    inside = root[a[cycles]] != len(root) - 1
    return np.divide(np.abs(first + other), np.abs(first), out=np.zeros(len(cycles)), where=inside)


def _one_each(edges: Ints, root: Ints, weight: Floats) -> tuple[Ints, Ints]:
    """The edge of most `weight` for every root that has one, and these roots."""
    order = np.argsort(-weight, kind="stable")
    roots, first = np.unique(root[order], return_index=True)
    return edges[order[first]], roots


def _spread(group: Ints, gain: Floats) -> tuple[Ints, sparse.csr_array]:
    """The root of every group, and lambda of every row by mu of the groups; rows OUTSIDE have none."""
    inside = np.flatnonzero(group != OUTSIDE)
    roots, number = np.unique(group[inside], return_inverse=True)
    entries = (gain[inside], (inside, number))
    return roots, sparse.csr_array(sparse.coo_array(entries, shape=(len(group), len(roots))))


@dataclass(frozen=True)
class _Eliminated:
    """Independent columns, as many rows to solve them from, and what multipliers of all rows follow from."""

    columns: Ints
    rows: Ints
    spread: sparse.csr_array


def _eliminated(columns: sparse.csc_array) -> _Eliminated | None:
    """Columns that tie three groups or more, by dense elimination of the rows they touch; None where these
    are many."""
    touched = np.unique(columns.indices)
    if max(len(touched), columns.shape[1]) > DENSE:
        return None
    dense = columns.toarray()[touched]
    dense = dense / np.abs(dense).max(axis=0)
    _, triangle, order = linalg.qr(dense, mode="economic", pivoting=True)
    size = np.abs(np.diagonal(triangle))
    chosen = order[: int(np.count_nonzero(size > RANK * size[0]))]
    _, _, places = linalg.qr(dense[:, chosen].T, mode="economic", pivoting=True)
    own, others = places[: len(chosen)], places[len(chosen) :]
    # C_own' lambda_own + C_others' lambda_others = 0
    follows = -np.linalg.solve(dense[own][:, chosen].T, dense[others][:, chosen].T)
    n = columns.shape[0]
    kept = np.setdiff1d(np.arange(n), touched[own])
    number = np.full(n, -1)
    number[kept] = np.arange(len(kept))
    row, column = np.nonzero(np.abs(follows) > CANCELLED)
    entries = np.concatenate([np.ones(len(kept)), follows[row, column]])
    at = np.concatenate([kept, touched[own][row]])
    by = np.concatenate([np.arange(len(kept)), number[touched[others][column]]])
    spread = sparse.csr_array(sparse.coo_array((entries, (at, by)), shape=(n, len(kept))))
    return _Eliminated(chosen, touched[own], spread)


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
