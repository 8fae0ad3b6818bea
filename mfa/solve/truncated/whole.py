"""The posterior that bounds cut off, from the factors of the whole system.

With V the covariance of the numbers K that bounds bite, m their mean, and (tau, nu) the sites the sweeps end
at, sites change mean and covariance of everything by what they change of K alone:

    mean' = mean + Sigma_K (1 + T V)^-1 (nu - T m),    Sigma' = Sigma - Sigma_K (1 + T V)^-1 T Sigma_K',

T = diag(tau), so that A x = b holds for the means.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import linalg, sparse

from mfa.solve.posterior import Posterior, in_unknowns
from mfa.solve.problem import Floats, Ints, LeastSquares
from mfa.solve.solution import Solution
from mfa.solve.truncated.implied import implied
from mfa.solve.truncated.interval import NEAR, Skewing
from mfa.solve.truncated.marginal import Marginal
from mfa.solve.truncated.released import FORCELESS, Released, joined, released
from mfa.solve.truncated.sweeps import Cavity, Cut, propagated

ROUNDS = 4
"""Rounds in which bounds are looked for that bite once others are let go."""
MOST, WORK = 1500, 3_300_000
"""Sites at most, and sites times columns of the system: where more bounds bite, those that bite hardest."""
LOST = 1e-5
"""Share of its variance that bounds may leave of a number: less has lost digits, and is found from nearer."""
ROUNDING = 1e-10
"""Share of a variance that is left by rounding."""


@dataclass(frozen=True)
class WholeCut:
    """The cut off posterior around an optimum; not `complete` where more bounds bite than have a site: the
    rest cut off their own numbers alone."""

    released: Released
    cut: Cut
    low: Floats
    high: Floats
    complete: bool = True

    @property
    def spread(self) -> Posterior:
        """The standard deviations where bounds hold, of which those here are made."""
        return self.released.posterior

    @cached_property
    def _change(self) -> tuple[Floats, Floats]:
        """What takes covariances with the places to changes of a covariance, and of a mean."""
        given, sites = self.released.given, self.cut.sites
        tau, nu = sites.tau - given.tau, sites.nu - given.nu
        unit = np.sqrt(np.diagonal(self.released.covariance))
        scaled = self.released.covariance / unit / unit[:, None]
        left = (tau * unit**2)[:, None] * scaled
        left[np.diag_indices_from(left)] += 1.0
        mean = self.released.shift[self.released.places]
        right = np.column_stack([np.diag(tau * unit**2), (nu - tau * mean) * unit])
        found = linalg.lapack.dgesv(left, right)[2]
        covariance = 0.5 * (found[:, :-1] + found[:, :-1].T) / unit / unit[:, None]
        return covariance, found[:, -1] / unit

    @cached_property
    def cavity(self) -> Cavity:
        """The cavities of the places, in deviations from the optimum."""
        variance = np.diagonal(self.cut.covariance)
        return Cavity.of(self.cut.mean, variance, self.cut.sites, self.low, self.high)

    def combined(self, matrix: sparse.csr_array, variance: Floats) -> Marginal:
        """The marginals of combinations of cells (k, cells) with these variances where bounds hold."""
        return self.marginal(in_unknowns(self.spread.tangent, matrix), variance)

    def unknowns(self, some: slice, variance: Floats) -> Marginal:
        """The marginals of some of the problem's unknowns."""
        scale = sparse.diags_array(self.spread.tangent.form.scale, format="csr")
        return self.marginal(sparse.csr_array(scale[some.start : some.start + len(variance)]), variance)

    def marginal(self, rows: sparse.csr_array, variance: Floats) -> Marginal:
        """The marginals of linear combinations (k, unknowns) with these variances where bounds hold."""
        along = np.asarray(rows @ self.released.with_places)
        by_covariance, by_mean = self._change
        before = variance + self.released.gained(rows)
        after = before - np.sum((along @ by_covariance) * along, axis=1)
        after = np.where(after > ROUNDING * before, after, 0.0)
        shift = np.asarray(rows @ self.released.shift) + along @ by_mean
        left = along - along @ by_covariance @ self.released.covariance
        slope = left / np.diagonal(self.cut.covariance)
        moved, added = self.released.moves.without_bounds(rows)
        apart = None
        if not self.complete:
            sited = np.asarray(abs(rows)[:, self.released.places].sum(axis=1)) > 0
            apart = np.where(sited, np.nan, shift), np.where(sited, np.nan, after)
        return Marginal(shift, after, Skewing(slope, self.cavity), moved, variance + added, apart)


