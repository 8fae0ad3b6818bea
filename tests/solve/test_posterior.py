"""Standard deviations against published covariances and dense propagation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from mfa.solve.posterior import Posterior, posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from tests.solve import dense
from tests.solve.cases import cencic, circuit, networks, published, table, three_flows
from tests.solve.worlds import world


def spread_of(problem: LeastSquares) -> Posterior:
    return posterior(problem, reconcile(problem))


def test_three_flows() -> None:
    np.testing.assert_allclose(spread_of(three_flows()).sd_x, [0.4741, 0.4489, 0.1969], atol=5e-5)


def test_cencic() -> None:
    spread = spread_of(cencic(equal=False))
    wanted = [7.882792, 22.608614, 21.213297, 7.882792, 0.037681]
    np.testing.assert_allclose(spread.sd_x[[0, 2, 3, 4, 7]], wanted, atol=5e-7)
    assert np.flatnonzero(spread.free_x).tolist() == [5, 6]
    assert np.isnan(spread.sd_x[[5, 6]]).all()
    assert spread.sd_x[1] == pytest.approx(0.0, abs=1e-12)
    assert spread.leverage.sum() == pytest.approx(2.0)


def test_cencic_covariance() -> None:
    problem = cencic(equal=False)
    cell = {problem.cells.name(k): k for k in range(len(problem.cells))}
    chosen = [cell[n] for n in ("F1", "F3", "F5", "TC")]
    matrix = sparse.eye_array(len(cell), format="csr")[chosen]
    wanted = np.array(
        [
            [62.1384, 61.6420, 62.1384, -0.10274],
            [61.6420, 511.1494, 61.6420, 0.64808],
            [62.1384, 61.6420, 62.1384, -0.10274],
            [-0.10274, 0.64808, -0.10274, 0.0014199],
        ]
    )
    spread = spread_of(problem)
    np.testing.assert_allclose(spread.covariance_of(matrix), wanted, rtol=5e-5)
    np.testing.assert_allclose(spread.sd_of(matrix), np.sqrt(np.diag(wanted)), rtol=5e-5)


def test_a_free_pair_has_a_sum_with_an_sd() -> None:
    problem = cencic(equal=False)
    cell = {problem.cells.name(k): k for k in range(len(problem.cells))}
    both = np.zeros((2, len(cell)))
    both[0, [cell["F6"], cell["F7"]]] = 1.0
    both[1, cell["F6"]] = 1.0
    sd = spread_of(problem).sd_of(sparse.csr_array(both))
    assert sd[0] == pytest.approx(7.882792, abs=5e-7)
    assert np.isnan(sd[1])


def test_equal_parts() -> None:
    np.testing.assert_allclose(spread_of(cencic(equal=True)).sd_x[[5, 6]], 3.941396, atol=5e-7)


@pytest.mark.parametrize("name", ["P2", "P4", "P5", "P8", "P12", "P15"])
def test_published_networks(shared: Path, name: str) -> None:
    case = networks(shared)[name]
    spread = spread_of(published(case))
    np.testing.assert_allclose(spread.sd_x, case["computed"]["sd"], rtol=1e-8, atol=1e-8)
    assert spread.leverage.sum() == pytest.approx(case["computed"]["dof"], abs=1e-8)


@pytest.mark.parametrize("problem", [circuit(0.0), table(0.0)], ids=["circuit", "table"])
def test_against_dense_propagation(problem: LeastSquares) -> None:
    found = reconcile(problem)
    cells = problem.cells.jacobian(found.x)
    held = np.eye(len(problem))[np.flatnonzero(found.active[: len(problem)])]
    rows = np.vstack([(problem.exact.matrix @ cells).toarray(), held])
    pulls = (problem.observed.rows.matrix @ cells).toarray() / found.sigma[:, None]
    covariance = dense.covariance(rows, pulls)
    spread = posterior(problem, found)
    known = ~spread.free_x
    np.testing.assert_allclose(spread.sd_x[known], np.sqrt(np.diag(covariance))[known], rtol=1e-6, atol=1e-9)
    in_cells = np.sqrt(np.diag(cells @ covariance @ cells.T))
    known = ~spread.free_q
    np.testing.assert_allclose(spread.sd_q[known], in_cells[known], rtol=1e-6, atol=1e-9)


def test_block_by_block_agrees_with_one_block() -> None:
    problem = world(years=3, regions=4, miners=2).problem
    found = reconcile(problem)
    block = posterior(problem, found)
    one = posterior(problem, replace(found, order=replace(found.order, labels=0 * found.order.labels)))
    assert len(np.unique(found.order.labels)) > 1
    np.testing.assert_allclose(block.sd_x, one.sd_x, rtol=1e-7)
    np.testing.assert_allclose(block.sd_q, one.sd_q, rtol=1e-7)
    np.testing.assert_allclose(block.leverage, one.leverage, atol=1e-9)


def test_leverages_sum_to_the_number_of_checks() -> None:
    problem = world(years=3, regions=4, miners=2).problem
    found = reconcile(problem)
    spread = posterior(problem, found)
    at = spread.tangent
    both = sparse.vstack([at.rows, at.pulls]).toarray()[:, ~at.fixed]
    size = np.linalg.norm(both, axis=0)
    rank = np.linalg.matrix_rank(both / np.where(size > 0, size, 1.0), tol=1e-11)
    rows = np.linalg.matrix_rank(at.rows.toarray()[:, ~at.fixed])
    assert spread.leverage.sum() == pytest.approx(at.pulls.shape[0] - (rank - rows), abs=1e-6)


def test_what_is_given_exactly_has_no_noise() -> None:
    spread = spread_of(cencic(equal=False))
    assert spread.sd_x[1] == 0.0
    assert spread.sd_q[1] == 0.0


def test_a_robust_weight_lowers_the_pull() -> None:
    problem = circuit(0.0)
    plain = posterior(problem, reconcile(problem))
    robust = reconcile(problem, robust="huber")
    weak = int(np.argmin(robust.weight))
    assert robust.weight[weak] < 1
    assert posterior(problem, robust).sd_observed[weak] > plain.sd_observed[weak]
