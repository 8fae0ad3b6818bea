"""Least squares and variances under exact rows in rational numbers: right to the last digit, and slow."""

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


def reduced(matrix: Matrix, columns: int | None = None) -> tuple[Matrix, list[int]]:
    """The reduced row echelon form by the first `columns` (all), without rows that have no pivot there, and
    its pivot columns."""
    rows, pivots = [row[:] for row in matrix], list[int]()
    for c in range(columns if columns is not None else len(rows[0]) if rows else 0):
        r = len(pivots)
        pivot = next((k for k in range(r, len(rows)) if rows[k][c]), None)
        if pivot is None:
            continue
        rows[r], rows[pivot] = rows[pivot], rows[r]
        some, over = [j for j, v in enumerate(rows[r]) if v], 1 / rows[r][c]
        for j in some:
            rows[r][j] *= over
        for k, row in enumerate(rows):
            factor = row[c]
            if k != r and factor:
                for j in some:
                    row[j] -= factor * rows[r][j]
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


def least_squares(rows: Array, rhs: Array, pulls: Array, reports: Array, sd: Array) -> tuple[Array, Array]:
    """min sum ((pulls x - reports) / sd)^2 subject to rows x = rhs: x and its standard deviations, nan where
    it is not determined."""
    (m, n), p = pulls.shape, len(rows)
    system = [[Fraction(0)] * (n + p + 1 + n) for _ in range(n + p)]
    for k in range(m):
        weight, seen = 1 / Fraction(sd[k]) ** 2, np.flatnonzero(pulls[k])
        for i in seen:
            pull = weight * Fraction(pulls[k, i])
            system[i][n + p] += pull * Fraction(reports[k])
            for j in seen:
                system[i][j] += pull * Fraction(pulls[k, j])
    for k in range(p):
        for i in np.flatnonzero(rows[k]):
            system[n + k][i] = system[i][n + k] = Fraction(rows[k, i])
        system[n + k][n + p] = Fraction(rhs[k])
    for i in range(n):
        system[i][n + p + 1 + i] = Fraction(1)
    found, pivots = reduced(system, n + p)
    loose = sorted(set(range(n + p)) - set(pivots))
    x, spread = np.full(n, np.nan), np.full(n, np.nan)
    for row, c in zip(found, pivots, strict=True):
        if c < n and not any(row[j] for j in loose):
            x[c], spread[c] = float(row[n + p]), float(row[n + p + 1 + c]) ** 0.5
    return x, spread
