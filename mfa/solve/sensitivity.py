"""What is asked of the system around an optimum: how unknowns, residuals and multipliers move with errors.

Small problems answer from one factorisation of everything (:mod:`mfa.solve.whole`), large linear ones part
by part (:mod:`mfa.solve.separable.sensitivity`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats, Ints, LeastSquares
from mfa.solve.solution import Solution


class Errors(Protocol):
    """Errors of candidates, the counted reports and then some exact rows, and what they do to each other.

    `u` are residuals (fitted value less report, in sigma) and multipliers; errors E move them by -G E, G
    their covariance, whose diagonal is `diagonal`. Candidates of different `parts` have nothing to do with
    each other.
    """

    @property
    def counted(self) -> Ints:
        """The observations that are candidates."""
        ...

    @property
    def rows(self) -> Ints:
        """The exact rows that are candidates."""
        ...

    @property
    def u(self) -> Floats:
        """Residuals and multipliers."""
        ...

    @property
    def diagonal(self) -> Floats:
        """Their variances."""
        ...

    @property
    def parts(self) -> Ints:
        """The part of every candidate, from 0."""
        ...

    def members(self, part: int) -> Ints:
        """The candidates of a part."""
        ...

    def response(self, part: int, places: Ints, sizes: Floats, at: Ints | None = None) -> Floats:
        """G E over the candidates of a part (or those `at` some places in it), for errors of `sizes` at
        `places` in it."""
        ...


@dataclass(frozen=True)
class Freedom:
    """What free unknowns can do: change by d within `low` and `high`, `held` d = 0, cells by `slopes` d from
    `now`."""

    slopes: sparse.csr_array
    held: sparse.csr_array
    low: Floats
    high: Floats
    now: Floats


class Sensitivity(Protocol):
    """How combinations of cells, one per row of a matrix (k, cells), move with errors and in the null
    space."""

    def frees(self, matrix: sparse.csr_array) -> Bools:
        """Which combinations nothing determines."""
        ...

    def drift(self, matrix: sparse.csr_array) -> Floats:
        """The changes of combinations on two random null vectors, (k, 2)."""
        ...

    def covariance_with(self, target: sparse.csr_array) -> Floats:
        """The covariance of every cell with one combination (1, cells); that of a free cell means nothing."""
        ...

    def freedom(self) -> Freedom:
        """What free unknowns can do with everything determined held."""
        ...

    def errors(self, problem: LeastSquares, solution: Solution, rows: Sequence[int]) -> Errors:
        """The errors of all counted reports and of some exact rows."""
        ...


def gap_of(problem: LeastSquares, solution: Solution) -> Floats:
    """Report less fitted value of every counted observation, in sigma."""
    counted = problem.observed.counted
    return np.asarray((problem.observed.rows.rhs - solution.fitted)[counted] / solution.sigma[counted])
