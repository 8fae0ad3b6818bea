"""The problem in standard form: limits become exact rows with a slack, and every unknown its own unit.

    z = (x, s) / scale,   E q(x) = b,   L q(x) + s = h,   lower <= x <= upper,   0 <= s

All that the solver does happens in these units; a step of 1 is a change by one `scale`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats, Ints, LeastSquares

SMALL = 1e-9
"""Share of a row's typical magnitude below which its terms count as nothing (a market that is closed)."""


@dataclass(frozen=True)
class Standard:
    """A problem with slacks: n unknowns and p slacked limits after one another, exact rows before limits."""

    problem: LeastSquares
    rows: sparse.csr_array
    rhs: Floats
    pulls: sparse.csr_array
    reports: Floats
    counted: Ints
    lower: Floats
    upper: Floats
    scale: Floats
    start: Floats
    block: Ints

    @property
    def unknowns(self) -> int:
        """Number of the problem's own unknowns (without slacks)."""
        return len(self.problem)

    @property
    def slacks(self) -> int:
        """Number of slacks, one per limit."""
        return len(self.lower) - self.unknowns

    def x(self, z: Floats) -> Floats:
        """The unknowns in their own units."""
        return np.asarray((z * self.scale)[: self.unknowns])

    def cells(self, z: Floats) -> Floats:
        """Every cell's value."""
        return self.problem.cells.value(self.x(z))

    def residual(self, z: Floats) -> Floats:
        """Exact rows, then limits with their slack: left side minus right side."""
        left = np.asarray(self.rows @ self.cells(z)) - self.rhs
        left[len(left) - self.slacks :] += (z * self.scale)[self.unknowns :]
        return left

    def magnitude(self, z: Floats) -> Floats:
        """The sum of absolute terms of every row, its right side included."""
        size = np.asarray(abs(self.rows) @ np.abs(self.cells(z))) + np.abs(self.rhs)
        size[len(size) - self.slacks :] += np.abs((z * self.scale)[self.unknowns :])
        return size

    def fitted(self, z: Floats) -> Floats:
        """The value of each counted observation's row."""
        return np.asarray(self.pulls @ self.cells(z))

    def cell_jacobian(self, z: Floats) -> sparse.csr_array:
        """dq/dz for the problem's unknowns (slacks appear in no cell)."""
        return _scaled_columns(self.problem.cells.jacobian(self.x(z)), self.scale[: self.unknowns])

    def row_jacobian(self, cells: sparse.csr_array) -> sparse.csr_array:
        """d(rows)/dz, slacks included."""
        left: sparse.csr_array = (self.rows @ cells).tocsr()
        if not self.slacks:
            return left
        unit = sparse.diags_array(self.scale[self.unknowns :])
        zero = sparse.csr_array((left.shape[0] - self.slacks, self.slacks))
        slack = sparse.vstack([zero, unit])
        return sparse.csr_array(sparse.hstack([left, slack]))

    def curvature(self, force: Floats) -> sparse.csr_array:
        """The second derivatives by z of the cells' sum, each times its `force`: those of their products."""
        cells = self.problem.cells
        two = np.flatnonzero((cells.j >= 0) & (force != 0))
        i, j = cells.i[two], cells.j[two]
        bent = force[two] * cells.coef[two] * self.scale[i] * self.scale[j]
        places = (np.concatenate([i, j]), np.concatenate([j, i]))
        shape = (len(self.lower), len(self.lower))
        return sparse.coo_array((np.concatenate([bent, bent]), places), shape=shape).tocsr()

    def pull_jacobian(self, cells: sparse.csr_array, sigma: Floats) -> sparse.csr_array:
        """d(counted observations)/dz in units of `sigma`."""
        pulls = sparse.diags_array(1.0 / sigma) @ (self.pulls @ cells)
        return sparse.csr_array(sparse.hstack([pulls, sparse.csr_array((len(sigma), self.slacks))]))


def standard(problem: LeastSquares, *, warm: bool = False) -> Standard:
    """The standard form of `problem`, its start moved inside its bounds (onto them where it is `warm`)."""
    counted = np.flatnonzero(problem.observed.counted)
    typical = np.abs(problem.cells.value(problem.scale))
    room = np.asarray(abs(problem.limits.matrix) @ typical) + np.abs(problem.limits.rhs)
    scale = np.concatenate([problem.scale, np.where(room > 0, room, 1.0)])
    start = np.clip(problem.start, problem.lower, problem.upper) if warm else _inside(problem)
    slack = np.maximum(-problem.limits.residual(problem.cells.value(start)), 0.0)
    none = np.zeros(len(room))
    return Standard(
        problem=problem,
        rows=sparse.vstack([problem.exact.matrix, problem.limits.matrix]).tocsr(),
        rhs=np.concatenate([problem.exact.rhs, problem.limits.rhs]),
        pulls=problem.observed.rows.matrix[counted].tocsr(),
        reports=problem.observed.rows.rhs[counted],
        counted=counted,
        lower=np.concatenate([problem.lower, none]) / scale,
        upper=np.concatenate([problem.upper, none + np.inf]) / scale,
        scale=scale,
        start=np.concatenate([start, slack]) / scale,
        block=_blocks(problem, len(room)),
    )


def _blocks(problem: LeastSquares, slacks: int) -> Ints:
    """The label of every unknown; a slack has none of its own (-2: it goes where its row goes)."""
    labels = problem.block if len(problem.block) else np.zeros(len(problem), dtype=np.int64)
    return np.concatenate([labels, np.full(slacks, -2)])


def _inside(problem: LeastSquares) -> Floats:
    """The start, a hundredth of its scale off any bound: at zero a product has no slope."""
    room = problem.upper - problem.lower
    gap = np.minimum(0.01 * problem.scale, 0.25 * np.where(np.isfinite(room), room, np.inf))
    inside = np.clip(problem.start, problem.lower + gap, problem.upper - gap)
    return np.asarray(
        np.where(_factor(problem), inside, np.clip(problem.start, problem.lower, problem.upper))
    )


def _factor(problem: LeastSquares) -> Bools:
    """Unknowns that are a factor of some product."""
    two = problem.cells.j >= 0
    found = np.zeros(len(problem), dtype=bool)
    found[problem.cells.i[two]] = True
    found[problem.cells.j[two]] = True
    return found


def _scaled_columns(matrix: sparse.csr_array, scale: Floats) -> sparse.csr_array:
    return sparse.csr_array(
        (matrix.data * scale[matrix.indices], matrix.indices, matrix.indptr), matrix.shape
    )
