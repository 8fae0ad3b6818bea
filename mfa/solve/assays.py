"""Starts from compositions: the flows that stated shares and their balances give, all of them above zero.

With the stated shares held, the rows that they stand in are linear in the flows, and open by errors of the
shares alone: each row counts as a report of nothing, its standard deviation what even flows make of these
errors (weighted node imbalances). With the flows found and held, the shares that close all rows follow. A
start has to be inside: where a flow is nothing, so is the slope of its product by a share, and the share
could be anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.solve.frontal.marginals import marginals
from mfa.solve.nullspace import NullSpace
from mfa.solve.problem import Bools, Floats, Ints, LeastSquares, Observed, Rows
from mfa.solve.sigma import errors_in
from mfa.solve.solution import Solution
from mfa.solve.standard import standard

FLOORS = (0.3, 0.1, 0.03)
"""Shares of a typical report of a flow that a flow begins at least with, one start each."""
SURE = 1e-6
"""Share of its own terms that a row's standard deviation is at least."""
NOTHING = 1e-9
"""Share of a typical report below which a flow is nothing."""
COMPOSITION = -1

Solve = Callable[[LeastSquares], Solution]


@dataclass(frozen=True)
class Assays:
    """The uncertain `shares` of stated compositions (as a mask over the unknowns), the `flows` that they
    multiply, each share's `sigma`, and the size of a typical report of such a flow."""

    problem: LeastSquares
    shares: Bools
    flows: Bools
    sigma: Floats
    typical: float

    @cached_property
    def rows(self) -> Ints:
        """The exact rows that the shares stand in beside flows: balances of their elements."""
        problem = self.problem
        there = _slopes(problem, problem.exact.matrix) @ self.shares.astype(float) > 0
        return np.flatnonzero(there & (problem.merge >= 0))

    @cached_property
    def tell(self) -> bool:
        """Whether the reports without the shares leave flows undetermined that the shares belong to."""
        problem = replace(self.problem, exact=_summed(self), merge=self.problem.merge[:0])
        form = standard(replace(problem, observed=replace(problem.observed, counted=_of_flows(self))))
        cells = form.cell_jacobian(form.start)
        moves = np.flatnonzero((form.lower < form.upper) & ~_padded(self.shares, len(form.lower)))
        sigma = errors_in(form).sigma(form.reports)
        rows, pulls = form.row_jacobian(cells)[:, moves], form.pull_jacobian(cells, sigma)[:, moves]
        found = marginals(sparse.csr_array(rows), sparse.csr_array(pulls), sparse.csr_array(rows[:0]))
        free = NullSpace(found.vectors, found.unit).free
        return bool(np.any(free & _padded(self.flows, len(form.lower))[moves]))

    def untested(self, x: Floats) -> int:
        """How many stated shares nothing tests at `x`: one less than a composition has of each that ends on
        a flow of nothing."""
        problem, cells = self.problem, self.problem.cells
        two = np.flatnonzero((cells.j >= 0) & (cells.coef != 0))
        own = two[self.shares[cells.j[two]] & self.flows[cells.i[two]]]
        carried = np.bincount(cells.j[own], x[cells.i[own]], len(problem))
        nothing = self.shares & (np.bincount(cells.j[own], minlength=len(problem)) > 0)
        nothing &= carried <= NOTHING * self.typical
        ended = np.unique(cells.i[own][nothing[cells.j[own]]])
        return int(np.count_nonzero(nothing)) - len(ended)

    def ended(self, x: Floats) -> Ints:
        """The flows that are nothing at `x`."""
        return np.flatnonzero(self.flows & (x <= NOTHING * self.typical))


def assays_of(problem: LeastSquares) -> Assays | None:
    """The uncertain shares of stated compositions in a problem, where there are any."""
    if not np.any(problem.bulk == COMPOSITION):
        return None
    cells = problem.cells
    known = _precision(problem)
    shares = (known > 0) & (problem.bulk == COMPOSITION) & (problem.lower < problem.upper)
    two = np.flatnonzero((cells.j >= 0) & (cells.coef != 0))
    flows = np.zeros(len(problem), dtype=bool)
    flows[cells.i[two[shares[cells.j[two]]]]] = True
    flows &= (problem.lower < problem.upper) & (problem.lower >= 0)
    typical = _typical(problem, flows)
    if not flows.any() or typical is None:
        return None
    sigma = np.divide(1.0, np.sqrt(known), out=np.zeros(len(problem)), where=shares)
    return Assays(problem, shares, flows, sigma, typical)


def inside(assays: Assays, solve: Solve, x: Floats, floor: float) -> Floats:
    """A point at which all rows hold, no flow below `floor` typical reports and shares near those of `x`.

    Raises what `solve` raises where there is none."""
    x = _closed(assays, x)
    flows = solve(_flows_alone(assays, x, floor * assays.typical)).x
    return solve(_shares_alone(assays, flows)).x


def _closed(assays: Assays, x: Floats) -> Floats:
    """The unknowns with the stated shares of every composition scaled to what its other shares leave."""
    problem, shares = assays.problem, assays.shares
    sums = np.flatnonzero(problem.merge == COMPOSITION)
    matrix = sparse.csr_array(problem.exact.matrix[sums] @ problem.cells.jacobian(x))
    own, rest = matrix @ np.where(shares, x, 0.0), matrix @ np.where(shares, 0.0, x)
    left = problem.exact.rhs[sums] - rest
    factor = np.divide(left, own, out=np.ones(len(sums)), where=(own > 0) & (left > 0))
    scale = np.ones(len(x))
    entries = matrix.tocoo()
    scale[entries.col] = factor[entries.row]
    return np.where(shares, x * scale, x)


