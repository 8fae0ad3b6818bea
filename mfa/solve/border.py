"""Factors of a block-bordered matrix: pivoted sparse factors per block, a dense Schur complement for the
rest.

    [ K1          C1 ]
    [     K2      C2 ]        Schur = D - sum_t C_t' K_t^-1 C_t
    [         ..  .. ]
    [ C1' C2' ..  D  ]

Years that share only parameters and reserve chains have this form; the border is what couples them. Nothing
is regularised: what a block cannot pivot on by itself is delayed to the border (Duff and Reid 1983), and
what the border cannot pivot on spans the null space of the whole: it is left at zero, which is a solution of
every consistent system.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import SuperLU, splu

from mfa.errors import NotConverged
from mfa.solve.problem import Bools, Floats, Ints

LARGEST = 5000
"""Border columns above which one factorisation of the whole is cheaper than a dense Schur complement."""
BORDER = -1
DELAYED = 1e-5
"""Pivots of a block this small go to the border."""
NOTHING = 1e-9
"""Pivots of the border this small may be rounding: entries of the matrix are about 1."""
SURE = 1e-11
"""Those that are this small are, once refined, beside a move of 1."""
ROUNDS = 40
SEED = 20011
ROUNDING = 1e-14
FEW = 7
"""Right-hand sides solved for at once: from 8 on, threads start for triangles too small for them and wait."""
_GUARDS = (1e-22, 1e-18, 1e-15, 1e-13)


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
    found = np.where(joined | ~coupled, labels, BORDER)
    if np.count_nonzero(found < 0) > LARGEST:
        return np.full_like(labels, BORDER)
    return np.asarray(found)


@dataclass(frozen=True)
class Block:
    """One block: its places in the whole, its factors, and the border columns it touches."""

    places: Ints
    factors: SuperLU
    touched: Ints
    coupling: sparse.csc_array

    def solve(self, rhs: Floats) -> Floats:
        """K_t^-1 times one right-hand side or many, few at a time."""
        if rhs.ndim == 1:
            return np.asarray(self.factors.solve(rhs))
        found = np.empty_like(rhs)
        for k in range(0, rhs.shape[1], FEW):
            found[:, k : k + FEW] = self.factors.solve(rhs[:, k : k + FEW])
        return found

    def condensed(self) -> Floats:
        """C_t' K_t^-1 C_t over the touched border columns."""
        return np.asarray(self.coupling.T @ self.solve(self.coupling.toarray()))


@dataclass(frozen=True)
class Late:
    """Places with a weak pivot of their own: what the rest does when each moves, and their refined Schur
    complement."""

    vectors: Floats
    schur: tuple[Floats, Ints]

    def solve(self, rhs: Floats) -> Floats:
        """What they add to the solution that leaves them at zero."""
        return np.asarray(
            self.vectors @ linalg.lu_solve(self.schur, self.vectors.T @ rhs, check_finite=False)
        )


@dataclass(frozen=True)
class Bordered:
    """The factors of a block-bordered matrix; `null` are the places that nothing pivots on."""

    blocks: tuple[Block, ...]
    border: Ints
    schur: tuple[Floats, Ints]
    null: Ints
    late: Late | None = None

    @classmethod
    def of(cls, matrix: sparse.csc_array, labels: Ints, nothing: float = NOTHING) -> Bordered:
        """The factors of a symmetric `matrix` with entries of about 1; `labels` gives each place's block, -1
        for the border. Pivots of up to `nothing` are none."""
        labels = _leaves(matrix, labels)
        found = {int(k): _pivoted(matrix, labels, int(k)) for k in np.unique(labels[labels >= 0])}
        border = np.flatnonzero(labels == BORDER)
        blocks = tuple(_block(matrix, labels, border, k, lu) for k, lu in found.items() if lu is not None)
        schur = matrix[border][:, border].toarray()
        for block in blocks:
            schur[np.ix_(block.touched, block.touched)] -= block.condensed()
        kept, factors = _independent(schur, nothing)
        number = np.cumsum(kept) - 1
        reduced = tuple(_without(block, kept, number) for block in blocks)
        return cls(reduced, border[kept], factors, border[~kept])._with_late(matrix)

    def _with_late(self, matrix: sparse.csc_array) -> Bordered:
        """The same with what was left over and has a pivot after all, as refined numbers say.

        One random move of all that is left over tells whether there is such a one. Where their own part has
        no pivots, they stay left over: at zero they solve every consistent system.
        """
        signs = np.random.default_rng(SEED).choice([-1.0, 1.0], (len(self.null), 1))
        if not len(self.null) or not self._open(matrix, signs)[1].any():
            return self
        vectors, found = self._open(matrix, np.eye(len(self.null)))
        places = _pivots(found, SURE)
        schur = _dense(found[np.ix_(places, places)])
        if not _regular(schur):
            return self
        rest = replace(self, null=np.delete(self.null, places))
        return replace(rest, late=Late(vectors[:, places], schur))

    def _open(self, matrix: sparse.csc_array, moves: Floats) -> tuple[Floats, Floats]:
        """What is left over moved by `moves` (null, k), the rest as its rows say, and what that leaves open
        of the rows of what is left over; 0 where it is rounding."""
        vectors = np.zeros((matrix.shape[0], moves.shape[1]))
        vectors[self.null] = moves
        for _ in range(3):
            vectors -= self.solve(np.asarray(matrix @ vectors))
        left = np.asarray(matrix @ vectors)[self.null]
        return vectors, np.where(np.abs(left) > SURE * np.max(np.abs(vectors), axis=0), left, 0.0)

    def solve(self, rhs: Floats) -> Floats:
        """The solution for one right-hand side (n,) or many (n, k), zero at the `null` places."""
        found = np.zeros_like(rhs)
        edge = rhs[self.border].copy()
        for block in self.blocks:
            own = rhs[block.places]
            if np.any(own):
                found[block.places] = block.solve(own)
                edge[block.touched] -= block.coupling.T @ found[block.places]
        found[self.border] = edge = self._edge(edge)
        for block in self.blocks:
            found[block.places] -= block.solve(np.asarray(block.coupling @ edge[block.touched]))
        return found if self.late is None else found + self.late.solve(rhs)

    def _edge(self, rhs: Floats) -> Floats:
        """The border's part of a solution, given what the blocks leave of its right-hand side."""
        return np.asarray(linalg.lu_solve(self.schur, rhs, check_finite=False)) if len(self.border) else rhs


