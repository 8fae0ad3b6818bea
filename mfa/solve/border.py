"""Factors of a block-bordered matrix: one sparse factorisation per block, a dense Schur complement for the
rest.

    [ K1          C1 ]
    [     K2      C2 ]        Schur = D - sum_t C_t' K_t^-1 C_t
    [         ..  .. ]
    [ C1' C2' ..  D  ]

Years that share only parameters and reserve chains have this form; the border is what couples them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import SuperLU

from mfa.solve.problem import Floats, Ints

LARGEST = 2500
"""Border columns above which one factorisation of the whole is cheaper than a dense Schur complement."""


def border_of(matrix: sparse.csc_array, labels: Ints) -> Ints:
    """The labels with everything moved to the border (-1) that must be; all -1 where blocks do not pay.

    An unknown none of whose rows is inside its block would leave the block singular: it joins the border.
    """
    entries = matrix.tocoo()
    inside = (labels[entries.row] == labels[entries.col]) & (entries.row != entries.col) & (entries.data != 0)
    joined = np.zeros(len(labels), dtype=bool)
    joined[entries.row[inside]] = True
    coupled = np.zeros(len(labels), dtype=bool)
    coupled[entries.row[labels[entries.col] < 0]] = True
    found = np.where(joined | ~coupled, labels, -1)
    if np.count_nonzero(found < 0) > LARGEST:
        return np.full_like(labels, -1)
    return np.asarray(found)


@dataclass(frozen=True)
class Block:
    """One block: its places in the whole, its factors, and the border columns it touches."""

    places: Ints
    factors: SuperLU
    touched: Ints
    coupling: sparse.csc_array

    def response(self) -> Floats:
        """K_t^-1 C_t, dense, block by touched border columns."""
        return np.asarray(self.factors.solve(self.coupling.toarray()))


@dataclass(frozen=True)
class Bordered:
    """The factors of a block-bordered matrix."""

    blocks: tuple[Block, ...]
    border: Ints
    schur: tuple[Floats, Ints]

    @classmethod
    def of(
        cls, matrix: sparse.csc_array, labels: Ints, lu: Callable[[sparse.csc_array], SuperLU]
    ) -> Bordered:
        """The factors of `matrix`; `labels` gives each place's block, -1 for the border."""
        border = np.flatnonzero(labels < 0)
        blocks = tuple(_block(matrix, labels, border, k, lu) for k in np.unique(labels[labels >= 0]))
        schur = matrix[border][:, border].toarray()
        for block in blocks:
            schur[np.ix_(block.touched, block.touched)] -= block.coupling.T @ block.response()
        return cls(blocks, border, linalg.lu_factor(schur, check_finite=False))

    def solve(self, rhs: Floats) -> Floats:
        """The solution for one right-hand side (n,) or many (n, k)."""
        found = np.empty_like(rhs)
        edge = rhs[self.border].copy()
        for block in self.blocks:
            found[block.places] = block.factors.solve(rhs[block.places])
            edge[block.touched] -= block.coupling.T @ found[block.places]
        found[self.border] = edge = self.edge(edge)
        for block in self.blocks:
            found[block.places] -= block.factors.solve(np.asarray(block.coupling @ edge[block.touched]))
        return found

    def edge(self, rhs: Floats) -> Floats:
        """The border's part of a solution, given what the blocks leave of its right-hand side."""
        return np.asarray(linalg.lu_solve(self.schur, rhs, check_finite=False)) if len(self.border) else rhs


def _block(
    matrix: sparse.csc_array, labels: Ints, border: Ints, k: int, lu: Callable[[sparse.csc_array], SuperLU]
) -> Block:
    places = np.flatnonzero(labels == k)
    columns = matrix[:, places]
    coupling = columns[border].T.tocsc()
    touched = np.flatnonzero(np.diff(coupling.indptr))
    return Block(places, lu(columns[places].tocsc()), touched, coupling[:, touched])
