"""A slow plain twin of expectation propagation: hit and run on a cut off Gaussian."""

from __future__ import annotations

import numpy as np
from scipy import linalg, special

from mfa.solve.problem import Floats, LeastSquares

THIN = 6


def sampled(problem: LeastSquares, draws: int, seed: int = 1) -> Floats:
    """Draws (draws, unknowns) from exp(-chi-square / 2) of a linear problem, within bounds and limits:
    along random directions of the null space of its rows, a cut normal at a time."""
    n = len(problem)
    over = problem.cells.jacobian(np.ones(n))
    rows, seen = (m.toarray() for m in (problem.exact.matrix @ over, problem.observed.rows.matrix @ over))
    basis, sigma = linalg.null_space(rows), problem.observed.sd
    rng, x = np.random.default_rng(seed), problem.start.copy()
    assert np.abs(rows @ x - problem.exact.rhs).max(initial=0.0) < 1e-9, "begin inside"
    limits = np.vstack([np.eye(n), -np.eye(n), (problem.limits.matrix @ over).toarray()])
    most = np.concatenate([problem.upper, -problem.lower, problem.limits.rhs])
    found = np.empty((draws, n))
    cov = np.linalg.pinv((seen @ basis / sigma[:, None]).T @ (seen @ basis / sigma[:, None]), rcond=1e-12)
    root = np.linalg.cholesky(cov + 1e-12 * np.trace(cov) * np.eye(len(cov)))
    for k in range(draws):
        for _ in range(THIN):
            x = _step(
                x, basis @ (root @ rng.normal(size=len(root))), (limits, most), (seen, sigma, problem), rng
            )
        found[k] = x
    return found


def _step(x, way, bounds, reports, rng):  # type: ignore[no-untyped-def]
    """A draw along a line."""
    (limits, most), (seen, sigma, problem) = bounds, reports
    slope, room = limits @ way, most - limits @ x
    with np.errstate(divide="ignore", invalid="ignore"):
        far = room / slope
    high = np.min(far[slope > 1e-14], initial=np.inf)
    low = np.max(far[slope < -1e-14], initial=-np.inf)
    pull, off = seen @ way / sigma, (problem.observed.rows.rhs - seen @ x) / sigma
    precision = pull @ pull
    middle, sd = pull @ off / precision, precision**-0.5
    a, b = special.ndtr((low - middle) / sd), special.ndtr((high - middle) / sd)
    if b - a < 1e-12:
        return x
    return x + np.clip(middle + sd * special.ndtri(rng.uniform(a, b)), low, high) * way
