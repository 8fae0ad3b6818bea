"""Units in which a system of observations and exact rows has entries of about 1, whatever its sigmas.

An observed unknown is counted in the smallest sigma that sees it, a residual in its own sigma; exact rows
and unobserved unknowns take the units that this leaves them. Reports that are certain to a trillionth then
look like any others, where scaling every row of the system alike lets them drown their own residuals.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats

ROUNDS = 12


def whitening(pulls: sparse.csr_array, rows: sparse.csr_array, fixed: Bools) -> Floats:
    """The unit of every unknown, observation and exact row; 1 for the unknowns in `fixed`.

    `pulls` are the observations in units of their sigma, `rows` the exact rows, by unknowns.
    """
    seen = np.where(fixed, 0.0, _largest(sparse.csr_array(pulls.T)))
    step = 1.0 / _size(seen)
    free = ~fixed & (seen == 0)
    across = sparse.csr_array(rows.T)
    for _ in range(ROUNDS):
        row = 1.0 / _size(_largest(rows, np.where(fixed, 0.0, step)))
        step = np.where(free, step / np.sqrt(_size(_largest(across, row) * step)), step)
    return np.concatenate([step, np.ones(pulls.shape[0]), row])


def _largest(matrix: sparse.csr_array, unit: Floats | float = 1.0) -> Floats:
    """The largest absolute entry of every row where columns have a `unit`, 0 where there is none."""
    some = np.diff(matrix.indptr) > 0
    found = np.zeros(len(some))
    size = np.abs(matrix.data) * np.broadcast_to(unit, matrix.shape[1])[matrix.indices]
    found[some] = np.maximum.reduceat(size, matrix.indptr[:-1][some])
    return found


def _size(found: Floats) -> Floats:
    return np.where(found > 0, found, 1.0)
