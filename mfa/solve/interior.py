"""An interior point for the whole problem: bounds by a barrier, products relinearised at every iteration.

Used where the active set does not settle from a poor start. It follows the central path of

    min 1/2 |(O q(z) - y)/sigma|^2 + rho/2 |z - start|^2 - mu sum log(distance to bounds)   s.t.   rows(z) = 0

down to a small mu with Gauss-Newton curvature, and returns a point and the active set it points to; what it
leaves open (mu, rho) the active-set steps that follow remove.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfa.solve.active_set import At, Quadratic
from mfa.solve.kkt import Kkt, factorise
from mfa.solve.problem import Bools, Floats

ITERATIONS = 80
TOLERANCE = 1e-9
NEAR = 1e-6
"""Weight of staying near the start, per squared scale: holds what nothing determines."""
BOUNDARY = 0.99
SHORT, PATIENCE = 1e-2, 6
"""As many steps shorter than this, one after another, mean that rows and bounds leave no interior."""
STIFFEST = 1e14

Linearise = Callable[[Floats, Floats], Quadratic]
Merit = Callable[[Floats, Floats], Callable[[Floats], float]]


@dataclass(frozen=True)
class Point:
    """A point on the path: unknowns, row multipliers, multipliers of lower and upper bounds."""

    z: Floats
    dual: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Box:
    """The bounds in the solver's units."""

    lower: Floats
    upper: Floats

    @property
    def pinned(self) -> Bools:
        """Unknowns with no room."""
        return np.asarray(self.lower >= self.upper)

    @property
    def has_lower(self) -> Bools:
        """Unknowns with a lower bound and room above it."""
        return np.isfinite(self.lower) & ~self.pinned

    @property
    def has_upper(self) -> Bools:
        """Unknowns with an upper bound and room below it."""
        return np.isfinite(self.upper) & ~self.pinned

    def room(self, z: Floats) -> tuple[Floats, Floats]:
        """Distances to the bounds, 1 where there is none."""
        return np.where(self.has_lower, z - self.lower, 1.0), np.where(self.has_upper, self.upper - z, 1.0)

    def inside(self, z: Floats, inset: float) -> Floats:
        """`z` moved at least `inset` off its bounds, or a quarter of the room where that is less."""
        width = self.upper - self.lower
        gap = np.minimum(inset, 0.25 * np.where(np.isfinite(width), width, np.inf))
        return np.asarray(np.where(self.pinned, self.lower, np.clip(z, self.lower + gap, self.upper - gap)))

    def barrier(self, z: Floats) -> float:
        """The sum of minus logarithms of the distances."""
        below, above = self.room(z)
        return -float(np.sum(np.log(below)) + np.sum(np.log(above)))


def interior_point(
    box: Box, start: Floats, dual: Floats, linearise: Linearise, merit: Merit
) -> tuple[Floats, Floats, At]:
    """Unknowns, row multipliers and active set near the optimum."""
    z = box.inside(start, 0.05)
    below, above = box.room(z)
    mu = 0.1
    point = Point(z, dual, np.where(box.has_lower, mu / below, 0.0), np.where(box.has_upper, mu / above, 0.0))
    stuck = 0
    for _ in range(ITERATIONS):
        local = linearise(point.z, point.dual)
        ahead = _direction(box, local, point, start, mu)
        t, u = _lengths(box, point, ahead)
        t = _searched(point, ahead, t, _with_barrier(box, mu, merit(point.z, point.dual + ahead.dual)))
        point = _moved(point, ahead, t, u)
        gap = _gap(box, point)
        stuck = stuck + 1 if t < SHORT else 0
        if (gap < TOLERANCE and t > 0.9) or stuck >= PATIENCE:
            break
        mu = max(0.01 * TOLERANCE, gap * (0.1 if min(t, u) > 0.8 else 0.3 if min(t, u) > 0.3 else 0.8))
    return point.z, point.dual, _active(box, point)


def _active(box: Box, point: Point) -> At:
    below, above = box.room(point.z)
    at = np.zeros(len(below), dtype=np.int8)
    at[box.has_lower & (point.low > below)] = -1
    at[box.has_upper & (point.high > above)] = 1
    return at


def _gap(box: Box, point: Point) -> float:
    """The mean complementarity product."""
    below, above = box.room(point.z)
    count = int(np.count_nonzero(box.has_lower) + np.count_nonzero(box.has_upper))
    return float(below @ point.low + above @ point.high) / max(count, 1)


def _direction(box: Box, local: Quadratic, point: Point, start: Floats, mu: float) -> Point:
    """The Newton direction of the path's equations at `mu`."""
    below, above = box.room(point.z)
    diagonal = np.minimum(point.low / below + point.high / above, STIFFEST) + NEAR
    kkt: Kkt = factorise(local.pulls, local.rows, local.order, fixed=box.pinned, diagonal=diagonal)
    force = -local.gradient - NEAR * (point.z - start)
    force += np.where(box.has_lower, mu / below, 0.0) - np.where(box.has_upper, mu / above, 0.0)
    rhs = kkt.join(np.where(box.pinned, 0.0, force), np.zeros(len(local.pulled)), -local.residual)
    d, _, dual = kkt.split(kkt.solve(rhs, rounds=4))
    low = np.where(box.has_lower, (mu - point.low * d) / below - point.low, 0.0)
    high = np.where(box.has_upper, (mu + point.high * d) / above - point.high, 0.0)
    return Point(np.where(box.pinned, 0.0, d), dual, low, high)


def _lengths(box: Box, point: Point, ahead: Point) -> tuple[float, float]:
    """The longest primal and dual steps up to 1 that stay inside."""
    below, above = box.room(point.z)
    down = np.where(box.has_lower, ahead.z, 0.0)
    up = np.where(box.has_upper, -ahead.z, 0.0)
    primal = min(_longest(below, down), _longest(above, up))
    return primal, min(_longest(point.low, ahead.low), _longest(point.high, ahead.high))


def _longest(now: Floats, change: Floats) -> float:
    falls = change < 0
    ratio = np.asarray(-now[falls] / change[falls], dtype=float)
    return min(1.0, BOUNDARY * float(np.min(ratio, initial=np.inf)))


def _searched(point: Point, ahead: Point, t: float, merit: Callable[[Floats], float]) -> float:
    """The step length at which the barrier's merit does not rise, halved at most ten times."""
    now = merit(point.z)
    slack = 1e-9 * (1 + abs(now))
    for _ in range(10):
        then = point.z + t * ahead.z
        if merit(then) <= now + slack:
            return t
        t *= 0.5
    return t


def _with_barrier(box: Box, mu: float, merit: Callable[[Floats], float]) -> Callable[[Floats], float]:
    return lambda z: merit(z) + mu * box.barrier(z)


def _moved(point: Point, ahead: Point, t: float, u: float) -> Point:
    return Point(
        point.z + t * ahead.z,
        point.dual + t * ahead.dual,
        point.low + u * ahead.low,
        point.high + u * ahead.high,
    )
