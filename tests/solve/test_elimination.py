"""Gross errors found one after another: published networks, deletion and solving again, power."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mfa.solve.elimination import GrossErrors, Strategy, gross_errors
from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares, Rows
from mfa.solve.reconcile import reconcile
from tests.bench.gross_errors import planted, shares
from tests.solve.cases import networks, published, three_flows
from tests.solve.small import Small


def searched(
    problem: LeastSquares, rows: range = range(0), strategy: Strategy = "elimination"
) -> GrossErrors:
    found = reconcile(problem)
    return gross_errors(problem, found, posterior(problem, found), rows=rows, strategy=strategy)


def without(problem: LeastSquares, places: list[int]) -> LeastSquares:
    counted = problem.observed.counted.copy()
    counted[places] = False
    return replace(problem, observed=replace(problem.observed, counted=counted))


@pytest.mark.parametrize("strategy", ["elimination", "compensation"])
def test_one_biased_stream_is_named_and_sized(shared: Path, strategy: Strategy) -> None:
    found = searched(published(networks(shared)["P4"], (1, 4.0)), strategy=strategy)
    assert found.before.chi2 == pytest.approx(16.674, abs=5e-4)
    assert found.before.critical == pytest.approx(9.488, abs=5e-4)
    (one,) = found.suspects
    assert (one.first.name, one.first.kind, one.first.place) == ("observed 1", "bias", 1)
    assert np.sqrt(one.statistic) == pytest.approx(3.205, abs=6e-4)
    assert np.sqrt(one.critical) == pytest.approx(2.631, abs=5e-4)
    assert one.dof == pytest.approx(3, abs=1e-9)
    assert found.after.chi2 == one.chi2 == pytest.approx(16.674 - 10.270, abs=1e-3)
    assert found.after.p > 0.05


def test_what_is_left_is_what_solving_without_the_reports_gives(shared: Path) -> None:
    case = networks(shared)["P15"]
    measured = list(case["measured"])
    for k, sigmas in ((3, 12), (7, -15), (20, 10)):
        measured[k] += sigmas * case["sigma"][k]
    problem = published({**case, "measured": measured})
    found = searched(problem)
    places = [s.first.place for s in found.suspects]
    assert len(places) > 1
    for count in range(1, len(places) + 1):
        again = without(problem, places[:count])
        solved = reconcile(again)
        one = found.suspects[count - 1]
        assert one.chi2 == pytest.approx(solved.chi2, rel=1e-6)
        assert one.dof == pytest.approx(posterior(again, solved).leverage.sum(), abs=1e-6)
    gaps = (problem.observed.rows.rhs - solved.fitted)[places]
    np.testing.assert_allclose([s.first.size for s in found.suspects], gaps, rtol=1e-6)
    spread = np.hypot(posterior(again, solved).sd_observed, problem.observed.sd)[places]
    np.testing.assert_allclose([s.first.sd for s in found.suspects], spread, rtol=1e-6)


def test_a_leak_is_told_from_a_bias() -> None:
    small = Small()
    for name, value in zip("abcdef", (10.0, 10.0, 6.0, 4.0, 7.0, 3.0), strict=True):
        small.unknown(name, value)
        for shift in (-0.01, 0.01):
            small.observe({name: 1}, value + shift, 0.1)
    small.exact({"a": 1, "b": -1}, name="first")
    small.exact({"b": 1, "c": -1, "d": -1}, name="second")
    small.exact({"c": 1, "d": 1, "e": -1, "f": -1}, 2.0, name="leaky")
    problem = small.problem()
    (one,) = searched(problem, range(3)).suspects
    assert (one.first.name, one.first.kind, one.first.place) == ("leaky", "leak", 2)
    assert one.first.size == pytest.approx(-2.0, abs=1e-6)
    opened = Rows(problem.exact.matrix[:2], problem.exact.rhs[:2], problem.exact.name)
    assert one.chi2 == pytest.approx(reconcile(replace(problem, exact=opened)).chi2, rel=1e-6)
    assert len(searched(problem).suspects) > 1


def test_reports_that_explain_the_data_equally_well_are_named_together() -> None:
    problem = three_flows()
    far = problem.observed.rows.rhs.copy()
    far[0] += 8
    rows = replace(problem.observed.rows, rhs=far)
    found = searched(replace(problem, observed=replace(problem.observed, rows=rows)))
    assert len(found.suspects) == 1
    assert {m.name for m in found.suspects[0].members} == {"observed 0", "observed 1", "observed 2"}


def test_sound_reports_are_left_alone(shared: Path) -> None:
    found = searched(published(networks(shared)["P4"]))
    assert found.suspects == ()
    assert found.after == found.before


def test_nothing_to_check() -> None:
    small = Small()
    small.unknown("x")
    small.observe({"x": 1}, 5.0, 1.0)
    assert searched(small.problem(), range(0)).suspects == ()


def test_robust_weights_do_not_hide_an_error(shared: Path) -> None:
    problem = published(networks(shared)["P4"], (1, 4.0))
    robust = reconcile(problem, robust="huber")
    assert (robust.weight < 1).any()
    found = gross_errors(problem, robust, posterior(problem, robust))
    plain = searched(problem)
    assert [s.first.name for s in found.suspects] == [s.first.name for s in plain.suspects]
    assert found.suspects[0].first.size == pytest.approx(plain.suspects[0].first.size, rel=1e-6)


def test_the_false_alarm_rate_is_the_level(shared: Path) -> None:
    """Sidak's value is exact for independent z and a little high for correlated ones; four binomial standard
    deviations above, and no less than a fifth of the level."""
    draws = 500
    rate = np.mean([len(n) > 0 for _, n in planted(networks(shared)["P15"], draws, sigmas=0.0, errors=0)])
    assert 0.01 <= rate <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / draws)


def test_planted_errors_are_named(shared: Path) -> None:
    """The bounds are four binomial standard deviations off what 1,000 draws of the bench gave."""
    case = networks(shared)["P15"]
    for errors, sigmas, power, wrong in ((1, 10.0, 0.85, 0.05), (2, 20.0, 0.85, 0.36)):
        draws = 300
        named, false = shares(case, draws, sigmas=sigmas, errors=errors)
        assert named >= power - 4 * np.sqrt(power * (1 - power) / draws)
        assert false <= wrong + 4 * np.sqrt(wrong / draws)
