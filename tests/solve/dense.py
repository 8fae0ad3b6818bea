"""A second, slow and dense implementation to check against: null spaces, and every active set tried."""

from __future__ import annotations

from itertools import product

import clarabel
import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

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
    root = free @ np.linalg.pinv(pulls @ free, rcond=1e-13)
    return np.asarray(root @ root.T)


def leaned_on(
    rows: Array, rhs: Array, pulls: Array, reports: Array, sides: Array, most: Array
) -> npt.NDArray[np.bool_]:
    """Which of `sides` x <= most carry force at the optimum, by an interior-point solver (Clarabel)."""
    quadratic, linear = sparse.csc_matrix(np.triu(pulls.T @ pulls)), -pulls.T @ reports
    cones = [clarabel.ZeroConeT(len(rhs)), clarabel.NonnegativeConeT(len(most))]
    options = clarabel.DefaultSettings()
    options.verbose, options.tol_gap_abs, options.tol_gap_rel, options.tol_feas = False, 1e-11, 1e-11, 1e-11
    matrix, right = sparse.csc_matrix(np.vstack([rows, sides])), np.concatenate([rhs, most])
    answer = clarabel.DefaultSolver(quadratic, linear, matrix, right, cones, options).solve()
    force, room = np.array(answer.z)[len(rhs) :], np.array(answer.s)[len(rhs) :]
    return np.asarray(force > room)


def limited(
    rows: Array, rhs: Array, pulls: Array, reports: Array, sides: Array, most: Array
) -> tuple[Array, npt.NDArray[np.bool_]] | None:
    """min |pulls x - reports|^2 subject to rows x = rhs and sides x <= most: x, and which sides it leans on.

    The sides an interior point leans on are made exact; what is violated then is held too, what is pulled
    inside let go, the first in order (Murty 1974). The optimum is checked, not trusted; none where sides that
    depend on each other keep it from settling.
    """
    held = leaned_on(rows, rhs, pulls, reports, sides, most)
    for _ in range(200):
        fixed, right = np.vstack([rows, sides[held]]), np.concatenate([rhs, most[held]])
        x = least_squares(fixed, right, pulls, reports)
        force = pulls.T @ (pulls @ x - reports)
        push = np.zeros(len(sides))
        if len(fixed):
            push[held] = -np.linalg.lstsq(fixed.T, force, rcond=None)[0][len(rows) :]
        wrong = np.flatnonzero(np.where(held, push < -1e-9, sides @ x > most + 1e-10))
        if not len(wrong):
            return (x, held) if np.max(np.abs(fixed @ x - right), initial=0.0) < 1e-10 else None
        held[wrong[0]] = ~held[wrong[0]]
    return None
