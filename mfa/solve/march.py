"""What follows, step by step: every block of a causal order solved from what came before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from mfa.errors import NotConverged
from mfa.solve.causal import Order
from mfa.solve.dependent import DENSE
from mfa.solve.equations import Equations
from mfa.solve.local import Local, localised
from mfa.solve.problem import Bools, Floats
from mfa.solve.saddle import least_step

ITERATIONS = 60
CLOSED = 1e-14
"""Relative closure of a nonlinear block at which nothing is left to gain."""
GOOD = 1e-9
"""Relative closure that a nonlinear block must reach; it ends there once steps gain nothing any more."""
KEPT = 0.95
"""Share of itself that an unknown loses at most in one step."""
NEAR = 1e-13


def plan(rows: Equations, order: Order) -> Iterator[Local]:
    """The steps of `order` with their terms; keep them as a tuple to march again with other numbers."""
    return (localised(rows, s.rows, s.unknowns) for s in order.steps)


def march(rows: Equations, steps: Iterable[Local], start: Floats, parts: Bools) -> Floats:
    """The unknowns that `rows` determine, each block found from those before it.

    `parts` marks shares of a mix: `start` is where they begin in a nonlinear block, and what they are where
    no flow carries the mix (a closed market). Raises NotConverged where a nonlinear block finds no answer.
    """
    x = np.where(rows.held, rows.value, start)
    for local in steps:
        at = local.unknowns
        if local.linear:
            x[at] = 0.0
            x[at] = _solved(rows, local, x, rows.rhs[local.rows] - local.value(rows, x)[0], start[at])
        else:
            _newton(rows, local, x, start, parts)
    return x + 0.0


def _solved(rows: Equations, local: Local, x: Floats, right: Floats, instead: Floats) -> Floats:
    """The solution of linear blocks with right sides `right`; `instead` where a row has no slope at all."""
    k = local.rows.shape[1]
    if k == 1:
        slope = local.slope(rows, x)[:, 0, 0]
        return np.where(slope != 0, right[:, 0] / np.where(slope != 0, slope, 1.0), instead[:, 0])[:, None]
    if k > DENSE:
        return _sparse(local.sparse_slope(rows, x), right[0], instead[0])[None]
    return _dense(local.slope(rows, x), right, instead)


def _dense(slope: Floats, right: Floats, instead: Floats) -> Floats:
    """Many small systems at once, rows of unit size, refined once."""
    size = np.abs(slope).max(axis=2)
    whole = (size > 0).all(axis=1)
    found = np.empty(right.shape)
    try:
        found[whole] = _even(slope[whole] / size[whole, :, None], right[whole] / size[whole])
    except np.linalg.LinAlgError:
        whole[:] = False
    for k in np.flatnonzero(~whole):
        found[k] = _sparse(sparse.csc_array(slope[k]), right[k], instead[k])
    return found


def _even(slope: Floats, right: Floats) -> Floats:
    found = np.linalg.solve(slope, right[..., None])
    return np.asarray((found + np.linalg.solve(slope, right[..., None] - slope @ found))[..., 0], np.float64)


def _sparse(slope: sparse.csc_array, right: Floats, instead: Floats) -> Floats:
    """One system, rows of unit size, refined once; unknowns without a slope keep `instead`.

    Those are mixes of markets that nothing leaves, and their rows say that nothing enters.
    """
    size = _largest(slope, 1)
    row, column = np.flatnonzero(size), np.flatnonzero(_largest(slope, 0))
    unit = sparse.diags_array(1.0 / size[row])
    scaled, scaled_right = sparse.csc_array(unit @ slope[row][:, column]), right[row] / size[row]
    found = instead.copy()
    if len(row) == len(column):
        try:
            factors = splu(scaled)
        except RuntimeError:
            pass
        else:
            some = factors.solve(scaled_right)
            found[column] = some + factors.solve(scaled_right - scaled @ some)
            return found
    open_by = scaled_right - scaled @ instead[column]
    found[column] += least_step(sparse.csr_array(scaled), open_by, weight=1.0, slack=NEAR)
    return found


def _largest(slope: sparse.csc_array, axis: int) -> Floats:
    return np.asarray(abs(slope).max(axis=axis).toarray(), np.float64).ravel()


def _newton(rows: Equations, local: Local, x: Floats, start: Floats, parts: Bools) -> None:
    """Newton's method on blocks with products of two of their own unknowns; `x` is changed in place.

    Such rows have several roots. First none of the unknowns may pass zero, which leads to the one with
    positive flows; blocks that have none are then left to run freely, so that the flow at fault is named.
    """
    at, begin = local.unknowns, _begin(rows, local, x, start, parts)
    x[at], closed = begin, np.zeros(len(at), dtype=bool)
    for reach in (KEPT, np.inf):
        x[at[~closed]] = begin[~closed]
        worst = np.full(len(at), np.inf)
        for _ in range(ITERATIONS):
            right, open_by = _openness(rows, local, x)
            closed = (open_by <= CLOSED) | ((open_by <= GOOD) & (open_by > 0.5 * worst))
            if closed.all():
                return
            worst = open_by
            step = _solved(rows, local, x, right, np.zeros(at.shape))
            step[closed] = 0.0
            x[at] += step * _length(x[at], step, reach)
    raise NotConverged(f"a loop of {at.shape[1]} unknowns whose rows are products of them does not close")


def _begin(rows: Equations, local: Local, x: Floats, start: Floats, parts: Bools) -> Floats:
    """Where to begin: parts of a mix at their `start`, masses at the largest known around their block."""
    x[local.unknowns] = 0.0
    known = np.maximum(local.value(rows, x)[1], np.abs(rows.rhs[local.rows])).max(axis=1, keepdims=True)
    begin = start[local.unknowns]
    return np.where(parts[local.unknowns] | (known == 0), begin, known)


def _openness(rows: Equations, local: Local, x: Floats) -> tuple[Floats, Floats]:
    """What is missing in each row, and the worst of each block relative to its row's own terms."""
    value, size = local.value(rows, x)
    given = rows.rhs[local.rows]
    size = np.maximum(size, np.abs(given))
    right = given - value
    return right, (np.abs(right) / np.where(size > 0, size, 1.0)).max(axis=1)


def _length(x: Floats, step: Floats, reach: float) -> Floats:
    """How much of its step each block takes so that no unknown loses more than `reach` of itself."""
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.where((step < 0) & (x > 0), -reach * x / step, np.inf)
    return np.asarray(np.minimum(most.min(axis=1, keepdims=True), 1.0), np.float64)
