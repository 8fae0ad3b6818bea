"""The connected parts of merged rows, each with the factors of its own A V A'."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.solve.problem import Floats, Ints
from mfa.solve.separable.normal import Normal, factorise
from mfa.solve.separable.parts import component_of

NONE = -1
"""The block of an unknown that moves in no row."""


@dataclass(frozen=True)
class Block:
    """Rows that share no unknown with others: the unknowns that move in them, and these' variances."""

    columns: Ints
    rows: sparse.csr_array
    variance: Floats

    @cached_property
    def normal(self) -> Normal:
        """The factors of A V A'."""
        return factorise(self.rows, self.variance)

    def solve(self, right: Floats) -> Floats:
        """(A V A')^-1 right, refined once."""
        found = self.normal.solve(right)
        return found + self.normal.solve(right - self.rows @ (self.variance * (self.rows.T @ found)))

    def projected(self, vector: Floats) -> Floats:
        """What the rows leave of the effect of every unknown's mean on a combination of them."""
        return np.asarray(vector - self.rows.T @ self.solve(self.rows @ (self.variance * vector)))


@dataclass(frozen=True)
class Blocks:
    """All blocks: `of_row` and `of_column` say which a row and an unknown are in, `place` where a row stands
    in its block; each is factorised when it is first asked for."""

    rows: sparse.csc_array
    variance: Floats
    of_row: Ints
    of_column: Ints
    place: Ints
    made: dict[int, Block] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, rows: sparse.csr_array, variance: Floats) -> Blocks:
        """The blocks of rows whose unknowns have these variances (0: they do not move)."""
        columns = sparse.csc_array(rows)
        moving = np.flatnonzero((variance > 0) & (np.diff(columns.indptr) > 0))
        of_row = component_of(columns[:, moving])
        of_column = np.full(len(variance), NONE)
        of_column[moving] = of_row[columns.indices[columns.indptr[moving]]]
        order = np.argsort(of_row, kind="stable")
        place = np.empty(len(of_row), np.int64)
        start = np.cumsum(np.append(0, np.bincount(of_row)))
        place[order] = np.arange(len(order)) - start[of_row[order]]
        return cls(columns, variance, of_row, of_column, place)

    @cached_property
    def _columns(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.of_column, kind="stable")
        return order, self.of_column[order]

    def block(self, k: int) -> Block:
        """Block `k`."""
        if k not in self.made:
            order, label = self._columns
            columns = order[slice(*np.searchsorted(label, [k, k + 1]))]
            part = self.rows[:, columns]
            shape = (int(np.count_nonzero(self.of_row == k)), len(columns))
            own = sparse.csc_array((part.data, self.place[part.indices], part.indptr), shape)
            self.made[k] = Block(columns, sparse.csr_array(own), self.variance[columns])
        return self.made[k]

    def projected(self, combinations: sparse.csr_array) -> sparse.csr_array:
        """How each combination (k, unknowns) of what moves changes with the mean of every unknown."""
        found = [self._projected(combinations[[k]]) for k in range(combinations.shape[0])]
        ends = np.cumsum([0, *(len(columns) for columns, _ in found)])
        data, columns = (np.concatenate([np.zeros(0), *(f[i] for f in found)]) for i in (1, 0))
        return sparse.csr_array((data, columns.astype(np.int64), ends), combinations.shape)

    def _projected(self, one: sparse.csr_array) -> tuple[Ints, Floats]:
        """The unknowns that one combination changes with, and by how much."""
        at = self.of_column[one.indices]
        columns, values = [one.indices[at == NONE]], [one.data[at == NONE]]
        for k in np.unique(at[at != NONE]).tolist():
            block, inside = self.block(k), at == k
            vector = np.zeros(len(block.columns))
            np.add.at(vector, np.searchsorted(block.columns, one.indices[inside]), one.data[inside])
            columns.append(block.columns)
            values.append(block.projected(vector))
        return np.concatenate(columns), np.concatenate(values)
