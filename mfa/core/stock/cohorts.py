"""What is in use by cohort: computed when asked for, one slice at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.timing import read_timing
from mfa.core.stock.engine import Engine

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cohorts:
    """Amounts that entered by cohort (history first), and what has since changed beside ageing.

    `kept[t]` is the share left by early retirement in period t; `joined[t, c]` the used things of cohort c
    that had joined by period t, as if new, and `used[t, c]` what came in period t.
    """

    engine: Engine
    entered: Floats
    labels: tuple[Any, ...]
    edges: Floats
    timing: str
    kept: Floats | None = None
    joined: Floats | None = None
    used: Floats | None = None

    @property
    def count(self) -> int:
        """How many cohorts there are."""
        return len(self.labels)

    @property
    def births(self) -> Floats:
        """The mean moment at which each cohort entered."""
        share = read_timing(self.timing).centre
        return np.asarray(self.edges[:-1] + share * np.diff(self.edges))

    def at(self, t: int) -> Floats:
        """(cohort, series): what of each cohort is in use at the end of period t; 0 for later cohorts."""
        row = t + self.engine.first
        amounts = self.entered[: row + 1]
        if self.joined is not None:
            amounts = amounts + self.joined[t, : row + 1]
        out = np.zeros((self.count, len(self.engine.index)))
        out[: row + 1] = self.engine.ageing.row(row)[:, self.engine.index] * amounts
        if self.kept is not None:
            # tails[s]: the share that early retirement leaves from period s to t
            tails = np.ones((t + 2, out.shape[1]))
            tails[:-1] = np.multiply.accumulate(self.kept[t::-1], axis=0)[::-1]
            out[: row + 1] *= tails[np.maximum(np.arange(row + 1) - self.engine.first + 1, 0)]
        return out

    def added(self, t: int) -> Floats:
        """(cohort, series): what used things of each cohort joined in period t, as amounts when they did."""
        if self.used is None:
            return np.zeros((self.count, len(self.engine.index)))
        return np.asarray(self.used[t])

    def paths(self) -> Iterator[tuple[int, Floats]]:
        """For each cohort: its number, and (period, series) what of it is in use since it entered."""
        for c, column in self.engine.ageing.columns():
            yield c, self._path(c, column)

    def path(self, c: int) -> Floats:
        """(period, series): what of cohort c is in use at the end of every period."""
        out = np.zeros((self.engine.periods, len(self.engine.index)))
        out[max(0, c - self.engine.first) :] = self._path(c, self.engine.ageing.column(c))
        return out

    def _path(self, c: int, column: Floats) -> Floats:
        first = self.engine.first
        at = max(0, c - first)
        keep = column[max(0, first - c) :, self.engine.index]
        amounts = self.entered[c] if self.joined is None else self.entered[c] + self.joined[at:, c]
        out = np.asarray(keep * amounts)
        if self.kept is not None:
            own = self.kept[at:].copy()
            if c >= first:
                own[0] = 1.0
            out *= np.multiply.accumulate(own, axis=0)
        return out
