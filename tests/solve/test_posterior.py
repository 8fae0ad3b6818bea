"""Standard deviations against published covariances and dense propagation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from mfa.solve.diagnose import diagnose
from mfa.solve.elimination import gross_errors
from mfa.solve.posterior import Posterior, posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from tests.solve import dense
from tests.solve.cases import cencic, circuit, networks, published, table, three_flows
from tests.solve.chains import chain
from tests.solve.one_by_one import one_by_one
from tests.solve.small import Small
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


@pytest.mark.parametrize("seed", range(60))
def test_one_factorisation_and_a_solve_for_each_observation_agree(seed: int) -> None:
    assert_as_one_by_one(chain(seed))


def test_a_world_one_by_one() -> None:
    assert_as_one_by_one(world(years=3, regions=6, miners=3).problem)


def assert_as_one_by_one(problem: LeastSquares) -> None:
    """Standard deviations to 1e-8 of their own or 1e-11 of their value, and the same leverages."""
    found = reconcile(problem)
    spread = posterior(problem, found)
    slow, scale = one_by_one(spread.tangent), spread.tangent.form.scale
    cells = problem.cells.jacobian(found.x)
    parts = {
        "x": (spread.sd_x, sparse.eye_array(len(problem), format="csr"), found.x),
        "q": (spread.sd_q, cells, found.q),
        "observed": (spread.sd_observed, problem.observed.rows.matrix @ cells, found.fitted),
    }
    for name, (sd, over, value) in parts.items():
        wanted = slow.sd(sparse.csr_array(over @ sparse.eye_array(len(problem), len(scale)) * scale))
        known = ~np.isnan(sd)
        off = np.abs(sd - wanted)[known]
        assert np.all(off <= (1e-8 * wanted + 1e-11 * np.abs(value))[known]), name
    np.testing.assert_allclose(spread.leverage[spread.tangent.form.counted], slow.leverage, atol=1e-9)


def test_chains_have_all_that_may_go_wrong() -> None:
    """What the comparison above is about: free flows, bounds that hold, exact yields, shared errors."""
    problems = [chain(seed) for seed in range(20)]
    found = [(p, reconcile(p)) for p in problems]
    free = [bool(posterior(p, s).free_x.any()) for p, s in found]
    held = [bool(np.any(s.active)) for _, s in found]
    assert sum(free) > 10
    assert sum(held) > 4


def test_labels_of_blocks_change_no_standard_deviation() -> None:
    problem = world(years=3, regions=4, miners=2).problem
    found = reconcile(problem)
    block = posterior(problem, found)
    one = posterior(problem, replace(found, order=replace(found.order, labels=0 * found.order.labels)))
    assert len(np.unique(found.order.labels)) > 1
    some = sparse.eye_array(len(problem.cells), format="csr")[::97]
    np.testing.assert_allclose(block.sd_of(some), one.sd_of(some), rtol=1e-7)
    np.testing.assert_allclose(block.sd_of(some), block.sd_q[::97], rtol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_chi_square_is_the_sum_of_leverages(seed: int) -> None:
    """E[chi2] = sum of leverages, each report's own part its leverage: errors drawn and propagated."""
    problem = world(years=2, regions=3, miners=2, seed=seed + 3).problem
    spread = posterior(problem, reconcile(problem))
    slow = one_by_one(spread.tangent)
    errors = np.random.default_rng(seed).standard_normal((len(slow.leverage), 20_000))
    chi2 = np.sum((errors - slow.fitted @ errors) ** 2, axis=0)
    dof = spread.leverage.sum()
    assert chi2.mean() == pytest.approx(dof, abs=5 * np.sqrt(2 * dof / errors.shape[1]))
    assert chi2.var() == pytest.approx(2 * dof, rel=0.1)


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


def test_a_loop_that_loses_a_millionth_is_determined() -> None:
    # what enters is what the loop loses: a = b + w, b = (1 - loss) a
    loss = 1e-6
    small = Small()
    for name in "awb":
        small.unknown(name)
    small.exact({"a": 1, "b": -1, "w": -1}, name="joined")
    small.exact({"b": 1, "a": loss - 1}, name="returned")
    small.observe({"w": 1}, 2.0, 0.1)
    problem = small.problem()
    found = reconcile(problem)
    assert found.x == pytest.approx([2.0 / loss, 2.0, 2.0 / loss - 2.0], rel=1e-8)
    spread = posterior(problem, found)
    assert not spread.free_x.any()
    assert spread.sd_x == pytest.approx([0.1 / loss, 0.1, 0.1 / loss - 0.1], rel=1e-8)


@pytest.mark.parametrize("sd", [1e-3, 1e-9, 1e-12])
def test_reports_however_sure_check_each_other(sd: float) -> None:
    small = Small()
    small.unknown("x", 10.0)
    small.unknown("y", 4.0)
    for value in (10.0, 11.0):
        small.observe({"x": 1}, value, sd)
    small.observe({"y": 1}, 4.0, 1.0)
    problem = small.problem()
    found = reconcile(problem)
    assert found.x == pytest.approx([10.5, 4.0], rel=1e-12)
    spread = posterior(problem, found)
    assert spread.sd_x == pytest.approx([sd / np.sqrt(2), 1.0], rel=1e-9)
    assert spread.leverage == pytest.approx([0.5, 0.5, 0.0], abs=1e-9)
    judged = diagnose(problem, found, spread)
    assert judged.test.dof == pytest.approx(1.0)
    assert judged.flag.tolist() == ["", "", "unchecked"]
    (one,) = gross_errors(problem, found, spread).suspects
    assert [(m.place, m.likely) for m in one.members] == [(0, True), (1, True)]
