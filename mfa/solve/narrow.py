"""What one more measurement would do to the standard deviation of a result.

Measuring c with sigma s takes cov(t, c)^2 / (var(c) + s^2) off the variance of t (the update of a Gaussian by
one observation). A free t is determined by measuring c where t = a c + what is determined already: on two
random null vectors of the problem the changes of t and c then have one ratio a, and only then, with
probability one; its variance becomes var(t - a c) + a^2 s^2. All covariances with t are one solve.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats
from mfa.solve.uncertainty import Propagated, sensitivity_of

TRIED = 256
PARALLEL = 1e-6
"""Sine of the angle between the changes of two numbers on the null vectors up to which they are one."""
CANCELLED = 1e-12
"""A difference of this share of its terms is rounding."""


def narrowed(
    spread: Propagated,
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
    free, now = sensitivity_of(spread).frees(candidates), spread.sd_of(target)[0]
    if np.isnan(now):
        return _determined(spread, target, candidates, sigma, free)
    covariance = candidates @ sensitivity_of(spread).covariance_with(target)
    square = np.where(free, 0.0, covariance**2)
    sd = _spread_of(spread, candidates, square / sigma**2, known)
    useful = np.isfinite(sd) & (square > 0)
    gain = np.divide(square, sd**2 + sigma**2, out=np.zeros(len(sigma)), where=useful)
    return np.asarray(np.sqrt(np.maximum(now**2 - gain, 0.0)))


def _spread_of(
    spread: Propagated, candidates: sparse.csr_array, most: Floats, known: Floats | None
) -> Floats:
    """The sd of candidates, nan where `most` is too little to look."""
    sd = np.full(len(most), np.nan) if known is None else known.copy()
    unknown = np.flatnonzero(np.isnan(sd) & (most > 0))
    tried = unknown[np.argsort(-most[unknown], kind="stable")[:TRIED]]
    if len(tried):
        sd[tried] = spread.sd_of(candidates[tried].tocsr())
    return sd


def _determined(
    spread: Propagated, target: sparse.csr_array, candidates: sparse.csr_array, sigma: Floats, free: Bools
) -> Floats:
    """The sd of a free target where one measurement determines it, of at most `TRIED` such."""
    drift = sensitivity_of(spread).drift
    ratio, one = _proportional(drift(target)[0], drift(candidates))
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
