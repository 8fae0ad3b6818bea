"""Reports of a bound alone that may be passed at a price: no pull inside, the usual one outside.

The row says f - b = middle, where b is an unknown that reaches from the middle of the interval to its ends
(of one that is open: from an sd inside the bound). At the optimum b takes f to the nearest point of the
interval, so that the cost is 0 inside and rho((f - bound) / sd) outside. While b is free the row checks
nothing and is checked by nothing (leverage 0); where b sits at its bound it is a report like any other.
"""

from __future__ import annotations

import numpy as np

from mfa.build.assembly import ROW_BLOCK, Assembly, Floats, Namer, Terms
from mfa.solve.losses import Loss


def add_soft_bounds(
    assembly: Assembly,
    terms: Terms,
    low: Floats,
    high: Floats,
    *,
    sd: Floats,
    namer: Namer,
    loss: Loss | None,
) -> int:
    """The first observed row of what `terms` exceed the bounds by (nan: none on that side)."""
    n, rows, zero = len(low), np.arange(len(low)), np.zeros(len(low))
    below, above = np.where(np.isnan(low), high - 2 * sd, low), np.where(np.isnan(high), low + 2 * sd, high)
    middle = 0.5 * (below + above)
    first = assembly.unknowns(
        n,
        lambda k: f"what {namer(k)} allows",
        start=0.0,
        lower=np.where(np.isnan(low), -np.inf, low - middle),
        upper=np.where(np.isnan(high), np.inf, high - middle),
        block=ROW_BLOCK,
        mass=False,
        scale=float(np.max(sd, initial=1e-12)),
    )
    within = assembly.linear(first, n, namer)
    excess = Terms.join(terms, Terms.of(rows, within + rows, -1.0))
    return assembly.observe(excess, middle, sd, zero, counted=np.ones(n, np.bool_), namer=namer, loss=loss)
