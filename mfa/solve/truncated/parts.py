"""The posterior that bounds cut off, at world size: sweeps part by part in the separable form.

A site on an unknown is a report of it. Each sweep gives unknowns the precision 1/V + tau and the mean that
goes with it, nothing held, and takes means and variances of all from the merged rows' factors, as the optimum
and its standard deviations are found: A x = b holds for the means. A part whose numbers have settled is done.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.errors import NotConverged, Problem
from mfa.solve.problem import Bools, Floats, Ints, LeastSquares
from mfa.solve.separable.bounded import At, Optimum
from mfa.solve.separable.equality import equality_of, grounded
from mfa.solve.separable.form import Separable
from mfa.solve.separable.parts import Part, part_of
from mfa.solve.separable.posterior import PartsPosterior
from mfa.solve.separable.sensitivity import CHUNK
from mfa.solve.separable.spread import Spread
from mfa.solve.separable.workers import spread_work
from mfa.solve.separable.world import optimum_in
from mfa.solve.truncated.implied import implied
from mfa.solve.truncated.interval import NEAR
from mfa.solve.truncated.marginal import Marginal
from mfa.solve.truncated.released import FORCELESS, joined
from mfa.solve.truncated.sweeps import DAMPED, Cavity, Sites

SWEEPS, LEAST, SETTLED = 40, 7, 1e-2
"""Sweeps at most and at least, and the move of a mean, in standard deviations, that ends them."""
MANY, FEW = 2_000, 2e-2
"""Sites from which a share of them may still move: where all that enters a node is at its bound, sites settle
late, around nothing."""
WEAK = 1e-2
"""Precision, per squared size, of the first site of what only a bound without force determines."""


@dataclass(frozen=True)
class Swept:
    """Means, variances and sites of all unknowns of the separable form, and means and variances before the
    sweeps, with the sites `weak` alone."""

    mean: Floats
    variance: Floats
    tau: Floats
    nu: Floats
    loose_mean: Floats
    loose_variance: Floats
    weak: Floats

    def write(self, columns: Ints, of: Swept) -> None:
        """Put those of a part in its columns."""
        for field in fields(self):
            getattr(self, field.name)[columns] = getattr(of, field.name)


@dataclass(frozen=True)
class PartsCut:
    """The cut off posterior of a linear problem at world size."""

    problem: LeastSquares
    spread: PartsPosterior
    swept: Swept
    stuck: At

    def unknowns(self, some: slice, variance: Floats) -> Marginal:
        """The marginals of some of the problem's unknowns."""
        return self._marginal(np.arange(some.start, some.start + len(variance)), 1.0, variance)

    def combined(self, matrix: sparse.csr_array, variance: Floats) -> Marginal:
        """The marginals of combinations of cells (k, cells) with these variances where bounds hold."""
        cells = self.problem.cells
        single = np.diff(matrix.indptr) == 1
        if single.all():
            of = cells.i[matrix.indices]
            return self._marginal(of, matrix.data * cells.coef[matrix.indices], variance)
        rows, swept = self.spread.sensitivity.combined(matrix), self.swept
        shift, loose = (np.asarray(rows @ (m - self._optimum)) for m in (swept.mean, swept.loose_mean))
        before = _variances(self._loose, rows)
        return Marginal(shift, _variances(self._whole, rows), None, loose, before)

    def _marginal(self, of: Ints, factor: Floats | float, variance: Floats) -> Marginal:
        """The marginals of unknowns times factors."""
        swept, at = self.swept, self._optimum[of]
        shift, loose = (swept.mean[of] - at) * factor, (swept.loose_mean[of] - at) * factor
        after = swept.variance[of] * factor**2
        sited = swept.tau[of] > 0
        left = 1.0 / np.where(swept.variance[of] > 0, swept.variance[of], np.inf) - swept.tau[of]
        sound = sited & (left > 0)
        cavity = 1.0 / np.where(sound, left, 1.0)
        mean = cavity * (swept.mean[of] / np.where(sound, swept.variance[of], 1.0) - swept.nu[of])
        off = (mean - at) * factor
        apart = np.where(sound, off, np.nan), np.where(sound, cavity * factor**2, np.nan)
        before = np.asarray(swept.loose_variance[of] * factor**2)
        return Marginal(shift, after, None, loose, before, apart)

    @property
    def _optimum(self) -> Floats:
        return self.spread.sensitivity.optimum.x

    @cached_property
    def _whole(self) -> Spread:
        """How unknowns move with reports and sites."""
        return self._with(self.swept.tau)

    @cached_property
    def _loose(self) -> Spread:
        """The same without bounds."""
        return self._with(self.swept.weak)

    def _with(self, tau: Floats) -> Spread:
        form = _with_sites(self.spread.sensitivity.form, Sites(tau, np.zeros(len(tau))))
        found = _spread(form, self._optimum, self.stuck)
        if found is None:
            raise NotConverged(Problem("not-converged", "the rows without bounds cannot be merged"))
        return found


