"""The rows of one step seen from its blocks: what is outside and known, and the slopes inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from mfa.solve.equations import Equations, Products
from mfa.solve.problem import Bools, Floats, Index, Ints
from mfa.solve.ranges import ranges


@dataclass(frozen=True)
class Local:
    """The terms of the rows of some blocks of one size.

    `row` numbers rows within the step; `at` are places in the matrix of the equations and `column` the
    unknowns there. `place` and `own_*` are places in the blocks' matrices (blocks, size, size), laid flat; -1
    where a product's factor is outside.
    """

    rows: Ints
    unknowns: Ints
    row: Ints
    at: Ints
    column: Index
    place: Ints
    products: Products
    own_i: Ints
    own_j: Ints

    @property
    def linear(self) -> bool:
        """Whether no product has both its factors in one block."""
        return not bool(((self.own_i >= 0) & (self.own_j >= 0)).any())

    def value(self, rows: Equations, x: Floats) -> tuple[Floats, Floats]:
        """The rows' left sides at `x`, and the sums of their absolute terms; shape (blocks, size)."""
        terms = rows.matrix.data[self.at] * x[self.column]
        total, size = self._sum(self.row, terms), self._sum(self.row, np.abs(terms))
        if len(self.products):
            p = self.products
            terms = p.coef * x[p.i] * x[p.j]
            total, size = total + self._sum(p.row, terms), size + self._sum(p.row, np.abs(terms))
        return total.reshape(self.rows.shape), size.reshape(self.rows.shape)

    def slope(self, rows: Equations, x: Floats) -> Floats:
        """The slopes inside the blocks at `x`, dense: (blocks, size, size)."""
        place, data = self._slopes(rows, x)
        n, k = self.rows.shape
        return np.asarray(np.bincount(place, data, minlength=n * k * k), np.float64).reshape(n, k, k)

    def sparse_slope(self, rows: Equations, x: Floats) -> sparse.csc_array:
        """The slopes of a single block at `x`."""
        place, data = self._slopes(rows, x)
        k = self.rows.shape[1]
        return sparse.csc_array(sparse.coo_array((data, np.divmod(place, k)), shape=(k, k)))

    def _slopes(self, rows: Equations, x: Floats) -> tuple[Ints, Floats]:
        inside = self.place >= 0
        place, data = [self.place[inside]], [rows.matrix.data[self.at[inside]]]
        p = self.products
        for own, other in ((self.own_i, p.j), (self.own_j, p.i)):
            mine = own >= 0
            place.append(own[mine])
            data.append(p.coef[mine] * x[other[mine]])
        return np.concatenate(place), np.concatenate(data)

    def _sum(self, row: Ints, terms: Floats) -> Floats:
        return np.asarray(np.bincount(row, terms, minlength=self.rows.size), np.float64)


def localised(rows: Equations, of: Ints, unknowns: Ints) -> Local:
    """The terms of rows `of` seen from the blocks `unknowns`, both of shape (blocks, size)."""
    flat = of.ravel()
    indptr = rows.matrix.indptr
    count = indptr[flat + 1] - indptr[flat]
    at = ranges(indptr[flat].astype(np.int64), count)
    row, column = np.repeat(np.arange(len(flat)), count), rows.matrix.indices[at]
    places = _Places(unknowns)
    p = _products(rows.products, flat)
    return Local(
        of,
        unknowns,
        row,
        at,
        column,
        places.of(row, column),
        p,
        places.of(p.row, p.i),
        places.of(p.row, p.j),
    )


def _products(products: Products, rows: Ints) -> Products:
    """The products of some rows, rows numbered by their order here."""
    if not len(products):
        return products
    first, last = (np.searchsorted(products.row, rows, side=s) for s in ("left", "right"))
    own = products.only(ranges(first, last - first))
    return Products(np.repeat(np.arange(len(rows)), last - first), own.i, own.j, own.coef)


class _Places:
    """Where an unknown is in its block's matrix."""

    def __init__(self, unknowns: Ints) -> None:
        self.size = unknowns.shape[1]
        self.order = np.argsort(unknowns.ravel(), kind="stable")
        self.sorted = unknowns.ravel()[self.order]

    def of(self, row: Ints, unknown: Index) -> Ints:
        """The flat place of each (row, unknown), -1 where the unknown is in no block of the step."""
        found = np.minimum(np.searchsorted(self.sorted, unknown), len(self.sorted) - 1)
        inside: Bools = self.sorted[found] == unknown
        return np.where(inside, row * self.size + self.order[found] % self.size, -1)
