"""The reconciliation of a linear problem in separable form: parts, rounds for relative sigmas, the
solution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mfa.solve.acceleration import History
from mfa.solve.losses import L2
from mfa.solve.misfit import Misfit
from mfa.solve.problem import Floats, LeastSquares
from mfa.solve.separable.bounded import At, Optimum, solve
from mfa.solve.separable.form import Separable, Split, is_linear, split
from mfa.solve.separable.parts import Part, part_of, parts_of
from mfa.solve.separable.spread import Marginals, spread
from mfa.solve.separable.workers import spread_work
from mfa.solve.sigma import Errors
from mfa.solve.solution import Solution

Progress = Callable[[int, str], None]
Rescue = Callable[[Separable], Optimum | None]
"""Another way to the optimum of a component whose rounds do not settle."""
NEARLY = 0.3
"""Sigmas of the largest move from which steps are accelerated: further off they lead astray."""
LARGE = 5_000
"""Unknowns from which standard deviations of a linear problem are found part by part; below, one
factorisation of everything does."""
ROUNDS = 8
"""Rounds that bounds usually take, each as long as all that is done without bounds."""
SHORTEST, ENOUGH, NOISE = 1e-4, 1e-4, 1e-9
"""The shortest step taken, the share of the slope that a cost must fall by, and the rise that is rounding."""


@dataclass(frozen=True)
class World:
    """A linear problem split, in parts that share no row."""

    split: Split
    parts: tuple[Part, ...]

    def optimum(self, form: Separable, at: At | None = None, rescue: Rescue | None = None) -> Optimum | None:
        """The optimum of all parts, from the active set `at` if one is known; None where a part has none.

        A part without an answer is tried component by component, and a component by `rescue`.
        """
        tasks = [(form, part, at) for part in self.parts]
        bounded = bool(np.any(np.isfinite(form.lower)) or np.any(np.isfinite(form.upper)))
        found = spread_work(_solve_part, tasks, len(form) if bounded else len(form) // ROUNDS)
        for k, part in enumerate(self.parts):
            if found[k] is None:
                found[k] = _apart(part_of(form, part), rescue)
        if any(f is None for f in found):
            return None
        return _joined(form, self.parts, [f for f in found if f is not None])

    def marginals(self, form: Separable, optimum: Optimum) -> Marginals | None:
        """The variances of all unknowns at the optimum."""
        tasks = [(form, part, optimum) for part in self.parts]
        found = spread_work(_spread_part, tasks, len(form))
        variance, free = np.zeros(len(form)), np.zeros(len(form), np.bool_)
        for part, own in zip(self.parts, found, strict=True):
            if own is None:
                return None
            variance[part.columns], free[part.columns] = own.variance, own.free
        return Marginals(variance, free)

    def fitted(self, x: Floats) -> Floats:
        """The value of each counted observation."""
        return np.asarray(self.split.factor * x[self.split.place])


def has_form(problem: LeastSquares) -> bool:
    """Whether a problem can be put in separable form: linear, and nothing in it but least squares."""
    observed = problem.observed
    plain = not observed.lognormal.any() and not np.any(observed.loss_index >= 0)
    return plain and is_linear(problem)


def is_world(problem: LeastSquares) -> bool:
    """Whether standard deviations are found part by part: a problem has separable form, and is large."""
    return len(problem) >= LARGE and has_form(problem)


def world_of(problem: LeastSquares) -> World:
    """A linear `problem` split and taken apart."""
    found = split(problem)
    return World(found, tuple(parts_of(found.rows)))


def optimum_of(split: Split, solution: Solution) -> Optimum:
    """A solution in the separable form's unknowns: its own, the limits' slacks, and sums that are
    reported."""
    problem = split.problem
    slack = np.maximum(-problem.limits.residual(solution.q), 0.0)
    rest = np.zeros(split.rows.shape[1] - len(problem) - len(slack))
    x = np.concatenate([solution.x, slack, rest])
    x[split.place] = solution.fitted[split.counted] / split.factor
    dual = np.concatenate([solution.exact_multipliers, solution.limit_multipliers, rest])
    bound = np.concatenate([solution.bound_multipliers, rest])
    return Optimum(x, dual, bound, np.concatenate([solution.active, rest.astype(np.int8)]), 0)


@dataclass(frozen=True)
class Reconciled:
    """The optimum with the standard deviations of the counted observations it holds for, and how often it was
    solved."""

    optimum: Optimum
    form: Separable
    sigma: Floats
    iterations: int


def reconcile_world(
    world: World,
    errors: Errors,
    *,
    tolerance: float,
    max_iterations: int,
    report: Progress,
    rescue: Rescue | None = None,
) -> Reconciled | None:
    """The optimum at which relative sigmas are those of the fitted values; None where there is none to be
    found.

    Newton's method on the cost that has the pulls as its slope (:mod:`mfa.solve.misfit`): each step is the
    solution for reports and sigmas that have its slope and curvature at the fitted values, taken as far as
    the cost falls. `tolerance` is in units of sigma: the last step moves no observation by more.
    """
    misfit = Misfit(errors, ((L2(), np.ones(len(errors.reports), dtype=bool)),))
    reports, sigma, fitted = errors.reports, errors.sigma(errors.reports), errors.reports
    best: Optimum | None = None
    history = History()
    for count in range(1, max_iterations + 1):
        form = world.split.form(sigma, reports)
        found = world.optimum(form, None if best is None else best.at, rescue)
        if found is None:
            return None
        best = found if best is None else _lower(world, misfit, best, found)
        now = world.fitted(best.x)
        move = (now - fitted) / errors.sigma(now)
        largest = float(np.max(np.abs(move), initial=0.0))
        report(count, f"{found.rounds} rounds, an observation moved by {largest:.1e} sigma")
        settled = count > 1 and best is found and largest <= tolerance
        if settled or not errors.cv.any():
            return Reconciled(best, form, errors.sigma(now), count)
        history = history.after(now, move) if largest < NEARLY and best is found else History()
        fitted = history.accelerated() if history.measured else now
        local = misfit.local(fitted, near=largest < NEARLY)
        sigma = local.sigma / local.root
        reports = fitted - local.pulled * sigma
    return None


def _lower(world: World, misfit: Misfit, before: Optimum, found: Optimum) -> Optimum:
    """`found`, or as much of the way to it as lowers the cost: rows and bounds hold all along."""
    fitted = world.fitted(before.x)
    way = world.fitted(found.x) - fitted
    local = misfit.local(fitted)
    slope, t = float(local.pulled * local.root / local.sigma @ way), 1.0
    while t > SHORTEST and misfit.cost(fitted + t * way, fitted) > ENOUGH * t * slope + NOISE:
        t *= 0.5
    return found if t == 1.0 else replace(found, x=before.x + t * (found.x - before.x))


def _solve_part(form: Separable, part: Part, at: At | None) -> Optimum | None:
    return solve(part_of(form, part), None if at is None else at[part.columns])


def _apart(problem: Separable, rescue: Rescue | None) -> Optimum | None:
    """The optimum of a part, each of its components by itself."""
    parts = tuple(parts_of(problem.rows, useful=1))
    found = []
    for part in parts:
        own = part_of(problem, part)
        best = solve(own) if len(parts) > 1 else None
        if best is None and rescue is not None:
            best = rescue(own)
        if best is None:
            return None
        found.append(best)
    return _joined(problem, parts, found)


def optimum_in(part: Part, optimum: Optimum) -> Optimum:
    """What of an optimum is a part's."""
    return Optimum(
        optimum.x[part.columns],
        optimum.dual[part.rows],
        optimum.bound[part.columns],
        optimum.at[part.columns],
        optimum.rounds,
    )


def _spread_part(form: Separable, part: Part, optimum: Optimum) -> Marginals | None:
    found = spread(part_of(form, part), optimum_in(part, optimum))
    return None if found is None else found.marginals()


def _joined(form: Separable, parts: tuple[Part, ...], found: list[Optimum]) -> Optimum:
    n, m = len(form), len(form.rhs)
    x, bound, at, dual = np.zeros(n), np.zeros(n), np.zeros(n, np.int8), np.zeros(m)
    for part, own in zip(parts, found, strict=True):
        x[part.columns], bound[part.columns], at[part.columns] = own.x, own.bound, own.at
        dual[part.rows] = own.dual
    return Optimum(x, dual, bound, at, max((f.rounds for f in found), default=0))
