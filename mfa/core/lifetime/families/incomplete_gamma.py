"""The incomplete gamma function that two families share."""

from __future__ import annotations

import numpy as np
from scipy.special import gammainc, gammaincc

from mfa.core.lifetime.family import Floats


def upper_gamma(order: Floats, x: Floats) -> Floats:
    """The regularised upper incomplete gamma function Q(order, x).

    Up to x = 1 it is 1 - P: there scipy's series for P is more accurate and many times faster.
    """
    young = x <= 1.0
    lower = 1.0 - gammainc(order, np.where(young, x, 0.0))
    return np.where(young, lower, gammaincc(order, np.where(young, 2.0, x)))
