"""Intervals of numbers that bounds make skew.

What a bound cuts off one number reaches others through their covariance with it. Where one bound has most of
the say in a number's skewness, the number is that bound's cut normal, times its slope, plus a normal rest;
where several have, a gamma distribution with mean, variance and skewness. Where a number's own bound bites
hard, the shortest interval begins at the bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from mfa.solve.problem import Bools, Floats, Ints
from mfa.solve.truncated.moments import moments, quantiles
from mfa.solve.truncated.sweeps import Cavity

LEVEL = 0.95
HARD, BITTEN = 1.964, 2.525
"""Distances of the mean from a bound, in standard deviations, at which a half-line takes off 0.18 and 0.05 of
the variance: from the first the shortest interval begins at the bound, from the second on it is not
marked."""
NEAR = 3.5
"""Standard deviations from a bound up to which it counts: beyond, it takes off 0.3 % of a variance."""
PRIOR = 0.5
"""Standard deviations between mean and value from which bounds drive a number."""
SKEW = 1e-3
"""Skewness below which an interval is symmetrical."""
POINTS, SPLIT = 96, 40
"""Points by which a cut normal is represented, and halvings in which a quantile is found."""
ALONE = 0.1
"""Share of a cut normal's spread below which a normal rest is no more than a wider one."""


@dataclass(frozen=True)
class Skewing:
    """The cut normals that make numbers skew: `slope` (k, sites) of every number on every bound's, in units
    of the numbers; the cavities; and the sites' third moments."""

    slope: Floats
    cavity: Cavity

    @property
    def third(self) -> Floats:
        """The parts (k, sites) of every number's third central moment."""
        return np.asarray(self.slope**3 * (self.cavity.sd**3 * self.cavity.cut.third))

    def of(self, sd: Floats) -> Ints:
        """The numbers, with these standard deviations, that some bound makes skew."""
        largest = np.max(np.abs(self.third), axis=1, initial=0.0)
        return np.flatnonzero((sd > 0) & (largest > SKEW * sd**3))


def interval(
    mean: Floats,
    sd: Floats,
    low: Floats,
    high: Floats,
    *,
    skewing: Skewing | None = None,
    factor: Bools | None = None,
    level: float = LEVEL,
    plain: bool = False,
) -> tuple[Floats, Floats]:
    """The ends of the intervals of numbers within `low` and `high` that hold with probability `level`.

    Those of numbers whose error is a `factor` are lognormal; `plain` ones do not begin at a bound.
    """
    at_low, at_high = (e & (not plain) for e in begins(mean, sd, low, high))
    first, last = np.full(len(mean), 0.5 * (1 - level)), np.full(len(mean), 0.5 * (1 + level))
    last[at_low], first[at_high] = level, 1 - level
    share = np.column_stack([first, last])
    normal = special.ndtri(share)
    with np.errstate(invalid="ignore"):
        ends = mean[:, None] + np.where(normal == 0, 0.0, sd[:, None] * normal)
    if factor is not None:
        k = np.flatnonzero(factor & (mean > 0) & np.isfinite(sd))
        ends[k] = mean[k, None] * np.exp((sd[k] / mean[k])[:, None] * normal[k])
    if skewing is not None:
        skew = skewing.of(sd)
        ends[skew] = _skew(mean, sd, share, skewing, skew)
    below, above = np.where(at_low, low, ends[:, 0]), np.where(at_high, high, ends[:, 1])
    return np.clip(below, low, high), np.clip(above, low, high)


