"""The separable form of a linear problem: min sum (x - mean)^2 / (2 variance), A x = b, lower <= x <=
upper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import get_index_dtype

from mfa.solve.problem import Bools, Cells, Floats, Index, Ints, LeastSquares, Rows


@dataclass(frozen=True, eq=False)
class Separable:
    """Unknowns with bounds, mean and variance (infinite where nothing is reported), under exact rows A x = b.

    `shared` marks rows that couple what is otherwise apart, such as a reserve over all years; `floor` is
    the least size that a row's closure is measured against."""

    rows: sparse.csc_array
    rhs: Floats
    mean: Floats
    variance: Floats
    lower: Floats
    upper: Floats
    start: Floats
    shared: Bools
    floor: float = 0.0

    def __len__(self) -> int:
        return len(self.mean)

    @cached_property
    def by_row(self) -> sparse.csr_array:
        """The rows, stored row by row."""
        return sparse.csr_array(self.rows)

    @cached_property
    def magnitude(self) -> sparse.csr_array:
        """The rows with absolute coefficients."""
        return sparse.csr_array(
            (np.abs(self.by_row.data), self.by_row.indices, self.by_row.indptr), self.rows.shape
        )

    @cached_property
    def pinned(self) -> Bools:
        """Unknowns whose bounds leave no room."""
        return np.asarray(self.lower >= self.upper)

    def residual(self, x: Floats) -> Floats:
        """A x - b."""
        return np.asarray(self.by_row @ x) - self.rhs

    def size(self, x: Floats) -> Floats:
        """The sum of absolute terms of every row: what its closure is measured by, never 0."""
        size = np.asarray(self.magnitude @ np.abs(x)) + np.abs(self.rhs)
        return np.asarray(np.maximum(size, max(self.floor, 1e-300)))

    def open(self, x: Floats) -> float:
        """The worst row, relative to its own terms."""
        return float(np.max(np.abs(self.residual(x)) / self.size(x), initial=0.0))

    def smallest(self, size: Floats, some: Ints) -> Floats:
        """The least size among the rows of each of `some` unknowns, infinite where one is in no row."""
        columns = self.rows[:, some]
        values = np.append(size[columns.indices], np.inf)
        found = np.minimum.reduceat(values, np.minimum(columns.indptr[:-1], len(values) - 1))
        return np.where(np.diff(columns.indptr) > 0, found, np.inf)

    def part(self, rows: Ints, columns: Ints) -> Separable:
        """The problem of some rows (ascending) and of the unknowns that appear in these rows alone."""
        own = self.rows[:, columns]
        place = _places(rows, own.indices, self.rows.shape[0])
        return Separable(
            sparse.csc_array((own.data, place, own.indptr), shape=(len(rows), len(columns))),
            self.rhs[rows],
            self.mean[columns],
            self.variance[columns],
            self.lower[columns],
            self.upper[columns],
            self.start[columns],
            self.shared[rows],
            self.floor,
        )


def _places(some: Ints, wanted: Index, n: int) -> Index:
    """Where each of `wanted` stands among `some` (ascending) of `n`."""
    if len(wanted) < n:
        return np.searchsorted(some, wanted).astype(wanted.dtype)
    place = np.zeros(n, wanted.dtype)
    place[some] = np.arange(len(some))
    return np.asarray(place[wanted])


@dataclass(frozen=True)
class Split:
    """How a problem's counted observations lie on separable unknowns.

    Unknowns are the problem's own, then one for every limit (its slack), then one for every observation of
    several unknowns. `place[k]` is the unknown that counted observation k speaks of, `factor[k]` its
    coefficient."""

    problem: LeastSquares
    rows: sparse.csc_array
    rhs: Floats
    counted: Ints
    place: Ints
    factor: Floats
    shared: Bools

    @property
    def unknowns(self) -> int:
        """Number of the problem's own unknowns."""
        return len(self.problem)

    @property
    def slacks(self) -> int:
        """Number of slacks, one per limit."""
        return len(self.problem.limits)

    def form(self, sigma: Floats, reports: Floats | None = None) -> Separable:
        """The separable problem with these standard deviations of the counted observations, and these
        `reports` in place of their own."""
        problem, n = self.problem, self.rows.shape[1]
        reports = problem.observed.rows.rhs[self.counted] if reports is None else reports
        precision, value = (self.factor / sigma) ** 2, reports / self.factor
        total, mean = np.bincount(self.place, precision, n), np.zeros(n)
        # the mean is taken of differences to one of the reports: then a single one is met to the last digit
        mean[self.place] = value
        value -= mean[self.place]
        value *= precision
        seen, more = total > 0, n - self.unknowns
        mean += np.divide(np.bincount(self.place, value, n), total, out=np.zeros(n), where=seen)
        lower = np.concatenate([problem.lower, np.zeros(self.slacks), np.full(more - self.slacks, -np.inf)])
        upper = np.concatenate([problem.upper, np.full(more, np.inf)])
        start = np.concatenate([problem.start, np.zeros(more)])
        return Separable(
            self.rows,
            self.rhs,
            mean,
            np.divide(1.0, total, out=np.full(n, np.inf), where=seen),
            lower,
            upper,
            np.clip(start, lower, upper, out=start),
            self.shared,
            problem.floor,
        )


