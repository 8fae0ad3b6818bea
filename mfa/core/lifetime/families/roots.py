"""The root of an increasing function, for the families whose shape has no closed form in mean and sd."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mfa.core.lifetime.family import Floats

STEPS = 80


def monotone_root(gap: Callable[[Floats], tuple[Floats, Floats]], start: Floats) -> Floats:
    """The x with gap(x) = 0, elementwise, by Newton steps of at most 1; `gap` gives value and slope > 0."""
    x = np.asarray(start, dtype=np.float64)
    for _ in range(STEPS):
        value, slope = gap(x)
        step = np.clip(value / slope, -1.0, 1.0)
        x = x - step
        if np.all(np.abs(step) <= 4e-16 * np.maximum(np.abs(x), 1.0)):
            break
    return x
