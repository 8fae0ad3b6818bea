"""Reports that explain one misfit equally well: the error that each would have to have, the likeliest first.

Errors whose effects on all residuals are proportional cannot be told apart by any test: residual / leverage
is what each report would have to be wrong by, and only its size in sigmas and the bounds of what it reports
say which of them is likely. Nothing here depends on the order in which reports are stated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse

from mfa.solve.problem import Floats, Ints, LeastSquares, Rows

ABSURD = 20.0
"""Errors above this many sigmas are not believed where a smaller one explains the same."""
BESIDE = 3.0
"""Where all are above it, errors up to this many times the smallest one are as likely as it is."""
CHECKABLE = 0.01
"""Leverage below which others say next to nothing of a report."""
ALIKE = 1e-6
"""Numbers that differ by less than this share of them are the same."""


@dataclass(frozen=True)
class Member:
    """One report (`bias`) or exact row (`leak`) of a group, `place` its number there.

    A report would exceed the truth by `size` with standard deviation `sd`, the left side of a row its right
    side. `sigmas` is that error in sigmas (nan of a row), `beyond` says that it puts the true value beyond
    its bounds, `checkable` that the leverage is no less than `CHECKABLE`, `likely` that the error can be
    believed.
    """

    name: str
    kind: Literal["bias", "leak"]
    place: int
    size: float
    sd: float
    sigmas: float
    beyond: bool = False
    checkable: bool = True
    likely: bool = True


def ranked(members: Sequence[Member]) -> tuple[Member, ...]:
    """The members with what can be believed of them, the likeliest first, then by name."""
    size = np.array([ABSURD if np.isnan(m.sigmas) else m.sigmas for m in members])
    checked = np.array([m.checkable for m in members])
    within = checked & ~np.array([m.beyond for m in members])
    credible = within if within.any() else checked
    least = float(size[credible].min(initial=np.inf))
    most = ABSURD if least <= ABSURD else BESIDE * least
    likely, rank = credible & (size <= most * (1 + ALIKE)), clusters(size)
    order = sorted(range(len(members)), key=lambda k: (not likely[k], rank[k], members[k].name))
    return tuple(replace(members[k], likely=bool(likely[k])) for k in order)


def clusters(values: Floats) -> Ints:
    """The rank of every value, one rank for those that are the same up to rounding.

    >>> clusters(np.array([2.0, 1.0, 2.0000000001])).tolist()
    [1, 0, 1]
    """
    order = np.argsort(values, kind="stable")
    rise = np.diff(values[order]) > ALIKE * np.abs(values[order][1:])
    found = np.empty(len(values), dtype=np.int64)
    found[order] = np.concatenate([[0], np.cumsum(rise)])[: len(values)]
    return found


def spans(problem: LeastSquares, places: Ints) -> tuple[Floats, Floats]:
    """The least and the largest value that bounds and limits allow the observed rows at `places`.

    A limit counts where it speaks of a row's own terms.
    """
    rows = sparse.csr_array(problem.observed.rows.matrix[places])
    low, high = _cell_spans(problem)
    least, most = _least(rows, low, high), -_least(-rows, low, high)
    for k, bound, upper in _limits_of(rows, problem.limits):
        if upper:
            most[k] = min(most[k], bound)
        else:
            least[k] = max(least[k], bound)
    return least, most


def _cell_spans(problem: LeastSquares) -> tuple[Floats, Floats]:
    """The least and the largest value of every cell within the bounds of its unknowns."""
    cells, lower, upper = problem.cells, problem.lower, problem.upper
    two = cells.j >= 0
    corners = []
    for first in (lower, upper):
        for second in (lower, upper):
            other = np.where(two, second[cells.j], 1.0)
            with np.errstate(invalid="ignore"):
                product = cells.coef * first[cells.i] * other
            corners.append(np.where(np.isnan(product), 0.0, product))  # nothing times any amount
    return np.min(corners, axis=0), np.max(corners, axis=0)


def _least(rows: sparse.csr_array, low: Floats, high: Floats) -> Floats:
    """The smallest value of every row where cells lie between `low` and `high`."""
    terms = rows.tocoo()
    least = np.where(terms.data > 0, terms.data * low[terms.col], terms.data * high[terms.col])
    found = np.zeros(rows.shape[0])
    np.add.at(found, terms.row, least)
    return found


def _limits_of(rows: sparse.csr_array, limits: Rows) -> Iterator[tuple[int, float, bool]]:
    """The rows that are multiples of a limit, the bound it sets, and whether that is an upper one."""
    seen, held = _sorted(rows), _sorted(limits.matrix)
    ones = [sparse.csr_array((np.ones(m.nnz), m.indices, m.indptr), m.shape) for m in (seen, held)]
    shared = sparse.coo_array(ones[0] @ ones[1].T)
    terms = [np.diff(m.indptr)[at] for m, at in zip((seen, held), shared.coords, strict=True)]
    whole = (shared.data == terms[0]) & (shared.data == terms[1])
    for k, limit in zip(shared.row[whole].tolist(), shared.col[whole].tolist(), strict=True):
        own, other = (m.data[m.indptr[at] : m.indptr[at + 1]] for m, at in ((seen, k), (held, limit)))
        factors = other / own
        if np.ptp(factors) <= ALIKE * abs(factors[0]):
            yield k, float(limits.rhs[limit] / factors[0]), bool(factors[0] > 0)


def _sorted(matrix: sparse.csr_array) -> sparse.csr_array:
    """The matrix without its zeros, every row in the order of its columns."""
    found = sparse.csr_array(matrix, copy=True)
    found.eliminate_zeros()
    found.sort_indices()
    return found
