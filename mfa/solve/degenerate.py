"""Bounds that an optimum touches and does not lean on: what they alone hold is not determined.

An unknown that nothing determines may come to rest on a bound. The bound carries no force there, and the
unknown can move off it with every report and row as it is: it is free. Other bounds without a force hold
what rows hold as well (all outflows of a process that nothing enters), and stay.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mfa.solve.active_set import At, Quadratic, Step, forces
from mfa.solve.programme import least

FORCELESS, NOISE = 1e-9, 1e-14
"""A multiplier is none that is this share of the forces there, or this little chi-square per scale."""
MOVED = 1e-6


def leaned_on(problem: Quadratic, step: Step) -> At:
    """The active set of `step` without the bounds that can be left at no cost.

    A linear programme finds the direction that leaves most of them, with all reports and rows unmoved.
    """
    touched = (
        (step.at != 0)
        & ~problem.never_free
        & (np.abs(step.bound) <= FORCELESS * forces(problem, step) + NOISE)
    )
    if not np.any(touched):
        return step.at
    still = (step.at != 0) & ~touched | problem.never_free
    inward = -np.sign(step.at) * touched
    low = np.where(still, 0.0, np.where(inward > 0, 0.0, -1.0))
    high = np.where(still, 0.0, np.where(inward < 0, 0.0, 1.0))
    rows = sparse.vstack([problem.pulls, problem.rows]).tocsr()
    size = np.asarray(abs(rows).max(axis=1).toarray()).ravel()
    some = np.flatnonzero(size > 0)
    unit = sparse.csc_array(sparse.diags_array(1 / size[some]) @ rows[some])
    found = least(-inward.astype(float), unit, np.zeros(len(some)), low, high)
    left = touched & (inward * found.x > MOVED) if found.optimal else np.zeros_like(touched)
    return np.where(left, 0, step.at).astype(np.int8)
