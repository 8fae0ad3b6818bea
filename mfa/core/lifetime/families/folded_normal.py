"""The absolute value of a normal variable; mean and sd are those before folding."""

from __future__ import annotations

import numpy as np

from mfa.core.lifetime.families.standard_normal import early_loss, stop_loss, upper
from mfa.core.lifetime.family import Family, Floats, as_given


def survival(age: Floats, mean: Floats, sd: Floats) -> Floats:
    """P(X > a) + P(X < -a)."""
    return upper((age - mean) / sd) + upper((age + mean) / sd)


def limited(age: Floats, mean: Floats, sd: Floats) -> Floats:
    """The integral of S from 0 to a: the two sides of the normal, each in closed form."""
    right = early_loss(-mean / sd, (age - mean) / sd)
    left = stop_loss(mean / sd) - stop_loss((age + mean) / sd)
    return np.asarray(sd * (right + left))


def excess(age: Floats, mean: Floats, sd: Floats) -> Floats:
    """The integral of S from a to infinity."""
    return sd * (stop_loss((age - mean) / sd) + stop_loss((age + mean) / sd))


def mean_lifetime(mean: Floats, sd: Floats) -> Floats:
    """The mean after folding."""
    return excess(np.zeros(()), mean, sd)


FAMILY = Family("folded_normal", {("mean", "sd"): as_given}, survival, limited, excess, mean_lifetime)
