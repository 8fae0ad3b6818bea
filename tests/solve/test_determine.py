"""Exact rows alone: closed forms, scales far apart, contradictions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from mfa.errors import NotConverged
from mfa.solve.determine import determine
from mfa.solve.problem import Cells, LeastSquares, Observed, Rows, named


def _problem(matrix: list[list[float]], rhs: list[float]) -> LeastSquares:
    rows = np.array(matrix)
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


def test_a_square_system() -> None:
    found = determine(_problem([[1, 1], [1, -1]], [10, 4]))
    assert found.x == pytest.approx([7, 3], rel=1e-12)


def test_magnitudes_far_apart_close_to_their_own_precision() -> None:
    found = determine(_problem([[1, 0, 0], [1e-12, -1, 0], [0, 1e-6, -1]], [1e9, 0, 0]))
    assert found.x == pytest.approx([1e9, 1e-3, 1e-9], rel=1e-11)


def test_a_redundant_row_does_no_harm() -> None:
    found = determine(_problem([[1, 1], [1, -1], [2, 0]], [10, 4, 14]))
    assert found.x == pytest.approx([7, 3], rel=1e-9)


def test_rows_that_contradict_name_the_worst() -> None:
    with pytest.raises(NotConverged, match="row"):
        determine(_problem([[1.0], [1.0]], [1, 2]))
