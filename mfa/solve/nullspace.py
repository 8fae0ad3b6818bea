"""What nothing determines: random vectors of the null space of observations and exact rows together.

The factors leave out what they find no pivot for; a random value there, and the rest as the remaining rows
say, is a null vector. A coordinate that is zero in two random null vectors is determined, with probability
one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from mfa.solve.border import Bordered
from mfa.solve.kkt import Kkt
from mfa.solve.problem import Bools, Floats
from mfa.solve.solution import Tangent

SEEDS = (20011, 70001)
SEEN = 1e-6
"""Share of its row's or its own typical size from which a null vector's entry counts as one."""
LEVEL = 1e-9
"""Share of its typical size below which a row's move is that of a product with nothing."""


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

    def frees(self, matrix: sparse.csr_array, typical: Floats) -> Bools:
        """Which rows of `matrix` (linear in the unknowns, solver's units) of a `typical` size nothing
        determines.

        The product of a free share and a flow of nothing is determined: it is nothing.
        """
        moved = np.abs(matrix @ self.vectors)
        terms = abs(matrix) @ np.where(self.free[:, None], np.abs(self.vectors), 0.0)
        enough = np.maximum(SEEN * terms, LEVEL * typical[:, None])
        return np.asarray(np.any((moved > enough) & (moved > 0), axis=1))


def null_space(at: Tangent, kkt: Kkt, factors: Bordered) -> NullSpace:
    """Two random null vectors of the rows and observations of `at`."""
    n = len(at.fixed)
    size = len(factors.null)
    found = np.zeros((kkt.matrix.shape[0], len(SEEDS)))
    found[factors.null] = np.column_stack([np.random.default_rng(s).standard_normal(size) for s in SEEDS])
    for _ in range(2):
        found -= factors.solve(np.asarray(kkt.matrix @ found))
    step = np.where(at.fixed[:, None], 0.0, found[:n])
    unit = kkt.unit[:n]
    return NullSpace(unit[:, None] * step, unit)
