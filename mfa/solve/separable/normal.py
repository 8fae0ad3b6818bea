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

from mfa.solve.problem import Floats, Ints

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
    pulled = sparse.csr_array(
        (rows.data * np.sqrt(variance)[rows.indices], rows.indices, rows.indptr), rows.shape
    )
    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    size = np.sqrt(np.bincount(row, pulled.data**2, rows.shape[0]))
    unit = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    pulled.data *= unit[row]
    low, high, values = _pairs(sparse.csc_array(pulled))
    k = np.arange(len(unit))
    entries = np.concatenate([values, np.full(len(k), 1.0 + shift)])
    places = (np.concatenate([low, k]), np.concatenate([high, k]))
    # QDLDL's binding takes matrices alone
    return sparse.csc_matrix(sparse.coo_matrix((entries, places), shape=(len(k), len(k)))), unit


def _pairs(columns: sparse.csc_array) -> tuple[Ints, Ints, Floats]:
    """The terms of A A' above its diagonal: most columns, those of flows, are in two rows and give one."""
    terms, first = np.diff(columns.indptr), columns.indptr[:-1]
    at = first[terms == 2]
    one, other = columns.indices[at], columns.indices[at + 1]
    values = columns.data[at] * columns.data[at + 1]
    some = np.flatnonzero(values)
    low, high = np.minimum(one, other)[some], np.maximum(one, other)[some]
    rest = columns[:, np.flatnonzero(terms > 2)]
    if not rest.nnz:
        return low, high, values[some]
    more = sparse.triu(rest @ rest.T, k=1, format="coo")
    return (
        np.concatenate([low, more.row]),
        np.concatenate([high, more.col]),
        np.concatenate([values[some], more.data]),
    )
