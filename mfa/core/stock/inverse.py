"""Stock-driven stocks: levels and lifetimes are known, the inflows that keep them so follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime import Lifetime
from mfa.core.stock.cohorts import Cohorts
from mfa.core.stock.engine import NotHeldError
from mfa.core.stock.layout import Array, Layout, read_layout
from mfa.core.stock.result import StockResult, rate_units
from mfa.core.stock.setting import set_up
from mfa.core.stock.shrink import shrink
from mfa.errors import InputError, ModelError, Problem, did_you_mean

Floats = npt.NDArray[np.float64]
Shrinking = Literal["error", "retire", "clip", "allow"]
ROUNDING = 1e-9
"""A negative inflow below this share of the stock is rounding, not a stock that falls too fast."""
NAMED = 5


def stock_driven(
    stock: Array,
    lifetime: Lifetime,
    timing: str = "uniform",
    shrinking: Shrinking = "error",
    initial: Any = None,
    *,
    years: Sequence[Any] | None = None,
    edges: Sequence[float] | None = None,
    dim: str = "year",
    name: str = "stock",
) -> StockResult:
    """Stock, inflow and outflow of every period, from levels at the periods' ends and lifetimes.

    inflow[t] = (stock[t] - sum_{c<t} sf[t, c] L[c] inflow[c]) / (sf[t, t] L[t]): the inverse of
    `inflow_driven` (Mueller 2006, doi 10.1016/j.ecolecon.2005.09.025, but for L). A DataArray in "t" gives
    flows in "t/year". Runs of an ensemble are a dimension of `stock`, as for `inflow_driven`.

    Parameters
    ----------
    stock
        The level at the end of each period: a numpy array with time first, or a DataArray with dimension
        `dim`.
    shrinking
        What to do where the stock falls faster than cohorts leave: "error"; "retire" (nothing enters and all
        cohorts are scaled down alike); "clip" (nothing enters and the stock stays above what was asked);
        "allow" (the negative inflow that the algebra asks for).
    lifetime, timing, initial, years, edges
        As for `inflow_driven`.

    Raises
    ------
    InputError
        When a level is negative or missing, years do not ascend, or dimensions or labels do not match.
    ModelError
        When the stock falls faster than cohorts can leave (with "error"), or nothing that enters in a period
        is left at its end.

    >>> stock_driven(np.array([10.0, 20.0, 20.0]), Lifetime.fixed(1.5)).inflow.tolist()
    [10.0, 15.0, 12.5]
    """
    if shrinking not in get_args(Shrinking):
        hint = did_you_mean(shrinking, get_args(Shrinking))
        raise InputError(Problem("shrinking", f'there is no way to shrink called "{shrinking}"', hint=hint))
    layout, levels = read_layout(stock, name, dim, years, edges)
    setting = set_up(layout, levels, lifetime, timing, initial)
    rest = levels - setting.left_over() if len(setting.earlier) else levels
    try:
        cohorts = setting.cohorts(setting.engine.solve(rest))
    except NotHeldError as found:
        raise _not_held(found, layout) from None
    return _finish(cohorts, levels, layout, setting.initial, shrinking)


def _finish(
    cohorts: Cohorts, levels: Floats, layout: Layout, initial: Floats, shrinking: Shrinking
) -> StockResult:
    engine = cohorts.engine
    amounts = cohorts.entered[engine.first :]
    short = np.zeros((1, 1), dtype=bool)
    if shrinking != "allow" and amounts.min(initial=0.0) < 0.0:
        short = amounts < -ROUNDING * np.maximum(levels, np.concatenate([initial[None], levels[:-1]]))
    if shrinking == "error" and short.any():
        raise ModelError(*_too_fast(short, amounts, layout))
    left = engine.leaving(cohorts.entered)
    if short.any():
        chosen = np.flatnonzero(short.any(axis=0))
        cohorts, levels = shrink(cohorts, levels, left, initial, chosen, retire=shrinking == "retire")
    inflow = cohorts.entered[engine.first :]
    lengths = layout.periods.lengths[:, None]
    if np.any(lengths != 1.0):
        inflow, left = inflow / lengths, left / lengths
    return StockResult(
        stock=layout.wrap(levels.copy(), "stock", layout.units),
        inflow=layout.wrap(inflow, "inflow", rate_units(layout.units)),
        outflow=layout.wrap(left, "outflow", rate_units(layout.units)),
        layout=layout,
        initial=initial,
        parts=cohorts,
    )


def _not_held(found: NotHeldError, layout: Layout) -> ModelError:
    hint = "use shorter periods, or a timing that lets part of the inflow stay (uniform, end)"
    text = (
        f"nothing that enters {layout.name} in {layout.place(found.period, found.series)} is left at the "
        "period's end, so no inflow can hold the stock"
    )
    return ModelError(Problem("stock-not-held", text, hint=hint))


def _too_fast(short: npt.NDArray[np.bool_], amounts: Floats, layout: Layout) -> list[Problem]:
    hint = 'shrinking="retire" scales cohorts down, "clip" keeps them, "allow" takes a negative inflow'
    found = np.argwhere(short)
    problems = []
    for t, series in found[:NAMED]:
        text = (
            f"{layout.name} falls faster than its cohorts leave at {layout.place(int(t), int(series))}: "
            f"by {-amounts[t, series]:g} in the period"
        )
        problems.append(Problem("shrinking-stock", text, hint=hint))
    if len(found) > NAMED:
        problems.append(Problem("shrinking-stock", f"and {len(found) - NAMED} more such periods"))
    return problems
