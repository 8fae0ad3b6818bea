"""What closing shares to 1 takes off the evidence, beside the covariance that closed shares have."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from mfa.solve.closed import closure_of
from mfa.solve.elimination import gross_errors
from mfa.solve.posterior import posterior
from mfa.solve.problem import Cells, LeastSquares, Observed, Rows, named
from mfa.solve.reconcile import reconcile


def observed(m: int, closed: list[tuple[int, int]], counted: list[bool] | None = None) -> Observed:
    rows = Rows(sparse.csr_array(np.eye(m)), np.zeros(m), named([f"o{k}" for k in range(m)]))
    seen = np.ones(m, dtype=bool) if counted is None else np.array(counted)
    pairs = np.array(closed, dtype=np.int64).reshape(-1, 2)
    return Observed(rows, np.ones(m), np.zeros(m), seen, closed=pairs)


def test_one_group_loses_the_share_of_each_in_the_variance_of_their_sum() -> None:
    sigma = np.array([0.1, 0.2, 0.05, 7.0])
    found = closure_of(observed(4, [(0, 0), (0, 1), (0, 2)]), sigma)
    assert found.share == pytest.approx([*(sigma[:3] ** 2 / np.sum(sigma[:3] ** 2)), 0])


def test_groups_with_a_share_in_common_lose_what_they_span() -> None:
    """A scalar share beside shares by region: A + B_x = 1 and A + B_y = 1."""
    sigma = np.array([0.1, 0.2, 0.05])
    found = closure_of(observed(3, [(0, 0), (0, 1), (1, 0), (1, 2)]), sigma)
    rows = np.array([[1, 1, 0], [1, 0, 1]]) * sigma
    projector = rows.T @ np.linalg.solve(rows @ rows.T, rows)
    assert found.share == pytest.approx(np.diag(projector))
    assert found.of(np.array([1.0, -2.0, 0.5])) == pytest.approx(projector @ [1.0, -2.0, 0.5])


def test_sums_said_twice_count_once() -> None:
    found = closure_of(observed(2, [(0, 0), (0, 1), (1, 0), (1, 1)]), np.ones(2))
    assert found.share == pytest.approx([0.5, 0.5])


def test_a_group_of_which_a_statement_does_not_count_is_none() -> None:
    seen = observed(4, [(0, 0), (0, 1), (1, 2), (1, 3)], [True, False, True, True])
    assert closure_of(seen, np.ones(4)).share == pytest.approx([0, 0, 0.5, 0.5])


def test_nothing_closed_takes_nothing() -> None:
    assert closure_of(observed(2, []), np.ones(2)).share.tolist() == [0.0, 0.0]


def shares_and_parts(report: list[float]) -> LeastSquares:
    """Three shares, stated and closed to 1, of a whole of 10 of which two parts are measured too."""
    sd = np.array([0.02, 0.03, 0.05, 0.1, 0.4])
    cells = Cells(np.arange(3), np.full(3, -1), np.ones(3), named(["a", "b", "c"]))
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [10, 0, 0], [0, 10, 0]], dtype=float)
    pairs = np.array([[0, 0], [0, 1], [0, 2]])
    rows = Rows(sparse.csr_array(matrix), np.array(report), named([f"o{k}" for k in range(5)]))
    return LeastSquares(
        cells=cells,
        lower=np.zeros(3),
        upper=np.ones(3),
        start=np.array([0.2, 0.3, 0.5]),
        scale=np.ones(3),
        exact=Rows(sparse.csr_array(np.ones((1, 3))), np.ones(1), named(["sum"])),
        limits=Rows(sparse.csr_array((0, 3)), np.zeros(0), named([])),
        observed=Observed(rows, sd, np.zeros(5), np.ones(5, dtype=bool), closed=pairs),
        name=named(["a", "b", "c"]),
    )


def test_leverages_are_those_of_the_covariance_of_closed_shares() -> None:
    """A dense twin: residuals have the covariance S - H C H' where reports have C, singular as it is."""
    problem = shares_and_parts([0.2, 0.3, 0.5, 2.1, 2.9])
    found = reconcile(problem)
    spread = posterior(problem, found)
    s = problem.observed.sd
    covariance = np.diag(s**2)
    covariance[:3, :3] -= np.outer(s[:3] ** 2, s[:3] ** 2) / np.sum(s[:3] ** 2)
    basis = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    design = problem.observed.rows.matrix.toarray() @ basis / s[:, None]
    hat = design @ np.linalg.solve(design.T @ design, design.T)
    white = covariance / np.outer(s, s)
    residual = (np.eye(5) - hat) @ white @ (np.eye(5) - hat).T
    assert spread.leverage == pytest.approx(np.diag(residual), abs=1e-9)
    assert spread.leverage.sum() == pytest.approx(2, abs=1e-9)


def test_the_error_of_a_closed_share_is_sized_by_what_checks_it() -> None:
    """Taking a report out is solving again with a free error in it, the closure of the others kept."""
    problem = shares_and_parts([0.2, 0.3, 0.5, 4.0, 3.0])
    found = reconcile(problem)
    first = gross_errors(problem, found, posterior(problem, found)).suspects[0].first
    s = problem.observed.sd
    basis = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    matrix = problem.observed.rows.matrix.toarray()
    error = np.zeros(5)
    error[first.place] = 1.0
    offset = matrix @ np.array([0.0, 0.0, 1.0])
    closed = s[:3] / np.linalg.norm(s[:3])

    def out(rows: np.ndarray) -> np.ndarray:
        white = rows / s if rows.ndim == 1 else rows / s[:, None]
        white = white.copy()
        white[:3] -= (
            np.multiply.outer(closed, closed @ white[:3]) if rows.ndim > 1 else closed * (closed @ white[:3])
        )
        return white

    design = np.column_stack([out(matrix @ basis), out(error)])
    wanted = np.linalg.lstsq(design, out(problem.observed.rows.rhs - offset), rcond=None)[0][-1]
    assert first.size == pytest.approx(wanted, rel=1e-6)
