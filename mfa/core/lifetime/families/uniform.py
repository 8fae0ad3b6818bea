"""Lifetimes spread evenly between a lowest and a highest age."""

from __future__ import annotations

import numpy as np

from mfa.core.lifetime.family import Family, Floats, Rule, as_given


def from_mean_sd(mean: Floats, sd: Floats) -> tuple[Floats, ...]:
    """(low, high) = mean -+ sqrt(3) sd."""
    return mean - np.sqrt(3.0) * sd, mean + np.sqrt(3.0) * sd


def survival(age: Floats, low: Floats, high: Floats) -> Floats:
    """1 up to low, then falling evenly to 0 at high."""
    return np.clip((high - age) / (high - low), 0.0, 1.0)


def limited(age: Floats, low: Floats, high: Floats) -> Floats:
    """a - (min(a, high) - low)^2 / (2 (high - low)) beyond low, a before, the mean beyond high."""
    inside = np.minimum(age, high)
    return inside - 0.5 * np.maximum(inside - low, 0.0) ** 2 / (high - low)


def excess(age: Floats, low: Floats, high: Floats) -> Floats:
    """(high - a)^2 / (2 (high - low)) beyond low, mean - a before."""
    left = np.maximum(high - np.maximum(age, low), 0.0)
    return 0.5 * left**2 / (high - low) + np.maximum(low - age, 0.0)


def mean_lifetime(low: Floats, high: Floats) -> Floats:
    """(low + high) / 2."""
    return 0.5 * (low + high)


def _ordered(low: Floats, high: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(low < high)


def _not_below_zero(mean: Floats, sd: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(np.sqrt(3.0) * sd <= mean)


FAMILY = Family(
    "uniform",
    {("low", "high"): as_given, ("mean", "sd"): from_mean_sd},
    survival,
    limited,
    excess,
    mean_lifetime,
    rules=(
        Rule(("low", "high"), _ordered, "low is not below high", 'for one age for all, use the kind "fixed"'),
        Rule(("mean", "sd"), _not_below_zero, "sd is above mean / sqrt(3), so lifetimes start below 0"),
    ),
)
