"""Standard deviations of everything, by propagation of the observations' errors through the optimum.

With K the system at the solution (what sits at a bound held there) a unit error of observation k, in sigma,
moves the unknowns by s_k = K^-1 e_k, and Cov(x) = S S'. Small systems take one refined solve per
observation. In large ones observations are taken block by block: outside its own block an observation acts
through the border only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from mfa.solve.border import Bordered
from mfa.solve.kkt import Kkt
from mfa.solve.nullspace import NullSpace, null_space
from mfa.solve.problem import Bools, Floats, Ints, LeastSquares
from mfa.solve.propagation import Propagation
from mfa.solve.solution import Solution, Tangent, tangent

CHUNK = 64
REFINED = 4
REGULAR = 3e-11
"""Weaker than for solving, as block by block what the regularisation takes is not refined away (about
1e-5)."""
WEAK = 1e-3
DIRECT = 3_000_000
"""Places times observations up to which every observation is solved for in full, refined to rounding."""


@dataclass(frozen=True)
class Posterior:
    """Standard deviations of unknowns, cells and observed rows; `free_*` marks what nothing determines (sd
    nan).

    `leverage` is 1 - w sd^2/sigma^2 of each observation (w its robust weight), the share of its variance that
    the rest of the system takes off; 0 where it is not counted.
    """

    sd_x: Floats
    sd_q: Floats
    sd_observed: Floats
    free_x: Bools
    free_q: Bools
    leverage: Floats
    tangent: Tangent
    kkt: Kkt
    null: NullSpace

    def effects(self, matrix: sparse.csr_array) -> Floats:
        """How each row of `matrix` (k, cells) moves with a one-sigma error of each counted observation,
        (k, m)."""
        rows = _in_unknowns(self.tangent, matrix)
        n, m, p = self.kkt.size
        found = np.empty((rows.shape[0], m))
        for at in range(0, rows.shape[0], CHUNK):
            part = rows[at : at + CHUNK].toarray().T
            part[self.tangent.fixed] = 0.0
            rhs = np.concatenate([part, np.zeros((m + p, part.shape[1]))])
            found[at : at + CHUNK] = self.kkt.solve(rhs, rounds=REFINED)[n : n + m].T
        found[self.null.frees(rows)] = np.nan
        return found

    def covariance_of(self, matrix: sparse.csr_array) -> Floats:
        """The covariance (k, k) of linear combinations of cells, one per row of `matrix` (k, cells)."""
        moved = self.effects(matrix)
        return np.asarray(moved @ moved.T)

    def sd_of(self, matrix: sparse.csr_array) -> Floats:
        """The standard deviation of linear combinations of cells; nan where nothing determines one."""
        return np.asarray(np.sqrt(np.sum(self.effects(matrix) ** 2, axis=1)))


def posterior(problem: LeastSquares, solution: Solution) -> Posterior:
    """Standard deviations at `solution`."""
    at = tangent(problem, solution)
    kkt = at.factorise(regular=REGULAR)
    null = null_space(at)
    n, q = len(problem), len(problem.cells)
    cells = _in_unknowns(at, sparse.eye_array(q, format="csr"))
    seen = _in_unknowns(at, problem.observed.rows.matrix)
    plain = sparse.eye_array(len(at.fixed), format="csr")[:n]
    every = sparse.csr_array(sparse.vstack([plain, cells, seen]))
    free = null.frees(every)
    free[:n] = null.free[:n]
    sd = np.where(free, np.nan, np.sqrt(_variances(at, kkt, every)))
    sd[:n] *= at.form.scale[:n]
    sd_x, sd_q, sd_seen = np.split(sd, [n, n + q])
    found = Posterior(sd_x, sd_q, sd_seen, free[:n], free[n : n + q], np.zeros(len(sd_seen)), at, kkt, null)
    return _with_leverage(problem, solution, found)


def _with_leverage(problem: LeastSquares, solution: Solution, found: Posterior) -> Posterior:
    """`found` with leverages; small ones are solved for again, as they decide what counts as checked."""
    counted = found.tangent.form.counted
    sd = found.sd_observed.copy()
    share = solution.weight * np.nan_to_num(sd[counted] / solution.sigma[counted]) ** 2
    part = np.maximum(1.0 - share, 0.0)
    weak = np.flatnonzero(part < WEAK)
    part[weak] = _refined_leverage(found.kkt, weak)
    sd[counted[weak]] = (solution.sigma[counted] * np.sqrt((1 - part) / solution.weight))[weak]
    leverage = np.zeros(len(problem.observed))
    leverage[counted] = part
    return replace(found, sd_observed=sd, leverage=leverage)


def _refined_leverage(kkt: Kkt, some: Ints) -> Floats:
    """Minus the residual of a unit error of each: leverages without a difference of near equals."""
    n, m, p = kkt.size
    found = np.zeros(len(some))
    for at in range(0, len(some), CHUNK):
        part = some[at : at + CHUNK]
        error = np.zeros((n + m + p, len(part)))
        error[n + part, np.arange(len(part))] = 1.0
        found[at : at + CHUNK] = -kkt.solve(error, rounds=REFINED)[n + part, np.arange(len(part))]
    return np.clip(found, 0.0, 1.0)


def _in_unknowns(at: Tangent, matrix: sparse.csr_array) -> sparse.csr_array:
    """Rows over cells as rows over unknowns and slacks, in the solver's units."""
    rows = (sparse.csr_array(matrix) @ at.cells).tocsr()
    return sparse.csr_array((rows.data, rows.indices, rows.indptr), (rows.shape[0], len(at.fixed)))


def _variances(at: Tangent, kkt: Kkt, rows: sparse.csr_array) -> Floats:
    """The sum over observations of squared effects on each of `rows` (over unknowns, solver's units)."""
    n, m, p = kkt.size
    if m * (n + m + p) <= DIRECT:
        return _direct(kkt, rows)
    apart = at.factorise(regular=REGULAR, blockwise=True)
    assert isinstance(apart.factors, Bordered)
    weight = apart.unit[rows.indices]
    scaled = sparse.csr_array((rows.data * weight, rows.indices, rows.indptr), (rows.shape[0], n + m + p))
    return Propagation(apart.factors, scaled, np.arange(n, n + m), apart.unit).variances()


def _direct(kkt: Kkt, rows: sparse.csr_array) -> Floats:
    """The same by one refined solve per observation."""
    n, m, p = kkt.size
    total = np.zeros(rows.shape[0])
    for at in range(0, m, CHUNK):
        some = np.arange(at, min(at + CHUNK, m))
        error = np.zeros((n + m + p, len(some)))
        error[n + some, some - at] = 1.0
        total += np.sum((rows @ kkt.solve(error, rounds=REFINED)[:n]) ** 2, axis=1)
    return total
