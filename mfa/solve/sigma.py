"""The standard deviations of observations, relative ones taken of the adjusted value."""

from __future__ import annotations

import numpy as np

from mfa.solve.misfit import SMALLEST
from mfa.solve.problem import Floats, Ints, LeastSquares
from mfa.solve.standard import Standard

LEAST = 0.25
"""Share of its report that a relative sigma is at least taken of: below it a small fit would tighten
itself."""


def sigma_of(form: Standard, value: Floats) -> Floats:
    """Sigma of the counted observations at `value`; see `sigma_at`."""
    typical = abs(form.pulls) @ np.abs(form.problem.cells.value(form.problem.scale))
    return sigma_at(form.problem, form.counted, value, typical)


def sigma_at(problem: LeastSquares, counted: Ints, value: Floats, typical: Floats) -> Floats:
    """Sigma of the `counted` observations at `value`, never below a quarter of the report's own, nor (where a
    relative one is of nothing) below 1e-9 of its `typical` size.

    Of a lognormal one it is the slope of its logarithm.
    """
    observed = problem.observed
    sd, cv, reports = observed.sd[counted], observed.cv[counted], observed.rows.rhs[counted]
    floor = np.maximum(LEAST * cv * np.abs(reports), 1e-9 * np.where(typical > 0, typical, 1.0))
    usual = np.maximum(np.maximum(sd, cv * np.abs(value)), np.where(sd > 0, 0.0, floor))
    tangent = cv * np.maximum(value, SMALLEST * reports)
    return np.where(observed.lognormal[counted], tangent, usual)
