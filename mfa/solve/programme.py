"""Linear programmes: the least cost over equality rows and bounds, by HiGHS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, sparse

from mfa.solve.problem import Floats

_OPTIMAL, _INFEASIBLE, _UNBOUNDED, _FAILED = 0, 2, 3, 4


@dataclass(frozen=True)
class Answer:
    """The least cost and where; `value` is nan and `x` empty where there is none.

    Neither optimal nor infeasible nor unbounded is what the solver gave up on."""

    value: float
    x: Floats
    optimal: bool
    infeasible: bool
    unbounded: bool


def least(cost: Floats, matrix: sparse.csc_array, rhs: Floats, low: Floats, high: Floats) -> Answer:
    """The least `cost . x` subject to `matrix @ x = rhs` and `low <= x <= high`."""
    solver: Any = optimize.linprog
    asked = {"A_eq": matrix, "b_eq": rhs, "bounds": np.column_stack([low, high]), "method": "highs"}
    found = solver(cost, **asked)
    if found.status == _FAILED:  # its presolve may lose track of small entries, or leave two answers open
        found = solver(cost, **asked, options={"presolve": False})
    optimal = found.status == _OPTIMAL
    x = np.asarray(found.x, dtype=float) if optimal else np.zeros(0)
    value = float(found.fun) if optimal else np.nan
    return Answer(value, x, optimal, found.status == _INFEASIBLE, found.status == _UNBOUNDED)
