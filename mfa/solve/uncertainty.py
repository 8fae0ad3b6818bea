"""Which way standard deviations are found: none, part by part, or by one factorisation of everything."""

from __future__ import annotations

from mfa.solve.certain import Spread, certain
from mfa.solve.posterior import Posterior, posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.sensitivity import Sensitivity
from mfa.solve.separable.posterior import PartsPosterior, parts_posterior
from mfa.solve.separable.world import is_world
from mfa.solve.solution import Solution
from mfa.solve.whole import Whole

Propagated = Posterior | PartsPosterior
"""Standard deviations that come from errors of observations."""


def uncertainty(problem: LeastSquares, solution: Solution) -> Spread:
    """The standard deviations at `solution`; of a problem in which nothing counts they are all 0."""
    if not problem.observed.counted.any():
        return certain(problem)
    if is_world(problem) and bool((solution.weight == 1.0).all()):
        found = parts_posterior(problem, solution)
        if found is not None:
            return found
    return posterior(problem, solution)


def sensitivity_of(spread: Propagated) -> Sensitivity:
    """How everything moves with errors, from what the standard deviations were made of."""
    return spread.sensitivity if isinstance(spread, PartsPosterior) else Whole(spread)
