"""Factors without what the rest determines: unseen unknowns and the rows that do no more than find them.

Where nothing observes an unknown, and as many rows as such unknowns say what they are, these rows pull at
nothing: the others are found without them (coarse Dulmage-Mendelsohn decomposition, Pothen and Fan 1990).
With M these rows over these unknowns, B over the others, e the little that regularises and holds,

    [ K   C ]        K = [ e  M' ]      C = [ 0 ]
    [ C'  R ]            [ M  -e ]          [ B ]

and C' K^-1 C is of the size of e: it is left out, and refinement makes it good. R is what the optimum is
found from, a small part where many elements follow from few reported bulk flows; K falls into one piece for
every element and year. Factors that do not serve are told by a probe, and those of the whole taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.sparse.linalg import SuperLU

from mfa.solve import kkt
from mfa.solve.aggregate import Elements, aggregated
from mfa.solve.kkt import Kkt, Ordering
from mfa.solve.problem import Bools, Floats, Ints

WORTH = 0.5
"""Share of unknowns and rows that may be left to the rest for it to be worth while."""
HELD = 1e-4
"""Diagonal entries above this pull at an unknown as an observation does."""
SOUND, LEFT = 1e-4, 1e-12
"""Relative residuals that these factors leave at most on a probe, and a solution refined with them."""

ROUNDS, PATIENCE = 30, 6
"""Rounds of refinement, and how many may bring little: what a step leaves open is noise in the next."""


@dataclass(frozen=True)
class Reduced:
    """The factors of what is determined (`inner`) and of the rest, for rows aggregated `by` a matrix.

    `unit` is the scaling in which they were made, `given` that of the system which they solve.
    """

    inner: Ints
    outer: Ints
    factors: tuple[SuperLU, SuperLU]
    coupling: sparse.csr_array
    by: sparse.csr_array
    given: Floats
    unit: Floats

    def solve(self, rhs: Floats) -> Floats:
        """An approximate solution for one right-hand side (n,) or many (n, k)."""
        one = rhs.ndim == 1
        given, unit = (self.given, self.unit) if one else (self.given[:, None], self.unit[:, None])
        rows = slice(len(rhs) - self.by.shape[0], None)
        scaled = rhs / given
        scaled[rows] = self.by @ scaled[rows]
        found = self._solved(scaled * unit) * unit
        found[rows] = self.by.T @ found[rows]
        return np.asarray(found / given)

    def _solved(self, rhs: Floats) -> Floats:
        found, (inner, outer) = np.empty_like(rhs), self.factors
        alone = inner.solve(rhs[self.inner])
        rest = outer.solve(rhs[self.outer] - self.coupling.T @ alone)
        found[self.outer], found[self.inner] = rest, alone - inner.solve(self.coupling @ rest)
        return found


def solved(
    pulls: sparse.csr_array,
    rows: sparse.csr_array,
    order: Ordering,
    rhs: Floats,
    *,
    fixed: Bools,
    diagonal: Floats | None = None,
    soft: Floats | None = None,
    bent: sparse.csr_array | None = None,
) -> tuple[Kkt, Floats]:
    """The system factorised and its solution for `rhs`: without what follows from the rest where that is most
    of it and refinement makes it good, else by the factors of the whole."""
    if order.elements is not None and soft is None and bent is None:
        found = reduced(pulls, rows, order.elements, fixed, diagonal)
        solution = rhs if found is None else found.solve(rhs, rounds=ROUNDS, patience=PATIENCE)
        if found is not None and found.error(rhs, solution) <= LEFT:
            return found, solution
    found = kkt.factorise(pulls, rows, order, fixed=fixed, diagonal=diagonal, soft=soft, bent=bent)
    return found, found.solve(rhs, rounds=ROUNDS, patience=PATIENCE)


def reduced(
    pulls: sparse.csr_array, rows: sparse.csr_array, elements: Elements, fixed: Bools, diagonal: Floats | None
) -> Kkt | None:
    """The system with the factors of its parts; none where they are not worth while or not sound."""
    n, m = pulls.shape[1], pulls.shape[0]
    loose = ~fixed & ~_seen(pulls)
    if diagonal is not None:
        loose &= diagonal <= HELD
    new = aggregated(_columns(rows, ~fixed), elements, loose)
    unknowns, own = determined(new.rows, loose)
    inside = np.concatenate([unknowns, np.zeros(m, dtype=bool), own])
    if inside.all() or np.count_nonzero(inside) < WORTH * (len(inside) - m):
        return None
    matrix, given = kkt.equilibrated(kkt.system(pulls, rows, fixed, diagonal, None))
    other, unit = kkt.equilibrated(kkt.system(pulls, new.rows, fixed, diagonal, None))
    try:
        factors = _factors(kkt.regularised(other, n), inside, new.by, given, unit)
    except RuntimeError:  # a pivot of exactly nothing
        return None
    fill = kkt.filled(len(unit), *factors.factors)
    return _sound(Kkt(matrix, given, factors, (n, m, rows.shape[0]), fill))


def _sound(made: Kkt) -> Kkt | None:
    """The system where its factors solve it nearly."""
    probe = made.matrix @ np.cos(np.arange(len(made.unit)))
    left = kkt.size_of(made.matrix @ made.factors.solve(probe) - probe)
    return made if left <= SOUND * kkt.size_of(probe) else None


def _factors(
    matrix: sparse.csc_array, inside: Bools, by: sparse.csr_array, given: Floats, unit: Floats
) -> Reduced:
    inner, outer = np.flatnonzero(inside), np.flatnonzero(~inside)
    of_inner, of_outer = matrix[:, inner], matrix[:, outer]
    factors = kkt.symmetric_lu(of_inner[inner].tocsc()), kkt.symmetric_lu(of_outer[outer].tocsc())
    return Reduced(inner, outer, factors, sparse.csr_array(of_outer[inner]), by, given, unit)


def _seen(pulls: sparse.csr_array) -> Bools:
    """Unknowns that some observation moves with."""
    found = np.zeros(pulls.shape[1], dtype=bool)
    found[pulls.indices[pulls.data != 0]] = True
    return found


def _columns(matrix: sparse.csr_array, kept: Bools) -> sparse.csr_array:
    """A copy with the entries in `kept` columns alone, zeros left out."""
    data = matrix.data * kept[matrix.indices]
    found = sparse.csr_array((data, matrix.indices.copy(), matrix.indptr.copy()), matrix.shape)
    found.eliminate_zeros()
    return found


def determined(rows: sparse.csr_array, loose: Bools) -> tuple[Bools, Bools]:
    """The loose unknowns that pull at nothing, and the rows that hold no more than them.

    Rows without a loose unknown of their own are what is over-determined, and with them all rows and unknowns
    on alternating paths from there.
    """
    unknowns = np.flatnonzero(loose)
    graph = sparse.csr_matrix(rows[:, unknowns])
    own = np.asarray(maximum_bipartite_matching(graph, perm_type="column"), dtype=np.int64)
    row_of = np.full(len(unknowns), -1)
    row_of[own[own >= 0]] = np.flatnonzero(own >= 0)
    over, front = own < 0, np.flatnonzero(own < 0)
    met = np.zeros(len(unknowns), dtype=bool)
    while len(front):
        new = np.unique(graph[front].indices)
        new = new[~met[new]]
        met[new] = True
        front = row_of[new]
        over[front] = True
    inside = loose.copy()
    inside[unknowns[met]] = False
    return inside, ~over
