"""First guesses: masses scaled to what is reported of them, shares left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mfa.build.assembly import Assembly, Terms
from mfa.build.start import first_guess, with_start, without_bounds
from mfa.solve.problem import LeastSquares


def _problem(assembly: Assembly) -> LeastSquares:
    """A mass reported as 300, one reported by none, and a share stated as 0.4."""
    first = assembly.unknowns(2, str, start=1.0)
    share = assembly.unknowns(1, str, start=0.4, mass=False, upper=1.0)
    cells = assembly.linear(first, 2, str)
    stated = assembly.linear(share, 1, str)
    rows = Terms.of(np.array([0, 1]), np.array([cells, stated]), 1.0)
    assembly.observe(
        rows, np.array([300.0, 0.4]), np.ones(2), np.zeros(2), counted=np.ones(2, bool), namer=str
    )
    return assembly.problem()


def test_a_mass_starts_at_its_report_and_a_share_where_it_is_stated() -> None:
    assembly = Assembly()
    problem = _problem(assembly)
    guess = first_guess(problem, assembly.scalable)
    assert guess[0] == pytest.approx(300)
    assert guess[1] > 0
    assert guess[2] == 0.4


def test_the_start_is_inside_the_bounds_and_scales_are_positive() -> None:
    assembly = Assembly()
    problem = _problem(assembly)
    started = with_start(problem, np.array([-5.0, 2.0, 3.0]), assembly.masses)
    assert started.start.tolist() == [0.0, 2.0, 1.0]
    assert (started.scale > 0).all()


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_scales_follow_the_reports_whatever_their_unit(unit: float) -> None:
    assembly = Assembly()
    problem = _problem(assembly)
    small = replace(problem, observed=replace(problem.observed, counted=np.array([True, False])))
    small.observed.rows.rhs[0] *= unit
    started = with_start(small, first_guess(small, assembly.scalable), assembly.masses)
    assert (started.scale[:2] / unit).tolist() == pytest.approx([300.0, 300.0])


def test_a_simulation_has_no_bounds_but_what_is_held() -> None:
    assembly = Assembly()
    problem = _problem(assembly)
    assembly.unknowns(1, str, start=7.0, lower=7.0, upper=7.0, mass=False)
    free = without_bounds(assembly.problem())
    assert free.lower.tolist() == [-np.inf, -np.inf, -np.inf, 7.0]
    assert free.upper.tolist() == [np.inf, np.inf, np.inf, 7.0]
    assert problem.lower.tolist() == [0.0, 0.0, 0.0]


def test_a_mass_of_which_nothing_is_reported_starts_at_the_size_of_what_it_is_tied_to() -> None:
    """Two chains of two masses each, the first of each reported: as 1e5 and as 1e-4."""
    assembly = Assembly()
    cell = assembly.linear(assembly.unknowns(4, str, start=1.0), 4, str)
    row, sign = np.array([0, 0, 1, 1]), np.array([1.0, -1.0, 1.0, -1.0])
    assembly.exact(Terms(row, cell + np.arange(4), sign), np.zeros(2), str)
    reports = Terms.of(np.arange(2), cell + np.array([0, 2]), 1.0)
    size = np.array([1e5, 1e-4])
    assembly.observe(reports, size, 0.1 * size, np.zeros(2), counted=np.ones(2, bool), namer=str)
    problem = assembly.problem()
    guess = first_guess(problem, assembly.scalable)
    assert guess.tolist() == pytest.approx([1e5, 1e5, 1e-4, 1e-4])
    started = with_start(problem, np.zeros(4), assembly.masses)
    assert started.scale.tolist() == pytest.approx([1e4, 1e4, 1e-5, 1e-5])