def _leaves(matrix: sparse.csc_array, labels: Ints) -> Ints:
    """The labels with places of the border that have a pivot and meet nothing else but border taken out of
    it.

    These are observations of shared parameters: a block of their own, that is diagonal.
    """
    entries = matrix.tocoo()
    off = entries.row != entries.col
    inner = np.zeros(len(labels), dtype=bool)
    leaf = (labels == BORDER) & (np.abs(matrix.diagonal()) > DELAYED)
    inner[entries.row[off & ((labels[entries.col] >= 0) | leaf[entries.col])]] = True
    return np.where(leaf & ~inner, labels.max(initial=BORDER) + 1, labels)


def _pivoted(matrix: sparse.csc_array, labels: Ints, k: int) -> SuperLU | None:
    """The factors of block `k`; what it cannot pivot on is moved to the border, in `labels`."""
    for _ in range(ROUNDS):
        places = np.flatnonzero(labels == k)
        if not len(places):
            return None
        lu = _lu(matrix[:, places][places].tocsc())
        weak = np.abs(lu.U.diagonal())[lu.perm_c] < DELAYED
        if not np.any(weak):
            return lu
        labels[places[weak]] = BORDER
    return lu


def _lu(matrix: sparse.csc_array) -> SuperLU:
    """Sparse factors by partial pivoting; a guard, which is rounding, where an exact zero stops them."""
    solver: Any = splu
    for guard in _GUARDS:
        guarded = (matrix + guard * sparse.eye_array(matrix.shape[0])).tocsc()
        try:
            return cast(SuperLU, solver(guarded, permc_spec="COLAMD", diag_pivot_thresh=1.0))
        except RuntimeError:
            continue
    raise NotConverged("the linear system could not be factorised")


def _block(matrix: sparse.csc_array, labels: Ints, border: Ints, k: int, lu: SuperLU) -> Block:
    places = np.flatnonzero(labels == k)
    coupling = matrix[:, places][border].T.tocsc()
    touched = np.flatnonzero(np.diff(coupling.indptr))
    return Block(places, lu, touched, coupling[:, touched])


def _without(block: Block, kept: Bools, inner: Ints) -> Block:
    """The block with the border columns in `kept`, numbered as `inner` says."""
    still = kept[block.touched]
    return Block(block.places, block.factors, inner[block.touched[still]], block.coupling[:, still].tocsc())


def _dense(matrix: Floats) -> tuple[Floats, Ints]:
    """LU factors of a dense matrix, exact zeros among the pivots allowed."""
    if not len(matrix):
        return matrix, np.zeros(0, dtype=np.int64)
    factors, places, _ = linalg.lapack.dgetrf(matrix)
    return factors, places


def _independent(schur: Floats, nothing: float) -> tuple[Bools, tuple[Floats, Ints]]:
    """The places of a symmetric matrix whose rows and columns have its full rank, and the factors of that
    part.

    Columns without a pivot are left out. A row used up by such a column may cost another one its pivot, so
    what was left out is asked again: the part of it that does not follow from what was kept is taken back.
    Where what is kept has no pivots of its own after all, columns are chosen by QR with column pivoting:
    independent columns of a symmetric matrix have a regular principal part.
    """
    factors = _dense(schur)
    kept = np.abs(np.diag(factors[0])) > nothing
    out = np.flatnonzero(~kept)
    if not len(out):
        return kept, factors
    factors = _dense(schur[np.ix_(kept, kept)])
    if not _regular(factors):
        kept = np.zeros(len(schur), dtype=bool)
        kept[_pivots(schur, nothing)] = True
        return kept, _dense(schur[np.ix_(kept, kept)])
    across = schur[np.ix_(kept, out)]
    follows = linalg.lu_solve(factors, across, check_finite=False) if np.any(kept) else across
    back = _pivots(schur[np.ix_(out, out)] - across.T @ follows, nothing)
    if len(back):
        kept[out[back]] = True
        factors = _dense(schur[np.ix_(kept, kept)])
    return kept, factors


def _regular(factors: tuple[Floats, Ints]) -> bool:
    """Whether every pivot is more than rounding of the largest."""
    pivots = np.abs(np.diag(factors[0]))
    return bool(np.isfinite(pivots).all() and np.all(pivots > ROUNDING * pivots.max(initial=0.0)))


def _pivots(rest: Floats, nothing: float) -> Ints:
    """Columns of `rest` with a pivot, by the size they were made from (QR with column pivoting)."""
    if not np.isfinite(rest).all():
        return np.zeros(0, dtype=np.int64)
    _, triangle, order = linalg.qr(rest, mode="economic", pivoting=True)
    return np.asarray(order[np.abs(np.diag(triangle)) > nothing])
