"""What a simulation may not find: a negative flow or stock, in the words of the stock that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mfa.build.model import Model
from mfa.build.naming import cell_name
from mfa.core.balance import FLOOR
from mfa.core.system import StockOf
from mfa.errors import Problem

NAMED = 5
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def sign_problems(model: Model, q: Floats) -> list[Problem]:
    """The most negative flows and stocks that follow from the drivers, except where a stock allows them.

    The inflow of a cohort stock is explained: its level falls faster than cohorts can leave.
    """
    least = -FLOOR * np.maximum(1.0, 1e-9 * np.abs(q).max(initial=0.0))
    stocks = {f: s for s in model.system.stocks.values() if s.kind == "cohort" for f in s.inflow}
    found = []
    for name, cells in [*model.edges.items(), *model.stocks.items()]:
        if _allowed(model, name) or _change(model, name):
            continue
        cell, element = np.nonzero(cells.mask & (q[cells.of(np.arange(len(cells.mask)))] < least))
        for k, e in zip(cell, element, strict=True):
            value = float(q[cells.of(np.array([k]))[0, e]])
            found.append((value, _problem(model, name, stocks.get(name), (int(k), int(e)), value)))
    # a stock that falls too fast is the cause of the flows that would have to run backwards with it
    found.sort(key=lambda f: (f[1].code != "shrinking-stock", f[0]))
    return [problem for _, problem in found[:NAMED]]


def _allowed(model: Model, name: str) -> bool:
    """Whether a name is an inflow or outflow of a stock whose inflow may be negative."""
    return any(name in (*a.inflow, *a.outflow) for a in model.ages.values() if a.shrinking == "allow")


def _change(model: Model, name: str) -> bool:
    """Whether a name is a stock of which only the change is known."""
    stock = model.system.stocks.get(name)
    return stock is not None and model.system.is_change(stock, started=bool((model.before[name] >= 0).any()))


def _problem(model: Model, name: str, stock: StockOf | None, at: tuple[int, int], value: float) -> Problem:
    system = model.system
    index = system.stocks[name].cells if name in system.stocks else system.edges[name].cells
    where, amount = cell_name(system, name, index, *at), f"{value / system.mass_factor:g} {system.mass_unit}"
    if stock is None:
        return Problem("infeasible", f"{where} would have to be {amount}")
    labels = ", ".join(_labels(model, name, at))
    text = (
        f'stock "{stock.name}" falls faster than its cohorts can leave at {labels}: {where} would have to be'
        f" {amount}"
    )
    hint = (
        f"`stocks.{stock.name}.shrinking: retire` scales the cohorts down, `allow` takes a negative inflow;"
        " or see the drivers and the initial stock"
    )
    return model.document.problem("shrinking-stock", text, "stocks", stock.name, hint=hint, key=True)


def _labels(model: Model, name: str, at: tuple[int, int]) -> Iterator[str]:
    """`year 2005`, `region DEU`: the labels of a cell with their dimensions."""
    system = model.system
    index = system.edges[name].cells
    for axis, position in zip(index.axes, index.coords[at[0]], strict=True):
        yield f"{axis} {system.dimensions[axis].labels[position]}"
    if system.elements:
        yield f"element {system.elements[at[1]]}"
