"""Bounds that an optimum rests on without leaning on them: what they alone hold is not determined.

An unknown may come to rest on a bound that carries no force, and the solver may count it as held or not, as
its path has it. What counts here is whether the bound carries force in some set of multipliers. By strict
complementarity (Goldman and Tucker 1956) that is so exactly where no step d leaves it that keeps all rows,
stays within all bounds and leaves alone what carries force now, so that it costs nothing to first order:

    max sum t   s.t.   J d = 0,   0 <= t_i <= 1,   t_i <= d_i inwards,   d = 0 where there is force.

Such steps add up and may be of any length, so that t is 1 for every bound that can be left and 0 for all
others, whatever the order of unknowns. All outflows of a process that nothing enters stay at their bounds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.solve.kkt import largest
from mfa.solve.problem import Bools, Floats, Ints
from mfa.solve.programme import least
from mfa.solve.separable.contraction import CANCELLED, contract
from mfa.solve.separable.parts import component_of

At = npt.NDArray[np.int8]
FORCELESS = 1e-9
"""A multiplier is none that is this share of the forces there."""
LEFT = 0.5
ROUNDS = 100
"""Rounds in which what rows hold is looked for; what they leave is the programme's."""


def leaned_on(rows: sparse.csr_array, side: At, force: Bools, moves: Bools) -> At:
    """The bounds that hold: `side` without those that can be left.

    `rows` J are the exact rows by unknowns (slacks included), `side` says at which bound every unknown is (-1
    lower, 1 upper, 0 none), `force` where that bound carries force, `moves` which unknowns have any room.
    """
    some = moves & ~force
    touched = np.flatnonzero(some & (side != 0))
    if not len(touched):
        return side
    able = _movable(rows, some, -side * some)
    touched, inner = np.flatnonzero(able & (side != 0)), np.flatnonzero(able & (side == 0))
    if not len(touched):
        return side
    columns = sparse.csc_array(rows)
    merged = _without(columns[:, inner], columns[:, touched])
    places = touched if merged is not None else _near(columns, touched, inner)
    found = side.copy()
    found[places[_leaving(columns[:, places].tocsr() if merged is None else merged, side[places])]] = 0
    return found


def _movable(rows: sparse.csr_array, free: Bools, inward: At) -> Bools:
    """The `free` unknowns less what a row holds: one that stands alone in it, or all that it has where each
    could move it the same way only."""
    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    pushes = np.sign(rows.data) * inward[rows.indices]
    there = free[rows.indices] & (rows.data != 0)
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


def _near(columns: sparse.csc_array, touched: Ints, inner: Ints) -> Ints:
    """The unknowns that are touched, and the inner ones that rows tie to them."""
    every = np.concatenate([touched, inner])
    part = columns[:, every]
    label, some = component_of(part), np.diff(part.indptr) > 0
    own = np.full(len(every), -1)
    own[some] = label[part.indices[part.indptr[:-1][some]]]
    near = np.isin(own, own[: len(touched)]) & some
    near[: len(touched)] = True
    return every[near]


def _without(inner: sparse.csc_array, touched: sparse.csc_array) -> sparse.csr_array | None:
    """The rows of `touched` unknowns once what has room on both sides is taken out; None where that is
    much."""
    found = contract(inner, np.arange(inner.shape[1]), np.ones(inner.shape[0]))
    if found is None:
        return None
    merged, size = sparse.csr_array(found.merge @ touched), abs(found.merge) @ abs(touched)
    return sparse.csr_array(merged.multiply(abs(merged) > CANCELLED * size))


def _leaving(rows: sparse.csr_array, side: At) -> Ints:
    """The unknowns on a `side` that some step takes inwards with all rows as they are."""
    touched = np.flatnonzero(side)
    unit, _ = equilibrated(rows)
    inward = sparse.csr_array(unit @ sparse.diags_array(np.where(side == 0, 1.0, -side.astype(float))))
    n, k = rows.shape[1], len(touched)
    # an unknown at a bound is t + s, t up to 1
    both = sparse.csc_array(sparse.hstack([inward, inward[:, touched]]))
    low = np.concatenate([np.where(side == 0, -np.inf, 0.0), np.zeros(k)])
    high = np.concatenate([np.full(n, np.inf), np.ones(k)])
    cost = np.concatenate([np.zeros(n), -np.ones(k)])
    found = least(cost, both, np.zeros(rows.shape[0]), low, high)
    return touched[found.x[n:] > LEFT] if found.optimal else touched[:0]


def equilibrated(rows: sparse.csr_array, rounds: int = 4) -> tuple[sparse.csr_array, Floats]:
    """The rows with unknowns in such units, and each such a size, that their largest entries are about 1;
    the units."""
    unit = np.ones(rows.shape[1])
    for _ in range(rounds):
        root = _root(largest(rows, 0))
        unit, rows = unit * root, sparse.csr_array(rows @ sparse.diags_array(root))
        rows = sparse.csr_array(sparse.diags_array(_root(largest(rows, 1))) @ rows)
    return rows, unit


def _root(size: Floats) -> Floats:
    return np.asarray(1.0 / np.sqrt(np.where(size > 0, size, 1.0)))
