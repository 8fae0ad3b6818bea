"""Expectation propagation: a Gaussian cut off by bounds, one site for each bound that bites (Minka 2001).

A site is what a bound tells, as a Gaussian of the number it bounds: a precision tau and a shift nu. Each
sweep takes every site off its number's marginal (what is left is the cavity), cuts that off exactly, and sets
the site to what brings mean and variance there; all sites at once, 0.7 of the way. Sites of log-concave cuts
have no negative precision, and cavities no negative variance: where digits are lost, a site stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph

from mfa.solve.problem import Bools, Floats, Ints
from mfa.solve.truncated.moments import Moments, moments

DAMPED, SWEEPS, SETTLED = 0.7, 100, 1e-5
"""Share of the way that a sweep goes, the most sweeps, and the move of a mean, in standard deviations, and of
a variance, as a share, that ends them."""
PATIENCE = 30
"""Sweeps after which they go half as far."""
ALONE = 1e-8
"""Correlations below this are none: numbers that have no other are cut off apart."""
OUTSIDE = 1e7
"""Standard deviations outside its bounds at which a cavity has no digit left."""
LOST = 1e-9
"""Share of a marginal's precision below which that of its cavity is rounding."""


@dataclass(frozen=True)
class Sites:
    """Precision and shift of every site."""

    tau: Floats
    nu: Floats

    def toward(self, other: Sites, share: Floats) -> Sites:
        """These sites moved towards others by a share each."""
        return Sites(self.tau + share * (other.tau - self.tau), self.nu + share * (other.nu - self.nu))

    def only(self, some: Ints) -> Sites:
        """Some of the sites."""
        return Sites(self.tau[some], self.nu[some])


@dataclass(frozen=True)
class Cavity:
    """Marginals with their own sites taken off, and the moments of what bounds leave of them,
    standardised."""

    mean: Floats
    sd: Floats
    low: Floats
    high: Floats
    cut: Moments
    sound: Bools

    @classmethod
    def of(cls, mean: Floats, variance: Floats, sites: Sites, low: Floats, high: Floats) -> Cavity:
        """The cavities of numbers with a mean, a variance and bounds."""
        own = 1.0 / np.where(variance > 0, variance, 1.0)
        left = own - sites.tau
        sound = (variance > 0) & (left > LOST * own)
        spread = 1.0 / np.where(sound, left, own)
        middle, sd = spread * (mean * own - sites.nu), np.sqrt(spread)
        first, last = (low - middle) / sd, (high - middle) / sd
        sound &= (first < OUTSIDE) & (last > -OUTSIDE)
        first, last = np.where(sound, first, -np.inf), np.where(sound, last, np.inf)
        return cls(middle, sd, first, last, moments(first, last), sound)

    @property
    def bite(self) -> Floats:
        """How hard each bound bites: the share of its cavity's variance that it takes off."""
        return np.where(self.sound, 1.0 - self.cut.variance, 0.0)

    def sites(self, old: Sites) -> Sites:
        """The sites that give the cut off moments; the old ones where digits are lost."""
        left = np.clip(self.cut.variance, 1e-14, 1.0)
        tau = (1.0 / left - 1.0) / self.sd**2
        nu = (self.cut.mean / left) / self.sd + self.mean * tau
        return Sites(np.where(self.sound, tau, old.tau), np.where(self.sound, nu, old.nu))


@dataclass(frozen=True)
class Cut:
    """What the sweeps end at: the sites, and the numbers' means and covariances with them."""

    sites: Sites
    mean: Floats
    covariance: Floats
    sweeps: int
    settled: bool


def propagated(mean: Floats, covariance: Floats, low: Floats, high: Floats, *, given: Sites) -> Cut:
    """The numbers with `mean` and `covariance` (k, k), cut off at `low` and `high`.

    Both hold with the `given` sites, from which the sweeps begin. A number without bounds ends without a
    site.
    """
    size = np.sqrt(np.diagonal(covariance))
    linked = sparse.csr_array((np.abs(covariance) > ALONE * size * size[:, None]).astype(np.int8))
    count, label = csgraph.connected_components(linked, directed=False)
    order = np.argsort(label, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(label, minlength=count))[:-1]) if count else []
    tau, nu, middle, joint = given.tau.copy(), given.nu.copy(), mean.copy(), covariance.copy()
    found = []
    for own in groups:
        one = np.ix_(own, own)
        found.append(_Part(mean[own], covariance[one], low[own], high[own], given.only(own)).swept())
        tau[own], nu[own] = found[-1].sites.tau, found[-1].sites.nu
        middle[own], joint[one] = found[-1].mean, found[-1].covariance
    sweeps = max((f.sweeps for f in found), default=0)
    return Cut(Sites(tau, nu), middle, joint, sweeps, all(f.settled for f in found))


@dataclass(frozen=True)
class _Part:
    """Numbers that depend on each other."""

    mean: Floats
    covariance: Floats
    low: Floats
    high: Floats
    given: Sites

    def swept(self) -> Cut:
        """The end of the sweeps; one number alone gets there at once."""
        sites, (mean, covariance) = self.given, self.joint(self.given)
        for sweep in range(1, SWEEPS + 1):
            far = DAMPED * 0.5 ** (sweep // PATIENCE) if len(mean) > 1 else 1.0
            share = np.full(len(mean), far)
            variance = np.diagonal(covariance)
            wanted = Cavity.of(mean, variance, sites, self.low, self.high).sites(sites)
            moved = sites.toward(wanted, share)
            new = self.joint(moved)
            if not (np.isfinite(new[0]).all() and np.isfinite(new[1]).all()):
                break
            old, sites, (mean, covariance) = (mean, variance), moved, new
            if _still(old, (mean, np.diagonal(covariance))):
                return Cut(sites, mean, covariance, sweep, True)
        return Cut(sites, mean, covariance, SWEEPS, False)

    def joint(self, sites: Sites) -> tuple[Floats, Floats]:
        """Mean and covariance with these sites in the place of the given ones."""
        change, shift = sites.tau - self.given.tau, sites.nu - self.given.nu
        # (V^-1 + T)^-1 = (1 + V T)^-1 V, in units in which the diagonal of V is 1
        unit = np.sqrt(np.diagonal(self.covariance))
        scaled = self.covariance / unit / unit[:, None]
        left = scaled * (change * unit**2)
        left[np.diag_indices_from(left)] += 1.0
        right = np.column_stack([scaled, self.mean / unit + scaled @ (shift * unit)])
        found = linalg.lapack.dgesv(left, right)[2]
        covariance = 0.5 * (found[:, :-1] + found[:, :-1].T) * unit * unit[:, None]
        return found[:, -1] * unit, covariance


def _still(old: tuple[Floats, Floats], new: tuple[Floats, Floats]) -> bool:
    """Whether means and variances hardly moved."""
    some = (old[1] > 0) & (new[1] > 0)
    step = np.abs(new[0] - old[0])[some] / np.sqrt(old[1][some])
    return bool(
        max(step.max(initial=0.0), np.abs(new[1][some] / old[1][some] - 1).max(initial=0.0)) < SETTLED
    )
