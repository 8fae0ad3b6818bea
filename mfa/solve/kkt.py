"""The Gauss-Newton system of a linearised problem, factorised: scaled, quasi-definite, refined.

    [ P   A'  J' ] [ d ]   [ f ]
    [ A  -I   0  ] [ r ] = [ g ]
    [ J   0  -S  ] [ l ]   [ h ]

A are the observations in units of their sigma; their residuals r = A d stay unknowns, so that a report of a
sum over thousands of flows makes no dense block. J are the exact rows, S their softness, zero where they
hold exactly.

Ruiz scaling brings every row's largest entry to 1. The factors are those of a matrix regularised by +-1e-7
in these units (Vanderbei 1995: then any symmetric ordering is stable); refinement against the matrix itself
takes the regularisation out again: determined unknowns and consistent redundant rows are met to rounding,
undetermined directions stay where they are. The curvature of products, where it is asked for, is
added to P: then the matrix need not be quasi-definite, and factors that do not serve are told by their error.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, cast

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, spilu, splu

from mfa.errors import NotConverged
from mfa.solve.aggregate import Elements
from mfa.solve.border import NOTHING, Bordered, border_of
from mfa.solve.problem import Bools, Floats, Ints
from mfa.solve.whitening import whitening

REGULAR = 1e-7
SOUND = 1e-4
"""Relative residual that factors leave at most on a probe; refinement takes off the rest."""
ROUNDS = 12
PATIENCE = 2
_BURST = 1e150
"""A correction this large comes from factors that do not fit; what was found before it stands."""
_ROUNDING = 0.1 * np.finfo(float).eps


def _norms(columns: Floats) -> Floats:
    """The Euclidean norm of every column, 1 where it is nothing; no square overflows."""
    largest = np.max(np.abs(columns), axis=0)
    largest = np.where(largest > 0, largest, 1.0)
    norm = largest * np.sqrt(np.sum((columns / largest) ** 2, axis=0))
    return np.where(norm > 0, norm, 1.0)


def _dot(a: Floats, b: Floats) -> Floats:
    """The product of every two columns."""
    return np.asarray(np.einsum("i...,i...->...", a, b))


def size_of(vector: Floats) -> float:
    """The largest absolute entry."""
    return float(np.max(np.abs(vector), initial=0.0))


@dataclass(frozen=True)
class Ordering:
    """How to eliminate in every system of a `pattern`: the block of every place in `labels` (-1: the
    border), what is known of its `elements`, and the order of the whole, found when first asked for."""

    pattern: sparse.csc_array
    labels: Ints
    elements: Elements | None = None

    @cached_property
    def places(self) -> Ints:
        """The order by minimum degree."""
        return _minimum_degree(self.pattern)


class Factors(Protocol):
    """Something that solves with the regularised matrix."""

    def solve(self, rhs: Floats) -> Floats:
        """The solution for one right-hand side (n,) or many (n, k)."""
        ...


@dataclass(frozen=True)
class Ordered:
    """The factors of a permuted matrix."""

    places: Ints
    factors: SuperLU

    def solve(self, rhs: Floats) -> Floats:
        """The solution for one right-hand side (n,) or many (n, k)."""
        found = np.empty_like(rhs)
        found[self.places] = self.factors.solve(rhs[self.places])
        return found


@dataclass(frozen=True)
class Kkt:
    """A factorised system: `matrix` is the scaled one without regularisation, `unit` its scaling.

    `fill` is how many entries its factors have a column, which is about how many solutions take as long as
    factors do.
    """

    matrix: sparse.csc_array
    unit: Floats
    factors: Factors
    size: tuple[int, int, int]
    fill: float = np.inf

    def solve(self, rhs: Floats, *, rounds: int = ROUNDS, patience: int = PATIENCE) -> Floats:
        """The refined solution for `rhs` (n,) or (n, k); `patience` is how many corrections may bring
        little."""
        unit = self.unit if rhs.ndim == 1 else self.unit[:, None]
        return np.asarray(unit * self._refined(unit * rhs, rounds, patience))

    def _refined(self, scaled: Floats, rounds: int, patience: int) -> Floats:
        """Corrections by the regularised factors, each stretched to the least residual (GCR, Eisenstat 1983).

        Plain refinement crawls where the system is as weak as its regularisation; conjugating the corrections
        takes each such direction out in one step.
        """
        found = self.factors.solve(scaled)
        left = scaled - self.matrix @ found
        steps: list[tuple[Floats, Floats]] = []
        best, kept, idle = size_of(left), found, 0
        for _ in range(rounds):
            if idle >= patience or not best > _ROUNDING * (size_of(found) + size_of(scaled)):
                break
            move = self.factors.solve(left)
            push = np.asarray(self.matrix @ move)
            for before, effect in steps:
                share = _dot(effect, push)
                move -= share * before
                push -= share * effect
            norm = _norms(push)
            if not np.all(norm < _BURST):
                break
            move, push = move / norm, push / norm
            steps.append((move, push))
            found = found + _dot(push, left) * move
            left = scaled - self.matrix @ found
            idle = 0 if size_of(left) < 0.3 * best else idle + 1
            if size_of(left) < best:
                best, kept = size_of(left), found
        return kept

    def error(self, rhs: Floats, solution: Floats) -> float:
        """What a solution leaves of the scaled right side, relative to it and to itself."""
        scaled, found = self.unit * rhs, solution / self.unit
        left = size_of(scaled - self.matrix @ found)
        return left / max(size_of(scaled) + size_of(found), 1e-300)

    def split(self, solution: Floats) -> tuple[Floats, Floats, Floats]:
        """The parts of a solution: step, observation residuals, row multipliers."""
        n, m, _ = self.size
        return solution[:n], solution[n : n + m], solution[n + m :]

    def join(self, step: Floats, pull: Floats, row: Floats) -> Floats:
        """A right-hand side from its three parts."""
        return np.concatenate([step, pull, row])


def factorise(
    pulls: sparse.csr_array,
    rows: sparse.csr_array,
    order: Ordering,
    *,
    fixed: Bools,
    diagonal: Floats | None = None,
    soft: Floats | None = None,
    bent: sparse.csr_array | None = None,
) -> Kkt:
    """The factorised system of `pulls` (A) and `rows` (J), with the unknowns in `fixed` held at zero step."""
    matrix, unit = equilibrated(system(pulls, rows, fixed, diagonal, soft, bent=bent))
    size = (pulls.shape[1], pulls.shape[0], rows.shape[0])
    factors = _factors(matrix, order, size[0])
    return Kkt(matrix, unit, factors, size, filled(len(unit), factors.factors))


def factorise_pivoted(
    pulls: sparse.csr_array,
    rows: sparse.csr_array,
    labels: Ints,
    *,
    fixed: Bools,
    diagonal: Floats | None = None,
    soft: Floats | None = None,
    bent: sparse.csr_array | None = None,
    nothing: float = NOTHING,
) -> tuple[Kkt, Bordered]:
    """The same without any regularisation, block by block: slower to make, faster for many right sides.

    The factors say what nothing pivots on (by more than `nothing`): free unknowns and rows that follow from
    others.
    """
    matrix, unit = _in_units(
        system(pulls, rows, fixed, diagonal, soft, bent=bent), whitening(pulls, rows, fixed)
    )
    factors = Bordered.of(matrix, labels, nothing)
    return Kkt(matrix, unit, factors, (pulls.shape[1], pulls.shape[0], rows.shape[0])), factors


def with_old_factors(
    kkt: Kkt,
    pulls: sparse.csr_array,
    rows: sparse.csr_array,
    *,
    fixed: Bools,
    diagonal: Floats | None = None,
    soft: Floats | None = None,
    bent: sparse.csr_array | None = None,
) -> Kkt:
    """A system near one already factorised, to be solved by refinement with the factors of that one."""
    scaled, unit = _in_units(system(pulls, rows, fixed, diagonal, soft, bent=bent), kkt.unit)
    return Kkt(scaled, unit, kkt.factors, kkt.size, kkt.fill)


def _in_units(plain: sparse.csc_array, unit: Floats) -> tuple[sparse.csc_array, Floats]:
    """u K u, and the scaling u."""
    data = plain.data * unit[plain.indices] * np.repeat(unit, np.diff(plain.indptr))
    return sparse.csc_array((data, plain.indices, plain.indptr), plain.shape), unit


def system(
    pulls: sparse.csr_array,
    rows: sparse.csr_array,
    fixed: Bools,
    diagonal: Floats | None,
    soft: Floats | None,
    *,
    bent: sparse.csr_array | None = None,
) -> sparse.csc_array:
    """The unscaled matrix, rows and columns of `fixed` unknowns replaced by those of the identity; `bent` is
    added to P."""
    held = np.where(fixed, 1.0, 0.0 if diagonal is None else diagonal)
    lower = np.zeros(rows.shape[0]) if soft is None else -soft
    given = np.concatenate([held, np.full(pulls.shape[0], -1.0), lower])
    both = sparse.vstack([pulls, rows]).tocsr()
    masked = sparse.csr_array((both.data * ~fixed[both.indices], both.indices, both.indptr), both.shape)
    matrix = _assembled(masked, given)
    if bent is None:
        return matrix
    free = sparse.diags_array((~fixed).astype(float))
    return sparse.csc_array(matrix + _widened(free @ bent @ free, matrix.shape))


def _widened(matrix: sparse.csr_array, shape: tuple[int, int]) -> sparse.csc_array:
    """A matrix as the first rows and columns of a larger one."""
    entries = matrix.tocoo()
    return sparse.csc_array(sparse.coo_array((entries.data, (entries.row, entries.col)), shape=shape))


def filled(columns: int, *factors: SuperLU) -> float:
    """How many entries triangular factors of so many columns have in each."""
    return sum(lu.nnz for lu in factors) / (2 * max(columns, 1))


def _factors(matrix: sparse.csc_array, order: Ordering, n: int) -> Ordered:
    """The factors of the regularised matrix; regularised more where a probe shows that pivots grew."""
    for strength in REGULAR * np.array([1.0, 1e2, 1e4]):
        strong = regularised(matrix, n, strength)
        try:
            factors = _ordered(strong, order.places)
        except RuntimeError:
            continue
        probe = strong @ np.ones(strong.shape[0])
        if size_of(strong @ factors.solve(probe) - probe) <= SOUND * size_of(probe):
            return factors
    raise NotConverged("the linear system stayed singular at every regularisation tried")


def ordering_of(
    pulls: sparse.csr_array, rows: sparse.csr_array, block: Ints, elements: Elements | None = None
) -> Ordering:
    """How to eliminate in every system with this pattern; `block` labels the unknowns."""
    both = sparse.vstack([pulls, rows]).tocsr()
    n, m = both.shape[1], pulls.shape[0]
    given = np.concatenate([np.zeros(n), np.full(m, -1.0), np.zeros(rows.shape[0])])
    regular = regularised(equilibrated(_assembled(both, given))[0], n)
    labels = np.concatenate([block, row_labels(both, block)])
    labels[:n] = _slack_labels(both, labels, n)
    labels = border_of(regular, labels)
    return Ordering(regular, labels if np.any(labels >= 0) else np.zeros_like(labels), elements)


def symmetric_lu(matrix: sparse.csc_array, order: str = "MMD_AT_PLUS_A") -> SuperLU:
    """SuperLU with diagonal pivots, in minimum-degree order of the symmetric pattern or as given."""
    solver: Any = splu
    found = solver(matrix, permc_spec=order, diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return cast(SuperLU, found)


def _minimum_degree(matrix: sparse.csc_array) -> Ints:
    """SuperLU's order; factors that drop whatever they may cost next to nothing beside the full ones."""
    incomplete: Any = spilu
    options = {"drop_tol": np.inf, "fill_factor": 1.0, "diag_pivot_thresh": 0.0}
    found = incomplete(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, **options)
    return np.argsort(found.perm_c, kind="stable")


