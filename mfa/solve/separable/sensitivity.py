"""How combinations of cells, residuals and multipliers of a linear problem move with errors, part by part.

With x = mean - V A' Z mu and M mu = Z' (A mean - b), M = Z' A V A' Z, an error of report i (f its factor,
s its sigma, p its unknown) has the vector g_i = Z' A_p V_p f/s among the merged rows, an error of row q the
vector -Z' e_q, and the covariance of residuals and multipliers is

    G = D + g' M^-1 g,    D_ij = (i = j) - f_i f_j V_p / (s_i s_j) for reports of one unknown, else 0.

M falls apart into the connected parts of the merged rows: an error moves its own part alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.errors import NotConverged, Problem
from mfa.solve.problem import Bools, Floats, Ints, LeastSquares
from mfa.solve.sensitivity import Freedom, gap_of
from mfa.solve.separable.blocks import Block
from mfa.solve.separable.bounded import Optimum
from mfa.solve.separable.form import Separable
from mfa.solve.separable.spread import Spread, spread
from mfa.solve.separable.world import World, optimum_of, world_of
from mfa.solve.solution import Solution

ROUNDING = 1e-12
"""What is left of 1 - 1 between a report and itself."""
CHUNK = 32
"""Combinations whose effects are held at once."""


@dataclass(frozen=True)
class PartsSensitivity:
    """The factors of a linear problem at its solution, with the leverage of every observation; all but these
    is made when it is first asked for, and as much again as the problem."""

    problem: LeastSquares
    solution: Solution
    leverage: Floats

    @cached_property
    def world(self) -> World:
        """The problem in separable form, in parts."""
        return world_of(self.problem)

    @cached_property
    def form(self) -> Separable:
        """The separable problem with the sigmas of the solution."""
        return self.world.split.form(self.sigma)

    @cached_property
    def optimum(self) -> Optimum:
        """The solution in the separable form."""
        return optimum_of(self.world.split, self.solution)

    @property
    def sigma(self) -> Floats:
        """The standard deviations of the counted observations."""
        return self.solution.sigma[self.problem.observed.counted]

    @cached_property
    def spread(self) -> Spread:
        """The factors of the whole problem at its optimum."""
        found = spread(self.form, self.optimum)
        if found is None:
            raise NotConverged(Problem("not-converged", "the rows of the optimum cannot be merged"))
        return found

    def frees(self, matrix: sparse.csr_array) -> Bools:
        """Which combinations nothing determines."""
        return self.spread.frees(self.combined(matrix))

    def drift(self, matrix: sparse.csr_array) -> Floats:
        """The changes of combinations on two random null vectors, (k, 2)."""
        return np.asarray(self.combined(matrix) @ self.spread.null)

    def covariance_with(self, target: sparse.csr_array) -> Floats:
        """The covariance of every cell with one combination (1, cells)."""
        moved = self.spread.covariance_with(self.combined(target))
        return np.asarray(self.problem.cells.coef * moved[self.problem.cells.i])

    def covariance_of(self, matrix: sparse.csr_array) -> Floats:
        """The covariance (k, k) of linear combinations of cells; nan where nothing determines one."""
        combined = self.combined(matrix)
        effects = self.spread.effects(combined)
        pulled = effects @ sparse.diags_array(self.spread.equality.variance)
        found, free = (pulled @ effects.T).toarray(), self.spread.frees(combined)
        found[free], found[:, free] = np.nan, np.nan
        return np.asarray(found)

    def sd(self, matrix: sparse.csr_array) -> Floats:
        """The standard deviation of each row of `matrix` (k, cells)."""
        combined, parts = self.combined(matrix), [np.zeros(0)]
        for k in range(0, combined.shape[0], CHUNK):
            effects = self.spread.effects(combined[k : k + CHUNK])
            parts.append(np.sqrt(effects.power(2) @ self.spread.equality.variance))
        return np.where(self.spread.frees(combined), np.nan, np.concatenate(parts))

    def freedom(self) -> Freedom:
        """What free unknowns can do with everything determined held, in units of their scale."""
        form, cells, moving = self.form, self.problem.cells, np.flatnonzero(self.spread.free)
        scale = _scale(self.problem, form)[moving]
        unit = sparse.diags_array(scale)
        slopes = sparse.csr_array((cells.coef, (np.arange(len(cells)), cells.i)), (len(cells), len(form)))
        x = self.optimum.x[moving]
        return Freedom(
            slopes=sparse.csr_array(sparse.csr_array(slopes[:, moving]) @ unit),
            held=sparse.csr_array(sparse.csr_array(form.rows[:, moving]) @ unit),
            low=(form.lower[moving] - x) / scale,
            high=(form.upper[moving] - x) / scale,
            now=cells.value(self.optimum.x[: len(self.problem)]),
        )

    def errors(self, problem: LeastSquares, solution: Solution, rows: Sequence[int]) -> PartsErrors:
        """The errors of all counted reports and of some exact rows."""
        some = np.asarray(rows, dtype=np.int64)
        u = np.concatenate([-gap_of(problem, solution), solution.exact_multipliers[some]])
        return PartsErrors(self, some, u)

    def combined(self, matrix: sparse.csr_array) -> sparse.csr_array:
        """Rows over cells as rows over the separable unknowns."""
        cells, over = self.problem.cells, sparse.csr_array(matrix).tocoo()
        entries = (over.data * cells.coef[over.col], (over.row, cells.i[over.col]))
        return sparse.csr_array(sparse.coo_array(entries, shape=(over.shape[0], len(self.form))))


@dataclass(frozen=True)
class PartsErrors:
    """Errors and what they do, each in its own part of the merged rows."""

    of: PartsSensitivity
    rows: Ints
    u: Floats
    factors: dict[int, _Part] = field(default_factory=dict, repr=False)

    @property
    def counted(self) -> Ints:
        """The observations that are candidates."""
        return self.of.world.split.counted

    @cached_property
    def diagonal(self) -> Floats:
        """The variances of residuals and multipliers."""
        spread = self.of.spread.equality.contraction.spread[self.rows]
        slopes = self.of.spread.forms(spread) if len(self.rows) else np.zeros(0)
        return np.concatenate([self.of.leverage[self.counted], slopes])

    @cached_property
    def parts(self) -> Ints:
        """The part of every candidate; a report that bears on no row has one for its unknown."""
        label, first = self.of.spread.blocks.of_row, self.vectors.indptr[:-1]
        some = np.diff(self.vectors.indptr) > 0
        alone = np.concatenate([self._place, np.zeros(len(self.rows), np.int64)])
        found = int(label.max(initial=-1)) + 1 + alone
        found[some] = label[self.vectors.indices[first[some]]]
        return np.asarray(np.unique(found, return_inverse=True)[1], np.int64)

    @cached_property
    def _sorted(self) -> tuple[Ints, Ints]:
        """The candidates part by part, and where every part begins."""
        order = np.argsort(self.parts, kind="stable")
        return order, np.append(0, np.cumsum(np.bincount(self.parts)))

    def members(self, part: int) -> Ints:
        """The candidates of a part."""
        order, start = self._sorted
        return order[start[part] : start[part + 1]]

    def response(self, part: int, places: Ints, sizes: Floats, at: Ints | None = None) -> Floats:
        """G E over the candidates of a part (or those `at` some places in it), for errors of `sizes` at
        `places` in it."""
        if part not in self.factors:
            self.factors[part] = self._part(self.members(part))
        return self.factors[part].response(places, sizes, at)

    def _part(self, members: Ints) -> _Part:
        vectors, blocks = self.vectors[members], self.of.spread.blocks
        reports = members[members < len(self.counted)]
        own = self._own[reports][:, reports]
        if not vectors.nnz:
            return _Part(None, vectors, own)
        block = blocks.block(int(blocks.of_row[vectors.indices[0]]))
        entries = (vectors.data, blocks.place[vectors.indices], vectors.indptr)
        return _Part(block, sparse.csr_array(entries, (len(members), block.rows.shape[0])), own)

    @cached_property
    def vectors(self) -> sparse.csr_array:
        """g of every candidate, over the merged rows."""
        equality, by_unknown = self.of.spread.equality, sparse.csr_array(self.of.spread.rows.T)
        weight = self._pull * equality.variance[self._place]
        reports = sparse.csr_array(sparse.diags_array(weight) @ by_unknown[self._place])
        leaks = -equality.contraction.spread[self.rows]
        found = sparse.csr_array(sparse.vstack([reports, leaks], format="csr"))
        found.eliminate_zeros()
        return found

    @cached_property
    def _own(self) -> sparse.csr_array:
        """D of the reports."""
        m = len(self.counted)
        pulls = sparse.csr_array((self._pull, self._place, np.arange(m + 1)), (m, len(self.of.form)))
        variance = sparse.diags_array(self.of.spread.equality.variance)
        found = sparse.csr_array(sparse.eye_array(m) - pulls @ (variance @ pulls.T))
        found.data[np.abs(found.data) < ROUNDING] = 0.0
        found.eliminate_zeros()
        return found

    @property
    def _pull(self) -> Floats:
        return self.of.world.split.factor / self.of.sigma

    @property
    def _place(self) -> Ints:
        return self.of.world.split.place


@dataclass(frozen=True)
class _Part:
    """A block of the merged rows, g of its candidates, D of its reports (the first candidates)."""

    block: Block | None
    vectors: sparse.csr_array
    own: sparse.csr_array

    def response(self, places: Ints, sizes: Floats, at: Ints | None) -> Floats:
        """G E, over all candidates or some."""
        wanted = self.vectors if at is None else self.vectors[at]
        found = np.zeros(wanted.shape[0])
        if self.block is not None and len(found):
            found = np.asarray(wanted @ self.block.solve(self.vectors[places].T @ sizes))
        if self.own.nnz:
            reports = places < self.own.shape[0]
            beside = np.zeros(self.vectors.shape[0])
            beside[: self.own.shape[0]] = self.own[places[reports]].T @ sizes[reports]
            found += beside if at is None else beside[at]
        return found


def _scale(problem: LeastSquares, form: Separable) -> Floats:
    """The typical size of every unknown; of slacks and reported sums that of the rows they close."""
    more = np.arange(len(problem), len(form))
    typical = np.concatenate([np.abs(problem.scale), np.zeros(len(more))])
    size = np.asarray(form.magnitude @ typical) + np.abs(form.rhs)
    typical[more] = form.smallest(size, more)
    return np.where((typical > 0) & np.isfinite(typical), typical, 1.0)
