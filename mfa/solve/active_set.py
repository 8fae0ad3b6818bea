"""Bounds on a linearised problem: a primal-dual active set (semismooth Newton).

    min 1/2 |A d + v|^2 + ...   s.t.   J d = -c,   lower <= d <= upper

An observation may be `clipped`: it costs p^2 / 2 up to a clip and goes on straight, so that it never pulls
harder (Huber's loss, and with a small clip the absolute value). That is a bound on a multiplier, and
treated as one: a row beyond its clip leaves the system and pulls by a constant.

Each round fixes what sits at a bound, solves the equality system, then fixes what left its bounds and
frees what is pulled inside (Hintermueller, Ito and Kunisch 2002). All changes at once; where their number
stops falling one at a time, the last in order, until it falls again (block principal pivoting with Murty's
rule: Judice and Pires 1994), which cannot cycle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.solve.determined import solved
from mfa.solve.kkt import Kkt, Ordering, factorise_pivoted, largest, with_old_factors
from mfa.solve.problem import Bools, Floats

At = npt.NDArray[np.int8]
ROUNDS = 40
PATIENCE = 3
OUTSIDE = 1e-12
UNNOTICED = 1e-14
"""How far outside its bounds an unknown must be: in scales, and as a share of the rows it stands in."""
INCONSISTENT = 1e-5
NOTHING = 1e-6
"""Steps this small, in scales, are rounding when rows are checked."""
INWARD, WEAKEST = 1e-10, 1e-10
"""Multipliers that count as none: this share of the forces on an unknown, or this much chi-square per
scale."""
AT_CLIP = 1e-9
"""Share of a clip by which an observation must pass it."""
FEW, LONG, PATIENT, BRIEF, EXACT = 6, 40, 20, 10, 1e-14
"""Changes of the active set with which old factors are tried, rounds they get at most, how many of them may
bring little, rounds where new factors cost little more, and the error they may leave."""
POOR = 1e-12
"""The error that factors of a regularised system may leave: a direction weaker than its regularisation shows
as more."""
PIVOT = 1e-12
"""Pivots of such a direction, which are rounding only below this."""


class _Weights(TypedDict):
    fixed: Bools
    diagonal: Floats
    soft: Floats | None
    bent: sparse.csr_array | None


@dataclass(frozen=True)
class Quadratic:
    """A linearised problem around the current point.

    `pulls` A and `rows` J in units of sigma and scale, `pulled` the residuals now (in sigma), `dual` the row
    multipliers now, `residual` c the rows now, `lower` and `upper` bounds of the step, `soft` the softness of
    each row (0: holds exactly), `near` the weight of staying near the current point, `clip` the most that an
    observation pulls, `bent` the curvature that products give the Lagrangian (none: Gauss-Newton).
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
    clip: Floats | float = np.inf
    bent: sparse.csr_array | None = None

    def gradient_at(self, pull: Floats, dual: Floats) -> Floats:
        """The Lagrangian's gradient where the observations pull so and the rows have these multipliers."""
        return np.asarray(self.pulls.T @ pull + self.rows.T @ dual)

    def pull(self, residual: Floats) -> Floats:
        """How hard observations pull at residuals."""
        return np.clip(residual, -self.clip, self.clip)

    def cost(self, residual: Floats) -> float:
        """What residuals cost."""
        pull = self.pull(residual)
        return float(np.sum(pull * (residual - 0.5 * pull)))

    def held_back(self, d: Floats) -> Floats:
        """The gradient's change over a step `d` by what is neither an observation nor a row."""
        plain = self.near * d
        return plain if self.bent is None else np.asarray(plain + self.bent @ d)

    @property
    def never_free(self) -> npt.NDArray[np.bool_]:
        """Unknowns whose bounds leave no room."""
        return np.asarray(self.lower >= self.upper)


