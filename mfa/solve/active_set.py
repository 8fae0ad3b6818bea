"""Bounds on a linearised problem: a primal-dual active set (semismooth Newton), an interior point behind it.

    min 1/2 |A d + v|^2 + ...   s.t.   J d = -c,   lower <= d <= upper

Each round fixes what sits at a bound, solves the equality system, then fixes what left its bounds and
frees what is pulled inside (Hintermueller, Ito and Kunisch 2002). All changes at once; where their number
stops falling one at a time, the last in order, until it falls again (block principal pivoting with Murty's
rule: Judice and Pires 1994), which cannot cycle. Where the rounds run out the interior point decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.solve.kkt import Kkt, Ordering, factorise, with_old_factors
from mfa.solve.problem import Floats

At = npt.NDArray[np.int8]
ROUNDS = 40
PATIENCE = 3
OUTSIDE = 1e-12
INCONSISTENT = 1e-5
NOTHING = 1e-6
"""Steps this small, in scales, are rounding when rows are checked."""
INWARD, WEAKEST = 1e-10, 1e-10
"""Multipliers that count as none: this share of the forces on an unknown, or this much chi-square per
scale."""
FEW, LONG, PATIENT, EXACT = 6, 40, 20, 1e-14
"""Changes of the active set with which old factors are tried, rounds they get, how many of them may bring
little, and the error they may leave."""


@dataclass(frozen=True)
class Quadratic:
    """A linearised problem around the current point.

    `pulls` A and `rows` J in units of sigma and scale, `pulled` the residuals now (in sigma), `dual` the row
    multipliers now, `residual` c the rows now, `lower` and `upper` bounds of the step, `soft` the softness of
    each row (0: holds exactly), `near` the weight of staying near the current point.
    """

    pulls: sparse.csr_array
    rows: sparse.csr_array
    pulled: Floats
    dual: Floats
    residual: Floats
    lower: Floats
    upper: Floats
    order: Ordering
    soft: Floats | None = None
    near: float = 0.0

    @property
    def gradient(self) -> Floats:
        """The Lagrangian's gradient now."""
        return np.asarray(self.pulls.T @ self.pulled + self.rows.T @ self.dual)

    @property
    def never_free(self) -> npt.NDArray[np.bool_]:
        """Unknowns whose bounds leave no room."""
        return np.asarray(self.lower >= self.upper)


@dataclass(frozen=True)
class Step:
    """The solution of a linearised problem: step, change of residuals, change of duals, bound multipliers."""

    d: Floats
    pulled: Floats
    dual: Floats
    bound: Floats
    at: At
    kkt: Kkt
    rounds: int = 1

    def left(self, problem: Quadratic) -> float:
        """How far the linearised rows are from closing, relative to their own terms at this step."""
        soft = 0.0 if problem.soft is None else problem.soft * self.dual
        open_ = np.abs(problem.rows @ self.d + problem.residual - soft)
        size = abs(problem.rows) @ (np.abs(self.d) + NOTHING) + np.abs(problem.residual)
        return float(np.max(open_ / np.where(size > 0, size, 1.0), initial=0.0))


def solve(problem: Quadratic, at: At | None = None, before: Step | None = None) -> Step | None:
    """The solution of `problem`, started from the active set `at`; none where the rounds do not settle.

    `before` is the step of an earlier, similar problem, whose factors serve where they still can.
    """
    at = np.zeros(len(problem.lower), dtype=np.int8) if at is None else at
    fewest, patience = len(at) + 1, PATIENCE
    for count in range(1, ROUNDS + 1):
        before = step = with_active(problem, at, before)
        if step.left(problem) > INCONSISTENT:
            return None
        wanted = _wanted(problem, step)
        changed = np.flatnonzero(wanted != at)
        if not len(changed):
            return replace(step, rounds=count)
        at = at.copy()
        if len(changed) < fewest:
            fewest, patience = len(changed), PATIENCE
        elif patience:
            patience -= 1
        else:
            changed = changed[-1:]
        at[changed] = wanted[changed]
    return None


def with_active(problem: Quadratic, at: At, before: Step | None = None) -> Step:
    """The step with the unknowns in `at` held at their bounds (-1 lower, 1 upper)."""
    fixed = (at != 0) | problem.never_free
    d0 = np.where(fixed, np.where(at > 0, problem.upper, problem.lower), 0.0)
    force = np.where(fixed, 0.0, -problem.gradient)
    rhs = np.concatenate([force, -(problem.pulls @ d0), -problem.residual - problem.rows @ d0])
    kkt, solution = _solved(problem, at, fixed, rhs, before)
    d, pulled, dual = kkt.split(solution)
    d = np.where(fixed, d0, d)
    bound = problem.gradient + problem.pulls.T @ pulled + problem.rows.T @ dual + problem.near * d
    return Step(d, pulled, dual, np.where(fixed, bound, 0.0), at, kkt)


def _solved(
    problem: Quadratic, at: At, fixed: npt.NDArray[np.bool_], rhs: Floats, before: Step | None
) -> tuple[Kkt, Floats]:
    """The system and its solution: with the factors of the step before where few bounds changed and they
    still do."""
    near = np.full(len(fixed), problem.near)
    if before is not None and np.count_nonzero(before.at != at) <= FEW:
        kkt = with_old_factors(
            before.kkt, problem.pulls, problem.rows, fixed=fixed, diagonal=near, soft=problem.soft
        )
        solution = kkt.solve(rhs, rounds=LONG, patience=PATIENT)
        if kkt.error(rhs, solution) <= EXACT:
            return kkt, solution
    kkt = factorise(problem.pulls, problem.rows, problem.order, fixed=fixed, diagonal=near, soft=problem.soft)
    return kkt, kkt.solve(rhs)


def _wanted(problem: Quadratic, step: Step) -> At:
    """The active set that this step asks for."""
    free = (step.at == 0) & ~problem.never_free
    below = free & (step.d < problem.lower - OUTSIDE)
    above = free & (step.d > problem.upper + OUTSIDE)
    noise = np.maximum(INWARD * forces(problem, step), WEAKEST)
    inward = ((step.at < 0) & (step.bound < -noise)) | ((step.at > 0) & (step.bound > noise))
    wanted = step.at.copy()
    wanted[below], wanted[above], wanted[inward] = -1, 1, 0
    return wanted


def forces(problem: Quadratic, step: Step) -> Floats:
    """The sum of absolute terms of every unknown's gradient: what its rounding is measured by."""
    pulls = abs(problem.pulls).T @ np.abs(problem.pulled + step.pulled)
    return np.asarray(pulls + abs(problem.rows).T @ np.abs(problem.dual + step.dual))
