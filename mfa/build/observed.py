"""Observations as rows of the problem, each with its standing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Namer, Terms
from mfa.build.bounds import add_soft_bounds
from mfa.build.common import add_common
from mfa.build.parameters import EXACT, ObservedGroup
from mfa.build.ranges import negative_masses, range_problems
from mfa.build.reports import Report, Reports, names_of, row_problem
from mfa.build.rows import of_rows, row_namer, target_rows
from mfa.build.targets import Targets
from mfa.build.values import ZERO, Reader, of_zero
from mfa.core.labels import dimension_of
from mfa.data.evidence import COUNTED
from mfa.errors import Problem
from mfa.solve.losses import loss_of
from mfa.solve.problem import DRIVER
from mfa.spec.schema import Observation

Words = npt.NDArray[np.object_]
ABSENT, CENSORED, COMPARED = "absent", "limit", "compared"
"""The standing of a report of what cannot be, of one that states only a hard bound, and in a simulation."""


@dataclass
class Observer:
    """Adds observations to an assembly; collects the groups that tables are printed from."""

    assembly: Assembly
    targets: Targets
    reader: Reader
    groups: list[ObservedGroup] = field(default_factory=list)

    def add_reports(self, reports: Reports) -> None:
        """The rows of every observation; problems go to the reader."""
        for report in reports.reports:
            if len(report.frame):
                self.reader.problems += range_problems(self.reader, report)
                self.reader.problems += negative_masses(self.reader, report)
                self._add_report(report)

    def _add_report(self, report: Report) -> None:
        path = (report.section, report.name)
        wanted = self._positions(report.frame, report.axes)
        terms = target_rows(
            self.targets, self.reader, report.spec, report.unit, axes=report.axes, wanted=wanted, path=path
        )
        if terms is None:
            return
        if report.everywhere:
            there = np.unique(terms.row)
            report = replace(report, frame=report.frame.iloc[there].reset_index(drop=True))
            terms = terms.only(there)
        self._add_rows(report, terms)

    def _add_rows(self, report: Report, terms: Terms) -> None:
        frame = report.frame
        standing = self._standing(report, terms)
        namer = row_namer(report.name, frame, report.axes)
        low, high = frame["low"].to_numpy(float), frame["high"].to_numpy(float)
        value = _middle(frame["value"].to_numpy(float), low, high)
        self._exact_rows(terms, value, standing == EXACT, _stating(report, namer))
        self._limits(terms, low, high, standing == CENSORED, namer)
        sd, cv = frame["sd"].to_numpy(float), frame["cv"].to_numpy(float)
        counted, soft = standing == "", (standing == "") & frame["value"].isna().to_numpy(bool)
        spec = report.spec
        loss = loss_of(spec.robust) if isinstance(spec, Observation) and spec.robust is not None else None
        if isinstance(spec, Observation) and spec.common is not None:
            terms, group = add_common(self.assembly, report, spec.common, terms, rows=counted & ~soft)
            self.groups += group
        first = self.assembly.observe(
            terms,
            value,
            sd,
            cv,
            counted=counted & ~soft,
            namer=namer,
            log=frame["log"].to_numpy(bool),
            loss=loss,
        )
        judged = first + np.arange(len(frame))
        rows = np.flatnonzero(soft)
        if len(rows):
            spread = np.maximum(sd, cv * np.abs(value))[rows]
            own = of_rows(namer, rows)
            judged[rows] = add_soft_bounds(
                self.assembly, terms.only(rows), low[rows], high[rows], sd=spread, namer=own, loss=loss
            ) + np.arange(len(rows))
        self.groups.append(replace(_group(report, first, standing), judged=judged if len(rows) else None))

    def _positions(self, frame: pd.DataFrame, axes: tuple[str, ...]) -> Ints:
        dimensions = self.targets.system.dimensions
        columns = [frame[a].map(dimensions[dimension_of(a)].positions) for a in axes]
        return np.array(columns, dtype=np.int64).T.reshape(len(frame), len(axes))

    def _standing(self, report: Report, terms: Terms) -> Words:
        """Why each row does not count ("" if it does); a report of something that cannot be is a problem."""
        frame = report.frame
        standing = frame["status"].where(frame["status"] != COUNTED, "").to_numpy(dtype=object).copy()
        value = frame["value"].to_numpy(float)
        there = np.isin(np.arange(len(frame)), terms.row)
        for k in np.flatnonzero(~there & (standing == "") & (_asserted(frame) > 0)):
            self.reader.problems.append(_nowhere(self.reader, report, int(k)))
        standing[~there] = ABSENT
        bare = ((frame["sd"] == 0) & (frame["cv"] == 0)).to_numpy(bool)
        standing[(standing == "") & np.isnan(value) & bare] = CENSORED
        zero = ((frame["sd"] == 0) & (frame["cv"] > 0)).to_numpy(bool) & (value == 0) & (standing == "")
        if zero.any() and report.section == "observations" and not self.reader.simulates:
            self.reader.problems.append(_zero(self.reader, report, np.flatnonzero(zero)))
        certain = ((frame["sd"] == 0) & (frame["cv"] == 0)).to_numpy(bool) | zero
        standing[(standing == "") & (certain | (report.section == "drivers"))] = EXACT
        if self.reader.simulates and report.section == "observations":
            standing[np.isin(standing, ("", EXACT, CENSORED))] = COMPARED
        return standing

    def _exact_rows(self, terms: Terms, value: Floats, which: Bools, namer: Namer) -> None:
        rows = np.flatnonzero(which)
        if len(rows):
            self.assembly.exact(terms.only(rows), value[rows], of_rows(namer, rows))

    def _limits(self, terms: Terms, low: Floats, high: Floats, which: Bools, namer: Namer) -> None:
        """The bounds that reports without a value state."""
        for bound, sign, words in ((low, -1.0, " at least"), (high, 1.0, " at most")):
            rows = np.flatnonzero(which & np.isfinite(bound))
            if len(rows):
                only = terms.only(rows).times(sign)
                self.assembly.limit(only, sign * bound[rows], of_rows(namer, rows, words))


def _stating(report: Report, namer: Namer) -> Namer:
    """Names of rows that hold what is reported exactly: `driver ore[2020] (usgs, 2024)`, or `... exactly`."""
    if report.section == "drivers":
        return lambda k: f"{DRIVER}{namer(k)}"
    return lambda k: f"{namer(k)} exactly"


def _middle(value: Floats, low: Floats, high: Floats) -> Floats:
    """The values, and for reports of one bound alone that bound."""
    bound = np.where(np.isfinite(low) & ~(np.isfinite(high) & (low == 0)), low, high)
    return np.where(np.isnan(value), bound, value)


def _asserted(frame: pd.DataFrame) -> Floats:
    """The least that each row says there is."""
    value = frame["value"].to_numpy(float)
    low = frame["low"].to_numpy(float)
    return np.asarray(np.where(np.isnan(value), np.nan_to_num(low), np.abs(value)), np.float64)


def _labels(report: Report, k: int) -> str:
    """The labels of a row in a sentence: `year 2020, region CHN`."""
    row = report.frame.iloc[k]
    fixed = {a: x[0] for a, x in report.spec.at.items() if len(x) == 1}
    return ", ".join(f"{a} {x}" for a, x in {**fixed, **{a: row[a] for a in report.axes}}.items())


def _zero(reader: Reader, report: Report, rows: Ints) -> Problem:
    """The problem that a relative error says nothing of a reported 0."""
    labels = _labels(report, int(rows[0]))
    more = f", and {len(rows) - 1} more like it" if len(rows) > 1 else ""
    text = of_zero(f"{report.name}{f' for {labels}' if labels else ''}") + more
    return row_problem(reader.document, report, int(rows[0]), "zero-relative", text, hint=ZERO)


def _nowhere(reader: Reader, report: Report, k: int) -> Problem:
    labels = _labels(report, k)
    number = float(_asserted(report.frame)[k]) / report.unit.factor
    text = (
        f"{report.name}: {number:g} {report.unit.text} is reported{' for ' if labels else ''}{labels},"
        f" where {' + '.join(names_of(report.spec))} cannot be"
    )
    hint = (
        "nothing can flow there: see `where` of its processes and what can reach them,"
        " or select rows with `where`"
    )
    return row_problem(reader.document, report, k, "nowhere", text, hint=hint)


def _group(report: Report, first: int, standing: Words) -> ObservedGroup:
    frame, spec = report.frame, report.spec
    fixed = {a: labels[0] for a, labels in spec.at.items() if len(labels) == 1 and a not in report.axes}
    labels = frame[list(report.axes)].reset_index(drop=True).assign(**fixed)
    return ObservedGroup(
        name=report.name,
        first=first,
        labels=labels,
        unit=report.unit.text,
        factor=np.full(len(frame), 1 / report.unit.factor),
        source=frame["source"].astype(str).tolist(),
        edition=frame["edition"].astype(str).tolist(),
        derived_from=frame["derived_from"].astype(str).tolist(),
        standing=standing.tolist(),
        reported_by=(spec.reported_by or "") if isinstance(spec, Observation) else "",
        of=" + ".join(names_of(spec)),
        place=[f"{f}:{n}" if n else str(f) for f, n in zip(frame["file"], frame["line"], strict=True)],
        report=True,
    )