@dataclass(frozen=True)
class Step:
    """The solution of a linearised problem: step, change of residuals, change of duals, bound multipliers.

    `at` and `cut` say what sits at which bound and beyond which side of its clip.
    """

    d: Floats
    pulled: Floats
    dual: Floats
    bound: Floats
    at: At
    cut: At
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

    Observations that are beyond their clips now are the first guess of those that will be. `before` is the
    step of an earlier, similar problem, whose factors serve where they still can.
    """
    n, m = len(problem.lower), len(problem.pulled)
    held = np.zeros(n + m, dtype=np.int8)
    held[:n] = 0 if at is None else at
    held[n:] = np.where(np.abs(problem.pulled) > problem.clip, np.sign(problem.pulled), 0)
    fewest, patience = len(held) + 1, PATIENCE
    for count in range(1, ROUNDS + 1):
        before = step = with_active(problem, held[:n], before, held[n:])
        wanted = np.concatenate([_wanted(problem, step), _beyond(problem, step)])
        changed = np.flatnonzero(wanted != held)
        if not len(changed):
            return replace(step, rounds=count) if step.left(problem) <= INCONSISTENT else None
        held = held.copy()
        if len(changed) < fewest:
            fewest, patience = len(changed), PATIENCE
        elif patience:
            patience -= 1
        else:
            changed = changed[-1:]
        held[changed] = wanted[changed]
    return None


def with_active(problem: Quadratic, at: At, before: Step | None = None, cut: At | None = None) -> Step:
    """The step with the unknowns in `at` held at their bounds (-1 lower, 1 upper), and observations `cut` at
    their clips."""
    cut = np.zeros(len(problem.pulled), dtype=np.int8) if cut is None else cut
    fixed, in_ = (at != 0) | problem.never_free, cut == 0
    d0 = np.where(fixed, np.where(at > 0, problem.upper, problem.lower), 0.0)
    pull = np.where(in_, problem.pulled, cut * np.where(in_, 0.0, problem.clip))
    force = -problem.gradient_at(pull, problem.dual)
    force = np.where(fixed, 0.0, force if problem.bent is None else force - problem.bent @ d0)
    inside = problem if in_.all() else replace(problem, pulls=_only(problem.pulls, in_))
    rhs = np.concatenate([force, -(inside.pulls @ d0), -problem.residual - problem.rows @ d0])
    kkt, solution = _solved(inside, at, fixed, rhs, before=before, cut=cut)
    d, pulled, dual = kkt.split(solution)
    d = np.where(fixed, d0, d)
    bound = problem.gradient_at(np.where(in_, pull + pulled, pull), problem.dual + dual) + problem.held_back(
        d
    )
    pulled = pulled if in_.all() else np.where(in_, pulled, problem.pulls @ d)
    return Step(d, pulled, dual, np.where(fixed, bound, 0.0), at, cut, kkt)


def _only(matrix: sparse.csr_array, rows: npt.NDArray[np.bool_]) -> sparse.csr_array:
    """`matrix` with the entries of all other rows zero."""
    data = matrix.data * np.repeat(rows, np.diff(matrix.indptr))
    return sparse.csr_array((data, matrix.indices, matrix.indptr), matrix.shape)


def _solved(
    problem: Quadratic,
    at: At,
    fixed: npt.NDArray[np.bool_],
    rhs: Floats,
    *,
    before: Step | None,
    cut: At,
) -> tuple[Kkt, Floats]:
    """The system and its solution: with the factors of the step before where few bounds changed and they
    still do, with pivoted ones where regularised ones do not."""
    near = np.full(len(fixed), problem.near)
    weights: _Weights = {"fixed": fixed, "diagonal": near, "soft": problem.soft, "bent": problem.bent}
    if before is not None and np.count_nonzero(before.at != at) + np.count_nonzero(before.cut != cut) <= FEW:
        kkt = with_old_factors(before.kkt, problem.pulls, problem.rows, **weights)
        rounds = int(min(max(kkt.fill, BRIEF), LONG))
        solution = kkt.solve(rhs, rounds=rounds, patience=min(PATIENT, rounds))
        if kkt.error(rhs, solution) <= EXACT:
            return kkt, solution
    kkt, solution = solved(problem.pulls, problem.rows, problem.order, rhs, **weights)
    if kkt.error(rhs, solution) > POOR:
        solution = kkt.solve(rhs, rounds=LONG, patience=PATIENT)
    if kkt.error(rhs, solution) > POOR:
        labels = problem.order.labels if problem.bent is None else np.zeros_like(problem.order.labels)
        other, _ = factorise_pivoted(problem.pulls, problem.rows, labels, **weights, nothing=PIVOT)
        better = other.solve(rhs)
        if other.error(rhs, better) < kkt.error(rhs, solution):
            return other, better
    return kkt, solution


def _beyond(problem: Quadratic, step: Step) -> At:
    """The observations that this step puts beyond their clips; one at its clip stays where it is."""
    residual = problem.pulled + step.pulled
    over = np.abs(residual) - problem.clip * (1 + AT_CLIP * np.where(step.cut == 0, 1.0, -1.0))
    back = step.cut * residual < 0
    return np.where((over > 0) & ~back, np.sign(residual), 0).astype(np.int8)


def _wanted(problem: Quadratic, step: Step) -> At:
    """The active set that this step asks for."""
    free = (step.at == 0) & ~problem.never_free
    off = np.maximum(OUTSIDE, UNNOTICED * _noticed(problem, step))
    below = free & (step.d < problem.lower - off)
    above = free & (step.d > problem.upper + off)
    noise = np.maximum(INWARD * forces(problem, step), WEAKEST)
    inward = ((step.at < 0) & (step.bound < -noise)) | ((step.at > 0) & (step.bound > noise))
    wanted = step.at.copy()
    wanted[below], wanted[above], wanted[inward] = -1, 1, 0
    return wanted


def _noticed(problem: Quadratic, step: Step) -> Floats:
    """By how much each unknown moves where its most sensitive row is open by the size of its terms: a small
    flow beside large ones is met to their rounding, not to its own."""
    size = abs(problem.rows) @ np.abs(step.d)
    rows = sparse.csr_array(sparse.diags_array(1 / np.where(size > 1e-200, size, np.inf)) @ abs(problem.rows))
    share = largest(rows, 0)
    return np.divide(1.0, share, out=np.zeros(len(share)), where=share > 0)


def forces(problem: Quadratic, step: Step) -> Floats:
    """The sum of absolute terms of every unknown's gradient: what its rounding is measured by."""
    pulls = abs(problem.pulls).T @ np.abs(problem.pull(problem.pulled + step.pulled))
    return np.asarray(pulls + abs(problem.rows).T @ np.abs(problem.dual + step.dual))
