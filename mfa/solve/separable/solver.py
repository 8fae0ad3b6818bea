"""A linear problem of any size to its solution, by way of the separable form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import sparse

from mfa.solve.degenerate import FORCELESS, leaned_on
from mfa.solve.misfit import deviation
from mfa.solve.problem import Cells, Floats, Ints, LeastSquares, Observed, Rows
from mfa.solve.separable.bounded import At, Optimum
from mfa.solve.separable.form import Separable
from mfa.solve.separable.parts import Part, part_of
from mfa.solve.separable.undetermined import smallest
from mfa.solve.separable.workers import spread_work
from mfa.solve.separable.world import Progress, Reconciled, World, optimum_in, reconcile_world, world_of
from mfa.solve.sigma import errors_of
from mfa.solve.solution import Solution

General = Callable[[LeastSquares], Solution | None]
"""The solver for any problem, which answers None where there is none."""
SMALL = 3_000
"""Unknowns up to which a component that does not settle is given to the general solver."""


def in_parts(
    problem: LeastSquares,
    *,
    tolerance: float,
    max_iterations: int,
    report: Progress,
    general: General | None = None,
) -> Solution | None:
    """The optimum of a linear problem in separable form; None where a part of it has none.

    `general` solves what of it does not settle, while that is small.
    """
    world = world_of(problem)
    counted = world.split.counted
    typical = _typical(problem, counted)
    found = reconcile_world(
        world,
        errors_of(problem, counted, typical),
        tolerance=tolerance,
        max_iterations=max_iterations,
        report=report,
        rescue=lambda form: _by(general, form),
    )
    if found is None:
        return None
    return _solution(problem, world, found)


def _solution(problem: LeastSquares, world: World, found: Reconciled) -> Solution:
    """The solution, with the bounds that hold and with what is free near its start."""
    n, exact, counted = len(problem), len(problem.exact), world.split.counted
    sides = n + len(problem.limits)
    optimum = _rested(world, found.form, found.optimum)
    x = optimum.x[:n]
    q = problem.cells.value(x)
    fitted = np.asarray(problem.observed.rows.matrix @ q)
    sigma = problem.observed.sigma(fitted)
    sigma[counted] = found.sigma
    off = deviation(problem.observed, fitted, sigma)
    chi2 = float(np.sum(off[counted] ** 2))
    return Solution(
        x=x,
        q=q,
        sigma=sigma,
        fitted=fitted,
        deviation=off,
        weight=np.ones(len(counted)),
        order=None,
        iterations=found.iterations,
        chi2=chi2,
        exact_multipliers=optimum.dual[:exact],
        limit_multipliers=optimum.dual[exact:][: len(problem.limits)],
        active=optimum.at[:sides],
        bound_multipliers=optimum.bound[:sides],
    )


def _rested(world: World, form: Separable, optimum: Optimum) -> Optimum:
    """The optimum with the bounds that hold, and what is free as small as can be."""
    scale = np.concatenate([world.split.problem.scale, np.full(len(form) - len(world.split.problem), np.inf)])
    tasks = [(form, part, optimum, scale) for part in world.parts]
    x, at = optimum.x.copy(), optimum.at.copy()
    for part, (held, near) in zip(world.parts, spread_work(_rested_part, tasks, len(form)), strict=True):
        at[part.columns], x[part.columns] = held, near
    return replace(optimum, x=x, at=at)


def _rested_part(form: Separable, part: Part, optimum: Optimum, scale: Floats) -> tuple[At, Floats]:
    own, best = part_of(form, part), optimum_in(part, optimum)
    held = _held(own, best)
    return held, smallest(own, replace(best, at=held), scale[part.columns])


def _held(form: Separable, optimum: Optimum) -> At:
    """The bounds that hold at an optimum."""
    x, moves = optimum.x, ~form.pinned
    side = np.where(x <= form.lower, -1, np.where(x >= form.upper, 1, optimum.at)).astype(np.int8)
    size = np.abs(x - form.mean) / form.variance + form.magnitude.T @ np.abs(optimum.dual)
    force = np.abs(optimum.bound) > FORCELESS * size
    return leaned_on(form.by_row, np.where(moves, side, optimum.at), force, moves)


def _typical(problem: LeastSquares, counted: Ints) -> Floats:
    """The usual size of the counted observations, by which those without an sd are kept from nothing."""
    observed = problem.observed
    if np.all(observed.sd[counted] > 0):
        return np.ones(len(counted))
    seen = observed.rows.matrix if len(counted) == len(observed) else observed.rows.matrix[counted]
    return np.asarray(abs(seen) @ np.abs(problem.cells.value(problem.scale)))


def _by(general: General | None, form: Separable) -> Optimum | None:
    """The optimum of a small component by the general solver."""
    if general is None or len(form) > SMALL:
        return None
    found = general(_plain(form))
    if found is None:
        return None
    return Optimum(found.x, found.exact_multipliers, found.bound_multipliers, found.active, found.iterations)


def _plain(form: Separable) -> LeastSquares:
    """A separable problem as any other: one cell an unknown, one report where something is reported."""
    n, seen = len(form), np.flatnonzero(np.isfinite(form.variance))
    size = np.maximum(np.abs(form.mean), np.sqrt(np.where(np.isfinite(form.variance), form.variance, 0.0)))
    typical = float(np.median(size[seen])) if len(seen) else 1.0
    matrix = sparse.csr_array((np.ones(len(seen)), seen, np.arange(len(seen) + 1)), shape=(len(seen), n))
    none = Rows(sparse.csr_array((0, n)), np.zeros(0), str)
    return LeastSquares(
        cells=Cells(np.arange(n), np.full(n, -1), np.ones(n), str),
        lower=form.lower,
        upper=form.upper,
        start=form.start,
        scale=np.where(size > 0, size, typical),
        exact=Rows(form.by_row, form.rhs, str),
        limits=none,
        observed=Observed(
            Rows(matrix, form.mean[seen], str),
            np.sqrt(form.variance[seen]),
            np.zeros(len(seen)),
            np.ones(len(seen), np.bool_),
        ),
        name=str,
        floor=form.floor,
    )
