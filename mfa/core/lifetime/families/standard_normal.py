"""The two functions of the standard normal distribution that three families share."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from mfa.core.lifetime.family import Floats

INVERSE_ROOT_TWO_PI = 0.3989422804014327


def upper(z: Floats) -> Floats:
    """P(Z > z)."""
    return np.asarray(ndtr(-z))


def stop_loss(z: Floats) -> Floats:
    """E[max(Z - z, 0)] = phi(z) - z P(Z > z), the integral of P(Z > x) from z to infinity."""
    # in place: this is where lifetimes that differ by cohort spend their time
    out = np.empty(np.shape(z))
    np.multiply(z, z, out=out)
    out *= -0.5
    np.exp(out, out=out)
    out *= INVERSE_ROOT_TWO_PI
    tail = np.empty_like(out)
    np.negative(z, out=tail)
    ndtr(tail, out=tail)
    tail *= z
    out -= tail
    return np.maximum(out, 0.0, out=out)


def early_loss(low: Floats, high: Floats) -> Floats:
    """The integral of P(Z > x) from `low` to `high`, accurate where both are far below 0."""
    return np.asarray((high - low) - (stop_loss(-high) - stop_loss(-low)))
