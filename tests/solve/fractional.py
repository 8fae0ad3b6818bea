"""Least squares under exact rows in rational arithmetic: right to the last digit, and slow."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rational = list[list[Fraction]]


def reduced(matrix: Rational, columns: int) -> tuple[Rational, list[int]]:
    """The reduced row echelon form by the first `columns`, and the pivot of each of its first rows."""
    pivots: list[int] = []
    for c in range(columns):
        top = len(pivots)
        row = next((r for r in range(top, len(matrix)) if matrix[r][c]), None)
        if row is None:
            continue
        matrix[top], matrix[row] = matrix[row], matrix[top]
        some = [j for j in range(c, len(matrix[top])) if matrix[top][j]]
        over = 1 / matrix[top][c]
        for j in some:
            matrix[top][j] *= over
        for r, other in enumerate(matrix):
            factor = other[c]
            if r != top and factor:
                for j in some:
                    other[j] -= factor * matrix[top][j]
        pivots.append(c)
    return matrix, pivots


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
    for row, c in zip(found, pivots, strict=False):
        if c < n and not any(row[j] for j in loose):
            x[c], spread[c] = float(row[n + p]), float(row[n + p + 1 + c]) ** 0.5
    return x, spread
