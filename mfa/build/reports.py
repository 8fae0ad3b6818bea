"""Reading what was reported: every observation as rows of labels, values, uncertainty and origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from mfa.build.assembly import Bools, Ints
from mfa.build.values import UNNAMED, Reader, outside_interval, row_spreads, spread_of
from mfa.core.labels import ELEMENT, EXPORTER, IMPORTER, CellIndex, Dimension, Label, dimension_of
from mfa.data.evidence import COUNTED, derived, latest_edition
from mfa.errors import Place, Problem, Severity, UnitError
from mfa.spec.resolve import Document
from mfa.spec.schema import Driver, Observation, Target
from mfa.spec.targets import axes_of, common_axes
from mfa.spec.tree import Steps
from mfa.units import COUNT, GROSS, Unit


def names_of(target: Target) -> dict[str, float]:
    """The names a target speaks of, with their factors."""
    return dict(target.of) if isinstance(target.of, Mapping) else dict.fromkeys(target.of, 1.0)


def kept_axes(
    axes: tuple[str, ...], target: Target, unit: Unit, elements: tuple[str, ...]
) -> tuple[str, ...]:
    """Those axes of a target along which its rows differ: not summed, not fixed to a label or by the unit."""
    fixed = {a for a, labels in target.at.items() if len(labels) == 1}
    if unit.kind == COUNT or unit.basis == GROSS or unit.basis in elements:
        fixed = fixed | {ELEMENT}
    return tuple(a for a in axes if a not in target.sum and a not in fixed)


@dataclass(frozen=True)
class Report:
    """One observation or driver: its rows with columns of labels, `value`, `low`, `sd`, `cv`, `source`, ...

    Numbers are in canonical units; `status` says which rows count.
    """

    name: str
    spec: Observation | Driver
    unit: Unit
    axes: tuple[str, ...]
    frame: pd.DataFrame
    section: str = "observations"
    dimensions: Mapping[str, Dimension] = field(default_factory=dict, repr=False)

    def positions(self, axis: str) -> Mapping[Label, int]:
        """The position of each label along an axis."""
        return self.dimensions[dimension_of(axis)].positions

    @property
    def everywhere(self) -> bool:
        """Whether it is one number for every label at which its target exists."""
        return (self.spec.value is not None or self.spec.bound) and bool(self.axes)


def row_problem(
    document: Document,
    report: Report,
    row: int,
    code: str,
    text: str,
    *,
    hint: str = "",
    part: str = "value",
    severity: Severity = "error",
) -> Problem:
    """A problem with a row of a report, at the line of its table or at the number in the document.

    `part` is the key to blame (`sd`, `interval`), where the document has it.
    """
    labels, spec = report.frame.iloc[row], report.spec
    if spec.table is not None:
        return Problem(code, text, Place(str(labels["file"]), int(labels["line"])), hint, severity)
    here: Steps = (report.section, report.name)
    data, steps = spec.data, (*here, "data")
    for axis in spec.dims if spec.data is not None else ():
        key = labels[axis] if isinstance(data, Mapping) else report.positions(axis)[labels[axis]]
        data, steps = data[key], (*steps, key)  # type: ignore[index]
    stated = (steps, *((*here, key) for key in ("value", "interval")))
    named = [path for path in ((*here, part), *stated) if document.origin.has(path)]
    return document.problem(code, text, *(named[0] if named else here), hint=hint, severity=severity)


def _within(frame: pd.DataFrame, target: Target) -> pd.DataFrame:
    """The rows at the labels a target is restricted to."""
    for axis, labels in target.at.items():
        if axis in frame:
            frame = frame[frame[axis].isin(list(labels))]
    return frame.reset_index(drop=True)


class Reports:
    """All observations of a document that could be read."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.spec = reader, reader.document.spec
        self.dimensions = reader.dims.dimensions
        stated: list[tuple[str, str, Observation | Driver]] = [
            *(("observations", name, o) for name, o in self.spec.observations.items()),
            *(("drivers", name, d) for name, d in self.spec.drivers.items()),
        ]
        self.reports = [r for entry in stated if (r := self._read(*entry)) is not None]
        self._mark_derived()

    def _read(self, section: str, name: str, observation: Observation | Driver) -> Report | None:
        try:
            unit = self.reader.unit(observation.unit)
        except UnitError as error:
            problem = self.reader.document.problem("unit", error.problems[0].text, section, name, "unit")
            self.reader.problems.append(problem)
            return None
        path = (section, name)
        elements = (
            tuple(str(x) for x in self.dimensions[ELEMENT].labels) if ELEMENT in self.dimensions else ()
        )
        own = common_axes(self.reader.document, observation.of) or ()
        axes = observation.dims or kept_axes(own, observation, unit, elements)
        if observation.table is not None and observation.interpolate is None:
            frame = self._table(path, observation, unit, axes)
        else:
            frame = self._stated(path, observation, unit, axes)
        self._exact_drivers(path, observation, frame)
        return Report(name, observation, unit, axes, _within(frame, observation), section, self.dimensions)

    def _exact_drivers(self, path: tuple[str, str], o: Observation | Driver, frame: pd.DataFrame) -> None:
        """A problem with the first row of a driver that states an uncertainty."""
        if path[0] != "drivers" or not self.reader.simulates or not len(frame):
            return
        size = frame["cv"].to_numpy(float) * np.abs(frame["value"].to_numpy(float))
        spread = np.fmax(frame["sd"].to_numpy(float), size) > 0
        tabled = o.table is not None and o.interpolate is None
        for k in np.flatnonzero(spread)[:1]:
            self.reader.left_out(path, o, frame.iloc[int(k)] if tabled else None)

    def _table(
        self, path: tuple[str, str], o: Observation | Driver, unit: Unit, axes: tuple[str, ...]
    ) -> pd.DataFrame:
        assert o.table is not None
        frame = self.reader.rows(path, o.table, axes, o)
        if frame.empty:
            return frame
        factor = self.reader.factors(frame, unit)
        self.reader.problems += outside_interval(frame, factor, o, unit)
        spread = row_spreads(frame, factor, o, unit)
        frame = frame.assign(**{c: frame[c] * factor for c in ("value", "low", "high")})
        return self._with_origin(o, frame.assign(**spread))

    def _stated(
        self, path: tuple[str, str], o: Observation | Driver, unit: Unit, axes: tuple[str, ...]
    ) -> pd.DataFrame:
        """Numbers written in the document: one row for every label that has one."""
        stated = {"dims": axes, "unit": o.unit or self.reader.mass} | ({"value": 0.0} if o.bound else {})
        found = self.reader.array(path, o.model_copy(update=stated))
        if found is None:
            return pd.DataFrame()
        low, high = o.interval if o.bound and o.interval else (None, None)
        given = np.argwhere(~np.isnan(found.value))
        columns: dict[str, object] = {
            a: [self.dimensions[dimension_of(a)].labels[p] for p in given[:, k]] for k, a in enumerate(axes)
        }
        value = np.atleast_1d(found.value[tuple(given.T)])
        frame = pd.DataFrame(columns, index=range(len(value))).assign(
            value=np.nan if o.bound else value,
            low=np.nan if low is None else low * unit.factor,
            high=np.nan if high is None else high * unit.factor,
        )
        sd, cv = (np.atleast_1d(x[tuple(given.T)]) for x in (found.sd, found.cv))
        if o.bound:
            sd, cv = (np.full(len(value), x) for x in spread_of(o, unit))
        place = self.reader.document.place(*path)
        return self._with_origin(
            o,
            frame.assign(
                sd=sd,
                cv=cv,
                log=o.factor is not None,
                source=found.source,
                edition=found.edition,
                derived_from=None,
                status=COUNTED,
                file=place.file if place else "",
                line=place.line if place else 0,
            ),
        )

    def _with_origin(self, o: Observation | Driver, frame: pd.DataFrame) -> pd.DataFrame:
        """Source, edition and origin from the observation where the rows are silent; the floor applied."""
        known = self.spec.sources.get(o.source or "")
        source = frame["source"].fillna("").replace("", o.source or UNNAMED)
        edition = (
            frame["edition"]
            .fillna("")
            .replace("", o.edition or (known.edition if known else None) or "as stated")
        )
        origin = frame["derived_from"].fillna("").replace("", ";".join(o.derived_from))
        floor = 0.0
        if o.floor is not None and o.floor.value is not None:
            floor = o.floor.value * self.reader.unit(o.floor.unit or o.unit).factor
        frame = frame.assign(source=source, edition=edition, derived_from=origin)
        stated = (frame["sd"] > 0) | (frame["cv"] > 0)
        self._negative(frame[frame["log"].astype(bool)], self.reader.unit(o.unit))
        frame["log"] &= (frame["value"] > 0) & (frame["cv"] * frame["value"] >= floor)
        frame["sd"] = np.where(stated | (floor > 0), np.maximum(frame["sd"], floor), 0.0)
        frame.loc[frame["log"], "sd"] = 0.0
        keys = [a for a in frame.columns if a in {*self.dimensions, EXPORTER, IMPORTER}]
        every = isinstance(o, Observation) and o.editions == "all"
        return frame if every or o.table is None else latest_edition(frame, keys)

    def _negative(self, frame: pd.DataFrame, unit: Unit) -> None:
        """A problem for each figure below zero that is said to have lognormal errors."""
        for row in frame[frame["value"] < 0].to_dict("records"):
            number = f"{row['value'] / unit.factor:g} {unit.text}"
            text = f"a figure with lognormal errors cannot be negative: {number}"
            place = Place(str(row["file"]), int(row["line"])) if row["file"] else None
            self.reader.problems.append(Problem("uncertainty", text, place, "state sd or cv for it"))

    def _mark_derived(self) -> None:
        """Rows made from another observation that is present are one piece of evidence with it."""
        present = {r.name for r in self.reports if len(r.frame)}
        self.reports = [
            replace(r, frame=derived(r.frame, present - {r.name})) if len(r.frame) else r
            for r in self.reports
        ]

    def pairs(self) -> dict[str, Ints]:
        """Trade -> the (time, exporter, importer) positions that exist."""
        return {name: self._pairs(name) for name in self.spec.trade}

    def speak_of(self, trade: str, cells: CellIndex) -> Bools:
        """Which cells of a trade some report above zero speaks of, alone or in a sum."""
        if self.spec.trade[trade].pairs != "all":  # its pairs are stated one by one
            return np.ones(len(cells), dtype=np.bool_)
        found = np.zeros(len(cells), dtype=np.bool_)
        for report in self.reports:
            frame = (
                self._with_fixed(report, cells.axes) if trade in names_of(report.spec) else report.frame[:0]
            )
            axes = tuple(a for a in cells.axes if a in frame.columns)
            if len(frame):
                sizes = [len(self.dimensions[dimension_of(a)]) for a in axes]
                own = (
                    np.ravel_multi_index([cells.column(a) for a in axes], sizes)
                    if axes
                    else np.zeros(len(cells))
                )
                said = self._positions(frame, axes)
                codes = np.ravel_multi_index(list(said.T), sizes) if axes else np.zeros(1)
                found |= np.isin(own, codes)
        return found

    def _pairs(self, trade: str) -> Ints:
        axes = tuple(a for a in axes_of(self.reader.document, trade) if a != ELEMENT)
        wanted = self.spec.trade[trade].pairs
        if wanted == "all":
            sizes = [len(self.dimensions[dimension_of(a)]) for a in axes]
            return np.indices(sizes).reshape(len(sizes), -1).T.astype(np.int64)
        if not isinstance(wanted, str):
            frames = [self.reader.rows(("trade", trade), wanted.model_copy(update={"column": None}), axes)]
        else:
            frames = [self._with_fixed(r, axes) for r in self.reports if trade in names_of(r.spec)]
        coords = [self._positions(f, axes) for f in frames if len(f) and set(axes) <= set(f.columns)]
        stacked = np.concatenate([np.zeros((0, len(axes)), np.int64), *coords])
        return np.unique(stacked, axis=0)

    def _with_fixed(self, report: Report, axes: tuple[str, ...]) -> pd.DataFrame:
        """A report's rows above zero, bounds (`>5`, a sum with a withheld member) included, with the labels
        that `at` fixes as columns."""
        frame = report.frame
        if frame.empty:
            return frame
        frame = frame[(frame[["value", "low", "high"]] > 0).any(axis=1)]
        missing = {a: labels for a, labels in report.spec.at.items() if a in axes and a not in frame.columns}
        for axis, labels in missing.items():
            frame = frame.merge(pd.DataFrame({axis: list(labels)}), how="cross")
        return frame

    def _positions(self, frame: pd.DataFrame, axes: tuple[str, ...]) -> Ints:
        columns = [[self.dimensions[dimension_of(a)].positions[x] for x in frame[a]] for a in axes]
        return np.array(columns, dtype=np.int64).T.reshape(len(frame), len(axes))
