"""The exact rows of a problem written over its unknowns, with what is known put in and whole mixes taken out.

A row is `sum_k a_k x_k + sum_k c_k x_i(k) x_j(k) = b`. Where a row holds every part of a composition times
one flow, the parts sum to 1 and the flow alone is left; rows that differ in the element alone add up to a row
of bulk flows. So bulk flows are found first, and mixes then follow from linear rows, one system an element.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats, Ints, LeastSquares

EQUAL = 1e-14


@dataclass(frozen=True)
class Products:
    """Terms `coef * x[i] * x[j]` of rows."""

    row: Ints
    i: Ints
    j: Ints
    coef: Floats

    def __len__(self) -> int:
        return len(self.row)

    def only(self, which: Bools | Ints) -> Products:
        """Some of the terms."""
        return Products(self.row[which], self.i[which], self.j[which], self.coef[which])

    def summed(self) -> Products:
        """The terms ordered by row, those of the same row and unknowns in one."""
        if not len(self):
            return self
        order = np.lexsort((self.j, self.i, self.row))
        p = self.only(order)
        new = np.ones(len(p), dtype=bool)
        new[1:] = (np.diff(p.row) != 0) | (np.diff(p.i) != 0) | (np.diff(p.j) != 0)
        first = np.flatnonzero(new)
        total = np.add.reduceat(p.coef, first)
        return Products(p.row[first], p.i[first], p.j[first], total).only(total != 0)


@dataclass(frozen=True)
class Equations:
    """Rows `matrix @ x + products = rhs` over all unknowns; the first are the problem's exact rows, in order.

    `held` marks unknowns that their bounds hold, with their `value`: no term has them any more. `last` marks
    rows that determine something only where no other does: that the parts of a mix sum to 1 follows from the
    balances of its market, and would find the smallest part as what the others leave. `time` labels the
    unknowns of a period, ascending (0 where there is none): a hint where to look first, no more.
    """

    matrix: sparse.csr_array
    products: Products
    rhs: Floats
    last: Bools
    held: Bools
    value: Floats
    time: Ints

    def __len__(self) -> int:
        return len(self.rhs)

    def pattern(self) -> sparse.csr_array:
        """Which unknowns stand in which row, a product's both."""
        shape = self.matrix.shape
        linear = sparse.csr_array(
            (np.ones(self.matrix.nnz, np.int8), self.matrix.indices, self.matrix.indptr), shape
        )
        if not len(self.products):
            return linear
        p = self.products
        places = (np.concatenate([p.row, p.row]), np.concatenate([p.i, p.j]))
        both = sparse.coo_array((np.ones(2 * len(p)), places), shape=shape).tocsr()
        both.data = np.ones(len(both.data), np.int8)
        return sparse.csr_array(linear + both)


def equations(problem: LeastSquares) -> Equations:
    """The exact rows of `problem` over its unknowns, the sums over elements of market balances added."""
    held = problem.lower >= problem.upper
    value = np.where(held, problem.lower, 0.0)
    matrix, products = _expanded(problem, held, value)
    rhs = problem.exact.rhs - matrix @ value
    matrix = _without(matrix, held)
    last = np.zeros(len(rhs), dtype=bool)
    time = problem.block if len(problem.block) else np.zeros(len(problem), np.int64)
    if not len(products) or not len(problem.merge):
        return Equations(matrix, products, rhs, last, held, value, time)
    part = _parts(problem, matrix, products, rhs)
    last[part.rows] = True
    flows, products = _folded(products, part)
    matrix = sparse.csr_array(matrix + _linear(flows, matrix.shape))
    sums, right = _bulk_rows(problem, matrix, products, rhs, part)
    return Equations(
        sparse.csr_array(sparse.vstack([matrix, sums])),
        products,
        np.concatenate([rhs, right]),
        np.concatenate([last, np.zeros(len(right), dtype=bool)]),
        held,
        value,
        time,
    )


def _expanded(problem: LeastSquares, held: Bools, value: Floats) -> tuple[sparse.csr_array, Products]:
    """The rows with cells written out; a product with a known factor is linear in the other."""
    rows, cells = problem.exact.matrix, problem.cells
    i, j, coef = cells.i, cells.j, cells.coef
    two = j >= 0
    if two.any():
        by_j, by_i = two & held[j], two & ~held[j] & held[i]
        coef = coef * np.where(by_j, value[j], 1.0) * np.where(by_i, value[i], 1.0)
        i, j = np.where(by_i, j, i), np.where(by_i | by_j, -1, j)
    data = rows.data * coef[rows.indices]
    products = _none()
    if (j >= 0).any():
        at = np.flatnonzero(j[rows.indices] >= 0)
        row = np.searchsorted(rows.indptr, at, side="right") - 1
        cell = rows.indices[at]
        products = Products(row.astype(np.int64), i[cell], j[cell], data[at]).summed()
        data[at] = 0.0
    columns = i.astype(rows.indices.dtype)[rows.indices]
    shape = (rows.shape[0], len(problem))
    return sparse.csr_array((data, columns, rows.indptr.copy()), shape), products


