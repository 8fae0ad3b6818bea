"""Expectation propagation beside an exact sampler, and where a closed form is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse, stats

from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from mfa.solve.truncated.aggregate import aggregate
from mfa.solve.truncated.beside import Beside, beside_bounds
from tests.solve.small import Small
from tests.solve.truncated.sampler import sampled

DRAWS = 4000


def beside(problem: LeastSquares) -> Beside:
    """What is known of the numbers of a problem."""
    found = reconcile(problem)
    return beside_bounds(problem, found, posterior(problem, found))


def flows(**start: float) -> Small:
    """Unknowns with the points a sampler begins at."""
    small = Small()
    for name, value in start.items():
        small.unknown(name, value, scale=20.0)
    return small


def tree() -> LeastSquares:
    """Two processes in a row, an unreported flow out of each."""
    small = flows(x=100, y=70, z=30, u=50, v=20)
    small.exact({"x": 1, "y": -1, "z": -1})
    small.exact({"y": 1, "u": -1, "v": -1})
    for name, value, sd in (("x", 100, 5), ("y", 104, 8), ("u", 99, 10)):
        small.observe({name: 1}, value, sd)
    return small.problem()


def cycle() -> LeastSquares:
    """A flow back, known from what it makes of the flow forth, and unreported losses."""
    small = flows(a=50, f=60, b=10, c=40, w=10)
    small.exact({"a": 1, "b": 1, "f": -1})
    small.exact({"f": 1, "b": -1, "c": -1, "w": -1})
    for name, value, sd in (("a", 50, 4), ("f", 49, 5), ("c", 53, 5)):
        small.observe({name: 1}, value, sd)
    return small.problem()


def capped() -> LeastSquares:
    """An upper bound, a limit on a sum, and a share-like number between two bounds."""
    small = Small()
    small.unknown("x", 9.0, high=10.0, scale=10.0)
    small.unknown("y", 4.0, scale=10.0)
    small.unknown("s", 0.5, high=1.0, scale=1.0)
    small.limit({"x": 1, "y": 1}, 14.0)
    small.observe({"x": 1}, 11.0, 2.0)
    small.observe({"y": 1}, 5.0, 3.0)
    small.observe({"s": 1}, 0.8, 0.4)
    small.observe({"x": 1, "s": 4}, 12.0, 3.0)
    return small.problem()


def correlated() -> LeastSquares:
    """Reports of sums and differences."""
    small = flows(a=5, b=5, c=5, d=15)
    small.exact({"a": 1, "b": 1, "c": 1, "d": -1})
    small.observe({"a": 1, "b": 1}, 6.0, 3.0)
    small.observe({"b": 1, "c": -1}, 2.0, 4.0)
    small.observe({"a": 1}, 1.0, 4.0)
    small.observe({"d": 1}, 11.0, 3.0)
    return small.problem()


@pytest.mark.parametrize("make", [tree, cycle, capped, correlated])
def test_an_exact_sampler_agrees(make: Callable[[], LeastSquares]) -> None:
    problem = make()
    drawn, found = sampled(problem, DRAWS), beside(problem).unknowns
    mean, sd = drawn.mean(axis=0), drawn.std(axis=0)
    # the sampler itself errs by some 0.03 sd
    assert np.max(np.abs(found.mean - mean) / sd) < 0.12
    np.testing.assert_allclose(found.sd, sd, rtol=0.12)
    inside = np.mean((drawn >= found.low) & (drawn <= found.high), axis=0)
    assert np.all(np.abs(inside - 0.95) < 0.025)
    rows = problem.exact.matrix @ problem.cells.value(found.mean)
    np.testing.assert_allclose(rows, problem.exact.rhs, atol=1e-9)


@pytest.mark.parametrize("make", [tree, correlated])
def test_sums_have_their_covariances(make: Callable[[], LeastSquares]) -> None:
    problem = make()
    drawn = sampled(problem, DRAWS)
    matrix = sparse.csr_array(np.random.default_rng(3).integers(1, 4, (4, len(problem.cells))).astype(float))
    order = problem.cells.i
    found, values = aggregate(beside(problem), matrix), drawn[:, order] @ matrix.T
    assert np.max(np.abs(found.mean - values.mean(axis=0)) / values.std(axis=0)) < 0.12
    np.testing.assert_allclose(found.sd, values.std(axis=0), rtol=0.12)
    np.testing.assert_allclose(found.value, matrix @ beside(problem).solution.q)


def test_a_single_bound_is_exact() -> None:
    for report in (3.0, 0.5, -1.0, -6.0, -60.0):
        small = Small()
        small.unknown("x", 1.0)
        small.observe({"x": 1}, report, 1.0)
        number = beside(small.problem()).unknowns
        cut = stats.truncnorm(-report, np.inf, report, 1.0)
        if report > -10:  # further out scipy has no digits
            assert number.mean[0] == pytest.approx(cut.mean(), rel=1e-6)
            assert number.sd[0] == pytest.approx(cut.std(), rel=1e-6)
        else:
            assert number.mean[0] == pytest.approx(1 / 60, rel=1e-3)
            assert number.sd[0] == pytest.approx(1 / 60, rel=1e-3)


def test_what_bounds_alone_determine_has_a_size() -> None:
    """An inflow s of -0.1 +- 0.01 and three unreported outflows: density s^2 N(s) on s > 0."""
    small = flows(x=0.01, a=0.003, b=0.003, c=0.004)
    small.exact({"x": 1, "a": -1, "b": -1, "c": -1})
    small.observe({"x": 1}, -0.1, 0.01)
    number = beside(small.problem()).unknowns
    s = np.linspace(0, 0.05, 200_001)
    density = s**2 * np.exp(-0.5 * ((s + 0.1) / 0.01) ** 2)
    mean = np.average(s, weights=density)
    assert number.mean[0] == pytest.approx(mean, rel=0.02)
    assert number.sd[0] == pytest.approx(np.sqrt(np.average((s - mean) ** 2, weights=density)), rel=0.15)
    assert number.low.tolist()[1:] == [0, 0, 0]


def test_prior_driven_sums_show_what_ignores_bounds() -> None:
    """Fifty flows of 0 +- 1: bounds alone push their sum to some 40."""
    small = Small()
    for k in range(50):
        small.unknown(f"f{k}", 1.0)
        small.observe({f"f{k}": 1}, 0.0, 1.0)
    known = beside(small.problem())
    total = known.numbers(sparse.csr_array(np.ones((1, 50))))
    assert total.mean[0] == pytest.approx(50 * np.sqrt(2 / np.pi), rel=1e-6)
    assert total.sd[0] == pytest.approx(np.sqrt(50 * (1 - 2 / np.pi)), rel=1e-6)
    assert total.prior_driven[0]
    assert total.shown_low[0] == 0.0
    assert total.shown_high[0] == pytest.approx(1.96 * np.sqrt(50), rel=1e-3)
