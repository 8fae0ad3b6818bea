"""What the families share whose parameters are a shape and a scale."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from mfa.core.lifetime.family import Equation, Floats, Standard

ONE, ZERO = np.ones(()), np.zeros(())


LARGE = 1e300
NOTHING = 1e-17
"""Where (a/scale)^shape is less, survival is 1; a steep power would soon be too small for a number."""


def power(age: Floats, shape: Floats, scale: Floats) -> Floats:
    """(a/scale)^shape, or 1e300 where it is more: survival is 0 long before."""
    with np.errstate(over="ignore"):
        return np.asarray(np.minimum((age / scale) ** shape, LARGE))


def by_shape_and_scale(limited: Equation, root: Callable[..., int]) -> Standard:
    """How lifetimes of any scale come from scale 1, for parameters (shape, scale)."""
    return Standard(_split, _member, partial(_lost, limited), root)


def _split(shape: Floats, scale: Floats) -> tuple[Floats, Floats, tuple[Floats, ...]]:
    return ZERO, scale, (shape,)


def _member(shape: Floats) -> tuple[Floats, ...]:
    return shape, ONE


def _lost(limited: Equation, x: Floats, shape: Floats) -> Floats:
    return np.asarray(x - limited(x, shape, ONE))


def smoothing_root(shape: Floats) -> int:
    """The root that is enough where 1 - S begins as x^shape: its integral then begins as a power above 5."""
    return max(1, int(np.ceil(5.0 / (float(shape) + 1.0))))


def logarithm(shape: Floats) -> int:
    """The logarithm, where both ends of the distribution are powers."""
    return 0
