"""Lognormal errors: true to the logarithm, against closed forms and a posterior on a grid."""

from __future__ import annotations

import numpy as np
import pytest

import mfa
from mfa.solve.diagnose import diagnose
from mfa.solve.losses import Huber
from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from tests.solve.small import Small


def one(reports: list[tuple[float, float]], **more: object) -> LeastSquares:
    small = Small()
    small.unknown("x", 1.0)
    for value, factor in reports:
        small.observe({"x": 1}, value, cv=float(np.log(factor)), log=True, **more)  # type: ignore[arg-type]
    return small.problem()


@pytest.mark.parametrize(
    "reports", [[(10.0, 1.3), (20.0, 1.3)], [(1.0, 1.5), (1000.0, 3.0)], [(4.0, 1.1), (5.0, 2.0)]]
)
def test_two_reports_meet_at_their_geometric_mean(reports: list[tuple[float, float]]) -> None:
    problem = one(reports)
    found = reconcile(problem, max_iterations=200)
    weight = np.array([np.log(f) ** -2 for _, f in reports])
    mean = np.exp(np.sum(weight * np.log([v for v, _ in reports])) / weight.sum())
    assert found.x[0] == pytest.approx(mean, rel=1e-9)
    assert posterior(problem, found).sd_x[0] == pytest.approx(mean / np.sqrt(weight.sum()), rel=1e-8)
    deviation = np.log([v for v, _ in reports] / mean) * np.sqrt(weight)
    np.testing.assert_allclose(found.deviation, deviation, rtol=1e-7, atol=1e-9)
    assert found.chi2 == pytest.approx(float(np.sum(deviation**2)), rel=1e-8)
    judged = diagnose(problem, found, posterior(problem, found))
    assert judged.z[0] == pytest.approx(-judged.z[1], rel=1e-6)
    assert judged.test.dof == pytest.approx(1.0)


def two_flows() -> LeastSquares:
    """a + b = 100 exactly; a is about 30 within a factor 1.5, b about 60 within a factor 1.2."""
    small = Small()
    small.unknown("a", 30.0)
    small.unknown("b", 60.0)
    small.exact({"a": 1, "b": 1}, 100.0, name="whole")
    small.observe({"a": 1}, 30.0, cv=float(np.log(1.5)), log=True)
    small.observe({"b": 1}, 60.0, cv=float(np.log(1.2)), log=True)
    return small.problem()


def test_against_a_posterior_on_a_grid() -> None:
    """The mode to 1e-6; the mean and sd of the posterior, which is skewed, within 2 and 5 per cent."""
    found = reconcile(two_flows())
    a = np.linspace(1e-3, 100 - 1e-3, 2_000_001)
    half = 0.5 * ((np.log(a / 30) / np.log(1.5)) ** 2 + (np.log((100 - a) / 60) / np.log(1.2)) ** 2)
    density = np.exp(half.min() - half)
    mean = float(np.sum(a * density) / np.sum(density))
    sd = float(np.sqrt(np.sum((a - mean) ** 2 * density) / np.sum(density)))
    assert found.x[0] == pytest.approx(float(a[np.argmin(half)]), abs=1e-4)
    assert found.x[0] == pytest.approx(mean, rel=0.02)
    assert posterior(two_flows(), found).sd_x[0] == pytest.approx(sd, rel=0.05)


def test_medians_are_not_biased_where_relative_errors_of_the_report_are() -> None:
    """Two lognormal reports of 100, a thousand times: the mean logarithm is unbiased to its own error."""
    random, s = np.random.default_rng(2), 0.3
    found = []
    for _ in range(200):
        values = 100 * np.exp(s * random.normal(size=2))
        found.append(np.log(reconcile(one([(v, float(np.exp(s))) for v in values])).x[0] / 100))
    assert np.mean(found) == pytest.approx(0.0, abs=3 * s / np.sqrt(2 * 200))
    assert np.std(found) == pytest.approx(s / np.sqrt(2), rel=0.15)


@pytest.mark.parametrize("start", [1e-6, 1.0, 1e6])
def test_any_start_leads_there(start: float) -> None:
    small = Small()
    small.unknown("x", start)
    for value in (10.0, 40.0):
        small.observe({"x": 1}, value, cv=0.5, log=True)
    assert reconcile(small.problem(), max_iterations=200).x[0] == pytest.approx(20.0, rel=1e-8)


def test_a_robust_loss_takes_the_logarithm_too() -> None:
    problem = one([(10.0, 1.2), (10.5, 1.2), (9.5, 1.2), (500.0, 1.2)])
    x = reconcile(problem, robust=Huber()).x[0]
    s = float(np.log(1.2))
    influence = [np.clip(np.log(x / v) / s, -1.345, 1.345) for v in (10.0, 10.5, 9.5, 500.0)]
    assert sum(influence) == pytest.approx(0.0, abs=1e-9)


PLANT = {
    "mfa": 1,
    "processes": {"mine": {"kind": "source"}, "plant": {}, "use": {"kind": "sink"}},
    "flows": {"ore": {"from": "mine", "to": "plant"}, "metal": {"from": "plant", "to": "use"}},
}


def plant(**dug: object) -> mfa.Result:
    sold = {"of": "metal", "value": 40, "factor": 1.5}
    return mfa.run(mfa.load({**PLANT, "observations": {"dug": {"of": "ore", **dug}, "sold": sold}}))


def test_a_factor_in_a_scenario_is_lognormal() -> None:
    assert float(plant(value=10, factor=1.5).flow("ore")) == pytest.approx(20.0, rel=1e-9)


def test_a_floor_above_the_factor_s_own_error_takes_its_place() -> None:
    """A figure of 2 t with a floor of 5 t is known to 5 t, whatever its factor."""
    result = plant(value=2, factor=1.5, floor="5 t")
    assert result.observations["sigma"].iloc[0] == pytest.approx(
        max(5.0, np.log(1.5) * float(result.flow("ore")))
    )
