"""Bounds that an optimum touches and does not lean on: what they alone hold is not determined.

An unknown that nothing determines may come to rest on a bound. The bound carries no force there, and the
unknown can move off it with every report and row as it is: it is free. Other bounds without a force hold
what rows hold as well (all outflows of a process that nothing enters), and stay.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from mfa.solve.active_set import At, Quadratic, Step, forces
from mfa.solve.kkt import largest
from mfa.solve.problem import Bools, Floats, Ints
from mfa.solve.programme import least

FORCELESS, NOISE = 1e-9, 1e-14
"""A multiplier is none that is this share of the forces there, or this little chi-square per scale."""
MOVED = 1e-6
NO_ENTRY = 1e-9
"""Share of a row's largest entry below which the programme counts an entry as none."""
ROUNDS = 100
"""Rounds in which what rows hold is looked for; what they leave is the programme's."""


def leaned_on(problem: Quadratic, step: Step) -> At:
    """The active set of `step` without the bounds that can be left at no cost.

    A linear programme finds the direction that leaves most of them, with all reports and rows unmoved, among
    what can move at all and is tied to them.
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
    rows = _unit(sparse.csr_array(sparse.vstack([problem.pulls, problem.rows])))
    asked = _asked(rows, _movable(rows, ~still, inward), touched)
    left = np.zeros_like(touched)
    if len(asked):
        left[asked] = _leaving(sparse.csr_array(rows[:, asked]), inward[asked])
    return np.where(left, 0, step.at).astype(np.int8)


def _unit(rows: sparse.csr_array) -> sparse.csr_array:
    """The rows with a largest entry of 1, without entries that count as none beside it."""
    size = np.repeat(largest(rows, 1), np.diff(rows.indptr))
    data = rows.data / np.where(size > 0, size, 1.0)
    data = np.where(np.abs(data) > NO_ENTRY, data, 0.0)
    found = sparse.csr_array((data, rows.indices.copy(), rows.indptr.copy()), rows.shape)
    found.eliminate_zeros()
    return found


def _leaving(rows: sparse.csr_array, inward: Floats) -> Bools:
    """The unknowns that leave their bound `inward` in the direction that leaves most, all rows unmoved."""
    low = np.where(inward > 0, 0.0, -1.0)
    high = np.where(inward < 0, 0.0, 1.0)
    some = np.flatnonzero(np.diff(rows.indptr))
    found = least(-inward, sparse.csc_array(rows[some]), np.zeros(len(some)), low, high)
    return np.asarray(inward * found.x > MOVED) if found.optimal else np.zeros(len(inward), dtype=bool)


def _movable(rows: sparse.csr_array, free: Bools, inward: Floats) -> Bools:
    """The `free` unknowns less what a row holds: one that stands alone in it, or all that it has where each
    could move it the same way only."""
    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    pushes = np.sign(rows.data) * inward[rows.indices]
    there = free[rows.indices]
    for _ in range(ROUNDS):
        count, up, down = (
            np.bincount(row[there & which], minlength=rows.shape[0])
            for which in (True, pushes > 0, pushes < 0)
        )
        holds = (count == 1) | ((count > 0) & ((up == count) | (down == count)))
        held = there & holds[row]
        if not np.any(held):
            break
        free = free.copy()
        free[rows.indices[held]] = False
        there &= free[rows.indices]
    return free


def _asked(rows: sparse.csr_array, free: Bools, touched: Bools) -> Ints:
    """The free unknowns that rows tie to one at a bound that is asked about."""
    places = np.flatnonzero(free)
    tied = sparse.csr_array(rows[:, places])
    both: Any = sparse.block_array([[None, tied], [tied.T, None]], format="csr")
    _, component = connected_components(both, directed=False)
    own = component[rows.shape[0] :]
    return places[np.isin(own, own[touched[places]])]
