"""A second, slow and dense implementation to check against: whole systems, and every active set tried.

Systems are solved by their eigenvectors and refined in extended precision (numpy's long double, 64 bits of
mantissa where the machine has them), so that answers are right to rounding whatever their condition.
"""

from __future__ import annotations

from itertools import product

import clarabel
import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
RANK = 1e-13
"""Share of the largest eigenvalue below which one is zero: systems have none between 1e-11 and 1e-14."""
UNBOUNDED = 3


class Saddle:
    """The optimality conditions of least squares under exact rows, over unknowns, residuals, multipliers.

    [ 0  P'  R' ] [ x ]   [ 0 ]
    [ P  -I  0  ] [ e ] = [ y ]
    [ R  0   0  ] [ l ]   [ b ]
    """

    def __init__(self, rows: Array, pulls: Array) -> None:
        (m, n), p = pulls.shape, len(rows)
        whole = np.zeros((n + m + p, n + m + p))
        whole[n : n + m, :n], whole[n + m :, :n] = pulls, rows
        whole += whole.T
        whole[n : n + m, n : n + m] = -np.eye(m)
        self.n, self.m = n, m
        self.unit = np.ones(len(whole))
        for _ in range(12):
            size = np.max(np.abs(whole * self.unit * self.unit[:, None]), axis=1, initial=0.0)
            self.unit /= np.sqrt(np.where(size > 0, size, 1.0))
        self.unit = 2.0 ** np.round(np.log2(self.unit))  # scaling rounds nothing
        self.matrix = whole * self.unit * self.unit[:, None]
        values, vectors = np.linalg.eigh(self.matrix)
        kept = np.abs(values) > RANK * np.max(np.abs(values), initial=0.0)
        self.inverse = vectors[:, kept] / values[kept] @ vectors[:, kept].T
        self.null = (self.unit[:, None] * vectors[:, ~kept])[:n]

    def solve(self, right: Array) -> Array:
        """The solution for right sides (k,) or (k, many), refined in extended precision."""
        unit = self.unit if right.ndim == 1 else self.unit[:, None]
        asked = (unit * right).astype(np.longdouble)
        found, matrix = np.zeros_like(asked), self.matrix.astype(np.longdouble)
        for _ in range(4):
            found += self.inverse @ np.asarray(asked - matrix @ found, dtype=np.float64)
        return np.asarray(unit * found, dtype=np.float64)

    @property
    def free(self) -> Bools:
        """The unknowns that nothing determines."""
        return np.asarray(np.max(np.abs(self.null), axis=1, initial=0.0) > 1e-7)


def least_squares(rows: Array, rhs: Array, pulls: Array, reports: Array) -> Array:
    """min |pulls x - reports|^2 subject to rows x = rhs; one of the short ones where that leaves a choice."""
    n = pulls.shape[1]
    return Saddle(rows, pulls).solve(np.concatenate([np.zeros(n), reports, rhs]))[:n]


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
    """The covariance of x: what unit errors of all reports do to it, squared and added up."""
    n, m = pulls.shape[1], len(pulls)
    moved = Saddle(rows, pulls).solve(np.vstack([np.zeros((n, m)), np.eye(m), np.zeros((len(rows), m))]))[:n]
    return np.asarray(moved @ moved.T)


def leaned_on(rows: Array, rhs: Array, pulls: Array, reports: Array, sides: Array, most: Array) -> Bools:
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
) -> tuple[Array, Bools] | None:
    """min |pulls x - reports|^2 subject to rows x = rhs and sides x <= most: x, and which sides it leans on.

    The sides an interior point leans on are made exact (or none, where that does not settle); what is
    violated then is held too, what is pulled inside let go, the first in order (Murty 1974). The optimum is
    checked, not trusted; none where sides that depend on each other keep it from settling.
    """
    guess = leaned_on(rows, rhs, pulls, reports, sides, most)
    for held in (guess, np.zeros(len(sides), dtype=np.bool_)):
        found = _settled(rows, rhs, pulls, reports, sides, most, held)
        if found is not None:
            return found
    return None


def _settled(
    rows: Array, rhs: Array, pulls: Array, reports: Array, sides: Array, most: Array, held: Bools
) -> tuple[Array, Bools] | None:
    n, m, p = pulls.shape[1], len(pulls), len(rows)
    for _ in range(200):
        fixed, right = np.vstack([rows, sides[held]]), np.concatenate([rhs, most[held]])
        found = Saddle(fixed, pulls).solve(np.concatenate([np.zeros(n), reports, right]))
        x, push = found[:n], np.zeros(len(sides))
        push[held] = found[n + m + p :]
        wrong = np.flatnonzero(np.where(held, push < -1e-9, sides @ x > most + 1e-10))
        if not len(wrong):
            closed = np.max(np.abs(fixed @ x - right), initial=0.0) < 1e-10
            touched = most - sides @ x <= 1e-10
            return (x, _forced(rows, pulls.T @ found[n : n + m], sides, touched, push)) if closed else None
        held[wrong[0]] = ~held[wrong[0]]
    return None


def _forced(rows: Array, gradient: Array, sides: Array, touched: Bools, push: Array) -> Bools:
    """Which `touched` sides carry force in some set of multipliers: a linear programme for each that has
    none."""
    places = np.flatnonzero(touched)
    matrix = np.hstack([rows.T, sides[places].T])
    bounds = [(None, None)] * len(rows) + [(0, None)] * len(places)
    found = push > 1e-9
    for k, side in enumerate(places):
        if not found[side]:
            cost = np.zeros(len(bounds))
            cost[len(rows) + k] = -1.0
            answer = optimize.linprog(cost, A_eq=matrix, b_eq=-gradient, bounds=bounds, method="highs")
            found[side] = answer.status == UNBOUNDED or answer.fun < -1e-6
    return found
