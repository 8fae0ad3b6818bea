"""Parameters with or without named dimensions, and how they are laid over the dimensions of a stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.family import Floats
from mfa.errors import InputError, Problem, did_you_mean

By = Literal["cohort", "year"] | None
TIME_NAMES = ("cohort", "year", "time")


@dataclass(frozen=True)
class Labelled:
    """Arrays of one shape, with the names and labels of their dimensions where they have any.

    `dims` is None for plain numbers and numpy arrays. If `timed`, axis 0 runs over cohorts or years.
    """

    arrays: tuple[Floats, ...]
    dims: tuple[str, ...] | None
    coords: Mapping[str, npt.NDArray[Any]]
    timed: bool
    what: str = "the lifetime"

    @property
    def shape(self) -> tuple[int, ...]:
        """The common shape of the arrays."""
        return self.arrays[0].shape


@dataclass(frozen=True)
class Grid:
    """The dimensions of a stock other than time, and the labels of its periods (history included)."""

    shape: tuple[int, ...]
    dims: tuple[str, ...] | None
    coords: Mapping[str, npt.NDArray[Any]]
    periods: int
    period_labels: Sequence[Any]
    name: str = "the stock"


def gather(values: Mapping[str, Any], timed: bool, what: str = "the lifetime") -> Labelled:
    """The values as arrays of one shape; DataArrays are matched by name and label, never by position.

    Raises
    ------
    InputError
        When labels differ, shapes do not fit, or named and unnamed arrays are mixed.
    """
    if any(_is_named(v) for v in values.values()):
        return _gather_named(values, timed, what)
    plain = [_numbers(v, name, what) for name, v in values.items()]
    try:
        arrays = np.broadcast_arrays(*plain)
    except ValueError as error:
        shapes = " and ".join(f"{name} {a.shape}" for name, a in zip(values, plain, strict=True))
        text = f"the shapes of {what} do not fit each other: {shapes}"
        raise InputError(Problem("lifetime-parameters", text)) from error
    if timed and arrays[0].ndim == 0:
        hint = "give an array whose first axis is time, or a DataArray"
        raise InputError(Problem("lifetime-parameters", f"{what} by time needs a time axis", hint=hint))
    return Labelled(tuple(_frozen(a) for a in arrays), None, {}, timed, what)


def _numbers(value: Any, name: str, what: str) -> Floats:
    try:
        return np.asarray(value, dtype=np.float64)
    except (ValueError, TypeError) as error:
        text = f"{name} of {what} is not a number or an array of numbers: {value!r}"
        raise InputError(Problem("lifetime-parameters", text)) from error


def _is_named(value: Any) -> bool:
    return hasattr(value, "dims") and hasattr(value, "coords")


def _frozen(array: npt.NDArray[Any]) -> Floats:
    out = np.array(array, dtype=np.float64)
    out.flags.writeable = False
    return out


def _gather_named(values: Mapping[str, Any], timed: bool, what: str) -> Labelled:
    import xarray as xr

    mixed = [k for k, v in values.items() if not _is_named(v) and np.ndim(v)]
    if mixed:
        hint = "make it a DataArray too"
        text = f'"{mixed[0]}" is an array without dimension names beside one that has them'
        raise InputError(Problem("lifetime-parameters", text, hint=hint))
    arrays = [v if _is_named(v) else xr.DataArray(float(v)) for v in values.values()]
    try:
        aligned = xr.broadcast(*xr.align(*arrays, join="exact"))
    except ValueError as error:
        text = f"the parameters {', '.join(values)} have different labels: {error}"
        raise InputError(Problem("lifetime-parameters", text)) from error
    first = aligned[0]
    time = _time_dim([str(d) for d in first.dims], timed)
    order = [*time, *(d for d in first.dims if d not in time)]
    coords = {str(d): np.asarray(first[d].values) for d in first.dims if d in first.coords}
    data = tuple(_frozen(a.transpose(*order).values) for a in aligned)
    return Labelled(data, tuple(map(str, order)), coords, timed, what)


def _time_dim(dims: Sequence[str], timed: bool) -> list[str]:
    found = [name for name in TIME_NAMES if name in dims][:1]
    if timed and not found:
        text = (
            f"what varies by time needs a dimension called cohort, year or time, not only {', '.join(dims)}"
        )
        raise InputError(Problem("lifetime-parameters", text))
    if found and not timed:
        hint = 'say by="cohort" (made in that year) or by="year" (whatever is in use in that year)'
        text = f'the lifetime has the dimension "{found[0]}", which can mean two things'
        raise InputError(Problem("lifetime-parameters", text, hint=hint))
    return found


def spread(labelled: Labelled, grid: Grid) -> tuple[Floats, ...]:
    """The arrays in the order of the grid: [periods,] then axes that broadcast against the grid's shape.

    Raises
    ------
    InputError
        When a dimension or a label of the lifetime is not the stock's, or shapes do not fit.
    """
    if labelled.dims is None:
        _check_shape(labelled, grid)
        return labelled.arrays
    arrays, own = labelled.arrays, labelled.dims
    if labelled.timed:
        arrays = _pick_labels(arrays, 0, own[0], labelled, grid)
        own = own[1:]
    if own and grid.dims is None:
        hint = "give the inflow or stock as a DataArray too"
        text = f"{labelled.what} has the dimensions {', '.join(own)} and {grid.name} has no names"
        raise InputError(Problem("lifetime-dimensions", text, hint=hint))
    names = grid.dims or ()
    for axis, dim in enumerate(own, start=int(labelled.timed)):
        if dim not in names:
            text = f'{labelled.what} has the dimension "{dim}" and {grid.name} has not'
            raise InputError(Problem("lifetime-dimensions", text, hint=did_you_mean(dim, names)))
        arrays = _pick_labels(arrays, axis, dim, labelled, grid)
    return tuple(_in_order(a, own, names, labelled.timed) for a in arrays)


def _check_shape(labelled: Labelled, grid: Grid) -> None:
    own = labelled.shape[int(labelled.timed) :]
    fits = len(own) <= len(grid.shape)
    fits = fits and all(n in (1, m) for n, m in zip(reversed(own), reversed(grid.shape), strict=False))
    if not fits:
        text = f"{labelled.what} has the shape {own} and {grid.name} {grid.shape} beside time"
        raise InputError(Problem("lifetime-dimensions", text))
    if labelled.timed and labelled.shape[0] != grid.periods:
        hint = "one lifetime for every period, cohorts of the initial stock included, oldest first"
        text = f"{labelled.what} has {labelled.shape[0]} cohorts or years and {grid.name} has {grid.periods}"
        raise InputError(Problem("lifetime-dimensions", text, hint=hint))


def _pick_labels(
    arrays: tuple[Floats, ...], axis: int, dim: str, labelled: Labelled, grid: Grid
) -> tuple[Floats, ...]:
    """The arrays with the labels of one axis in the order of the grid."""
    timed = labelled.timed and axis == 0
    size = grid.periods if timed else dict(zip(grid.dims or (), grid.shape, strict=True))[dim]
    want = grid.period_labels if timed else grid.coords.get(dim)
    have = labelled.coords.get(dim)
    if have is None or want is None:
        if arrays[0].shape[axis] != size:
            text = f'{labelled.what} has {arrays[0].shape[axis]} labels along "{dim}" and {grid.name} {size}'
            raise InputError(Problem("lifetime-dimensions", text))
        return arrays
    order = _order_of(np.asarray(want).tolist(), np.asarray(have).tolist(), dim, (labelled.what, grid.name))
    return tuple(np.take(a, order, axis=axis) for a in arrays)


def _order_of(want: list[Any], have: list[Any], dim: str, names: tuple[str, str]) -> list[int]:
    place = {label: i for i, label in enumerate(have)}
    if len(place) < len(have):
        twice = next(label for label in have if have.count(label) > 1)
        text = f'{names[0]} has more than one value for {dim} "{twice}"'
        raise InputError(Problem("lifetime-dimensions", text))
    missing = [label for label in want if label not in place]
    if missing:
        text = f'{names[0]} has no value for {dim} "{missing[0]}", which {names[1]} has'
        hint = did_you_mean(str(missing[0]), [str(k) for k in place])
        raise InputError(Problem("lifetime-dimensions", text, hint=hint))
    return [place[label] for label in want]


def _in_order(array: Floats, own: Sequence[str], names: Sequence[str], timed: bool) -> Floats:
    lead = int(timed)
    kept = [d for d in names if d in own]
    moved = np.transpose(array, [*range(lead), *(lead + list(own).index(d) for d in kept)])
    sizes = iter(moved.shape[lead:])
    shape = [next(sizes) if d in own else 1 for d in names]
    return moved.reshape((*moved.shape[:lead], *shape))
