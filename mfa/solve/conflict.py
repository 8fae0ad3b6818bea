"""Why there is no answer: the smallest set of rows and bounds in conflict, in their own names.

Rows are made elastic and the least total violation found by linear programming; rows that violate are made
hard until the programme has no solution (elastic filter, Chinneck 1997), and of what is hard then
everything is dropped that can be dropped with the conflict left standing (deletion filter). Products are
linearised at the point given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from mfa.errors import Problem
from mfa.solve.problem import Bools, Floats, Ints, LeastSquares, Rows
from mfa.solve.programme import least
from mfa.solve.separable.form import is_linear
from mfa.solve.standard import SMALL, Standard, standard

VIOLATED, CLEAR = 1e-7, 1e-4
"""Violations that are more than the tolerance of a linear programme, and clearly so."""
OPEN = 1e-10
"""Share of its own terms by which a row is violated, where there is no rounding but that of its numbers."""
CLOSER, FALLING = 6, 0.1
"""How often the point of least violation is looked for from the one before, and the share of what was open
that a point must leave for it to be the last: a programme meets rows to its tolerance alone."""
ROUNDS = 30
BOUNDS_TRIED = 60
TERMS = 6
"""Terms of an equation that are printed."""


@dataclass(frozen=True)
class _Linear:
    """Rows of unit size over steps from a point: matrix @ d = rhs, low <= d <= high; a row holds that is
    violated by no more than `noise`."""

    matrix: sparse.csr_array
    rhs: Floats
    low: Floats
    high: Floats
    noise: Floats

    def magnified(self, factor: float) -> _Linear:
        """The same over steps `factor` times as large, so that what is open is 1 or more."""
        noise = np.maximum(CLEAR, factor * self.noise)
        return _Linear(self.matrix, factor * self.rhs, factor * self.low, factor * self.high, noise)

    def feasible(self, rows: Ints, unbounded: Bools | None = None) -> bool:
        """Whether some step meets these rows and the bounds (but those of `unbounded`)."""
        low = self.low if unbounded is None else np.where(unbounded, -np.inf, self.low)
        high = self.high if unbounded is None else np.where(unbounded, np.inf, self.high)
        part = self.matrix[rows].tocsc()
        some = np.flatnonzero(np.diff(part.indptr))
        empty = np.diff(part.tocsr().indptr) == 0
        wrong = bool(np.any(empty & (np.abs(self.rhs[rows]) > self.noise[rows])))
        if wrong or not len(some):
            return not wrong
        found = least(np.zeros(len(some)), part[:, some], self.rhs[rows], low[some], high[some])
        return not found.infeasible


def explain_infeasible(problem: LeastSquares, x: Floats | None = None) -> list[Problem]:
    """The rows and bounds in conflict, linearised at `x` (the start if none); empty where there is no
    conflict."""
    crossed = np.flatnonzero(problem.lower > problem.upper)
    if len(crossed):
        return [_crossed(problem, int(k)) for k in crossed]
    form = standard(problem)
    z = form.start.copy()
    if x is not None:
        z[: form.unknowns] = x / form.scale[: form.unknowns]
    z = np.clip(z, form.lower, form.upper)
    linear = _linear(form, z)
    if not is_linear(problem):
        return _told(problem, linear)
    for _ in range(CLOSER):
        if not np.any(np.abs(linear.rhs) > linear.noise):
            return []
        open_ = _open(linear)
        near = linear.magnified(1.0 / min(open_, 1.0))
        step = _elastic(near, np.zeros(len(near.rhs), dtype=bool))
        if step is None:
            return _told(problem, near)
        z = np.clip(z + min(open_, 1.0) * step[1], form.lower, form.upper)
        linear = _linear(form, z)
        if _open(linear) > FALLING * open_:
            return _told(problem, near)
    return []


def _open(linear: _Linear) -> float:
    """How far the rows are from holding where no step is taken."""
    return float(np.max(np.abs(linear.rhs), initial=0.0))


def relaxed_conflict(problem: LeastSquares) -> list[Problem]:
    """The rows and bounds in conflict whatever the products are; empty where nothing of the kind is found.

    Every product is an unknown of its own, within what the bounds of its factors allow. What conflicts then
    has no answer from any start, and finding it takes no reconciliation.
    """
    linear = _relaxed(standard(problem))
    every = np.arange(len(linear.rhs))
    if linear.feasible(every):
        return []
    return explain_infeasible(problem) if is_linear(problem) else _told(problem, linear)


def linear_conflict(problem: LeastSquares) -> list[Problem]:
    """The rows and bounds in conflict among those in which nothing is multiplied, found to rounding."""
    cells = problem.cells
    two = (cells.j >= 0) & (cells.coef != 0)
    alone = replace(cells, j=np.full(len(cells), -1), coef=np.where(two, 0.0, cells.coef))
    none = np.zeros(0, dtype=np.int64)
    plain = replace(
        problem, cells=alone, exact=_without(problem.exact, two), limits=_without(problem.limits, two)
    )
    return explain_infeasible(replace(plain, bulk=none, merge=none))


def _without(rows: Rows, cells: Bools) -> Rows:
    """The rows that hold none of some cells."""
    kept = np.flatnonzero(abs(rows.matrix) @ cells.astype(float) == 0)
    return Rows(sparse.csr_array(rows.matrix[kept]), rows.rhs[kept], lambda k: rows.name(int(kept[k])))


def _told(problem: LeastSquares, linear: _Linear) -> list[Problem]:
    """The smallest conflict found, in words."""
    rows = _conflicting(linear)
    if not len(rows):
        return []
    told = [Problem("infeasible", row_name(problem, int(k)), hint=_equation(problem, int(k))) for k in rows]
    told += [Problem("infeasible", text) for text in _bound_texts(problem, linear, rows)]
    why = "these cannot all hold; relax one, or give a balance a statistical difference"
    return [*told[:-1], replace(told[-1], hint=f"{told[-1].hint}; {why}".removeprefix("; "))]


def _equation(problem: LeastSquares, k: int) -> str:
    """Row `k` as one writes it, its first terms."""
    exact = len(problem.exact)
    rows, at = (problem.exact, k) if k < exact else (problem.limits, k - exact)
    span = slice(rows.matrix.indptr[at], rows.matrix.indptr[at + 1])
    cells, weights = rows.matrix.indices[span], rows.matrix.data[span]
    right, sign = float(rows.rhs[at]), "=" if k < exact else "<="
    if sign == "<=" and np.all(weights < 0):
        weights, right, sign = -weights, -right, ">="
    words = []
    for cell, weight in zip(cells[:TERMS], weights[:TERMS], strict=True):
        size = "" if abs(weight) == 1 else f"{abs(weight):.6g} "
        words.append(f"{'-' if weight < 0 else '+'} {size}{problem.cells.name(int(cell))}")
    more = f" + {len(cells) - TERMS} more terms" if len(cells) > TERMS else ""
    return f"{' '.join(words).removeprefix('+ ')}{more} {sign} {right + 0.0:.12g}"


def _relaxed(form: Standard) -> _Linear:
    """The rows over unknowns, slacks and products, each in units of its typical size."""
    cells, unknowns = form.problem.cells, form.unknowns
    two = np.flatnonzero((cells.j >= 0) & (cells.coef != 0))
    one = np.flatnonzero(cells.j < 0)
    typical = np.abs(cells.value(form.problem.scale))
    count = len(form.lower) + len(two)
    low, high = _product_bounds(form.problem, two)
    column = np.concatenate([cells.i[one], len(form.lower) + np.arange(len(two))])
    size = np.concatenate([cells.coef[one] * form.scale[cells.i[one]], typical[two]])
    spread = sparse.coo_array((size, (np.concatenate([one, two]), column)), shape=(len(cells), count))
    slack = np.arange(form.slacks)
    places = (len(form.rhs) - form.slacks + slack, unknowns + slack)
    units = sparse.coo_array((form.scale[unknowns:], places), shape=(len(form.rhs), count))
    matrix = (form.rows @ spread.tocsr() + units.tocsr()).tocsr()
    largest = np.asarray(abs(matrix).max(axis=1).todense()).ravel()
    largest = np.where(largest > 0, largest, np.maximum(np.abs(form.rhs), 1.0))
    return _Linear(
        sparse.csr_array(sparse.diags_array(1 / largest) @ matrix),
        form.rhs / largest,
        np.concatenate([form.lower, low / typical[two]]),
        np.concatenate([form.upper, high / typical[two]]),
        np.full(len(largest), VIOLATED),
    )


def _product_bounds(problem: LeastSquares, which: Ints) -> tuple[Floats, Floats]:
    """The least and the most that products can be: the extremes over the corners of their factors' bounds."""
    cells = problem.cells
    i, j, coef = cells.i[which], cells.j[which], cells.coef[which]
    ends = ((problem.lower, problem.upper), (problem.lower, problem.upper))
    corners = np.array([_times(a[i], b[j]) for a in ends[0] for b in ends[1]]).reshape(4, -1) * coef
    return np.min(corners, axis=0), np.max(corners, axis=0)


