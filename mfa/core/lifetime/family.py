"""What every family of lifetimes provides: survival and its two integrals, in closed form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Equation = Callable[..., Floats]


@dataclass(frozen=True)
class Rule:
    """A condition on the parameters as given: `holds(**parameters)` elementwise, and what to say if not."""

    names: tuple[str, ...]
    holds: Callable[..., npt.NDArray[np.bool_]]
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Standard:
    """How a family comes from lifetimes of location 0 and scale 1 that differ in their shapes alone.

    `split(*parameters)` gives location, scale and shapes; `member(*shapes)` the parameters of the standard
    one; `lost(x, *shapes)` its integral of 1 - S up to x. `root(*shapes)` is the m for which all of this is
    smooth in the m-th root of x, or 0 for its logarithm.
    """

    split: Callable[..., tuple[Floats, Floats, tuple[Floats, ...]]]
    member: Callable[..., tuple[Floats, ...]]
    lost: Equation
    root: Callable[..., int]


@dataclass(frozen=True)
class Family:
    """A distribution of lifetimes T, as functions of age and of its own (canonical) parameters.

    With S(x) = P(T > x): `survival(a) = S(a)`; `limited(a)` is the limited expected value, the integral of S
    from 0 to a, which is E[min(T, a)] for T >= 0; `excess(a)` is the integral of S from a to infinity;
    `mean()` is `excess(0)`. All broadcast ages against parameters. `limited` is the accurate one for young
    ages and `excess` for old ones: both are needed to keep small tails above rounding.
    """

    name: str
    convert: Mapping[tuple[str, ...], Callable[..., tuple[Floats, ...]]]
    survival: Equation
    limited: Equation
    excess: Equation
    mean: Equation
    standard: Standard | None = None
    rules: tuple[Rule, ...] = ()


def as_given(*values: Floats) -> tuple[Floats, ...]:
    """The parameters themselves: the conversion of a form that is canonical already."""
    return values