def _without(matrix: sparse.csr_array, held: Bools) -> sparse.csr_array:
    """The matrix without the terms of what is known, each unknown once a row, zeros left out."""
    matrix.data[held[matrix.indices]] = 0.0
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def _none() -> Products:
    none = np.zeros(0, np.int64)
    return Products(none, none, none, np.zeros(0))


@dataclass(frozen=True)
class _Parts:
    """Compositions: the number of the one that each unknown is a part of (-1: none), their sizes and rows."""

    of: Ints
    size: Ints
    rows: Ints


def _parts(problem: LeastSquares, matrix: sparse.csr_array, products: Products, rhs: Floats) -> _Parts:
    """The compositions whose parts a row says to sum to 1."""
    size = np.diff(matrix.indptr)
    rows = np.flatnonzero((problem.merge == -1) & (size > 0))
    rows = rows[~np.isin(rows, products.row)]
    row = np.repeat(np.arange(len(rows)), size[rows])
    chosen = matrix[rows]
    even = np.ones(len(rows), dtype=bool)
    np.logical_and.at(even, row, chosen.data == rhs[rows][row])
    of = np.full(len(problem), -1, np.int64)
    kept = even[row]
    of[chosen.indices[kept]] = (np.cumsum(even) - 1)[row[kept]]
    return _Parts(of, size[rows[even]].astype(np.int64), rows[even])


def _folded(products: Products, part: _Parts) -> tuple[Products, Products]:
    """The terms that make up a whole composition of one flow, as that flow (in `i`), and all others."""
    swap = (part.of[products.i] >= 0) & (part.of[products.j] < 0)
    i, j = np.where(swap, products.j, products.i), np.where(swap, products.i, products.j)
    p = Products(products.row, i, j, products.coef)
    p = p.only(np.lexsort((part.of[j], i, p.row)))
    of = part.of[p.j]
    new = np.ones(len(p), dtype=bool)
    new[1:] = (np.diff(p.row) != 0) | (np.diff(p.i) != 0) | (np.diff(of) != 0)
    first = np.flatnonzero(new)
    if not len(first):
        return _none(), p
    count = np.diff(np.append(first, len(p)))
    low, high = np.minimum.reduceat(p.coef, first), np.maximum.reduceat(p.coef, first)
    named = of[first] >= 0
    whole = named & (count == np.where(named, part.size[of[first]], -1))
    whole &= high - low <= EQUAL * np.maximum(np.abs(low), np.abs(high))
    return p.only(first[whole]), p.only(~np.repeat(whole, count)).summed()


def _linear(flows: Products, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array(sparse.coo_array((flows.coef, (flows.row, flows.i)), shape=shape))


def _bulk_rows(
    problem: LeastSquares, matrix: sparse.csr_array, products: Products, rhs: Floats, part: _Parts
) -> tuple[sparse.csr_array, Floats]:
    """The sums over elements of the balances that mixes leave, where no product is left in them."""
    merge = problem.merge
    groups, count = np.unique(merge[merge >= 0], return_counts=True)
    groups = groups[count > 1]
    inside = np.isin(merge[products.row], groups)
    own = products.only(inside)
    own = Products(np.searchsorted(groups, merge[own.row]), own.i, own.j, own.coef)
    flows, left = _folded(own.summed(), part)
    kept = np.zeros(len(groups), dtype=bool)
    kept[_left_by(own, products, part)] = True
    kept[left.row] = False
    rows = np.flatnonzero(np.isin(merge, groups[kept]))
    of, flows = np.cumsum(kept) - 1, flows.only(kept[flows.row])
    shape = (int(kept.sum()), matrix.shape[0])
    by = sparse.csr_array((np.ones(len(rows)), (of[np.searchsorted(groups, merge[rows])], rows)), shape)
    bulk = Products(of[flows.row], flows.i, flows.j, flows.coef)
    sums = sparse.csr_array(by @ matrix + _linear(bulk, (shape[0], matrix.shape[1])))
    sums.eliminate_zeros()
    return sums, np.asarray(by @ rhs)


def _left_by(own: Products, products: Products, part: _Parts) -> Ints:
    """The groups of rows (`own.row`) that every flow of some mix leaves: the balance of its market."""
    n, mixes = int(products.i.max(initial=0)) + 1, len(part.size)
    of = part.of[products.j]
    every = np.unique(of[of >= 0] * n + products.i[of >= 0])
    every = np.bincount(every // n, minlength=mixes)
    leaving = own.only((own.coef == -1.0) & (part.of[own.j] >= 0))
    flow = np.unique((leaving.row * mixes + part.of[leaving.j]) * n + leaving.i)
    pair, count = np.unique(flow // n, return_counts=True)
    return np.asarray(pair[count == every[pair % mixes]] // mixes)
