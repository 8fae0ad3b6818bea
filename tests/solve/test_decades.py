"""Errors over many decades in one system: values and standard deviations against rational arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from tests.solve.rational import least_squares
from tests.solve.systems import System


def wide(seed: int, decades: float) -> LeastSquares:
    """A system whose errors are up to so many decades smaller or larger than usual, but not below 1e-13 of
    what is reported."""
    problem, random = System(seed).problem(), np.random.default_rng(seed)
    seen = problem.observed
    sd = seen.sd * 10 ** random.uniform(-decades, decades, len(seen))
    return replace(problem, observed=replace(seen, sd=np.maximum(sd, 1e-13 * np.abs(seen.rows.rhs))))


@pytest.mark.parametrize("decades", [0, 3, 6])
@pytest.mark.parametrize("seed", [3, 5, 12, 19, 20, 21, 28, 39])
def test_errors_decades_apart(seed: int, decades: float) -> None:
    problem = wide(seed, decades)
    n, found = len(problem), reconcile(problem)
    spread = posterior(problem, found)
    cells = problem.cells.jacobian(problem.start)
    exact, limits, pulls = (
        (of.matrix @ cells).toarray() for of in (problem.exact, problem.limits, problem.observed.rows)
    )
    held, leaned = np.flatnonzero(found.active[:n]), np.flatnonzero(found.active[n:])
    rows = np.vstack([exact, limits[leaned], np.eye(n)[held]])
    rhs = np.concatenate([problem.exact.rhs, problem.limits.rhs[leaned], problem.lower[held]])
    x, sd = least_squares(rows, rhs, pulls, problem.observed.rows.rhs, problem.observed.sd)
    assert np.array_equal(np.isnan(x), spread.free_x)
    known = ~spread.free_x
    size = np.maximum(np.abs(x), sd)[known]
    assert np.all(np.abs(found.x - x)[known] <= 1e-11 * size)
    assert np.all(np.abs(spread.sd_x - sd)[known] <= 1e-9 * sd[known] + 1e-12 * problem.scale[known])
    # and that is the optimum: nothing is negative, and bounds push inwards
    assert np.all(found.x >= 0)
    strongest = np.max(np.abs(found.exact_multipliers), initial=0.0)
    assert np.all(found.bound_multipliers >= -1e-9 * strongest)
    assert np.all(found.limit_multipliers >= -1e-9 * strongest)