def _padded(mask: Bools, size: int) -> Bools:
    """A mask over unknowns as one over unknowns and slacks."""
    return np.concatenate([mask, np.zeros(size - len(mask), dtype=bool)])


def _slopes(problem: LeastSquares, matrix: sparse.csr_array) -> sparse.csr_array:
    """Rows by unknowns, each entry the sum of absolute terms where every unknown is 1."""
    return sparse.csr_array(abs(matrix) @ abs(problem.cells.jacobian(np.ones(len(problem)))))


def _precision(problem: LeastSquares) -> Floats:
    """What the counted reports of single unknowns tell of each, as 1 / sigma^2."""
    cells, observed = problem.cells, problem.observed
    rows = observed.rows.matrix
    single = np.flatnonzero(observed.counted & (np.diff(rows.indptr) == 1))
    cell = rows.indices[rows.indptr[single]]
    kept = (cells.j[cell] < 0) & (cells.coef[cell] != 0)
    single, cell = single[kept], cell[kept]
    sigma = observed.sigma(observed.rows.rhs)[single]
    slope = rows.data[rows.indptr[single]] * cells.coef[cell]
    told = np.divide(slope, sigma, out=np.zeros(len(single)), where=sigma > 0) ** 2
    return np.asarray(np.bincount(cells.i[cell], told, len(problem)), np.float64)


def _typical(problem: LeastSquares, flows: Bools) -> float | None:
    """The median of the positive reports that speak of some flows, exact ones included; none where nothing
    does."""
    observed, exact = problem.observed, problem.exact
    seen = _slopes(problem, observed.rows.matrix) @ flows.astype(float) > 0
    given = _slopes(problem, exact.matrix) @ flows.astype(float) > 0
    numbers = np.concatenate([observed.rows.rhs[observed.counted & seen], np.abs(exact.rhs[given])])
    numbers = numbers[numbers > 0]
    return float(np.median(numbers)) if len(numbers) else None


def _of_flows(assays: Assays) -> Bools:
    """The counted reports that speak of more than stated shares."""
    problem = assays.problem
    more = _slopes(problem, problem.observed.rows.matrix) @ (~assays.shares).astype(float) > 0
    return np.asarray(problem.observed.counted & more)


def _summed(assays: Assays) -> Rows:
    """The exact rows: those with stated shares summed over the elements, without sums of stated shares."""
    problem, soft = assays.problem, assays.rows
    moves = _slopes(problem, problem.exact.matrix) @ (~assays.shares).astype(float) > 0
    kept = (problem.merge != COMPOSITION) | moves
    kept[soft] = False
    groups, row = np.unique(problem.merge[soft], return_inverse=True)
    sums = sparse.coo_array((np.ones(len(soft)), (row, soft)), shape=(len(groups), len(kept))).tocsr()
    chosen = sparse.vstack([sparse.eye_array(len(kept), format="csr")[kept], sums]).tocsr()
    return Rows(sparse.csr_array(chosen @ problem.exact.matrix), chosen @ problem.exact.rhs, str)


def _flows_alone(assays: Assays, x: Floats, least: float) -> LeastSquares:
    """The problem of the flows with stated shares held, balances of elements as reports of nothing."""
    problem, soft = assays.problem, assays.rows
    even = np.where(assays.flows, assays.typical, x)
    matrix = sparse.csr_array(problem.exact.matrix[soft])
    error = matrix @ problem.cells.jacobian(even) @ sparse.diags_array(assays.sigma)
    size = abs(matrix) @ np.abs(problem.cells.value(even))
    sd = np.sqrt(np.asarray(error.power(2).sum(axis=1)).ravel())
    held = assays.shares
    low = np.where(assays.flows, np.clip(least, problem.lower, problem.upper), problem.lower)
    return replace(
        problem,
        lower=np.where(held, x, low),
        upper=np.where(held, x, problem.upper),
        start=even,
        exact=_summed(assays),
        merge=problem.merge[:0],
        observed=_with_reports(
            replace(problem.observed, counted=_of_flows(assays)),
            matrix,
            problem.exact.rhs[soft],
            np.maximum(sd, np.maximum(SURE * size, problem.floor)),
        ),
    )


def _with_reports(observed: Observed, matrix: sparse.csr_array, rhs: Floats, sd: Floats) -> Observed:
    """The observations with further rows over the cells, reported with these standard deviations."""
    rows = sparse.csr_array(sparse.vstack([observed.rows.matrix, matrix]))
    none = np.zeros(len(rhs))
    return replace(
        observed,
        rows=Rows(rows, np.concatenate([observed.rows.rhs, rhs]), str),
        sd=np.concatenate([observed.sd, sd]),
        cv=np.concatenate([observed.cv, none]),
        counted=np.concatenate([observed.counted, none == 0]),
        log=np.concatenate([observed.lognormal, none > 0]),
        loss=np.concatenate([observed.loss_index, np.full(len(rhs), -1)]),
    )


def _shares_alone(assays: Assays, x: Floats) -> LeastSquares:
    """The problem with the flows of `x` held."""
    problem, flows = assays.problem, assays.flows
    low, high = np.where(flows, x, problem.lower), np.where(flows, x, problem.upper)
    return replace(problem, lower=low, upper=high, start=x)
