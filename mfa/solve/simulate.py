"""What exact rows alone determine, in causal order: the question of a simulation, where nothing is observed.

Bounds and limits are not looked at. Every quantity is found to its own precision: a flow of grams beside one
of megatonnes follows from its own row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfa.errors import Infeasible, Undetermined
from mfa.solve.causal import Order, causal_order
from mfa.solve.equations import Equations, equations
from mfa.solve.local import Local
from mfa.solve.march import march, plan
from mfa.solve.problem import Bools, Floats, LeastSquares
from mfa.solve.told import Words, contradictions, undetermined

CLOSED = 1e-9
"""Closure of a row, relative to its own terms, above which it contradicts what determines its unknowns."""


@dataclass(frozen=True)
class Simulated:
    """The unknowns, and the order they were found in."""

    x: Floats
    order: Order


def simulate(problem: LeastSquares, *, words: Words | None = None) -> Simulated:
    """The unknowns that the exact rows of `problem` determine; `words` adds what the caller knows of flows.

    Raises Undetermined with the unknowns that nothing determines and the rows they share, Infeasible with the
    rows that contradict each other, and NotConverged where a nonlinear loop finds no answer.

    Equation: E q(x) = b, by the block triangular form of its rows and unknowns (Pothen and Fan 1990).
    """
    rows, typical = equations(problem), _typical(problem)
    order = causal_order(rows, typical)
    if len(order.free):
        raise Undetermined(*undetermined(problem, rows, order, typical, words or Words()))
    x = march(rows, plan(rows, order), problem.start, _parts(problem))
    return Simulated(_closed(problem, rows, order, x), order)


@dataclass(frozen=True)
class Repeated:
    """A simulation to be run again and again with other numbers in the same rows, in milliseconds each."""

    order: Order
    steps: tuple[Local, ...]

    def x(self, problem: LeastSquares) -> Floats:
        """The unknowns of a problem that differs from the first in numbers alone.

        Raises Infeasible and NotConverged. Where a coefficient has become or ceased to be zero the order may
        be another: make a new one.
        """
        rows = equations(problem)
        x = march(rows, self.steps, problem.start, _parts(problem))
        return _closed(problem, rows, self.order, x)


def repeated(problem: LeastSquares, found: Simulated) -> Repeated:
    """The steps of a simulation, kept."""
    return Repeated(found.order, tuple(plan(equations(problem), found.order)))


def _closed(problem: LeastSquares, rows: Equations, order: Order, x: Floats) -> Floats:
    """The unknowns, once every row is seen to close; raises Infeasible where one does not."""
    q = problem.cells.value(x)
    size = np.asarray(abs(problem.exact.matrix) @ np.abs(q)) + np.abs(problem.exact.rhs)
    open_by = np.abs(problem.exact.residual(q)) / np.maximum(size, max(problem.floor, 1e-300))
    wrong = np.flatnonzero(~(open_by <= CLOSED))
    if len(wrong):
        raise Infeasible(*contradictions(problem, rows, order, wrong, q))
    return x


def _parts(problem: LeastSquares) -> Bools:
    """Which unknowns are parts of a mix."""
    return problem.bulk == -1 if len(problem.bulk) else np.zeros(len(problem), dtype=np.bool_)


def _typical(problem: LeastSquares) -> Floats:
    """Values at which blocks are looked at: masses of no particular size, parts of a mix as they start."""
    masses = np.random.default_rng(0).uniform(0.5, 2.0, len(problem))
    return np.where(_parts(problem), problem.start, masses)
