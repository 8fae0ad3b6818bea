"""The lifetimes of cohort stocks, read from numbers and tables, with every gap named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mfa.build.assembly import Bools, Floats, Ints
from mfa.build.values import PathKeys, Reader, ValueArray
from mfa.core.labels import ELEMENT, TIME_NAMES, Label, at_cells, dimension_of, keys
from mfa.core.stock.ages import COHORT, Ages, Part, Structure
from mfa.core.system import StockOf, System
from mfa.errors import InputError, Problem
from mfa.spec.lifetimes import MAY_BE_ZERO, PLAIN, SD_HINT
from mfa.spec.stocks import Parameters, Stock
from mfa.spec.values import Value

if TYPE_CHECKING:
    import xarray as xr

NAMED = 4


def read_parts(reader: Reader, name: str, stock: Stock) -> tuple[Part, ...]:
    """The lifetimes of a stock; problems of the reader where numbers are missing or do not fit together."""
    path: PathKeys = ("stocks", name, "lifetime")
    if isinstance(stock.lifetime, Parameters):
        return (_part(reader, path, stock.lifetime),)
    given = stock.lifetime or {}
    axis = max(reader.dims.dimensions, key=lambda a: len({*map(str, labels_of(reader, a))} & {*given}))
    known = {str(x): x for x in labels_of(reader, axis)}
    return tuple(_part(reader, (*path, k), v, axis, known[k]) for k, v in given.items())


def labels_of(reader: Reader, axis: str) -> tuple[Label, ...]:
    """The labels of a dimension."""
    return reader.dims.dimensions[axis].labels


def _part(reader: Reader, path: PathKeys, given: Parameters, axis: str = "", label: Label = "") -> Part:
    """The lifetime written at a path, for the labels of an axis or for all."""
    here = (*path, given.kind)
    parameters = {k: _parameter(reader, here, k, v) for k, v in given.parameters.items()}
    part = Part(given.kind, parameters, axis, label)
    if all(v is not None for v in parameters.values()):
        reader.problems += _unfit(reader, here, part)
    return part


def _unfit(reader: Reader, path: PathKeys, part: Part) -> Iterator[Problem]:
    """What is wrong with parameters that are numbers each: a shape and a mean that no distribution has."""
    try:
        part.lifetime()
    except InputError as error:
        for p in error.problems:
            yield reader.document.problem("lifetime-parameters", p.text, *path, hint=p.hint, key=True)


def _parameter(reader: Reader, path: PathKeys, name: str, given: Value | tuple[float, ...]) -> Any:
    """A parameter as a number, a list or an array over dimensions, of which the time is that of entry."""
    if isinstance(given, tuple):
        return given
    found = reader.array((*path, name), given, "1" if name in PLAIN else "year")
    if found is None:
        return None
    wrong = np.isnan(found.value) | (found.value < 0 if name in MAY_BE_ZERO else found.value <= 0)
    if wrong.any():
        reader.problems.append(_incomplete(reader, (*path, name), found, wrong))
        return None
    return float(found.value) if not found.axes else as_array(reader, found)


def _incomplete(reader: Reader, path: PathKeys, found: ValueArray, wrong: Bools) -> Problem:
    """The labels at which a parameter has no number, or one that is not above 0."""
    kind, name = path[-2:]
    missing = np.isnan(found.value)
    if missing.any():
        text = f"{name} of a {kind} lifetime has no number for {places(reader, found, missing)}"
        hint = "give one for every label of its `dims`, or fill years with `interpolate: linear`"
        return reader.document.problem("lifetime-missing", text, *path, hint=hint)
    number = float(found.value[wrong].flat[0]) / found.unit.factor
    least = "0 or more" if name in MAY_BE_ZERO else "above 0"
    text = f"{name} of a {kind} lifetime must be {least}, not {number:g}: {places(reader, found, wrong)}"
    return reader.document.problem(
        "lifetime-parameters", text, *path, hint=SD_HINT if name == "sd" and number == 0 else ""
    )


def places(reader: Reader, found: ValueArray, which: Bools) -> str:
    """The first labels at which something holds, and how many more there are."""
    at = np.argwhere(which)
    words = [
        " ".join(str(labels_of(reader, dimension_of(a))[k]) for a, k in zip(found.axes, line, strict=True))
        for line in at[:NAMED]
    ]
    more = f" and {len(at) - NAMED} more" if len(at) > NAMED else ""
    return ", ".join(words) + more


def as_array(reader: Reader, found: ValueArray) -> xr.DataArray:
    """Numbers as a labelled array; their time, if they have one, is the cohort's."""
    import xarray as xr

    coords = {a: list(labels_of(reader, dimension_of(a))) for a in found.axes}
    renamed = {a: COHORT if a in TIME_NAMES else a for a in found.axes}
    return xr.DataArray(
        found.value, dims=list(renamed.values()), coords={renamed[a]: x for a, x in coords.items()}
    )


def ages_of(
    system: System,
    stock: StockOf,
    spec: Stock,
    parts: tuple[Part, ...],
    *,
    structure: Structure | None,
    used: Mapping[str, xr.DataArray],
) -> Ages:
    """How the cohorts of a stock age."""
    return Ages(
        time=str(system.time),
        inflow=stock.inflow,
        outflow=stock.outflow,
        timing=spec.timing,
        parts=parts,
        structure=structure,
        shrinking=spec.shrinking,
        used=used,
    )


def template(system: System, stock: StockOf) -> xr.DataArray:
    """Zeros over all labels of a stock's level, elements apart."""
    import xarray as xr

    labels = {a: list(system.dimensions[dimension_of(a)].labels) for a in stock.cells.axes}
    shape = tuple(len(x) for x in labels.values())
    return xr.DataArray(np.zeros(shape), dims=list(labels), coords=labels)


def whole(system: System, stock: StockOf, numbers: Floats) -> xr.DataArray:
    """Numbers of a stock's cells, (cells, elements), over all labels of its level, elements included."""
    like = template(system, stock)
    full = np.zeros((*like.shape, system.n_elements))
    full[tuple(stock.cells.coords.T)] = numbers
    if not system.elements:
        return like.copy(data=full[..., 0])
    return like.expand_dims({ELEMENT: list(system.elements)}, axis=-1).copy(data=full)


def before_first(system: System, stock: StockOf, initial: ValueArray) -> xr.DataArray:
    """The level before the first period over all labels of a stock but the time; 0 where none is stated."""
    start = at_cells(initial.value, initial.axes, stock.cells, system.n_elements)
    first = stock.cells.column(str(system.time)) == 0
    level = whole(system, stock, np.where(first[:, None], np.nan_to_num(start), 0.0))
    return level[0].drop_vars(str(system.time))


def left_of_initial(system: System, stock: StockOf, ages: Ages, initial: ValueArray) -> Floats:
    """The share of the initial stock left at the end of each period, (time, series, element).

    Raises InputError when something of it is older than its lifetime allows.
    """
    before = before_first(system, stock, initial)
    like = whole(system, stock, np.zeros((len(stock.cells), system.n_elements)))
    found = list(ages.followed(like, (before > 0).astype(float)))
    left = ages.join(found, like, lambda s: s.stock).to_numpy()
    return left.reshape(len(like), -1, system.n_elements)[:, places_of(system, stock)]


def places_of(system: System, stock: StockOf) -> Ints:
    """The position of every series of a stock in the tensor of all labels but time and element."""
    axes = [a for a in stock.cells.axes if a != system.time]
    return np.unique(keys(stock.cells, axes, system.sizes))
