"""A first guess: every quantity scaled towards what is reported of it, the rest at the median report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mfa.build.assembly import Bools, Floats
from mfa.solve.problem import LeastSquares


def first_guess(problem: LeastSquares, scalable: Bools) -> Floats:
    """Starting values: the `scalable` unknowns (masses, not shares) scaled to the reports they appear in.

    Each takes the geometric mean of report / guess over the counted positive reports it enters.
    """
    x = problem.start.copy()
    observed = problem.observed
    y = observed.rows.rhs
    positive = observed.counted & (y > 0)
    if not positive.any():
        return x
    x = np.where(scalable & np.isfinite(x), x * _typical(problem, positive, scalable), x)
    q = problem.cells.value(x)
    fitted = np.asarray(observed.rows.matrix @ q)
    rows = np.flatnonzero(positive & (fitted > 0))
    if not len(rows):
        return x
    involved = abs(observed.rows.matrix[rows]) @ abs(problem.cells.jacobian(x))
    involved = (involved > 0).astype(float)
    ratio = np.log(y[rows] / fitted[rows])
    count = np.asarray(involved.sum(axis=0)).ravel()
    shift = np.asarray(involved.T @ ratio).ravel() / np.maximum(count, 1)
    return np.where(scalable, x * np.exp(np.clip(shift, -20, 20)), x)


def _typical(problem: LeastSquares, rows: Bools, masses: Bools) -> float:
    """The median of the reports in some rows that speak of masses, else of what exact rows say of them, else
    of all reports in the rows."""
    observed, exact = problem.observed.rows, problem.exact
    of_masses = abs(problem.cells.jacobian(np.ones(len(problem)))) @ masses.astype(float)
    reports = observed.rhs[rows & (abs(observed.matrix) @ of_masses > 0)]
    given = np.abs(exact.rhs[abs(exact.matrix) @ of_masses > 0])
    for numbers in (reports, given[given > 0]):
        if len(numbers):
            return float(np.median(numbers))
    return float(np.median(observed.rhs[rows]))


def with_start(problem: LeastSquares, x: Floats, masses: Bools) -> LeastSquares:
    """The problem with a start inside its bounds, and scales to match it.

    A mass is at least of the scale of a tenth of the median report, whatever the unit of that.
    """
    inside = np.clip(x, problem.lower, problem.upper)
    positive = problem.observed.counted & (problem.observed.rows.rhs > 0)
    least = problem.scale
    if positive.any():
        least = np.where(masses, 0.1 * _typical(problem, positive, masses), least)
    return replace(problem, start=inside, scale=np.maximum(np.abs(inside), least))


def without_bounds(problem: LeastSquares) -> LeastSquares:
    """The problem of a simulation: its rows determine everything, a negative flow is its answer's fault."""
    room = problem.lower < problem.upper
    return replace(
        problem, lower=np.where(room, -np.inf, problem.lower), upper=np.where(room, np.inf, problem.upper)
    )
