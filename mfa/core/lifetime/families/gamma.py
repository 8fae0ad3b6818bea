"""The gamma lifetime."""

from __future__ import annotations

import numpy as np
from scipy.special import gammainc

from mfa.core.lifetime.families.incomplete_gamma import upper_gamma
from mfa.core.lifetime.families.scaled import by_shape_and_scale, smoothing_root
from mfa.core.lifetime.family import Family, Floats, as_given


def from_mean_sd(mean: Floats, sd: Floats) -> tuple[Floats, ...]:
    """(shape, scale) = ((mean/sd)^2, sd^2/mean)."""
    return (mean / sd) ** 2, sd**2 / mean


def from_mean_shape(mean: Floats, shape: Floats) -> tuple[Floats, ...]:
    """(shape, scale) with scale = mean / shape."""
    return shape, mean / shape


def survival(age: Floats, shape: Floats, scale: Floats) -> Floats:
    """The regularised upper incomplete gamma function Q(shape, a/scale)."""
    return upper_gamma(shape, age / scale)


def limited(age: Floats, shape: Floats, scale: Floats) -> Floats:
    """E[min(T, a)] = mean P(shape + 1, x) + a Q(shape, x), x = a / scale."""
    x = age / scale
    return np.asarray(shape * scale * gammainc(shape + 1.0, x) + age * upper_gamma(shape, x))


def excess(age: Floats, shape: Floats, scale: Floats) -> Floats:
    """E[max(T - a, 0)] = mean Q(shape + 1, x) - a Q(shape, x)."""
    x = age / scale
    left = shape * scale * upper_gamma(shape + 1.0, x) - age * upper_gamma(shape, x)
    return np.asarray(np.maximum(left, 0.0))


def mean_lifetime(shape: Floats, scale: Floats) -> Floats:
    """shape * scale."""
    return shape * scale


FAMILY = Family(
    "gamma",
    {("mean", "sd"): from_mean_sd, ("mean", "shape"): from_mean_shape, ("shape", "scale"): as_given},
    survival,
    limited,
    excess,
    mean_lifetime,
    by_shape_and_scale(limited, smoothing_root),
)
