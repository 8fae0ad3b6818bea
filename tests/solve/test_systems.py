"""Five hundred random systems: the same as a dense implementation, and optimal by first-order conditions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from mfa.solve.solution import Solution
from tests.solve import dense
from tests.solve.systems import System


class Dense:
    """A linear problem as dense matrices over z = x / scale, rows at unit size."""

    def __init__(self, problem: LeastSquares) -> None:
        cells = problem.cells.jacobian(problem.start).toarray() * problem.scale
        self.pulls = problem.observed.rows.matrix @ cells / problem.observed.sd[:, None]
        self.reports = problem.observed.rows.rhs / problem.observed.sd
        exact, limits = problem.exact.matrix @ cells, problem.limits.matrix @ cells
        self.row_size, self.limit_size = (np.max(np.abs(m), axis=1, initial=0.0) for m in (exact, limits))
        self.rows, self.rhs = exact / self.row_size[:, None], problem.exact.rhs / self.row_size
        self.limits, self.most = limits / self.limit_size[:, None], problem.limits.rhs / self.limit_size

    def solve(self) -> tuple[np.ndarray, np.ndarray] | None:
        """z, and the standard deviations of z with the sides it leans on held."""
        n = self.pulls.shape[1]
        sides = np.vstack([self.limits, -np.eye(n)])
        most = np.concatenate([self.most, np.zeros(n)])
        found = dense.limited(self.rows, self.rhs, self.pulls, self.reports, sides, most)
        if found is None:
            return None
        covariance = dense.covariance(np.vstack([self.rows, sides[found[1]]]), self.pulls)
        return found[0], np.sqrt(np.maximum(np.diag(covariance), 0.0))


def assert_optimal(plain: Dense, problem: LeastSquares, found: Solution) -> None:
    """Stationarity, signs, complementarity (to 1e-9 of the largest force) and feasibility (to 1e-9).

    In scales, sigmas and rows of unit size; a force of less than 1e-12 chi-square per scale is rounding.
    """
    z, n = found.x / problem.scale, len(problem)
    error = plain.pulls @ z - plain.reports
    dual = found.exact_multipliers * plain.row_size
    push = found.limit_multipliers * plain.limit_size
    bound = found.bound_multipliers[:n] * problem.scale
    force = plain.pulls.T @ error + plain.rows.T @ dual + plain.limits.T @ push - bound
    size = abs(plain.pulls).T @ abs(error) + abs(plain.rows).T @ abs(dual) + abs(plain.limits).T @ abs(push)
    size = size + np.max(size, initial=0.0)
    rounding = 1e-12 + 1e-14 * abs(plain.pulls).T @ (abs(plain.pulls) @ z + np.abs(plain.reports))
    assert np.all(np.abs(force) <= 1e-9 * size + rounding)
    assert np.all(bound >= -1e-9 * size - rounding)
    assert np.all(push >= -1e-9 * np.max(size, initial=0.0) - 1e-12)
    assert np.all(z >= 0)
    assert np.all(z[bound > 1e-9 * size + rounding] == 0)
    left, room = plain.rows @ z - plain.rhs, plain.most - plain.limits @ z
    assert np.all(np.abs(left) <= 1e-9 * (abs(plain.rows) @ z + np.abs(plain.rhs)))
    assert np.all(room >= -1e-9 * (abs(plain.limits) @ z + np.abs(plain.most)))
    assert np.all((push <= 1e-9 * np.max(size, initial=0.0) + 1e-12) | (room <= 1e-9 * np.abs(plain.most)))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_the_solver_and_a_dense_implementation_agree(seed: int) -> None:
    problem = System(seed).problem()
    found, plain = reconcile(problem), Dense(problem)
    assert_optimal(plain, problem, found)  # sufficient: the problem is convex
    other = plain.solve()
    if other is None:
        return
    fit, unknowns, _ = differences(problem, found, plain, *other)
    assert fit < 1e-6
    assert unknowns < 1e-6


def differences(
    problem: LeastSquares, found: Solution, plain: Dense, z: np.ndarray, sd: np.ndarray
) -> tuple[float, float, float]:
    """The largest differences: fitted values in sigmas, what is determined by its size and sd, and of sds."""
    fitted = np.abs(found.fitted / problem.observed.sd - plain.pulls @ z)
    spread = posterior(problem, found)
    known, ours = ~spread.free_x, spread.sd_x / problem.scale
    off = np.maximum(np.abs(found.x / problem.scale - z) - 1e-11, 0)
    size = np.maximum(z, np.maximum(sd, ours)) + 1e-30
    apart = np.maximum(np.abs(ours - sd) - 1e-8, 0) / (sd + 1e-30)
    return (
        float(np.max(fitted / (1 + np.sqrt(found.chi2)))),
        float(np.max((off / size)[known], initial=0.0)),
        float(np.max(apart[known], initial=0.0)),
    )


def test_most_systems_lean_on_bounds_and_agree_to_rounding() -> None:
    leaning, fits, unknowns, sds, unsettled = 0, [], [], [], 0
    for seed in range(100):
        problem = System(seed).problem()
        found, plain = reconcile(problem), Dense(problem)
        leaning += bool(np.any(found.active != 0))
        other = plain.solve()
        if other is None:
            unsettled += 1
            continue
        fit, unknown, sd = differences(problem, found, plain, *other)
        fits.append(fit)
        unknowns.append(unknown)
        sds.append(sd)
    assert leaning > 50
    assert unsettled <= 3
    assert np.quantile(fits, 0.99) < 1e-8
    assert np.quantile(unknowns, 0.99) < 1e-8
    assert np.quantile(sds, 0.95) < 1e-6