def _ordered(matrix: sparse.csc_array, places: Ints) -> Ordered:
    back = np.empty_like(places)
    back[places] = np.arange(len(places))
    entries = matrix.tocoo()
    moved = sparse.coo_array((entries.data, (back[entries.row], back[entries.col])), shape=matrix.shape)
    return Ordered(places, symmetric_lu(moved.tocsc(), "NATURAL"))


def regularised(matrix: sparse.csc_array, n: int, regular: float = REGULAR) -> sparse.csc_array:
    """The matrix with a little added to the diagonal of its `n` unknowns and taken from that of its rows."""
    sign = np.where(np.arange(matrix.shape[0]) < n, 1.0, -1.0)
    return (matrix + sparse.diags_array(regular * sign)).tocsc()


def row_labels(matrix: sparse.csr_array, block: Ints) -> Ints:
    """The one block a row's unknowns belong to, or -1 where they belong to several or to none."""
    label = block[matrix.indices]
    entries = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    known = label >= 0
    low = np.full(matrix.shape[0], np.iinfo(np.int64).max)
    high = np.full(matrix.shape[0], -1)
    np.minimum.at(low, entries[known], label[known])
    np.maximum.at(high, entries[known], label[known])
    return np.where(low == high, low, -1)


def _slack_labels(matrix: sparse.csr_array, labels: Ints, n: int) -> Ints:
    """Labels of unknowns, slacks (-2) taking that of the row they stand in."""
    columns = matrix.tocoo()
    own = labels[:n].copy()
    slack = own[columns.col] == -2
    own[columns.col[slack]] = labels[n:][columns.row[slack]]
    return np.maximum(own, -1)


