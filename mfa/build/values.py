"""Values of the document as arrays over dimensions: numbers, nested data and tables, in canonical units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mfa.build.assembly import Bools, Floats
from mfa.build.dims import Dims
from mfa.build.entries import entries
from mfa.build.magnitude import HINT, out_of_range
from mfa.core.labels import ELEMENT, TIME_NAMES, dimension_of
from mfa.core.lifetime.periods import as_years
from mfa.data.rows import TableSpec, load_rows
from mfa.data.spreads import Need
from mfa.data.tables import split_sheet
from mfa.errors import Place, Problem, Severity, UnitError
from mfa.spec.dimensions import label_files
from mfa.spec.resolve import Document
from mfa.spec.schema import Target
from mfa.spec.values import REST, TableRef, Value
from mfa.units import Unit, parse_unit

PathKeys = tuple[str | int, ...]
UNNAMED = "scenario"
"""The source of numbers for which none is named."""
REPORTED = ("observations", "drivers")
"""Sections whose numbers are read as rows, which say more of each (:mod:`mfa.build.reports`)."""


@dataclass(frozen=True)
class ValueArray:
    """Numbers over `axes` with their standard deviations: NaN where none is given; canonical units.

    `rest` marks the shares that take what others leave, of an array that has any.
    """

    axes: tuple[str, ...]
    value: Floats
    sd: Floats
    cv: Floats
    unit: Unit
    source: str
    edition: str
    lognormal: bool = False
    rest: Bools | None = None

    @property
    def certain(self) -> Bools:
        """Which numbers are stated without uncertainty (a relative one of zero is none)."""
        return np.asarray(~((self.sd > 0) | ((self.cv > 0) & (self.value != 0))))

    @property
    def spread(self) -> Floats:
        """The standard deviation of each number where it is what it is stated to be."""
        return np.maximum(self.sd, self.cv * np.abs(np.nan_to_num(self.value)))

    @property
    def uncertain(self) -> bool:
        """Whether any number that is stated has an uncertainty."""
        return bool((~self.certain & ~np.isnan(self.value)).any())


def table_spec(ref: TableRef, value: Value | None) -> TableSpec:
    """The data layer's form of a table reference; `value` states what the rows are silent about."""
    return TableSpec(
        files=ref.file,
        format=ref.format,
        where=dict(ref.where),
        rename=dict(ref.rename),
        column=ref.column,
        sum_over=ref.sum_over,
        gaps=ref.gaps,
        outside=ref.outside,
        unit=value.unit if value else None,
        fallback=value is not None and value.uncertain,
        only=dict(value.at) if isinstance(value, Target) else {},
    )


