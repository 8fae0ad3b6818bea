"""A second, slow and plain way to standard deviations: one refined solve for each observation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.solve.solution import Tangent

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moved:
    """How unknowns and slacks (in scales) and fitted values (in sigmas) move with a unit error of each
    observation."""

    unknowns: Array
    fitted: Array

    def sd(self, rows: sparse.csr_array) -> Array:
        """The standard deviation of each of `rows` over unknowns and slacks."""
        return np.asarray(np.sqrt(np.sum((rows @ self.unknowns) ** 2, axis=1)))

    @property
    def leverage(self) -> Array:
        """One less how each fitted value moves with its own report."""
        return np.asarray(1.0 - np.diag(self.fitted))


def one_by_one(at: Tangent) -> Moved:
    """With K the whole system, K^-1 times a unit error of every observation."""
    kkt, factors = at.factorise()
    n, m, _ = kkt.size
    places = np.arange(n, n + m)
    error = np.zeros((kkt.matrix.shape[0], m))
    error[places, np.arange(m)] = kkt.unit[places]
    found = factors.solve(error)
    found += factors.solve(error - kkt.matrix @ found)
    found *= kkt.unit[:, None]
    return Moved(found[:n], np.eye(m) + found[n : n + m])
