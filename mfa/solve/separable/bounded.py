"""Bounds on a separable problem: a primal-dual active set, that is full-step semismooth Newton on the dual.

With everything at a bound held there, the rest is an equality problem: its multipliers are one solve with
A V A' over the groups of rows that unobserved unknowns leave (:mod:`mfa.solve.separable.contraction`). Each
round holds what left its bounds and frees what is pulled inside, all at once (Hintermueller, Ito and
Kunisch 2002); where the number of changes does not fall, a random half of them, which ends cycles.

Where the rounds do not settle, unobserved unknowns get weak reports of nothing first: strictly convex
problems settle in few rounds, and their active set is nearly that of the problem itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mfa.solve.problem import Bools, Floats, Ints
from mfa.solve.separable.equality import Equality, equality_of
from mfa.solve.separable.form import Separable

At = npt.NDArray[np.int8]
ROUNDS = 60
PATIENCE, HALVES = 3, 20
EASED = (1.0, 100.0)
"""Variances of the weak reports, in those of the most certain row that the unknown is in."""
OUTSIDE, NEGLIGIBLE = 1e-9, 1e-12
"""How far an unknown leaves its bounds before it is held there: this share of its sigma, and no more than
the second share of the smallest row it is in, so that putting it on the bound opens no row; what rounding
can do is allowed."""
INWARD = 1e-10
"""A bound's multiplier of this share of the forces it is made of is rounding."""
CLOSED, ACCEPTED = 1e-15, 1e-9
"""Closure, relative to a row's own terms, that nothing can better, and that an optimum must reach."""
SEED = 7


@dataclass(frozen=True)
class Optimum:
    """The optimum of a separable problem: unknowns, row multipliers, bound multipliers, what sits at a
    bound."""

    x: Floats
    dual: Floats
    bound: Floats
    at: At
    rounds: int


def solve(problem: Separable, at: At | None = None) -> Optimum | None:
    """The optimum, from the active set `at` if one is known; None where the rounds do not settle or rows do
    not close."""
    found = _settled(problem, at)
    if found is not None or not np.isinf(problem.variance).any():
        return found
    at = None
    for factor in EASED:
        found = _settled(_eased(problem, factor), at)
        if found is not None:
            at, problem = found.at, replace(problem, start=found.x)
    return _settled(problem, at)


def _eased(problem: Separable, factor: float) -> Separable:
    """The problem with weak reports of nothing."""
    unseen = np.isinf(problem.variance) & ~problem.pinned
    known = np.where(np.isfinite(problem.variance), problem.variance, 0.0)
    certain = np.asarray(problem.magnitude @ known)
    variance = problem.variance.copy()
    variance[unseen] = factor * problem.smallest(
        np.where(certain > 0, certain, np.inf), np.flatnonzero(unseen)
    )
    return replace(problem, variance=variance, mean=np.where(unseen, 0.0, problem.mean))


def _settled(problem: Separable, at: At | None) -> Optimum | None:
    """The optimum when the rounds settle at a point where the rows close."""
    state = State.first(problem, at)
    random, fewest, patience = np.random.default_rng(SEED), len(problem) + 1, PATIENCE
    for count in range(1, ROUNDS + 1):
        equality = equality_of(problem, state.at, state.x)
        if equality is None:
            return None
        state = state.solved(equality)
        wanted = _wanted(problem, state)
        needed = _needed(problem, equality, state)
        changed = np.flatnonzero(wanted != state.at)
        if not len(changed) and not len(needed):
            return _finished(problem, state, count)
        if len(changed) < fewest:
            fewest, patience = len(changed), PATIENCE
        elif (patience := patience - 1) < 0:
            changed = changed[random.random(len(changed)) < 0.5] if patience > -HALVES else changed[-1:]
        state.at[changed] = wanted[changed]
        state.at[needed] = 0
    return None


def _finished(problem: Separable, state: State, rounds: int) -> Optimum | None:
    x = _snapped(problem, state)
    if problem.open(x) > ACCEPTED:
        return None
    return Optimum(x, state.dual, state.bound, state.at, rounds)


