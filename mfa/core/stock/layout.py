"""Reading arrays and DataArrays as periods by series, and giving results back in the caller's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.labelled import Grid
from mfa.core.lifetime.periods import Periods, read_periods
from mfa.errors import InputError, Problem, UnknownName, did_you_mean

Floats = npt.NDArray[np.float64]
Array = Any
"""A numpy array (time first) or an `xarray.DataArray`."""


HINTS = {
    "missing-value": "missing is not zero: fill or interpolate it first",
    "negative-value": "amounts are 0 or more: give what leaves as an outflow",
}


@dataclass(frozen=True)
class Layout:
    """The form of the caller's data: its periods, its other dimensions, and how to give a result back."""

    name: str
    periods: Periods
    shape: tuple[int, ...]
    dim: str = "year"
    dims: tuple[str, ...] | None = None
    coords: Mapping[str, npt.NDArray[Any]] | None = None
    template: Any = None

    @property
    def series(self) -> int:
        """How many series there are: the product of the dimensions other than time."""
        return int(np.prod(self.shape, dtype=np.int64))

    def grid(self, earlier: Sequence[Any]) -> Grid:
        """What a lifetime is laid over: the other dimensions, and the periods with those of the history."""
        labels = (*earlier, *self.periods.labels)
        return Grid(self.shape, self.dims, self.coords or {}, len(labels), labels, self.name)

    def wrap(self, flat: Floats, name: str, units: str | None = None) -> Array:
        """A (periods, series) array in the caller's form."""
        whole = flat.reshape(len(flat), *self.shape)
        if self.template is None:
            return whole
        import xarray as xr

        attrs = {k: v for k, v in self.template.attrs.items() if k != "units"}
        attrs |= {"units": units} if units else {}
        coords = self.template.coords
        out = xr.DataArray(whole, dims=(self.dim, *(self.dims or ())), coords=coords, name=name, attrs=attrs)
        return out.transpose(*self.template.dims)

    def wrap_as(self, flat: Floats, lead: Mapping[str, Sequence[Any]], name: str) -> Array:
        """An array with other leading axes (name to labels) in the caller's form."""
        whole = flat.reshape(*(len(labels) for labels in lead.values()), *self.shape)
        if self.template is None:
            return whole
        import xarray as xr

        coords: dict[str, Any] = {**(self.coords or {}), **{k: list(v) for k, v in lead.items()}}
        return xr.DataArray(whole, dims=(*lead, *(self.dims or ())), coords=coords, name=name)

    @property
    def units(self) -> str | None:
        """The units of the caller's data, where it says."""
        return None if self.template is None else self.template.attrs.get("units")

    def place(self, t: int, series: int) -> str:
        """A period and a series in words: "year 2005, region DEU"."""
        return ", ".join([f"{self.dim} {self.periods.labels[t]}", *self.words_of(series)])

    def words_of(self, series: int) -> list[str]:
        """The labels of a series in words; its position where the data have no names."""
        at = [int(i) for i in np.unravel_index(series, self.shape)] if self.shape else []
        if self.dims is None:
            return [f"series [{', '.join(map(str, at))}]"] if at else []
        labels = self.coords or {}
        return [f"{d} {labels[d][i] if d in labels else i}" for d, i in zip(self.dims, at, strict=True)]

    def find(self, label: Any) -> int:
        """The position of a period.

        Raises
        ------
        UnknownName
            When there is no such period.
        """
        return find_label(label, self.periods.labels, self.dim)


def find_label(label: Any, labels: Sequence[Any], what: str) -> int:
    """The position of a label.

    Raises
    ------
    UnknownName
        When it is not there.
    """
    if label in labels:
        return list(labels).index(label)
    hint = did_you_mean(str(label), [str(k) for k in labels])
    raise UnknownName(Problem("unknown-name", f'there is no {what} "{label}"', hint=hint))


def read_layout(
    values: Array, name: str, dim: str, years: Sequence[Any] | None, edges: Sequence[float] | None
) -> tuple[Layout, Floats]:
    """The layout of the caller's data, and the data as (periods, series).

    Raises
    ------
    InputError
        When there is no time dimension, no period, or years are unsorted or repeated.
    """
    if hasattr(values, "dims") and hasattr(values, "coords"):
        return _read_named(values, str(values.name or name), dim, edges)
    array = as_numbers(values, name)
    if array.ndim == 0 or len(array) == 0:
        raise InputError(Problem("periods", f"{name} has no period", hint="its first axis is time"))
    periods = read_periods(years, edges=edges, count=len(array))
    layout = Layout(name, periods, array.shape[1:], dim)
    return layout, flatten(array, layout)


