"""Inflow-driven stocks: inflows and lifetimes are known, stock and outflow follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mfa.core.lifetime import Lifetime
from mfa.core.stock.layout import Array, read_layout
from mfa.core.stock.result import StockResult, level_units
from mfa.core.stock.setting import set_up
from mfa.core.stock.used import add_used, read_used


def inflow_driven(
    inflow: Array,
    lifetime: Lifetime,
    timing: str = "uniform",
    initial: Any = None,
    *,
    used: Array | None = None,
    years: Sequence[Any] | None = None,
    edges: Sequence[float] | None = None,
    dim: str = "year",
    name: str = "inflow",
) -> StockResult:
    """Stock, inflow and outflow of every period, from inflows and how long things last.

    stock[t] = sum_c sf[t, c] L[c] inflow[c] and outflow[t] = sum_c (sf[t-1, c] - sf[t, c]) L[c] inflow[c] /
    L[t], L the length of a period, so that L (inflow - outflow) is the change of stock in every period,
    however long (Pauliuk and Heeren 2020, doi 10.1111/jiec.12952, but for L). A DataArray in "t/year" gives
    stocks in "t".

    Thousands of runs of one stock, with other lifetimes or inflows, are one call: give the runs a dimension
    of their own. Nothing of the size of periods x cohorts x runs is made; beside the inputs it takes the
    memory of stock, inflow and outflow, and a few thousand runs take as long as a hundred calls.

    Parameters
    ----------
    inflow
        Per year: a numpy array with time first, or a DataArray with the dimension `dim`. Not negative.
    lifetime
        In the time unit of the periods; see `Lifetime` for parameters by dimension, cohort or year.
    timing
        When in its period inflow enters: "uniform", "start", "middle", "end" or "gauss(2)" to "gauss(10)".
    initial
        An `InitialStock`, or a DataArray with the dimension `cohort`: what is in use at the start, of the
        inflow's other dimensions, in the unit of a level.
    used
        Inflow of used things per year by period and cohort, (period, cohort, ...), cohorts of the initial
        stock first; it comes on top of `inflow`. They are taken to enter as survivors of their cohort at the
        moment that `timing` says (uniform, middle and gauss: with the mean of the shares left before and
        after).
    years, edges
        Labels of the periods, or their limits, where `inflow` is an array or labels do not say enough;
        limits lie half way between labels.

    Raises
    ------
    InputError
        When an inflow is negative or missing, years do not ascend, dimensions or labels do not match, or an
        initial cohort is older than its lifetime allows.

    >>> result = inflow_driven(np.array([10.0, 10.0, 10.0]), Lifetime.fixed(1.5))
    >>> result.stock.tolist(), result.outflow.tolist()
    ([10.0, 15.0, 15.0], [0.0, 5.0, 10.0])

    A thousand lifetimes for one series, and the spread of the stock at the end:

    >>> sales, means = np.full((60, 1001), 10.0), np.linspace(12.0, 18.0, 1001)
    >>> runs = inflow_driven(sales, Lifetime.weibull(mean=means, shape=3.5))
    >>> np.quantile(runs.stock[-1], [0.05, 0.95]).round(6).tolist()
    [123.0, 177.0]
    """
    layout, flat = read_layout(inflow, name, dim, years, edges)
    setting = set_up(layout, flat, lifetime, timing, initial)
    lengths = layout.periods.lengths[:, None]
    annual = bool(np.all(lengths == 1.0))
    amounts = flat * lengths
    cohorts = setting.cohorts(amounts)
    stock, left = setting.engine.totals(cohorts.entered)
    total = amounts if annual else flat.copy()
    if used is not None:
        secondhand = read_used(used, layout, cohorts.labels)
        cohorts = add_used(secondhand * lengths[:, None], cohorts, layout, stock, left)
        total = flat + secondhand.sum(axis=1)
    if not annual:
        left /= lengths
    return StockResult(
        stock=layout.wrap(stock, "stock", level_units(layout.units)),
        inflow=layout.wrap(total, "inflow", layout.units),
        outflow=layout.wrap(left, "outflow", layout.units),
        layout=layout,
        initial=setting.initial,
        parts=cohorts,
    )
