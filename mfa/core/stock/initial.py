"""Stocks that exist before the first period: by cohort, or as a total with an age structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime import Lifetime
from mfa.core.lifetime.ageing import Ageing
from mfa.core.lifetime.labelled import Grid, gather, spread
from mfa.core.lifetime.periods import earlier_labels, read_periods
from mfa.core.stock.layout import Array, Layout
from mfa.errors import InputError, Problem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEAST = 1e-12
"""A cohort of which less than this share can be left is older than its lifetime allows."""
OLDEST = 4096
"""Age classes of a stationary stock at most; what is older (heavy tails) joins the last class."""


@dataclass(frozen=True, eq=False)
class InitialStock:
    """A stock at the start of the first period, by cohort or by age.

    Make one with `by_cohort` or `by_age`. Amounts are what is still in use then, not what once entered, in
    the unit of the stock's level. What is wrong with them is said, by InputError, when the stock is computed:
    amounts negative or missing, shares that do not sum to 1, cohorts older than their lifetime allows.
    """

    amount: Array
    years: Sequence[Any] | None = None
    edges: Sequence[float] | None = None
    shares: npt.ArrayLike | Literal["stationary"] | None = None
    ages: Sequence[float] | None = None

    @classmethod
    def by_cohort(
        cls,
        amount: Array,
        years: Sequence[Any] | None = None,
        *,
        edges: Sequence[float] | None = None,
    ) -> InitialStock:
        """A stock by cohort, oldest first: (cohort, ...) or a DataArray with the dimension `cohort`.

        `years` label the cohorts and `edges` are the limits of their periods (the last is the start of the
        first period); with neither, each cohort is as long as the first period and the last one just before
        it.

        >>> from mfa.core.stock import inflow_driven
        >>> old = InitialStock.by_cohort([3.0, 5.0], years=[1998, 1999])
        >>> inflow_driven(np.zeros(3), Lifetime.fixed(3), "end", old, years=[2000, 2001, 2002]).stock.tolist()
        [8.0, 5.0, 0.0]
        """
        return cls(amount, years=years, edges=edges)

    @classmethod
    def by_age(
        cls,
        total: Array,
        shares: npt.ArrayLike | Literal["stationary"],
        *,
        ages: Sequence[float] | None = None,
    ) -> InitialStock:
        """A total with an age structure: the share in each age class, youngest first, summing to 1.

        `ages` are the limits of the classes, from 0 (default: classes of the first period's length).
        "stationary" is the structure that a constant inflow would have led to: shares as the survival.

        >>> from mfa.core.stock import inflow_driven
        >>> old = InitialStock.by_age(12.0, "stationary")
        >>> inflow_driven(np.zeros(3), Lifetime.fixed(4), initial=old).stock.round(9).tolist()
        [9.0, 6.0, 3.0]
        """
        return cls(total, shares=shares, ages=ages)


@dataclass(frozen=True)
class History:
    """Cohorts from before the first period: their labels, limits (up to it), and amounts (cohort, series)."""

    labels: tuple[Any, ...]
    edges: Floats
    amounts: Floats

    def entered(self, ageing: Ageing, index: Ints, layout: Layout) -> Floats:
        """What must once have entered for the amounts to be left at the start of the first period.

        Raises
        ------
        InputError
            When a cohort with something left is older than its lifetime allows.
        """
        count = len(self.labels)
        if count == 0:
            return self.amounts
        left = ageing.until(count).row(count - 1)[:, index]
        bad = (left < LEAST) & (self.amounts > 0.0)
        if bad.any():
            j, series = (int(i) for i in np.argwhere(bad)[0])
            text = (
                f"the initial stock of {layout.name} has {self.amounts[j, series]:g} "
                f"of cohort {', '.join([str(self.labels[j]), *layout.words_of(series)])}, "
                "which is older than its lifetime allows"
            )
            raise InputError(Problem("initial-stock-age", text, hint="move it to a younger cohort"))
        return np.divide(self.amounts, left, out=np.zeros_like(self.amounts), where=self.amounts > 0.0)


def read_history(initial: Any, layout: Layout, lifetime: Lifetime) -> History:
    """The cohorts of an initial stock; none when there is no initial stock.

    Raises
    ------
    InputError
        When it is neither an InitialStock nor a DataArray with the dimension `cohort`, or amounts are
        negative or missing, shares do not sum to 1, or cohorts are not before the first period.
    """
    start = float(layout.periods.edges[0])
    if initial is None:
        return History((), np.array([start]), np.zeros((0, layout.series)))
    if hasattr(initial, "dims") and "cohort" in initial.dims:
        initial = InitialStock.by_cohort(initial)
    if not isinstance(initial, InitialStock):
        text = f"the initial stock of {layout.name} is a total without ages"
        hint = 'InitialStock.by_cohort(amounts) or InitialStock.by_age(total, "stationary")'
        raise InputError(Problem("initial-stock", text, hint=hint))
    found = _by_cohort(initial, layout) if initial.shares is None else _by_age(initial, layout, lifetime)
    bad = ~(np.isfinite(found.amounts) & (found.amounts >= 0.0))
    if bad.any():
        j, series = (int(i) for i in np.argwhere(bad)[0])
        place = ", ".join([f"cohort {found.labels[j]}", *layout.words_of(series)])
        text = f"the initial stock of {layout.name} has a missing or negative amount at {place}"
        raise InputError(Problem("initial-stock", text))
    return found


def _by_cohort(initial: InitialStock, layout: Layout) -> History:
    values = gather({"amount": initial.amount}, timed=True, what="the initial stock")
    count = values.shape[0]
    years: Any = initial.years
    if years is None and values.dims is not None:
        years = values.coords.get(values.dims[0])
    labels, edges = _cohort_edges(years, initial.edges, count, layout)
    grid = replace(layout.grid(()), periods=count, period_labels=labels)
    amounts = spread(values, grid)[0]
    return History(labels, edges, _series(amounts, count, layout))


def _cohort_edges(
    years: Any, edges: Sequence[float] | None, count: int, layout: Layout
) -> tuple[tuple[Any, ...], Floats]:
    start = float(layout.periods.edges[0])
    length = float(layout.periods.lengths[0])
    if years is None and edges is None:
        limits: Floats = start - length * np.arange(count, -1.0, -1.0)
        return tuple(_earlier(layout, limits)), limits
    periods = read_periods(years, edges=edges)
    limits = periods.edges.copy()
    if edges is None:
        limits[-1] = start
    if len(periods) != count or limits[-1] <= limits[-2] or abs(limits[-1] - start) > 1e-9 * length:
        text = (
            f"the cohorts of the initial stock of {layout.name} must end where its first period starts "
            f"({start:g}), {count} of them"
        )
        raise InputError(Problem("initial-stock", text, hint="give InitialStock.by_cohort(..., edges=...)"))
    return periods.labels, limits


def _earlier(layout: Layout, limits: Floats) -> list[Any]:
    """Labels for cohorts that have none: as far before the first label as they are before its period."""
    return earlier_labels(layout.periods.labels[0], limits[:-1] - layout.periods.edges[0])


def _by_age(initial: InitialStock, layout: Layout, lifetime: Lifetime) -> History:
    length = float(layout.periods.lengths[0])
    total = spread(gather({"total": initial.amount}, False, "the initial stock"), layout.grid(()))[0]
    whole = np.broadcast_to(total, layout.shape).ravel()
    if isinstance(initial.shares, str):
        shares, ages = stationary_shares(lifetime, layout, length)
    else:
        shares, ages = given_shares(initial.shares, initial.ages, length)
        shares = _series(shares, len(ages) - 1, layout)
    limits = layout.periods.edges[0] - ages[::-1]
    amounts = shares[::-1] * whole
    return History(tuple(_earlier(layout, limits)), limits, amounts)


def _series(values: Floats, count: int, layout: Layout) -> Floats:
    padded = values.reshape(count, *(1,) * (len(layout.shape) + 1 - values.ndim), *values.shape[1:])
    return np.broadcast_to(padded, (count, *layout.shape)).reshape(count, layout.series)


def given_shares(shares: Any, ages: Sequence[float] | None, length: float) -> tuple[Floats, Floats]:
    """Shares by age class, and the limits of the classes.

    Raises
    ------
    InputError
        When shares are negative or do not sum to 1, or the ages do not fit them.
    """
    values = np.asarray(shares, dtype=np.float64)
    limits = np.asarray(length * np.arange(len(values) + 1.0) if ages is None else ages, dtype=np.float64)
    problems = []
    if not np.all(values >= 0.0) or not np.allclose(values.sum(axis=0), 1.0, rtol=0.0, atol=1e-9):
        total = np.ravel(values.sum(axis=0))[0]
        text = f"the age structure must be shares that sum to 1, not {total:g}"
        problems.append(Problem("initial-stock", text))
    if len(limits) != len(values) + 1 or limits[0] != 0.0 or not np.all(np.diff(limits) > 0.0):
        text = f"{len(values)} age classes need {len(values) + 1} ages from 0, ascending"
        problems.append(Problem("initial-stock", text))
    if problems:
        raise InputError(*problems)
    return values, limits


def stationary_shares(lifetime: Lifetime, layout: Layout, length: float) -> tuple[Floats, Floats]:
    """The age structure that a constant inflow leads to: (age class, series) shares, and the classes' limits.

    Raises
    ------
    InputError
        When the lifetime differs by cohort or year: there is no stationary structure then.
    """
    if lifetime.varies:
        text = "a lifetime that differs by cohort or year has no stationary age structure"
        raise InputError(Problem("initial-stock", text, hint="give the shares by age"))
    count = 32
    while True:
        ages: Floats = length * np.arange(count + 1.0)
        grid = Grid(layout.shape, layout.dims, layout.coords or {}, count, range(count), layout.name)
        ageing, index = lifetime.over(grid, ages, "uniform")
        shares = ageing.column(0)
        if count >= OLDEST or shares[-1].max() < LEAST:
            shares = np.where(shares < 1e-12, 0.0, shares)
            shares = shares / shares.sum(axis=0)
            return shares[:, index], ages
        count *= 2
