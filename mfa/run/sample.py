"""Draws of a result: every flow, stock, indicator or formula in every draw, and their intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mfa.errors import InputError, ModelError, Problem
from mfa.run.measurement import At, target
from mfa.run.result import Result
from mfa.run.trace import Trace, trace_of
from mfa.solve.draws import Draws, draws

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Draws from the posterior of a result; `drawn` holds the unknowns and the method."""

    result: Result
    trace: Trace
    drawn: Draws

    def __len__(self) -> int:
        return len(self.drawn.x)

    def values(self, name: str, *, at: At | None = None) -> Floats:
        """A flow, stock, indicator or formula in every draw (n,), summed over the labels left out.

        Raises UnknownName and InputError.
        """
        found = [target(self.result, t, name, at or {}).value[0] for t in traces(self.trace, self.drawn)]
        return np.array(found, dtype=np.float64)

    def sd(self, name: str, *, at: At | None = None) -> float:
        """The standard deviation over the draws."""
        return float(np.std(self.values(name, at=at), ddof=1))

    def interval(self, name: str, *, level: float = 0.9, at: At | None = None) -> tuple[float, float]:
        """The ends of the interval that leaves out as many draws below as above."""
        low, high = np.quantile(self.values(name, at=at), [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


def traces(trace: Trace, drawn: Draws) -> Iterator[Trace]:
    """The trace with the values of each draw."""
    for x in drawn.x:
        solution = replace(trace.solution, x=x, q=trace.problem.cells.value(x))
        yield replace(trace, solution=solution)


def sample(result: Result, n: int, seed: int) -> Sample:
    """`n` draws of a result; raises InputError for fewer than two, ModelError for those of a simulation."""
    if result.facts.get("question") == "simulate":
        text = "a simulation takes its numbers as exact: there are no draws of it yet"
        raise ModelError(Problem("simulation-uncertainty", text))
    if n < 2:
        raise InputError(f"an interval needs two draws or more, not {n}")
    trace = trace_of(result)
    return Sample(result, trace, draws(trace.problem, trace.solution, n, seed))
