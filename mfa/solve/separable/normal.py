"""The dual's matrix A V A' factorised: scaled to a unit diagonal at every factorisation, LDL' by QDLDL.

Rows that depend on each other, and rows that nothing free is in, leave it singular; a shift of 1e-13 in these
units lets it be factorised, and what the shift does to a consistent system refinement takes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import qdldl
from scipy import sparse

from mfa.solve.problem import Floats

SHIFT = 1e-13


@dataclass(frozen=True)
class Normal:
    """The factors of A V A' in unit diagonal: `unit` is one over the root of the diagonal, 0 for empty
    rows."""

    unit: Floats
    factors: Any

    def solve(self, right: Floats) -> Floats:
        """(A V A')^-1 right; 0 in empty rows."""
        if not len(self.unit):
            return right
        return np.asarray(self.unit * self.factors.solve(self.unit * right))


def factorise(rows: sparse.csr_array, variance: Floats) -> Normal:
    """The factors for `rows` A (csr) and the variances V of their unknowns."""
    upper, unit = scaled(rows, variance)
    return Normal(unit, qdldl.Solver(upper, upper=True) if len(unit) else None)


def scaled(
    rows: sparse.csr_array, variance: Floats, shift: float = SHIFT
) -> tuple[sparse.csc_matrix, Floats]:
    """The upper triangle of the matrix with a unit diagonal (and the shift), and the scaling."""
    root = np.sqrt(variance)
    pulled = sparse.csr_array((rows.data * root[rows.indices], rows.indices, rows.indptr), rows.shape)
    size = np.sqrt(np.asarray(pulled.power(2).sum(axis=1)).ravel())
    unit = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    pulled.data *= np.repeat(unit, np.diff(pulled.indptr))
    product = sparse.triu(pulled @ pulled.T, k=1, format="csc")
    whole = product + sparse.diags_array(np.full(len(unit), 1.0 + shift), format="csc")
    whole.sort_indices()
    # QDLDL's binding takes matrices alone
    return sparse.csc_matrix(whole), unit
