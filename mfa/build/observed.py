"""Observations and constraints as rows of the problem."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.build.assembly import Assembly, Floats, Ints, Terms
from mfa.build.parameters import ObservedGroup
from mfa.build.reports import Report, Reports, kept_axes, names_of
from mfa.build.targets import Targets, Weighted, group_rows
from mfa.build.values import Reader, ValueArray
from mfa.core.labels import dimension_of
from mfa.data.evidence import COUNTED
from mfa.errors import Place, Problem, UnitError
from mfa.spec.schema import Constraint, Target
from mfa.units import Unit

EXACT, ABSENT, CENSORED = "exact", "absent", "limit"


@dataclass
class Observer:
    """Adds observations and constraints to an assembly; collects the groups that tables are printed from."""

    assembly: Assembly
    targets: Targets
    reader: Reader
    groups: list[ObservedGroup] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """Everything found wrong."""
        return self.reader.problems

    def add_reports(self, reports: Reports) -> None:
        """The rows of every observation."""
        for report in reports.reports:
            if len(report.frame):
                self._add_report(report)

    def _terms(self, target: Target, unit: Unit, axes: tuple[str, ...], wanted: Ints, path: tuple[str, ...]) -> Terms | None:
        """The terms of the rows at `wanted` positions of a target, or None (with a problem)."""
        parts: list[Weighted] = []
        try:
            for name, factor in names_of(target).items():
                part = self.targets.weighted(name, unit, target.at, "element" in axes)
                parts.append(Weighted(part.index, part.owner, part.cell, part.weight * factor))
        except UnitError as error:
            self.problems.append(self.reader.document.problem("unit", error.problems[0].text, *path, "unit"))
            return None
        return group_rows(parts, axes, self.targets.system.sizes, wanted)

    def _add_report(self, report: Report) -> None:
        frame = report.frame
        wanted = self._positions(frame, report.axes)
        terms = self._terms(report.spec, report.unit, report.axes, wanted, ("observations", report.name))
        if terms is None:
            return
        standing = self._standing(report, frame, terms)
        namer = _row_namer(report.name, frame, report.axes)
        value = frame["value"].to_numpy(float)
        sd, cv = frame["sd"].to_numpy(float), frame["cv"].to_numpy(float)
        counted = standing == ""
        self._exact_rows(terms, value, standing == EXACT, namer)
        self._lower_limits(terms, frame["low"].to_numpy(float), standing == CENSORED, namer)
        first = self.assembly.observe(terms, value, np.where(counted | (sd > 0), sd, 0.0), cv, counted, namer)
        self.groups.append(self._group(report, frame, first, standing))

    def _positions(self, frame: pd.DataFrame, axes: tuple[str, ...]) -> Ints:
        dimensions = self.targets.system.dimensions
        columns = [[dimensions[dimension_of(a)].positions[x] for x in frame[a]] for a in axes]
        return np.array(columns, dtype=np.int64).T.reshape(len(frame), len(axes))

    def _standing(self, report: Report, frame: pd.DataFrame, terms: Terms) -> npt.NDArray[np.object_]:
        """Why each row does not count ("" if it does); a report of something that cannot be is a problem."""
        standing = frame["status"].where(frame["status"] != COUNTED, "").to_numpy(dtype=object).copy()
        there = np.isin(np.arange(len(frame)), terms.row)
        standing[~there] = ABSENT
        for k in np.flatnonzero(~there & (frame["value"].to_numpy(float) != 0) & (frame["status"] == COUNTED).to_numpy()):
            self.problems.append(self._nowhere(report, frame, int(k)))
        open_ended = frame["low"].notna() & ~np.isfinite(frame["high"].astype(float))
        standing[(standing == "") & open_ended.to_numpy()] = CENSORED
        certain = (frame["sd"] == 0) & (frame["cv"] == 0)
        standing[(standing == "") & certain.to_numpy()] = EXACT
        return standing

    def _nowhere(self, report: Report, frame: pd.DataFrame, k: int) -> Problem:
        labels = ", ".join(f"{a} {frame[a].iloc[k]}" for a in report.axes)
        of = " + ".join(names_of(report.spec))
        text = f"{report.name}: {frame['value'].iloc[k]:g} {report.unit.text} is reported for {labels}, where {of} cannot be"
        hint = "nothing can flow there: see `where` of its processes and what can reach them, or select rows with `where`"
        line = int(frame["line"].iloc[k])
        return Problem("nowhere", text, Place(str(frame["file"].iloc[k]), line), hint)

    def _exact_rows(self, terms: Terms, value: Floats, which: npt.NDArray[np.bool_], namer) -> None:  # type: ignore[no-untyped-def]
        rows = np.flatnonzero(which)
        if len(rows):
            self.assembly.exact(_only(terms, rows), value[rows], lambda k: f"{namer(int(rows[k]))} exactly")

    def _lower_limits(self, terms: Terms, low: Floats, which: npt.NDArray[np.bool_], namer) -> None:  # type: ignore[no-untyped-def]
        rows = np.flatnonzero(which)
        if len(rows):
            only = _only(terms, rows)
            self.assembly.limit(
                Terms(only.row, only.cell, -only.weight), -low[rows], lambda k: f"{namer(int(rows[k]))} at least"
            )

    def _group(self, report: Report, frame: pd.DataFrame, first: int, standing: npt.NDArray[np.object_]) -> ObservedGroup:
        fixed = {a: labels[0] for a, labels in report.spec.at.items() if len(labels) == 1 and a not in report.axes}
        labels = frame[list(report.axes)].reset_index(drop=True).assign(**{a: x for a, x in fixed.items()})
        place = [f"{f}:{n}" if n else str(f) for f, n in zip(frame["file"], frame["line"], strict=True)]
        return ObservedGroup(
            report.name, first, labels, report.unit.text, np.full(len(frame), 1 / report.unit.factor),
            frame["source"].astype(str).tolist(), frame["edition"].astype(str).tolist(),
            frame["derived_from"].astype(str).tolist(), standing.tolist(),
            report.spec.reported_by or "", " + ".join(names_of(report.spec)), place,
        )

    def add_constraints(self) -> None:
        """The rows of every constraint."""
        for name, constraint in self.reader.document.spec.constraints.items():
            for side in ("min", "max", "equal"):
                if getattr(constraint, side) is not None:
                    self._add_limit(name, constraint, side)

    def _add_limit(self, name: str, constraint: Constraint, side: str) -> None:
        path = ("constraints", name, side)
        bound = getattr(constraint, side)
        found = self.reader.array(path, bound, "t")
        if found is None:
            return
        unit = found.unit
        first = next(iter(names_of(constraint)))
        system = self.targets.system
        axes = kept_axes(self.targets.axes_of(first), constraint, unit, system.elements)
        wanted, value = self._limited(first, constraint, axes, found)
        terms = self._terms(constraint, unit, axes, wanted, path)
        if terms is None or not len(terms.row):
            return
        frame = pd.DataFrame({a: [system.dimensions[dimension_of(a)].labels[p] for p in wanted[:, k]] for k, a in enumerate(axes)})
        namer = _row_namer(f"constraints.{name}.{side}", frame, axes)
        there = np.unique(terms.row)
        only = _only(terms, there)
        if side == "equal":
            self.assembly.exact(only, value[there], lambda k: namer(int(there[k])))
            return
        sign = -1.0 if side == "min" else 1.0
        self.assembly.limit(
            Terms(only.row, only.cell, sign * only.weight), sign * value[there], lambda k: namer(int(there[k]))
        )

    def _limited(
        self, first: str, constraint: Constraint, axes: tuple[str, ...], found: ValueArray
    ) -> tuple[Ints, Floats]:
        """The positions a constraint holds at, and its number there (labels without a number are unlimited)."""
        index = self.targets.index_of(first)
        own = [a for a in axes if a in index.axes]
        positions = np.unique(index.keep(self.targets._mask(index, constraint.at)).coords[:, [index.axes.index(a) for a in own]], axis=0)
        if len(own) < len(axes):
            ne = len(self.targets.system.elements)
            positions = np.column_stack([np.repeat(positions, ne, axis=0), np.tile(np.arange(ne), len(positions))])
        value = found.value[tuple(positions[:, axes.index(a)] for a in found.axes)]
        value = np.broadcast_to(value, len(positions))
        given = ~np.isnan(value)
        return positions[given], np.asarray(value[given])


def _only(terms: Terms, rows: Ints) -> Terms:
    """The terms of some rows, renumbered in their order."""
    kept = np.isin(terms.row, rows)
    return Terms(np.searchsorted(rows, terms.row[kept]), terms.cell[kept], terms.weight[kept])


def _row_namer(name: str, frame: pd.DataFrame, axes: tuple[str, ...]):  # type: ignore[no-untyped-def]
    def namer(k: int) -> str:
        labels = ", ".join(str(frame[a].iloc[k]) for a in axes)
        edition = f" ({frame['source'].iloc[k]}, {frame['edition'].iloc[k]})" if "edition" in frame else ""
        return f"{name}[{labels}]{edition}" if labels else f"{name}{edition}"

    return namer
