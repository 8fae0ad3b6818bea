"""The standard deviations of observations, relative ones taken of the adjusted value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mfa.solve.problem import Bools, Floats, Ints, LeastSquares
from mfa.solve.standard import Standard

LEAST = 0.25
"""Share of its report that a relative sigma is at least taken of: below it a small fit would tighten
itself."""
SMALLEST = 1e-6
"""Share of the report below which a logarithm goes on as its tangent: a step may pass through zero."""


@dataclass(frozen=True)
class Errors:
    """Reports and what their errors are: sigma(f) = max(least, cv |f|) of the fitted value f.

    Lognormal ones (`log`) have cv as the standard deviation of their logarithm.
    """

    reports: Floats
    least: Floats
    cv: Floats
    log: Bools

    def sigma(self, fitted: Floats) -> Floats:
        """Sigma at fitted values; of a lognormal one it is the slope of its logarithm."""
        usual = np.asarray(np.maximum(self.least, self.cv * np.abs(fitted)))
        if not self.log.any():
            return np.asarray(usual)
        tangent = self.cv * np.maximum(fitted, SMALLEST * self.reports)
        return np.asarray(np.where(self.log, tangent, usual))

    def relative(self, fitted: Floats) -> Bools:
        """Where sigma grows with the fitted value."""
        return np.asarray(~self.log & (self.cv * np.abs(fitted) > self.least))

    @property
    def knee(self) -> Floats:
        """The size from which on sigma grows."""
        none = np.full(len(self.cv), np.inf)
        return np.asarray(np.divide(self.least, self.cv, out=none, where=self.cv > 0))

    def of(self, rows: Bools) -> Errors:
        """Those of some observations."""
        return Errors(self.reports[rows], self.least[rows], self.cv[rows], self.log[rows])

    def held(self) -> Errors:
        """The same with sigma held at that of the reports, and no logarithms: before anything is fitted."""
        sigma, none = self.sigma(self.reports), np.zeros_like(self.log)
        return replace(self, least=sigma, cv=np.zeros_like(self.cv), log=none)


def errors_of(problem: LeastSquares, counted: Ints, typical: Floats) -> Errors:
    """The errors of the `counted` observations.

    A relative sigma is never below a quarter of the report's own, nor (where it is of nothing) below 1e-9 of
    the observation's `typical` size.
    """
    observed = problem.observed
    sd, cv, reports = observed.sd[counted], observed.cv[counted], observed.rows.rhs[counted]
    floor = np.maximum(LEAST * cv * np.abs(reports), 1e-9 * np.where(typical > 0, typical, 1.0))
    return Errors(reports, np.where(sd > 0, sd, floor), cv, observed.lognormal[counted])


def errors_in(form: Standard) -> Errors:
    """The errors of the counted observations of a problem in standard form."""
    typical = abs(form.pulls) @ np.abs(form.problem.cells.value(form.problem.scale))
    return errors_of(form.problem, form.counted, typical)
