"""Values of what nothing determines: as near as rows and bounds let it be to where it started.

An optimum leaves a whole set of such values, and which of them the rounds end at depends on the order of
unknowns. The nearest one to the start, in scales, is one only; all that is determined stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mfa.solve.problem import Floats
from mfa.solve.separable.bounded import Optimum
from mfa.solve.separable.form import Separable
from mfa.solve.separable.spread import spread
from mfa.solve.separable.world import World


def nearest(world: World, form: Separable, optimum: Optimum) -> Floats:
    """The unknowns of an optimum whose active set is what holds, the free ones as near their start as can
    be."""
    if not np.isinf(form.variance).any():
        return optimum.x
    moves = spread(form, optimum)
    if moves is None or not moves.free.any():
        return optimum.x
    free, x = moves.free, optimum.x
    own = np.flatnonzero(free[: world.split.unknowns])
    variance = np.where(free, np.inf, 1.0)
    variance[own] = world.split.problem.scale[own] ** 2
    found = world.optimum(
        replace(
            form,
            mean=form.start,
            variance=variance,
            lower=np.where(free, form.lower, x),
            upper=np.where(free, form.upper, x),
            start=x,
        )
    )
    return x if found is None else np.where(free, found.x, x)
