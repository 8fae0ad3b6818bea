"""When in a period its inflow enters, and what share of it is left at later ages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial import legendre

from mfa.core.lifetime.family import Equation, Family, Floats
from mfa.errors import InputError, Problem, did_you_mean

POINTS = {"start": 0.0, "middle": 0.5, "end": 1.0}
LONG = 200.0
"""Mean lifetime over length of period above which differences of integrals lose too many digits."""
AGREE = 1e-13
EPSILON = float(np.finfo(np.float64).eps)
NAMES = ("uniform", *POINTS, *(f"gauss({n})" for n in range(2, 11)))


@dataclass(frozen=True)
class Timing:
    """Where inflow enters: evenly over the period (no `points`), or at points (0 start, 1 end) by weight."""

    name: str
    points: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()

    @property
    def centre(self) -> float:
        """The mean moment of entry as a share of the period."""
        return float(np.dot(self.points, self.weights)) if self.points else 0.5

    def share_left(self, family: Family, values: tuple[Floats, ...], low: Floats, high: Floats) -> Floats:
        """The share of an inflow alive when its ages run from `low` (last in) to `high` (first in).

        `low` and `high` are columns of ages, ascending. With no points it is the mean of S over the ages,
        from the closed-form integral; else the weighted sum of S at the points.
        """
        if not self.points:
            return mean_survival(family, values, low, high)
        if len(self.points) == 1:
            return family.survival(high - self.points[0] * (high - low), *values)
        total = np.zeros(np.broadcast_shapes(low.shape, np.shape(values[0])))
        for point, weight in zip(self.points, self.weights, strict=True):
            total += weight * family.survival(high - point * (high - low), *values)
        return total


def mean_survival(family: Family, values: tuple[Floats, ...], low: Floats, high: Floats) -> Floats:
    """The mean of S over ages `low` to `high` (ascending columns), by the limited expected value.

    Young ages use the integral from 0, old ages the integral to infinity, so that neither is a small
    difference of large numbers.
    """
    out = np.empty(np.broadcast_shapes(low.shape, np.shape(values[0])))
    mean = family.mean(*values)
    young = int(np.searchsorted(high[:, 0], np.min(mean, initial=np.inf), side="right"))
    for rows, integral, sign in (
        (slice(0, young), family.limited, 1.0),
        (slice(young, None), family.excess, -1.0),
    ):
        if len(low[rows]):
            own = tuple(v[rows] if v.ndim == out.ndim else v for v in values)
            _increments(integral, own, low[rows], high[rows], out[rows])
            out[rows] *= sign / (high[rows] - low[rows])
    if np.max(mean, initial=0.0) > LONG * np.min(high - low):
        _mend(out, family, values, low, high)
    return out


def _mend(out: Floats, family: Family, values: tuple[Floats, ...], low: Floats, high: Floats) -> None:
    """Put Gauss-Legendre means of S in place of differences, where 3 and 5 points agree on them.

    They may agree on what is wrong, where S jumps beside all points: then the difference, which is off by no
    more than its rounding, is kept.
    """
    rounding = 64.0 * EPSILON * (family.mean(*values) + high) / (high - low)
    coarse, fine = (
        sum(w * family.survival(low + x * (high - low), *values) for x, w in zip(*points, strict=True))
        for points in (gauss_legendre(3), gauss_legendre(5))
    )
    agree = (np.abs(fine - coarse) <= AGREE) & (np.abs(fine - out) <= rounding)
    np.copyto(out, fine, where=agree)


def _increments(
    integral: Equation, values: tuple[Floats, ...], low: Floats, high: Floats, out: Floats
) -> None:
    """integral(high) - integral(low); where each age class starts at the end of the one before, once each."""
    if len(low) > 1 and values[0].ndim < 2 and np.array_equal(low[1:], high[:-1]):
        both = integral(np.concatenate([low[:1], high]), *values)
        np.subtract(both[1:], both[:-1], out=out)
    else:
        np.subtract(integral(high, *values), integral(low, *values), out=out)


@cache
def read_timing(name: str) -> Timing:
    """The timing of that name: uniform, start, middle, end, or gauss(2) to gauss(10).

    Raises
    ------
    InputError
        When there is no such timing.
    """
    if not isinstance(name, str):
        hint = f"use one of {', '.join(NAMES[:4])} or gauss(2) to gauss(10)"
        raise InputError(Problem("timing", f"the timing is a name, not {name!r}", hint=hint))
    if name == "uniform":
        return Timing(name)
    if name in POINTS:
        return Timing(name, (POINTS[name],), (1.0,))
    found = re.fullmatch(r"gauss\((\d+)\)", name)
    if not found or not 2 <= int(found[1]) <= 10:
        text = f'there is no timing "{name}"'
        raise InputError(Problem("timing", text, hint=did_you_mean(name, NAMES, listed=len(NAMES))))
    points, weights = gauss_lobatto(int(found[1]))
    return Timing(name, tuple(points.tolist()), tuple(weights.tolist()))


def gauss_lobatto(count: int) -> tuple[Floats, Floats]:
    """Points on 0 to 1, both ends included, and weights: exact for polynomials up to degree 2 count - 3.

    The inner points are the roots of P'(n-1), the weights 2 / (n (n-1) P(n-1)(x)^2); Abramowitz and Stegun
    25.4.32.

    >>> gauss_lobatto(3)[1].round(6).tolist()
    [0.166667, 0.666667, 0.166667]
    """
    polynomial = legendre.Legendre.basis(count - 1)
    slope, bend = polynomial.deriv(), polynomial.deriv(2)
    inner = np.sort(np.real(slope.roots())) if count > 2 else np.zeros(0)
    for _ in range(3):
        inner = inner - slope(inner) / bend(inner)
    x = np.concatenate([[-1.0], inner, [1.0]])
    weights = 1.0 / (count * (count - 1) * polynomial(x) ** 2)
    return 0.5 * (x + 1.0), weights


def gauss_legendre(count: int) -> tuple[Floats, Floats]:
    """Points inside 0 to 1 and weights: exact for polynomials up to degree 2 count - 1."""
    points, weights = legendre.leggauss(count)
    return 0.5 * (points + 1.0), 0.5 * weights
