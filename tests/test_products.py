"""Random systems with uncertain shares settle, where first-order conditions hold, from any start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import mfa
from mfa.build import build
from mfa.solve.losses import L2, Contaminated, Huber, Loss, StudentT
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from mfa.solve.sigma import errors_of
from mfa.solve.solution import Solution
from tests.test_invariance import reported

HARD = (1, 16, 22, 64, 70, 79, 85, 97, 100, 214, 616)
"""Flows far below their size, sigmas that swing with the fitted value, directions that hardly matter."""

LINEAR = (0, 2, 5, 8, 15, 36)
"""Without uncertain shares: solved in separable form."""


def problem_of(seed: int) -> LeastSquares:
    """The reconciliation behind a document of `reported`."""
    return build(mfa.load(reported(seed))).problem


def assert_stationary(problem: LeastSquares, found: Solution, loss: Loss) -> None:
    """What reports, rows and bounds pull at every unknown adds up to nothing, to 1e-7 of its terms.

    A report pulls by rho'(r) / sigma, sigma that of the fitted value; a bound pulls where it is met, inwards.
    """
    observed, counted = problem.observed, np.flatnonzero(problem.observed.counted)
    cells = problem.cells.jacobian(found.x)
    errors = errors_of(problem, counted, np.zeros(len(counted)))
    fitted = found.fitted[counted]
    sigma = errors.sigma(fitted)
    r = (fitted - errors.reports) / sigma
    pull = loss.weight(r) * r / sigma
    seen, rows = observed.rows.matrix[counted] @ cells, problem.exact.matrix @ cells
    unit = problem.scale
    force = (seen.T @ pull + rows.T @ found.exact_multipliers) * unit
    size = (abs(seen).T @ np.abs(pull) + abs(rows).T @ np.abs(found.exact_multipliers)) * unit
    bound = found.bound_multipliers[: len(problem)] * unit
    assert np.all(np.abs(force - bound) <= 1e-7 * size + 1e-7)
    assert np.all(bound[found.x > problem.lower] <= 1e-7 * size[found.x > problem.lower] + 1e-7)
    assert np.all(bound[found.x < problem.upper] >= -1e-7 * size[found.x < problem.upper] - 1e-7)
    open_ = np.abs(problem.exact.residual(problem.cells.value(found.x)))
    assert np.all(open_ <= 1e-9 * abs(problem.exact.matrix) @ np.abs(problem.cells.value(found.x)) + 1e-12)


@pytest.mark.parametrize("seed", [*HARD, *LINEAR])
def test_it_settles_where_nothing_pulls(seed: int) -> None:
    problem = problem_of(seed)
    assert_stationary(problem, reconcile(problem), L2())


@pytest.mark.parametrize("seed", [4, 7, 10, 70])
@pytest.mark.parametrize("loss", [Huber(), StudentT(), Contaminated()], ids=str)
def test_other_losses_settle_too(seed: int, loss: Loss) -> None:
    problem = problem_of(seed)
    assert_stationary(problem, reconcile(problem, robust=loss, max_iterations=200), loss)


@pytest.mark.parametrize("seed", [1, 22, 100])
def test_another_start_leads_to_the_same_optimum(seed: int) -> None:
    """Starts off by a factor of up to 3 either way."""
    problem, random = problem_of(seed), np.random.default_rng(seed)
    away = problem.start * 3 ** random.uniform(-1, 1, len(problem))
    other = reconcile(replace(problem, start=np.clip(away, problem.lower, problem.upper)))
    assert other.chi2 == pytest.approx(reconcile(problem).chi2, rel=1e-8)
