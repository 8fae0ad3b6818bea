"""What closing shares to 1 takes off the evidence.

Shares that were measured one by one, with errors e_k of sd s_k, sum to 1 + sum e_k: by how much they miss 1
is a degree of freedom. Shares that were closed to 1 before they were stated have no such misfit: their errors
are those of the first given that sum e_k = 0, with the covariance S - s^2 s^2' / sum s^2, S = diag(s^2).
Since the true shares sum to 1 too, both tell the same of them; only what may be left over differs, by the
projection on a = s / |s| in units of sigma. It takes a_k^2 off the leverage of each statement, and 1 off the
degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from mfa.solve.problem import Floats, Ints, Observed


@dataclass(frozen=True)
class Closure:
    """Orthonormal directions, over all observations in units of sigma, in which no statement can be off."""

    directions: sparse.csr_array

    @property
    def share(self) -> Floats:
        """The part of each observation's variance that lies in these directions."""
        return np.asarray(self.directions.power(2).sum(axis=0), dtype=np.float64).ravel()

    def of(self, errors: Floats) -> Floats:
        """The part of errors (one an observation, or a column of them) that lies in these directions."""
        return np.asarray(self.directions.T @ (self.directions @ errors))


def closure_of(observed: Observed, sigma: Floats) -> Closure:
    """The directions of the groups of which every statement counts."""
    m = len(observed)
    group, row = observed.closed[:, 0], observed.closed[:, 1]
    whole = np.ones(int(group.max(initial=-1)) + 1, dtype=bool)
    whole[group[~(observed.counted[row] & (sigma[row] > 0))]] = False
    kept = whole[group]
    shape = (len(whole), m)
    sums = sparse.csr_array(sparse.coo_array((sigma[row[kept]], (group[kept], row[kept])), shape=shape))
    return Closure(_orthonormal(sparse.csr_array(sums[np.flatnonzero(whole)])))


def _orthonormal(rows: sparse.csr_array) -> sparse.csr_array:
    """Orthonormal rows that span some: those that share no column with others are made of length 1."""
    size = np.sqrt(np.asarray(rows.power(2).sum(axis=1)).ravel())
    unit = sparse.csr_array(sparse.diags_array(1.0 / size) @ rows) if len(size) else rows
    shared = np.asarray(np.bincount(unit.indices, minlength=unit.shape[1]) > 1)
    alone = np.asarray(unit @ shared.astype(float) == 0)
    parts = [sparse.csr_array(unit[np.flatnonzero(alone)])]
    parts += [_spanning(unit, rows) for rows in _together(unit, np.flatnonzero(~alone))]
    return sparse.csr_array(sparse.vstack(parts, format="csr"))


def _together(unit: sparse.csr_array, rows: Ints) -> list[Ints]:
    """Those of some rows that share columns, directly or not."""
    if not len(rows):
        return []
    own = unit[rows]
    _, label = csgraph.connected_components(sparse.csr_array(own @ own.T), directed=False)
    return [rows[label == k] for k in range(int(label.max()) + 1)]


def _spanning(unit: sparse.csr_array, rows: Ints) -> sparse.csr_array:
    """Orthonormal rows that span some rows, which may depend on each other."""
    own = unit[rows]
    columns = np.unique(own.indices)
    _, values, found = np.linalg.svd(own[:, columns].toarray(), full_matrices=False)
    found = found[values > 1e-9 * values[0]]
    row, column = np.indices(found.shape)
    places = (row.ravel(), columns[column.ravel()])
    return sparse.csr_array(sparse.coo_array((found.ravel(), places), shape=(len(found), unit.shape[1])))