class Reader:
    """Reads values of one document; problems are collected in `problems`."""

    def __init__(self, document: Document, dims: Dims) -> None:
        self.document, self.dims = document, dims
        self.problems: list[Problem] = []
        self.files: set[Path] = set(label_files(document))

    @property
    def simulates(self) -> bool:
        """Whether the question is what follows: then every stated number is exact."""
        return self.document.spec.solve.question == "simulate"

    @property
    def timed(self) -> bool:
        """Whether there is a dimension of time."""
        return any(name in self.dims.dimensions for name in TIME_NAMES)

    @property
    def mass(self) -> str:
        """The unit of masses of which none is stated."""
        return self.document.spec.units.mass

    def unit(self, text: str | None) -> Unit:
        """The unit a text names, with the document's bases and elements; raises UnitError."""
        elements = self.dims.dimensions[ELEMENT].labels if ELEMENT in self.dims.dimensions else ()
        bases = [*self.document.spec.bases, *(str(e) for e in elements)]
        return parse_unit(text or self.mass, bases)

    def rows(
        self,
        path: PathKeys,
        ref: TableRef,
        wanted: Sequence[str],
        value: Value | None = None,
        *,
        percent: bool = False,
    ) -> pd.DataFrame:
        """The rows of a table with labels mapped to the dimensions; empty where it cannot be read.

        `percent` says whether its numbers may be percentages.
        """
        folder = self.document.folder(*path, "table")
        place = self.document.place(*path, "table")
        spec = replace(
            table_spec(ref, value),
            need=self._need(path, value),
            percent=percent,
            others={} if value is None else self.dims.others(wanted),
        )
        frame, problems = load_rows(spec, folder, self.dims.groupings(wanted), place=place)
        if ref.optional and any(p.code == "missing-file" for p in problems):
            text = f"{' '.join(ref.file)} is not there: {'.'.join(map(str, path))} has no rows"
            problems = [self.document.problem("optional-file", text, *path, "table", severity="warning")]
        self.problems += problems
        self.files |= {split_sheet(str(f))[0] for f in frame["file"].unique()} if len(frame) else set()
        return frame

    def _need(self, path: PathKeys, value: Value | None) -> Need:
        """Which rows must state an uncertainty: every one that is reported, and of a parameter those of a
        table that has a column for it. What a simulation or a limit reads is exact.
        """
        if value is None or self.simulates or path[0] in ("drivers", "constraints"):
            return "none"
        return "always" if path[0] == "observations" else "column"

    def factors(self, frame: pd.DataFrame, unit: Unit) -> Floats:
        """What converts each row to canonical units: by its own unit, else by the unit stated.

        A unit that cannot be read is a problem.
        """
        known = {}
        for u in frame["unit"].dropna().unique():
            try:
                known[u] = self.unit(str(u)).factor
            except UnitError as error:
                self._unreadable(frame[frame["unit"] == u].iloc[0], error)
        factors = frame["unit"].map(known).astype(float).fillna(unit.factor)
        return np.asarray(factors, dtype=np.float64)

    def _unreadable(self, row: pd.Series, error: UnitError) -> None:
        place = Place(str(row["file"]), int(row["line"]))
        if not any(p.code == "table-unit" and p.where == place for p in self.problems):
            text, _, hint = error.problems[0].text.partition("; ")
            self.problems.append(Problem("table-unit", text, place, hint))

    def array(self, path: PathKeys, value: Value, default_unit: str = "1") -> ValueArray | None:
        """The numbers of a value over its dimensions, or None (with problems) when they cannot be had."""
        try:
            unit = self.unit(value.unit or default_unit)
        except UnitError as error:
            self.problems.append(self.document.problem("unit", _bare(error), *path, "unit"))
            return None
        if any(dimension_of(a) not in self.dims.dimensions for a in value.dims):
            return None
        read = self._from_data if value.table is None else self._from_table
        found = read(path, value, unit)
        if found is None:
            return None
        if path[0] in _NEVER_NEGATIVE and (found.value < 0).any():
            text = _negative(path, float(found.value.min()) / unit.factor)
            self.problems.append(self.document.problem("share-range", text, *path))
            return None
        found = replace(found, sd=np.maximum(found.sd, self._floor(value, unit)))
        if self.simulates and found.uncertain and path[0] != "observations":
            self.left_out(path, value)
        if path[0] not in REPORTED:
            self.problems += [] if self.simulates else self._zeros(path, value, found)
            kept = 0.0 if self.simulates else 1.0
            found = replace(found, sd=kept * found.sd, cv=kept * found.cv)
        return self._filled(value, found) if self._in_range(path, value, found) else None

    def _in_range(self, path: PathKeys, value: Value, found: ValueArray) -> bool:
        """Whether every number can be reckoned with; a problem where one cannot."""
        for what in ("value", "sd", "cv"):
            numbers: Floats = getattr(found, what)
            outside = np.argwhere(out_of_range(numbers))
            if len(outside):
                factor = 1.0 if what == "cv" else found.unit.factor
                number = numbers[tuple(outside[0])] / factor
                text = f"{'.'.join(map(str, path))}: {what} {number:g} is out of range"
                here = self._number_path(path, value, what, tuple(outside[0].tolist()))
                self.problems.append(self.document.problem("number-range", text, *here, hint=HINT))
                return False
        return True

    def _number_path(self, path: PathKeys, value: Value, what: str, at: tuple[int, ...]) -> PathKeys:
        """Where the number at a position, or the uncertainty stated for it, stands in the document."""
        data, number = value.data, (*path, "data")
        stated = zip(value.dims, at, strict=True) if value.data is not None else ()
        for axis, position in stated:
            label = self.dims.dimensions[dimension_of(axis)].labels[position]
            key = label if isinstance(data, Mapping) else position
            data, number = data[key], (*number, key)  # type: ignore[index]
        known = [(*path, what), (*path, "interval"), number, (*path, "value")]
        has = [steps for steps in known if self.document.origin.has(steps)]
        return has[0] if has else path

    def left_out(self, path: PathKeys, value: Value, row: pd.Series | None = None) -> None:
        """Take down a problem with an uncertainty that a simulation does not carry on to what follows.

        It is an error of a driver, which no other question has; of what a reconciliation states too, a
        warning. `row` is that of a table that states it.
        """
        driver, name = path[0] == "drivers", ".".join(map(str, path))
        text = f"{name} states an uncertainty, and a simulation takes it as exact"
        if not driver:
            text += ": no standard deviation is known of what follows"
        stating = ("sd", "cv", "interval", "factor", "floor")
        key = next((k for k in stating if getattr(value, k) is not None), "table")
        problem = self.document.problem(
            "simulation-uncertainty",
            text,
            *(*path, key),
            hint="write `sd: 0` where it is exact; `reconcile` carries the uncertainty of observations on",
            severity="error" if driver else "warning",
        )
        if row is not None:
            place = Place(str(row["file"]), int(row["line"]))
            problem = replace(problem, where=place, source_line="")
        if all(p.text != text for p in self.problems):
            self.problems.append(problem)

    def _blank(self, value: Value, unit: Unit) -> ValueArray:
        shape = tuple(len(self.dims.dimensions[dimension_of(a)]) for a in value.dims)
        nan = np.full(shape, np.nan)
        return ValueArray(
            value.dims, nan.copy(), np.zeros(shape), np.zeros(shape), unit, *self._origin(value)
        )

    def _origin(self, value: Value) -> tuple[str, str]:
        known = self.document.spec.sources.get(value.source or "")
        edition = value.edition or (known.edition if known else None)
        return value.source or UNNAMED, edition or "as stated"

    def _floor(self, value: Value, unit: Unit) -> float:
        """The least standard deviation that a value states, in canonical units."""
        if value.floor is None or value.floor.value is None:
            return 0.0
        return value.floor.value * (self.unit(value.floor.unit).factor if value.floor.unit else unit.factor)

    def _zeros(self, path: PathKeys, value: Value, found: ValueArray) -> list[Problem]:
        """What to say of a 0 with a relative error: a warning where the error is that of many numbers."""
        exact = (found.value == 0) & (found.cv > 0) & ~(found.sd > 0)
        shared = exact & (found.cv == spread_of(value, found.unit)[1]) & bool(found.axes)
        alone = exact & ~shared
        if not exact.any():
            return []
        first = np.argwhere(alone if alone.any() else exact)[0] if found.axes else ()
        labels = [
            str(self.dims.dimensions[dimension_of(a)].labels[k])
            for a, k in zip(found.axes, first, strict=True)
        ]
        text = of_zero(".".join(map(str, path)) + (f"[{', '.join(labels)}]" if labels else ""))
        severity: Severity = "error" if alone.any() else "warning"
        return [self.document.problem("zero-relative", text, *path, hint=ZERO, severity=severity)]

    def _from_data(self, path: PathKeys, value: Value, unit: Unit) -> ValueArray | None:
        blank = self._blank(value, unit)
        sd, cv = spread_of(value, unit)
        found = replace(blank, sd=blank.sd + sd, cv=blank.cv + cv, lognormal=value.factor is not None)
        if value.value is not None:
            found.value[...] = value.value * unit.factor + 0.0  # no minus zero
        elif value.data is not None:
            found = replace(found, rest=np.zeros(found.value.shape, np.bool_))
            axes = [self.dims.dimensions[dimension_of(a)].positions for a in value.dims]
            for at, entry, steps in entries(value.data, axes):
                self._write(found, at, entry, (*path, "data", *steps))
        return found

    def _write(self, found: ValueArray, at: tuple[int, ...], entry: Any, path: PathKeys) -> None:
        """One of the numbers of `data`, with what it states of itself."""
        if entry == REST and found.rest is not None:
            found.rest[at], found.sd[at], found.cv[at] = True, 0.0, 0.0
        elif isinstance(entry, Value) and entry.value is not None:
            unit = self._own_unit(entry, found.unit, path)
            found.value[at] = entry.value * unit.factor
            if entry.uncertain:
                found.sd[at], found.cv[at] = spread_of(entry, unit)
            found.sd[at] = max(found.sd[at], self._floor(entry, unit))
        else:
            found.value[at] = float(entry) * found.unit.factor + 0.0

    def _own_unit(self, entry: Value, beside: Unit, path: PathKeys) -> Unit:
        """The unit of one of several numbers, which is of the kind of the others'."""
        if entry.unit is None:
            return beside
        unit = self.unit(entry.unit)
        if not unit.same_kind(beside):
            text = f'this number is in "{unit.text}", those beside it in "{beside.text}": two kinds of mass'
            self.problems.append(self.document.problem("unit-kind", text, *path))
        return unit

    def _from_table(self, path: PathKeys, value: Value, unit: Unit) -> ValueArray | None:
        assert value.table is not None
        percent = (unit.kind == "number" or unit.per is not None) and unit.factor == 1.0
        frame = self.rows(path, value.table, value.dims, value, percent=percent)
        if frame.empty or self._unfit(path, frame):
            return None
        blank = self._blank(value, unit)
        where = tuple(
            np.array([self.dims.dimensions[dimension_of(a)].index(x) for x in frame[a]], dtype=np.int64)
            for a in value.dims
        )
        factor = self.factors(frame, unit)
        blank.value[where] = frame["value"].to_numpy(float) * factor
        self.problems += outside_interval(frame, factor, value, unit)
        spread = row_spreads(frame, factor, value, unit)
        blank.sd[where], blank.cv[where] = spread["sd"], spread["cv"]
        source = value.source or str(frame["source"].iloc[0] or "") or UNNAMED
        edition = value.edition or str(frame["edition"].iloc[0] or "") or self._origin(value)[1]
        return replace(blank, source=source, edition=edition, lognormal=self._lognormal(frame, spread))

    def _unfit(self, path: PathKeys, frame: pd.DataFrame) -> bool:
        """Whether a row states only a bound, or a negative share or content; a problem for each that does."""
        bounds = frame[frame["value"].isna()].to_dict("records")
        text = "a bound is no number: only an observation may state one"
        found = [_at_row(row, "value-form", text) for row in bounds]
        if path[0] in _NEVER_NEGATIVE:
            below = frame[frame["value"] < 0].to_dict("records")
            found += [_at_row(row, "share-range", _negative(path, float(row["value"]))) for row in below]
        self.problems += found
        return bool(found)

    def _lognormal(self, frame: pd.DataFrame, spread: Mapping[str, Floats | Bools]) -> bool:
        """Whether the errors of the rows are lognormal; a problem where those of some only are."""
        log = np.asarray(spread["log"], dtype=bool)
        other = ~log & ((spread["sd"] > 0) | (spread["cv"] > 0))
        if log.any() and other.any():
            text = "other rows state a factor and this one does not: a parameter has errors of one kind"
            self.problems.append(_at_row(frame[other].iloc[0].to_dict(), "uncertainty", text))
        return bool(log.any())

    def _filled(self, value: Value, found: ValueArray) -> ValueArray:
        """Years between given ones filled, with their uncertainty, where the value asks for it."""
        time = next((a for a in found.axes if a in TIME_NAMES), None)
        if value.interpolate is None or time is None:
            return found
        axis = found.axes.index(time)
        years = as_years(self.dims.dimensions[time].labels)
        given, how = ~np.isnan(found.value), value.interpolate

        def fill(numbers: Floats) -> Floats:
            known = np.where(given, numbers, np.nan)
            return np.asarray(np.apply_along_axis(lambda s: _interpolated(s, years, how), axis, known))

        return replace(found, value=fill(found.value), sd=fill(found.sd), cv=fill(found.cv))


