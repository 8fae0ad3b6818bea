"""Standard deviations of a linear problem at world size, part by part."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from mfa.solve.closed import closure_of
from mfa.solve.problem import Bools, Floats, LeastSquares
from mfa.solve.separable.form import Split
from mfa.solve.separable.sensitivity import PartsSensitivity
from mfa.solve.separable.world import optimum_of, world_of
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
    split, sigma = world.split, solution.sigma[world.split.counted]
    found = world.marginals(split.form(sigma), optimum_of(split, solution))
    if found is None:
        return None
    n, cells = len(problem), problem.cells
    leverage = np.zeros(len(problem.observed))
    own = split.factor**2 * np.nan_to_num(found.variance[split.place])
    leverage[split.counted] = 1.0 - own / sigma**2
    leverage = np.clip(leverage - closure_of(problem.observed, solution.sigma).share, 0.0, 1.0)
    moved = PartsSensitivity(problem, solution, leverage)
    sd = np.sqrt(found.variance)
    return PartsPosterior(
        sd_x=sd[:n],
        sd_q=np.where(cells.coef == 0, 0.0, np.abs(cells.coef) * sd[cells.i]),
        sd_observed=_observed(split, moved, sd),
        free_x=found.free[:n],
        free_q=found.free[cells.i] & (cells.coef != 0),
        leverage=leverage,
        sensitivity=moved,
    )


def _observed(split: Split, moved: PartsSensitivity, sd: Floats) -> Floats:
    """The standard deviation of every observed row; those of several unknowns that are not counted by a
    solve each."""
    observed, cells = split.problem.observed, split.problem.cells
    found = np.zeros(len(observed))
    found[split.counted] = np.abs(split.factor) * sd[split.place]
    rest = np.flatnonzero(~observed.counted)
    if len(rest):
        matrix = observed.rows.matrix[rest]
        single = np.diff(matrix.indptr) == 1
        cell = matrix.indices[matrix.indptr[:-1][single]]
        own = matrix.data[matrix.indptr[:-1][single]] * cells.coef[cell]
        found[rest[single]] = np.abs(own) * sd[cells.i[cell]]
        several = np.flatnonzero(np.diff(matrix.indptr) > 1)
        found[rest[several]] = moved.sd(sparse.csr_array(matrix[several]))
    return found
