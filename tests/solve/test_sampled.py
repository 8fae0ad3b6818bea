"""Standard deviations beside a plain importance sampler: where the Gaussian is good, and where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from mfa.solve.posterior import posterior
from mfa.solve.reconcile import reconcile
from tests.solve.cases import cencic
from tests.solve.small import Small

DRAWS = 400_000


def weighted(values: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """The mean and standard deviation of weighted draws."""
    mean = float(np.average(values, weights=weight))
    return mean, float(np.sqrt(np.average((values - mean) ** 2, weights=weight)))


def test_a_bilinear_system() -> None:
    """Cencic 2016: F1 and the share drawn from their reports, weighted by those of F3 and F5."""
    random = np.random.default_rng(1)
    f1, tc = random.normal(100, 10, DRAWS), random.normal(0.5, 0.05, DRAWS)
    f5 = f1 + 50
    f3 = f5 / (1 - tc)
    weight = np.exp(-0.5 * (((f3 - 300) / 30) ** 2 + ((f5 - 160) / 16) ** 2))
    problem = cencic(equal=False)
    found = reconcile(problem)
    spread = posterior(problem, found)
    for k, draws in ((0, f1), (2, f3), (4, f5), (7, tc)):
        mean, sd = weighted(draws, weight)
        assert abs(found.x[k] - mean) < 0.1 * sd
        assert spread.sd_x[k] == pytest.approx(sd, rel=0.05)


def bounded(report: float) -> tuple[float, float, tuple[float, float]]:
    """Value and sd of a flow reported with an sd of 1 that cannot be negative, and those of the draws."""
    small = Small()
    small.unknown("x", 1.0)
    small.observe({"x": 1}, report, 1.0)
    found = reconcile(small.problem())
    draws = np.random.default_rng(2).normal(report, 1.0, DRAWS)
    kept = draws[draws >= 0]
    sd = posterior(small.problem(), found).sd_x[0]
    return float(found.x[0]), float(sd), weighted(kept, np.ones(len(kept)))


def test_a_bound_far_off_does_not_matter() -> None:
    x, sd, (mean, spread) = bounded(5.0)
    assert x == pytest.approx(mean, abs=0.01)
    assert sd == pytest.approx(spread, rel=0.01)


def test_at_an_active_bound_the_value_is_the_mode_and_the_sd_that_of_none_beyond() -> None:
    x, sd, (mean, spread) = bounded(-1.0)
    assert (x, sd) == (0.0, 0.0)
    assert mean == pytest.approx(0.525, abs=0.01)  # what a truncated normal has: not what is reported
    assert spread == pytest.approx(0.446, abs=0.01)
