"""How far observations are from their fitted values, and what that costs: every row with its own loss.

    r = (fitted - report) / sigma,   or   r = ln(fitted / report) / s   where errors are lognormal

A fit is where the pulls rho'(r) / sigma balance. Where sigma is a share of the fitted value, no sum of rho(r)
has these slopes; the integral of the pull from the report to the fitted value has (quasi-likelihood,
Wedderburn 1974; (ln(f/y) + y/f - 1) / cv^2 for least squares), and is what descends. A step sees clipped
squares as they are (:mod:`mfa.solve.active_set`), any other loss by its influence and a curvature: that of
the cost itself, but never below a tenth of the loss's weight, so that no observation lets go of what it
observes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfa.solve.losses import L2, Loss
from mfa.solve.problem import Bools, Floats, Observed
from mfa.solve.sigma import SMALLEST, Errors

LEAST_CURVATURE = 0.1
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True)
class Local:
    """What a step sees: sigmas, roots of curvatures, residuals or influences in those units, clips."""

    sigma: Floats
    root: Floats
    pulled: Floats
    clip: Floats


@dataclass(frozen=True)
class Misfit:
    """Counted observations: their errors, and whose loss is which."""

    errors: Errors
    losses: tuple[tuple[Loss, Bools], ...]

    @property
    def exact(self) -> bool:
        """Whether what a step sees is the cost itself, wherever fitted values are linear."""
        plain = not self.errors.log.any() and not self.errors.cv.any()
        return plain and all(loss.clipped is not None for loss, _ in self.losses)

    @property
    def squares(self) -> bool:
        """Whether the loss is least squares of differences."""
        return not self.errors.log.any() and all(isinstance(loss, L2) for loss, _ in self.losses)

    def residual(self, fitted: Floats) -> Floats:
        """r of every observation."""
        errors = self.errors
        plain = (fitted - errors.reports) / errors.sigma(fitted)
        if not errors.log.any():
            return np.asarray(plain)
        y = np.where(errors.log, errors.reports, 1.0)
        s = np.where(errors.log, errors.cv, 1.0)
        return np.where(errors.log, _logarithm(fitted / y) / s, plain)

    def cost(self, fitted: Floats, start: Floats | None = None) -> float:
        """The integrals of all pulls from `start` on (the reports): the sum of rho(r) where sigmas do not
        grow."""
        errors, found = self.errors, 0.0
        start = errors.reports if start is None else start
        for loss, rows in self.losses:
            log, plain = rows & errors.log, rows & ~errors.log
            rise = loss.cost(self.residual(fitted)[log]) - loss.cost(self.residual(start)[log])
            found += float(np.sum(rise)) + _integral(loss, errors.of(plain), start[plain], fitted[plain])
        return found

    def local(self, fitted: Floats, *, near: bool = True) -> Local:
        """What a step from `fitted` sees: clipped squares where the loss is of that kind, else a parabola.

        Far from the end (not `near`) a growing sigma lessens no curvature: there it is what keeps a step from
        going astray.
        """
        smooth, r = self.smooth(fitted, near=near), self.residual(fitted)
        root, pulled, clip = smooth.root, smooth.pulled, smooth.clip
        for loss, rows in self.losses:
            if loss.clipped is not None:
                curvature, most = loss.clipped
                bent = self._bent(fitted, curvature * r, np.full_like(r, curvature), near)[rows]
                root[rows] = np.sqrt(np.maximum(bent, LEAST_CURVATURE * curvature))
                pulled[rows], clip[rows] = curvature * r[rows] / root[rows], most / root[rows]
        return Local(smooth.sigma, root, pulled, clip)

    def smooth(self, fitted: Floats, *, near: bool = True) -> Local:
        """What a step from `fitted` sees where every loss is taken as a parabola."""
        r = self.residual(fitted)
        weight = self._each("weight", r)
        curvature = self._bent(fitted, weight * r, self._each("curvature", r), near)
        root = np.sqrt(np.maximum(curvature, LEAST_CURVATURE * weight))
        return Local(self.errors.sigma(fitted), root, weight * r / root, np.full_like(r, np.inf))

    def _bent(self, fitted: Floats, influence: Floats, curvature: Floats, near: bool) -> Floats:
        """The cost's curvature in sigma, given the loss's: r is no straight line of the fitted value.

        d2r/df2 = -s (dr/df)^2 of a logarithm; d(rho' / sigma)/df = (rho'' y/f - cv rho') / sigma^2 where
        sigma = cv f.
        """
        errors = self.errors
        found = curvature.copy()
        log = errors.log & (fitted > SMALLEST * errors.reports)
        found[log] -= errors.cv[log] * influence[log]
        grows = errors.relative(fitted)
        f = fitted[grows]
        bent = found[grows] * errors.reports[grows] / f - errors.cv[grows] * np.sign(f) * influence[grows]
        found[grows] = bent if near else np.maximum(bent, found[grows])
        return found

    def information(self, fitted: Floats) -> Floats:
        """What every observation tells, in units of 1/sigma^2."""
        return self._each("information", self.residual(fitted))

    def _each(self, what: str, r: Floats) -> Floats:
        found = np.empty_like(r)
        for loss, rows in self.losses:
            found[rows] = getattr(loss, what)(r[rows])
        return found


@dataclass(frozen=True)
class Losses:
    """The loss of every counted observation: those it states, else the one asked for."""

    of: tuple[tuple[Loss, Bools], ...]

    @property
    def stages(self) -> int:
        """How many losses are solved one after another."""
        return max((len(loss.path) for loss, _ in self.of), default=1)

    @property
    def convex(self) -> bool:
        """Whether all of them are."""
        return all(loss.convex for loss, _ in self.of)

    @property
    def text(self) -> str:
        """Their names, with a word on what the optimum is where they are not convex.

        >>> from mfa.solve.losses import StudentT
        >>> Losses(((StudentT(), np.ones(1, bool)),)).text
        'StudentT(nu=4.0): a local optimum, reached from that of huber'
        """
        names = ", ".join(str(loss) for loss, _ in self.of)
        return names if self.convex else f"{names}: a local optimum, reached from that of huber"

    def at(self, stage: int) -> tuple[tuple[Loss, Bools], ...]:
        """The losses of a stage; those with fewer stages stand at their last."""
        return tuple((loss.path[min(stage, len(loss.path) - 1)], rows) for loss, rows in self.of)


def losses_of(observed: Observed, asked: Loss) -> Losses:
    """The losses of the counted observations where `asked` is the one for all that state none."""
    index = observed.loss_index[observed.counted]
    kinds = [(asked, index < 0), *((loss, index == k) for k, loss in enumerate(observed.losses))]
    return Losses(tuple((loss, rows) for loss, rows in kinds if rows.any()))


def straight(of: Misfit) -> Misfit:
    """The same as least squares at the sigmas of the reports: what the first step takes, before anything is
    fitted."""
    return Misfit(of.errors.held(), ((L2(), np.ones(len(of.errors.reports), dtype=bool)),))


def deviation(observed: Observed, fitted: Floats, sigma: Floats) -> Floats:
    """Report less fitted value of every observation, counted or not, in sigma."""
    safe = np.where(sigma > 0, sigma, np.inf)
    plain = (observed.rows.rhs - fitted) / safe
    if not observed.lognormal.any():
        return np.asarray(plain)
    every = Errors(observed.rows.rhs, safe, observed.cv, observed.lognormal)
    return np.where(every.log, -Misfit(every, ()).residual(fitted), plain)


def _integral(loss: Loss, errors: Errors, start: Floats, fitted: Floats) -> float:
    """The sum of integrals of rho'(r(t)) / sigma(t) from `start` to the fitted value.

    Up to the knee sigma is a number and the integral is that of rho; beyond, t = e^s makes it that of
    rho'((1 - y e^-s) / cv) / cv, by Gauss's rule: the better the nearer the ends are.
    """
    y, knee = errors.reports, errors.knee
    first, last = (loss.cost((np.clip(t, -knee, knee) - y) / errors.least) for t in (start, fitted))
    found = float(np.sum(last - first))
    for side in (1.0, -1.0):
        low, high = (np.maximum(side * t, knee) for t in (start, fitted))
        grows = np.flatnonzero(low != high)
        if len(grows):
            found += _grown(loss, side * y[grows], low[grows], high[grows], errors.cv[grows])
    return found


def _grown(loss: Loss, y: Floats, low: Floats, high: Floats, cv: Floats) -> float:
    """The sum of integrals from `low` to `high`, both positive, where sigma = cv t."""
    half = 0.5 * np.log(high / low)
    s = np.log(low)[:, None] + half[:, None] * (1 + _NODES)
    u = (1 - y[:, None] * np.exp(-s)) / cv[:, None]
    return float(np.sum((loss.weight(u) * u) @ _WEIGHTS * half / cv))


def _logarithm(ratio: Floats) -> Floats:
    """ln, below `SMALLEST` its tangent there."""
    safe = np.maximum(ratio, SMALLEST)
    return np.log(safe) + (ratio - safe) / safe