def _interpolated(series: Floats, years: Floats, how: str) -> Floats:
    given = ~np.isnan(series)
    if not given.any():
        return series
    if how == "linear":
        return np.interp(years, years[given], series[given])
    last = np.maximum.accumulate(np.where(given, np.arange(len(series)), -1))
    first = int(np.argmax(given))
    return np.asarray(series[np.where(last < 0, first, last)])


_NEVER_NEGATIVE = ("compositions", "contents")


def _negative(path: PathKeys, number: float) -> str:
    return f"{'.'.join(map(str, path))} must be 0 or more, not {number:g}"


def _at_row(row: Mapping[Any, Any], code: str, text: str) -> Problem:
    return Problem(code, text, Place(str(row["file"]), int(row["line"])))


def outside_interval(frame: pd.DataFrame, factor: Floats, value: Value, unit: Unit) -> list[Problem]:
    """A problem for each row that states no error and lies outside the interval beside its table."""
    low, high = value.interval or (None, None)
    if low is None or high is None:
        return []
    own = frame.reindex(columns=["sd", "cv", "factor", "low", "high"]).notna().any(axis=1).to_numpy(bool)
    number = frame["value"].to_numpy(float) * factor / unit.factor
    wrong = frame[~own & ((number < low) | (number > high))].to_dict("records")
    text = f"lies outside the interval [{low:g}, {high:g}] that is stated for it"
    return [_at_row(row, "uncertainty", f"the value {row['value']:g} {text}") for row in wrong]


