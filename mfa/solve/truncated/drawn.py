"""The numbers of a problem from draws of its posterior."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.solve.draws import Draws
from mfa.solve.problem import Floats, LeastSquares
from mfa.solve.solution import Solution
from mfa.solve.truncated.aggregate import Numbers, determined
from mfa.solve.truncated.ends import Ends, Pair
from mfa.solve.truncated.interval import LEVEL, begins, bitten, interval
from mfa.solve.uncertainty import Propagated


@dataclass(frozen=True)
class Drawn:
    """What is known of numbers from draws; what is free stays so."""

    problem: LeastSquares
    solution: Solution
    spread: Propagated
    draws: Draws

    def numbers(self, matrix: sparse.csr_array, value: Floats | None = None) -> Numbers:
        """What is known of each row of `matrix` (k, cells), whose values may be others than those of the
        rows."""
        now = np.asarray(matrix @ self.solution.q)
        if value is None:
            return self._numbers(
                now, self._cells @ matrix.T, self.spread.sd_of(matrix), self._ends.of(matrix)
            )
        none = np.full(len(value), np.inf)
        drawn = self._cells @ matrix.T + (value - now)
        return self._numbers(value, drawn, self.spread.sd_of(matrix), (-none, none))

    @cached_property
    def unknowns(self) -> Numbers:
        """Every unknown."""
        return self._numbers(self.solution.x, self.draws.x, self.spread.sd_x, self._ends.unknowns)

    @cached_property
    def cells(self) -> Numbers:
        """Every cell."""
        return self._numbers(self.solution.q, self._cells, self.spread.sd_q, self._ends.cells)

    @cached_property
    def observed(self) -> Numbers:
        """The adjusted value of every observed row."""
        matrix = self.problem.observed.rows.matrix
        fitted, drawn = self.solution.fitted, self._cells @ matrix.T
        return self._numbers(fitted, drawn, self.spread.sd_observed, self._ends.of(matrix))

    @cached_property
    def _ends(self) -> Ends:
        return Ends(self.problem)

    @cached_property
    def _cells(self) -> Floats:
        return np.array([self.problem.cells.value(x) for x in self.draws.x])

    def _numbers(self, value: Floats, drawn: Floats, sd: Floats, ends: Pair) -> Numbers:
        mean, spread = drawn.mean(axis=0), drawn.std(axis=0, ddof=1)
        low, high = np.minimum(ends[0], value), np.maximum(ends[1], value)
        at_low, at_high = begins(mean, spread, low, high)
        half = 0.5 * (1 - LEVEL)
        tails = np.quantile(drawn, [half, 1 - LEVEL, LEVEL, 1 - half], axis=0)
        found = Numbers(
            value,
            mean,
            spread,
            np.where(at_low, low, np.where(at_high, tails[1], tails[0])),
            np.where(at_high, high, np.where(at_low, tails[2], tails[3])),
            *interval(value, np.nan_to_num(sd), low, high, plain=True),
            *bitten(value, mean, spread, low, high),
        )
        return determined(found, np.isnan(sd))
