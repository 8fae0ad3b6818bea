"""What exact rows alone determine: the question of a simulation, where nothing is observed.

Newton steps on the rows, each the smallest that closes them relative to the size of every unknown, so that
a flow of grams beside one of megatonnes is found to its own precision.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mfa.errors import NotConverged, Problem
from mfa.solve.kkt import ordering_of
from mfa.solve.misfit import deviation
from mfa.solve.problem import Bools, Floats, LeastSquares
from mfa.solve.saddle import least_step
from mfa.solve.solution import Solution
from mfa.solve.standard import standard

ITERATIONS = 60
CLOSED = 1e-12
SMALLEST = 1e-12
"""Least size of an unknown relative to its scale: below it counts as nothing."""
NEAR = 1e-13


def determine(problem: LeastSquares) -> Solution:
    """The point nearest to the start at which every exact row closes; bounds and limits are not looked at.

    Raises NotConverged with the worst row where the rows contradict each other.
    """
    x = problem.start.copy()
    held = problem.lower >= problem.upper
    x[held] = problem.lower[held]
    best = np.inf
    for count in range(1, ITERATIONS + 1):
        residual, size = _closure(problem, x)
        worst = float(np.max(np.abs(residual) / size, initial=0.0))
        if worst <= CLOSED or (count > 8 and worst <= 1e-9 and worst > 0.5 * best):
            return _solution(problem, x, count)
        best = min(best, worst)
        x = x + _step(problem, x, residual, held)
    row = int(np.argmax(np.abs(residual) / size))
    text = f"the rows do not close: {problem.exact.name(row)} is open by {worst:.1e}"
    raise NotConverged(Problem("not-converged", text))


def _closure(problem: LeastSquares, x: Floats) -> tuple[Floats, Floats]:
    """Each row's residual and the sum of its absolute terms."""
    q = problem.cells.value(x)
    size = np.asarray(abs(problem.exact.matrix) @ np.abs(q)) + np.abs(problem.exact.rhs)
    return problem.exact.residual(q), np.maximum(size, max(problem.floor, 1e-300))


def _step(problem: LeastSquares, x: Floats, residual: Floats, held: Bools) -> Floats:
    """The smallest step, relative to the unknowns' sizes, that closes the linearised rows."""
    unit = np.where(held, 0.0, np.maximum(np.abs(x), SMALLEST * problem.scale))
    jacobian = (problem.exact.matrix @ problem.cells.jacobian(x)) @ sparse.diags_array(unit)
    rows = sparse.csr_array(jacobian)
    largest = np.asarray(abs(rows).max(axis=1).todense()).ravel()
    weight = 1.0 / np.where(largest > 0, largest, 1.0)
    scaled = (sparse.diags_array(weight) @ rows).tocsr()
    return unit * least_step(scaled, -residual * weight, weight=1.0, slack=NEAR)


def _solution(problem: LeastSquares, x: Floats, iterations: int) -> Solution:
    form = standard(problem, warm=True)
    cells = form.cell_jacobian(form.start)
    order = ordering_of(
        form.pull_jacobian(cells, np.ones(len(form.reports))), form.row_jacobian(cells), form.block
    )
    q = problem.cells.value(x)
    fitted = np.asarray(problem.observed.rows.matrix @ q)
    sigma = problem.observed.sigma(fitted)
    return Solution(
        x=x,
        q=q,
        sigma=sigma,
        fitted=fitted,
        deviation=deviation(problem.observed, fitted, sigma),
        cost=0.0,
        weight=np.ones(len(form.counted)),
        order=order,
        iterations=iterations,
        chi2=0.0,
        exact_multipliers=np.zeros(len(problem.exact)),
        limit_multipliers=np.zeros(len(problem.limits)),
        active=np.zeros(len(form.lower), dtype=np.int8),
        bound_multipliers=np.zeros(len(form.lower)),
    )