def row_spreads(frame: pd.DataFrame, factor: Floats, value: Value, unit: Unit) -> dict[str, Floats | Bools]:
    """`sd`, `cv` and `log` of table rows: their own, else what `value` states for all and a range implies.

    `factor` converts each row to canonical units; `log` says which errors are lognormal. A range or an
    interval is uniform: sd = width / sqrt(12).
    """
    none: Floats = np.full(len(frame), np.nan)
    own = {n: frame[n].to_numpy(float) if n in frame else none for n in ("sd", "cv", "factor")}
    there = np.any([~np.isnan(cells) for cells in own.values()], axis=0)
    width = ((frame["high"] - frame["low"]) * factor).to_numpy(float)
    uniform = np.where(np.isfinite(width), width, 0.0) / np.sqrt(12.0)
    sd, cv = spread_of(value, unit)
    log = ~np.isnan(own["factor"])
    relative = np.where(log, np.log(own["factor"]), np.nan_to_num(own["cv"]))
    return {
        "sd": np.where(there, np.nan_to_num(own["sd"] * factor), np.maximum(sd, uniform)),
        "cv": np.where(there, relative, cv),
        "log": np.where(there, log, value.factor is not None),
    }


def spread_of(value: Value, unit: Unit) -> tuple[float, float]:
    """The absolute (canonical units) and relative standard deviation a value states.

    An interval is uniform: sd = width / sqrt(12). A lognormal factor f that holds 68 % has cv = ln f, the
    standard deviation of the logarithm.
    """
    if value.sd is not None:
        return value.sd * unit.factor, 0.0
    low, high = value.interval or (None, None)
    if low is not None and high is not None and not value.bound:
        return (high - low) / np.sqrt(12.0) * unit.factor, 0.0
    if value.factor is not None:
        return 0.0, float(np.log(value.factor))
    return 0.0, value.cv or 0.0


def of_zero(name: str) -> str:
    """What to say of a 0 with a relative error."""
    return f"{name} is 0 with a relative error: 0 +- 10 % is exact"


ZERO = "state an `sd`, or a `floor` (the least standard deviation); `sd: 0` says that it is exact"


def _bare(error: UnitError) -> str:
    return "; ".join(p.text for p in error.problems)
