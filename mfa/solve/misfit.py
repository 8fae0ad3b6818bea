"""How far observations are from their fitted values, and what that costs: every row with its own loss.

    r = (fitted - report) / sigma,   or   r = ln(fitted / report) / s   where errors are lognormal

and the cost is the sum of rho(r). A step sees clipped squares as they are (:mod:`mfa.solve.active_set`), any
other loss by its influence and a curvature: that of the loss itself, but never below a tenth of its weight,
so that no observation lets go of what it observes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mfa.solve.losses import L2, Loss
from mfa.solve.problem import Bools, Floats, Observed

LEAST_CURVATURE = 0.1
SMALLEST = 1e-6
"""Share of the report below which a logarithm goes on as its tangent: a step may pass through zero."""


@dataclass(frozen=True)
class Local:
    """What a step sees: roots of curvatures, residuals or influences in those units, clips."""

    root: Floats
    pulled: Floats
    clip: Floats


@dataclass(frozen=True)
class Misfit:
    """Counted observations: reports, sigma at a point, which are lognormal, whose loss is which."""

    reports: Floats
    sigma: Floats
    log: Bools
    spread: Floats
    losses: tuple[tuple[Loss, Bools], ...]

    @property
    def exact(self) -> bool:
        """Whether what a step sees is the cost itself, wherever fitted values are linear."""
        return not self.log.any() and all(loss.clipped is not None for loss, _ in self.losses)

    @property
    def squares(self) -> bool:
        """Whether the cost is a sum of squares of differences."""
        return not self.log.any() and all(isinstance(loss, L2) for loss, _ in self.losses)

    def residual(self, fitted: Floats) -> Floats:
        """r of every observation."""
        plain = (fitted - self.reports) / self.sigma
        if not self.log.any():
            return np.asarray(plain)
        y = np.where(self.log, self.reports, 1.0)
        s = np.where(self.log, self.spread, 1.0)
        return np.where(self.log, _logarithm(fitted / y) / s, plain)

    def cost(self, fitted: Floats) -> float:
        """The sum of rho(r)."""
        r = self.residual(fitted)
        return float(sum(np.sum(loss.cost(r[rows])) for loss, rows in self.losses))

    def local(self, fitted: Floats) -> Local:
        """What a step from `fitted` sees: clipped squares where the loss is of that kind, else a parabola."""
        smooth = self.smooth(fitted)
        r, root, pulled, clip = self.residual(fitted), smooth.root, smooth.pulled, smooth.clip
        for loss, rows in self.losses:
            if loss.clipped is not None:
                root[rows] = np.sqrt(loss.clipped[0])
                pulled[rows] = root[rows] * r[rows]
                clip[rows] = loss.clipped[1] / root[rows]
        return Local(root, pulled, clip)

    def smooth(self, fitted: Floats) -> Local:
        """What a step from `fitted` sees where every loss is taken as a parabola."""
        r = self.residual(fitted)
        weight, curvature = self._each("weight", r), self._each("curvature", r)
        # d2r/df2 = -s (dr/df)^2 of a logarithm
        bent = np.where(self.log & (fitted > SMALLEST * self.reports), self.spread * weight * r, 0.0)
        root = np.sqrt(np.maximum(curvature - bent, LEAST_CURVATURE * weight))
        return Local(root, weight * r / root, np.full_like(r, np.inf))

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


def misfit(observed: Observed, sigma: Floats, losses: tuple[tuple[Loss, Bools], ...]) -> Misfit:
    """The misfit of the counted observations at `sigma`."""
    counted = observed.counted
    return Misfit(
        observed.rows.rhs[counted], sigma, observed.lognormal[counted], observed.cv[counted], losses
    )


def straight(of: Misfit) -> Misfit:
    """The same as least squares without logarithms: what the first step takes, before anything is fitted."""
    every = np.ones(len(of.reports), dtype=bool)
    return replace(of, log=~every, losses=((L2(), every),))


def deviation(observed: Observed, fitted: Floats, sigma: Floats) -> Floats:
    """Report less fitted value of every observation, counted or not, in sigma."""
    every = replace(observed, counted=np.ones(len(observed), dtype=bool))
    safe = np.where(sigma > 0, sigma, np.inf)
    return -misfit(every, safe, ()).residual(fitted)


def _logarithm(ratio: Floats) -> Floats:
    """ln, below `SMALLEST` its tangent there."""
    safe = np.maximum(ratio, SMALLEST)
    return np.log(safe) + (ratio - safe) / safe
