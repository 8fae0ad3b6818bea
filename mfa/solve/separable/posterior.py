"""Standard deviations of a linear problem at world size, part by part."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats, LeastSquares
from mfa.solve.separable.bounded import Optimum
from mfa.solve.separable.form import Separable
from mfa.solve.separable.sensitivity import PartsSensitivity
from mfa.solve.separable.world import World, world_of
from mfa.solve.solution import Solution


@dataclass(frozen=True)
class PartsPosterior:
    """Standard deviations of unknowns, cells and observed rows (nan where nothing determines them),
    leverages of the observations, and covariances of what is asked for."""

    sd_x: Floats
    sd_q: Floats
    sd_observed: Floats
    free_x: Bools
    free_q: Bools
    leverage: Floats
    sensitivity: PartsSensitivity = field(repr=False)

    def covariance_of(self, matrix: sparse.csr_array) -> Floats:
        """The covariance (k, k) of linear combinations of cells, one per row of `matrix` (k, cells)."""
        return self.sensitivity.covariance_of(matrix)

    def sd_of(self, matrix: sparse.csr_array) -> Floats:
        """The standard deviation of linear combinations of cells; nan where nothing determines one."""
        return self.sensitivity.sd(matrix)


def parts_posterior(problem: LeastSquares, solution: Solution) -> PartsPosterior | None:
    """Standard deviations at the solution of a linear problem; None where its rows do not merge."""
    world = world_of(problem)
    counted = world.split.counted
    sigma = solution.sigma[counted]
    form = world.split.form(sigma)
    optimum = _optimum(problem, world, form, solution)
    found = world.marginals(form, optimum)
    if found is None:
        return None
    n, cells = len(problem), problem.cells
    sd = np.sqrt(found.variance)
    leverage = np.zeros(len(problem.observed))
    own = world.split.factor**2 * np.nan_to_num(found.variance)[world.split.place]
    leverage[counted] = np.clip(1.0 - own / sigma**2, 0.0, 1.0)
    moved = PartsSensitivity(problem, world, form, optimum, sigma, leverage)
    return PartsPosterior(
        sd_x=sd[:n],
        sd_q=np.where(cells.coef == 0, 0.0, np.abs(cells.coef) * sd[cells.i]),
        sd_observed=_observed(problem, world, moved, sd),
        free_x=found.free[:n],
        free_q=found.free[cells.i] & (cells.coef != 0),
        leverage=leverage,
        sensitivity=moved,
    )


def _optimum(problem: LeastSquares, world: World, form: Separable, solution: Solution) -> Optimum:
    """A solution in the separable form's unknowns: its own, the limits' slacks, and sums that are
    reported."""
    more = len(form) - len(problem)
    slack = np.maximum(-problem.limits.residual(solution.q), 0.0)
    x = np.concatenate([solution.x, slack, np.zeros(more - len(slack))])
    x[world.split.place] = solution.fitted[world.split.counted] / world.split.factor
    rest = np.zeros(more - len(slack))
    dual = np.concatenate([solution.exact_multipliers, solution.limit_multipliers, rest])
    bound = np.concatenate([solution.bound_multipliers, rest])
    at = np.concatenate([solution.active, rest.astype(np.int8)])
    return Optimum(x, dual, bound, at, 0)


def _observed(problem: LeastSquares, world: World, moved: PartsSensitivity, sd: Floats) -> Floats:
    """The standard deviation of every observed row; those of several unknowns that are not counted by a
    solve each."""
    split = world.split
    found = np.zeros(len(problem.observed))
    found[split.counted] = np.abs(split.factor) * sd[split.place]
    rest = np.flatnonzero(~problem.observed.counted)
    if len(rest):
        matrix = problem.observed.rows.matrix[rest]
        single = np.diff(matrix.indptr) == 1
        cell = matrix.indices[matrix.indptr[:-1][single]]
        own = matrix.data[matrix.indptr[:-1][single]] * problem.cells.coef[cell]
        found[rest[single]] = np.abs(own) * sd[problem.cells.i[cell]]
        several = np.flatnonzero(np.diff(matrix.indptr) > 1)
        found[rest[several]] = moved.sd(sparse.csr_array(matrix[several]))
    return found
