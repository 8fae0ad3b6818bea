"""One dense front eliminated: exact rows by a substitution, then observations by QR.

    exact rows    E_F x_F + E_R x_R = 0          ->   x_g = -B (x_t, x_f, x_R)
    observations  A_F x_F + A_R x_R = error      ->   x_t = -C (x_f, x_R) + T^-1 error

x_g are unknowns that exact rows give, x_t those that observations tell; x_f are free. An exact row whose
coefficients in the front are small beside those outside of it waits, with its unknowns, for the next front.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfa.solve.frontal.dense import pivoted, rows_by_size, triangular
from mfa.solve.problem import Floats, Ints

NOTHING, UNTOLD = 1e-11, 1e-13
"""Coefficients of exact rows, and shares of the norm of a column of observations, that are rounding."""
WEAK = 1e-2
"""Coefficients of an exact row inside its front, as a share of those outside, with which it waits: what is
given through it would carry the rounding of the rest that much larger."""
PANEL = 128
"""Rows that are eliminated together: products of matrices then do most of the work."""
SEED, PROBES = 20011, 4
EPS, MARGIN = 2.2e-16, 100.0
"""Rounding, and how often what it may have made of a column of observations is still taken for it."""


@dataclass(frozen=True)
class Rows:
    """Rows over some columns: exact ones and observations, and about how large rounding is in each column of
    the latter."""

    exact: Floats
    soft: Floats
    noise: Floats


@dataclass(frozen=True)
class Eliminated:
    """How the `size` own columns of a front follow from those outside, `waiting` ones of its own first.

    `given` are those of exact rows, `told` those that observations tell, `free` the rest. `substituted` is B,
    `mean` is C and `spread` is T^-1.
    """

    given: Ints
    told: Ints
    free: Ints
    waiting: Ints
    substituted: Floats
    mean: Floats
    spread: Floats
    size: int

    def factor(self, outside: Floats) -> Floats:
        """A factor F of the covariance F F' of all columns, the front's own first, from that of those
        outside; what is free stays where it is."""
        told = np.concatenate([-(self.mean[:, len(self.free) :] @ outside), self.spread], axis=1)
        wide = np.zeros((len(outside), told.shape[1]))
        wide[:, : outside.shape[1]] = outside
        return self._all(told, np.zeros((len(self.free), told.shape[1])), wide)

    def null(self, outside: Floats, rng: np.random.Generator) -> Floats:
        """Null vectors, by column, of all columns from those outside; random where free."""
        free = rng.standard_normal((len(self.free), outside.shape[1]))
        return self._all(-(self.mean @ np.concatenate([free, outside])), free, outside)

    def _all(self, told: Floats, free: Floats, outside: Floats) -> Floats:
        waiting = len(self.waiting)
        found = np.empty((self.size + len(outside) - waiting, outside.shape[1]))
        found[self.given] = -(self.substituted @ np.concatenate([told, free, outside]))
        found[self.told], found[self.free] = told, free
        found[self.waiting], found[self.size :] = outside[:waiting], outside[waiting:]
        return found


def eliminated(rows: Rows, size: int) -> tuple[Eliminated, Rows]:
    """The first `size` columns eliminated, and the rows left over those waiting and the rest."""
    by = _given(rows.exact, size)
    order = np.concatenate([by.others, by.waiting, np.arange(size, rows.exact.shape[1])])
    told = _told(*_substituted(rows, by, order), len(by.others))
    free = np.setdiff1d(np.arange(len(by.others)), told.places)
    split = np.concatenate([told.places, free, np.arange(len(by.others), len(order))])
    found = Eliminated(
        by.columns,
        by.others[told.places],
        by.others[free],
        by.waiting,
        by.substituted[:, split],
        told.mean,
        told.spread,
        size,
    )
    return found, Rows(by.left, _compressed(told.left), told.noise)


@dataclass(frozen=True)
class _Given:
    """Columns that exact rows give, others, and waiting ones; B over (others, waiting, outside), the rows
    left over (waiting, outside), how errors of the rows get into what is given, and every column's norm."""

    columns: Ints
    others: Ints
    waiting: Ints
    substituted: Floats
    left: Floats
    errors: Floats
    norm: Floats


def _given(exact: Floats, size: int) -> _Given:
    """What exact rows give of the first `size` columns: a panel of rows at a time, then those that waited."""
    exact = rows_by_size(exact, NOTHING)
    width, norm = exact.shape[1], np.sqrt(np.sum(exact**2, axis=0))
    errors = np.random.default_rng(SEED).standard_normal((len(exact), PROBES))
    rows = np.concatenate([exact, errors], axis=1)
    given, by = np.zeros(0, np.int64), np.zeros((0, width + PROBES))
    panels = [rows[k : k + PANEL] for k in range(0, len(rows), PANEL)]
    waited = []
    for panel in panels:
        given, by, left = _panel(given, by, panel, size)
        waited.append(left)
    if len(panels) != 1:
        given, by, left = _panel(given, by, np.concatenate([rows[:0], *waited]), size)
    left = rows_by_size(left[:, :width], NOTHING)
    waits = np.any(np.abs(left[:, :size]) > NOTHING, axis=0)
    open_ = np.ones(size, np.bool_)
    open_[given] = False
    waiting, outside = np.flatnonzero(waits & open_), np.arange(size, width)
    others = np.flatnonzero(open_ & ~waits)
    kept = np.concatenate([waiting, outside])
    across = by[:, np.concatenate([others, kept])]
    return _Given(given, others, waiting, across, left[:, kept], by[:, width:], norm)


