"""Values of the document as arrays over dimensions: numbers, nested data and tables, in canonical units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mfa.build.assembly import Floats
from mfa.build.dims import Dims
from mfa.core.labels import ELEMENT, TIME_NAMES, dimension_of
from mfa.data.rows import TableSpec, load_rows
from mfa.errors import Problem, UnitError
from mfa.spec.resolve import Document
from mfa.spec.values import TableRef, Value
from mfa.units import Unit, parse_unit

PathKeys = tuple[str | int, ...]


@dataclass(frozen=True)
class ValueArray:
    """Numbers over `axes` with their standard deviations: NaN where none is given; canonical units."""

    axes: tuple[str, ...]
    value: Floats
    sd: Floats
    cv: Floats
    unit: Unit
    source: str
    edition: str

    @property
    def uncertain(self) -> bool:
        """Whether any number has an uncertainty."""
        return bool(np.nansum(self.sd) > 0 or np.nansum(self.cv) > 0)


def table_spec(ref: TableRef, value: Value | None) -> TableSpec:
    """The data layer's form of a table reference; `value` states what the rows are silent about."""
    return TableSpec(
        files=ref.file, format=ref.format, where=dict(ref.where), rename=dict(ref.rename), column=ref.column,
        sum_over=ref.sum_over, gaps=ref.gaps, unit=value.unit if value else None,
    )


