"""Five hundred random systems: the same as a dense implementation, optimal by first-order conditions, and the
same in other units, in another order and with reports written twice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares, Observed, Rows
from mfa.solve.reconcile import reconcile
from mfa.solve.solution import Solution
from tests.solve import dense
from tests.solve.systems import System

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
SAME, NOTHING = 1e-8, 1e-13
"""What counts as the same, relative and (in scales) absolute."""


@dataclass(frozen=True)
class Optimum:
    """An optimum in scales: unknowns, what is at a bound that holds (then limits), sds, what is free."""

    z: Array
    held: Bools
    sd: Array
    free: Bools

    def assert_same(self, other: Optimum) -> None:
        """The same holds and is free, and the rest is the same to 1e-8 of its size or sd, its sd to 1e-8."""
        assert np.array_equal(self.held, other.held)
        assert np.array_equal(self.free, other.free)
        known = ~self.free
        size = np.maximum(np.abs(self.z), self.sd)[known]
        assert np.all(np.abs(self.z - other.z)[known] <= SAME * size + NOTHING)
        assert np.all(np.abs(self.sd - other.sd)[known] <= SAME * self.sd[known] + NOTHING)


def solved(problem: LeastSquares) -> tuple[Solution, Optimum]:
    """The optimum by the solver."""
    found = reconcile(problem)
    spread = posterior(problem, found)
    sd = spread.sd_x / problem.scale
    return found, Optimum(found.x / problem.scale, found.active != 0, sd, spread.free_x)


class Dense:
    """A linear problem as dense matrices over z = x / scale, rows at unit size."""

    def __init__(self, problem: LeastSquares) -> None:
        cells = problem.cells.jacobian(problem.start).toarray() * problem.scale
        self.pulls = problem.observed.rows.matrix @ cells / problem.observed.sd[:, None]
        self.reports = problem.observed.rows.rhs / problem.observed.sd
        exact, limits = problem.exact.matrix @ cells, problem.limits.matrix @ cells
        self.row_size, self.limit_size = (np.max(np.abs(m), axis=1, initial=0.0) for m in (exact, limits))
        self.rows, self.rhs = exact / self.row_size[:, None], problem.exact.rhs / self.row_size
        self.limits, self.most = limits / self.limit_size[:, None], problem.limits.rhs / self.limit_size

    def solve(self) -> Optimum:
        """z, the sides it leans on, the standard deviations of z with these held, and what is free."""
        n, m = self.pulls.shape[1], len(self.pulls)
        sides = np.vstack([self.limits, -np.eye(n)])
        most = np.concatenate([self.most, np.zeros(n)])
        found = dense.limited(self.rows, self.rhs, self.pulls, self.reports, sides, most)
        assert found is not None
        z, held = found
        held_rows = np.vstack([self.rows, sides[held]])
        system = dense.Saddle(held_rows, self.pulls)
        errors = np.vstack([np.zeros((n, m)), np.eye(m), np.zeros((len(held_rows), m))])
        sd = np.sqrt(np.sum(system.solve(errors)[:n] ** 2, axis=1))
        limits, unknowns = np.split(held, [len(self.limits)])
        return Optimum(z, np.concatenate([unknowns, limits]), sd, system.free)


def assert_optimal(plain: Dense, problem: LeastSquares, found: Solution) -> None:
    """Stationarity, signs, complementarity (to 1e-9 of the largest force) and feasibility (to 1e-9).

    In scales, sigmas and rows of unit size; a force of less than 1e-12 chi-square per scale is rounding.
    """
    z, n = found.x / problem.scale, len(problem)
    error = plain.pulls @ z - plain.reports
    dual = found.exact_multipliers * plain.row_size
    push = found.limit_multipliers * plain.limit_size
    bound = found.bound_multipliers[:n] * problem.scale
    force = plain.pulls.T @ error + plain.rows.T @ dual + plain.limits.T @ push - bound
    size = abs(plain.pulls).T @ abs(error) + abs(plain.rows).T @ abs(dual) + abs(plain.limits).T @ abs(push)
    size = size + np.max(size, initial=0.0)
    rounding = 1e-12 + 1e-14 * abs(plain.pulls).T @ (abs(plain.pulls) @ z + np.abs(plain.reports))
    assert np.all(np.abs(force) <= 1e-9 * size + rounding)
    assert np.all(bound >= -1e-9 * size - rounding)
    assert np.all(push >= -1e-9 * np.max(size, initial=0.0) - 1e-12)
    assert np.all(z >= 0)
    assert np.all(z[bound > 1e-9 * size + rounding] == 0)
    left, room = plain.rows @ z - plain.rhs, plain.most - plain.limits @ z
    assert np.all(np.abs(left) <= 1e-9 * (abs(plain.rows) @ z + np.abs(plain.rhs)))
    assert np.all(room >= -1e-9 * (abs(plain.limits) @ z + np.abs(plain.most)))
    assert np.all((push <= 1e-9 * np.max(size, initial=0.0) + 1e-12) | (room <= 1e-9 * np.abs(plain.most)))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_the_solver_and_a_dense_implementation_agree(seed: int) -> None:
    problem = System(seed).problem()
    (found, ours), plain = solved(problem), Dense(problem)
    assert_optimal(plain, problem, found)  # sufficient: the problem is convex
    theirs = plain.solve()
    theirs.assert_same(ours)
    fitted = plain.pulls @ theirs.z
    assert np.all(np.abs(found.fitted / problem.observed.sd - fitted) <= SAME * (1 + np.sqrt(found.chi2)))


def shuffled(problem: LeastSquares, order: Ints, rows: Ints, unit: float) -> LeastSquares:
    """The problem in other units, its unknowns in `order`, its exact rows in the order `rows`, its reports
    and limits backwards."""

    def moved(of: Rows, which: Ints) -> Rows:
        return Rows(of.matrix[which].tocsr(), unit * of.rhs[which], lambda k: of.name(int(which[k])))

    cells, seen = problem.cells, problem.observed
    every, limits = np.arange(len(seen))[::-1], np.arange(len(problem.limits))[::-1]
    return LeastSquares(
        replace(cells, i=np.argsort(order)[cells.i]),
        unit * problem.lower[order],
        unit * problem.upper[order],
        unit * problem.start[order],
        unit * problem.scale[order],
        moved(problem.exact, rows),
        moved(problem.limits, limits),
        Observed(moved(seen.rows, every), unit * seen.sd[every], seen.cv[every], seen.counted[every]),
        lambda k: problem.name(int(order[k])),
    )


def split(problem: LeastSquares, which: Ints) -> LeastSquares:
    """The problem with some reports each written as two that weigh as much together."""
    seen = problem.observed
    every = np.concatenate([np.arange(len(seen)), which])
    wide = np.where(np.isin(every, which), np.sqrt(2.0), 1.0)
    rows = Rows(
        seen.rows.matrix[every].tocsr(), seen.rows.rhs[every], lambda k: seen.rows.name(int(every[k]))
    )
    return replace(
        problem, observed=Observed(rows, wide * seen.sd[every], seen.cv[every], seen.counted[every])
    )


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_units_order_and_split_reports_make_no_difference(seed: int) -> None:
    problem, random = System(seed).problem(), np.random.default_rng(seed)
    n = len(problem)
    order, rows = random.permutation(n), random.permutation(len(problem.exact))
    which = np.flatnonzero(random.random(len(problem.observed)) < 0.5)
    unit = float(random.choice([1e-3, 0.4536, 1e6]))
    _, one = solved(problem)
    _, other = solved(shuffled(split(problem, which), order, rows, unit))
    back = np.argsort(order)
    held = np.concatenate([other.held[:n][back], other.held[n:][::-1]])
    one.assert_same(Optimum(other.z[back], held, other.sd[back], other.free[back]))
    assert np.all(np.abs(one.z - other.z[back]) <= SAME * (1 + one.z))  # what is free too


def test_most_systems_lean_on_bounds() -> None:
    leaning = [np.any(reconcile(System(seed).problem()).active != 0) for seed in range(40)]
    assert sum(leaning) > 20