@dataclass(frozen=True)
class State:
    """Where the rounds stand: active set, unknowns, multipliers of rows and of held unknowns' bounds, and
    what they were solved from."""

    problem: Separable
    at: At
    x: Floats
    dual: Floats
    bound: Floats
    equality: Equality | None = None
    noise: Floats | None = None

    @classmethod
    def first(cls, problem: Separable, at: At | None) -> State:
        """The start."""
        none, at = np.zeros(len(problem)), np.zeros(len(problem), np.int8) if at is None else at.copy()
        return cls(problem, at, problem.start, np.zeros(len(problem.rhs)), none)

    @cached_property
    def rounding(self) -> Floats:
        """About how well each unknown is computed."""
        if self.noise is not None:
            return self.noise
        none = np.zeros(len(self.problem))
        return none if self.equality is None else self.equality.rounding(self.x, self.dual)

    @property
    def moves(self) -> Bools:
        """Unknowns that are at no bound."""
        return np.asarray((self.at == 0) & ~self.problem.pinned)

    def solved(self, equality: Equality) -> State:
        """The state at the solution of the equality problem that its active set leaves."""
        problem, at = self.problem, self.at
        held = np.where(at < 0, problem.lower, np.where(at > 0, problem.upper, self.x))
        x, dual, noise = equality.solve(held)
        bound, still = np.zeros_like(x), np.flatnonzero(~self.moves)
        if len(still):
            pull = (x[still] - problem.mean[still]) / problem.variance[still]
            bound[still] = pull + (problem.rows.T @ dual)[still]
        return State(problem, at, x, dual, bound, equality, noise)


def _wanted(problem: Separable, state: State) -> At:
    """The active set that a solution asks for."""
    wanted, x = state.at.copy(), state.x
    out = np.flatnonzero(state.moves & ((x < problem.lower) | (x > problem.upper)))
    beyond = np.maximum(problem.lower[out] - x[out], x[out] - problem.upper[out])
    out = out[beyond > _reach(problem, state, out)] if len(out) else out
    wanted[out] = np.where(x[out] < problem.lower[out], -1, 1)
    pulled = np.flatnonzero(state.at * state.bound > 0)
    force = np.abs(x - problem.mean)[pulled] / problem.variance[pulled]
    force += abs(problem.rows[:, pulled]).T @ np.abs(state.dual)
    wanted[pulled[np.abs(state.bound[pulled]) > INWARD * force]] = 0
    return wanted


def _reach(problem: Separable, state: State, some: Ints) -> Floats:
    """How far outside its bounds each of `some` unknowns counts as on them."""
    rows = np.maximum(NEGLIGIBLE * problem.size(state.x), problem.magnitude @ state.rounding)
    sigma = OUTSIDE * np.sqrt(problem.variance[some])
    return np.maximum(np.minimum(sigma, problem.smallest(rows, some)), state.rounding[some])


def _needed(problem: Separable, equality: Equality, state: State) -> Ints:
    """Held unknowns that could close rows in which nothing moves: at their upper bound where less of them
    would, at their lower one where more would."""
    push = equality.stuck(state.x, ACCEPTED)
    return np.flatnonzero((problem.rows.T @ push) * state.at > 0) if push.any() else np.zeros(0, np.int64)


def _snapped(problem: Separable, state: State) -> Floats:
    """The unknowns inside their bounds; on them where they are a rounding error away and the rows close as
    well."""
    inside = np.clip(state.x, problem.lower, problem.upper)
    some = np.flatnonzero(np.isfinite(_room(problem, inside)))
    snapped = _on_bounds(problem, inside, some[_room(problem, inside)[some] <= _reach(problem, state, some)])
    return _on_bounds(problem, snapped, _rounding_alone(problem, snapped))


def _rounding_alone(problem: Separable, x: Floats) -> Ints:
    """Unknowns in rows that do not close as only rounding is left in them: next to their bounds for all
    other rows that they are in."""
    size = problem.size(x)
    wrong = np.abs(problem.residual(x)) > ACCEPTED * size
    if not wrong.any():
        return np.zeros(0, np.int64)
    some = np.flatnonzero(problem.magnitude.T @ wrong.astype(float) > 0)
    others = -problem.smallest(np.where(wrong, 0.0, -size), some)
    return some[_room(problem, x)[some] <= NEGLIGIBLE * others]


def _room(problem: Separable, x: Floats) -> Floats:
    """How far each unknown is from the nearer of its bounds."""
    return np.asarray(np.minimum(x - problem.lower, problem.upper - x))


def _on_bounds(problem: Separable, x: Floats, some: Ints) -> Floats:
    """`x` with `some` unknowns on the nearer of their bounds, unless rows close less well then."""
    if not len(some):
        return x
    low = x[some] - problem.lower[some] <= problem.upper[some] - x[some]
    snapped = x.copy()
    snapped[some] = np.where(low, problem.lower[some], problem.upper[some])
    return snapped if problem.open(snapped) <= max(problem.open(x), CLOSED) else x
