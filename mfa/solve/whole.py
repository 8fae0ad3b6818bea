"""How everything moves with errors, from the pivoted factors of the whole system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.solve.closed import Closure, closure_of
from mfa.solve.posterior import CHUNK, Posterior
from mfa.solve.problem import Bools, Floats, Ints, LeastSquares
from mfa.solve.sensitivity import Freedom, gap_of
from mfa.solve.solution import Solution


@dataclass(frozen=True)
class Whole:
    """The answers of a :class:`mfa.solve.posterior.Posterior`."""

    spread: Posterior

    def frees(self, matrix: sparse.csr_array) -> Bools:
        """Which combinations nothing determines."""
        problem = self.spread.tangent.form.problem
        typical = abs(matrix) @ np.abs(problem.cells.value(problem.scale))
        return self.spread.null.frees(self._rows(matrix), np.asarray(typical))

    def drift(self, matrix: sparse.csr_array) -> Floats:
        """The changes of combinations on two random null vectors, (k, 2)."""
        return np.asarray(self._rows(matrix) @ self.spread.null.vectors)

    def covariance_with(self, target: sparse.csr_array) -> Floats:
        """The covariance of every cell with one combination (1, cells)."""
        spread = self.spread
        n, _, p = spread.kkt.size
        right = spread.kkt.join(np.zeros(n), spread.effects(target)[0], np.zeros(p))
        moved = np.where(spread.tangent.fixed, 0.0, spread.kkt.solve(right)[:n])
        return np.asarray(spread.tangent.cells @ moved[: spread.tangent.cells.shape[1]])

    def freedom(self) -> Freedom:
        """What free unknowns can do; products are linearised at the solution."""
        at, moving = self.spread.tangent, np.flatnonzero(self.spread.null.free)
        slopes = sparse.hstack([at.cells, sparse.csr_array((at.cells.shape[0], at.form.slacks))])
        return Freedom(
            slopes=sparse.csr_array(slopes.tocsr()[:, moving]),
            held=sparse.csr_array(sparse.vstack([at.pulls, at.rows]).tocsr()[:, moving]),
            low=(at.form.lower - at.z)[moving],
            high=(at.form.upper - at.z)[moving],
            now=at.form.cells(at.z),
        )

    def errors(self, problem: LeastSquares, solution: Solution, rows: Sequence[int]) -> WholeErrors:
        """The errors of all counted reports and of some exact rows."""
        closure = closure_of(problem.observed, solution.sigma)
        return WholeErrors(self.spread, gap_of(problem, solution), np.asarray(rows, dtype=np.int64), closure)

    def _rows(self, matrix: sparse.csr_array) -> sparse.csr_array:
        """Rows over cells as rows over unknowns and slacks, in the solver's units."""
        rows = (sparse.csr_array(matrix) @ self.spread.tangent.cells).tocsr()
        shape = (rows.shape[0], len(self.spread.tangent.fixed))
        return sparse.csr_array((rows.data, rows.indices, rows.indptr), shape)


@dataclass(frozen=True)
class WholeErrors:
    """Errors and what they do, one solve each; all candidates are one part."""

    spread: Posterior
    gap: Floats
    rows: Ints
    closure: Closure

    @property
    def counted(self) -> Ints:
        """The observations that are candidates."""
        return self.spread.tangent.form.counted

    @cached_property
    def u(self) -> Floats:
        """Residuals and multipliers."""
        n, _, p = self.spread.kkt.size
        return self.spread.kkt.solve(self.spread.kkt.join(np.zeros(n), self.gap, np.zeros(p)))[self._places]

    @cached_property
    def diagonal(self) -> Floats:
        """The variances of residuals and multipliers."""
        m, kkt = len(self.counted), self.spread.kkt
        places, slopes = self._places[m:], np.zeros(len(self.rows))
        for at in range(0, len(places), CHUNK):
            some = places[at : at + CHUNK]
            unit = np.zeros((kkt.matrix.shape[0], len(some)))
            unit[some, np.arange(len(some))] = 1.0
            slopes[at : at + CHUNK] = -kkt.solve(unit)[some, np.arange(len(some))]
        return np.concatenate([self.spread.leverage[self.counted], slopes])

    @property
    def parts(self) -> Ints:
        """The part of every candidate: all are one."""
        return np.zeros(len(self._places), np.int64)

    def members(self, part: int) -> Ints:
        """The candidates of a part: all."""
        return np.arange(len(self._places))

    @cached_property
    def _places(self) -> Ints:
        """Where candidates stand in the system."""
        n, m, _ = self.spread.kkt.size
        return np.concatenate([n + np.arange(m), n + m + self.rows])

    def response(self, part: int, places: Ints, sizes: Floats, at: Ints | None = None) -> Floats:
        """G E for errors of `sizes` at `places`, over all candidates or some."""
        wanted = self._places if at is None else self._places[at]
        if not len(wanted):
            return np.zeros(0)
        error = np.zeros(self.spread.kkt.matrix.shape[0])
        error[self._places[places]] = sizes
        return (
            -self.spread.kkt.solve(error)[wanted]
            - self._closed(places, sizes)[slice(None) if at is None else at]
        )

    def _closed(self, places: Ints, sizes: Floats) -> Floats:
        """The part of errors that statements closed to 1 never had, over all candidates."""
        found, m = np.zeros(len(self._places)), len(self.counted)
        error, reports = np.zeros(self.closure.directions.shape[1]), places < m
        error[self.counted[places[reports]]] = sizes[reports]
        found[:m] = self.closure.of(error)[self.counted]
        return found
