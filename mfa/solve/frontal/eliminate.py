"""One dense front eliminated: exact rows by orthogonal rows and a substitution, then observations by QR.

    exact rows    E_F x_F + E_R x_R = 0          ->   x_p = -B (x_s, x_R)
    observations  A_F x_F + A_R x_R = error      ->   x_s = -C x_R + T^-1 error

x_p are unknowns that an exact row gives, x_s those that observations tell. What neither gives is free. A row
whose coefficients in the front are small beside those outside of it waits, with its unknowns, for the next
front.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from mfa.solve.problem import Bools, Floats, Ints

NOTHING, UNTOLD = 1e-11, 1e-13
"""Coefficients of exact rows, and shares of the norm of a column of observations, that are rounding."""
EPS, MARGIN = 2.2e-16, 100.0
"""Rounding, and how often what it may have made of a column of observations is still taken for it."""
WEAK = 1e-2
"""Coefficients of an exact row inside its front, as a share of those outside, with which it waits."""
LARGE, SOUND = 200, 1e-6
"""Columns from which QR is first tried without pivoting, and the share of its column that each pivot then
must have."""


@dataclass(frozen=True)
class Eliminated:
    """How the unknowns of a front follow from the columns outside of it, `waiting` ones of its own first.

    `given` are those of exact rows, `told` those that observations tell, `free` the rest. Over (told, free,
    outside) `substituted` is B; over (free, outside) `mean` is C; `noise` is T^-1.
    """

    given: Ints
    told: Ints
    free: Ints
    waiting: Ints
    substituted: Floats
    mean: Floats
    noise: Floats
    size: int

    def spread(self, outside: Floats) -> Floats:
        """Factors of the covariance of all columns, the front's own first, from those of the columns
        outside."""
        told = np.concatenate([-(self.mean[:, len(self.free) :] @ outside), self.noise], axis=1)
        wide = np.zeros((len(outside), told.shape[1]))
        wide[:, : outside.shape[1]] = outside
        return self._all(told, np.zeros((len(self.free), told.shape[1])), wide)

    def null(self, outside: Floats, rng: np.random.Generator) -> Floats:
        """A null vector (or several, by column) of all columns, random where free, from that outside."""
        free = rng.standard_normal((len(self.free), outside.shape[1]))
        return self._all(-(self.mean @ np.concatenate([free, outside])), free, outside)

    def _all(self, told: Floats, free: Floats, outside: Floats) -> Floats:
        waiting = len(self.waiting)
        found = np.empty((self.size + len(outside) - waiting, outside.shape[1]))
        found[self.given] = -(self.substituted @ np.concatenate([told, free, outside]))
        found[self.told], found[self.free] = told, free
        found[self.waiting] = outside[:waiting]
        found[self.size :] = outside[waiting:]
        return found


@dataclass(frozen=True)
class Rest:
    """Rows over some columns: exact ones and observations, and about how large rounding is in each column of
    the latter."""

    exact: Floats
    soft: Floats
    noise: Floats


def eliminated(rows: Rest, size: int) -> tuple[Eliminated, Rest]:
    """The first `size` columns eliminated, and the rows that are left over those waiting and the rest."""
    exact, soft = rows.exact, rows.soft
    given, waiting, others, substituted, left, triangle = _by_exact_rows(exact, size)
    order = np.concatenate([others, waiting, np.arange(size, exact.shape[1])])
    kept, doubt = soft[:, order], rows.noise[order]
    if len(given):
        own = soft[:, given]
        kept = kept - own @ substituted
        norm = np.sqrt(np.sum(exact[:, order] ** 2, axis=0))
        doubt = doubt + EPS * norm * _largest_row(_triangular(triangle, own.T, trans=1).T)
        doubt = doubt + (rows.noise[given] + EPS * np.max(np.abs(own), axis=0, initial=0.0)) @ np.abs(substituted)
    told, mean, noise, rest = _by_observations(kept, doubt, len(others))
    free = np.ones(len(others), np.bool_)
    free[told] = False
    split = np.concatenate([told, np.flatnonzero(free), np.arange(len(others), len(order))])
    found = Eliminated(
        given, others[told], others[free], waiting, substituted[:, split], mean, noise, size
    )
    return found, Rest(left, _compressed(rest), doubt[len(others) :])


def _by_exact_rows(exact: Floats, size: int) -> tuple[Ints, Ints, Ints, Floats, Floats, Floats]:
    """Columns that exact rows give, columns that wait, the others; the substitution over (others, waiting,
    rest), the rows left over (waiting, rest), and the triangle that was inverted."""
    exact = _sorted(exact, NOTHING)
    rows, width = exact.shape
    if not rows or not size:
        none = np.zeros(0, np.int64)
        return none, none, np.arange(size), np.zeros((0, width)), exact[:, size:], np.zeros((0, 0))
    turned, order = _pivoted(exact, size)
    rank = _rank(turned, size)
    left = turned[rank:, rank:]
    waits = np.any(np.abs(left[:, : size - rank]) > NOTHING, axis=0)
    kept = np.flatnonzero(np.concatenate([waits, np.ones(width - size, np.bool_)]))
    across = turned[:rank, rank + np.concatenate([np.flatnonzero(~waits), kept])]
    triangle = turned[:rank, :rank]
    others, waiting = order[rank:][~waits], order[rank:][waits]
    left = _sorted(left[:, kept], NOTHING)
    return order[:rank], waiting, others, _triangular(triangle, across), left, triangle


def _rank(turned: Floats, size: int) -> int:
    """How many of the first `size` columns exact rows give."""
    most = min(len(turned), size)
    pivot = np.abs(np.diagonal(turned[:, :size]))
    outside = np.max(np.abs(turned[:most, size:]), axis=1, initial=0.0)
    weak = np.flatnonzero(pivot <= np.maximum(NOTHING, WEAK * outside))
    return int(weak[0]) if len(weak) else most


def _sorted(rows: Floats, least: float) -> Floats:
    """Rows in order of their largest coefficients, those up to `least` left out: QR with pivoting then errs by
    a share of each row (Cox and Higham 1998)."""
    size = np.max(np.abs(rows), axis=1, initial=0.0)
    order = np.argsort(-size, kind="stable")
    return np.asarray(rows[order[: np.count_nonzero(size > least)]])


def _by_observations(matrix: Floats, doubt: Floats, size: int) -> tuple[Ints, Floats, Floats, Floats]:
    """Of the first `size` columns those that are told; C over (free, rest), T^-1, and the rows left over the
    rest."""
    matrix = _sorted(matrix, 0.0)
    norm = np.sqrt(np.sum(matrix[:, :size] ** 2, axis=0))
    unit = np.maximum(MARGIN * doubt[:size], UNTOLD * norm)
    seen = np.flatnonzero(norm > unit)
    if not len(seen):
        return seen, np.zeros((0, matrix.shape[1])), np.zeros((0, 0)), matrix[:, size:]
    n = len(seen)
    both = np.concatenate([matrix[:, seen] / unit[seen], matrix[:, size:]], axis=1)
    turned, order = _pivoted(both, n)
    weak = np.flatnonzero(np.abs(np.diagonal(turned[:, :n])) <= 1.0)
    rank = int(weak[0]) if len(weak) else min(turned.shape[0], n)
    told, rest = seen[order[:rank]], seen[order[rank:]]
    free = np.ones(size, np.bool_)
    free[told] = False
    across = np.zeros((rank, size))
    across[:, rest] = turned[:rank, rank:n] * unit[rest]
    across = np.concatenate([across[:, free], turned[:rank, n:]], axis=1)
    found = _triangular(turned[:rank, :rank], np.concatenate([across, np.eye(rank)], axis=1))
    found = found / unit[told, None]
    return told, found[:, : across.shape[1]], found[:, across.shape[1] :], turned[rank:, n:]


def _largest_row(matrix: Floats) -> float:
    return float(np.sqrt(np.max(np.sum(matrix**2, axis=1), initial=0.0)))


def _triangular(triangle: Floats, right: Floats, trans: int = 0) -> Floats:
    """triangle^-1 right (its transpose's inverse: `trans` 1), the upper triangle of the first."""
    if not right.size:
        return right
    return np.asarray(lapack.dtrtrs(triangle, right, trans=trans)[0])


def _pivoted(matrix: Floats, size: int) -> tuple[Floats, Ints]:
    """Q' times a matrix, Q from the QR of its first `size` columns in an order of falling pivots; and that
    order."""
    own = np.asfortranarray(matrix[:, :size])
    qr, tau, order = _qr(own)
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


def _compressed(rows: Floats) -> Floats:
    """As few rows with the same squares; those that are nothing left out."""
    rows = _sorted(rows, 0.0)
    if rows.shape[0] <= rows.shape[1]:
        return rows
    turned, order = _pivoted(rows, rows.shape[1])
    found = np.empty((rows.shape[1], rows.shape[1]))
    found[:, order] = turned[: rows.shape[1]]
    return found


def square(factor: Floats) -> Floats:
    """A factor F with F F' as before and no more columns than rows."""
    if factor.shape[1] <= factor.shape[0] or not factor.shape[0]:
        return factor
    qr, _, _, _ = lapack.dgeqrf(np.asfortranarray(factor.T), lwork=64 * factor.shape[0])
    return np.triu(qr[: factor.shape[0]]).T
