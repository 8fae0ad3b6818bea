"""The dense part of bordered factors: independent places of symmetric matrices of any rank."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from mfa.solve.border import NOTHING, _independent


@pytest.mark.parametrize("seed", range(40))
def test_what_is_kept_of_a_symmetric_matrix_is_regular_and_of_its_rank(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, rank = int(rng.integers(2, 12)), int(rng.integers(1, 8))
    factor = np.where(rng.random((n, rank)) < 0.5, 0.0, rng.choice([-1.0, 1.0, 0.5], (n, rank)))
    matrix = factor @ np.diag(rng.choice([-1.0, 1.0], rank)) @ factor.T
    kept, factors = _independent(matrix.copy(), NOTHING)
    assert np.count_nonzero(kept) == np.linalg.matrix_rank(matrix, tol=1e-9)
    if not kept.any():
        return
    wanted = matrix @ rng.normal(size=n)
    found = np.zeros(n)
    found[kept] = linalg.lu_solve(factors, wanted[kept])
    assert matrix @ found == pytest.approx(wanted, abs=1e-9)
