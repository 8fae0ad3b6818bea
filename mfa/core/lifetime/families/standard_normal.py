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
    density = INVERSE_ROOT_TWO_PI * np.exp(-0.5 * z * z)
    return np.maximum(density - z * ndtr(-z), 0.0)


def early_loss(low: Floats, high: Floats) -> Floats:
    """The integral of P(Z > x) from `low` to `high`, accurate where both are far below 0."""
    return np.asarray((high - low) - (stop_loss(-high) - stop_loss(-low)))