def is_linear(problem: LeastSquares) -> bool:
    """Whether no cell is a product of two unknowns."""
    return bool(np.all(problem.cells.j < 0))


def split(problem: LeastSquares) -> Split:
    """A linear `problem` with every counted observation on one unknown."""
    counted = np.flatnonzero(problem.observed.counted)
    n, cells = len(problem), problem.cells
    exact, limits = _in_unknowns(problem.exact, cells, n), _in_unknowns(problem.limits, cells, n)
    seen = _in_unknowns(problem.observed.rows, cells, n, counted)
    terms = np.diff(seen.indptr)
    many = np.flatnonzero(terms != 1)
    p, m = len(problem.limits), len(many)
    place, factor = np.empty(len(counted), np.int64), np.ones(len(counted))
    one = np.flatnonzero(terms == 1)
    place[one], factor[one] = seen.indices[seen.indptr[one]], seen.data[seen.indptr[one]]
    place[many] = n + p + np.arange(m)
    stacked = [part for part in (exact, limits, seen[many]) if part.shape[0]]
    by_row = sparse.vstack(stacked, format="csr") if len(stacked) > 1 else (stacked or [exact])[0]
    shared, columns = _shared(by_row, problem.block), sparse.csc_array(by_row)
    del by_row, stacked
    rows = _widened(columns, [(p, 1.0), (m, -1.0)])
    rhs = np.concatenate([problem.exact.rhs, problem.limits.rhs, np.zeros(m)])
    return Split(problem, rows, rhs, counted, place, factor, shared)


def _shared(rows: sparse.csr_array, block: Ints) -> Bools:
    """Rows whose unknowns belong to more than one block."""
    if not len(block):
        return np.zeros(rows.shape[0], np.bool_)
    label, some = block[rows.indices], np.flatnonzero(np.diff(rows.indptr))
    starts, found = rows.indptr[some], np.zeros(rows.shape[0], np.bool_)
    none = np.iinfo(label.dtype).max
    low = np.minimum.reduceat(np.where(label < 0, none, label), starts) if len(some) else some
    found[some] = np.maximum.reduceat(label, starts) > low if len(some) else False
    return found


def _in_unknowns(rows: Rows, cells: Cells, n: int, which: Ints | None = None) -> sparse.csr_array:
    """Some rows over cells (all unless told) as rows over `n` unknowns."""
    matrix = rows.matrix if which is None or len(which) == len(rows) else rows.matrix[which]
    k = np.arange(len(cells))
    if len(cells) == n and np.array_equal(cells.i, k) and np.all(cells.coef == 1.0):
        return sparse.csr_array(matrix)
    unknowns = sparse.csr_array(sparse.coo_array((cells.coef, (k, cells.i)), shape=(len(cells), n)))
    found = sparse.csr_array(matrix @ unknowns)
    found.eliminate_zeros()
    return found


def _widened(columns: sparse.csc_array, tails: Sequence[tuple[int, float]]) -> sparse.csc_array:
    """The rows, the last of them with further unknowns of their own: each tail is how many rows have one, and
    its coefficient; places in no more bits than they need."""
    (m, n), own = columns.shape, sum(count for count, _ in tails)
    index = get_index_dtype(maxval=max(m, n, columns.nnz) + own)
    value = np.concatenate([columns.data, *(np.full(count, weight) for count, weight in tails)])
    row = np.concatenate([columns.indices, np.arange(m - own, m)], dtype=index)
    ends = np.concatenate([columns.indptr, columns.nnz + np.arange(1, own + 1)], dtype=index)
    return sparse.csc_array((value, row, ends), shape=(m, n + own))
