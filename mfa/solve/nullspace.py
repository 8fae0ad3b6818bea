"""What nothing determines: random vectors of the null space of observations and exact rows together.

A random vector is projected by the regularised system, again and again: the part that some row or observation
sees shrinks by eps/(eps + curvature) each time, the rest stays. A coordinate that is zero in two random
null vectors is determined, with probability one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from mfa.solve.kkt import REGULAR
from mfa.solve.problem import Bools, Floats
from mfa.solve.solution import Tangent

SEEDS = (20011, 70001)
ROUNDS = 12
SEEN = 1e-6
"""Share of its row's or its own typical size from which a null vector's entry counts as one."""


@dataclass(frozen=True)
class NullSpace:
    """Random null vectors (unknowns and slacks by two), in the solver's units, and what sizes compare
    with."""

    vectors: Floats
    unit: Floats

    @property
    def free(self) -> Bools:
        """Which unknowns (slacks included) nothing determines."""
        size = np.max(np.abs(self.vectors) / self.unit[:, None], axis=1, initial=0.0)
        return np.asarray(size > SEEN)

    def frees(self, matrix: sparse.csr_array) -> Bools:
        """Which rows of `matrix` (linear in the unknowns, solver's units) nothing determines."""
        moved = np.abs(matrix @ self.vectors)
        terms = abs(matrix) @ np.where(self.free[:, None], np.abs(self.vectors), 0.0)
        return np.asarray(np.any(moved > SEEN * np.where(terms > 0, terms, np.inf), axis=1))


def null_space(at: Tangent) -> NullSpace:
    """Two random null vectors of the rows and observations of `at`."""
    kkt = at.factorise(regular=REGULAR)
    n = len(at.fixed)
    unit = kkt.unit[:n]
    random = np.column_stack([np.random.default_rng(seed).standard_normal(n) for seed in SEEDS])
    found = np.where(at.fixed[:, None], 0.0, random)
    rest = np.zeros((kkt.matrix.shape[0] - n, len(SEEDS)))
    for _ in range(ROUNDS):
        found = kkt.factors.solve(np.concatenate([kkt.regular * found, rest]))[:n]
        found[at.fixed] = 0.0
    return NullSpace(unit[:, None] * found, unit)
