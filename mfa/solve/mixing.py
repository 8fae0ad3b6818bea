"""Bulk first, then mixing: a starting point from which the joint problem is nearly solved.

With compositions held, every element-level unknown is a share of its bulk flow, and rows that differ in the
element alone add up to one bulk row: a problem some fifteen times smaller, without the products of flow and
composition. With the bulk flows held, compositions and element flows follow from the exact rows, which are
then linear. The two are repeated until the shares stand still.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Cells, Floats, Ints, LeastSquares, Observed, Rows
from mfa.solve.saddle import least_step
from mfa.solve.solution import Solution

PASSES, SETTLED = 5, 1e-2
"""Passes made at most, and the closure of every exact row, relative to its own terms, at which they end: from
there the joint problem gets on faster."""
NEAR = 1e-10
"""Weight of staying near the last shares: holds what no bulk flow determines (a closed market's mix)."""
SMALLEST = 1e-9
FROZEN = -1

Solve = Callable[[LeastSquares, bool], Solution]
Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class _Bulk:
    """How unknowns and exact rows fall together: `of[k]` the bulk unknown of unknown k (FROZEN: held)."""

    problem: LeastSquares
    of: Ints
    first: Ints
    merge: sparse.csr_array
    members: Ints

    @property
    def frozen(self) -> Bools:
        return np.asarray(self.of == FROZEN)


def _bulk(problem: LeastSquares) -> _Bulk:
    kept = problem.bulk != FROZEN
    numbers, first, of = np.unique(problem.bulk[kept], return_index=True, return_inverse=True)
    every = np.full(len(problem), FROZEN)
    every[kept] = of
    used = problem.merge >= 0
    groups, row = np.unique(problem.merge[used], return_inverse=True)
    merge = sparse.coo_array(
        (np.ones(len(row)), (row, np.flatnonzero(used))), shape=(len(groups), len(problem.exact))
    ).tocsr()
    return _Bulk(problem, every, np.flatnonzero(kept)[first], merge, np.bincount(of, minlength=len(numbers)))


def _shares(bulk: _Bulk, x: Floats, before: Floats | None = None) -> Floats:
    """Each unknown as a share of its bulk (1 where it is its own); of nothing it keeps the share it had
    `before`."""
    own = np.where(bulk.frozen, 0, bulk.of)
    many = ~bulk.frozen & (bulk.members[own] > 1)
    size = np.where(many, np.maximum(x, 0.0), 0.0)
    total = np.bincount(own[many], size[many], len(bulk.members))
    even = 1.0 / bulk.members[own]
    return np.where(
        many, np.where(total[own] > 0, size / np.where(total[own] > 0, total[own], 1.0), even), 1.0
    )


def _collapsed(bulk: _Bulk, x: Floats, share: Floats) -> LeastSquares:
    """The bulk problem at the compositions of `x` and the shares given; its last unknown is the constant
    1."""
    problem = bulk.problem
    one = len(bulk.first)
    total = np.bincount(bulk.of[~bulk.frozen], x[~bulk.frozen], one)
    typical = np.bincount(bulk.of[~bulk.frozen], problem.scale[~bulk.frozen], one)
    lower, upper = problem.lower[bulk.first], problem.upper[bulk.first]
    exact = problem.exact
    return LeastSquares(
        cells=_collapsed_cells(bulk, x, share, one),
        lower=np.append(lower, 1.0),
        upper=np.append(np.where(bulk.members > 1, np.inf, upper), 1.0),
        start=np.append(np.clip(total, lower, upper), 1.0),
        scale=np.append(np.maximum(typical, np.abs(total)), 1.0),
        exact=Rows((bulk.merge @ exact.matrix).tocsr(), bulk.merge @ exact.rhs, _first_name(bulk)),
        limits=problem.limits,
        observed=_without_frozen(bulk),
        name=lambda k: problem.name(int(bulk.first[k])) if k < one else "one",
        block=np.append(problem.block[bulk.first], -1) if len(problem.block) else problem.block,
        floor=problem.floor,
    )


def _first_name(bulk: _Bulk) -> Callable[[int], str]:
    row = bulk.merge.indices[bulk.merge.indptr[:-1]]
    return lambda k: bulk.problem.exact.name(int(row[k]))


def _without_frozen(bulk: _Bulk) -> Observed:
    """The observations, those of frozen compositions alone set aside."""
    observed, cells = bulk.problem.observed, bulk.problem.cells
    still = bulk.frozen[cells.i] & ((cells.j < 0) | bulk.frozen[cells.j])
    moving = abs(observed.rows.matrix) @ (~still).astype(float) > 0
    return replace(observed, counted=observed.counted & np.asarray(moving))


def _collapsed_cells(bulk: _Bulk, x: Floats, share: Floats, one: int) -> Cells:
    """Every cell over the bulk unknowns: frozen factors become coefficients."""
    cells = bulk.problem.cells
    coef = cells.coef * np.where(bulk.frozen[cells.i], x[cells.i], share[cells.i])
    two = cells.j >= 0
    j = np.where(two, cells.j, 0)
    coef = np.where(two, coef * np.where(bulk.frozen[j], x[j], share[j]), coef)
    first = np.where(bulk.frozen[cells.i], FROZEN, bulk.of[cells.i])
    second = np.where(two & ~bulk.frozen[j], bulk.of[j], FROZEN)
    swap = first == FROZEN
    return Cells(
        np.where(swap, np.where(second == FROZEN, one, second), first),
        np.where(swap, FROZEN, second),
        coef,
        cells.name,
    )


def _spread(bulk: _Bulk, total: Floats, share: Floats, x: Floats) -> Floats:
    """All unknowns from bulk values, shares and the compositions held."""
    return np.where(bulk.frozen, x, share * total[np.where(bulk.frozen, 0, bulk.of)])


class _Mixing:
    """The exact rows as a linear system for compositions and element flows, bulk flows held."""

    def __init__(self, bulk: _Bulk) -> None:
        problem = bulk.problem
        self.bulk = bulk
        own = np.where(bulk.frozen, 0, bulk.of)
        sources = _stated(bulk)
        self.moving = np.flatnonzero((bulk.frozen & ~sources) | (~bulk.frozen & (bulk.members[own] > 1)))
        count = np.asarray(bulk.merge @ np.ones(bulk.merge.shape[1])).ravel()
        size = bulk.merge.T @ count
        touched = abs(problem.exact.matrix) @ np.ones(len(problem.cells)) > 0
        self.rows = np.flatnonzero((np.asarray(size) > 1) & touched)

    def solved(self, x: Floats) -> Floats:
        """`x` with its compositions and element flows as the exact rows say; compositions sum to 1.

        Rows are measured by their own throughput, unknowns by what they move; one that moves nothing (the mix
        of a closed market) stays, and all do where no balance says anything of them.
        """
        problem, k = self.bulk.problem, self.moving
        if not len(self.rows):
            return x
        jacobian = (problem.exact.matrix[self.rows] @ problem.cells.jacobian(x)).tocsc()[:, k]
        size = 1.0 / np.maximum(abs(jacobian) @ np.abs(x[k]), max(problem.floor, SMALLEST))
        rows = (sparse.diags_array(size) @ jacobian).tocsc()
        reach = np.asarray(abs(jacobian).max(axis=0).todense()).ravel()
        norm = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=0)).ravel())
        unit = np.where(reach > problem.floor, 1.0 / np.where(norm > 0, norm, 1.0), 0.0)
        open_ = problem.exact.residual(problem.cells.value(x))[self.rows] * size
        step = unit * least_step((rows @ sparse.diags_array(unit)).tocsr(), -open_, weight=NEAR, slack=NEAR)
        found = x.copy()
        found[k] = np.maximum(x[k] + step, 0.0)
        return self._closed(found)

    def _closed(self, x: Floats) -> Floats:
        """Each composition divided by its sum."""
        problem, bulk = self.bulk.problem, self.bulk
        closing = np.flatnonzero(problem.merge == FROZEN)
        matrix = problem.exact.matrix[closing]
        entries = matrix.tocoo()
        unknown = problem.cells.i[entries.col]
        sums = np.bincount(entries.row, x[unknown], matrix.shape[0])
        scaled = x.copy()
        moving = bulk.frozen[unknown] & (sums[entries.row] > 0)
        scaled[unknown[moving]] = x[unknown[moving]] / sums[entries.row[moving]]
        return scaled


