"""Standard deviations of everything, by propagation of the observations' errors through the optimum.

At the solution (what sits at a bound held there) unknowns x have exact rows J x = 0 and observations A x of
unit error, in sigma. One factorisation gives all their variances (:mod:`mfa.solve.frontal`). What is asked
later takes a solve with the whole system K each: with s_k = K^-1 e_k how unknowns move with a unit error of
observation k, Cov(x) = S S'.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.solve.closed import closure_of
from mfa.solve.frontal.marginals import Marginals, marginals
from mfa.solve.kkt import Kkt, largest
from mfa.solve.nullspace import NullSpace
from mfa.solve.problem import Bools, Floats, Ints, LeastSquares
from mfa.solve.solution import Solution, Tangent, tangent

CHUNK = 128
ROUNDING, UNNOTICED = 1e-12, 1e-6
"""Standard deviations are zero below these shares of the size of what they belong to and of its reports'
own."""


@dataclass(frozen=True)
class Posterior:
    """Standard deviations of unknowns, cells and observed rows; `free_*` marks what nothing determines (sd
    nan).

    `leverage` is 1 - w sd^2/sigma^2 of each observation (w its robust weight), the share of its variance that
    the rest of the system takes off, less what shares closed to 1 never had; 0 where it is not counted.
    """

    sd_x: Floats
    sd_q: Floats
    sd_observed: Floats
    free_x: Bools
    free_q: Bools
    leverage: Floats
    tangent: Tangent
    null: NullSpace

    @cached_property
    def kkt(self) -> Kkt:
        """The pivoted factors of the whole system."""
        return self.tangent.factorise()[0]

    def effects(self, matrix: sparse.csr_array) -> Floats:
        """How each row of `matrix` (k, cells) moves with a one-sigma error of each counted observation,
        (k, m)."""
        rows = in_unknowns(self.tangent, matrix)
        n, m, p = self.kkt.size
        found = np.empty((rows.shape[0], m))
        for at in range(0, rows.shape[0], CHUNK):
            part = rows[at : at + CHUNK].toarray().T
            part[self.tangent.fixed] = 0.0
            rhs = np.concatenate([part, np.zeros((m + p, part.shape[1]))])
            found[at : at + CHUNK] = self.kkt.solve(rhs)[n : n + m].T
        found[self.null.frees(rows, _typical(self.tangent, matrix))] = np.nan
        return found

    def covariance_of(self, matrix: sparse.csr_array) -> Floats:
        """The covariance (k, k) of linear combinations of cells, one per row of `matrix` (k, cells)."""
        moved = self.effects(matrix)
        return np.asarray(moved @ moved.T)

    def sd_of(self, matrix: sparse.csr_array) -> Floats:
        """The standard deviation of linear combinations of cells; nan where nothing determines one."""
        return np.asarray(np.sqrt(np.sum(self.effects(matrix) ** 2, axis=1)))


def posterior(problem: LeastSquares, solution: Solution) -> Posterior:
    """Standard deviations at `solution`."""
    return posterior_at(tangent(problem, solution), solution)


def posterior_at(at: Tangent, solution: Solution) -> Posterior:
    """Standard deviations of a linearised problem; its first observations are those that count."""
    problem, counted = at.form.problem, at.form.counted
    n, q = len(problem), len(problem.cells)
    every, typical = _everything(at)
    found = _Found.of(at, every)
    null = found.null
    free = null.frees(every, typical)
    free[:n] = null.free[:n]
    sd = np.sqrt(found.variance(every))
    noise = np.minimum(ROUNDING * np.maximum(typical, _values(at, solution)), UNNOTICED * _finest(at, every))
    sd = np.where(free, np.nan, np.where(sd > noise, sd, 0.0))
    sd[:n] *= at.form.scale[:n]
    sd_x, sd_q, sd_seen = np.split(sd, [n, n + q])
    leverage = np.zeros(len(problem.observed))
    leverage[counted] = 1.0 - found.marginals.observed[: len(counted)]
    leverage = np.clip(leverage - closure_of(problem.observed, solution.sigma).share, 0.0, 1.0)
    return Posterior(sd_x, sd_q, sd_seen, free[:n], free[n : n + q], leverage, at, null)


@dataclass(frozen=True)
class _Found:
    """The marginal variances of what moves, and those of the `several` rows of more than one unknown."""

    marginals: Marginals
    moving: Ints
    several: Ints
    size: int

    @classmethod
    def of(cls, at: Tangent, every: sparse.csr_array) -> _Found:
        """The variances of unknowns, observations, and of the rows of `every` with several unknowns."""
        moving = np.flatnonzero(~at.fixed)
        several = np.flatnonzero(np.diff(every.indptr) > 1)
        parts = [sparse.csr_array(m[:, moving]) for m in (at.rows, at.pulls, every[several])]
        return cls(marginals(*parts), moving, several, len(at.fixed))

    @property
    def null(self) -> NullSpace:
        """Random null vectors of all unknowns."""
        vectors, unit = np.zeros((self.size, self.marginals.vectors.shape[1])), np.ones(self.size)
        vectors[self.moving], unit[self.moving] = self.marginals.vectors, self.marginals.unit
        return NullSpace(vectors, unit)

    def variance(self, every: sparse.csr_array) -> Floats:
        """The variance of every row."""
        own = np.zeros(self.size)
        own[self.moving] = self.marginals.unknowns
        found = np.asarray(every.power(2) @ own)
        found[self.several] = self.marginals.wanted
        return found


def _everything(at: Tangent) -> tuple[sparse.csr_array, Floats]:
    """Rows over unknowns (solver's units) of the unknowns, cells and observations, and their typical
    sizes."""
    problem = at.form.problem
    cells = sparse.csr_array(sparse.eye_array(len(problem.cells), format="csr"))
    seen = problem.observed.rows.matrix
    plain = sparse.eye_array(len(at.fixed), format="csr")[: len(problem)]
    parts = [plain, in_unknowns(at, cells), in_unknowns(at, seen)]
    sizes = [np.ones(len(problem)), _typical(at, cells), _typical(at, seen)]
    return sparse.csr_array(sparse.vstack(parts)), np.concatenate(sizes)


def _finest(at: Tangent, rows: sparse.csr_array) -> Floats:
    """The sum of terms of every row with each unknown at the smallest sigma that sees it (infinite: none)."""
    seen = largest(at.pulls, 0)
    sigma = np.divide(1.0, seen, out=np.full(len(seen), np.inf), where=seen > 0)
    return np.asarray(abs(rows) @ sigma)


def _values(at: Tangent, solution: Solution) -> Floats:
    """The absolute values of the unknowns (in scales), cells and observations."""
    now = np.abs(at.z[: at.form.unknowns])
    return np.concatenate([now, np.abs(solution.q), np.abs(solution.fitted)])


def in_unknowns(at: Tangent, matrix: sparse.csr_array) -> sparse.csr_array:
    """Rows over cells as rows over unknowns and slacks, in the solver's units."""
    rows = (sparse.csr_array(matrix) @ at.cells).tocsr()
    return sparse.csr_array((rows.data, rows.indices, rows.indptr), (rows.shape[0], len(at.fixed)))


def _typical(at: Tangent, matrix: sparse.csr_array) -> Floats:
    """The size of rows over cells where every unknown has its scale."""
    problem = at.form.problem
    return np.asarray(abs(sparse.csr_array(matrix)) @ np.abs(problem.cells.value(problem.scale)))
