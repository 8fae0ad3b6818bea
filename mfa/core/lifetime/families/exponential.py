"""The exponential lifetime: a constant hazard."""

from __future__ import annotations

import numpy as np

from mfa.core.lifetime.family import Family, Floats, as_given


def from_rate(rate: Floats) -> tuple[Floats, ...]:
    """(mean,) from the hazard per year."""
    return (1.0 / rate,)


def survival(age: Floats, mean: Floats) -> Floats:
    """exp(-a / mean)."""
    return np.exp(-age / mean)


def limited(age: Floats, mean: Floats) -> Floats:
    """mean (1 - exp(-a / mean))."""
    return -mean * np.expm1(-age / mean)


def excess(age: Floats, mean: Floats) -> Floats:
    """mean exp(-a / mean)."""
    return mean * np.exp(-age / mean)


def mean_lifetime(mean: Floats) -> Floats:
    """The mean."""
    return mean


FAMILY = Family(
    "exponential", {("mean",): as_given, ("rate",): from_rate}, survival, limited, excess, mean_lifetime
)
