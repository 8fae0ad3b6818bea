"""Variances by fronts against rational numbers, closed forms and identities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from mfa.solve.frontal import tree
from mfa.solve.frontal.marginals import Marginals, marginals
from tests.solve.rational import propagated

Array = np.ndarray


def found(exact: Array, soft: Array, wanted: Array) -> Marginals:
    return marginals(*(sparse.csr_array(np.asarray(m, float)) for m in (exact, soft, wanted)))


def drawn(seed: int, size: int) -> tuple[Array, Array, Array]:
    """Rows of small integers: some depend on each other, errors over eight decades, units over twelve."""
    random = np.random.default_rng(seed)
    n = int(random.integers(2, size))

    def rows(count: int, terms: float) -> Array:
        there = random.random((count, n)) < min(1.0, terms / n)
        return there * random.integers(1, 9, (count, n)) * random.choice([-1.0, 1.0], (count, n))

    exact = rows(int(random.integers(0, n)), random.uniform(1, 5))
    soft, wanted = rows(int(random.integers(1, n + 5)), random.uniform(1, 8)), rows(4, 4)
    if seed % 3 == 0 and len(exact) > 1:
        exact = np.vstack([exact, exact[0] + exact[1]])
    if seed % 4 == 0:
        soft = 2.0 ** random.integers(-13, 13, len(soft))[:, None] * soft
    unit = 2.0 ** random.integers(-20, 20, n) if seed % 5 == 0 else np.ones(n)
    return exact * unit, soft * unit, wanted * unit


@pytest.mark.parametrize("overhead", [1, 6, 100])
@pytest.mark.parametrize("size", [8, 20, 36])
def test_against_rational_numbers(monkeypatch: pytest.MonkeyPatch, overhead: int, size: int) -> None:
    """Small fronts make deep trees of the same rows."""
    monkeypatch.setattr(tree, "OVERHEAD", overhead)
    for seed in range({8: 60, 20: 30, 36: 8}[size]):
        exact, soft, wanted = drawn(seed, size)
        got, true = found(exact, soft, wanted), propagated(exact, soft)
        free = np.max(np.abs(got.vectors), axis=1) > 1e-9 * got.unit
        variance, expected_free = true.variance(np.eye(soft.shape[1]))
        np.testing.assert_array_equal(free, expected_free, err_msg=str(seed))
        assert_sd(got.unknowns[~free], variance[~free], got.unit[~free])
        np.testing.assert_allclose(got.observed, true.variance(soft)[0], atol=1e-9)
        variance, unknown = true.variance(wanted)
        assert_sd(got.wanted[~unknown], variance[~unknown], (abs(wanted) @ got.unit)[~unknown])


def assert_sd(got: Array, true: Array, unit: Array) -> None:
    """Standard deviations to 1e-8 of their own, and nothing to 1e-10 of the largest, in units."""
    largest = np.sqrt(np.max(true / unit**2, where=unit > 0, initial=1.0))
    assert np.all(np.sqrt(got[true == 0]) <= 1e-10 * largest * unit[true == 0])
    some = true > 0
    np.testing.assert_allclose(np.sqrt(got[some]), np.sqrt(true[some]), rtol=1e-8)


@pytest.mark.parametrize("overhead", [1, 100])
def test_null_vectors_meet_all_rows(monkeypatch: pytest.MonkeyPatch, overhead: int) -> None:
    monkeypatch.setattr(tree, "OVERHEAD", overhead)
    for seed in range(40):
        exact, soft, wanted = drawn(3 * seed + 1, 20)
        vectors = found(exact, soft, wanted).vectors
        every = np.vstack([exact, soft])
        size = np.abs(every) @ np.abs(vectors) + np.abs(every).max() * np.abs(vectors).max(initial=0.0)
        assert np.all(np.abs(every @ vectors) <= 1e-11 * size)


def test_a_sum_of_many_is_never_a_dense_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of the sum of n reported flows takes 1/(n+1) off each variance, however they are grouped."""
    n = 500
    monkeypatch.setattr(tree, "OVERHEAD", 4)
    soft = sparse.csr_array(sparse.vstack([sparse.eye_array(n), np.ones((1, n))]))
    got = marginals(sparse.csr_array((0, n)), soft, sparse.csr_array(np.ones((1, n))))
    np.testing.assert_allclose(got.unknowns, n / (n + 1), rtol=1e-13)
    np.testing.assert_allclose(got.observed, np.append(np.full(n, n / (n + 1)), n / (n + 1)), rtol=1e-13)
    np.testing.assert_allclose(got.wanted, n / (n + 1), rtol=1e-13)


def test_a_variance_is_no_difference_of_large_ones() -> None:
    """The difference of two sums known to 1e-9 each, of flows known to 1 each."""
    flows = np.eye(4)
    sums = 1e9 * np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    got = found(np.zeros((0, 4)), np.vstack([flows, sums]), np.array([[1.0, 1.0, -1.0, -1.0]]))
    np.testing.assert_allclose(np.sqrt(got.wanted), np.sqrt(2) * 1e-9, rtol=1e-9)


def test_what_rows_give_has_no_variance() -> None:
    """x - y = 0 and x + y = 0 (up to a right side) leave nothing open, whatever is reported."""
    got = found(np.array([[1.0, -1.0], [1.0, 1.0]]), np.eye(2), np.array([[3.0, 4.0]]))
    assert np.all(got.unknowns < 1e-28)
    assert np.all(got.observed < 1e-28)


def test_nothing_known_is_free() -> None:
    got = found(np.array([[1.0, -1.0, 0.0]]), np.zeros((1, 3)), np.zeros((0, 3)))
    assert np.all(np.abs(got.vectors) > 1e-6)
    np.testing.assert_allclose(got.vectors[0], got.vectors[1])
    assert got.observed.tolist() == [0.0]


def test_no_unknowns_have_no_variances() -> None:
    got = found(np.zeros((0, 0)), np.zeros((2, 0)), np.zeros((0, 0)))
    assert got.unknowns.shape == (0,)
    assert got.observed.tolist() == [0.0, 0.0]
