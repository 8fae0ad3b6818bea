"""The Weibull lifetime."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, gammainc, gammaln

from mfa.core.lifetime.families.incomplete_gamma import upper_gamma
from mfa.core.lifetime.families.roots import monotone_root
from mfa.core.lifetime.families.scaled import NOTHING, by_shape_and_scale, power, smoothing_root
from mfa.core.lifetime.family import Family, Floats, as_given


def from_mean_shape(mean: Floats, shape: Floats) -> tuple[Floats, ...]:
    """(shape, scale) with scale = mean / Gamma(1 + 1/shape)."""
    return shape, mean * np.exp(-gammaln(1.0 + 1.0 / shape))


def from_mean_sd(mean: Floats, sd: Floats) -> tuple[Floats, ...]:
    """(shape, scale), the shape solving Gamma(1 + 2/k) / Gamma(1 + 1/k)^2 = 1 + (sd/mean)^2."""
    target = np.log1p((sd / mean) ** 2)

    def gap(log_inverse: Floats) -> tuple[Floats, Floats]:
        u = np.exp(log_inverse)
        value = gammaln(1.0 + 2.0 * u) - 2.0 * gammaln(1.0 + u) - target
        return value, 2.0 * u * (digamma(1.0 + 2.0 * u) - digamma(1.0 + u))

    shape = np.exp(-monotone_root(gap, np.log(sd / mean)))
    return from_mean_shape(mean, shape)


def survival(age: Floats, shape: Floats, scale: Floats) -> Floats:
    """exp(-(a/scale)^shape)."""
    return np.exp(-power(age, shape, scale))


def limited(age: Floats, shape: Floats, scale: Floats) -> Floats:
    """E[min(T, a)] = mean P(1/shape, (a/scale)^shape), P the regularised lower incomplete gamma."""
    x = power(age, shape, scale)
    return np.where(x < NOTHING, age, mean_lifetime(shape, scale) * gammainc(1.0 / shape, x))


def excess(age: Floats, shape: Floats, scale: Floats) -> Floats:
    """E[max(T - a, 0)] = mean Q(1/shape, (a/scale)^shape)."""
    x = power(age, shape, scale)
    mean = mean_lifetime(shape, scale)
    return np.where(x < NOTHING, mean - age, mean * upper_gamma(1.0 / shape, x))


def mean_lifetime(shape: Floats, scale: Floats) -> Floats:
    """scale Gamma(1 + 1/shape)."""
    return np.asarray(scale * np.exp(gammaln(1.0 + 1.0 / shape)))


FAMILY = Family(
    "weibull",
    {("mean", "shape"): from_mean_shape, ("shape", "scale"): as_given, ("mean", "sd"): from_mean_sd},
    survival,
    limited,
    excess,
    mean_lifetime,
    by_shape_and_scale(limited, smoothing_root),
)
