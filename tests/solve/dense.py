"""A second, slow and dense implementation to check against: null spaces, and every active set tried."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import linalg

Array = npt.NDArray[np.float64]


def least_squares(rows: Array, rhs: Array, pulls: Array, reports: Array) -> Array:
    """min |pulls x - reports|^2 subject to rows x = rhs, the shortest where that leaves a choice."""
    particular = np.linalg.lstsq(rows, rhs, rcond=None)[0] if len(rows) else np.zeros(pulls.shape[1])
    free = linalg.null_space(rows) if len(rows) else np.eye(pulls.shape[1])
    move = np.linalg.lstsq(pulls @ free, reports - pulls @ particular, rcond=None)[0]
    return np.asarray(particular + free @ move)


def bounded(rows: Array, rhs: Array, pulls: Array, reports: Array) -> tuple[float, Array] | None:
    """The same with x >= 0, by trying every set of unknowns at zero: the least objective, and its x."""
    best: tuple[float, Array] | None = None
    n = pulls.shape[1]
    for zero in product([False, True], repeat=n):
        held = np.eye(n)[np.flatnonzero(zero)]
        x = least_squares(np.vstack([rows, held]), np.concatenate([rhs, np.zeros(len(held))]), pulls, reports)
        if np.any(x < -1e-9) or np.max(np.abs(rows @ x - rhs), initial=0) > 1e-8:
            continue
        value = float(np.sum((pulls @ x - reports) ** 2))
        if best is None or value < best[0]:
            best = value, x
    return best


def covariance(rows: Array, pulls: Array) -> Array:
    """The covariance of x: Z (Z' P'P Z)^+ Z' with Z the null space of `rows`."""
    free = linalg.null_space(rows) if len(rows) else np.eye(pulls.shape[1])
    return np.asarray(free @ np.linalg.pinv(free.T @ pulls.T @ pulls @ free, rcond=1e-10) @ free.T)