def _assembled(both: sparse.csr_array, given: Floats) -> sparse.csc_array:
    """[[P, G'], [G, D]] with P and D on the diagonal `given`."""
    n = both.shape[1]
    entries = both.tocoo()
    low, high = entries.row + n, entries.col
    place = np.arange(len(given))
    row, col = np.concatenate([low, high, place]), np.concatenate([high, low, place])
    data = np.concatenate([entries.data, entries.data, given])
    return sparse.coo_array((data, (row, col)), shape=(len(given), len(given))).tocsc()


def equilibrated(matrix: sparse.csc_array, rounds: int = 8) -> tuple[sparse.csc_array, Floats]:
    """u K u with the largest entry of every row at about 1, and the scaling u (Ruiz 2001)."""
    start, count = matrix.indptr[:-1], np.diff(matrix.indptr)
    filled = count > 0
    unit = np.ones(matrix.shape[0])
    now = matrix.data
    for _ in range(rounds):
        worst = np.zeros(len(unit))
        worst[filled] = np.maximum.reduceat(np.abs(now), start[filled])
        unit = unit / np.sqrt(np.where(worst > 0, worst, 1.0))
        now = matrix.data * unit[matrix.indices] * np.repeat(unit, count)
    return sparse.csc_array((now, matrix.indices, matrix.indptr), matrix.shape), unit


def largest(matrix: sparse.csr_array, axis: int) -> Floats:
    """The largest absolute entry of every column (axis 0) or row (axis 1), 0 where there is none."""
    if not matrix.shape[axis]:
        return np.zeros(matrix.shape[1 - axis])
    return np.asarray(cast(Any, abs(matrix).max(axis=axis)).toarray(), np.float64).ravel()
