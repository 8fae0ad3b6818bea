"""Variances under exact rows and observations of unit error, in rational numbers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Matrix = list[list[Fraction]]


@dataclass(frozen=True)
class Rational:
    """Unknowns x = basis u, u independent: observations tell `inverse` as the covariance of the `told` of u,
    and leave `null` free."""

    basis: Matrix
    told: list[int]
    inverse: Matrix
    null: Matrix

    def variance(self, rows: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
        """The variance of every row over unknowns, and which of them are free."""
        over = product(rational(rows), self.basis)
        variances, free = [], []
        for row in over:
            some = [row[k] for k in self.told]
            moved = product([some], self.inverse)[0] if some else []
            variances.append(float(sum((a * b for a, b in zip(some, moved, strict=True)), Fraction(0))))
            free.append(any(product([row], self.null)[0]) if row else False)
        return np.array(variances), np.array(free, bool)


def rational(matrix: Array) -> Matrix:
    """The same numbers as fractions."""
    return [[Fraction(float(v)) for v in row] for row in matrix]


def product(a: Matrix, b: Matrix) -> Matrix:
    """a b; rows without entries where b has no columns."""
    columns = list(zip(*b, strict=True)) if b else []
    return [[sum((x * y for x, y in zip(r, c, strict=True) if x), Fraction(0)) for c in columns] for r in a]


def reduced(matrix: Matrix) -> tuple[Matrix, list[int]]:
    """The reduced row echelon form without empty rows, and its pivot columns."""
    rows, pivots = [row[:] for row in matrix], list[int]()
    for c in range(len(rows[0]) if rows else 0):
        r = len(pivots)
        pivot = next((k for k in range(r, len(rows)) if rows[k][c]), None)
        if pivot is None:
            continue
        rows[r], rows[pivot] = rows[pivot], rows[r]
        rows[r] = [v / rows[r][c] for v in rows[r]]
        for k, row in enumerate(rows):
            if k != r and row[c]:
                rows[k] = [a - row[c] * b for a, b in zip(row, rows[r], strict=True)]
        pivots.append(c)
    return rows[: len(pivots)], pivots


def null_space(matrix: Matrix, n: int) -> Matrix:
    """A basis, by column, of what n unknowns may be where `matrix` times them is nothing."""
    rows, pivots = reduced(matrix)
    free = [c for c in range(n) if c not in pivots]
    basis = [[Fraction(int(c == f)) for f in free] for c in range(n)]
    for row, pivot in zip(rows, pivots, strict=True):
        basis[pivot] = [-row[f] for f in free]
    return basis


def propagated(exact: Array, soft: Array) -> Rational:
    """The exact answer for `exact` x = 0 and `soft` x = unit error."""
    basis = null_space(rational(exact), soft.shape[1])
    over = product(rational(soft), basis)
    told = reduced(over)[1]
    some = [[row[k] for k in told] for row in over]
    normal = product([list(c) for c in zip(*some, strict=True)], some)
    beside = [row + [Fraction(int(a == b)) for b in range(len(told))] for a, row in enumerate(normal)]
    inverse = [row[len(told) :] for row in reduced(beside)[0]]
    return Rational(basis, told, inverse, null_space(over, len(basis[0])))
