"""The smallest step that closes linear rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from mfa.solve.problem import Floats


def least_step(rows: sparse.csr_array, right: Floats, *, weight: float, slack: float) -> Floats:
    """The step d with `rows @ d = right` that is least in `weight` |d|^2 / 2, by the saddle-point system.

    `slack` regularises rows that depend on each other; one refinement takes most of it out. Where rows
    contradict each other, the step is the least-squares one.

    >>> row = sparse.csr_array(np.array([[1.0, 1.0]]))
    >>> least_step(row, np.array([2.0]), weight=1.0, slack=0.0).round(12).tolist()
    [1.0, 1.0]
    """
    m, n = rows.shape
    blocks: Any = [[weight * sparse.eye_array(n), rows.T], [rows, -slack * sparse.eye_array(m)]]
    system = sparse.block_array(blocks, format="csc")
    rhs = np.concatenate([np.zeros(n), right])
    factors = splu(system)
    step = factors.solve(rhs)
    return np.asarray(step + factors.solve(rhs - system @ step), np.float64)[:n]
