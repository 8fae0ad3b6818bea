"""Values of what nothing determines: as small as rows and bounds let it be.

An optimum leaves a whole set of such values, and which of them the rounds end at depends on the order of
unknowns. The one with the least sum of squares, in scales, is one only; all that is determined stays as it
is.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mfa.solve.problem import Floats, Ints
from mfa.solve.separable.bounded import Optimum, solve
from mfa.solve.separable.equality import equality_of
from mfa.solve.separable.form import Separable
from mfa.solve.separable.spread import Spread


def smallest(form: Separable, optimum: Optimum, scale: Floats) -> Floats:
    """The unknowns of an optimum whose active set is what holds, the free ones as small as can be, in units
    of `scale` (infinite where size is no matter)."""
    x = optimum.x
    equality = equality_of(form, optimum.at, x) if np.isinf(form.variance).any() else None
    free = np.flatnonzero(Spread(equality).free) if equality is not None else np.zeros(0, np.int64)
    found = solve(_alone(form, x, free, scale[free])) if len(free) else None
    if found is None:
        return x
    moved = x.copy()
    moved[free] = found.x[: len(free)]
    return moved


def _alone(form: Separable, x: Floats, some: Ints, scale: Floats) -> Separable:
    """The problem of moving `some` unknowns to nothing, all others where they are.

    What the others add to each row and take from it is pinned in two unknowns, so that rows keep their size.
    """
    columns = form.rows[:, some]
    places = np.unique(columns.indices)
    others = x.copy()
    others[some] = 0.0
    net = form.residual(others)[places]
    terms = (form.magnitude @ np.abs(others) + np.abs(form.rhs))[places]
    unit = sparse.eye_array(len(places), format="csc")
    given = np.concatenate([0.5 * (terms + net), 0.5 * (terms - net)])
    rows = sparse.hstack([columns.tocsr()[places], unit, -unit], format="csc")
    return Separable(
        rows=sparse.csc_array(rows),
        rhs=np.zeros(len(places)),
        mean=np.concatenate([np.zeros(len(some)), given]),
        variance=np.concatenate([scale**2, np.ones(len(given))]),
        lower=np.concatenate([form.lower[some], given]),
        upper=np.concatenate([form.upper[some], given]),
        start=np.concatenate([x[some], given]),
        shared=form.shared[places],
        floor=form.floor,
    )
