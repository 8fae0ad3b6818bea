"""The result of a stock: levels and flows in the caller's form, and cohorts when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime import Lifetime
from mfa.core.stock.cohorts import Cohorts
from mfa.core.stock.layout import Array, Layout, find_label, read_like
from mfa.errors import ModelError, Problem

Floats = npt.NDArray[np.float64]
PER_YEAR = "/year"


@dataclass(frozen=True, eq=False, repr=False)
class StockResult:
    """A stock over time, in the form of the input (numpy array, time first, or DataArray).

    `stock` is the level at the end of each period; `inflow` and `outflow` are per year:
    L[t] (inflow[t] - outflow[t]) = stock[t] - stock[t-1], L the length of period t.
    """

    stock: Array
    inflow: Array
    outflow: Array
    layout: Layout
    initial: Floats
    parts: Cohorts | None = None

    def balance(self) -> Array:
        """L (inflow - outflow) - change of stock, per period: 0 but for rounding."""
        stock, inflow, outflow = (
            read_like(a, "result", self.layout) for a in (self.stock, self.inflow, self.outflow)
        )
        change = np.diff(stock, axis=0, prepend=self.initial[None])
        net = self.layout.periods.lengths[:, None] * (inflow - outflow)
        return self.layout.wrap(net - change, "balance")

    def cohorts(self, year: Any = None, cohort: Any = None) -> Array:
        """What is in use by cohort, computed now.

        With `year`, (cohort, ...) at the end of that period; with `cohort`, (period, ...) of that cohort;
        with both, the one slice; with neither, all of it (period, cohort, ...), which is large.

        Raises
        ------
        UnknownName
            When there is no such period or cohort.
        ModelError
            When the stock has no cohorts (flow-driven).
        """
        parts = self._parts()
        c = None if cohort is None else find_label(cohort, parts.labels, "cohort")
        if year is not None:
            rows = parts.at(self.layout.find(year))
            lead = {"cohort": parts.labels} if c is None else {}
            return self.layout.wrap_as(rows if c is None else rows[c], lead, "stock")
        if c is not None:
            return self.layout.wrap(parts.path(c), "stock")
        periods = len(self.layout.periods)
        whole = np.stack([parts.at(t) for t in range(periods)])
        lead = {self.layout.dim: self.layout.periods.labels, "cohort": parts.labels}
        return self.layout.wrap_as(whole, lead, "stock")

    def outflow_cohorts(self, year: Any) -> Array:
        """(cohort, ...): what leaves in that period by cohort, per year.

        Raises
        ------
        UnknownName
            When there is no such period.
        """
        parts, t = self._parts(), self.layout.find(year)
        first = parts.engine.first
        before = np.zeros_like(parts.at(t))
        if t > 0:
            before = parts.at(t - 1)
        elif first:
            before[:first] = parts.entered[:first] * parts.engine.ageing.row(first - 1)[:, parts.engine.index]
        before[first + t] += parts.entered[first + t]
        gone = before + parts.added(t) - parts.at(t)
        rate = np.maximum(gone, 0.0) / self.layout.periods.lengths[t]
        return self.layout.wrap_as(rate, {"cohort": parts.labels}, "outflow")

    def mean_age(self) -> Array:
        """The mean age of what is in use at each period's end, from the mean moment of entry; NaN if none."""
        parts = self._parts()
        ends = parts.edges[parts.engine.first + 1 :]
        born = parts.births
        weighted = np.zeros((parts.engine.periods, self.layout.series))
        amount = np.zeros_like(weighted)
        for c, path in parts.paths():
            at = max(0, c - parts.engine.first)
            weighted[at:] += path * (ends[at:, None] - born[c])
            amount[at:] += path
        age = np.divide(weighted, amount, out=np.full_like(amount, np.nan), where=amount > 0.0)
        return self.layout.wrap(age, "mean_age", "year")

    def hibernate(self, lifetime: Lifetime, share: Array = 1.0, timing: str = "uniform") -> StockResult:
        """The second stage: `share` of the outflow is kept unused for another lifetime before it is let go.

        Raises
        ------
        InputError
            When the share is not between 0 and 1.
        """
        from mfa.core.stock.forward import inflow_driven
        from mfa.errors import InputError

        shares = np.asarray(share, dtype=np.float64)
        if not np.all((shares >= 0.0) & (shares <= 1.0)):
            raise InputError(Problem("share", "a share that hibernates is not between 0 and 1"))
        periods = self.layout.periods
        years = None if self.layout.template is not None else periods.labels
        inflow = self.outflow * share
        return inflow_driven(
            inflow, lifetime, timing, years=years, edges=list(periods.edges), dim=self.layout.dim
        )

    def _parts(self) -> Cohorts:
        if self.parts is None:
            text = f"the stock of {self.layout.name} has no cohorts: it has no lifetime"
            raise ModelError(Problem("no-cohorts", text))
        return self.parts

    def __repr__(self) -> str:
        labels = self.layout.periods.labels
        return f"StockResult({labels[0]} to {labels[-1]}, {self.layout.series} series)"


def level_units(flow_units: str | None) -> str | None:
    """The units of a level from those of a flow per year; None where they are not per year.

    >>> level_units("t/year")
    't'
    """
    if flow_units and flow_units.endswith(PER_YEAR):
        return flow_units.removesuffix(PER_YEAR).rstrip()
    return None


def rate_units(level: str | None) -> str | None:
    """The units of a flow per year from those of a level.

    >>> rate_units("kt Nd")
    'kt Nd/year'
    """
    return level + PER_YEAR if level else None