def _times(a: Floats, b: Floats) -> Floats:
    """a b, where nothing times anything is nothing."""
    return np.multiply(a, b, out=np.zeros_like(a), where=(a != 0) & (b != 0))


def _linear(form: Standard, z: Floats) -> _Linear:
    jacobian = form.row_jacobian(form.cell_jacobian(z))
    size = abs(jacobian).max(axis=1).toarray().ravel() + SMALL * form.magnitude(z)
    size = np.where(size > 0, size, 1.0)
    matrix = (sparse.diags_array(1 / size) @ jacobian).tocsr()
    noise = OPEN * form.magnitude(z) / size if is_linear(form.problem) else np.full(len(size), VIOLATED)
    return _Linear(matrix, -form.residual(z) / size, form.lower - z, form.upper - z, noise)


def _conflicting(linear: _Linear) -> Ints:
    """The smallest set of rows found that the bounds do not allow together; none where all can hold."""
    hard = np.zeros(len(linear.rhs), dtype=bool)
    for _ in range(ROUNDS):
        found = _elastic(linear, hard)
        if found is None:
            return _needed(linear, np.flatnonzero(hard))
        violated = found[0] > linear.noise
        if not violated.any():
            return np.zeros(0, dtype=np.int64)
        hard |= violated
        if not linear.feasible(np.flatnonzero(hard)):
            return _needed(linear, np.flatnonzero(hard))
    return np.flatnonzero(hard)


