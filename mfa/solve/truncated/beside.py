"""The posterior of every number: cut off where a bound bites, else normal or lognormal around the optimum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.solve.certain import Spread
from mfa.solve.posterior import Posterior
from mfa.solve.problem import Bools, Floats, LeastSquares
from mfa.solve.separable.posterior import PartsPosterior
from mfa.solve.solution import Solution
from mfa.solve.truncated.aggregate import Numbers, determined, joined
from mfa.solve.truncated.ends import Ends, Pair
from mfa.solve.truncated.interval import LEVEL, bitten, cut_alone, interval
from mfa.solve.truncated.marginal import CutOff, Marginal, uncut
from mfa.solve.truncated.parts import parts_cut
from mfa.solve.truncated.whole import whole_cut

CHUNK = 4096


@dataclass(frozen=True)
class Beside:
    """What is known of numbers beside bounds; `cut` is the cut off posterior where a bound bites at all,
    `level` the probability of the intervals."""

    problem: LeastSquares
    solution: Solution
    spread: Spread
    cut: CutOff | None
    level: float = LEVEL

    def numbers(self, matrix: sparse.csr_array, value: Floats | None = None) -> Numbers:
        """What is known of each row of `matrix` (k, cells), whose values may be others than those of the rows
        (slopes of a ratio): these have no bounds of their own."""
        sd, factor = self.spread.sd_of(matrix), np.zeros(matrix.shape[0], dtype=bool)
        if value is not None:
            none = np.full(len(value), np.inf)
            return self._numbers(_Wanted(value, sd, (-none, none), factor, matrix))
        now = np.asarray(matrix @ self.solution.q)
        return self._numbers(_Wanted(now, sd, self._ends.of(matrix), factor, matrix))

    @cached_property
    def cells(self) -> Numbers:
        """Every cell."""
        every = sparse.csr_array(sparse.eye_array(len(self.problem.cells), format="csr"))
        wanted = _Wanted(self.solution.q, self.spread.sd_q, self._ends.cells, self._factors, every)
        return self._numbers(wanted)

    @cached_property
    def observed(self) -> Numbers:
        """The adjusted value of every observed row."""
        matrix = self.problem.observed.rows.matrix
        ends, fitted = self._ends.of(matrix), self.solution.fitted
        return self._numbers(_Wanted(fitted, self.spread.sd_observed, ends, self._relative, matrix))

    @cached_property
    def unknowns(self) -> Numbers:
        """Every unknown."""
        cells = self.problem.cells
        single = self._factors & (cells.j < 0)
        factor = np.zeros(len(self.problem), dtype=bool)
        factor[cells.i[single]] = True
        return self._numbers(_Wanted(self.solution.x, self.spread.sd_x, self._ends.unknowns, factor))

    @cached_property
    def _ends(self) -> Ends:
        return Ends(self.problem)

    def _numbers(self, wanted: _Wanted) -> Numbers:
        places = range(0, max(len(wanted.value), 1), CHUNK)
        return joined([self._part(wanted.part(slice(k, k + CHUNK)), k) for k in places])

    def _part(self, of: _Wanted, first: int) -> Numbers:
        """Some numbers; unknowns where they have no matrix, from the `first` on."""
        free = np.isnan(of.sd)
        low, high = np.minimum(of.ends[0], of.value), np.maximum(of.ends[1], of.value)
        found = self._marginal(of, first, np.where(free, 0.0, of.sd) ** 2)
        mean, sd = of.value + found.shift, np.sqrt(found.variance)
        ends = interval(mean, sd, low, high, skewing=found.skewing, level=self.level, factor=of.factor)
        if found.apart is not None:
            middle, spread = of.value + found.apart[0], np.sqrt(found.apart[1])
            ends = cut_alone(ends, (middle, spread, low, high), self.level)
        middle, loose = of.value + found.loose_shift, np.sqrt(found.loose_variance)
        cautious = interval(middle, loose, low, high, level=self.level, factor=of.factor, plain=True)
        marks = bitten(of.value, mean, sd, low, high)
        return determined(Numbers(of.value, mean, sd, *ends, *cautious, *marks), free)

    def _marginal(self, of: _Wanted, first: int, variance: Floats) -> Marginal:
        if self.cut is None:
            return uncut(variance)
        if of.matrix is None:
            return self.cut.unknowns(slice(first, first + len(variance)), variance)
        return self.cut.combined(of.matrix, variance)

    @cached_property
    def _relative(self) -> Bools:
        """Observed rows whose error is a factor, or a share of the adjusted value."""
        seen, fitted = self.problem.observed, self.solution.fitted
        share = (seen.cv * np.abs(fitted) >= seen.sd) & (seen.cv > 0)
        return np.asarray(seen.counted & (fitted > 0) & (share | seen.lognormal))

    @cached_property
    def _factors(self) -> Bools:
        """Cells that such a row is of."""
        matrix = self.problem.observed.rows.matrix
        rows = np.flatnonzero(self._relative & (np.diff(matrix.indptr) == 1))
        found = np.zeros(len(self.problem.cells), dtype=bool)
        found[matrix.indices[matrix.indptr[rows]]] = True
        return found


@dataclass(frozen=True)
class _Wanted:
    """Numbers with their standard deviations where bounds hold, the ends between which they can be, and which
    have an error that is a factor; combinations of cells, or all unknowns where there is no matrix."""

    value: Floats
    sd: Floats
    ends: Pair
    factor: Bools
    matrix: sparse.csr_array | None = None

    def part(self, some: slice) -> _Wanted:
        """Some of the numbers."""
        matrix = None if self.matrix is None else sparse.csr_array(self.matrix[some])
        ends = self.ends[0][some], self.ends[1][some]
        return _Wanted(self.value[some], self.sd[some], ends, self.factor[some], matrix)


def beside_bounds(problem: LeastSquares, solution: Solution, spread: Spread) -> Beside:
    """What is known of the numbers of a problem at its solution, with standard deviations `spread`."""
    cut: CutOff | None = None
    if isinstance(spread, Posterior):
        cut = whole_cut(problem, solution, spread)
    elif isinstance(spread, PartsPosterior):
        cut = parts_cut(problem, spread)
    return Beside(problem, solution, spread if cut is None else cut.spread, cut)
