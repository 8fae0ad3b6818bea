"""A large linear problem to its solution, by way of the separable form."""

from __future__ import annotations

import numpy as np

from mfa.solve.misfit import deviation
from mfa.solve.problem import Floats, LeastSquares
from mfa.solve.separable.world import Progress, reconcile_world, world_of
from mfa.solve.sigma import sigma_at
from mfa.solve.solution import Solution


def in_parts(
    problem: LeastSquares, *, tolerance: float, max_iterations: int, report: Progress
) -> Solution | None:
    """The optimum of a large linear problem in separable form; None where a part of it has none."""
    world, observed = world_of(problem), problem.observed
    counted, exact = world.split.counted, len(problem.exact)
    reports = observed.rows.rhs[counted]
    seen = observed.rows.matrix if len(counted) == len(observed) else observed.rows.matrix[counted]
    typical = abs(seen) @ np.abs(problem.cells.value(problem.scale))

    def sigma(fitted: Floats, first: bool) -> Floats:
        return sigma_at(problem, counted, reports if first else fitted, typical)

    found = reconcile_world(world, sigma, tolerance=tolerance, max_iterations=max_iterations, report=report)
    if found is None:
        return None
    n, optimum = len(problem), found.optimum
    sides = n + len(problem.limits)
    q = problem.cells.value(optimum.x[:n])
    fitted = np.asarray(observed.rows.matrix @ q)
    every = observed.sigma(fitted)
    every[counted] = found.sigma
    off = deviation(observed, fitted, every)
    chi2 = float(np.sum(off[counted] ** 2))
    return Solution(
        x=optimum.x[:n],
        q=q,
        sigma=every,
        fitted=fitted,
        deviation=off,
        weight=np.ones(len(counted)),
        cost=0.5 * chi2,
        order=None,
        iterations=found.iterations,
        chi2=chi2,
        exact_multipliers=optimum.dual[:exact],
        limit_multipliers=optimum.dual[exact : exact + len(problem.limits)],
        active=optimum.at[:sides],
        bound_multipliers=optimum.bound[:sides],
    )
