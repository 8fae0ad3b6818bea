"""Two years of the bundled rare-earth world beside a general method that knows nothing of its structure."""

from __future__ import annotations

import clarabel
import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse

from mfa.build import build
from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from tests.reduced import reduced

Array = npt.NDArray[np.float64]
LEAST = 1e-10
"""The least weight, per squared scale, of staying near: at 1e-12 programmes are too near to singular
for an interior point, and steps of 1e-6 sigma move reserves by millions of scales."""


class General:
    """Gauss-Newton over z = x / scale: rows linearised, each step a quadratic programme that Clarabel solves.

    Sigma is taken at the fitted values of every step: the larger of sd and cv times the fitted value, and
    where there is no sd at least cv times a quarter of the report.
    """

    def __init__(self, problem: LeastSquares) -> None:
        observed = problem.observed
        used = np.flatnonzero(observed.counted)
        typical = np.abs(problem.cells.value(problem.scale))
        self.problem, self.scale = problem, problem.scale
        self.pulls = observed.rows.matrix[used].tocsr()
        self.reports, self.sd, self.cv = (v[used] for v in (observed.rows.rhs, observed.sd, observed.cv))
        self.least = 1e-9 * (abs(self.pulls) @ typical)
        self.row, self.limit = (
            abs(rows.matrix) @ typical + np.abs(rows.rhs) for rows in (problem.exact, problem.limits)
        )
        self.lower, self.upper = problem.lower / self.scale, problem.upper / self.scale

    def fitted(self, z: Array) -> Array:
        """The value of every counted observation."""
        return np.asarray(self.pulls @ self.problem.cells.value(z * self.scale))

    def sigma(self, fitted: Array) -> Array:
        """The standard deviations of counted observations at their fitted values."""
        own = np.maximum(self.sd, self.cv * np.abs(fitted))
        floor = np.maximum(0.25 * self.cv * np.abs(self.reports), self.least)
        return np.where(self.sd > 0, own, np.maximum(own, floor))

    def chi2(self, z: Array) -> float:
        """The sum of squared deviations in sigmas."""
        fitted = self.fitted(z)
        return float(np.sum(((fitted - self.reports) / self.sigma(fitted)) ** 2))

    def open(self, z: Array) -> float:
        """By how much a row or limit does not hold at most, in the typical size of its terms."""
        q = self.problem.cells.value(z * self.scale)
        over = np.maximum(self.problem.limits.residual(q), 0.0) / self.limit
        return float(max(np.max(np.abs(self.problem.exact.residual(q)) / self.row), np.max(over)))

    def step(self, z: Array, near: float) -> Array:
        """The step to the optimum of the problem linearised at z; `near` holds what nothing determines."""
        problem, n = self.problem, len(z)
        q = problem.cells.value(z * self.scale)
        cells = problem.cells.jacobian(z * self.scale) @ sparse.diags_array(self.scale)
        sigma = self.sigma(self.fitted(z))
        off = (self.fitted(z) - self.reports) / sigma
        low, high = np.flatnonzero(np.isfinite(self.lower)), np.flatnonzero(np.isfinite(self.upper))
        unit = sparse.eye_array(n, format="csr")
        # residuals are unknowns too: the product of pulls with themselves would square the magnitudes
        matrix = [
            [sparse.diags_array(1 / sigma) @ self.pulls @ cells, -sparse.eye_array(len(off))],
            [sparse.diags_array(1 / self.row) @ problem.exact.matrix @ cells, None],
            [sparse.diags_array(1 / self.limit) @ problem.limits.matrix @ cells, None],
            [-unit[low], None],
            [unit[high], None],
        ]
        left = [-off, -problem.exact.residual(q) / self.row]
        room = [-problem.limits.residual(q) / self.limit, (z - self.lower)[low], (self.upper - z)[high]]
        weight = sparse.diags_array(np.concatenate([np.full(n, near), np.ones(len(off))]))
        return programme(weight, sparse.block_array(matrix), np.concatenate(left), np.concatenate(room))[:n]

    def solve(self, z: Array) -> Array:
        """The point from which full steps move no fitted value by more than 1e-7 sigma."""
        for k in range(30):
            ahead = np.clip(z + self.step(z, max(10.0 ** (-5 - k), LEAST)), self.lower, self.upper)
            before, z = z, ahead
            moved = np.abs(self.fitted(z) - self.fitted(before)) / self.sigma(self.fitted(z))
            if np.max(moved) < 1e-7:
                return z
        raise AssertionError(f"the general method does not settle: {np.max(moved):.1e} sigma")


def programme(weight: sparse.sparray, matrix: sparse.sparray, equal: Array, room: Array) -> Array:
    """The x of min x'Wx / 2 where the first rows of `matrix` equal `equal`, the others are at most `room`."""
    options = clarabel.DefaultSettings()
    options.verbose = False
    options.tol_gap_abs = options.tol_gap_rel = options.tol_feas = 1e-11
    cones = [clarabel.ZeroConeT(len(equal)), clarabel.NonnegativeConeT(len(room))]
    right, none = np.concatenate([equal, room]), np.zeros(matrix.shape[1])
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix(weight), none, sparse.csc_matrix(matrix), right, cones, options
    )
    return np.asarray(solver.solve().x)


@pytest.fixture(scope="module")
def problem(tmp_path_factory: pytest.TempPathFactory) -> LeastSquares:
    """The bundled scenario in 2021 and 2022."""
    return build(reduced(tmp_path_factory.mktemp("reduced"))).problem


def test_the_reduced_world_is_that_of_a_general_method(problem: LeastSquares) -> None:
    """Chi-square to 1e-7 of itself, fitted values to 1e-5 sigma, determined unknowns to 1e-4 sd.

    Reached were 3e-11 and 4e-8 sigma; unknowns at a bound, which an interior point stops short of, are the
    same to 1e-7 of their scale.

    From the problem's own start full Gauss-Newton steps do not settle, so the general method starts from the
    answer with lognormal noise of 5 % on every unknown, which opens rows and raises chi-square: what this
    compares is the optimum around the answer, and not that there is no other.
    """
    assert not problem.observed.lognormal.any()  # what the general method leaves out
    assert np.all(problem.observed.loss_index == -1)
    found, general = reconcile(problem), General(problem)
    noise = np.exp(0.05 * np.random.default_rng(1).standard_normal(len(problem)))
    start = np.clip(found.x / problem.scale * noise, general.lower, general.upper)
    assert general.open(start) > 1e-3
    assert general.chi2(start) > 2 * found.chi2
    z = general.solve(start)
    counted = problem.observed.counted
    apart = np.abs(general.fitted(z) - found.fitted[counted]) / found.sigma[counted]
    spread = posterior(problem, found)
    known = ~spread.free_x
    off = np.abs(z - found.x / problem.scale)[known]
    sd = spread.sd_x[known] / problem.scale[known]
    assert general.open(z) < 1e-8
    assert general.chi2(z) == pytest.approx(found.chi2, rel=1e-7)
    assert np.max(apart) < 1e-5
    assert np.all(off <= 1e-4 * sd + 1e-6)  # an interior point stops short of a bound
