"""Exact rows in causal order: closed forms, scales far apart, too few rows, too many, loops without end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from mfa.errors import Infeasible, Undetermined
from mfa.solve.causal import causal_order
from mfa.solve.equations import equations
from mfa.solve.problem import Cells, LeastSquares, Observed, Rows, named
from mfa.solve.simulate import repeated, simulate
from tests.solve.small import Array, Small


def problem_of(matrix: Array | list[list[float]], rhs: Array | list[float]) -> LeastSquares:
    """Linear rows `row k` over unknowns `x0`, `x1`, ... of any sign."""
    rows = np.array(matrix, dtype=float)
    n = rows.shape[1]
    exact = Rows(sparse.csr_array(rows), np.array(rhs, float), named([f"row {k}" for k in range(len(rhs))]))
    none = Rows(sparse.csr_array((0, n)), np.zeros(0), named([]))
    names = named([f"x{k}" for k in range(n)])
    return LeastSquares(
        cells=Cells(np.arange(n), np.full(n, -1), np.ones(n), names),
        lower=np.full(n, -np.inf),
        upper=np.full(n, np.inf),
        start=np.ones(n),
        scale=np.ones(n),
        exact=exact,
        limits=none,
        observed=Observed(none, np.zeros(0), np.zeros(0), np.zeros(0, bool)),
        name=names,
    )


def sizes(problem: LeastSquares) -> list[tuple[int, int]]:
    """Blocks and their size of every step."""
    return [s.rows.shape for s in simulate(problem).order.steps]


def test_a_square_system_is_one_block() -> None:
    problem = problem_of([[1, 1], [1, -1]], [10, 4])
    assert simulate(problem).x == pytest.approx([7, 3], rel=1e-14)
    assert sizes(problem) == [(1, 2)]


def test_a_chain_is_solved_row_by_row_and_a_loop_as_a_block() -> None:
    # x0 = 5; x1 = x0 + x2 and x2 = x1 / 2 are a loop; x3 = x2.
    rows = [[1, 0, 0, 0], [1, -1, 1, 0], [0, 0.5, -1, 0], [0, 0, 1, -1]]
    problem = problem_of(rows, [5, 0, 0, 0])
    assert simulate(problem).x == pytest.approx([5, 10, 5, 5], rel=1e-14)
    assert sizes(problem) == [(1, 1), (1, 2), (1, 1)]


def test_a_march_is_one_small_block_a_year() -> None:
    # s[t] = 0.9 s[t-1] + in[t], in[t] = 1 + 0.25 s[t]: two unknowns a year.
    years = 30
    rows, rhs = np.zeros((2 * years, 2 * years)), np.zeros(2 * years)
    level, stock = 0.0, []
    for t in range(years):
        rows[2 * t, [2 * t, 2 * t + 1]] = [-1, 1]
        rows[2 * t, 2 * t - 2] = 0.9 if t else rows[2 * t, 2 * t - 2]
        rows[2 * t + 1, [2 * t, 2 * t + 1]], rhs[2 * t + 1] = [-0.25, 1], 1.0
        level = (0.9 * level + 1.0) / 0.75
        stock.append(level)
    problem = problem_of(rows, rhs)
    assert simulate(problem).x[::2] == pytest.approx(stock, rel=1e-12)
    assert sizes(problem) == [(1, 2)] * years


def test_equal_loops_are_one_step() -> None:
    block = np.array([[1.0, -0.5], [-0.25, 1.0]])
    problem = problem_of(np.kron(np.eye(50), block), np.tile([1.0, 2.0], 50))
    assert sizes(problem) == [(50, 2)]
    assert simulate(problem).x == pytest.approx(np.tile(np.linalg.solve(block, [1, 2]), 50), rel=1e-14)


def test_a_large_loop_is_solved_as_a_sparse_block() -> None:
    n = 60
    ring = np.eye(n) - 0.5 * np.roll(np.eye(n), 1, axis=1)
    problem = problem_of(ring, np.arange(1.0, n + 1))
    assert sizes(problem) == [(1, n)]
    assert simulate(problem).x == pytest.approx(np.linalg.solve(ring, np.arange(1.0, n + 1)), rel=1e-13)


def test_magnitudes_far_apart_keep_their_own_precision() -> None:
    found = simulate(problem_of([[1, 0, 0], [1e-12, -1, 0], [0, 1e-6, -1]], [1e9, 0, 0]))
    assert found.x == pytest.approx([1e9, 1e-3, 1e-9], rel=1e-15)


@pytest.mark.parametrize("extra", [[2.0, 0.0], [3.0, 5.0]])
def test_a_redundant_row_does_no_harm(extra: list[float]) -> None:
    rows = np.array([[1.0, 1], [1, -1], extra])
    assert simulate(problem_of(rows, rows @ [7, 3])).x == pytest.approx([7, 3], rel=1e-14)


def test_dependent_rows_of_a_block_make_room_for_another() -> None:
    # Shares 0.8 and 0.2 of x0, the balance they imply, and the balance that closes the loop.
    rows = np.array([[-0.8, 1, 0], [-0.2, 0, 1], [1, -1, -1], [1, 0, -1]], float)
    for order in ([0, 1, 2, 3], [2, 1, 0, 3], [3, 2, 1, 0]):
        found = simulate(problem_of(rows[order], np.array([0, 0, 0, 100.0])[order]))
        assert found.x == pytest.approx([125, 100, 25], rel=1e-14)


def test_rows_that_contradict_are_named_with_what_they_contradict() -> None:
    with pytest.raises(
        Infeasible, match="row 1 does not hold: its terms sum to 1, not 2, determined already by row 0"
    ):
        simulate(problem_of([[1.0], [1.0]], [1, 2]))


def test_what_has_too_few_rows_is_named_and_nothing_else() -> None:
    with pytest.raises(Undetermined) as error:
        simulate(problem_of([[1, 0, 0, 0], [1, 1, 1, 0]], [1, 3]))
    texts = [p.text for p in error.value.problems]
    assert texts == [
        "nothing determines x1, x2: 2 unknowns in 1 row (row 1)",
        "nothing determines x3: no row holds it",
    ]


def test_a_loop_that_returns_all_is_named_whatever_enters() -> None:
    rows = [[1, 0, 0], [1, 1, -1], [0, -1, 1]]
    for enters in (0.0, 5.0):
        with pytest.raises(Undetermined, match="the loop x1, x2 returns all that enters it") as error:
            simulate(problem_of(rows, [enters, 0, 0]))
        assert error.value.problems[0].code == "closed-loop"


@pytest.mark.parametrize("n", [5, 60])
def test_a_ring_that_returns_all_is_named_small_or_large(n: int) -> None:
    ring = np.eye(n) - np.roll(np.eye(n), 1, axis=1)
    with pytest.raises(Undetermined, match=r"the loop x0, x1, x2, x3, x4.* returns all that enters it"):
        simulate(problem_of(ring, np.ones(n)))


@pytest.mark.parametrize("n", [5, 60])
@pytest.mark.parametrize("seed", range(3))
def test_dependent_rows_of_small_and_large_blocks_are_set_aside(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    ring = np.eye(n) - np.diag(random.uniform(0.2, 0.9, n)) @ np.roll(np.eye(n), 1, axis=1)
    x = 10 ** random.uniform(-2, 2, n)
    implied = np.vstack([ring[: n // 2].sum(axis=0), ring[n // 2 :].sum(axis=0)])
    rows = np.vstack([implied, ring])[random.permutation(n + 2)]
    found = simulate(problem_of(rows, rows @ x)).x
    assert found == pytest.approx(x, rel=1e-10)


def test_one_thing_said_twice_is_no_endless_loop() -> None:
    with pytest.raises(Undetermined, match="nothing determines x0, x1: 2 unknowns in 1 row"):
        simulate(problem_of([[1, 1], [2, 2]], [3, 6]))


def test_a_product_with_a_known_factor_is_linear() -> None:
    small = Small()
    for name in ("flow", "share", "out"):
        small.unknown(name)
    small.exact({"share": 1}, 0.3)
    small.exact({("flow", "share"): 1, "out": -1})
    small.exact({"out": 1}, 6.0)
    assert simulate(small.problem()).x == pytest.approx([20, 0.3, 6], rel=1e-15)


def test_a_loop_of_products_takes_the_positive_root() -> None:
    # a b = 8 and a = 2 b have the roots (4, 2) and (-4, -2).
    small = Small()
    small.unknown("a", 1e-3)
    small.unknown("b", 1e-3)
    small.exact({("a", "b"): 1}, 8.0)
    small.exact({"a": 1, "b": -2})
    assert simulate(small.problem()).x == pytest.approx([4, 2], rel=1e-13)


def test_unknowns_held_by_their_bounds_are_known() -> None:
    problem = problem_of([[1, -1, 0], [0, 1, 1]], [0, 0])
    lower, upper = problem.lower.copy(), problem.upper.copy()
    lower[0] = upper[0] = 4.0
    assert simulate(replace(problem, lower=lower, upper=upper)).x.tolist() == [4, 4, -4]


@st.composite
def systems(draw: st.DrawFn) -> tuple[Array, Array]:
    """A random sparse square system with loops, and a solution of many magnitudes."""
    n = draw(st.integers(2, 14))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matrix = np.where(
        random.random((n, n)) < draw(st.floats(0.05, 0.5)), random.uniform(-0.9, 0.9, (n, n)), 0
    )
    np.fill_diagonal(matrix, np.abs(matrix).sum(axis=1) + 0.5)
    return matrix[random.permutation(n)], 10 ** random.uniform(-3, 3, n)


@given(systems(), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_any_square_system_is_that_of_dense_algebra(system: tuple[Array, Array], redundant: int) -> None:
    matrix, x = system
    random = np.random.default_rng(redundant)
    more = random.uniform(-1, 1, (redundant, len(x))) @ matrix
    found = simulate(problem_of(np.vstack([matrix, more]), np.concatenate([matrix @ x, more @ x]))).x
    assert found == pytest.approx(np.linalg.solve(matrix, matrix @ x), rel=1e-9, abs=1e-9 * np.abs(x).max())


@given(systems())
@settings(max_examples=40, deadline=None)
def test_without_any_one_row_the_unknowns_it_alone_determined_are_free(system: tuple[Array, Array]) -> None:
    matrix, x = system
    problem = problem_of(matrix[1:], matrix[1:] @ x)
    order = causal_order(equations(problem), np.ones(len(x)))
    moving = np.abs(np.linalg.svd(matrix[1:])[2][-1]) > 1e-12
    assert order.free.tolist() == np.flatnonzero(moving).tolist()
    with pytest.raises(Undetermined, match=f"x{order.free[0]}"):
        simulate(problem)


def test_other_numbers_are_simulated_again_by_the_same_steps() -> None:
    problem = problem_of([[1, 0, 0], [1, -1, 1], [0, 0.5, -1]], [5, 0, 0])
    kept = repeated(problem, simulate(problem))
    for right in (1.0, 7.0):
        again = replace(problem, exact=replace(problem.exact, rhs=np.array([right, 0, 0])))
        assert kept.x(again) == pytest.approx(simulate(again).x, rel=1e-15)
    wrong = replace(problem, exact=replace(problem.exact, rhs=np.array([np.nan, 0, 0])))
    with pytest.raises(Infeasible):
        kept.x(wrong)
