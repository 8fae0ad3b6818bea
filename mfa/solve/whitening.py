"""Units in which a system of observations and exact rows has entries of about 1, whatever its sigmas.

A residual is counted in its own sigma. An unknown is counted in about what is known of it: the smallest sigma
that sees it or, where that is less, what the other terms of a row leave it to move by. Exact rows, and
unknowns of which nothing is known, take the units that this leaves them. Reports that are certain to a
trillionth then look like any others, where scaling every row of the system alike lets them drown their own
residuals.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats, Index, Ints

ROUNDS = 12


def whitening(pulls: sparse.csr_array, rows: sparse.csr_array, fixed: Bools) -> Floats:
    """The unit of every unknown, observation and exact row; 1 for the unknowns in `fixed`.

    `pulls` are the observations in units of their sigma, `rows` the exact rows, by unknowns.
    """
    seen = _largest(sparse.csr_array(pulls.T))
    known = np.divide(1.0, seen, out=np.full(len(seen), np.inf), where=seen > 0)
    known = _narrowed(rows, np.where(fixed, 0.0, known))
    free = np.isinf(known)
    step = np.where(fixed | free, 1.0, known)
    across = sparse.csr_array(rows.T)
    for _ in range(ROUNDS):
        row = 1.0 / _size(_largest(rows, np.where(fixed, 0.0, step)))
        step = np.where(free, step / np.sqrt(_size(_largest(across, row) * step)), step)
    return np.concatenate([step, np.ones(pulls.shape[0]), row])


def _narrowed(rows: sparse.csr_array, known: Floats) -> Floats:
    """How far each unknown may move (infinite: nothing is known) given how far others in its rows may."""
    some = np.flatnonzero(np.diff(rows.indptr))
    starts, row = rows.indptr[some], np.repeat(np.arange(len(some)), np.diff(rows.indptr)[some])
    size = np.abs(rows.data)
    there = np.flatnonzero(size > 0)
    for _ in range(ROUNDS if len(some) else 0):
        moved = np.multiply(size, known[rows.indices], out=np.zeros(len(size)), where=size > 0)
        others = _others(moved, starts, row)
        useful = there[others[there] > 0]
        before, known = known, known.copy()
        np.minimum.at(known, rows.indices[useful], others[useful] / size[useful])
        if np.array_equal(before, known):
            break
    return known


def _others(values: Floats, starts: Index, row: Ints) -> Floats:
    """For every entry the largest of the others in its row."""
    top = np.maximum.reduceat(values, starts)
    is_top = values == top[row]
    alone = is_top & (np.add.reduceat(is_top.astype(np.int64), starts) == 1)[row]
    second = np.maximum.reduceat(np.where(is_top, 0.0, values), starts)
    return np.where(alone, second[row], top[row])


def _largest(matrix: sparse.csr_array, unit: Floats | float = 1.0) -> Floats:
    """The largest absolute entry of every row where columns have a `unit`, 0 where there is none."""
    some = np.diff(matrix.indptr) > 0
    found = np.zeros(len(some))
    size = np.abs(matrix.data) * np.broadcast_to(unit, matrix.shape[1])[matrix.indices]
    found[some] = np.maximum.reduceat(size, matrix.indptr[:-1][some])
    return found


def _size(found: Floats) -> Floats:
    return np.where(found > 0, found, 1.0)
