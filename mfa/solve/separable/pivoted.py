"""The equality problem of an active set by pivoted factors of the whole system: for variances far apart.

A variance many decades above all others in its rows leaves the dual's matrix singular to rounding, whatever
its scaling. In units of what is known of every unknown the system of unknowns, residuals and multipliers is
not.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mfa.solve.kkt import factorise_pivoted
from mfa.solve.problem import Bools, Floats
from mfa.solve.separable.form import Separable

LARGEST = 3_000
"""Unknowns up to which the whole system is factorised at once."""
REFINED = 3


def pivoted(problem: Separable, moves: Bools, x: Floats) -> tuple[Floats, Floats]:
    """Unknowns and row multipliers, what does not move as in `x`."""
    columns = np.flatnonzero(moves)
    place = np.flatnonzero(np.isfinite(problem.variance[columns]))
    seen = columns[place]
    sigma = np.sqrt(problem.variance[seen])
    entries = (1.0 / sigma, place, np.arange(len(seen) + 1))
    pulls = sparse.csr_array(entries, shape=(len(seen), len(columns)))
    rows = sparse.csr_array(problem.rows[:, columns])
    size = len(columns) + len(seen) + rows.shape[0]
    none = np.zeros(size, np.int64)
    kkt, _ = factorise_pivoted(pulls, rows, none, fixed=np.zeros(len(columns), np.bool_))
    x, dual = x.copy(), np.zeros(rows.shape[0])
    for _ in range(REFINED):
        gap = (problem.mean[seen] - x[seen]) / sigma
        right = kkt.join(np.zeros(len(columns)), gap, -problem.residual(x))
        step, _, dual = kkt.split(kkt.solve(right))
        x[columns] += step
    return x, dual
