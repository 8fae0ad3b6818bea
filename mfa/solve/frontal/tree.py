"""The tree of fronts: an elimination order by minimum degree, and neighbours in it taken together.

Nodes are unknowns and long rows. What a front holds beside its own nodes is eliminated later, in the fronts
above it (multifrontal method: Duff and Reid 1983).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spilu

from mfa.solve.frontal.system import System
from mfa.solve.problem import Ints

OVERHEAD = 100
"""Size of a dense front whose arithmetic costs as much as the handling of any."""


@dataclass(frozen=True)
class Tree:
    """The front of every node, children before parents, and the parent of every front (-1: none)."""

    front: Ints
    parent: Ints

    def __len__(self) -> int:
        return len(self.parent)


def tree_of(system: System) -> Tree:
    """The fronts of `system`: unknowns first among the nodes, then its long rows."""
    graph = _graph(system)
    return _merged(_eliminated(graph, _order(graph)))


def _graph(system: System) -> sparse.csr_array:
    """Which nodes are in a row together: unknowns of short rows with each other, of long ones with it."""
    n, terms, long = len(system), system.terms, system.long.tocoo()
    pairs = [(terms[:, a], terms[:, b]) for a in range(terms.shape[1]) for b in range(a)]
    row = np.concatenate([long.row + n, *(a for a, _ in pairs)])
    column = np.concatenate([long.col, *(b for _, b in pairs)])
    some = row != column
    row, column = row[some], column[some]
    size = n + long.shape[0]
    both = np.concatenate([row, column]), np.concatenate([column, row])
    return sparse.csr_array(sparse.coo_array((np.ones(2 * len(row)), both), shape=(size, size)))


def _order(graph: sparse.csr_array) -> Ints:
    """The nodes in an order of minimum degree: that of an incomplete factorisation which drops all it can."""
    size = graph.shape[0]
    if not graph.nnz:
        return np.arange(size)
    weak = sparse.csc_array((np.full(graph.nnz, 1e-12), graph.indices, graph.indptr), graph.shape)
    solver: Any = spilu
    found = solver(
        (weak + sparse.eye_array(size)).tocsc(),
        drop_tol=0.5,
        fill_factor=1,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
    )
    return np.argsort(found.perm_c, kind="stable")


@dataclass(frozen=True)
class _Eliminated:
    """An elimination: nodes in order; of each its parent's place (-1: none), and how many later ones it
    meets."""

    order: Ints
    parent: list[int]
    later: list[int]


def _eliminated(graph: sparse.csr_array, order: Ints) -> _Eliminated:
    """The elimination tree of `graph` in `order`, with the number of later nodes that each meets."""
    size = len(order)
    low = sparse.csc_array(sparse.tril(graph[order][:, order], k=-1))
    ends, indices = low.indptr.tolist(), low.indices.tolist()
    waiting: list[list[set[int]]] = [[] for _ in range(size)]
    parent, later = [-1] * size, [0] * size
    for j in range(size):
        met = set(indices[ends[j] : ends[j + 1]])
        met.update(*waiting[j])
        waiting[j] = []
        met.discard(j)
        later[j] = len(met)
        if met:
            parent[j] = min(met)
            waiting[parent[j]].append(met)
    return _Eliminated(order, parent, later)


def _merged(of: _Eliminated) -> Tree:
    """Fronts: each node with those of its children's fronts that cost less together than apart."""
    size = len(of.order)
    own, joined = [1] * size, list(range(size))
    children: list[list[int]] = [[] for _ in range(size)]
    for j in range(size):
        mine, above = 1, of.later[j]
        for child in sorted(children[j], key=of.later.__getitem__, reverse=True):
            apart = _cost(mine + above) + _cost(own[child] + of.later[child])
            if _cost(mine + own[child] + above) <= apart:
                mine += own[child]
                joined[child] = j
        own[j] = mine
        if of.parent[j] >= 0:
            children[of.parent[j]].append(j)
    return _numbered(of, joined)


def _cost(size: int) -> float:
    return float(OVERHEAD**3 + size**3)


def _numbered(of: _Eliminated, joined: list[int]) -> Tree:
    """The fronts of merged nodes in their order; a node merged into another is in that one's front."""
    size = len(joined)
    top = np.arange(size)
    for j in range(size - 1, -1, -1):
        if joined[j] != j:
            top[j] = top[joined[j]]
    tops, number = np.unique(top, return_inverse=True)
    above = np.array(of.parent, np.int64)[tops] if size else np.zeros(0, np.int64)
    front = np.empty(size, np.int64)
    front[of.order] = number
    return Tree(front, np.where(above >= 0, number[above], -1) if size else above)
