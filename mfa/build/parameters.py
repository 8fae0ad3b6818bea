"""Uncertain parameters: unknowns with what was stated about them as observations."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mfa.build.assembly import SHARED_BLOCK, Assembly, Bools, Floats, Ints, Terms
from mfa.build.values import ValueArray
from mfa.core.labels import CellIndex, dimension_of
from mfa.core.system import System


@dataclass(frozen=True)
class ObservedGroup:
    """Observed rows `first ... first + len(labels)` and what is printed of them.

    `factor` converts the canonical unit to `unit`; `standing` says why a row does not count ("" if it does).
    """

    name: str
    first: int
    labels: pd.DataFrame
    unit: str
    factor: Floats
    source: list[str]
    edition: list[str]
    derived_from: list[str]
    standing: list[str]
    reported_by: str = ""
    of: str = ""
    place: list[str] = field(default_factory=list)


def label_frame(system: System, index: CellIndex) -> pd.DataFrame:
    """The labels of every cell, one column an axis."""
    columns = {
        a: np.asarray(system.dimensions[dimension_of(a)].labels, dtype=object)[index.column(a)] for a in index.axes
    }
    return pd.DataFrame(columns, index=range(len(index)))


@dataclass(frozen=True)
class Parameter:
    """An uncertain parameter: `unknown` and `cell` have its array's shape, -1 where it does not exist."""

    unknown: Ints
    cell: Ints


def add_parameter(
    assembly: Assembly, system: System, name: str, given: ValueArray, *, used: Bools | None = None, upper: float = np.inf,
    shares: bool = False,
) -> tuple[Parameter, ObservedGroup]:
    """Unknowns for an array of stated numbers, and the observations that state them."""
    used = ~np.isnan(given.value) if used is None else used & ~np.isnan(given.value)
    positions = np.argwhere(used).astype(np.int64).reshape(int(used.sum()), given.value.ndim)
    index = CellIndex(given.axes, positions)
    value, sd, cv = given.value[used], given.sd[used], given.cv[used]

    def namer(k: int) -> str:
        labels = [str(system.dimensions[dimension_of(a)].labels[p]) for a, p in zip(index.axes, positions[k], strict=True)]
        return f"{name}[{', '.join(labels)}]" if labels else name

    n = len(value)
    first = assembly.unknowns(n, namer, start=value, upper=upper, block=_block(system, index), mass=False, bulk=np.full(n, -1) if shares else None)
    cell = assembly.linear(first, n, namer)
    row = np.arange(n)
    at = assembly.observe(Terms.of(row, cell + row, 1.0), value, sd, cv, np.ones(n, bool), namer)
    numbers = np.full(used.shape, -1, np.int64)
    numbers[used] = np.arange(n)
    group = ObservedGroup(
        name, at, label_frame(system, index), given.unit.text, np.full(n, 1 / given.unit.factor),
        [given.source] * n, [given.edition] * n, [""] * n, [""] * n, "", name,
    )
    shifted = lambda base: np.where(numbers >= 0, numbers + base, -1)  # noqa: E731
    return Parameter(shifted(first), shifted(cell)), group


def _block(system: System, index: CellIndex) -> Ints | int:
    if system.time is None:
        return 0
    return index.column(system.time) if system.time in index.axes else SHARED_BLOCK
