"""Standard deviations of a separable problem's unknowns at its optimum, exact on its active set.

With V the variances of what moves and M = Z' A V A' Z the matrix of the merged rows, unknowns move with the
reports as x = V-weighted projections of them, and the variance of any combination c' x is c' V c - g' M^-1
g, g = Z' A V c:

* an observed unknown is its own combination;
* an unobserved one is what its tree lets through: -T^-1 (rows of what moves), T the trees' square system;
* one on a cycle of unobserved unknowns is free: a random null vector of the rows says which.

g' M^-1 g is needed for all of them, never M^-1 whole: see :mod:`mfa.solve.separable.quadratic`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from mfa.solve.problem import Bools, Floats
from mfa.solve.separable.blocks import Blocks
from mfa.solve.separable.bounded import Optimum
from mfa.solve.separable.equality import Equality, equality_of, grounded
from mfa.solve.separable.form import Separable
from mfa.solve.separable.quadratic import quadratic_forms

SEEDS = (20011, 70001)
MOVED = 1e-9
"""Share of the largest entry of a null vector from which an entry counts as one."""
SETTLED = 1e-12
"""Share of its variance below which what the rows leave of it is rounding."""
CHUNK = 256
DEEPEST = 200
"""Levels of a tree up to which its inverse is summed level by level."""


@dataclass(frozen=True)
class Marginals:
    """The variance of every unknown (0 where it is held, nan where nothing determines it), and which are
    free."""

    variance: Floats
    free: Bools


@dataclass(frozen=True)
class Spread:
    """How unknowns move with the reports at an optimum."""

    equality: Equality

    @cached_property
    def rows(self) -> sparse.csr_array:
        """Z' A."""
        return self.equality.merged_rows()

    @cached_property
    def blocks(self) -> Blocks:
        """The connected parts of M."""
        return Blocks.of(self.rows, self.equality.variance)

    @cached_property
    def through(self) -> sparse.csr_array:
        """T^-1 of the trees' rows, over what moves: minus how each unobserved unknown follows from the
        observed."""
        problem, tree = self.equality.problem, self.equality.contraction
        moving = sparse.diags_array((self.equality.variance > 0).astype(float))
        inverse = _inverse(sparse.csc_array(problem.rows[:, tree.pivots].tocsr()[tree.rows]))
        return sparse.csr_array(inverse @ (problem.by_row[tree.rows] @ moving))

    @cached_property
    def null(self) -> Floats:
        """Two random null vectors of the rows over the unobserved unknowns (unknowns, 2); 0 where they are
        determined."""
        return np.column_stack([self._null(seed) for seed in SEEDS])

    def _null(self, seed: int) -> Floats:
        equality, vector = self.equality, np.zeros(len(self.equality.problem))
        loose, pivots = equality.contraction.loose, equality.contraction.pivots
        if len(loose):
            vector[loose] = np.random.default_rng(seed).uniform(1.0, 2.0, len(loose))
            vector[pivots] = -equality.tree.solve(equality.problem.by_row @ vector)
            vector[np.abs(vector) <= MOVED * np.max(np.abs(vector))] = 0.0
        return vector

    @cached_property
    def free(self) -> Bools:
        """Which unknowns nothing determines."""
        return np.asarray(np.any(self.null != 0, axis=1))

    def frees(self, combinations: sparse.csr_array) -> Bools:
        """Which combinations (k, unknowns) nothing determines: those that a null vector moves."""
        moved = np.abs(combinations @ self.null)
        return np.asarray(np.any(moved > MOVED * (abs(combinations) @ np.abs(self.null)), axis=1))

    def marginals(self) -> Marginals:
        """The variances of all unknowns."""
        v, pivots = self.equality.variance, self.equality.contraction.pivots
        moving = np.flatnonzero(v > 0)
        pulled = sparse.csr_array(self.rows @ sparse.diags_array(v))
        own = sparse.csr_array(pulled.T)[moving]
        tree = sparse.csr_array(self.through @ pulled.T)
        wanted = sparse.csr_array(sparse.vstack([own, tree]))
        share = self.forms(wanted)
        stated = np.concatenate([v[moving], self.through.power(2) @ v])
        left = np.where(stated - share > SETTLED * stated, stated - share, 0.0)
        variance = np.zeros(len(v))
        variance[moving], variance[pivots] = left[: len(moving)], left[len(moving) :]
        return Marginals(np.where(self.free, np.nan, variance), self.free)

    def forms(self, wanted: sparse.csr_array) -> Floats:
        """g' M^-1 g for every row g of `wanted` (k, merged rows)."""
        border = self.equality.contraction.sizes(self.equality.problem.shared.astype(float)) > 0
        return quadratic_forms(self.rows, self.equality.variance, wanted, border)

    def effects(self, combinations: sparse.csr_array) -> sparse.csr_array:
        """How each combination (k, unknowns) moves with the mean of every unknown, (k, unknowns)."""
        v, tree = self.equality.variance, self.equality.contraction
        direct = combinations @ sparse.diags_array((v > 0).astype(float))
        whole = sparse.csr_array(direct - combinations[:, tree.pivots] @ self.through)
        whole.eliminate_zeros()
        return self.blocks.projected(whole)

    def covariance_with(self, combination: sparse.csr_array) -> Floats:
        """The covariance of every unknown with one combination (1, unknowns); 0 where it is loose."""
        found = self.equality.variance * self.effects(combination).toarray()[0]
        found[self.equality.contraction.pivots] = -(self.through @ found)
        return np.asarray(found)


def spread(problem: Separable, optimum: Optimum) -> Spread | None:
    """How unknowns move with the reports at an optimum; None where rows do not merge."""
    equality = equality_of(problem, optimum.at, optimum.x)
    return None if equality is None else Spread(grounded(equality))


def _inverse(square: sparse.csc_array) -> sparse.csr_array:
    """T^-1 of trees: D^-1 sum (N D^-1)^k with N what is off the diagonal, which ends at the deepest level."""
    n = square.shape[0]
    diagonal = square.diagonal()
    if n and np.all(diagonal != 0):
        step = sparse.csr_array(sparse.diags_array(1.0 / diagonal) @ (sparse.diags_array(diagonal) - square))
        step.eliminate_zeros()
        term = total = sparse.csr_array(sparse.eye_array(n))
        for _ in range(DEEPEST):
            term = sparse.csr_array(term @ step)
            if not term.nnz:
                return sparse.csr_array(total @ sparse.diags_array(1.0 / diagonal))
            total = sparse.csr_array(total + term)
    if not n:
        return sparse.csr_array((0, 0))
    factors, parts = splu(square), []
    for at in range(0, n, CHUNK):
        unit = np.zeros((n, min(CHUNK, n - at)))
        unit[at + np.arange(unit.shape[1]), np.arange(unit.shape[1])] = 1.0
        parts.append(sparse.csr_array(factors.solve(unit)))
    return sparse.csr_array(sparse.hstack(parts))
