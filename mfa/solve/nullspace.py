"""What nothing determines: random vectors of the null space of observations and exact rows together.

A coordinate that is zero in two random null vectors is determined, with probability one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats

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
        vectors = np.where(self.free[:, None], self.vectors, 0.0)
        moved, terms = np.abs(matrix @ vectors), abs(matrix) @ np.abs(vectors)
        enough = np.maximum(SEEN * terms, LEVEL * typical[:, None])
        return np.asarray(np.any((moved > enough) & (moved > 0), axis=1))
