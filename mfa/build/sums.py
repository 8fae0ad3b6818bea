"""Shares that should sum to 1, row by row: which do, which do but for print, which cannot, and evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfa.build.assembly import Bools, Floats
from mfa.spec.closing import NOISE, nearly_one

CLOSED = 0.01
"""Uncertain shares whose sum misses 1 by less than this part of its standard deviation were closed to 1 by
whoever stated them: by chance one in a hundred is."""
ROUNDED = ": that is how they are rounded in print, and the last digits are closed to 1"


@dataclass(frozen=True)
class Closing:
    """What rows of stated shares sum to; each field has one entry a row, `value` one a share.

    `exact` is the sum of what is stated exactly, `total` that of everything. Rows `above` are exactly more
    than 1; those `open` are exact, complete and less than 1; `rounded` miss 1 as far as print explains, and
    their `value` is closed to it. What has an error is evidence; rows of it that are `closed` sum to 1 as
    they are stated.
    """

    value: Floats
    total: Floats
    exact: Floats
    above: Bools
    open: Bools
    rounded: Bools
    closed: Bools

    @property
    def wrong(self) -> bool:
        """Whether any row cannot be."""
        return bool((self.above | self.open).any())


def closing(value: Floats, certain: Bools, spread: Floats, complete: Bools) -> Closing:
    """What shares (rows, shares; blank where none is stated) sum to.

    `certain` marks the exact ones, `spread` are the standard deviations of the others; nothing else takes
    what is left of a row that is `complete`.
    """
    stated = ~np.isnan(value)
    number, sure = np.where(stated, value, 0.0), stated & certain
    total, exact = number.sum(axis=1), np.where(sure, number, 0.0).sum(axis=1)
    evidence = (stated & ~certain).any(axis=1)
    binding = ~evidence & stated.any(axis=1) & (complete | (total > 1))
    off = np.abs(total - 1) > NOISE
    rounded = binding & off
    rounded[rounded] = [nearly_one(row) for row in number[rounded].tolist()]
    wrong = binding & off & ~rounded
    sd = np.sqrt(np.where(stated & ~certain, spread, 0.0) ** 2 @ np.ones(value.shape[1]))
    return Closing(
        value=_closed(value, number, binding & ~wrong, 1 - total),
        total=total,
        exact=exact,
        above=(wrong & (total > 1)) | (evidence & (exact > 1 + NOISE)),
        open=wrong & (total < 1),
        rounded=rounded,
        closed=evidence & complete & (np.abs(total - 1) <= np.maximum(CLOSED * sd, NOISE)),
    )


def _closed(value: Floats, number: Floats, rows: Bools, missing: Floats) -> Floats:
    """The shares with what is missing of some rows spread evenly over those that are not 0."""
    some = (number > 0) & rows[:, None]
    each = missing / np.maximum(some.sum(axis=1), 1)
    return np.where(some, value + each[:, None], value)
