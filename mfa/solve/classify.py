"""What is known about each unknown, cell and observation, and how: the classification of a reconciliation.

* `redundant`: observed, and checked by the rest (leverage above `CHECKED`);
* `observed`: observed only, nothing checks it;
* `determined`: not observed, and follows from the rows;
* `free`: nothing determines it;
* `fixed`: at a bound, or given exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.solve.certain import Spread
from mfa.solve.problem import Bools, Ints, LeastSquares, Rows
from mfa.solve.solution import Solution
from mfa.solve.uncertainty import Propagated, sensitivity_of

Statuses = npt.NDArray[np.str_]
CHECKED = 1e-6
LISTED = 200
"""Free cells and determined sums of them that are listed; the number of free cells is always said."""


@dataclass(frozen=True)
class Classification:
    """The status of every unknown, cell and observation."""

    unknowns: Statuses
    cells: Statuses
    observations: Statuses


@dataclass(frozen=True)
class FreeSum:
    """The part of an exact row that is free term by term and determined as a sum: sum_k coef_k cell_k =
    value, the first coefficient 1; `at` are the numbers of its cells."""

    row: str
    at: tuple[int, ...]
    cells: tuple[str, ...]
    coefficients: tuple[float, ...]
    value: float
    sd: float


def classify(problem: LeastSquares, solution: Solution, spread: Spread) -> Classification:
    """The statuses at `solution`, with the leverages and free unknowns of its posterior `spread`."""
    n = len(problem)
    checked = spread.leverage > CHECKED
    fixed_x = (solution.active[:n] != 0) | (problem.lower >= problem.upper)
    plain = problem.cells.j < 0
    given = _alone(problem.exact, np.ones(len(problem.exact), dtype=bool))
    fixed_x[problem.cells.i[given[plain[given]]]] = True
    fixed_q = _fixed_cells(problem, fixed_x, solution.x == 0, given)
    counted = problem.observed.counted
    seen, sure = _alone(problem.observed.rows, counted), _alone(problem.observed.rows, counted & checked)
    seen_x, sure_x = (_marked(problem.cells.i[k[plain[k]]], n) for k in (seen, sure))
    cells = len(problem.cells)
    seen_q, sure_q = (
        _marked(k, cells) | (plain & x[problem.cells.i]) for k, x in ((seen, seen_x), (sure, sure_x))
    )
    return Classification(
        _status(spread.free_x, fixed_x, seen_x, sure_x),
        _status(spread.free_q, fixed_q, seen_q, sure_q),
        _observations(problem, spread, checked),
    )


def _status(free: Bools, fixed: Bools, seen: Bools, sure: Bools) -> Statuses:
    return np.select([fixed, free, sure, seen], ["fixed", "free", "redundant", "observed"], "determined")


def _observations(problem: LeastSquares, spread: Spread, checked: Bools) -> Statuses:
    counted = problem.observed.counted
    free = np.isnan(spread.sd_observed)
    return np.select([free, counted & checked, counted], ["free", "redundant", "observed"], "determined")


def _fixed_cells(problem: LeastSquares, fixed: Bools, nothing: Bools, given: Ints) -> Bools:
    """Cells whose factors are all fixed, one of whose factors is fixed at zero, or which a row gives."""
    i, j = problem.cells.i, problem.cells.j
    zero = fixed & nothing
    both = fixed[i] & ((j < 0) | fixed[j])
    return np.asarray(both | zero[i] | ((j >= 0) & zero[j]) | _marked(given, len(i)))


def _alone(rows: Rows, which: Bools) -> Ints:
    """The cells that a row of `which` holds alone."""
    single = np.flatnonzero((np.diff(rows.matrix.indptr) == 1) & which)
    return np.asarray(rows.matrix.indices[rows.matrix.indptr[single]], dtype=np.int64)


def _marked(places: Ints, size: int) -> Bools:
    mark = np.zeros(size, dtype=bool)
    mark[places] = True
    return mark


def free_sums(
    problem: LeastSquares, solution: Solution, spread: Propagated, limit: int = LISTED
) -> list[FreeSum]:
    """The sums of two free cells or more that an exact row determines (the first `limit`), each once, with
    its standard deviation; a row of free cells alone that sums to nothing says nothing."""
    matrix = problem.exact.matrix
    free = spread.free_q[matrix.indices]
    kept = (matrix.data * free, matrix.indices.copy(), matrix.indptr.copy())
    part = sparse.csr_array(kept, matrix.shape)
    part.eliminate_zeros()
    part.sort_indices()
    held = np.diff(matrix.indptr) > np.diff(part.indptr)
    some = np.flatnonzero((np.diff(part.indptr) > 1) & (held | (problem.exact.rhs != 0)))
    some = some[~sensitivity_of(spread).frees(part[some].tocsr())]
    some = some[_distinct(part[some].tocsr())][:limit]
    chosen = part[some].tocsr()
    chosen.data /= np.repeat(chosen.data[chosen.indptr[:-1]], np.diff(chosen.indptr))
    value, sd = chosen @ solution.q, spread.sd_of(chosen)
    return [
        FreeSum(
            problem.exact.name(int(some[k])), *_parts(problem, chosen, int(k)), float(value[k]), float(sd[k])
        )
        for k in np.flatnonzero(np.isfinite(sd))
    ]


def _distinct(matrix: sparse.csr_array) -> Ints:
    """The first row of each set of columns."""
    first: dict[bytes, int] = {}
    for k in range(matrix.shape[0]):
        columns = matrix.indices[matrix.indptr[k] : matrix.indptr[k + 1]]
        first.setdefault(np.sort(columns).tobytes(), k)
    return np.array(list(first.values()), dtype=np.int64)


def _parts(
    problem: LeastSquares, chosen: sparse.csr_array, k: int
) -> tuple[tuple[int, ...], tuple[str, ...], tuple[float, ...]]:
    """The numbers, names and coefficients of the cells in row `k` of `chosen`."""
    span = slice(chosen.indptr[k], chosen.indptr[k + 1])
    at = tuple(map(int, chosen.indices[span]))
    return at, tuple(map(problem.cells.name, at)), tuple(map(float, chosen.data[span]))
