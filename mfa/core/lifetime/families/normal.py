"""The normal lifetime, as the field uses it: not truncated, what would leave before age 0 leaves at once."""

from __future__ import annotations

import numpy as np

from mfa.core.lifetime.families.standard_normal import early_loss, stop_loss, upper
from mfa.core.lifetime.family import Family, Floats, Standard, as_given


def survival(age: Floats, mean: Floats, sd: Floats) -> Floats:
    """P(T > a)."""
    return upper((age - mean) / sd)


def limited(age: Floats, mean: Floats, sd: Floats) -> Floats:
    """The integral of S from 0 to a."""
    return sd * early_loss(-mean / sd, (age - mean) / sd)


def excess(age: Floats, mean: Floats, sd: Floats) -> Floats:
    """The integral of S from a to infinity: sd (phi(z) - z P(Z > z))."""
    return sd * stop_loss((age - mean) / sd)


def mean_lifetime(mean: Floats, sd: Floats) -> Floats:
    """E[max(T, 0)]: a little above `mean`, because what is below 0 counts as 0."""
    return sd * stop_loss(-mean / sd)


def _split(mean: Floats, sd: Floats) -> tuple[Floats, Floats, tuple[Floats, ...]]:
    return mean, sd, ()


def _member() -> tuple[Floats, ...]:
    return np.zeros(()), np.ones(())


def _lost(z: Floats) -> Floats:
    return stop_loss(-z)


def _as_it_is() -> int:
    return 1


STANDARD = Standard(_split, _member, _lost, _as_it_is)
FAMILY = Family("normal", {("mean", "sd"): as_given}, survival, limited, excess, mean_lifetime, STANDARD)
