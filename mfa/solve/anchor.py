"""What nothing says the size of: parts of a problem that may be scaled at will.

A balance, a share, a ratio of two flows hold at any scale. Giving every unknown a degree (its exponent under
a change of scale), a row with a right side other than zero has degree 0 throughout, a row without has one
degree, and a product has the sum of its factors'. What these rules do not bring to degree 0 has no absolute
anchor: a bilinear system without one absolute flow is free of scale. Terms that vanish say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from mfa.solve.problem import Bools, Floats, Ints, LeastSquares


@dataclass(frozen=True)
class Component:
    """Cells that hang together and have no size; `seen` whether a counted report speaks of one of them."""

    cells: Ints
    seen: bool


@dataclass(frozen=True)
class _Rows:
    """Exact rows and counted reports as (row, cell) pairs."""

    row: Ints
    cell: Ints
    sign: Floats
    absolute: Bools
    reports: int

    def any(self, cells: Bools, kept: Bools) -> Bools:
        """Which rows hold one of some cells, among the entries kept."""
        found = np.zeros(len(self.absolute), dtype=bool)
        found[self.row[kept & cells[self.cell]]] = True
        return found

    def cells(self, rows: Bools, kept: Bools, count: int) -> Bools:
        """Which cells stand in one of some rows, among the entries kept."""
        found = np.zeros(count, dtype=bool)
        found[self.cell[kept & rows[self.row]]] = True
        return found


def unanchored(problem: LeastSquares, cells: Ints) -> list[Component]:
    """Those of some `cells` that no row gives a size, by component; empty where every one has an anchor."""
    rows = _rows(problem)
    nothing = _vanishing(problem, rows)
    sized = _sized(problem, rows, nothing)
    open_ = np.zeros(len(problem.cells), dtype=bool)
    open_[cells] = True
    open_ &= ~_of_factors(problem, sized) & ~nothing
    if not open_.any():
        return []
    label = _components(problem, rows, ~sized)[problem.cells.i]
    seen = np.unique(label[rows.cell[(rows.row < rows.reports) & ~nothing[rows.cell]]])
    places = np.flatnonzero(open_)
    return [Component(places[label[places] == k], bool(np.isin(k, seen))) for k in np.unique(label[places])]


def _rows(problem: LeastSquares) -> _Rows:
    """Counted reports first, then the exact rows; entries that are zero left out."""
    seen, exact = problem.observed, problem.exact
    matrix = sparse.vstack([seen.rows.matrix[np.flatnonzero(seen.counted)], exact.matrix]).tocoo()
    rhs = np.concatenate([seen.rows.rhs[seen.counted], exact.rhs])
    there = (matrix.data != 0) & (problem.cells.coef[matrix.col] != 0)
    sign = np.sign(matrix.data * problem.cells.coef[matrix.col])[there]
    return _Rows(
        matrix.row[there].astype(np.int64),
        matrix.col[there].astype(np.int64),
        sign,
        rhs != 0,
        int(np.count_nonzero(seen.counted)),
    )


def _vanishing(problem: LeastSquares, rows: _Rows) -> Bools:
    """Cells that are nothing: terms of one sign that sum to zero, and what that leaves alone elsewhere."""
    n, cells = len(problem), problem.cells
    zero = (problem.lower == 0) & (problem.upper == 0)
    signed = problem.lower < 0
    while True:
        nothing = zero[cells.i] | ((cells.j >= 0) & zero[cells.j])
        live = ~nothing[rows.cell]
        loose = signed[cells.i] | ((cells.j >= 0) & signed[cells.j])
        plus = rows.any(np.ones(len(cells), bool), live & (rows.sign > 0))
        minus = rows.any(np.ones(len(cells), bool), live & (rows.sign < 0))
        single = np.bincount(rows.row[live], minlength=len(rows.absolute)) == 1
        one_sign = ~rows.absolute & ~(plus & minus) & (single | ~rows.any(loose, live))
        gone = rows.cells(one_sign, live, len(cells)) & (cells.j < 0)
        gone &= ~rows.cells(rows.absolute, live, len(cells))
        more = np.zeros(n, dtype=bool)
        more[cells.i[gone]] = True
        if not np.any(more & ~zero):
            return np.asarray(nothing)
        zero |= more


def _sized(problem: LeastSquares, rows: _Rows, nothing: Bools) -> Bools:
    """The unknowns of degree 0."""
    cells, live = problem.cells, ~nothing[rows.cell]
    sized = (problem.lower == problem.upper) & (problem.lower != 0)
    two = cells.j >= 0
    while True:
        known = _of_factors(problem, sized)
        known |= rows.cells(rows.absolute | rows.any(known, live), live, len(cells))
        more = sized.copy()
        more[cells.i[known & (~two | sized[cells.j])]] = True
        more[cells.j[known & two & sized[cells.i]]] = True
        if np.array_equal(more, sized):
            return np.asarray(sized)
        sized = more


def _of_factors(problem: LeastSquares, sized: Bools) -> Bools:
    """Cells all of whose factors are of degree 0."""
    cells = problem.cells
    return np.asarray(sized[cells.i] & ((cells.j < 0) | sized[cells.j]))


def _components(problem: LeastSquares, rows: _Rows, open_: Bools) -> Ints:
    """The label of every unknown: those that are open and stand in one row or product share one."""
    n, cells = len(problem), problem.cells
    i, j = cells.i[rows.cell], cells.j[rows.cell]
    first, second = open_[i], (j >= 0) & open_[j]
    place = np.concatenate([i[first], j[second]])
    row = n + np.concatenate([rows.row[first], rows.row[second]])
    size = n + len(rows.absolute)
    graph = sparse.coo_array((np.ones(len(place)), (place, row)), shape=(size, size))
    return np.asarray(connected_components(graph.tocsr(), directed=False)[1][:n], dtype=np.int64)
