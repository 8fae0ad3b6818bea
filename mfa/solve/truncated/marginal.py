"""What an engine says of numbers: how bounds change them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from mfa.solve.certain import Spread
from mfa.solve.problem import Floats
from mfa.solve.truncated.interval import Skewing


@dataclass(frozen=True)
class Marginal:
    """Moves of means off the optimum and variances of some numbers, what makes them skew, and the same
    without any bounds (variance infinite where bounds alone determine a number).

    `apart` are moves and variances of numbers whose intervals follow from cutting these off at their own
    bounds, nan of others.
    """

    shift: Floats
    variance: Floats
    skewing: Skewing | None
    loose_shift: Floats
    loose_variance: Floats
    apart: tuple[Floats, Floats] | None = None


class CutOff(Protocol):
    """A posterior cut off by bounds; `spread` are the standard deviations that it starts from."""

    @property
    def spread(self) -> Spread:
        """The standard deviations where bounds hold."""
        ...

    def combined(self, matrix: sparse.csr_array, variance: Floats) -> Marginal:
        """The marginals of combinations of cells (k, cells) with these variances where bounds hold."""
        ...

    def unknowns(self, some: slice, variance: Floats) -> Marginal:
        """The marginals of some of the problem's unknowns."""
        ...


def uncut(variance: Floats) -> Marginal:
    """The marginals of numbers that no bound bites."""
    none = np.zeros(len(variance))
    return Marginal(none, variance, None, none, variance)
