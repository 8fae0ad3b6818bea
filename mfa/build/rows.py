"""Rows of observations and constraints: what a target means at given labels, and how the row is called."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mfa.build.assembly import Ints, Namer, Terms
from mfa.build.reports import names_of
from mfa.build.targets import Targets, Weighted, group_rows
from mfa.build.values import Reader
from mfa.core.labels import ELEMENT
from mfa.errors import UnitError
from mfa.spec.schema import Target
from mfa.units import Unit


def target_rows(
    targets: Targets,
    reader: Reader,
    target: Target,
    unit: Unit,
    *,
    axes: tuple[str, ...],
    wanted: Ints,
    path: tuple[str, ...],
) -> Terms | None:
    """The terms of the rows at `wanted` positions (one line a row) of a target, or None (with a problem)."""
    parts: list[Weighted] = []
    try:
        for name, factor in names_of(target).items():
            part = targets.weighted(name, unit, target.at, ELEMENT in axes)
            parts.append(Weighted(part.index, part.owner, part.cell, part.weight * factor))
    except UnitError as error:
        reader.problems.append(reader.document.problem("unit", error.problems[0].text, *path, "unit"))
        return None
    return group_rows(parts, axes, targets.system.sizes, wanted)


def row_namer(name: str, frame: pd.DataFrame, axes: Sequence[str]) -> Namer:
    """Names of rows by labels and known origin, such as `production[2022, CHN] (usgs, MCS 2024)`."""

    def namer(k: int) -> str:
        labels = ", ".join(str(frame[a].iloc[k]) for a in axes)
        edition = f" ({frame['source'].iloc[k]}, {frame['edition'].iloc[k]})" if "edition" in frame else ""
        return f"{name}[{labels}]{edition}" if labels else f"{name}{edition}"

    return namer


def of_rows(namer: Namer, rows: Ints, suffix: str = "") -> Namer:
    """The names of some of the rows, with words after them."""
    return lambda k: f"{namer(int(rows[k]))}{suffix}"
