"""The posterior of every number: cut off where a bound bites, else normal or lognormal around the optimum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.solve.certain import Spread
from mfa.solve.posterior import Posterior, in_unknowns
from mfa.solve.problem import Bools, Floats, LeastSquares
from mfa.solve.solution import Solution
from mfa.solve.truncated.aggregate import Numbers
from mfa.solve.truncated.interval import LEVEL, bitten, interval
from mfa.solve.truncated.whole import Marginal, WholeCut, whole_cut

PRIOR = 0.5
"""Standard deviations between mean and value from which the bounds drive a number."""
CHUNK = 4096


@dataclass(frozen=True)
class Beside:
    """What is known of numbers beside bounds; `cut` is the cut off posterior where a bound bites at all."""

    problem: LeastSquares
    solution: Solution
    spread: Spread
    cut: WholeCut | None
    level: float = LEVEL

    def numbers(self, matrix: sparse.csr_array, value: Floats | None = None) -> Numbers:
        """What is known of each row of `matrix` (k, cells), whose values may be others than those of the rows
        (slopes of a ratio): these have no bounds of their own."""
        sd = self.spread.sd_of(matrix)
        if value is not None:
            none = np.full(len(value), np.inf)
            return self._numbers(matrix, value, sd, (-none, none))
        return self._numbers(matrix, np.asarray(matrix @ self.solution.q), sd, self._ends(matrix))

    @cached_property
    def cells(self) -> Numbers:
        """Every cell."""
        every = sparse.csr_array(sparse.eye_array(len(self.problem.cells), format="csr"))
        return self._numbers(every, self.solution.q, self.spread.sd_q, self._cell_ends, self._factors)

    @cached_property
    def observed(self) -> Numbers:
        """The adjusted value of every observed row."""
        matrix = self.problem.observed.rows.matrix
        relative = self._relative
        return self._numbers(
            matrix, self.solution.fitted, self.spread.sd_observed, self._ends(matrix), relative
        )

    @cached_property
    def unknowns(self) -> Numbers:
        """Every unknown."""
        problem = self.problem
        one = np.flatnonzero((problem.cells.j < 0) & (problem.cells.coef != 0))
        factor = np.zeros(len(problem), dtype=bool)
        factor[problem.cells.i[one[self._factors[one]]]] = True
        ends = problem.lower, problem.upper
        return self._numbers(None, self.solution.x, self.spread.sd_x, ends, factor)

    def _numbers(
        self,
        matrix: sparse.csr_array | None,
        value: Floats,
        sd: Floats,
        ends: tuple[Floats, Floats],
        factor: Bools | None = None,
    ) -> Numbers:
        parts = [
            self._part(
                None if matrix is None else sparse.csr_array(matrix[k : k + CHUNK]),
                slice(k, k + CHUNK),
                value[k : k + CHUNK],
                sd[k : k + CHUNK],
                (ends[0][k : k + CHUNK], ends[1][k : k + CHUNK]),
                np.zeros(len(value[k : k + CHUNK]), bool) if factor is None else factor[k : k + CHUNK],
            )
            for k in range(0, max(len(value), 1), CHUNK)
        ]
        return Numbers(*(np.concatenate(p) for p in zip(*(_fields(n) for n in parts), strict=True)))

    def _part(
        self,
        matrix: sparse.csr_array | None,
        some: slice,
        value: Floats,
        sd: Floats,
        ends: tuple[Floats, Floats],
        factor: Bools,
    ) -> Numbers:
        free = np.isnan(sd)
        known = np.where(free, 0.0, sd)
        low, high = np.minimum(ends[0], value), np.maximum(ends[1], value)
        marginal = self._marginal(matrix, some, known**2)
        mean, spread = value + marginal.shift, np.sqrt(marginal.variance)
        low_end, high_end = interval(
            mean, spread, low, high, skewing=marginal.skewing, level=self.level, factor=factor
        )
        middle, loose = value + marginal.loose_shift, np.sqrt(marginal.loose_variance)
        cautious = interval(middle, loose, low, high, level=self.level, factor=factor, plain=True)
        found = Numbers(
            value,
            mean,
            spread,
            low_end,
            high_end,
            *cautious,
            bitten(mean, spread, low, high),
            np.abs(mean - value) > PRIOR * spread,
        )
        return _without(found, free)

    def _marginal(self, matrix: sparse.csr_array | None, some: slice, variance: Floats) -> Marginal:
        if self.cut is None:
            none = np.zeros(len(variance))
            return Marginal(none, variance, None, none, variance)
        at = self.cut.posterior.tangent
        if matrix is None:
            scale = at.form.scale.copy()
            scale[len(self.problem) :] = 0.0
            rows = sparse.csr_array(sparse.diags_array(scale, format="csr")[: len(self.problem)][some])
        else:
            rows = in_unknowns(at, matrix)
        return self.cut.marginal(rows, variance)

    @cached_property
    def _cell_ends(self) -> tuple[Floats, Floats]:
        """The least and the largest value of every cell within the bounds of its factors."""
        cells, low, high = self.problem.cells, self.problem.lower, self.problem.upper
        two = cells.j >= 0
        first = low[cells.i], high[cells.i]
        second = np.where(two, low[cells.j], 1.0), np.where(two, high[cells.j], 1.0)
        with np.errstate(invalid="ignore"):
            every = np.array([np.nan_to_num(a * b, nan=0.0, posinf=np.inf, neginf=-np.inf) for a in first for b in second])
            ends = np.nan_to_num(cells.coef * np.array([every.min(axis=0), every.max(axis=0)]), nan=0.0, posinf=np.inf, neginf=-np.inf)
        return ends.min(axis=0), ends.max(axis=0)

    def _ends(self, matrix: sparse.csr_array) -> tuple[Floats, Floats]:
        """The least and the largest value of combinations of cells, each cell within its own bounds."""
        entries = sparse.csr_array(matrix).tocoo()
        low, high = (e[entries.col] for e in self._cell_ends)
        found = np.zeros((2, matrix.shape[0]))
        up = entries.data > 0
        some = entries.data != 0
        for k, ends in enumerate((np.where(up, low, high), np.where(up, high, low))):
            np.add.at(found[k], entries.row[some], (entries.data[some] * ends[some]))
        return found[0], found[1]

    @cached_property
    def _relative(self) -> Bools:
        """Observed rows whose error is a factor, or a share of the adjusted value."""
        seen = self.problem.observed
        share = (seen.cv * np.abs(self.solution.fitted) >= seen.sd) & (seen.cv > 0)
        return np.asarray(seen.counted & (self.solution.fitted > 0) & (share | seen.lognormal))

    @cached_property
    def _factors(self) -> Bools:
        """Cells that such a report is of."""
        matrix = self.problem.observed.rows.matrix
        rows = np.flatnonzero(self._relative & (np.diff(matrix.indptr) == 1))
        found = np.zeros(len(self.problem.cells), dtype=bool)
        found[matrix.indices[matrix.indptr[rows]]] = True
        return found


def beside_bounds(problem: LeastSquares, solution: Solution, spread: Spread) -> Beside:
    """What is known of the numbers of a problem at its solution, with standard deviations `spread`."""
    cut = whole_cut(problem, solution, spread) if isinstance(spread, Posterior) else None
    return Beside(problem, solution, spread, cut)


def _fields(of: Numbers) -> tuple[Floats | Bools, ...]:
    return (
        of.value,
        of.mean,
        of.sd,
        of.low,
        of.high,
        of.cautious_low,
        of.cautious_high,
        of.bound,
        of.prior_driven,
    )


def _without(found: Numbers, free: Bools) -> Numbers:
    """The numbers with nothing said of what is free."""
    none = [np.where(free, np.nan, getattr(found, k)) for k in ("mean", "sd", "low", "high")]
    cautious = [np.where(free, np.nan, e) for e in (found.cautious_low, found.cautious_high)]
    return Numbers(found.value, *none, *cautious, found.bound & ~free, found.prior_driven & ~free)