def _read_named(values: Array, name: str, dim: str, edges: Sequence[float] | None) -> tuple[Layout, Floats]:
    if dim not in values.dims:
        dims = [str(d) for d in values.dims]
        hint = f"say which with dim=; {did_you_mean(dim, dims)}"
        raise InputError(Problem("periods", f'{name} has no dimension "{dim}"', hint=hint))
    array = values.transpose(dim, ...)
    years = array[dim].values if dim in array.coords else None
    periods = read_periods(years, edges=edges, count=array.sizes[dim])
    others = tuple(str(d) for d in array.dims[1:])
    coords = {d: np.asarray(array[d].values) for d in others if d in array.coords}
    layout = Layout(name, periods, array.shape[1:], dim, others, coords, values)
    return layout, flatten(as_numbers(array.values, name), layout)


def as_numbers(values: Array, name: str) -> Floats:
    """The values as numbers.

    Raises
    ------
    InputError
        When they are not numbers.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "biufO":
        found = "text" if array.dtype.kind in "US" else array.dtype.name
        raise InputError(Problem("not-numbers", f"{name} is not made of numbers but of {found}"))
    try:
        return np.asarray(array, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise InputError(Problem("not-numbers", f"{name} is not made of numbers: {error}")) from error


def flatten(array: Floats, layout: Layout) -> Floats:
    """Periods by series.

    Raises
    ------
    InputError
        When the array does not have one row for each period.
    """
    if len(array) != len(layout.periods):
        text = f"{layout.name} has {len(array)} periods and there are {len(layout.periods)} years"
        raise InputError(Problem("periods", text, hint="one label for each period, or one edge more"))
    return array.reshape(len(array), layout.series)


def read_like(values: Array, name: str, layout: Layout) -> Floats:
    """Another array of the same form as (periods, series); a scalar holds everywhere.

    Raises
    ------
    InputError
        When shapes or labels differ.
    """
    if hasattr(values, "dims") and hasattr(values, "coords"):
        return _read_like_named(values, name, layout)
    try:
        whole = np.broadcast_to(np.asarray(values, dtype=np.float64), (len(layout.periods), *layout.shape))
    except ValueError as error:
        text = f"{name} has the shape {np.shape(values)} beside {layout.name}: {error}"
        raise InputError(Problem("shape", text)) from error
    return whole.reshape(len(whole), layout.series)


def _read_like_named(values: Array, name: str, layout: Layout) -> Floats:
    import xarray as xr

    if layout.template is None:
        raise InputError(Problem("shape", f"{name} has named dimensions and {layout.name} has none"))
    try:
        other = [str(d) for d in values.dims if d not in layout.template.dims]
        if other:
            raise ValueError(f'it has the dimension "{other[0]}"')
        _, aligned = xr.align(layout.template, values, join="exact")
        whole = aligned.broadcast_like(layout.template).transpose(layout.dim, *(layout.dims or ()))
    except ValueError as error:
        raise InputError(Problem("shape", f"{name} does not match {layout.name}: {error}")) from error
    return flatten(np.asarray(whole.values, dtype=np.float64), replace(layout, name=name))


def value_problems(flat: Floats, layout: Layout, name: str) -> list[Problem]:
    """A problem where a value is missing, infinite or negative: the first place, and how many."""
    problems = []
    if flat.min(initial=0.0) >= 0.0 and flat.max(initial=0.0) < np.inf:
        return []  # a NaN would have come out as the smallest
    with np.errstate(invalid="ignore"):
        good = flat >= 0.0
    for code, text, bad in (
        ("missing-value", "is missing or not finite", ~np.isfinite(flat)),
        ("negative-value", "is negative", np.isfinite(flat) & ~good),
    ):
        if bad.any():
            t, series = (int(i) for i in np.argwhere(bad)[0])
            more = f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""
            value = "" if code == "missing-value" else f": {flat[t, series]:g}"
            where = layout.place(t, series)
            problems.append(Problem(code, f"{name} {text} at {where}{value}{more}", hint=HINTS[code]))
    return problems
