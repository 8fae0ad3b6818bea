"""Quantities as dense xarray tensors and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from mfa.run.result import Quantity

Labels = Mapping[str, tuple[str | int, ...]]


def axis_labels(axis: str, dimensions: Labels) -> tuple[str | int, ...]:
    """The labels along an axis (exporter and importer run over regions)."""
    return dimensions["region" if axis in ("exporter", "importer") else axis]


def dense(quantity: Quantity, dimensions: Labels, what: str = "value") -> xr.DataArray:
    """One of `value`, `mean`, `sd`, `low`, `high`, `status`, `mark` over all labels of a quantity's
    dimensions.

    Cells that do not exist are 0 (their status -1).
    """
    axes = [*quantity.axes, *(["element"] if quantity.elements else [])]
    labels = {a: list(axis_labels(a, dimensions)) for a in quantity.axes}
    numbers = getattr(quantity, what)
    shape = tuple(len(labels[a]) for a in quantity.axes)
    full = np.full((*shape, numbers.shape[1]), -1 if what == "status" else 0, dtype=numbers.dtype)
    position = {a: {x: k for k, x in enumerate(labels[a])} for a in quantity.axes}
    where = tuple(
        np.array([position[a][x] for x in quantity.labels[a]], dtype=np.int64) for a in quantity.axes
    )
    full[where] = numbers if quantity.axes else numbers[0]
    coords: dict[str, list[str | int]] = {
        **labels,
        **({"element": list(quantity.elements)} if quantity.elements else {}),
    }
    if not quantity.elements:
        full = full[..., 0]
    attrs = {"unit": quantity.unit, "basis": quantity.basis or "element mass", "label": quantity.label}
    return xr.DataArray(full, dims=axes, coords=coords, name=quantity.name, attrs=attrs)


def ends(quantity: Quantity, dimensions: Labels) -> xr.DataArray:
    """Both ends of the intervals, along `end`."""
    both = {what: dense(quantity, dimensions, what) for what in ("low", "high")}
    found = xr.concat(both.values(), dim="end", join="exact", combine_attrs="identical")
    return found.assign_coords(end=list(both))