def _panel(given: Ints, by: Floats, rows: Floats, size: int) -> tuple[Ints, Floats, Floats]:
    """What is given after a panel of rows, by which rows over all columns, and what is left of the panel.

    `by` says x_given + by x = 0, nothing in it over what is given.
    """
    rows = rows - rows[:, given] @ by
    rows[:, given] = 0.0
    open_ = np.setdiff1d(np.arange(size), given)
    turned, order = pivoted(np.concatenate([rows[:, open_], rows[:, size:]], axis=1), len(open_))
    rank = _rank(turned[:, : turned.shape[1] - PROBES], len(open_))
    columns = np.concatenate([open_[order], np.arange(size, rows.shape[1])])
    more, left = np.zeros((rank, rows.shape[1])), np.zeros((len(rows) - rank, rows.shape[1]))
    more[:, columns[rank:]] = triangular(turned[:rank, :rank], turned[:rank, rank:])
    left[:, columns[rank:]] = turned[rank:, rank:]
    fresh = open_[order[:rank]]
    by = by - by[:, fresh] @ more
    by[:, fresh] = 0.0
    return np.concatenate([given, fresh]), np.concatenate([by, more]), left


def _rank(turned: Floats, size: int) -> int:
    """How many of the first `size` columns exact rows give."""
    most = min(len(turned), size)
    pivot = np.abs(np.diagonal(turned[:, :size]))
    outside = np.max(np.abs(turned[:most, size:]), axis=1, initial=0.0)
    weak = np.flatnonzero(pivot <= np.maximum(NOTHING, WEAK * outside))
    return int(weak[0]) if len(weak) else most


def _substituted(rows: Rows, by: _Given, order: Ints) -> tuple[Floats, Floats]:
    """The observations over columns in `order`, what is given substituted; and about how large rounding is
    in each column.

    A column of exact rows errs by a share of its norm (1 at least: its entries are what is left of such),
    and what is given by as much, as errors of the rows get into it.
    """
    soft, noise = rows.soft[:, order], rows.noise[order]
    if not len(by.columns) or not len(soft):
        return soft, noise
    own, size = rows.soft[:, by.columns], np.abs(by.substituted)
    through = np.sqrt(np.mean((own @ by.errors) ** 2, axis=1))
    norm = np.where(by.norm > 0, np.maximum(by.norm, 1.0), 0.0)[order]
    noise = noise + EPS * norm * float(np.max(through))
    noise = noise + (rows.noise[by.columns] + EPS * np.max(np.abs(own), axis=0)) @ size
    return soft - own @ by.substituted, noise


@dataclass(frozen=True)
class _Told:
    """Places that observations tell; C over (free, rest), T^-1, and the observations left over the rest."""

    places: Ints
    mean: Floats
    spread: Floats
    left: Floats
    noise: Floats


def _told(soft: Floats, noise: Floats, size: int) -> _Told:
    """What observations tell of the first `size` columns."""
    soft = rows_by_size(soft, 0.0)
    norm = np.sqrt(np.sum(soft[:, :size] ** 2, axis=0))
    unit = np.maximum(MARGIN * noise[:size], UNTOLD * norm)
    seen = np.flatnonzero(norm > unit)
    if not len(seen):
        return _Told(seen, np.zeros((0, soft.shape[1])), np.zeros((0, 0)), soft[:, size:], noise[size:])
    n = len(seen)
    turned, order = pivoted(np.concatenate([soft[:, seen] / unit[seen], soft[:, size:]], axis=1), n)
    weak = np.flatnonzero(np.abs(np.diagonal(turned[:, :n])) <= 1.0)
    rank = int(weak[0]) if len(weak) else min(len(turned), n)
    places, rest = seen[order[:rank]], seen[order[rank:]]
    across = np.zeros((rank, size))
    across[:, rest] = turned[:rank, rank:n] * unit[rest]
    across = np.concatenate([np.delete(across, places, axis=1), turned[:rank, n:], np.eye(rank)], axis=1)
    found = triangular(turned[:rank, :rank], across) / unit[places, None]
    width = found.shape[1] - rank
    return _Told(places, found[:, :width], found[:, width:], turned[rank:, n:], noise[size:])


def _compressed(rows: Floats) -> Floats:
    """As few rows with the same squares, those that are nothing left out."""
    rows = rows_by_size(rows, 0.0)
    if rows.shape[0] <= rows.shape[1]:
        return rows
    turned, order = pivoted(rows, rows.shape[1])
    found = np.empty((rows.shape[1], rows.shape[1]))
    found[:, order] = turned[: rows.shape[1]]
    return found
