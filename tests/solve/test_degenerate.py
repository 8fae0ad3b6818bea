"""Bounds that an optimum touches and does not lean on, beside the linear programme over everything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import optimize, sparse

from mfa.solve.active_set import Quadratic, Step
from mfa.solve.degenerate import leaned_on
from mfa.solve.kkt import ordering_of
from mfa.solve.problem import Bools, Floats


def touching(pulls: Floats, rows: Floats, at: Floats) -> tuple[Quadratic, Step]:
    """A problem at its optimum with no force on any bound, and the step that ends there."""
    n, m, k = pulls.shape[1], pulls.shape[0], rows.shape[0]
    seen, held = sparse.csr_array(pulls), sparse.csr_array(rows)
    order = ordering_of(seen, held, np.zeros(n, dtype=np.int64))
    room = np.where(at < 0, 0.0, -1.0), np.where(at > 0, 0.0, 1.0)
    problem = Quadratic(seen, held, np.zeros(m), np.zeros(k), np.zeros(k), *room, order)
    none: Any = None
    step = Step(
        np.zeros(n), np.zeros(m), np.zeros(k), np.zeros(n), at.astype(np.int8), np.zeros(m, np.int8), none
    )
    return problem, step


def plainly(problem: Quadratic, at: Floats) -> Bools:
    """Which bounds are left in the direction that leaves most, by one programme over all unknowns."""
    inward = -at
    low, high = np.where(inward > 0, 0.0, -1.0), np.where(inward < 0, 0.0, 1.0)
    rows = sparse.vstack([problem.pulls, problem.rows])
    found = optimize.linprog(
        -inward, A_eq=rows, b_eq=np.zeros(rows.shape[0]), bounds=np.column_stack([low, high])
    )
    return np.asarray(inward * found.x > 1e-6)


@pytest.mark.parametrize("seed", range(30))
def test_the_same_bounds_are_left_as_by_one_programme_over_everything(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = 24
    rows = np.where(random.random((14, n)) < 0.12, random.choice([-1.0, 1.0, 2.0], (14, n)), 0.0)
    pulls = np.eye(n)[random.choice(n, 4, replace=False)]
    at = random.choice([-1.0, 0.0, 0.0, 1.0], n)
    problem, step = touching(pulls, rows, at)
    left = leaned_on(problem, step) != step.at
    assert np.array_equal(left, plainly(problem, at))


def test_outflows_of_what_nothing_enters_stay() -> None:
    problem, step = touching(np.zeros((0, 3)), np.array([[1.0, 1.0, 2.0]]), np.array([-1.0, -1.0, -1.0]))
    assert leaned_on(problem, step).tolist() == [-1, -1, -1]


def test_an_unknown_in_no_row_is_free() -> None:
    problem, step = touching(np.array([[1.0, 0.0]]), np.zeros((0, 2)), np.array([-1.0, -1.0]))
    assert leaned_on(problem, step).tolist() == [-1, 0]


def test_a_bound_with_a_force_stays() -> None:
    problem, step = touching(np.zeros((0, 2)), np.array([[1.0, -1.0]]), np.array([-1.0, -1.0]))
    assert leaned_on(problem, step).tolist() == [0, 0]
    assert leaned_on(problem, replace(step, bound=np.array([1.0, 0.0]))).tolist() == [-1, -1]
