from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from mfa.solve.separable.bounded import solve
from mfa.solve.separable.form import Separable
from tests.solve.separable.networks import cost, general, small

SETTLED = 0.99


@pytest.mark.parametrize("gains", [False, True])
def test_the_optimum_is_that_of_a_general_solver(gains: bool) -> None:
    settled, tried = 0, 300
    for seed in range(tried):
        problem = small(seed, gains=gains)
        found = solve(problem)
        if found is None:
            continue
        settled += 1
        other, solved = general(problem)
        if solved:
            least = cost(problem, other)
            assert cost(problem, found.x) <= least + 1e-6 * (1.0 + least), seed
    assert settled >= SETTLED * tried


@pytest.mark.parametrize("seed", range(60))
def test_first_order_conditions_hold(seed: int) -> None:
    problem = small(seed)
    found = solve(problem)
    if found is None:
        pytest.skip("the rounds do not settle: the general solver takes over")
    known = np.isfinite(problem.variance)
    pull = np.where(known, (found.x - problem.mean) / np.where(known, problem.variance, 1.0), 0.0)
    force = np.abs(pull) + abs(problem.rows).T @ np.abs(found.dual)
    gradient = pull + problem.rows.T @ found.dual
    free = found.at == 0
    assert np.all(
        np.abs(gradient[free & ~problem.pinned]) <= 1e-9 * np.maximum(force, 1e-9)[free & ~problem.pinned]
    )
    assert np.all(gradient[found.at < 0] >= -1e-9 * np.maximum(force, 1.0)[found.at < 0])
    assert np.all(gradient[found.at > 0] <= 1e-9 * np.maximum(force, 1.0)[found.at > 0])
    assert np.all((found.x >= problem.lower) & (found.x <= problem.upper))
    assert problem.open(found.x) <= 1e-9


def test_a_bound_that_is_reached_holds_and_has_a_force() -> None:
    # x = a + b, b is reported as -2: it ends at 0, and the rest is shared by the variances
    rows = sparse.csc_array(np.array([[1.0, -1.0, -1.0]]))
    problem = Separable(
        rows=rows,
        rhs=np.zeros(1),
        mean=np.array([10.0, 6.0, -2.0]),
        variance=np.array([1.0, 3.0, 1.0]),
        lower=np.zeros(3),
        upper=np.full(3, np.inf),
        start=np.ones(3),
        shared=np.zeros(1, dtype=bool),
    )
    found = solve(problem)
    assert found is not None
    assert found.x == pytest.approx([9.0, 9.0, 0.0])
    assert found.at.tolist() == [0, 0, -1]
    assert found.bound[2] == pytest.approx(1.0)


def test_a_chain_over_thirteen_decades_closes_everywhere() -> None:
    size = 10.0 ** np.arange(6, -8, -1)
    n = len(size)
    rows = np.zeros((n - 1, 2 * n - 1))
    for k in range(n - 1):
        rows[k, k], rows[k, k + 1], rows[k, n + k] = 1, -1, -1
    mean = np.concatenate([size * 1.1, size[:-1] * 0.9])
    problem = Separable(
        rows=sparse.csc_array(rows),
        rhs=np.zeros(n - 1),
        mean=mean,
        variance=(0.1 * mean) ** 2,
        lower=np.zeros(2 * n - 1),
        upper=np.full(2 * n - 1, np.inf),
        start=mean,
        shared=np.zeros(n - 1, dtype=bool),
    )
    found = solve(problem)
    assert found is not None
    left = np.abs(rows @ found.x) / (np.abs(rows) @ found.x)
    assert left.max() < 1e-14
    assert np.all(found.x > 0)


def test_no_answer_where_the_bounds_leave_none() -> None:
    problem = small(3)
    rows = sparse.csc_array(np.array([[1.0, 1.0]]))
    two = replace(
        problem,
        rows=rows,
        rhs=np.array([-1.0]),
        mean=np.ones(2),
        variance=np.ones(2),
        lower=np.zeros(2),
        upper=np.full(2, np.inf),
        start=np.ones(2),
        shared=np.zeros(1, dtype=bool),
    )
    assert solve(two) is None
