"""Survival of every cohort at the end of every period, computed column by column and only as far as asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.family import Family, Floats
from mfa.core.lifetime.labelled import By
from mfa.core.lifetime.periods import equal_steps
from mfa.core.lifetime.tabulated import tabulated
from mfa.core.lifetime.timing import Timing

NEGLIGIBLE = 1e-18
"""Survival below this is 0: it is under the rounding of any sum it could enter."""
BLOCK = 2**15
"""Values evaluated at a time; lifetimes that have died out by then are not evaluated further."""


@dataclass(frozen=True)
class Ageing:
    """Some lifetimes (one per column of `values`) over the same periods.

    `values` are (lifetimes,) arrays, or (periods, lifetimes) when they differ `by` cohort or year; `hazard`
    multiplies the hazard of everything in use in a period. `edges` are the limits of the periods.
    """

    family: Family
    values: tuple[Floats, ...]
    edges: Floats
    timing: Timing
    by: By = None
    hazard: Floats | None = None

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return len(self.edges) - 1

    @property
    def lifetimes(self) -> int:
        """How many lifetimes there are."""
        return int(self.values[0].shape[-1])

    @property
    def stationary(self) -> bool:
        """Whether survival depends on age alone: equal periods and lifetimes that time does not change."""
        return self.by is None and self.hazard is None and equal_steps(self.edges)

    def quickened(self) -> Ageing:
        """The same, with tables in place of equations where that saves time.

        What changes by year takes ratios of survival, for which small tails have to be exact.
        """
        if self.timing.points or self.by == "year" or self.hazard is not None:
            return self
        columns = 1 if self.stationary else self.periods / 2
        evaluations = int(self.periods * columns * self.lifetimes)
        family = tabulated(self.family, self.values, np.diff(self.edges), evaluations)
        return replace(self, family=family)

    def part(self, chosen: slice | npt.NDArray[np.int64]) -> Ageing:
        """The same for some of the lifetimes."""
        hazard = None if self.hazard is None else self.hazard[:, chosen]
        return replace(self, values=tuple(v[..., chosen] for v in self.values), hazard=hazard)

    def until(self, count: int) -> Ageing:
        """The same over the first `count` periods."""
        values = tuple(v[:count] for v in self.values) if self.by else self.values
        hazard = None if self.hazard is None else self.hazard[:count]
        return replace(self, values=values, hazard=hazard, edges=self.edges[: count + 1])

    def row(self, t: int) -> Floats:
        """The share of each cohort 0..t left at the end of period t: (t + 1, lifetimes)."""
        part = self.until(t + 1)
        if part.stationary:
            return part.column(0)[::-1]
        return np.stack([left[-1] for _, left in part.columns()])

    def columns(self) -> Iterator[tuple[int, Floats]]:
        """For each cohort c: c, and the share of it left at the end of periods c, c+1, ... (rows)."""
        if self.stationary:
            kernel = self.column(0)
            for c in range(self.periods):
                yield c, kernel[: self.periods - c]
            return
        for c in range(self.periods):
            yield c, self.column(c)

    def column(self, c: int) -> Floats:
        """The share of cohort c left at the end of periods c, c+1, ...: (periods - c, lifetimes)."""
        if self.by == "year":
            left = self._met_year_by_year(c)
        else:
            values = tuple(v[c] for v in self.values) if self.by == "cohort" else self.values
            left = self._unmet(c, values)
        if self.hazard is not None:
            left = _scale_hazard(left, self.hazard[c:])
        return left

    def _ages(self, c: int) -> tuple[Floats, Floats]:
        ends = self.edges[c + 1 :, None]
        return ends - self.edges[c + 1], ends - self.edges[c]

    def _unmet(self, c: int, values: tuple[Floats, ...]) -> Floats:
        low, high = self._ages(c)
        left = np.zeros((len(low), self.lifetimes))
        alive = np.arange(self.lifetimes)
        step = max(16, BLOCK // max(1, self.lifetimes))
        for first in range(0, len(low) if self.lifetimes else 0, step):
            rows = slice(first, first + step)
            if 8 * len(alive) > 7 * self.lifetimes:
                left[rows] = self.timing.share_left(self.family, values, low[rows], high[rows])
            else:
                own = tuple(v[alive] for v in values)
                left[rows, alive] = self.timing.share_left(self.family, own, low[rows], high[rows])
            alive = np.flatnonzero(left[rows][-1] >= NEGLIGIBLE)
            if len(alive) == 0:
                break
        return _tidy(left)

    def _met_year_by_year(self, c: int) -> Floats:
        """The product over periods of S_t(now) / S_t(before), S_t by the lifetime of period t."""
        low, high = self._ages(c)
        values = tuple(v[c:] for v in self.values)
        now = self.timing.share_left(self.family, values, low, high)
        kept = now.copy()
        if len(low) > 1:
            later = tuple(v[1:] for v in values)
            before = self.timing.share_left(self.family, later, low[:-1], high[:-1])
            kept[1:] = np.divide(now[1:], before, out=np.zeros_like(before), where=before > NEGLIGIBLE)
        np.clip(kept, 0.0, 1.0, out=kept)
        return _tidy(np.multiply.accumulate(kept, axis=0))


def _tidy(left: Floats) -> Floats:
    """Survival between 0 and 1 and never rising, which rounding may break in the last digit."""
    np.clip(left, 0.0, 1.0, out=left)
    rising = (left[1:] > left[:-1]).any(axis=0)
    if rising.any():
        left[:, rising] = np.minimum.accumulate(left[:, rising], axis=0)
    left[left < NEGLIGIBLE] = 0.0
    return left


def _scale_hazard(left: Floats, factor: Floats) -> Floats:
    before = np.concatenate([np.ones_like(left[:1]), left[:-1]])
    ratio = np.divide(left, before, out=np.zeros_like(left), where=before > 0.0)
    return _tidy(np.asarray(np.multiply.accumulate(ratio**factor, axis=0)))


def losses(left: Floats, entered: Floats | float = 1.0) -> Floats:
    """What leaves in each period (entry period first), given what entered and what is left at its end."""
    out = np.empty_like(left)
    np.subtract(entered, left[:1], out=out[:1])
    np.subtract(left[:-1], left[1:], out=out[1:])
    return out


def table(ageing: Ageing) -> Floats:
    """Survival[t, c, lifetime], 0 above the diagonal."""
    out = np.zeros((ageing.periods, ageing.periods, ageing.lifetimes))
    for c, left in ageing.columns():
        out[c:, c] = left
    return out
