"""Which way standard deviations are found: none, part by part, or by one factorisation of everything."""

from __future__ import annotations

from mfa.solve.certain import Spread, certain
from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.separable.posterior import parts_posterior
from mfa.solve.separable.world import is_world
from mfa.solve.solution import Solution


def uncertainty(problem: LeastSquares, solution: Solution) -> Spread:
    """The standard deviations at `solution`; of a problem in which nothing counts they are all 0."""
    if not problem.observed.counted.any():
        return certain(problem)
    if is_world(problem) and bool((solution.weight == 1.0).all()):
        found = parts_posterior(problem, solution)
        if found is not None:
            return found
    return posterior(problem, solution)
