"""A family made faster for very many lifetimes that differ by place and scale alone.

All of them are one function of the standardised age. Its integrals are tabulated once from the exact
equations and checked against them; where that fails, or too little is asked for, the equations stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.curve import Curve, fit
from mfa.core.lifetime.family import Family, Floats, Standard

ENOUGH = 200_000
"""Evaluations below which a table is not worth making."""
NEAR = 4e-13
"""What a table may add to the error of a mean survival."""
FINEST = 1e-15
"""No table comes nearer than this: it is the rounding of the equations."""
TAIL = 1e-9
"""The share of a small tail that it may be off by."""
GONE = 1e-20
"""Survival below which nothing more is tabulated."""
ROUNDING = 1e-14
"""Shapes that differ by less than this share are the same."""
ZERO, ONE = np.zeros(()), np.ones(())
SMALLEST = -745.0
"""The logarithm of the smallest number."""


@dataclass(frozen=True)
class Law:
    """The lifetime of location 0 and scale 1 with given shapes, over the coordinate in which it is smooth."""

    family: Family
    standard: Standard
    shapes: tuple[Floats, ...]

    @property
    def root(self) -> int:
        """The coordinate: the root of that order of the age, or (0) its logarithm."""
        return self.standard.root(*self.shapes)

    def place(self, age: Floats, location: Floats, scale: Floats, density: float = 1.0) -> Floats:
        """The coordinate of (age - location) / scale, times `density`.

        The root or logarithm of an age is taken once, whatever the scales.
        """
        if self.root == 1:
            return np.asarray((age - location) * (density / scale))
        if self.root > 1:
            return np.asarray(age ** (1.0 / self.root) * (density * scale ** (-1.0 / self.root)))
        with np.errstate(divide="ignore"):
            return np.asarray(density * np.log(age) - density * np.log(scale))

    def age(self, place: Floats) -> Floats:
        """The age at a coordinate."""
        return np.asarray(place**self.root) if self.root else np.exp(place)

    def survival(self, place: Floats) -> Floats:
        """S at a coordinate."""
        return self.family.survival(self.age(place), *self.standard.member(*self.shapes))

    def lost(self, place: Floats) -> Floats:
        """The integral of 1 - S up to a coordinate."""
        return self.standard.lost(self.age(place), *self.shapes)

    def excess(self, place: Floats) -> Floats:
        """The integral of S from a coordinate on."""
        return self.family.excess(self.age(place), *self.standard.member(*self.shapes))


@dataclass(frozen=True)
class Tables:
    """The mean of a law, and its two integrals as curves."""

    law: Law
    mean: float
    lost: Curve
    excess: Curve

    def look_up(self, curve: Curve, age: Floats, location: Floats, scale: Floats) -> Floats:
        """A curve at the ages of lifetimes."""
        place = self.law.place(age, location, scale, curve.density)
        place -= curve.shift
        return curve.at(place)


def mean_lifetime(tables: Tables, *values: Floats) -> Floats:
    """The age up to which `limited` holds."""
    location, scale, _ = tables.law.standard.split(*values)
    return location + scale * tables.mean


def limited(tables: Tables, age: Floats, *values: Floats) -> Floats:
    """The integral of S up to a (but for a constant, which differences do not see), up to the mean age.

    It is a less scale times what a standard lifetime has lost by then.
    """
    location, scale, _ = tables.law.standard.split(*values)
    out = tables.look_up(tables.lost, age, location, scale)
    out *= -scale
    out += age
    return out


def excess(tables: Tables, age: Floats, *values: Floats) -> Floats:
    """The integral of S from a to infinity: scale times that of a standard lifetime."""
    location, scale, _ = tables.law.standard.split(*values)
    out = tables.look_up(tables.excess, age, location, scale)
    out *= scale
    start = location + scale * tables.law.age(np.asarray(tables.excess.start))
    if np.max(start) > np.min(age):  # before the curve starts S is 1
        out += np.maximum(start - age, 0.0)
    return out


def tabulated(family: Family, values: tuple[Floats, ...], lengths: Floats, evaluations: int) -> Family:
    """The family with tables for these lifetimes over periods of these lengths, or the family as it is.

    It stays as it is when fewer than `ENOUGH` evaluations are to come, lifetimes differ in shape, or no table
    comes so near the equations that survival is within `NEAR`.
    """
    standard = family.standard
    if standard is None or evaluations < ENOUGH:
        return family
    location, scale, shapes = standard.split(*values)
    near = 0.5 * NEAR * float(np.min(lengths) / np.max(scale))
    if near < FINEST or not all(_same(shape) for shape in shapes):
        return family
    oldest = np.asarray(np.sum(lengths))
    law = Law(family, standard, tuple(np.asarray(shape.flat[0]) for shape in shapes))
    low, high = _reach(law, law.place(ZERO, location, scale), law.place(oldest, location, scale))
    mean = family.mean(*standard.member(*law.shapes))
    lost = fit(law.lost, low, min(float(law.place(mean, ZERO, ONE)), high), near)
    beyond = fit(law.excess, low, high, near, TAIL) if lost else None
    if lost is None or beyond is None:
        return family
    return _looked_up(family, Tables(law, float(mean), lost, beyond))


def _looked_up(family: Family, tables: Tables) -> Family:
    return replace(
        family,
        limited=partial(limited, tables),
        excess=partial(excess, tables),
        mean=partial(mean_lifetime, tables),
    )


def _same(shape: Floats) -> bool:
    # shapes found from means and standard deviations differ by their rounding
    return bool(np.ptp(shape) <= ROUNDING * np.max(shape))


def _reach(law: Law, youngest: Floats, oldest: Floats) -> tuple[float, float]:
    """The coordinates from where S leaves 1 to where it is nothing, as far as these ages go."""
    low, high = max(float(np.min(youngest)), SMALLEST), float(np.max(oldest))
    low = _last(low, high, lambda place: law.survival(place) == 1.0)
    return low, _last(low, high, lambda place: law.survival(place) > GONE)


def _last(low: float, high: float, holds: Callable[[Floats], npt.NDArray[np.bool_]]) -> float:
    """About where what holds at first ends: `low` if it does not hold there, `high` if it never ends."""
    if holds(np.asarray(high)):
        return high
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if holds(np.asarray(middle)) else (low, middle)
    return low
