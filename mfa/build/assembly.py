"""Collecting unknowns, cells and rows group by group, and making the solver's problem of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.core.balance import FLOOR
from mfa.solve.losses import Loss
from mfa.solve.problem import Cells, LeastSquares, Observed, Rows

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Namer = Callable[[int], str]
SHARED_BLOCK = -1
ROW_BLOCK = -2
"""Of an unknown that stands in few rows: the block is that of its row."""


@dataclass(frozen=True)
class Terms:
    """Entries of rows in coordinate form: row, cell, weight."""

    row: Ints
    cell: Ints
    weight: Floats

    @staticmethod
    def of(row: Ints, cell: Ints, weight: Floats | float) -> Terms:
        """Terms from arrays that broadcast against each other."""
        r, c, w = np.broadcast_arrays(row, cell, weight)
        return Terms(
            np.asarray(r, np.int64).ravel(),
            np.asarray(c, np.int64).ravel(),
            np.asarray(w, np.float64).ravel(),
        )

    def where(self, keep: Bools) -> Terms:
        """The terms for which `keep` holds, in rows numbered as before."""
        return Terms(self.row[keep], self.cell[keep], self.weight[keep])

    def only(self, rows: Ints) -> Terms:
        """The terms of some rows (ascending), renumbered in their order."""
        kept = np.isin(self.row, rows)
        return Terms(np.searchsorted(rows, self.row[kept]), self.cell[kept], self.weight[kept])

    def summed(self, n_elements: int) -> Terms:
        """Rows numbered node * n_elements + element added up to rows numbered node."""
        return Terms(self.row // n_elements, self.cell, self.weight)

    def times(self, factor: Floats | float) -> Terms:
        """The terms with their weights multiplied."""
        return Terms(self.row, self.cell, self.weight * factor)

    @staticmethod
    def join(*parts: Terms) -> Terms:
        """All terms of several parts."""
        return Terms(
            np.concatenate([p.row for p in parts] or [np.zeros(0, np.int64)]),
            np.concatenate([p.cell for p in parts] or [np.zeros(0, np.int64)]),
            np.concatenate([p.weight for p in parts] or [np.zeros(0)]),
        )


@dataclass
class _Groups:
    """Names of consecutive groups of things: the group is found by bisection, the namer does the rest."""

    offsets: list[int] = field(default_factory=list)
    namers: list[Namer] = field(default_factory=list)
    count: int = 0

    def add(self, n: int, namer: Namer) -> int:
        offset = self.count
        if n:
            self.offsets.append(offset)
            self.namers.append(namer)
            self.count += n
        return offset

    def name(self, k: int) -> str:
        g = bisect_right(self.offsets, k) - 1
        return self.namers[g](k - self.offsets[g])


@dataclass
class _RowGroups:
    """Rows collected group by group, each made sparse at once: coordinates take more than twice the room."""

    groups: _Groups = field(default_factory=_Groups)
    parts: list[sparse.csr_array] = field(default_factory=list)
    rhs: list[Floats] = field(default_factory=list)

    def add(self, terms: Terms, rhs: Floats, namer: Namer) -> int:
        shape = (len(rhs), int(terms.cell.max(initial=-1)) + 1)
        places = (terms.row.astype(np.int32), terms.cell.astype(np.int32))
        part = sparse.coo_array((terms.weight, places), shape=shape).tocsr()
        part.sum_duplicates()
        self.parts.append(part)
        self.rhs.append(np.asarray(rhs, dtype=np.float64))
        return self.groups.add(len(rhs), namer)

    def rows(self, n_cells: int) -> Rows:
        same = [sparse.csr_array((p.data, p.indices, p.indptr), (p.shape[0], n_cells)) for p in self.parts]
        matrix = sparse.csr_array(sparse.vstack([sparse.csr_array((0, n_cells)), *same], format="csr"))
        return Rows(matrix, np.concatenate([*self.rhs, np.zeros(0)]), self.groups.name)


class Assembly:
    """What the parts of :mod:`mfa.build` add their unknowns, cells and rows to."""

    def __init__(self) -> None:
        self._unknowns = _Groups()
        self._columns: dict[str, list[Floats]] = {k: [] for k in ("lower", "upper", "start", "scale")}
        self._blocks: list[Ints] = []
        self._mass: list[Bools] = []
        self._scalable: list[Bools] = []
        self._bulk: list[Ints] = []
        self._merge: list[Ints] = []
        self._cells = _Groups()
        self._i: list[Ints] = []
        self._j: list[Ints] = []
        self._coef: list[Floats] = []
        self._exact, self._limits, self._observed = _RowGroups(), _RowGroups(), _RowGroups()
        self._sd: list[Floats] = []
        self._cv: list[Floats] = []
        self._counted: list[Bools] = []
        self._log: list[Bools] = []
        self._loss: list[Ints] = []
        self._losses: list[Loss] = []
        self._closed: list[Ints] = []
        self._closures = 0

    def unknowns(
        self,
        n: int,
        namer: Namer,
        *,
        start: Floats | float,
        lower: Floats | float = 0.0,
        upper: Floats | float = np.inf,
        block: Ints | int = SHARED_BLOCK,
        mass: bool = True,
        scalable: bool | None = None,
        scale: float = 1e-12,
        bulk: Ints | None = None,
    ) -> int:
        """The offset of `n` new unknowns; a `scalable` one (every mass unless told otherwise) starts
        at what is reported of it, anything else at `start`.

        `bulk` numbers the flow that element-level unknowns are parts of (-1: shares of a composition).
        """
        start = np.broadcast_to(np.asarray(start, np.float64), n).copy()
        for key, value in (("lower", lower), ("upper", upper), ("start", start)):
            self._columns[key].append(np.broadcast_to(np.asarray(value, np.float64), n).copy())
        self._columns["scale"].append(np.maximum(np.abs(start), scale))
        self._mass.append(np.full(n, mass))
        self._scalable.append(np.full(n, mass if scalable is None else scalable))
        self._bulk.append(_numbered(bulk, n, self._unknowns.count))
        self._blocks.append(np.broadcast_to(np.asarray(block, np.int64), n).copy())
        return self._unknowns.add(n, namer)

    def cells(self, i: Ints, j: Ints | int, coef: Floats | float, namer: Namer) -> int:
        """The offset of new cells `coef * x[i] * x[j]` (j = -1: no second factor)."""
        n = len(i)
        self._i.append(np.asarray(i, np.int64))
        self._j.append(np.broadcast_to(np.asarray(j, np.int64), n).copy())
        self._coef.append(np.broadcast_to(np.asarray(coef, np.float64), n).copy())
        return self._cells.add(n, namer)

    def linear(self, first: int, n: int, namer: Namer) -> int:
        """The offset of new cells that are unknowns `first`, `first + 1`, ... themselves."""
        return self.cells(np.arange(first, first + n), -1, 1.0, namer)

    def exact(self, terms: Terms, rhs: Floats, namer: Namer, *, merge: Ints | None = None) -> int:
        """Add rows that hold exactly; the offset of the first.

        `merge` numbers those that differ in the element alone (-1: a sum of shares).
        """
        self._merge.append(_numbered(merge, len(rhs), self._exact.groups.count))
        return self._exact.add(terms, rhs, namer)

    def total(
        self,
        terms: Terms,
        n: int,
        namer: Namer,
        *,
        block: Ints | int,
        plus: float = 0.0,
        bulk: Ints | None = None,
        merge: Ints | None = None,
    ) -> int:
        """The first of `n` new unknowns, each the sum of a row of terms `plus` a constant."""
        first, rows = self.unknowns(n, namer, start=1.0, block=block, bulk=bulk), np.arange(n)
        cell = self.linear(first, n, namer)
        self.exact(
            Terms.join(terms, Terms.of(rows, cell + rows, -1.0)), np.full(n, -plus), namer, merge=merge
        )
        return first

    def limit(self, terms: Terms, rhs: Floats, namer: Namer) -> int:
        """Add rows that must not exceed `rhs`."""
        return self._limits.add(terms, rhs, namer)

    def observe(
        self,
        terms: Terms,
        value: Floats,
        sd: Floats,
        cv: Floats,
        *,
        counted: Bools,
        namer: Namer,
        log: Bools | bool = False,
        loss: Loss | None = None,
    ) -> int:
        """Add reported values of rows; the offset of the first.

        `log` says which have lognormal errors, `cv` being that of the logarithm; `loss` is theirs alone.
        """
        if loss is not None and loss not in self._losses:
            self._losses.append(loss)
        number = -1 if loss is None else self._losses.index(loss)
        self._loss.append(np.full(len(value), number))
        self._log.append(np.broadcast_to(np.asarray(log, np.bool_), len(value)).copy())
        self._sd.append(np.asarray(sd, np.float64))
        self._cv.append(np.asarray(cv, np.float64))
        self._counted.append(np.asarray(counted, np.bool_))
        return self._observed.add(terms, value, namer)

    def closed(self, group: Ints, rows: Ints) -> None:
        """Note that the observed rows of each group state shares that sum to 1 as they are stated."""
        _, own = np.unique(group, return_inverse=True)
        self._closed.append(np.column_stack([self._closures + own, rows]))
        self._closures += int(own.max(initial=-1)) + 1

    def unknown_of(self, cells: Ints) -> Ints:
        """The first factor of some cells: of those that are unknowns themselves, the unknown."""
        return np.concatenate(self._i)[cells]

    def stated(self) -> Floats:
        """For every cell the number that an exact row states of it alone, NaN where none does."""
        rows = self._exact.rows(self.n_cells)
        alone = np.flatnonzero(np.diff(rows.matrix.indptr) == 1)
        term = rows.matrix.indptr[alone]
        number = np.full(self.n_cells, np.nan)
        number[rows.matrix.indices[term]] = rows.rhs[alone] / rows.matrix.data[term]
        return number

    @property
    def n_cells(self) -> int:
        """How many cells there are so far."""
        return self._cells.count

    @property
    def masses(self) -> Bools:
        """Which unknowns are masses."""
        return np.concatenate([*self._mass, np.zeros(0, np.bool_)])

    @property
    def scalable(self) -> Bools:
        """Which unknowns start at what is reported of them."""
        return np.concatenate([*self._scalable, np.zeros(0, np.bool_)])

    def problem(self) -> LeastSquares:
        """The solver's problem, at the stated starting point."""
        columns = {k: np.concatenate([*v, np.zeros(0)]) for k, v in self._columns.items()}
        n = self.n_cells
        observed = Observed(
            self._observed.rows(n),
            np.concatenate([*self._sd, np.zeros(0)]),
            np.concatenate([*self._cv, np.zeros(0)]),
            np.concatenate([*self._counted, np.zeros(0, np.bool_)]),
            np.concatenate([*self._log, np.zeros(0, np.bool_)]),
            np.concatenate([*self._loss, np.zeros(0, np.int64)]),
            tuple(self._losses),
            np.concatenate([*self._closed, np.zeros((0, 2), np.int64)]),
        )
        return LeastSquares(
            cells=Cells(
                np.concatenate([*self._i, np.zeros(0, np.int64)]),
                np.concatenate([*self._j, np.zeros(0, np.int64)]),
                np.concatenate([*self._coef, np.zeros(0)]),
                self._cells.name,
            ),
            lower=columns["lower"],
            upper=columns["upper"],
            start=columns["start"],
            scale=columns["scale"],
            exact=self._exact.rows(n),
            limits=self._limits.rows(n),
            observed=observed,
            name=self._unknowns.name,
            block=np.concatenate([*self._blocks, np.zeros(0, np.int64)]),
            bulk=np.concatenate([*self._bulk, np.zeros(0, np.int64)]),
            merge=np.concatenate([*self._merge, np.zeros(0, np.int64)]),
            floor=FLOOR,
        )


def _numbered(group: Ints | None, n: int, offset: int) -> Ints:
    """Group numbers that no other array has: local ones shifted, -1 kept; without groups each its own."""
    if group is None:
        return offset + np.arange(n)
    order = np.unique(group[group >= 0])
    return np.where(group >= 0, offset + np.searchsorted(order, group), -1)
