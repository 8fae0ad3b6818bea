"""The normal lifetime conditional on being positive; mean and sd are those before truncation."""

from __future__ import annotations

from mfa.core.lifetime.families import normal
from mfa.core.lifetime.families.standard_normal import upper
from mfa.core.lifetime.family import Family, Floats, as_given


def survival(age: Floats, mean: Floats, sd: Floats) -> Floats:
    """P(T > a | T > 0)."""
    return normal.survival(age, mean, sd) / upper(-mean / sd)


def limited(age: Floats, mean: Floats, sd: Floats) -> Floats:
    """The integral of S from 0 to a."""
    return normal.limited(age, mean, sd) / upper(-mean / sd)


def excess(age: Floats, mean: Floats, sd: Floats) -> Floats:
    """The integral of S from a to infinity."""
    return normal.excess(age, mean, sd) / upper(-mean / sd)


def mean_lifetime(mean: Floats, sd: Floats) -> Floats:
    """The mean after truncation: mean + sd phi(m/s) / P(Z > -m/s)."""
    return normal.mean_lifetime(mean, sd) / upper(-mean / sd)


FAMILY = Family("truncated_normal", {("mean", "sd"): as_given}, survival, limited, excess, mean_lifetime)
