"""Uncertain parameters: unknowns with what was stated about them as observations."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Terms
from mfa.build.naming import blocks, cell_namer
from mfa.build.values import ValueArray
from mfa.core.labels import CellIndex, dimension_of
from mfa.core.system import System

EXACT = "exact"
"""The standing of a number stated without uncertainty: it holds, and nothing adjusts it."""
ASSUMED, AS_STATED = "assumption", "as stated"
"""Source and edition of what the scenario assumes and nobody reported."""


@dataclass(frozen=True)
class ObservedGroup:
    """Observed rows `first ... first + len(labels)` and what is printed of them.

    `factor` converts the canonical unit to `unit`; `standing` says why a row does not count ("" if it does);
    `report` tells observations from statements about parameters.
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
    report: bool = False
    judged: Ints | None = None
    """The observed row that each is judged by, where that is not its own (a soft bound)."""


@dataclass(frozen=True)
class Parameter:
    """An uncertain parameter: `unknown`, `cell` and `observed`, the row that states it, have its array's
    shape, -1 where it does not exist."""

    unknown: Ints
    cell: Ints
    observed: Ints


def label_frame(system: System, index: CellIndex) -> pd.DataFrame:
    """The labels of every cell, one column an axis."""
    columns = {
        a: np.asarray(system.dimensions[dimension_of(a)].labels, dtype=object)[index.column(a)]
        for a in index.axes
    }
    return pd.DataFrame(columns, index=range(len(index)))


def statements(
    system: System,
    name: str,
    first: int,
    index: CellIndex,
    unit: str,
    *,
    factor: float = 1.0,
    source: str = ASSUMED,
    edition: str = AS_STATED,
    certain: Bools | None = None,
) -> ObservedGroup:
    """The observed group of what is stated at every cell of an index, from one source and edition."""
    n = len(index)
    standing = [EXACT if c else "" for c in (np.zeros(n, bool) if certain is None else certain)]
    labels = label_frame(system, index)
    return ObservedGroup(
        name,
        first,
        labels,
        unit,
        np.full(n, factor),
        [source] * n,
        [edition] * n,
        [""] * n,
        standing,
        "",
        name,
    )


def add_parameter(
    assembly: Assembly,
    system: System,
    name: str,
    given: ValueArray,
    *,
    used: Bools | None = None,
    upper: float = np.inf,
) -> tuple[Parameter, ObservedGroup]:
    """Unknowns for stated numbers (exact ones held by their bounds), and the observations that state them.

    `used` picks numbers."""
    index = CellIndex(given.axes, positions(used := _wanted(given, used)))
    value, certain, namer = given.value[used], given.certain[used], cell_namer(system, name, index)
    first = assembly.unknowns(
        len(value),
        namer,
        start=value,
        lower=np.where(certain, value, 0.0),
        upper=np.where(certain, value, upper),
        block=blocks(system, index),
        mass=False,
    )
    cell = assembly.linear(first, len(value), namer)
    terms, sd, cv = own_terms(cell + np.arange(len(value))), given.sd[used], given.cv[used]
    log = (value > 0) & given.lognormal
    at = assembly.observe(terms, value, sd, cv, counted=~certain, namer=namer, log=log)
    parameter = Parameter(*(numbered(used, k) for k in (first, cell, at)))
    return parameter, stated_group(system, name, at, index, given=given, certain=certain)


def stated_group(
    system: System, name: str, first: int, index: CellIndex, *, given: ValueArray, certain: Bools
) -> ObservedGroup:
    """What an array states of itself at some of its labels."""
    return statements(
        system,
        name,
        first,
        index,
        given.unit.text,
        factor=1 / given.unit.factor,
        source=given.source,
        edition=given.edition,
        certain=certain,
    )


def own_terms(cells: Ints) -> Terms:
    """Cells, each in a row of its own."""
    return Terms.of(np.arange(len(cells)), cells, 1.0)


def _wanted(given: ValueArray, used: Bools | None) -> Bools:
    """Which numbers of an array are stated, and wanted where that is said."""
    stated = ~np.isnan(given.value)
    return stated if used is None else np.asarray(stated & used)


def positions(used: Bools) -> Ints:
    """The positions where `used` holds, one line each (numpy has none for a scalar)."""
    return np.argwhere(used).astype(np.int64).reshape(int(used.sum()), used.ndim)


def numbered(used: Bools, first: int) -> Ints:
    """Consecutive numbers from `first` where `used` holds, -1 elsewhere."""
    numbers = np.full(used.shape, -1, np.int64)
    numbers[used] = first + np.arange(int(used.sum()))
    return numbers
