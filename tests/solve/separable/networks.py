"""Small random networks in separable form, and a general solver and dense algebra to compare with."""

from __future__ import annotations

import clarabel
import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from mfa.solve.separable.bounded import Optimum
from mfa.solve.separable.form import Separable

Array = npt.NDArray[np.float64]


def small(seed: int, *, gains: bool = False) -> Separable:
    """A network of 2 to 8 nodes; a fifth of the flows unreported, a fifth bounded above."""
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(2, 9))
    flows = int(rng.integers(nodes, 4 * nodes))
    ends = rng.integers(-1, nodes, (flows, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    rows = np.zeros((nodes, len(ends)))
    for k, (source, target) in enumerate(ends):
        if source >= 0:
            rows[source, k] -= 1
        if target >= 0:
            rows[target, k] += float(rng.uniform(0.5, 1.0)) if gains else 1.0
    n = len(ends)
    variance = 10 ** rng.uniform(-2, 4, n)
    mean = rng.normal(5, 8, n)
    variance[rng.random(n) < 0.2] = np.inf
    upper = np.where(rng.random(n) < 0.2, rng.uniform(0, 20, n), np.inf)
    return Separable(
        rows=sparse.csc_array(rows),
        rhs=np.zeros(nodes),
        mean=np.where(np.isfinite(variance), mean, 0.0),
        variance=variance,
        lower=np.zeros(n),
        upper=upper,
        start=np.clip(np.ones(n), 0, upper),
        shared=np.zeros(nodes, dtype=bool),
        floor=1e-6,
    )


def cost(problem: Separable, x: Array) -> float:
    """Half the sum of squares."""
    known = np.isfinite(problem.variance)
    return 0.5 * float(np.sum((x - problem.mean)[known] ** 2 / problem.variance[known]))


def general(problem: Separable) -> tuple[Array, bool]:
    """The optimum by a general interior point, and whether it got there."""
    n = len(problem)
    weight = np.where(np.isfinite(problem.variance), 1.0 / problem.variance, 0.0)
    capped = np.flatnonzero(np.isfinite(problem.upper))
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    eye = sparse.eye_array(n, format="csc")
    rows = sparse.vstack([problem.rows, -eye, eye[capped]], format="csc")
    right = np.concatenate([problem.rhs, -problem.lower, problem.upper[capped]])
    cones = [clarabel.ZeroConeT(len(problem.rhs)), clarabel.NonnegativeConeT(n + len(capped))]
    hessian = sparse.csc_matrix(sparse.diags_array(weight))
    solver = clarabel.DefaultSolver(
        hessian, -weight * problem.mean, sparse.csc_matrix(rows), right, cones, settings
    )
    found = solver.solve()
    return np.array(found.x), str(found.status) == "Solved"


def dense_variance(problem: Separable, optimum: Optimum) -> Array:
    """The variance of every unknown with what is at a bound held, nan where nothing determines it."""
    moving = np.flatnonzero((optimum.at == 0) & ~problem.pinned)
    found = np.zeros(len(problem))
    if not len(moving):
        return found
    space = linalg.null_space(problem.rows.toarray()[:, moving])
    weight = np.where(np.isfinite(problem.variance), 1.0 / problem.variance, 0.0)[moving]
    value, vector = np.linalg.eigh(space.T @ (weight[:, None] * space))
    known = value > 1e-10 * max(float(value.max(initial=0.0)), 1e-9)
    across = space @ vector
    own = np.sum(across[:, known] ** 2 / value[known], axis=1)
    free = np.max(np.abs(across[:, ~known]), axis=1, initial=0.0) > 1e-7
    found[moving] = np.where(free, np.nan, own)
    return found
