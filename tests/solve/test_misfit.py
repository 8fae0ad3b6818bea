"""What a fit descends: the integral of the pulls, whatever sigma grows with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from mfa.solve.losses import L2, Contaminated, Huber, Loss, StudentT
from mfa.solve.misfit import Misfit
from mfa.solve.sigma import Errors

LOSSES: list[Loss] = [L2(), Huber(), StudentT(), Contaminated()]


def misfit(report: float, least: float, cv: float, loss: Loss) -> Misfit:
    """One report."""
    one = np.ones(1)
    errors = Errors(report * one, least * one, cv * one, np.zeros(1, dtype=bool))
    return Misfit(errors, ((loss, np.ones(1, dtype=bool)),))


def pull(of: Misfit, loss: Loss, f: float) -> float:
    """rho'(r) / sigma at a fitted value."""
    value = np.array([f])
    r = of.residual(value)
    return float((loss.weight(r) * r / of.errors.sigma(value))[0])


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("report", [5.0, 0.3, -2.0])
@pytest.mark.parametrize("fitted", [-7.0, 0.1, 4.0, 6.0, 40.0])
def test_the_cost_is_the_integral_of_the_pull(loss: Loss, report: float, fitted: float) -> None:
    of = misfit(report, 0.25, 0.2, loss)
    knees = [k for k in (-1.25, 1.25) if min(report, fitted) < k < max(report, fitted)]
    wanted = integrate.quad(lambda f: pull(of, loss, f), report, fitted, points=knees or None, limit=200)[0]
    kinked = isinstance(loss, Huber | Contaminated)
    assert of.cost(np.array([fitted])) == pytest.approx(wanted, rel=1e-2 if kinked else 1e-6)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("fitted", [-2.0, 0.5, 4.0, 6.6, 9.0])
def test_what_a_short_way_costs_is_exact(loss: Loss, fitted: float) -> None:
    of, far = misfit(5.0, 0.25, 0.2, loss), fitted * 1.01
    wanted = integrate.quad(lambda f: pull(of, loss, f), fitted, far, epsabs=1e-13)[0]
    assert of.cost(np.array([far]), np.array([fitted])) == pytest.approx(wanted, rel=1e-8)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.floats(0.1, 100), st.floats(0.01, 0.5), st.floats(0.26, 50))
def test_the_cost_of_a_relative_error_is_wedderburns(report: float, cv: float, ratio: float) -> None:
    """(ln(f/y) + y/f - 1) / cv^2, the quasi-likelihood of a variance that grows with the square."""
    of = misfit(report, 0.25 * cv * report, cv, L2())
    wanted = (np.log(ratio) + 1 / ratio - 1) / cv**2
    assert of.cost(np.array([ratio * report])) == pytest.approx(wanted, rel=1e-9, abs=1e-12 / cv**2)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("fitted", [4.0, 5.5, 7.0])
def test_a_step_sees_the_slope_and_the_curvature_of_the_cost(loss: Loss, fitted: float) -> None:
    of, h = misfit(5.0, 0.25, 0.2, loss), 1e-5
    for local in (of.smooth(np.array([fitted])), of.local(np.array([fitted]))):
        per_sigma = (local.root / local.sigma)[0]
        slope = per_sigma * np.clip(local.pulled, -local.clip, local.clip)[0]
        assert slope == pytest.approx(pull(of, loss, fitted), rel=1e-12)
        bend = (pull(of, loss, fitted + h) - pull(of, loss, fitted - h)) / (2 * h)
        if np.abs(local.pulled)[0] < local.clip[0] and local.root[0] ** 2 > 0.101:
            assert per_sigma**2 == pytest.approx(bend, rel=1e-6)


def test_without_a_relative_part_the_cost_is_that_of_the_loss() -> None:
    for loss in LOSSES:
        of = misfit(5.0, 0.25, 0.0, loss)
        assert of.cost(np.array([7.0])) == pytest.approx(float(loss.cost(np.array([8.0]))[0]))
        assert of.exact == (loss.clipped is not None)
