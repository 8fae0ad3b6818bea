"""A smooth function of one variable as polynomials on equal cells, checked when it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfa.core.lifetime.family import Floats

CELLS = (512, 2048, 8192)
"""How many cells are tried."""
NODES = 0.5 - 0.5 * np.cos(np.pi * np.arange(6) / 5)
"""Where in its cell a polynomial meets the function: Chebyshev's points, both ends among them."""
BETWEEN = np.array([0.5 * (NODES[0] + NODES[1]), 0.5 * (NODES[2] + NODES[3])])
"""Where in its cell it is compared with the function: half way between nodes, where it is worst."""
FROM_VALUES = np.linalg.inv(np.vander(NODES[1:], increasing=True) * NODES[1:, None])
"""Coefficients of the powers 1 to 5 from the differences between the other nodes and the first."""


@dataclass(frozen=True)
class Curve:
    """The function: `coefficients[k, cell]` belong to the power k of the place within the cell (0 to 1)."""

    start: float
    density: float
    coefficients: Floats

    @property
    def shift(self) -> float:
        """The start, counted in cells."""
        return self.start * self.density

    def at(self, place: Floats) -> Floats:
        """The values at places counted in cells from the start; what is outside counts as on the edge.

        Uses up `place`.
        """
        np.clip(place, 0.0, np.nextafter(self.coefficients.shape[1], 0.0), out=place)
        # in place: this is where lifetimes that differ by cohort spend their time
        work = np.floor(place)
        cell = work.astype(np.intp)
        place -= work
        out = np.take(self.coefficients[-1], cell)
        for row in self.coefficients[-2::-1]:
            out *= place
            np.take(row, cell, out=work, mode="clip")
            out += work
        return out


def fit(
    function: Callable[[Floats], Floats], low: float, high: float, near: float, relative: float | None = None
) -> Curve | None:
    """The function from `low` to `high` on as few cells as it needs; None if none of `CELLS` will do.

    It may be off by `near`, and where `relative` is given by that share of its value at most.
    """
    for cells in CELLS:
        width = (high - low) / cells
        starts = low + width * np.arange(cells)
        values = function(starts + width * NODES[:, None])
        # differences from the first node, so that rounding stays that of small numbers
        powers = np.concatenate([values[:1], FROM_VALUES @ (values[1:] - values[0])])
        curve = Curve(low, 1.0 / width, powers)
        wanted = function(starts + width * BETWEEN[:, None])
        gap = np.abs(curve.at(np.arange(cells) + BETWEEN[:, None]) - wanted)
        if np.all(gap <= near) and (relative is None or np.all(gap <= relative * np.abs(wanted))):
            return curve
    return None
