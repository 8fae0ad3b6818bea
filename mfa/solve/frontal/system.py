"""Rows sorted by how they are met: short ones whole, long ones term by term, all scaled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.solve.kkt import largest
from mfa.solve.problem import Floats, Ints

Kinds = npt.NDArray[np.int8]
EXACT, SOFT, WANTED = 0, 1, 2
SHORT = 3
"""Terms up to which a row joins its unknowns directly; longer ones are summed up the tree, term by term."""
ROUNDS = 8


@dataclass(frozen=True)
class System:
    """Rows over n unknowns in units `unit`: exact ones, observations of unit error, others whose variance is
    wanted.

    Rows of up to three terms come first: their unknowns `terms` and coefficients `factors`, (k, 3), places
    that are not used repeating the first unknown with 0. Then the `long` ones. `kind` and `number` say which
    row of which kind each is; rows without terms are left out.
    """

    unit: Floats
    kind: Kinds
    number: Ints
    terms: Ints
    factors: Floats
    long: sparse.csr_array

    def __len__(self) -> int:
        return len(self.unit)


def system(exact: sparse.csr_array, soft: sparse.csr_array, wanted: sparse.csr_array) -> System:
    """The rows of three matrices (k, n): exact, observed in units of their errors, wanted."""
    unit, row = units(exact, soft)
    counts = [exact.shape[0], soft.shape[0], wanted.shape[0]]
    every = sparse.csr_array(sparse.vstack([_times(exact, row), soft, wanted]))
    every = sparse.csr_array((every.data * unit[every.indices], every.indices, every.indptr), every.shape)
    every.sum_duplicates()
    every.eliminate_zeros()
    kind = np.repeat(np.arange(3, dtype=np.int8), counts)
    number = np.concatenate([np.arange(k) for k in counts])
    count = np.diff(every.indptr)
    short, long = np.flatnonzero((count > 0) & (count <= SHORT)), np.flatnonzero(count > SHORT)
    both = np.concatenate([short, long])
    terms, factors = _padded(every, short)
    return System(unit, kind[both], number[both], terms, factors, every[long])


def units(exact: sparse.csr_array, soft: sparse.csr_array) -> tuple[Floats, Floats]:
    """Units of the unknowns in which the largest coefficient of each is about 1, and scalings of the exact
    rows likewise (Ruiz 2001); observations keep their unit error."""
    unit, row, seen = np.ones(exact.shape[1]), np.ones(exact.shape[0]), largest(soft, 0)
    now = abs(exact)
    for _ in range(ROUNDS):
        down, across = np.maximum(largest(now, 0), seen * unit), largest(now, 1)
        unit = unit / np.sqrt(np.where(down > 0, down, 1.0))
        row = row / np.sqrt(np.where(across > 0, across, 1.0))
        now = _columns(_times(abs(exact), row), unit)
    down = np.maximum(largest(now, 0), seen * unit)
    unit = unit / np.where(down > 0, down, 1.0)
    across = largest(_columns(abs(exact), unit), 1)
    return unit, 1.0 / np.where(across > 0, across, 1.0)


def _times(matrix: sparse.csr_array, row: Floats) -> sparse.csr_array:
    data = matrix.data * np.repeat(row, np.diff(matrix.indptr))
    return sparse.csr_array((data, matrix.indices, matrix.indptr), matrix.shape)


def _columns(matrix: sparse.csr_array, unit: Floats) -> sparse.csr_array:
    return sparse.csr_array((matrix.data * unit[matrix.indices], matrix.indices, matrix.indptr), matrix.shape)


def _padded(matrix: sparse.csr_array, some: Ints) -> tuple[Ints, Floats]:
    """The unknowns and coefficients of short rows, (k, 3)."""
    start, count = matrix.indptr[:-1][some].astype(np.int64), np.diff(matrix.indptr)[some]
    step = np.arange(SHORT)[None, :]
    there = step < count[:, None]
    places = start[:, None] + np.where(there, step, 0)
    return matrix.indices[places].astype(np.int64), np.where(there, matrix.data[places], 0.0)
