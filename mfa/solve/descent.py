"""How far a step is taken: as far as the merit falls, the misfit's cost + sum nu |c| of the open rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfa.solve.active_set import Step
from mfa.solve.misfit import Misfit
from mfa.solve.problem import Floats
from mfa.solve.standard import Standard

SHORTEST = 1e-4
NOISE = 1e-9
"""Share of the merit that a shorter step must gain to be preferred."""


@dataclass(frozen=True)
class Descent:
    """The merit, its value now, the fall that a full step promises, and whether a step sees the merit as it
    is."""

    merit: Callable[[Floats], float]
    now: float
    fall: float
    exact: bool

    def enough(self, z: Floats, t: float) -> bool:
        """Whether at `z`, a share `t` of the step away, the merit has fallen as it should."""
        return self.merit(z) <= self.now - 1e-4 * t * self.fall + 1e-10 * (1.0 + abs(self.now))

    def least(self, z: Floats, d: Floats) -> float:
        """The step length, halved from 1 as long as that lowers the merit; 1 where a full step is exact."""
        t, here = 1.0, self.merit(z + d)
        while not self.exact and t > SHORTEST:
            half = self.merit(z + 0.5 * t * d)
            if not half < here - NOISE * abs(here):
                break
            t, here = 0.5 * t, half
        return t

    def along(self, form: Standard, z: Floats, step: Step) -> tuple[float, Floats]:
        """Step length and step from `z`: full, full with the rows' curvature corrected, or halved as often as
        needed."""
        if self.enough(z + step.d, 1.0):
            t = self.least(z, step.d)
            return t, t * step.d
        bent = step.d + closing(form, step, z + step.d)
        if self.enough(np.clip(z + bent, form.lower, form.upper), 1.0):
            return 1.0, bent
        t = 0.5
        while t > SHORTEST and not self.enough(z + t * step.d, t):
            t *= 0.5
        return t, t * step.d


def merit_of(form: Standard, misfit: Misfit, start: Floats, penalty: Floats) -> Callable[[Floats], float]:
    """What the iteration descends; costs are measured from `start`, near which they are exact."""
    seen = form.fitted(start)
    here = misfit.cost(seen)

    def merit(z: Floats) -> float:
        cost = here + misfit.cost(form.fitted(z), seen)
        return cost + float(penalty @ np.abs(form.residual(z)))

    return merit


def closing(form: Standard, step: Step, z: Floats) -> Floats:
    """The step that closes the rows at `z`, spread by the weights of the observations."""
    n, m, _ = step.kkt.size
    d, _, _ = step.kkt.split(step.kkt.solve(step.kkt.join(np.zeros(n), np.zeros(m), -form.residual(z))))
    return d