class Reader:
    """Reads values of one document; problems are collected in `problems`."""

    def __init__(self, document: Document, dims: Dims) -> None:
        self.document, self.dims = document, dims
        self.problems: list[Problem] = []
        self.files: set[str] = set()

    def unit(self, text: str | None) -> Unit:
        """The unit a text names, with the document's bases and elements; raises UnitError."""
        elements = self.dims.dimensions[ELEMENT].labels if ELEMENT in self.dims.dimensions else ()
        bases = [*self.document.spec.bases, *(str(e) for e in elements)]
        return parse_unit(text or self.document.spec.units.mass, bases)

    def rows(
        self, path: PathKeys, ref: TableRef, wanted: Sequence[str], value: Value | None = None
    ) -> pd.DataFrame:
        """The rows of a table with its labels mapped to the dimensions; empty with problems when it cannot be read."""
        folder = self.document.folder(*path, "table")
        place = self.document.place(*path, "table")
        frame, problems = load_rows(table_spec(ref, value), folder, self.dims.groupings(wanted), place=place)
        if ref.optional and any(p.code == "missing-file" for p in problems):
            text = f"{' '.join(ref.file)} is not there: {'.'.join(map(str, path))} has no rows"
            problems = [self.document.problem("optional-file", text, *path, "table", severity="warning")]
        self.problems += problems
        self.files |= {str(f) for f in frame["file"].unique()} if len(frame) else set()
        return frame

    def factors(self, frame: pd.DataFrame, unit: Unit) -> Floats:
        """What converts each row to canonical units: by its own unit, else by the unit stated."""
        known = {u: self.unit(str(u)).factor for u in frame["unit"].dropna().unique()}
        return frame["unit"].map(known).astype(float).fillna(unit.factor).to_numpy()

    def array(self, path: PathKeys, value: Value, default_unit: str | None = None) -> ValueArray | None:
        """The numbers of a value over its dimensions, or None (with problems) when they cannot be had."""
        try:
            unit = self.unit(value.unit or default_unit or "1")
        except UnitError as error:
            self.problems.append(self.document.problem("unit", _bare(error), *path, "unit"))
            return None
        axes = value.dims
        unknown = [a for a in axes if dimension_of(a) not in self.dims.dimensions]
        if unknown:
            return None
        if value.table is not None:
            found = self._from_table(path, value, unit)
        else:
            found = self._from_data(path, value, unit)
        return None if found is None else self._filled(path, value, found)

    def _blank(self, value: Value, unit: Unit) -> ValueArray:
        shape = tuple(len(self.dims.dimensions[dimension_of(a)]) for a in value.dims)
        nan = np.full(shape, np.nan)
        return ValueArray(
            value.dims, nan.copy(), np.zeros(shape), np.zeros(shape), unit, *self._origin(value)
        )

    def _origin(self, value: Value) -> tuple[str, str]:
        source = value.source or ""
        known = self.document.spec.sources.get(source)
        return source or "scenario", value.edition or (known.edition if known and known.edition else "") or "as stated"

    def _from_data(self, path: PathKeys, value: Value, unit: Unit) -> ValueArray | None:
        blank = self._blank(value, unit)
        numbers = blank.value
        if value.value is not None:
            numbers[...] = value.value
        elif isinstance(value.data, dict):
            self._nested(path, value.data, value.dims, numbers)
        elif value.data is not None:
            given = np.asarray(value.data, dtype=np.float64)
            if given.shape != numbers.shape:
                text = f"the list has shape {given.shape}, its dims {tuple(value.dims)} need {numbers.shape}"
                self.problems.append(self.document.problem("shape", text, *path, "data"))
                return None
            numbers[...] = given
        return replace(blank, value=numbers * unit.factor, **self._spread(path, value, unit, numbers))

    def _nested(self, path: PathKeys, data: Mapping[object, object], axes: tuple[str, ...], out: Floats) -> None:
        dimension = self.dims.dimensions[dimension_of(axes[0])] if axes else None
        for label, inner in data.items():
            if dimension is None or label not in dimension.positions:
                text = f'no dimension of this value has the label "{label}"'
                self.problems.append(self.document.problem("label", text, *path, "data", str(label)))
            elif isinstance(inner, Mapping):
                self._nested(path, inner, axes[1:], out[dimension.positions[label]])  # type: ignore[index]
            else:
                out[dimension.positions[label]] = float(inner)  # type: ignore[index,arg-type]

    def _spread(self, path: PathKeys, value: Value, unit: Unit, numbers: Floats) -> dict[str, Floats]:
        """The absolute and the relative standard deviation of a value that states one for all its numbers."""
        zero = np.zeros(numbers.shape)
        sd, cv = spread_of(value, unit)
        return {"sd": zero + sd, "cv": zero + cv}

    def _from_table(self, path: PathKeys, value: Value, unit: Unit) -> ValueArray | None:
        assert value.table is not None
        frame = self.rows(path, value.table, value.dims, value)
        if frame.empty:
            return None
        blank = self._blank(value, unit)
        where = tuple(
            np.array([self.dims.dimensions[dimension_of(a)].index(x) for x in frame[a]], dtype=np.int64)
            for a in value.dims
        )
        factor = self.factors(frame, unit)
        blank.value[where] = frame["value"].to_numpy(float) * factor
        sd, cv = spread_of(value, unit)
        blank.sd[where] = _column(frame, "sd", factor, sd)
        blank.cv[where] = _column(frame, "cv", np.ones(len(frame)), cv)
        source = value.source or str(frame["source"].iloc[0] or "") or "scenario"
        edition = value.edition or str(frame["edition"].iloc[0] or "") or self._origin(value)[1]
        return replace(blank, source=source, edition=edition)

    def _filled(self, path: PathKeys, value: Value, found: ValueArray) -> ValueArray:
        """Years between given ones filled, where the value asks for it."""
        time = next((a for a in found.axes if a in TIME_NAMES), None)
        if value.interpolate is None or time is None:
            return found
        axis = found.axes.index(time)
        years = np.asarray(self.dims.dimensions[time].labels, dtype=float)
        filled = np.apply_along_axis(_interpolated, axis, found.value, years, value.interpolate)
        return replace(found, value=filled)


def _interpolated(series: Floats, years: Floats, how: str) -> Floats:
    given = ~np.isnan(series)
    if not given.any():
        return series
    if how == "linear":
        return np.interp(years, years[given], series[given])
    last = np.maximum.accumulate(np.where(given, np.arange(len(series)), -1))
    first = int(np.argmax(given))
    return np.asarray(series[np.where(last < 0, first, last)])


def _column(frame: pd.DataFrame, name: str, factor: Floats, default: float) -> Floats:
    if name not in frame:
        return np.full(len(frame), default)
    return frame[name].astype(float).mul(factor).fillna(default).to_numpy()


def spread_of(value: Value, unit: Unit) -> tuple[float, float]:
    """The absolute (canonical units) and relative standard deviation a value states.

    An interval is uniform: sd = width / sqrt(12). A lognormal factor f that holds 68 % has cv = ln f.
    """
    if value.sd is not None:
        return value.sd * unit.factor, 0.0
    if value.interval is not None:
        return (value.interval[1] - value.interval[0]) / np.sqrt(12.0) * unit.factor, 0.0
    if value.factor is not None:
        return 0.0, float(np.log(value.factor))
    return 0.0, value.cv or 0.0


def _bare(error: UnitError) -> str:
    return "; ".join(p.text for p in error.problems)