def _variances(spread: Spread, rows: sparse.csr_array) -> Floats:
    found = [np.zeros(0)]
    for k in range(0, rows.shape[0], CHUNK):
        effects = spread.effects(rows[k : k + CHUNK])
        found.append(np.asarray(effects.power(2) @ spread.equality.variance))
    return np.concatenate(found)


def _spread(form: Separable, near: Floats, at: At) -> Spread | None:
    """How unknowns move with reports and sites where nothing is held but what is in `at`."""
    equality = equality_of(form, at, near)
    return None if equality is None else Spread(grounded(equality))


def parts_cut(problem: LeastSquares, spread: PartsPosterior) -> PartsCut | None:
    """The posterior of a linear problem cut off by its bounds; None where none bites, or rows do not
    merge."""
    moved, none = spread.sensitivity, np.zeros(len(spread.sensitivity.form) - len(problem))
    form, optimum = moved.form, moved.optimum
    free = np.concatenate([spread.free_x, none > 0])
    sd = np.concatenate([np.nan_to_num(spread.sd_x), none])
    room = np.minimum(optimum.x - form.lower, form.upper - optimum.x)
    open_ = np.isfinite(room) & ~form.pinned & ~free
    near = open_ & ((optimum.at != 0) | (room < NEAR * sd))
    follow = np.concatenate([implied(problem, ~spread.free_x), none > 0])
    every = np.arange(len(form))
    rows = form.smallest(form.size(optimum.x), every)
    size = np.maximum(np.concatenate([np.abs(problem.scale), none]), np.where(np.isfinite(rows), rows, 0.0))
    bounds = _Bounds(form, optimum, open_ & ~follow, size)
    parts = [(bounds, part) for part in moved.world.parts if near[part.columns].any()]
    if not parts:
        return None
    found = spread_work(_sweep_part, parts, sum(len(part.columns) for _, part in parts))
    x, held = optimum.x, np.concatenate([spread.sd_x**2, none])
    whole = Swept(x.copy(), held.copy(), 0 * x, 0 * x, x.copy(), held.copy(), 0 * x)
    for (_, part), own in zip(parts, found, strict=True):
        if own is None:
            return None
        whole.write(part.columns, own)
    return PartsCut(problem, spread, whole, bounds.stuck)


