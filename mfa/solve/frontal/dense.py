"""Dense QR by LAPACK, as fronts need it."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from mfa.solve.problem import Floats, Ints

LARGE, SOUND = 200, 1e-6
"""Columns from which QR is first tried without pivoting, and the share of its column that each pivot then
must have."""


def pivoted(matrix: Floats, size: int) -> tuple[Floats, Ints]:
    """Q' times a matrix, Q from the QR of its first `size` columns in an order of falling pivots; and that
    order."""
    if not len(matrix) or not size:
        return matrix, np.arange(size)
    qr, tau, order = _qr(np.asfortranarray(matrix[:, :size]))
    rest = matrix[:, size:]
    if rest.shape[1]:
        rest = lapack.dormqr("L", "T", qr[:, : len(tau)], tau, rest, 64 * rest.shape[1])[0]
    return np.concatenate([np.triu(qr), rest], axis=1), order


def _qr(matrix: Floats) -> tuple[Floats, Floats, Ints]:
    """A QR factorisation in LAPACK's form, and its order of columns."""
    rows, size = matrix.shape
    if size >= LARGE and rows >= size:
        qr, tau, _, _ = lapack.dgeqrf(matrix, lwork=64 * size)
        norm = np.sqrt(np.sum(matrix**2, axis=0))
        if np.all(np.abs(np.diagonal(qr)) > SOUND * norm):
            return qr, tau, np.arange(size)
    qr, order, tau, _, _ = lapack.dgeqp3(matrix, lwork=2 * size + 32 * (size + 1))
    return qr, tau, order.astype(np.int64) - 1


def triangular(triangle: Floats, right: Floats, trans: int = 0) -> Floats:
    """triangle^-1 right, the upper triangle of the first (`trans` 1: of its transpose).

    >>> triangular(np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([[4.0], [8.0]])).ravel().tolist()
    [1.0, 2.0]
    """
    return np.asarray(lapack.dtrtrs(triangle, right, trans=trans)[0]) if right.size else right


def rows_by_size(rows: Floats, least: float) -> Floats:
    """Rows in order of their largest coefficients, those up to `least` left out.

    QR with pivoting then errs by a share of each row (Cox and Higham 1998).

    >>> rows_by_size(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, -3.0]]), 0.0).tolist()
    [[0.0, -3.0], [1.0, 0.0]]
    """
    size = np.max(np.abs(rows), axis=1, initial=0.0)
    order = np.argsort(-size, kind="stable")
    return np.asarray(rows[order[: np.count_nonzero(size > least)]])


def narrow(factor: Floats) -> Floats:
    """A factor F with the same F F' and no more columns than rows.

    >>> two = narrow(np.array([[3.0, 4.0]]))
    >>> (two @ two.T).round(12).tolist()
    [[25.0]]
    """
    if factor.shape[1] <= factor.shape[0] or not factor.shape[0]:
        return factor
    qr, _, _, _ = lapack.dgeqrf(np.asfortranarray(factor.T), lwork=64 * factor.shape[0])
    return np.asarray(np.triu(qr[: factor.shape[0]]).T)
