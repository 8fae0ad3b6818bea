"""Anderson acceleration of the outer iteration, where sigma and curvature make it converge by a constant
factor.

With steps d_k taken from points z_k, the next point is z + d - sum_j g_j ((z + d)_j+1 - (z + d)_j), g least
squares on the differences of the steps, measured in sigma of the observations (Walker and Ni 2011). Linear
rows are kept, as every point combined meets them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfa.solve.problem import Floats

MEMORY = 6


@dataclass(frozen=True)
class History:
    """The last full steps: where each led (`reached`) and how long it was in sigma (`measured`)."""

    reached: tuple[Floats, ...] = ()
    measured: tuple[Floats, ...] = ()

    def after(self, reached: Floats, measured: Floats) -> History:
        """The history with one more step."""
        return History((*self.reached, reached)[-MEMORY:], (*self.measured, measured)[-MEMORY:])

    def accelerated(self) -> Floats:
        """The point that the steps taken together point to."""
        if len(self.measured) < 2:
            return self.reached[-1]
        change = np.column_stack([b - a for a, b in zip(self.measured, self.measured[1:], strict=False)])
        share, *_ = np.linalg.lstsq(change, self.measured[-1], rcond=1e-8)
        moved = np.column_stack([b - a for a, b in zip(self.reached, self.reached[1:], strict=False)])
        return np.asarray(self.reached[-1] - moved @ share)
