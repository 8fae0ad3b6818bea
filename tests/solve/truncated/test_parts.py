"""The two ways to a cut off posterior, all at once and part by part, agree."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mfa.solve.posterior import posterior
from mfa.solve.reconcile import reconcile
from mfa.solve.separable.posterior import parts_posterior
from mfa.solve.truncated.beside import beside_bounds
from tests.bench.network import SIZES, network


def test_parts_agree_with_the_whole() -> None:
    problem = network(**{**SIZES["1k"], "regions": 12}).problem
    found = reconcile(problem)
    parts = parts_posterior(problem, found)
    assert parts is not None
    ours, other = (beside_bounds(problem, found, s) for s in (parts, posterior(problem, found)))
    one, two = ours.cells, other.cells
    known = ~np.isnan(two.sd) & (two.sd > 0)
    np.testing.assert_array_equal(np.isnan(one.sd), np.isnan(two.sd))
    assert np.count_nonzero(two.bound) > 50
    assert np.max(np.abs(one.mean - two.mean)[known] / two.sd[known]) < 0.03
    np.testing.assert_allclose(one.sd[known], two.sd[known], rtol=0.02)
    matrix = sparse.csr_array(
        np.random.default_rng(1).choice([0.0, 1.0], (5, len(problem.cells)), p=[0.9, 0.1])
    )
    matrix.data[np.isnan(two.sd)[matrix.indices]] = 0.0
    matrix.eliminate_zeros()
    sums = ours.numbers(matrix), other.numbers(matrix)
    np.testing.assert_allclose(sums[0].sd, sums[1].sd, rtol=0.02)
    np.testing.assert_allclose(sums[0].mean, sums[1].mean, rtol=0.01)
    rows = problem.exact.matrix
    closed = ~np.isnan(rows @ one.mean)
    open_ = np.abs(rows @ one.mean)[closed] / np.maximum(abs(rows) @ np.abs(one.mean), 1e-300)[closed]
    assert np.max(open_) < 1e-9
