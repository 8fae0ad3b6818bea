"""Linear programmes: the least cost over equality rows and bounds, by HiGHS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, sparse

from mfa.solve.problem import Floats

_OPTIMAL, _INFEASIBLE = 0, 2


@dataclass(frozen=True)
class Answer:
    """The least cost and where; `value` is nan and `x` empty where there is none."""

    value: float
    x: Floats
    optimal: bool
    infeasible: bool


def least(cost: Floats, matrix: sparse.csc_array, rhs: Floats, low: Floats, high: Floats) -> Answer:
    """The least `cost . x` subject to `matrix @ x = rhs` and `low <= x <= high`."""
    solver: Any = optimize.linprog
    found = solver(cost, A_eq=matrix, b_eq=rhs, bounds=np.column_stack([low, high]), method="highs")
    optimal = found.status == _OPTIMAL
    x = np.asarray(found.x, dtype=float) if optimal else np.zeros(0)
    return Answer(float(found.fun) if optimal else np.nan, x, optimal, found.status == _INFEASIBLE)
