"""The lognormal lifetime; mean and sd are those of the lifetime itself."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from mfa.core.lifetime.families.scaled import logarithm
from mfa.core.lifetime.family import Family, Floats, Standard


def from_mean_sd(mean: Floats, sd: Floats) -> tuple[Floats, ...]:
    """(mu, sigma) of log T: sigma^2 = log(1 + (sd/mean)^2), mu = log(mean) - sigma^2 / 2."""
    variance = np.log1p((sd / mean) ** 2)
    return np.log(mean) - 0.5 * variance, np.sqrt(variance)


def _log(age: Floats) -> Floats:
    # log(0) = -inf is the right limit in every formula below
    with np.errstate(divide="ignore"):
        return np.log(age)


def survival(age: Floats, mu: Floats, sigma: Floats) -> Floats:
    """P(log T > log a)."""
    return np.asarray(ndtr((mu - _log(age)) / sigma))


def limited(age: Floats, mu: Floats, sigma: Floats) -> Floats:
    """E[min(T, a)] = mean Phi(z - sigma) + a Phi(-z), z = (log a - mu) / sigma."""
    z = (_log(age) - mu) / sigma
    return np.asarray(mean_lifetime(mu, sigma) * ndtr(z - sigma) + age * ndtr(-z))


def excess(age: Floats, mu: Floats, sigma: Floats) -> Floats:
    """E[max(T - a, 0)] = mean Phi(sigma - z) - a Phi(-z)."""
    z = (_log(age) - mu) / sigma
    return np.maximum(mean_lifetime(mu, sigma) * ndtr(sigma - z) - age * ndtr(-z), 0.0)


def mean_lifetime(mu: Floats, sigma: Floats) -> Floats:
    """exp(mu + sigma^2 / 2)."""
    return np.exp(mu + 0.5 * sigma**2)


def _split(mu: Floats, sigma: Floats) -> tuple[Floats, Floats, tuple[Floats, ...]]:
    return np.zeros(()), np.exp(mu), (sigma,)


def _member(sigma: Floats) -> tuple[Floats, ...]:
    return np.zeros(()), sigma


def _lost(x: Floats, sigma: Floats) -> Floats:
    return np.asarray(x - limited(x, *_member(sigma)))


STANDARD = Standard(_split, _member, _lost, logarithm)
FAMILY = Family(
    "lognormal", {("mean", "sd"): from_mean_sd}, survival, limited, excess, mean_lifetime, STANDARD
)
