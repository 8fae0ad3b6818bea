"""The cohorts of a result's stocks, recomputed from its inflows and lifetimes whenever they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from mfa.core.lifetime.periods import read_periods
from mfa.core.stock.ages import Ages, Part, Structure
from mfa.core.stock.result import StockResult
from mfa.errors import ModelError, Problem, did_you_mean
from mfa.run.result import Result
from mfa.units import parse_unit

ROUNDING = 1e-9
"""What of a level or an inflow below this share of the largest one is rounding."""


def cohorts(result: Result, name: str, year: Any = None, cohort: Any = None) -> xr.DataArray:
    """What of a stock is in use by cohort: see `Result.cohorts`."""
    found, like, ages = _followed(result, name)
    whole = ages.join(found, like, lambda s: s.cohorts(year, cohort))
    whole.name = name
    return whole.assign_attrs(unit=result.quantity(name).unit)


def mean_age(result: Result, name: str) -> xr.DataArray:
    """The mean age of what is in a stock: see `Result.mean_age`."""
    found, like, ages = _followed(result, name)
    whole = ages.join(found, like, lambda s: s.mean_age())
    whole.name = name
    return whole.assign_attrs(unit="year")


def limits(result: Result, name: str) -> dict[Any, tuple[float, float]]:
    """When each cohort of a stock began and ceased to enter, in years."""
    found, _, _ = _followed(result, name)
    known: dict[Any, tuple[float, float]] = {}
    for _, stock in found:
        parts = stock.parts
        assert parts is not None
        known |= dict(zip(parts.labels, zip(parts.edges[:-1], parts.edges[1:], strict=True), strict=True))
    return known


def _followed(result: Result, name: str) -> tuple[list[tuple[Part, StockResult]], xr.DataArray, Ages]:
    """The parts of a cohort stock with their cohorts, and the inflow they come from."""
    level = result.stock(name)
    if name not in result.ages:
        hint = did_you_mean(name, result.ages, listed=len(result.ages)) if result.ages else ""
        text = f'"{name}" has no cohorts: it has no lifetime'
        raise ModelError(Problem("no-cohorts", text, hint=hint))
    ages = result.ages[name]
    used = {f: _per_year(result, f, level) for f in ages.used}
    new = sum((_per_year(result, f, level) for f in ages.inflow if f not in used), xr.zeros_like(level))
    inflow = sum(used.values(), new)
    outflow = sum((_per_year(result, f, level) for f in ages.outflow), xr.zeros_like(level))
    length = float(read_periods(level[ages.time].values.tolist()).lengths[0])
    initial = (level - length * (inflow - outflow)).isel({ages.time: 0}, drop=True)
    rounding = ROUNDING * max(float(level.max()), float(inflow.max()), 0.0)
    start = initial.where(initial > rounding, 0.0)
    before = start if float(start.max()) > 0.0 else None
    if ages.shrinking == "error":
        old = {f: flow.clip(min=0.0) for f, flow in used.items()}
        return list(ages.followed(new.clip(min=0.0), before, old)), inflow, ages
    return list(ages.driven(level.clip(min=0.0), before)), inflow, ages


def _per_year(result: Result, name: str, level: xr.DataArray) -> xr.DataArray:
    """A flow per year, whatever time it is counted by, over the labels that its stock tells apart."""
    flow = result.flow(name)
    unit = flow.attrs["unit"]
    flow = flow.sum([d for d in flow.dims if d not in level.dims]).assign_attrs(unit=unit)
    return flow / parse_unit(str(flow.attrs["unit"]).rpartition("/")[2]).factor


def to_plain(ages: Ages) -> dict[str, Any]:
    """How cohorts age as plain values, which JSON can hold."""
    return {
        "time": ages.time,
        "inflow": list(ages.inflow),
        "outflow": list(ages.outflow),
        "timing": ages.timing,
        "shrinking": ages.shrinking,
        "used": {name: _plain(shares) for name, shares in ages.used.items()},
        "parts": [
            [p.kind, {k: _plain(v) for k, v in p.parameters.items()}, p.axis, p.label] for p in ages.parts
        ],
        "structure": ages.structure
        and [_plain(ages.structure.shares), list(ages.structure.ages), list(ages.structure.cohorts)],
    }


def from_plain(plain: Mapping[str, Any]) -> Ages:
    """How cohorts age, from what `to_plain` made of it."""
    structure = plain["structure"]
    return Ages(
        time=plain["time"],
        inflow=tuple(plain["inflow"]),
        outflow=tuple(plain["outflow"]),
        timing=plain["timing"],
        shrinking=plain["shrinking"],
        used={name: _number(shares) for name, shares in plain["used"].items()},
        parts=tuple(
            Part(kind, {k: _number(v) for k, v in parameters.items()}, axis, label)
            for kind, parameters, axis, label in plain["parts"]
        ),
        structure=structure and Structure(_number(structure[0]), *map(tuple, structure[1:])),
    )


def _plain(value: Any) -> Any:
    """A number, a list of numbers, or an array with its dimensions and labels."""
    if isinstance(value, xr.DataArray):
        coords = {str(d): value[d].values.tolist() for d in value.dims if d in value.coords}
        return {"dims": list(value.dims), "coords": coords, "values": value.values.tolist()}
    return np.asarray(value, dtype=float).tolist()


def _number(plain: Any) -> Any:
    if isinstance(plain, dict):
        return xr.DataArray(plain["values"], dims=plain["dims"], coords=plain["coords"])
    return tuple(plain) if isinstance(plain, list) else plain
