"""Bounds that hold: those that carry force in some set of multipliers, whatever the order of unknowns."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import optimize, sparse

from mfa.solve.classify import classify
from mfa.solve.degenerate import leaned_on
from mfa.solve.intervals import intervals
from mfa.solve.posterior import posterior
from mfa.solve.reconcile import reconcile
from tests.solve.small import Small


def held(rows: list[list[float]], side: list[int], force: list[int] | None = None) -> list[int]:
    """The bounds that hold, all unknowns having room."""
    matrix, n = sparse.csr_array(np.array(rows)), len(side)
    found = leaned_on(
        matrix, np.array(side, np.int8), np.isin(np.arange(n), force or []), np.ones(n, np.bool_)
    )
    return np.flatnonzero(found).tolist()


@pytest.mark.parametrize("order", tuple(permutations(range(3))))
def test_all_that_a_flow_can_leave_is_left(order: tuple[int, ...]) -> None:
    row = np.array([1.0, -1.0, -1.0])[list(order)]
    assert held([row.tolist()], [-1, -1, -1]) == []


@pytest.mark.parametrize("order", tuple(permutations(range(3))))
def test_what_leaves_a_process_that_nothing_enters_stays(order: tuple[int, ...]) -> None:
    row = np.array([1.0, -1.0, -1.0])[list(order)]
    assert held([row.tolist()], [-1, -1, -1], [order.index(0)]) == [0, 1, 2]


def test_upper_bounds_and_what_rests_on_none() -> None:
    # a at its upper bound may fall where b, at its lower one, cannot; c has room
    assert held([[1.0, 1.0, 0.0]], [1, 1, 0]) == [0, 1]
    assert held([[1.0, -1.0, 0.0]], [1, -1, 0]) == [0, 1]
    assert held([[1.0, 0.0, 1.0]], [1, 0, 0]) == []
    assert held([[1.0, 1.0, 1.0]], [1, 1, 0]) == []


def test_sizes_do_not_matter() -> None:
    assert held([[1.0, -1e-9, -1e9]], [-1, -1, -1]) == []
    assert held([[1.0, 1e-9, 0.0], [0.0, 1.0, -1e9]], [-1, -1, -1]) == [0, 1, 2]


def test_an_unknown_in_no_row_is_left() -> None:
    assert held([[1.0, -1.0, 0.0]], [0, 0, -1]) == []


@pytest.mark.parametrize("order", tuple(permutations("abcd")))
def test_free_flows_that_come_to_rest_on_zero_are_free_in_any_order(order: tuple[str, ...]) -> None:
    """Of a = b + c - d only a is reported: b and c are halves of it and d ends at zero where all three are as
    small as can be.

    e is reported as less than nothing, so that f and g, which it is the sum of, are nothing.
    """
    small = Small()
    start = {"a": 10.0, "b": 0.1, "c": 0.1, "d": 9.8}
    for name in (*order, *"efg"):
        small.unknown(name, start.get(name, 1.0), scale=1.0)
    small.exact({"a": 1, "b": -1, "c": -1, "d": 1})
    small.exact({"e": 1, "f": -1, "g": -1})
    small.observe({"a": 1}, 5.0, 1.0)
    small.observe({"e": 1}, -1.0, 0.5)
    problem = small.problem()
    found = reconcile(problem)
    value = dict(zip(small.names, found.x.tolist(), strict=True))
    assert value == pytest.approx({"a": 5.0, "b": 2.5, "c": 2.5, "d": 0.0, "e": 0.0, "f": 0.0, "g": 0.0})
    spread = posterior(problem, found)
    status = dict(zip(small.names, classify(problem, found, spread).unknowns.tolist(), strict=True))
    assert status == {"a": "observed"} | dict.fromkeys("bcd", "free") | dict.fromkeys("efg", "fixed")
    ends = {
        problem.cells.name(k): v for k, v in intervals(spread, np.flatnonzero(spread.free_q)).ends.items()
    }
    assert ends == dict.fromkeys("bcd", (0.0, np.inf))


@pytest.mark.parametrize("seed", range(30))
def test_the_same_bounds_are_left_as_by_one_programme_over_everything(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = 24
    rows = np.where(random.random((14, n)) < 0.12, random.choice([-1.0, 1.0, 2.0], (14, n)), 0.0)
    side = random.choice([-1, 0, 0, 1], n).astype(np.int8)
    force, moves = random.random(n) < 0.1, random.random(n) < 0.95
    free = moves & ~force
    low = np.where(free & (side >= 0), -1e3, 0.0)
    high = np.where(free & (side <= 0), 1e3, 0.0)
    low, high = np.where(side < 0, 0.0, low), np.where(side > 0, 0.0, high)
    touched = np.flatnonzero(free & (side != 0))
    least = np.zeros((len(touched), n + len(touched)))  # t <= d inwards
    least[np.arange(len(touched)), touched] = side[touched]
    least[np.arange(len(touched)), n + np.arange(len(touched))] = 1.0
    found = optimize.linprog(
        np.concatenate([np.zeros(n), -np.ones(len(touched))]),
        A_ub=least,
        b_ub=np.zeros(len(touched)),
        A_eq=np.hstack([rows, np.zeros((14, len(touched)))]),
        b_eq=np.zeros(14),
        bounds=np.column_stack([np.append(low, 0 * touched), np.append(high, 0 * touched + 1)]),
    )
    wanted = side.copy()
    wanted[touched[found.x[n:] > 0.5]] = 0
    assert np.array_equal(leaned_on(sparse.csr_array(rows), side, force, moves), wanted)
