from __future__ import annotations

import numpy as np
import pytest
import qdldl
from scipy import sparse

from mfa.solve.separable.inverse import selected_inverse
from mfa.solve.separable.normal import factorise, scaled


@pytest.mark.parametrize("n", [1, 2, 7, 60])
def test_the_selected_entries_are_those_of_the_inverse(n: int) -> None:
    rng = np.random.default_rng(n)
    rows = sparse.random_array((n, 3 * n), density=min(1.0, 3 / n), rng=rng, format="csr")
    rows = sparse.csr_array(rows + sparse.eye_array(n, 3 * n, format="csr"))
    upper, _ = scaled(rows, rng.uniform(0.1, 2.0, 3 * n))
    found = selected_inverse(qdldl.Solver(upper, upper=True))
    whole = upper.toarray()
    whole = whole + np.triu(whole, 1).T
    inverse = np.linalg.inv(whole)
    row, column = np.nonzero(whole)
    assert found.at(row, column) == pytest.approx(inverse[row, column], rel=1e-10, abs=1e-12)


def test_the_factors_solve_whatever_the_magnitudes() -> None:
    rows = sparse.csr_array(np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]]))
    variance = np.array([1e12, 1.0, 1e-12])
    normal = factorise(rows, variance)
    matrix = rows.toarray() @ np.diag(variance) @ rows.toarray().T
    wanted = np.array([3.0, -2.0])
    assert normal.solve(matrix @ wanted) == pytest.approx(wanted, rel=1e-9)


def test_empty_rows_have_no_multiplier() -> None:
    rows = sparse.csr_array(np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert factorise(rows, np.ones(2)).solve(np.array([2.0, 5.0])) == pytest.approx([2.0, 0.0])
