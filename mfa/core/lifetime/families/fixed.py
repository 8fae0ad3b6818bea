"""Every item leaves at the same age."""

from __future__ import annotations

import numpy as np

from mfa.core.lifetime.family import Family, Floats, as_given

# An age that equals the lifetime but for rounding (0.1 + 0.2 against 0.3) has reached it.
NEARLY = 1.0 - 1e-9


def survival(age: Floats, mean: Floats) -> Floats:
    """1 before the lifetime, 0 from it on."""
    return np.asarray(age < mean * NEARLY, dtype=np.float64)


def limited(age: Floats, mean: Floats) -> Floats:
    """min(a, mean)."""
    return np.minimum(age, mean)


def excess(age: Floats, mean: Floats) -> Floats:
    """max(mean - a, 0)."""
    return np.maximum(mean - age, 0.0)


def mean_lifetime(mean: Floats) -> Floats:
    """The lifetime."""
    return mean


FAMILY = Family("fixed", {("mean",): as_given}, survival, limited, excess, mean_lifetime)
