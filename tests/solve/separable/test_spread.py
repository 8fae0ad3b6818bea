from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from mfa.solve.separable import quadratic
from mfa.solve.separable.bounded import solve
from mfa.solve.separable.form import Separable
from mfa.solve.separable.spread import spread
from tests.solve.separable.networks import dense_variance, small


def compare(seed: int) -> None:
    problem = small(seed)
    found = solve(problem)
    if found is None:
        return
    moved = spread(problem, found)
    assert moved is not None
    got = moved.marginals()
    wanted = dense_variance(problem, found)
    assert np.array_equal(np.isnan(got.variance), np.isnan(wanted)), seed
    assert np.array_equal(got.free, np.isnan(wanted))
    known = ~np.isnan(wanted)
    finite = np.isfinite(problem.variance)
    # what is stated is the scale: variances that rows take to nothing are nothing beside it
    scale = 1e-7 * np.where(finite, problem.variance, problem.variance[finite].max(initial=1.0))
    assert np.all(np.abs(got.variance - wanted)[known] <= (1e-7 * wanted + scale)[known]), seed


@pytest.mark.parametrize("seed", range(0, 200, 4))
def test_variances_are_those_of_the_null_space(seed: int) -> None:
    compare(seed)


@pytest.mark.parametrize("seed", range(1, 80, 4))
def test_large_blocks_give_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quadratic, "LARGEST", 1)
    compare(seed)


def test_a_border_gives_the_same() -> None:
    rng = np.random.default_rng(2)
    rows = sparse.block_diag([rng.normal(size=(4, 9)) for _ in range(3)], format="csr")
    coupling = sparse.csr_array(rng.normal(size=(2, 27)))
    whole = sparse.csr_array(sparse.vstack([rows, coupling]))
    variance = rng.uniform(0.5, 2.0, 27)
    wanted = sparse.csr_array(rng.normal(size=(20, 14)) * (rng.random((20, 14)) < 0.4))
    border = np.arange(14) >= 12
    inverse = np.linalg.inv(whole.toarray() @ np.diag(variance) @ whole.toarray().T)
    g = wanted.toarray()
    exact = np.einsum("ki,ij,kj->k", g, inverse, g)
    assert quadratic.quadratic_forms(whole, variance, wanted, border) == pytest.approx(exact, rel=1e-9)
    assert quadratic.quadratic_forms(whole, variance, wanted, ~border & border) == pytest.approx(
        exact, rel=1e-9
    )


def test_the_sum_of_free_flows_may_be_determined() -> None:
    # x = a + b, only x is reported: a and b are free, a + b is not, a - b is
    problem = Separable(
        rows=sparse.csc_array(np.array([[1.0, -1.0, -1.0]])),
        rhs=np.zeros(1),
        mean=np.array([10.0, 0.0, 0.0]),
        variance=np.array([4.0, np.inf, np.inf]),
        lower=np.zeros(3),
        upper=np.full(3, np.inf),
        start=np.ones(3),
        shared=np.zeros(1, dtype=bool),
    )
    found = solve(problem)
    assert found is not None
    moved = spread(problem, found)
    assert moved is not None
    assert moved.free.tolist() == [False, True, True]
    combinations = sparse.csr_array(np.array([[0.0, 1.0, 1.0], [0.0, 1.0, -1.0], [1.0, 0.0, 0.0]]))
    assert moved.frees(combinations).tolist() == [False, True, False]
    assert moved.effects(combinations).toarray()[0] == pytest.approx([1.0, 0.0, 0.0])


def test_effects_are_derivatives_of_the_optimum() -> None:
    from dataclasses import replace

    problem = small(11)
    found = solve(problem)
    assert found is not None
    moved = spread(problem, found)
    assert moved is not None
    combination = sparse.csr_array(np.ones((1, len(problem))))
    effect = moved.effects(combination).toarray()[0]
    for k in np.flatnonzero((found.at == 0) & np.isfinite(problem.variance))[:5]:
        step = 1e-3 * np.sqrt(problem.variance[k])
        mean = problem.mean.copy()
        mean[k] += step
        other = solve(replace(problem, mean=mean, start=found.x), found.at)
        assert other is not None
        assert (other.x.sum() - found.x.sum()) / step == pytest.approx(effect[k], abs=1e-6)
