"""Bounds that say nothing new: what others in a row leave no room to break.

A flow through a process with one inlet is the same number as its outlet, an element of a mix is what its
market's inflows bring: where an exact row gives an unknown as a sum of terms that cannot be negative, its own
bound at 0 follows. Two sites for one bound would count it twice, so that each bound is kept once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Ints, LeastSquares

WAVES = 60
"""Rounds in which implications are followed up: each settles one more row of a chain."""


def implied(problem: LeastSquares, known: Bools) -> Bools:
    """Which unknowns are kept above 0 by the exact rows and the bounds of others, of `known` ones alone."""
    able = (problem.lower == 0) & (problem.upper > 0) & known
    candidates = _candidates(problem, able)
    return _settled(candidates, len(problem))


@dataclass(frozen=True)
class _Candidates:
    """Implications: the unknown `of[k]` follows where all `needs` of rule k (rules by unknowns) do."""

    of: Ints
    needs: sparse.csr_array


def _candidates(problem: LeastSquares, able: Bools) -> _Candidates:
    """The rows that give one unknown (times others) as a sum of what is not negative."""
    term = _terms(problem)
    n = len(problem)
    usable = np.ones(len(problem.exact), dtype=bool)
    usable[term.row[~able[term.unknown]]] = False
    key = 2 * term.row + term.side
    cells = np.bincount(2 * term.cell_row + term.cell_side, minlength=2 * len(usable))
    pair, count = np.unique(key * n + term.unknown, return_counts=True)
    side, unknown = pair // n, pair % n
    row = side // 2
    both = np.isin((side ^ 1) * n + unknown, pair)
    right = np.where(side % 2 == 0, problem.exact.rhs[row], -problem.exact.rhs[row])
    found = np.flatnonzero(usable[row] & (count == cells[side]) & ~both & (right >= 0))
    members = sparse.csr_array(
        sparse.coo_array((np.ones(len(term.row)), (term.row, term.unknown)), shape=(len(usable), n))
    )
    needs = sparse.csr_array(members[row[found]])
    needs.data[needs.indices == np.repeat(unknown[found], np.diff(needs.indptr))] = 0.0
    needs.eliminate_zeros()
    return _Candidates(unknown[found], needs)


@dataclass(frozen=True)
class _Terms:
    """Factors of the cells of exact rows: row, side (0: counted positive) and unknown of each, and row and
    side of each cell."""

    row: Ints
    side: Ints
    unknown: Ints
    cell_row: Ints
    cell_side: Ints


def _terms(problem: LeastSquares) -> _Terms:
    matrix, cells = problem.exact.matrix.tocoo(), problem.cells
    size = matrix.data * cells.coef[matrix.col]
    some = size != 0
    row, cell = matrix.row[some].astype(np.int64), matrix.col[some]
    side = (size[some] < 0).astype(np.int64)
    two = cells.j[cell] >= 0
    return _Terms(
        np.concatenate([row, row[two]]),
        np.concatenate([side, side[two]]),
        np.concatenate([cells.i[cell], cells.j[cell][two]]),
        row,
        side,
    )


def _settled(rules: _Candidates, n: int) -> Bools:
    """The unknowns that follow from bounds that are kept, no bound following from itself."""
    open_ = np.zeros(n, dtype=bool)
    open_[rules.of] = True
    follows = np.zeros(n, dtype=bool)
    for _ in range(WAVES):
        missing = np.asarray(rules.needs @ open_.astype(float))
        ready = np.unique(rules.of[(missing == 0) & open_[rules.of]])
        if len(ready):
            follows[ready], open_[ready] = True, False
        elif open_.any():
            open_[_first(rules, open_)] = False  # a circle of rules: the bound of its first is kept
        else:
            break
    return follows


def _first(rules: _Candidates, open_: Bools) -> Ints:
    """Open unknowns that come before all open ones they have a rule with."""
    entries = rules.needs.tocoo()
    a, b = rules.of[entries.row], entries.col
    some = open_[a] & open_[b]
    low = np.arange(len(open_))
    np.minimum.at(low, a[some], b[some])
    np.minimum.at(low, b[some], a[some])
    return np.flatnonzero(open_ & (low == np.arange(len(open_))))