def _elastic(linear: _Linear, hard: Bools) -> tuple[Floats, Floats] | None:
    """The violation of every row at the least total violation of the rows not hard, and the step there; none
    if hard rows conflict."""
    rows, columns = linear.matrix.shape
    soft = np.flatnonzero(~hard)
    give = sparse.csr_array((np.ones(len(soft)), (soft, np.arange(len(soft)))), shape=(rows, len(soft)))
    low = np.concatenate([linear.low, np.zeros(2 * len(soft))])
    high = np.concatenate([linear.high, np.full(2 * len(soft), np.inf)])
    cost = np.concatenate([np.zeros(columns), np.ones(2 * len(soft))])
    found = least(cost, sparse.hstack([linear.matrix, give, -give]).tocsc(), linear.rhs, low, high)
    if not found.optimal:
        return None
    violation = np.zeros(rows)
    violation[soft] = found.x[columns : columns + len(soft)] + found.x[columns + len(soft) :]
    return violation, found.x[:columns]


def _needed(linear: _Linear, rows: Ints) -> Ints:
    """`rows` without every one whose absence leaves the conflict standing."""
    kept = rows
    for row in rows:
        fewer = kept[kept != row]
        if not linear.feasible(fewer):
            kept = fewer
    return kept


def row_name(problem: LeastSquares, k: int) -> str:
    """The name of row `k`, exact rows before limits."""
    exact = len(problem.exact)
    return problem.exact.name(k) if k < exact else f"limit {problem.limits.name(k - exact)}"


def _bound_texts(problem: LeastSquares, linear: _Linear, rows: Ints) -> list[str]:
    """The bounds without which `rows` could hold."""
    n = len(problem)
    touched = np.unique(linear.matrix[rows].indices)
    tried = [int(k) for k in touched if k < n and np.isfinite([linear.low[k], linear.high[k]]).any()]
    dropped = np.zeros(len(linear.low), dtype=bool)
    needed = []
    for k in tried[:BOUNDS_TRIED]:
        dropped[k] = True
        if linear.feasible(rows, dropped):
            dropped[k] = False
            needed.append(k)
    return [_range(problem, k) for k in needed]


def _range(problem: LeastSquares, k: int) -> str:
    low, high = problem.lower[k], problem.upper[k]
    if np.isinf(high):
        return f"{problem.name(k)} at least {low:.12g}"
    most = f"at most {high:.12g}"
    return f"{problem.name(k)} " + (most if np.isinf(low) else f"between {low:.12g} and {high:.12g}")


def _crossed(problem: LeastSquares, k: int) -> Problem:
    low, high = problem.lower[k], problem.upper[k]
    return Problem(
        "infeasible", f"{problem.name(k)} has a lower bound of {low:g} above its upper bound of {high:g}"
    )
