"""What is said of an optimum that is one of several."""

from __future__ import annotations

from mfa.errors import Problem
from mfa.solve.losses import Loss
from mfa.solve.misfit import losses_of
from mfa.solve.problem import LeastSquares
from mfa.solve.separable.form import is_linear
from mfa.solve.solution import Solution

NAMED = 6
PERFECT = 1e-12
"""A chi-square that nothing can better."""


def start_problems(problem: LeastSquares, solution: Solution) -> list[Problem]:
    """A warning where the first start did not do, and other starts were tried."""
    starts = solution.starts
    if starts.tried == 1:
        return []
    words = [f"the best of {starts.tried} starts"]
    if starts.others:
        words.append(f"{starts.others} led to an optimum that is not as good")
    if starts.failed:
        words.append(f"{starts.failed} led nowhere")
    text = f"the optimum is a local one, {', '.join(words)}"
    hint = ""
    if starts.ended:
        names = [problem.name(k) for k in starts.ended]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        ends = "ends" if len(names) == 1 else "end"
        text += f"; {', '.join(names[:NAMED])}{more} {ends} at 0, and nothing tests the compositions there"
        hint = f"if it is known that {names[0]} flows, observe it, or state a `min` in a constraint"
    return [Problem("local-optimum", text, hint=hint, severity="warning")]


def standing(problem: LeastSquares, solution: Solution, robust: Loss) -> str:
    """Whether an optimum is known to be the best of all (`global`) or not (`local`).

    >>> from types import SimpleNamespace
    >>> perfect = SimpleNamespace(chi2=0.0)
    >>> standing(None, perfect, None)
    'global'
    """
    if solution.chi2 <= PERFECT:
        return "global"
    return "global" if is_linear(problem) and losses_of(problem.observed, robust).convex else "local"