def whole_cut(problem: LeastSquares, solution: Solution, posterior: Posterior) -> WholeCut | None:
    """The posterior cut off by the bounds of a problem; None where none bites."""
    found = _cut_off(problem, solution, posterior, np.zeros(0, np.int64))
    if found is None:
        return None
    places, before = found.released.places, np.diagonal(found.released.covariance)
    wide = (np.diagonal(found.cut.covariance) < LOST * before) & (found.released.given.tau == 0)
    again = _cut_off(problem, solution, posterior, places[wide]) if wide.any() else None
    return found if again is None else again


def _cut_off(problem: LeastSquares, solution: Solution, posterior: Posterior, wide: Ints) -> WholeCut | None:
    """The cut off posterior, `wide` numbers having a weak site from the beginning."""
    bounds = _Bounds.of(problem, posterior)
    held = _forced(bounds.held, bounds.force(solution, posterior), posterior)
    near = bounds.near(np.zeros(len(bounds.low)), bounds.variance)
    if not len(held) and not len(near):
        return None
    now = released(posterior, solution, held, wide)
    variance = _Bounds.of(problem, now.posterior).variance if len(wide) else bounds.variance
    every = sparse.csr_array(sparse.eye_array(len(bounds.low), format="csr"))
    tried = now.places
    for _ in range(ROUNDS):
        fresh = near[~np.isin(near, tried)][: max(_most(posterior) - len(tried), 0)]
        now, tried = now.including(fresh), np.concatenate([tried, fresh])
        if not len(now.places):  # what is near a bound cannot move
            return None
        found = _swept(now, bounds)
        beside = found.marginal(every, variance)
        near = bounds.near(beside.shift, beside.variance)
        if np.isin(near, tried).all() or len(tried) >= _most(posterior):
            break
    return replace(found, complete=bool(np.isin(near, tried).all()))


def _swept(now: Released, bounds: _Bounds) -> WholeCut:
    """The Gaussian with the bounds of its places cut off."""
    low, high = bounds.low[now.places], bounds.high[now.places]
    cut = propagated(now.shift[now.places], now.covariance, low, high, given=now.given)
    return WholeCut(now, cut, low, high)


def _most(posterior: Posterior) -> int:
    """How many sites a system may have."""
    return int(min(MOST, WORK // len(posterior.kkt.unit)))


def _forced(held: Ints, force: Floats, posterior: Posterior) -> Ints:
    """The held that are let go: those that rows join to one that is held by force. Where there are too many,
    those that are held by least; what no force holds, as what nothing enters, has nowhere to go."""
    label = joined(posterior.tangent.rows, held)
    most = np.zeros(int(label.max(initial=-1)) + 1)
    np.maximum.at(most, label, force)
    some = np.flatnonzero(most[label] > FORCELESS)
    order = np.argsort(force[some], kind="stable")[: _most(posterior) // 2]
    return np.sort(held[some[order]])


@dataclass(frozen=True)
class _Bounds:
    """Deviations from the optimum that bounds of unknowns and slacks leave (infinite where there is no site),
    which of them are held, and variances while they are."""

    low: Floats
    high: Floats
    held: Ints
    variance: Floats

    @classmethod
    def of(cls, problem: LeastSquares, posterior: Posterior) -> _Bounds:
        """The bounds around the optimum."""
        at = posterior.tangent
        pinned = at.form.lower >= at.form.upper
        open_ = pinned | posterior.null.free
        low, high = at.form.lower - at.z, at.form.upper - at.z
        follow = open_.copy()
        follow[: len(problem)] |= implied(problem, ~posterior.free_x)
        sd = np.concatenate([posterior.sd_x, posterior.sd_of(problem.limits.matrix)]) / at.form.scale
        return cls(
            np.where(follow, -np.inf, np.minimum(low, 0.0)),
            np.where(open_, np.inf, np.maximum(high, 0.0)),
            np.flatnonzero(at.fixed & ~pinned),
            np.nan_to_num(sd) ** 2,
        )

    def force(self, solution: Solution, posterior: Posterior) -> Floats:
        """How hard each of the held is held: chi-square per scale."""
        return np.abs(solution.bound_multipliers * posterior.tangent.form.scale)[self.held]

    def near(self, shift: Floats, variance: Floats) -> Ints:
        """The unknowns that a bound bites, the hardest first."""
        sd = np.sqrt(variance)
        room = np.minimum(shift - self.low, self.high - shift)
        some = np.flatnonzero((sd > 0) & (room < NEAR * sd))
        return np.asarray(some[np.argsort((room[some] / sd[some]), kind="stable")])
