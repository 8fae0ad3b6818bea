"""A solution as least squares would see it: what figures are judged by, whatever the loss.

A robust fit may follow the wrong one of two reports and then blames the right one. Least squares splits the
difference and so accuses both; one linear step from the solution leads there, exactly where rows are linear.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mfa.solve.certain import Spread
from mfa.solve.posterior import posterior
from mfa.solve.problem import Floats, LeastSquares
from mfa.solve.solution import Solution


@dataclass(frozen=True)
class Plain:
    """Of every observation the deviation (report less fitted value, in sigma) and the leverage; chi-square of
    the counted ones."""

    deviation: Floats
    leverage: Floats
    chi2: float


def plain(problem: LeastSquares, solution: Solution, spread: Spread) -> Plain:
    """The deviations and leverages of least squares near `solution`, what sits at a bound held there."""
    if np.all(solution.weight == 1.0):
        return Plain(solution.deviation, spread.leverage, solution.chi2)
    unweighted = posterior(problem, replace(solution, weight=np.ones_like(solution.weight)))
    at, kkt = unweighted.tangent, unweighted.kkt
    counted = at.form.counted
    force = np.where(at.fixed, 0.0, at.pulls.T @ solution.deviation[counted])
    step = kkt.solve(kkt.join(force, np.zeros(len(counted)), np.zeros(kkt.size[2])))
    deviation = solution.deviation.copy()
    deviation[counted] -= kkt.split(step)[1]
    return Plain(deviation, unweighted.leverage, float(np.sum(deviation[counted] ** 2)))
