"""Starts where nothing grows without need: weak reports of nothing on every mass that may grow without end.

Where a loop lets flows grow, and the misfit falls on for ever the larger they are, steps follow it and never
settle. With these reports the problem has a least point; from there the problem itself often settles, at the
optimum nearest to nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from mfa.solve.problem import Cells, LeastSquares, Rows

WEAK = (1.0, 0.1, 0.01)
"""Sigmas of the reports of nothing, in the largest report: one start each."""
SHARES = -1


def quieted(problem: LeastSquares, weak: float) -> LeastSquares | None:
    """The problem with reports of nothing, of `weak` times the largest report; none where there is no such
    mass."""
    observed, n = problem.observed, len(problem.cells)
    mass = problem.bulk != SHARES if len(problem.bulk) else np.ones(len(problem), dtype=bool)
    some = np.flatnonzero(mass & (problem.lower == 0) & np.isinf(problem.upper))
    largest = float(np.max(np.abs(observed.rows.rhs[observed.counted]), initial=0.0))
    if not len(some) or not largest:
        return None
    own, none = np.arange(len(some)), np.zeros(len(some))
    cells = Cells(
        np.concatenate([problem.cells.i, some]),
        np.concatenate([problem.cells.j, np.full(len(some), -1)]),
        np.concatenate([problem.cells.coef, none + 1.0]),
        str,
    )
    reports = sparse.coo_array((none + 1.0, (own, n + own)), shape=(len(some), n + len(some))).tocsr()
    exact, limits, seen = (_widened(r, len(cells)) for r in (problem.exact, problem.limits, observed.rows))
    rows = Rows(
        sparse.csr_array(sparse.vstack([seen.matrix, reports])), np.concatenate([seen.rhs, none]), str
    )
    more = replace(
        observed,
        rows=rows,
        sd=np.concatenate([observed.sd, none + weak * largest]),
        cv=np.concatenate([observed.cv, none]),
        counted=np.concatenate([observed.counted, none == 0]),
        log=np.concatenate([observed.lognormal, none > 0]),
        loss=np.concatenate([observed.loss_index, np.full(len(some), -1)]),
    )
    return replace(problem, cells=cells, exact=exact, limits=limits, observed=more)


def _widened(rows: Rows, cells: int) -> Rows:
    matrix = rows.matrix
    wide = sparse.csr_array((matrix.data, matrix.indices, matrix.indptr), (matrix.shape[0], cells))
    return Rows(wide, rows.rhs, rows.name)
