"""Tests of single observations and of the whole against published numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mfa.solve.diagnose import Diagnosis, diagnose, generalised_likelihood_ratio
from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares, Rows
from mfa.solve.reconcile import reconcile
from tests.solve.cases import networks, published, three_flows
from tests.solve.small import Small


def judged(problem: LeastSquares) -> Diagnosis:
    found = reconcile(problem)
    return diagnose(problem, found, posterior(problem, found))


@pytest.mark.parametrize("name", ["P2", "P4", "P5", "P8", "P12", "P15"])
def test_published_networks(shared: Path, name: str) -> None:
    case = networks(shared)[name]
    found = judged(published(case))
    wanted = np.array(case["computed"]["z"], dtype=float)
    np.testing.assert_allclose(-found.z, wanted, atol=1e-8)  # the reference counts adjustments, not residuals
    assert found.test.chi2 == pytest.approx(case["computed"]["chi2"], rel=1e-8)
    assert found.test.dof == pytest.approx(case["computed"]["dof"], abs=1e-8)
    assert found.test.p == pytest.approx(case["computed"]["p"], rel=1e-7)


def test_one_biased_stream(shared: Path) -> None:
    case = networks(shared)["P4"]
    problem = published(case, (1, 4.0))
    found = judged(problem)
    assert found.test.chi2 == pytest.approx(16.674, abs=5e-4)
    assert found.test.critical == pytest.approx(9.488, abs=5e-4)
    assert found.critical == pytest.approx(2.631, abs=5e-4)
    np.testing.assert_allclose(np.abs(found.z), [1.253, 3.205, 0.494, 2.000, 1.698, 2.458], atol=6e-4)
    assert found.flag.tolist() == [""] * 6  # which of them is wrong is said by elimination


def test_likelihood_ratios(shared: Path) -> None:
    problem = published(networks(shared)["P4"], (1, 4.0))
    solution = reconcile(problem)
    spread = posterior(problem, solution)
    found = generalised_likelihood_ratio(problem, solution, spread, observations=range(6), rows=range(4))
    bias = [r.statistic for r in found[:6]]
    np.testing.assert_allclose(bias, [1.571, 10.270, 0.244, 4.002, 2.884, 6.040], atol=6e-4)
    assert {r.kind for r in found[6:]} == {"leak"}


def test_a_leak_ratio_is_the_fall_of_chi_square(shared: Path) -> None:
    case = networks(shared)["P4"]
    problem = published(case, (1, 4.0))
    solution = reconcile(problem)
    spread = posterior(problem, solution)
    (leak,) = generalised_likelihood_ratio(problem, solution, spread, rows=[2])
    opened = [k for k in range(4) if k != 2]
    rows = Rows(problem.exact.matrix[opened], problem.exact.rhs[opened], problem.exact.name)
    assert solution.chi2 - reconcile(replace(problem, exact=rows)).chi2 == pytest.approx(
        leak.statistic, rel=1e-9
    )
    inside = replace(problem, exact=rows)
    left = problem.exact.residual(reconcile(inside).q)[2]
    assert abs(leak.size) == pytest.approx(abs(left), rel=1e-9)


@pytest.mark.parametrize(("sigmas", "fired", "named"), [(5, 12, 14), (10, 17, 18)])
def test_serth_and_heenan(shared: Path, sigmas: int, fired: int, named: int) -> None:
    case = networks(shared)["P15"]
    exact = (
        dict(case, measured=case["published"]["Real Value"]) if "Real Value" in case["published"] else case
    )
    base = judged(published(case))
    assert base.leverage[1] == pytest.approx(0.0001, abs=5e-5)
    assert base.leverage[7] == pytest.approx(0.895, abs=5e-4)
    fires = names = 0
    for k, sigma in enumerate(case["sigma"]):
        found = judged(published(exact, (k, sigmas * sigma)))
        fires += found.test.chi2 > found.test.critical
        names += int(np.argmax(np.abs(found.z))) == k
    assert (fires, names) == (fired, named)


def test_flags() -> None:
    small = Small()
    for name in "xy":
        small.unknown(name)
    for value in (10.0, 10.1, 9.9, 10.05, 40.0):
        small.observe({"x": 1}, value, 1.0)
    small.observe({"y": 1}, 5.0, 1.0)
    small.observe({"x": 1}, 12.0, 1.0, counted=False)
    found = judged(small.problem())
    assert found.flag.tolist() == [""] * 5 + ["unchecked", "not counted"]
    assert found.contribution[6] == 0.0
    assert found.contribution.sum() == pytest.approx(found.test.chi2)


def test_a_report_that_others_say_next_to_nothing_of_is_not_checkable_alone() -> None:
    small = Small()
    small.unknown("x")
    for value, sd in ((10.0, 0.05), (10.5, 1.0)):
        small.observe({"x": 1}, value, sd)
    found = judged(small.problem())
    assert found.leverage[0] == pytest.approx(0.0025 / 1.0025)
    assert found.flag.tolist() == ["not checkable alone", ""]


def test_nothing_checked_passes() -> None:
    small = Small()
    small.unknown("x")
    small.observe({"x": 1}, 5.0, 1.0)
    assert judged(small.problem()).test.p == 1.0


def test_three_flows_share_one_z() -> None:
    found = judged(three_flows())
    np.testing.assert_allclose(np.abs(found.z), np.sqrt(0.7751937984), rtol=1e-8)


def test_a_figure_far_off_is_flagged_even_where_its_leverage_is_lost() -> None:
    small = Small()
    small.unknown("x", 10.0)
    for value in (10.0, 20.0):
        small.observe({"x": 1}, value, 1.0)
    problem = small.problem()
    found = reconcile(problem)
    spread = posterior(problem, found)
    lost = diagnose(problem, found, replace(spread, leverage=np.zeros(2)))
    assert lost.flag.tolist() == ["gross error", "gross error"]
    np.testing.assert_allclose(lost.z, [-5.0, 5.0])
