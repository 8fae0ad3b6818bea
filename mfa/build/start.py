"""A first guess: every quantity scaled towards what is reported of it, the rest at the median report of what
it is tied to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from mfa.build.assembly import Bools, Floats, Ints
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


def _typical(problem: LeastSquares, rows: Bools, masses: Bools) -> Floats:
    """For every unknown the median of the reports in some rows that speak of masses.

    Of those that speak of masses which exact rows tie to it: a trace element has a size of its own beside
    the main one. Where nothing is reported there, what exact rows say; else the median of all.
    """
    from scipy.sparse import csgraph  # which loads solvers that a check does without

    observed, exact = problem.observed.rows, problem.exact
    of_masses = sparse.csr_array(
        abs(problem.cells.jacobian(np.ones(len(problem)))) @ sparse.diags_array(masses.astype(float))
    )
    tied = sparse.csr_array(abs(exact.matrix) @ of_masses)
    count, found = csgraph.connected_components(sparse.csr_array(tied.T @ tied), directed=False)
    label = found.astype(np.int64)
    some, given = np.flatnonzero(rows), np.flatnonzero(exact.rhs)
    reports = _medians(abs(observed.matrix[some]) @ of_masses, observed.rhs[some], label, count)
    stated = _medians(tied[given], np.abs(exact.rhs[given]), label, count)
    whole = next((m for m in (reports[-1], stated[-1]) if np.isfinite(m)), np.median(observed.rhs[some]))
    sizes = np.where(np.isnan(reports), stated, reports)[:-1]
    return np.asarray(np.where(np.isnan(sizes), whole, sizes)[label])


def _medians(speak: sparse.csr_array, numbers: Floats, label: Ints, count: int) -> Floats:
    """The median of the numbers that speak of unknowns of each label, then of all that speak of any."""
    pairs = speak.tocoo()
    some = pairs.data != 0
    row, group = np.unique(np.stack([pairs.row[some], label[pairs.col[some]]]), axis=1)
    found = np.full(count + 1, np.nan)
    medians = pd.Series(numbers[row]).groupby(group).median()
    found[medians.index.to_numpy(np.int64)] = medians.to_numpy()
    if len(row):
        found[-1] = np.median(numbers[np.unique(row)])
    return found


def with_start(problem: LeastSquares, x: Floats, masses: Bools) -> LeastSquares:
    """The problem with a start inside its bounds, and scales to match it.

    A mass is at least of the scale of a tenth of the median report of what it is tied to, whatever the unit
    of that.
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
