"""An empirical survival table: S falls linearly from one given age to the next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from mfa.core.lifetime.family import Family, Floats


@dataclass(frozen=True)
class Knots:
    """The ages of a table, ascending from 0; survival at each comes as one array per age."""

    ages: Floats

    def locate(self, age: Floats, survival: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """For each age: step into its segment, length, survival at both ends, integral of S up to it."""
        table = np.stack(survival)
        steps = np.diff(self.ages).reshape((-1,) + (1,) * (table.ndim - 1))
        areas = 0.5 * (table[1:] + table[:-1]) * steps
        before = np.concatenate([np.zeros_like(areas[:1]), np.cumsum(areas, axis=0)])
        shape = np.broadcast_shapes(np.shape(age), table.shape[1:])
        inside = np.broadcast_to(np.clip(age, 0.0, self.ages[-1]), shape)
        at = np.clip(np.searchsorted(self.ages, inside, side="right") - 1, 0, len(self.ages) - 2)
        left, right, area = (_pick(a, at) for a in (table[:-1], table[1:], before[:-1]))
        return inside - self.ages[at], np.diff(self.ages)[at], left, right, area


def _pick(rows: Floats, at: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> Floats:
    lead = (len(rows),) + (1,) * (at.ndim - rows.ndim + 1)
    whole = np.broadcast_to(rows.reshape(lead + rows.shape[1:]), (len(rows), *at.shape))
    return np.asarray(np.take_along_axis(whole, at[None], axis=0)[0])


def survival_at(knots: Knots, age: Floats, *survival: Floats) -> Floats:
    """S between the two nearest ages of the table, by a straight line."""
    step, length, left, right, _ = knots.locate(age, survival)
    return left + (right - left) * (step / length)


def limited(knots: Knots, age: Floats, *survival: Floats) -> Floats:
    """The integral of S from 0 to a: trapezoids, exact for straight lines."""
    step, length, left, right, area = knots.locate(age, survival)
    return area + step * (left + 0.5 * (right - left) * (step / length))


def excess(knots: Knots, age: Floats, *survival: Floats) -> Floats:
    """The integral of S from a to the last age."""
    return mean_lifetime(knots, *survival) - limited(knots, age, *survival)


def mean_lifetime(knots: Knots, *survival: Floats) -> Floats:
    """The whole integral of S."""
    weights = 0.5 * (np.diff(knots.ages, prepend=knots.ages[0]) + np.diff(knots.ages, append=knots.ages[-1]))
    return np.asarray(sum(w * s for w, s in zip(weights, survival, strict=True)))


def table_family(ages: Floats) -> Family:
    """The family of tables over these ages; its parameters are the survival at each."""
    knots = Knots(ages)
    at, low, high, mean = (partial(f, knots) for f in (survival_at, limited, excess, mean_lifetime))
    return Family("table", {}, at, low, high, mean)
