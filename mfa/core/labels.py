"""Dimensions and the cells of labelled tensors, dense or sparse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mfa.errors import UnknownName, did_you_mean

Ints = npt.NDArray[np.int64]
Label = str | int
Number = TypeVar("Number", bound=np.generic)

TIME_NAMES = ("year", "month", "time")
REGION = "region"
ELEMENT = "element"
EXPORTER, IMPORTER = "exporter", "importer"


@dataclass(frozen=True)
class Dimension:
    """An ordered set of labels under a name, such as `region` with CHN, USA, ...

    >>> Dimension("region", ("CHN", "USA")).index("USA")
    1
    """

    name: str
    labels: tuple[Label, ...]
    titles: Mapping[Label, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def positions(self) -> dict[Label, int]:
        """Label -> position."""
        return {label: k for k, label in enumerate(self.labels)}

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The labels as text."""
        return tuple(map(str, self.labels))

    def index(self, label: Label) -> int:
        """The position of a label; raises UnknownName with a hint for a label the dimension lacks."""
        if label not in self.positions:
            hint = did_you_mean(str(label), [str(k) for k in self.labels])
            raise UnknownName(f'dimension "{self.name}" has no label "{label}"; {hint}')
        return self.positions[label]

    def title(self, label: Label) -> str:
        """The label's name in figures."""
        return self.titles.get(label, str(label))


def dimension_of(axis: str) -> str:
    """The dimension an axis runs over: exporter and importer run over regions."""
    return REGION if axis in (EXPORTER, IMPORTER) else axis


@dataclass(frozen=True)
class CellIndex:
    """The cells of a tensor that exist: `coords[k]` are cell k's positions along `axes`.

    `shape` is that of the tensor where all of its cells exist, in order.
    """

    axes: tuple[str, ...]
    coords: Ints
    shape: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return len(self.coords)

    def column(self, axis: str) -> Ints:
        """The positions of every cell along one axis."""
        return np.asarray(self.coords[:, self.axes.index(axis)])

    def keep(self, mask: npt.NDArray[np.bool_]) -> CellIndex:
        """The cells where `mask` holds."""
        return CellIndex(self.axes, self.coords[mask])


def full_index(axes: Sequence[str], sizes: Mapping[str, int]) -> CellIndex:
    """Every cell of a dense tensor, last axis fastest.

    >>> len(full_index(["year", "region"], {"year": 3, "region": 2}))
    6
    """
    shape = tuple(sizes[dimension_of(a)] for a in axes)
    coords = (
        np.indices(shape, dtype=np.int64).reshape(len(shape), -1).T if shape else np.zeros((1, 0), np.int64)
    )
    return CellIndex(tuple(axes), np.ascontiguousarray(coords), shape)


def at_cells(
    values: npt.NDArray[Number], axes: Sequence[str], index: CellIndex, n_elements: int, region: str = REGION
) -> npt.NDArray[Number]:
    """An array over `axes` at every cell of an index, shape (cells, elements).

    `region` is the axis of the index that stands for the array's region axis (the exporter of a trade).

    >>> index = full_index(["year", "region"], {"year": 1, "region": 2})
    >>> at_cells(np.array([5, 7]), ["region"], index, 2).tolist()
    [[5, 5], [7, 7]]
    """
    other = [region if a == REGION else a for a in axes if a != ELEMENT]
    # whole rows of elements are taken, which is many times faster than one number at a time
    rows = np.moveaxis(values, list(axes).index(ELEMENT), -1) if ELEMENT in axes else values[..., None]
    if index.shape is None:
        return np.broadcast_to(rows[tuple(map(index.column, other))], (len(index), n_elements))
    rows = rows.transpose(*np.argsort([index.axes.index(a) for a in other]), -1)
    sizes = [n if a in other else 1 for a, n in zip(index.axes, index.shape, strict=True)]
    whole = np.broadcast_to(rows.reshape(*sizes, rows.shape[-1]), (*index.shape, n_elements))
    return whole.reshape(len(index), n_elements)


def matches(own: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """All pairs (i, j) with own[i] == wanted[j], as two arrays.

    >>> [k.tolist() for k in matches(np.array([3, 4]), np.array([4, 4, 5]))]
    [[1, 1], [0, 1]]
    """
    order = np.argsort(wanted, kind="stable")
    low = np.searchsorted(wanted[order], own, side="left")
    count = np.searchsorted(wanted[order], own, side="right") - low
    first = np.cumsum(count) - count
    step = np.arange(int(count.sum())) - np.repeat(first, count)
    return np.repeat(np.arange(len(own)), count), order[np.repeat(low, count) + step]


def keys(index: CellIndex, axes: Sequence[str], sizes: Mapping[str, int]) -> Ints:
    """One number per cell that is equal for cells with equal positions along `axes` (mixed radix)."""
    code = np.zeros(len(index), dtype=np.int64)
    for axis in axes:
        code = code * sizes[dimension_of(axis)] + index.column(axis)
    return code
