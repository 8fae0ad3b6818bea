"""What one more measurement would do to the standard deviation of a result.

Measuring c with sigma s takes cov(t, c)^2 / (var(c) + s^2) off the variance of t (the update of a Gaussian by
one observation). A free t is determined by measuring c where t = a c + what is determined already: on two
random null vectors of the problem the changes of t and c then have one ratio a, and only then, with
probability one; its variance becomes var(t - a c) + a^2 s^2.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mfa.solve.posterior import Posterior
from mfa.solve.problem import Bools, Floats

TRIED = 256
CANCELLED = 1e-12
PARALLEL = 1e-6
"""Sine of the angle between the changes of two numbers on the null vectors up to which they are one."""


def narrowed(
    spread: Posterior,
    target: sparse.csr_array,
    candidates: sparse.csr_array,
    sigma: Floats,
    known: Floats | None = None,
) -> Floats:
    """The sd of `target` (1, cells) after measuring each of `candidates` (k, cells) with its `sigma`.

    nan where the target is free and stays so. `known` are the candidates' own sd where they have been
    computed (nan elsewhere); of the others the `TRIED` that could bring most are looked at, the rest are
    taken to bring nothing.
    """
    free = _free(spread, candidates)
    if np.isnan(spread.sd_of(target)[0]):
        return _determined(spread, target, candidates, sigma, free)
    effects = spread.effects(target)[0]
    n, _, p = spread.kkt.size
    moved = spread.kkt.solve(spread.kkt.join(np.zeros(n), effects, np.zeros(p)))[:n]
    moved[spread.tangent.fixed] = 0.0
    square = np.where(free, 0.0, (_rows(spread, candidates) @ moved) ** 2)
    sd = _spread_of(spread, candidates, square / sigma**2, known)
    useful = np.isfinite(sd) & (square > 0)
    gain = np.divide(square, sd**2 + sigma**2, out=np.zeros(len(sigma)), where=useful)
    return np.asarray(np.sqrt(np.maximum(effects @ effects - gain, 0.0)))


def _spread_of(spread: Posterior, candidates: sparse.csr_array, most: Floats, known: Floats | None) -> Floats:
    """The sd of candidates, nan where `most` is too little to look."""
    sd = np.full(len(most), np.nan) if known is None else known.copy()
    unknown = np.flatnonzero(np.isnan(sd) & (most > 0))
    tried = unknown[np.argsort(-most[unknown], kind="stable")[:TRIED]]
    if len(tried):
        sd[tried] = spread.sd_of(candidates[tried].tocsr())
    return sd


def _free(spread: Posterior, candidates: sparse.csr_array) -> Bools:
    """Which candidates nothing determines."""
    problem = spread.tangent.form.problem
    typical = abs(candidates) @ np.abs(problem.cells.value(problem.scale))
    return spread.null.frees(_rows(spread, candidates), np.asarray(typical))


def _determined(
    spread: Posterior, target: sparse.csr_array, candidates: sparse.csr_array, sigma: Floats, free: Bools
) -> Floats:
    """The sd of a free target where one measurement determines it, of at most `TRIED` such."""
    own = (_rows(spread, target) @ spread.null.vectors)[0]
    others = np.asarray(_rows(spread, candidates) @ spread.null.vectors)
    ratio, one = _proportional(own, others)
    found = np.full(len(sigma), np.nan)
    places = np.flatnonzero(one & free)
    places = places[np.argsort(np.abs(ratio * sigma)[places], kind="stable")[:TRIED]]
    if len(places):
        scaled = sparse.diags_array(ratio[places]) @ candidates[places]
        known = spread.sd_of(_difference(sparse.csr_array(sparse.vstack([target] * len(places))), scaled))
        found[places] = np.hypot(known, ratio[places] * sigma[places])
    return found


def _difference(one: sparse.csr_array, other: sparse.csr_array) -> sparse.csr_array:
    """`one` less `other`, what cancels but for rounding left out."""
    left = one - other
    return sparse.csr_array(left.multiply(abs(left) > CANCELLED * (abs(one) + abs(other))))


def _proportional(own: Floats, others: Floats) -> tuple[Floats, Bools]:
    """The ratio of the target's changes to each candidate's, and where there is one."""
    square = np.sum(others**2, axis=1)
    ratio = np.divide(others @ own, square, out=np.zeros(len(square)), where=square > 0)
    left = np.linalg.norm(own - ratio[:, None] * others, axis=1)
    return ratio, np.asarray((square > 0) & (left <= PARALLEL * np.linalg.norm(own)))


def _rows(spread: Posterior, matrix: sparse.csr_array) -> sparse.csr_array:
    """Rows over cells as rows over unknowns and slacks, in the solver's units."""
    rows = (sparse.csr_array(matrix) @ spread.tangent.cells).tocsr()
    shape = (rows.shape[0], len(spread.tangent.fixed))
    return sparse.csr_array((rows.data, rows.indices, rows.indptr), shape)