def cut_alone(
    found: tuple[Floats, Floats], cavity: tuple[Floats, Floats, Floats, Floats], level: float
) -> tuple[Floats, Floats]:
    """The ends of numbers, of those near a bound by cutting off their own `cavity` (mean, standard deviation,
    bounds; nan: as found)."""
    mean, sd, low, high = cavity
    with np.errstate(invalid="ignore"):
        some = np.flatnonzero((sd > 0) & (np.minimum(mean - low, high - mean) < NEAR * sd))
    mean, sd, low, high = mean[some], sd[some], low[some], high[some]
    first, last = (low - mean) / sd, (high - mean) / sd
    cut, half = moments(first, last), 0.5 * (1 - level)
    at_low, at_high = begins(mean + sd * cut.mean, sd * np.sqrt(cut.variance), low, high)
    share = np.array([half, 1 - level, level, 1 - half])
    ends = mean[:, None] + sd[:, None] * quantiles(first, last, share)
    below, above = found[0].copy(), found[1].copy()
    below[some] = np.where(at_low, low, np.where(at_high, ends[:, 1], ends[:, 0]))
    above[some] = np.where(at_high, high, np.where(at_low, ends[:, 2], ends[:, 3]))
    return below, above


def begins(mean: Floats, sd: Floats, low: Floats, high: Floats) -> tuple[Bools, Bools]:
    """Which intervals begin at the lower, and which at the upper bound."""
    to_low, to_high = mean - low, high - mean
    near = np.minimum(to_low, to_high) < HARD * sd
    return near & (to_low <= to_high), near & (to_low > to_high)


def bitten(value: Floats, mean: Floats, sd: Floats, low: Floats, high: Floats) -> tuple[Bools, Bools]:
    """Which numbers a bound of their own bites, and which are driven by bounds."""
    near = np.minimum(mean - low, high - mean) < BITTEN * sd
    return np.asarray((sd > 0) & near), np.asarray(np.abs(mean - value) > PRIOR * sd)


def _skew(mean: Floats, sd: Floats, share: Floats, skewing: Skewing, some: Ints) -> Floats:
    """The quantiles of `some` numbers, each at shares of its own."""
    third = skewing.third[some]
    mean, sd, share = mean[some], sd[some], share[some]
    skew, size = third.sum(axis=1) / sd**3, np.abs(third)
    most = np.argmax(size, axis=1)
    led = size[np.arange(len(most)), most] > 0.5 * size.sum(axis=1)
    found = mean[:, None] + sd[:, None] * special.ndtri(share)
    k = np.flatnonzero(led)
    found[k] = mean[k, None] + _led(sd[k], share[k], skewing, some[k], most[k])
    k = np.flatnonzero(~led & (np.abs(skew) > SKEW))
    found[k] = stats.pearson3.ppf(share[k], skew[k, None], loc=mean[k, None], scale=sd[k, None])
    return found


def _led(sd: Floats, share: Floats, skewing: Skewing, numbers: Ints, site: Ints) -> Floats:
    """Quantiles, counted from the mean, of slope (cut normal - its mean) + a normal rest."""
    cavity = skewing.cavity
    scale = skewing.slope[numbers, site] * cavity.sd[site]
    low, high, mean = cavity.low[site], cavity.high[site], cavity.cut.mean[site]
    own = np.abs(scale) * np.sqrt(cavity.cut.variance[site])
    rest = np.sqrt(np.maximum(sd**2 - own**2, 0.0))
    found = np.empty(share.shape)
    for k in range(share.shape[1]):
        wanted = np.where(scale > 0, share[:, k], 1 - share[:, k])
        alone = quantiles(low, high, wanted[:, None])[:, 0]
        found[:, k] = scale * (alone - mean) * (sd / own)
    some = np.flatnonzero(rest > ALONE * own)
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    at = quantiles(low[some], high[some], 0.5 * (1 + nodes))
    points = scale[some, None] * (at - mean[some, None])
    found[some] = _mixed(points, 0.5 * weights, rest[some], share[some])
    return found


def _mixed(points: Floats, weights: Floats, sd: Floats, share: Floats) -> Floats:
    """Quantiles of normals of one `sd` around weighted points, by bisection."""
    low, high = points.min(axis=1) - 8 * sd, points.max(axis=1) + 8 * sd
    low, high = (np.repeat(e[:, None], share.shape[1], axis=1) for e in (low, high))
    for _ in range(SPLIT):
        middle = 0.5 * (low + high)
        below = special.ndtr((middle[:, :, None] - points[:, None, :]) / sd[:, None, None]) @ weights
        low, high = np.where(below < share, middle, low), np.where(below < share, high, middle)
    return np.asarray(0.5 * (low + high))
