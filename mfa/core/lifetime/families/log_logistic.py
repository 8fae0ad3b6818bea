"""The log-logistic lifetime; a shape of 1 or less has no finite mean and is refused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from mfa.core.lifetime.families.roots import monotone_root
from mfa.core.lifetime.families.scaled import NOTHING, by_shape_and_scale, logarithm, power
from mfa.core.lifetime.family import Family, Floats, Rule, as_given


def from_mean_shape(mean: Floats, shape: Floats) -> tuple[Floats, ...]:
    """(shape, scale) with scale = mean sin(b)/b, b = pi/shape."""
    return shape, mean * np.sinc(1.0 / shape)


def from_mean_sd(mean: Floats, sd: Floats) -> tuple[Floats, ...]:
    """(shape, scale), shape = pi/b with tan(b)/b = 1 + (sd/mean)^2 and 0 < b < pi/2."""
    square = (sd / mean) ** 2

    def gap(logit: Floats) -> tuple[Floats, Floats]:
        part = 1.0 / (1.0 + np.exp(-logit))
        b = 0.5 * np.pi * part
        value = np.log(np.tan(b) / b) - np.log1p(square)
        return value, (2.0 / np.sin(2.0 * b) - 1.0 / b) * b * (1.0 - part)

    b = 0.5 * np.pi / (1.0 + np.exp(-monotone_root(gap, np.log(sd / mean))))
    return from_mean_shape(mean, np.pi / b)


def survival(age: Floats, shape: Floats, scale: Floats) -> Floats:
    """1 / (1 + (a/scale)^shape)."""
    return 1.0 / (1.0 + power(age, shape, scale))


def limited(age: Floats, shape: Floats, scale: Floats) -> Floats:
    """E[min(T, a)] = mean I_u(1/shape, 1 - 1/shape), u = 1 - S(a), I the regularised incomplete beta."""
    odds = power(age, shape, scale)
    part = betainc(1.0 / shape, 1.0 - 1.0 / shape, odds / (1.0 + odds))
    return np.where(odds < NOTHING, age, mean_lifetime(shape, scale) * part)


def excess(age: Floats, shape: Floats, scale: Floats) -> Floats:
    """E[max(T - a, 0)] = mean I_S(1 - 1/shape, 1/shape); while S is near 1, mean less the limited value."""
    left = survival(age, shape, scale)
    young = left > 0.5
    old = betainc(1.0 - 1.0 / shape, 1.0 / shape, np.where(young, 0.0, left))
    early = limited(np.where(young, age, 0.0), shape, scale)
    return np.asarray(mean_lifetime(shape, scale) * np.where(young, 1.0, old) - early)


def mean_lifetime(shape: Floats, scale: Floats) -> Floats:
    """scale b / sin(b), b = pi/shape."""
    return scale / np.sinc(1.0 / shape)


def _finite_mean(shape: Floats, **other: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(shape > 1.0)


FAMILY = Family(
    "log_logistic",
    {("mean", "shape"): from_mean_shape, ("shape", "scale"): as_given, ("mean", "sd"): from_mean_sd},
    survival,
    limited,
    excess,
    mean_lifetime,
    by_shape_and_scale(limited, logarithm),
    rules=(Rule(("shape",), _finite_mean, "shape is not above 1, so the mean lifetime is infinite"),),
)
