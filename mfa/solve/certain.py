"""The standard deviations of a simulation: every number given is exact, so all that follows is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats, LeastSquares


class Spread(Protocol):
    """What is asked of the standard deviations of a solution, whatever question it answers."""

    @property
    def sd_x(self) -> Floats:
        """Standard deviation of each unknown, nan where it is free."""
        ...

    @property
    def sd_q(self) -> Floats:
        """Standard deviation of each cell, nan where it is free."""
        ...

    @property
    def sd_observed(self) -> Floats:
        """Standard deviation of each observed row's fitted value."""
        ...

    @property
    def free_x(self) -> Bools:
        """The unknowns that nothing determines."""
        ...

    @property
    def free_q(self) -> Bools:
        """The cells that nothing determines."""
        ...

    @property
    def leverage(self) -> Floats:
        """The share of each observation's variance that the rest of the system takes off."""
        ...

    def covariance_of(self, matrix: sparse.csr_array) -> Floats:
        """The covariance (k, k) of linear combinations of cells, one per row of `matrix` (k, cells)."""
        ...

    def sd_of(self, matrix: sparse.csr_array) -> Floats:
        """The standard deviation of linear combinations of cells."""
        ...


@dataclass(frozen=True)
class Certain:
    """No standard deviation anywhere, nothing free and no observation that pulls."""

    sd_x: Floats
    sd_q: Floats
    sd_observed: Floats
    free_x: Bools
    free_q: Bools
    leverage: Floats

    def covariance_of(self, matrix: sparse.csr_array) -> Floats:
        """Zero for every pair of linear combinations of cells, (k, k)."""
        return np.zeros((matrix.shape[0], matrix.shape[0]))

    def sd_of(self, matrix: sparse.csr_array) -> Floats:
        """Zero for every linear combination of cells."""
        return np.zeros(matrix.shape[0])


def certain(problem: LeastSquares) -> Certain:
    """The standard deviations of what exact rows alone determine."""
    n, cells, seen = len(problem), len(problem.cells), len(problem.observed)
    return Certain(
        sd_x=np.zeros(n),
        sd_q=np.zeros(cells),
        sd_observed=np.zeros(seen),
        free_x=np.zeros(n, dtype=np.bool_),
        free_q=np.zeros(cells, dtype=np.bool_),
        leverage=np.zeros(seen),
    )
