"""The entries of M^-1 on the pattern of M's factors: Takahashi's selected inversion, supernode by supernode.

With M = L D L' (L unit lower triangular) the inverse Z obeys Z L = L^-T D^-1. For columns J that share
their rows R below, from the last to the first (Takahashi, Fagan and Chin 1973; Erisman and Tinney 1975):

    Z[R, J] = -Z[R, R] L[R, J] L[J, J]^-1,    Z[J, J] = (L[J, J]^-T D[J]^-1 - Z[J, R] L[R, J]) L[J, J]^-1

and Z[R, R] is part of what the columns of the next row above R[0] left behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats, Ints

PADDED = 0.2
"""Share of explicit zeros with which neighbouring columns are still taken together."""


@dataclass(frozen=True)
class Selected:
    """Entries of an inverse: the diagonal, and those below it on the pattern of a factor, by place in the
    ordering."""

    place: Ints
    diagonal: Floats
    pattern: sparse.csc_array

    def at(self, row: Ints, column: Ints) -> Floats:
        """The entries at some (row, column) pairs of the pattern; nan outside of it."""
        a, b = self.place[row], self.place[column]
        low, high = np.minimum(a, b), np.maximum(a, b)
        n = len(self.place)
        keys = np.repeat(np.arange(n), np.diff(self.pattern.indptr)) * n + self.pattern.indices
        if not len(keys):
            return np.where(a == b, self.diagonal[a], np.nan)
        found = np.minimum(np.searchsorted(keys, low * n + high), len(keys) - 1)
        there = keys[found] == low * n + high
        return np.where(a == b, self.diagonal[a], np.where(there, self.pattern.data[found], np.nan))


def selected_inverse(factors: Any) -> Selected:
    """The selected inverse of the matrix that QDLDL's `factors` are of."""
    lower, pivots, order = factors.factors()
    lower = sparse.csc_array(lower)
    lower.sort_indices()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    data, diagonal = np.empty_like(lower.data), np.empty(len(order))
    _fill(lower, np.asarray(pivots), data, diagonal)
    return Selected(place, diagonal, sparse.csc_array((data, lower.indices, lower.indptr), lower.shape))


def _fill(lower: sparse.csc_array, pivots: Floats, data: Floats, diagonal: Floats) -> None:
    """Write Z on the pattern of `lower` into `data`, and its diagonal."""
    ends, indices = lower.indptr.astype(np.int64), lower.indices.astype(np.int64)
    values = lower.data
    first, last, parent = _supernodes(ends, indices)
    waiting = np.bincount(parent[parent >= 0], minlength=len(first))
    fronts: dict[int, tuple[Ints, Floats]] = {}
    for k in range(len(first) - 1, -1, -1):
        s, e, p = first[k], last[k], parent[k]
        below = indices[ends[e] : ends[e + 1]]
        front = np.concatenate([np.arange(s, e + 1), below])
        inner = np.zeros((0, 0))
        if p >= 0:
            above, whole = fronts[p]
            at = np.searchsorted(above, below)
            inner = whole[at[:, None], at]
            waiting[p] -= 1
            if not waiting[p]:
                del fronts[p]
        span = slice(ends[s], ends[e + 1])
        width = e + 1 - s
        row = np.searchsorted(front, indices[span])
        column = np.repeat(np.arange(width), np.diff(ends[s : e + 2]))
        found = _front(row, column, values[span], pivots=pivots[s : e + 1], inner=inner)
        data[span] = found[row, column]
        diagonal[s : e + 1] = np.diagonal(found)[:width]
        if waiting[k]:
            fronts[k] = (front, found)


def _front(row: Ints, column: Ints, values: Floats, *, pivots: Floats, inner: Floats) -> Floats:
    """Z over the rows and columns of one front, from Z over its rows below (`inner`)."""
    width, size = len(pivots), len(pivots) + len(inner)
    block = np.zeros((size, width))
    block[row, column] = values
    if width == 1:
        left = -(inner @ block[1:])
        own = 1.0 / pivots[0] - block[1:, 0] @ left[:, 0]
        own = np.array([[own]])
    else:
        top = block[:width] + np.eye(width)
        unit = np.linalg.inv(top)
        left = -(inner @ (block[width:] @ unit))
        own = (unit.T / pivots - left.T @ block[width:]) @ unit
    found = np.empty((size, size))
    found[:width, :width], found[width:, :width] = own, left
    found[:width, width:], found[width:, width:] = left.T, inner
    return found


def _supernodes(ends: Ints, indices: Ints) -> tuple[Ints, Ints, Ints]:
    """First and last column of every supernode, and the supernode its first row below is in (-1: none)."""
    n, count = len(ends) - 1, np.diff(ends)
    up = np.full(n, -1)
    some = count > 0
    up[some] = indices[ends[:-1][some]]
    starts = _starts(up, count)
    first = np.flatnonzero(starts)
    last = np.append(first[1:] - 1, n - 1) if n else first
    number = np.cumsum(starts) - 1
    above = up[last]
    return first, last, np.where(above >= 0, number[above], -1)


def _starts(up: Ints, count: Ints) -> Bools:
    """Whether each column starts a supernode: where the one before it does not fit in, zeros allowed for."""
    starts = np.ones(len(up), np.bool_)
    joined = np.flatnonzero(up[:-1] == np.arange(1, len(up))) + 1
    empty, full, width = 0, 0, 0
    last = -1
    for j in joined.tolist():
        if j != last + 1:
            empty, full, width = 0, int(count[j - 1]), 1
        more = width * int(count[j] + 1 - count[j - 1])
        if empty + more <= PADDED * (full + empty + more):
            empty, full, width = empty + more, full + int(count[j]), width + 1
            starts[j] = False
        else:
            empty, full, width = 0, int(count[j]), 1
        last = j
    return starts
