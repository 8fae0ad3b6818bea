"""The normal distribution cut off by bounds: its first three moments and its quantiles.

All are of N(0, 1) on [low, high]; one end may be infinite. With a = -low and r = phi(a) / Phi(a) the moments
on a half-line are r, 1 - r (r + a) and r ((r + a) (2 r + a) - 1); far out, where these cancel, their
asymptotic series. Between two bounds they are integrated numerically.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from mfa.solve.problem import Floats

FAR = 30.0
"""Standard deviations outside a half-line from which its moments come from their series."""
NODES, REACH = 96, 80.0
"""Nodes of the quadrature, and how small a square of the density's root it goes to: e^-40."""


@dataclass(frozen=True)
class Moments:
    """Mean, variance and third central moment."""

    mean: Floats
    variance: Floats
    third: Floats


def moments(low: Floats, high: Floats) -> Moments:
    """The moments of N(0, 1) on every [low, high], low < high, at least one of them finite.

    >>> half = moments(np.array([0.0]), np.array([np.inf]))
    >>> half.mean.round(6).tolist(), half.variance.round(6).tolist()
    ([0.797885], [0.36338])
    """
    mean, variance, third = (np.zeros(len(low)) for _ in range(3))
    above, below = np.isinf(high), np.isinf(low)
    both = ~above & ~below
    for some, sign, end in ((above & ~below, 1.0, low), (below & ~above, -1.0, -high)):
        found = _half_line(-end[some])
        mean[some], variance[some], third[some] = sign * found.mean, found.variance, sign * found.third
    if both.any():
        found = _between(low[both], high[both])
        mean[both], variance[both], third[both] = found.mean, found.variance, found.third
    variance[above & below] = 1.0
    return Moments(mean, variance, third)


def _half_line(a: Floats) -> Moments:
    """The moments above -a."""
    near = np.maximum(a, -FAR)
    r = np.sqrt(2 / np.pi) / special.erfcx(-near / np.sqrt(2))
    beyond = r + near
    far = a < -FAR
    t = 1.0 / np.where(far, a, -FAR) ** 2
    depth = -np.where(far, a, -FAR)
    return Moments(
        np.where(far, depth + (1 - 2 * t + 10 * t**2) / depth, r),
        np.where(far, t - 6 * t**2 + 50 * t**3, 1.0 - r * beyond),
        np.where(far, 2 * t / depth * (1 - 12 * t), r * (beyond * (r + beyond) - 1.0)),
    )


def _between(low: Floats, high: Floats) -> Moments:
    """The moments between two bounds, by Gauss-Legendre quadrature where the density is not nothing."""
    mode = np.clip(0.0, low, high)
    wide = np.sqrt(mode**2 + REACH)
    low, high = np.maximum(low, -wide), np.minimum(high, wide)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    from_middle = half[:, None] * nodes
    x = middle[:, None] + from_middle
    density = weights * np.exp(0.5 * (mode[:, None] ** 2 - x**2))
    density /= density.sum(axis=1, keepdims=True)
    shift = np.sum(density * from_middle, axis=1)
    apart = from_middle - shift[:, None]
    return Moments(middle + shift, np.sum(density * apart**2, axis=1), np.sum(density * apart**3, axis=1))


def quantiles(low: Floats, high: Floats, share: Floats) -> Floats:
    """The quantiles (k, shares) of N(0, 1) on every [low, high].

    >>> quantiles(np.array([0.0]), np.array([np.inf]), np.array([0.5])).round(5).tolist()
    [[0.67449]]
    """
    # counted from the side on which the density is larger, so that no tail is a difference of ones
    turned = (low + high > 0) | (np.isinf(high) & (low > -np.inf))
    turned &= ~np.isinf(low)
    first, last = np.where(turned, -high, low), np.where(turned, -low, high)
    p = np.where(turned[:, None], 1.0 - share, share)
    below, above = special.log_ndtr(first)[:, None], special.log_ndtr(last)[:, None]
    with np.errstate(divide="ignore"):
        mixed = np.logaddexp(below + np.log1p(-p), above + np.log(p))
    found = np.clip(special.ndtri_exp(mixed), first[:, None], last[:, None])
    return np.asarray(np.where(turned[:, None], -found, found))
