"""Mass balance: what enters, leaves and stays, and how well it closes by each node's own throughput."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TOLERANCE = 1e-9
"""Relative closure asked for of every process, time, region and element."""
FLOOR = 1e-3
"""Absolute floor in t: a node with less than a kilogram of throughput is measured against a kilogram."""


@dataclass(frozen=True)
class Balance:
    """Inflow, outflow and stock change of every node cell, in t per year."""

    inflow: Floats
    outflow: Floats
    change: Floats

    @property
    def difference(self) -> Floats:
        """Inflow - outflow - stock change: zero where mass is conserved."""
        return self.inflow - self.outflow - self.change

    @property
    def throughput(self) -> Floats:
        """The larger of what enters and what leaves (stock change included)."""
        supply = self.inflow + np.maximum(-self.change, 0)
        return np.maximum(supply, self.outflow + np.maximum(self.change, 0))

    @property
    def relative(self) -> Floats:
        """|difference| relative to the node's own throughput, NaN where a flow is NaN.

        A throughput below FLOOR counts as FLOOR.
        """
        return np.asarray(np.abs(self.difference) / np.maximum(self.throughput, FLOOR))

    def failing(self, tolerance: float = TOLERANCE) -> Ints:
        """The cells that do not close, NaN included."""
        return np.flatnonzero(~(self.relative <= tolerance))