def _stated(bulk: _Bulk) -> Bools:
    """Frozen unknowns that are observed themselves: compositions of sources, which mixing does not move."""
    cells, observed = bulk.problem.cells, bulk.problem.observed
    alone = np.flatnonzero(bulk.frozen[cells.i] & (cells.j < 0))
    seen = np.asarray(abs(observed.rows.matrix[observed.counted]).sum(axis=0)).ravel() > 0
    found = np.zeros(len(bulk.problem), dtype=bool)
    found[cells.i[alone[seen[alone]]]] = True
    return found


def has_elements(problem: LeastSquares) -> bool:
    """Whether there are compositions, or flows in parts, to hold while bulk flows are reconciled."""
    return bool(np.any(problem.bulk == FROZEN) or len(np.unique(problem.bulk)) < len(problem.bulk))


def bulk_first(problem: LeastSquares, solve: Solve, progress: Progress) -> Floats:
    """A point whose bulk flows are nearly reconciled and whose compositions nearly follow from them."""
    bulk = _bulk(problem)
    mixing = _Mixing(bulk)
    x, share = problem.start, _shares(bulk, problem.start)
    for count in range(1, PASSES + 1):
        inner = solve(_collapsed(bulk, x, share), count > 1)
        x = _spread(bulk, inner.x, share, x)
        open_ = _open(problem, x)
        progress(count, f"bulk pass: chi-square {inner.chi2:.8g}, rows open by {open_:.1e}")
        if open_ < SETTLED:
            break
        mixed = mixing.solved(x)
        share = _shares(bulk, mixed, share)
        x = np.where(bulk.frozen, mixed, x)
    return x


def _open(problem: LeastSquares, x: Floats) -> float:
    """The worst exact row, relative to its own terms."""
    q = problem.cells.value(x)
    size = np.maximum(abs(problem.exact.matrix) @ np.abs(q), max(problem.floor, SMALLEST))
    return float(np.max(np.abs(problem.exact.residual(q)) / size, initial=0.0))
