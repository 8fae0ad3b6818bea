"""Values of what nothing determines in a problem with products: as small as rows and bounds let it be.

An optimum leaves a whole set of such values, and where steps end in it depends on where they began. The one
with the least sum of squares, in scales, is one only, whatever the order of rows and unknowns. All that is
determined stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import sparse

from mfa.errors import Infeasible, NotConverged
from mfa.solve.problem import Bools, Cells, Floats, LeastSquares, Observed, Rows
from mfa.solve.solution import Solution

CLOSED = 1e-9
"""How far rows may be open, relative to their terms, and reports moved, in sigmas."""

Solve = Callable[[LeastSquares], Solution]


def smallest(problem: LeastSquares, solution: Solution, free: Bools, masses: Bools, solve: Solve) -> Solution:
    """The solution with its `free` unknowns that are `masses` as small as can be, others near their start.

    Where `solve` finds no such point, or something determined would move, the solution stays as it is.
    """
    try:
        x = solve(_alone(problem, solution, free, masses)).x
    except (NotConverged, Infeasible):
        return solution
    x = np.where(free, x, solution.x)
    q = problem.cells.value(x)
    fitted = np.asarray(problem.observed.rows.matrix @ q)
    counted = problem.observed.counted
    exact, limits = problem.exact, problem.limits
    size = abs(exact.matrix) @ np.abs(q) + np.abs(exact.rhs)
    closed = np.abs(exact.residual(q)) <= CLOSED * np.maximum(size, problem.floor)
    same = np.abs(fitted - solution.fitted)[counted] <= CLOSED * solution.sigma[counted]
    within = limits.residual(q) <= CLOSED * (abs(limits.matrix) @ np.abs(q) + np.abs(limits.rhs))
    if not (np.isfinite(x).all() and closed.all() and same.all() and within.all()):
        return solution
    return replace(solution, x=x, q=q, fitted=np.where(counted, solution.fitted, fitted))


def _alone(problem: LeastSquares, solution: Solution, free: Bools, masses: Bools) -> LeastSquares:
    """The problem of the free unknowns: rows and reports that they stand in hold as they are, and each is
    reported at nothing (a mass) or where it started, with its scale for a sigma."""
    x, some = solution.x, np.flatnonzero(free)
    observed, n = problem.observed, len(problem.cells)
    moving = (abs(problem.cells.jacobian(x + problem.scale)) @ free.astype(float) > 0).astype(float)
    exact = np.flatnonzero(abs(problem.exact.matrix) @ moving > 0)
    seen = np.flatnonzero((abs(observed.rows.matrix) @ moving > 0) & observed.counted)
    rows = sparse.vstack([problem.exact.matrix[exact], observed.rows.matrix[seen]])
    right = np.concatenate([problem.exact.rhs[exact], solution.fitted[seen]])
    own, one = np.arange(len(some)), np.ones(len(some))
    cells = Cells(
        np.concatenate([problem.cells.i, some]),
        np.concatenate([problem.cells.j, np.full(len(some), -1)]),
        np.concatenate([problem.cells.coef, one]),
        str,
    )
    reports = sparse.coo_array((one, (own, n + own)), shape=(len(some), n + len(some)))
    wanted = np.where(
        masses[some], np.clip(0.0, problem.lower[some], problem.upper[some]), problem.start[some]
    )
    return LeastSquares(
        cells=cells,
        lower=np.where(free, problem.lower, x),
        upper=np.where(free, problem.upper, x),
        start=x,
        scale=problem.scale,
        exact=_rows(rows, right, len(cells)),
        limits=_rows(problem.limits.matrix, problem.limits.rhs, len(cells)),
        observed=Observed(Rows(reports.tocsr(), wanted, str), problem.scale[some], 0.0 * one, one == 1.0),
        name=problem.name,
        floor=problem.floor,
    )


def _rows(matrix: sparse.csr_array, rhs: Floats, cells: int) -> Rows:
    matrix = sparse.csr_array(matrix)
    return Rows(
        sparse.csr_array((matrix.data, matrix.indices, matrix.indptr), (matrix.shape[0], cells)), rhs, str
    )