@dataclass(frozen=True)
class _Bounds:
    """A separable problem with its optimum, the unknowns that may have a site, and their sizes."""

    form: Separable
    optimum: Optimum
    sited: Bools
    size: Floats

    def part(self, part: Part) -> _Bounds:
        """Those of a part."""
        own, columns = part_of(self.form, part), part.columns
        return _Bounds(own, optimum_in(part, self.optimum), self.sited[columns], self.size[columns])

    @cached_property
    def stuck(self) -> At:
        """The active set of what no force holds, nor anything that rows join to it: it has nowhere to go."""
        at = self.optimum.at
        held = np.flatnonzero((at != 0) & ~self.form.pinned)
        label, force = joined(self.form.by_row, held), np.abs(self.optimum.bound[held] * self.size[held])
        most = np.zeros(int(label.max(initial=-1)) + 1)
        np.maximum.at(most, label, force)
        found = np.zeros_like(at)
        still = held[most[label] <= FORCELESS]
        found[still] = at[still]
        return found

    @property
    def weak(self) -> Floats:
        """Precisions that hold nothing, of what a bound alone determines."""
        held = (self.optimum.at != 0) & np.isinf(self.form.variance) & self.sited & (self.stuck == 0)
        return np.where(held, WEAK / np.where(self.size > 0, self.size, 1.0) ** 2, 0.0)

    def joint(self, sites: Sites) -> tuple[Floats, Floats] | None:
        """Means and variances of all unknowns with these sites, nothing held."""
        form = _with_sites(self.form, sites)
        found = _spread(form, self.optimum.x, self.stuck)
        if found is None:
            return None
        mean, _, _ = found.equality.solve(self.optimum.x)
        return mean, np.nan_to_num(found.marginals().variance)

    def biting(self, mean: Floats, variance: Floats) -> Bools:
        """The unknowns that may have a site and are near a bound."""
        room = np.minimum(mean - self.form.lower, self.form.upper - mean)
        near = room < NEAR * np.sqrt(variance)
        return np.asarray(self.sited & (self.stuck == 0) & (variance > 0) & near)


def _sweep_part(bounds: _Bounds, part: Part) -> Swept | None:
    return _sweep(bounds.part(part))


def _sweep(of: _Bounds) -> Swept | None:
    """The sweeps of one part."""
    weak, x = of.weak, of.optimum.x
    first, on = of.joint(Sites(weak, weak * x)), weak > 0
    # a bound that holds by a force g leaves about 1/g
    tau = np.where(on, np.maximum(weak, of.optimum.bound**2), 0.0)
    sites = Sites(tau, tau * x)
    found = of.joint(sites) if on.any() else first
    for sweep in range(SWEEPS):
        if first is None or found is None:
            return None
        mean, variance = found
        on |= of.biting(mean, variance)
        k = np.flatnonzero(on & (variance > 0))
        sites = _moved(of.form, sites, k, mean, variance)
        found = of.joint(sites)
        if found is not None and sweep >= LEAST and _still(k, (mean, variance), found):
            break
    return None if first is None or found is None else Swept(*found, sites.tau, sites.nu, *first, weak)


def _moved(form: Separable, sites: Sites, k: Ints, mean: Floats, variance: Floats) -> Sites:
    """The sites `k` moved towards those of the cut off cavities."""
    own, (tau, nu) = sites.only(k), (sites.tau.copy(), sites.nu.copy())
    cavity = Cavity.of(mean[k], variance[k], own, form.lower[k], form.upper[k])
    new = own.toward(cavity.sites(own), np.full(len(k), DAMPED))
    tau[k], nu[k] = new.tau, new.nu
    return Sites(tau, nu)


def _still(k: Ints, old: tuple[Floats, Floats], new: tuple[Floats, Floats]) -> bool:
    """Whether nearly all means and variances hardly moved."""
    some = k[(old[1][k] > 0) & (new[1][k] > 0)]
    step = np.abs(new[0] - old[0])[some] / np.sqrt(old[1][some])
    change = np.abs(new[1][some] / old[1][some] - 1.0)
    most = FEW * len(some) if len(some) > MANY else 0.0
    return bool(np.count_nonzero(np.maximum(step, 0.5 * change) > SETTLED) <= most)


def _with_sites(form: Separable, sites: Sites) -> Separable:
    """The separable problem with sites as reports, and no bounds but of what these leave no room."""
    precision = np.where(np.isinf(form.variance), 0.0, 1.0 / form.variance)
    total = precision + sites.tau
    seen = total > 0
    mean = np.divide(precision * form.mean + sites.nu, total, out=form.mean.copy(), where=seen)
    variance = np.divide(1.0, total, out=np.full(len(form), np.inf), where=seen)
    return replace(form, mean=mean, variance=variance)
