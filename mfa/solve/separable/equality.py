"""The equality problem that an active set leaves: what moves, how rows merge, and its solution."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from mfa.solve.problem import Bools, Floats, Ints
from mfa.solve.separable.contraction import Contraction, Tree, contract
from mfa.solve.separable.form import Separable
from mfa.solve.separable.normal import factorise
from mfa.solve.separable.pivoted import LARGEST, pivoted

CLOSED, REFINED = 1e-15, 8
"""Closure, relative to a row's own terms, that ends refinement; its most rounds."""
POOR = 1e-12
"""Closure of merged rows from which the whole system is solved instead, while it is small."""
CANCELLED = 1e-12
"""Net effect of an unknown on all rows of a set below which it only moves between them."""
ROUNDING = 1e-14
"""Share of the numbers an unknown is the difference of that may be rounding."""


@dataclass(frozen=True)
class Equality:
    """A separable problem with some unknowns held: variances of those that move (0 for others), merged
    rows, trees."""

    problem: Separable
    variance: Floats
    contraction: Contraction
    tree: Tree

    def solve(self, x: Floats) -> tuple[Floats, Floats, Floats | None]:
        """Unknowns, row multipliers and about how well each unknown that moves is computed (None: as
        `rounding` says); what does not move as in `x`, the rest refined until the rows close."""
        found, dual = self._merged(x)
        problem, moves = self.problem, self.moves
        if len(problem) > LARGEST or self._open(found) <= POOR:
            return found, dual, None
        other, pull = pivoted(problem, moves, x)
        if self._open(other) > 0.1 * self._open(found):
            return found, dual, None
        some, noise = np.flatnonzero(moves), np.zeros(len(x))
        noise[some] = ROUNDING * problem.smallest(problem.size(other), some)
        return other, pull, noise

    @property
    def moves(self) -> Bools:
        """The unknowns that are not held."""
        moves = self.variance > 0
        moves[self.contraction.pivots] = moves[self.contraction.loose] = True
        return moves

    def _open(self, x: Floats) -> float:
        """The worst of the merged rows in which something moves, relative to its own terms."""
        contraction = self.contraction
        some = contraction.sizes(self.problem.magnitude @ self.variance) > 0
        left = np.abs(contraction.merge @ self.problem.residual(x))
        return float(np.max((left / contraction.sizes(self.problem.size(x)))[some], initial=0.0))

    def _merged(self, x: Floats) -> tuple[Floats, Floats]:
        """Unknowns and row multipliers by the matrix of the merged rows."""
        problem, pivots = self.problem, self.contraction.pivots
        x = np.where(self.variance > 0, problem.mean, x)
        x[pivots] = 0.0
        merge = self.contraction.merge
        normal, size = factorise(self.merged_rows(), self.variance), abs(merge) @ problem.size(x)
        dual, before = np.zeros(len(problem.rhs)), np.inf
        for _ in range(REFINED):
            open_ = merge @ problem.residual(x)
            left = float(np.max(np.abs(open_) / size, initial=0.0))
            if left <= CLOSED or left > 0.5 * before:
                break
            before, step = left, merge.T @ normal.solve(open_)
            x, dual = x - self.variance * (problem.rows.T @ step), dual + step
        for _ in range(2 if len(pivots) else 0):
            x[pivots] -= self.tree.solve(problem.residual(x))
        return x, dual

    def merged_rows(self) -> sparse.csr_array:
        """Z' A: the rows added up by groups."""
        rows = sparse.csr_array(self.contraction.merge @ self.problem.by_row)
        rows.sort_indices()  # products share its index arrays, and would sort them under its numbers
        return rows

    def stuck(self, x: Floats, accepted: float) -> Floats:
        """The sign of what is open in each row whose group nothing moves in, 0 where it closes."""
        empty = self.contraction.sizes(self.problem.magnitude @ self.variance) == 0
        if not empty.any():
            return np.zeros(len(self.problem.rhs))
        open_ = self.contraction.merge @ self.problem.residual(x)
        wrong = empty & (np.abs(open_) > accepted * self.contraction.sizes(self.problem.size(x)))
        return np.asarray(self.contraction.spread @ np.where(wrong, np.sign(open_), 0.0))

    def rounding(self, x: Floats, dual: Floats) -> Floats:
        """About how well each unknown that moves is computed."""
        terms = np.abs(self.problem.mean) + self.variance * (self.problem.magnitude.T @ np.abs(dual))
        found = ROUNDING * np.where(self.variance > 0, terms, 0.0)
        found[self.contraction.pivots] = 8 * self.tree.noise(self.problem.size(x))
        return found


def equality_of(problem: Separable, at: npt.NDArray[np.int8], x: Floats) -> Equality | None:
    """The equality problem with the unknowns in `at` (other than 0) held, near `x`; None where rows do not
    merge."""
    free = (at == 0) & ~problem.pinned
    unseen = np.flatnonzero(free & np.isinf(problem.variance))
    contraction = contract(problem.rows[:, unseen], unseen, problem.size(x))
    if contraction is None:
        return None
    variance = np.where(free & np.isfinite(problem.variance), problem.variance, 0.0)
    return Equality(problem, variance, contraction, Tree(problem.rows, contraction))


def grounded(equality: Equality) -> Equality:
    """The same equality problem without rows that follow from others because nothing moves into their set."""
    closed = _closed_groups(equality)
    return replace(equality, contraction=equality.contraction.without(closed)) if len(closed) else equality


def _closed_groups(equality: Equality) -> Ints:
    """One group, the largest, of every set of groups that nothing moves into or out of: its row follows
    from the rest of the set, and its multiplier may be zero."""
    rows = sparse.csc_array(equality.merged_rows()[:, np.flatnonzero(equality.variance)])
    count, label = csgraph.connected_components(abs(rows) @ abs(rows).T, directed=False)
    first = rows.indices[rows.indptr[:-1][np.diff(rows.indptr) > 0]]
    net = np.abs(rows.sum(axis=0))[np.diff(rows.indptr) > 0]
    open_ = np.bincount(label[first], net > CANCELLED, count) > 0
    size = equality.contraction.sizes(equality.problem.size(equality.problem.start))
    order = np.argsort(-size, kind="stable")
    largest = order[np.unique(label[order], return_index=True)[1]]
    some = np.diff(rows.tocsr().indptr) > 0
    return largest[~open_ & some[largest]]
