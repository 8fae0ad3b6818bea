"""Reports that claim to be surer than numbers are."""

from __future__ import annotations

import numpy as np

from mfa.errors import Problem
from mfa.solve.problem import LeastSquares

RESOLVED = 1e-15
"""Share of its value from which an error is more than the rounding of a sum."""
EXACT = "sd: 0 says that it is exact"


def too_sure(problem: LeastSquares) -> list[Problem]:
    """The counted reports whose error is less than numbers of their size resolve, however they are solved."""
    observed = problem.observed
    size = np.abs(observed.rows.rhs)
    sigma = np.maximum(observed.sd, observed.cv * size)
    found = np.flatnonzero(observed.counted & (sigma > 0) & (sigma < RESOLVED * size))
    return [
        Problem(
            "not-converged",
            f"the error of {observed.rows.name(int(k))} is {share:.0e} of its value",
            hint=EXACT,
        )
        for k, share in zip(found, sigma[found] / size[found], strict=True)
    ]
