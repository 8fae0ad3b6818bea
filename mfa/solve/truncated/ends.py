"""Between which ends numbers can be at all: what the bounds of unknowns leave each by itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.solve.problem import Floats, LeastSquares

Pair = tuple[Floats, Floats]


@dataclass(frozen=True)
class Ends:
    """The least and the largest values of a problem's numbers."""

    problem: LeastSquares

    @cached_property
    def unknowns(self) -> Pair:
        """Those of every unknown: its bounds, and limits on nothing but it."""
        cells, (least, most) = self.problem.cells, self._limited
        low, high = self.problem.lower.copy(), self.problem.upper.copy()
        some = np.flatnonzero((cells.j < 0) & (cells.coef > 0))
        np.maximum.at(low, cells.i[some], least[some] / cells.coef[some])
        np.minimum.at(high, cells.i[some], most[some] / cells.coef[some])
        return low, high

    @cached_property
    def cells(self) -> Pair:
        """Those of every cell, its factors within their bounds."""
        cells, (low, high) = self.problem.cells, self.unknowns
        two = cells.j >= 0
        second = np.where(two, low[cells.j], 1.0), np.where(two, high[cells.j], 1.0)
        products = [_times(a[cells.i], b) for a in (low, high) for b in second]
        ends = _times(cells.coef, np.min(products, axis=0)), _times(cells.coef, np.max(products, axis=0))
        least, most = self._limited
        return np.maximum(np.minimum(*ends), least), np.minimum(np.maximum(*ends), most)

    def of(self, matrix: sparse.csr_array) -> Pair:
        """Those of combinations of cells, one per row of `matrix` (k, cells)."""
        entries = sparse.csr_array(matrix).tocoo()
        some = np.flatnonzero(entries.data)
        row, weight = entries.row[some], entries.data[some]
        low, high = (e[entries.col[some]] for e in self.cells)
        least, most = np.zeros(matrix.shape[0]), np.zeros(matrix.shape[0])
        np.add.at(least, row, weight * np.where(weight > 0, low, high))
        np.add.at(most, row, weight * np.where(weight > 0, high, low))
        return least, most

    @cached_property
    def _limited(self) -> Pair:
        """What limits on nothing but a cell leave it."""
        matrix, rhs = self.problem.limits.matrix, self.problem.limits.rhs
        alone = np.flatnonzero(np.diff(matrix.indptr) == 1)
        cell, weight = matrix.indices[matrix.indptr[alone]], matrix.data[matrix.indptr[alone]]
        low, high = (np.full(len(self.problem.cells), end) for end in (-np.inf, np.inf))
        up, down = weight > 0, weight < 0
        np.minimum.at(high, cell[up], rhs[alone[up]] / weight[up])
        np.maximum.at(low, cell[down], rhs[alone[down]] / weight[down])
        return low, high


def _times(a: Floats, b: Floats) -> Floats:
    """Products in which nothing times infinity is nothing."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where((a == 0) | (b == 0), 0.0, a * b))
