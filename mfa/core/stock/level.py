"""Stocks without a lifetime: flow-driven levels and reserves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.labelled import gather, spread
from mfa.core.stock.layout import Array, Layout, read_layout, read_like, value_problems
from mfa.core.stock.result import StockResult, level_units
from mfa.errors import InputError, ModelError, Problem

Floats = npt.NDArray[np.float64]
ROUNDING = 1e-9


def flow_driven(
    inflow: Array | Mapping[str, Array],
    outflow: Array | Mapping[str, Array],
    initial: Array = 0.0,
    *,
    years: Sequence[Any] | None = None,
    edges: Sequence[float] | None = None,
    dim: str = "year",
) -> StockResult:
    """Stock, inflow and outflow of every period, from flows that are both known.

    stock[t] = stock[t-1] + L[t] (inflow[t] - outflow[t]). Several inflows or outflows come as a mapping of
    names; their sums are returned. Flows per year, arrays with time first or DataArrays with the dimension
    `dim`, all of one form; `initial` is the level at the start, a number or of the other dimensions.

    Raises
    ------
    InputError
        When a flow is negative or missing, or dimensions, labels or years do not match.
    ModelError
        When the stock falls below zero: the flow, period and labels are named.

    >>> flow_driven(np.array([5.0, 5.0]), {"sold": np.array([1.0, 2.0])}, initial=1.0).stock.tolist()
    [5.0, 8.0]
    """
    inward, outward = _named(inflow, "inflow"), _named(outflow, "outflow")
    first = next(iter(inward))
    layout, _ = read_layout(inward[first], first, dim, years, edges)
    total_in, total_out = _sum(inward, layout), _sum(outward, layout)
    start = _start(initial, layout)
    stock = start + np.cumsum(layout.periods.lengths[:, None] * (total_in - total_out), axis=0)
    _check_not_negative(stock, total_in, layout, "give the level at the start with initial=")
    return _result(layout, stock, total_in, total_out, start)


def reserve(
    mined: Array,
    initial: Array,
    recovery: Array = 1.0,
    additions: Array = 0.0,
    *,
    years: Sequence[Any] | None = None,
    edges: Sequence[float] | None = None,
    dim: str = "year",
) -> StockResult:
    """What is left in the ground: R[t] = R[t-1] - L[t] mined[t] / recovery + L[t] additions[t].

    `mined` and `additions` per year (time first, or the dimension `dim`), `initial` the reserve at the start
    in the same mass, `recovery` the share of what is
    extracted that becomes output (0 to 1). The result's outflow is what is taken from the reserve, losses
    included.

    Raises
    ------
    InputError
        When a value is negative or missing, or the recovery is not above 0 and at most 1.
    ModelError
        When the reserve falls below zero.

    >>> reserve(np.array([2.0, 2.0]), initial=10.0, recovery=0.5).stock.tolist()
    [6.0, 2.0]
    """
    layout, flat = read_layout(mined, "mined", dim, years, edges)
    share = read_like(recovery, "recovery", layout)
    found = read_like(additions, "additions", layout)
    problems = value_problems(flat, layout, layout.name) + value_problems(found, layout, "additions")
    wrong = np.argwhere(~((share > 0.0) & (share <= 1.0)))
    if len(wrong):
        t, series = (int(i) for i in wrong[0])
        text = (
            f"the recovery of {layout.name} must be above 0 and at most 1, not {share[t, series]:g} "
            f"({layout.place(t, series)})"
        )
        problems.append(Problem("recovery", text))
    if problems:
        raise InputError(*problems)
    taken = flat / share
    start = _start(initial, layout)
    stock = start + np.cumsum(layout.periods.lengths[:, None] * (found - taken), axis=0)
    _check_not_negative(stock, taken, layout, "more is mined than the reserve holds")
    return _result(layout, stock, found, taken, start)


def _named(flows: Array | Mapping[str, Array], name: str) -> Mapping[str, Array]:
    named = flows if isinstance(flows, Mapping) else {name: flows}
    if not named:
        raise InputError(Problem("flow-driven", f"a flow-driven stock needs an {name}"))
    return named


def _sum(flows: Mapping[str, Array], layout: Layout) -> Floats:
    total = np.zeros((len(layout.periods), layout.series))
    for name, flow in flows.items():
        flat = read_like(flow, name, layout)
        problems = value_problems(flat, layout, name)
        if problems:
            raise InputError(*problems)
        total += flat
    return total


def _start(initial: Array, layout: Layout) -> Floats:
    values = spread(gather({"initial": initial}, False, "the initial stock"), layout.grid(()))[0]
    start = np.broadcast_to(values, layout.shape).reshape(layout.series)
    bad = np.flatnonzero(~(np.isfinite(start) & (start >= 0.0)))
    if len(bad):
        place = ", ".join(layout.words_of(int(bad[0])))
        text = (
            f"the initial stock of {layout.name} has a missing or negative amount{place and f' at {place}'}"
        )
        raise InputError(Problem("initial-stock", text))
    return start


def _check_not_negative(stock: Floats, flow: Floats, layout: Layout, hint: str) -> None:
    scale = np.maximum(stock.max(axis=0), flow.max(axis=0))
    below = np.argwhere(stock < -ROUNDING * scale)
    if len(below):
        t, series = (int(i) for i in below[0])
        text = (
            f"the stock of {layout.name} falls below zero at {layout.place(t, series)}: {stock[t, series]:g}"
        )
        raise ModelError(Problem("negative-stock", text, hint=hint))


def _result(layout: Layout, stock: Floats, inflow: Floats, outflow: Floats, start: Floats) -> StockResult:
    return StockResult(
        stock=layout.wrap(stock, "stock", level_units(layout.units)),
        inflow=layout.wrap(inflow, "inflow", layout.units),
        outflow=layout.wrap(outflow, "outflow", layout.units),
        layout=layout,
        initial=start,
    )
