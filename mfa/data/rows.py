"""From a table in a scenario to rows of evidence: read, rename, select, label, check, aggregate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.data import connectors
from mfa.data.aggregate import Gaps, gap_problems, member_column, summed
from mfa.data.labels import OUTSIDE, TOTAL, Grouping, Mapped
from mfa.data.quantities import Figures
from mfa.data.repeats import Rows, across_borders, broadest, once
from mfa.data.tables import Table, read_table, split_sheet, unit_mismatch
from mfa.errors import MfaError, MissingFile, Place, Problem
from mfa.files import is_pattern, matching
from mfa.spec.values import LARGE_CV

LONG = "long"
CARRIED = ("source", "edition", "derived_from", "flow", "hs", "note")
RESULT = (
    *("value", "low", "high", "unit", "source", "edition", "derived_from"),
    *("sd", "cv", "note", "file", "line"),
)


@dataclass(frozen=True)
class TableSpec:
    """What a scenario says of a table: where it is, how it is written, which rows and columns count.

    `files` are relative names, globs allowed; `format` is "long" or a connector's name, `options` are the
    connector's. `rename` maps the file's column names to the scenario's, `where` keeps rows by the renamed
    columns. `column` holds the figures (default "value", else "quantity"), `unit` is the unit stated.
    `source`, `edition` and `derived_from` stand in where the table has no such column or an empty cell.
    `sum_over` names columns over which rows are added up, such as `hs`; `gaps` says what a missing member of
    a group means.
    """

    files: tuple[str, ...]
    format: str = LONG
    where: Mapping[str, object] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    column: str | None = None
    unit: str | None = None
    unit_column: str = "unit"
    source: str | None = None
    edition: str | None = None
    derived_from: str | None = None
    sum_over: tuple[str, ...] = ()
    gaps: Gaps = "refuse"
    options: Mapping[str, object] = field(default_factory=dict)


def load_rows(
    spec: TableSpec, base: Path, dims: Mapping[str, Grouping], *, place: Place | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows of a table with the labels of the dimensions, and every problem found on the way.

    Columns: those of `dims` (for trade `exporter` and `importer`, both with the region dimension's grouping),
    value, low, high, unit, source, edition, derived_from, sd and cv where the table has them, note, file,
    line. Cells that state nothing are left out and counted in a warning; years outside the dimension are
    left out; so are world totals and pairs inside one group, with a warning. Raises nothing: a file that
    cannot be read is a problem too.
    """
    try:
        tables = _tables(spec, base, place)
    except MfaError as error:
        return pd.DataFrame(), [p if p.where else replace(p, where=place) for p in error.problems]
    parts = [_rows_of(t, spec, dims) for t in tables]
    problems = [p for _, found in parts for p in found]
    frames = [f for f, _ in parts if len(f)]
    if not frames:
        wrong = any(p.severity == "error" for p in problems)
        return pd.DataFrame(), problems + ([] if wrong else [_nothing(spec, place)])
    rows, more = _checked(pd.concat(frames, ignore_index=True), spec, dims, place)
    return rows, problems + more


def _nothing(spec: TableSpec, place: Place | None) -> Problem:
    """The problem that a table has no row within the dimensions that states anything."""
    hint = f"no row of {', '.join(spec.files)} with a figure is in a year of the dimension"
    return Problem("table-empty", "no row is left", place, hint)


def _tables(spec: TableSpec, base: Path, place: Place | None) -> list[Table]:
    names = [n for pattern in spec.files for n in files_of(pattern, base, place)]
    if spec.format == LONG:
        return [read_table(n, place=place) for n in names]
    frame = connectors.read(spec.format, names, **dict(spec.options))
    lines, files = frame["line"].to_numpy(dtype=np.int64), frame["file"].to_numpy(dtype=object)
    return [Table(names[0] if len(names) == 1 else spec.format, frame, lines, files=files)]


def files_of(pattern: str, base: Path, place: Place | None = None) -> list[str]:
    """The files a name or glob stands for, sorted, `#Sheet` kept; raises MissingFile where there is none."""
    file, sheet = split_sheet(pattern)
    if not is_pattern(str(file)):
        return [str(base / pattern)]
    found = [str(name) for name in matching(base, str(file))]
    if not found:
        raise MissingFile(Problem("missing-file", f'no file matches "{base / file}"', place))
    return [f"{name}#{sheet}" if sheet else name for name in found]


def _rows_of(table: Table, spec: TableSpec, dims: Mapping[str, Grouping]) -> Rows:
    """The rows of one table with figures and mapped labels."""
    table, problems = table.rename(spec.rename)
    table, more = table.select(spec.where)
    there = table.frame.columns
    column = spec.column or ("quantity" if "quantity" in there and "value" not in there else "value")
    problems += more + table.lacking([*dims, column, *spec.sum_over])
    if problems or not len(table):
        return pd.DataFrame(), problems
    figures, problems = _figures(table, column)
    frame = _carried(table, spec, column, figures)
    spread, wrong = _spreads(table)
    frame, labels = _labelled(frame.assign(**spread), table, dims)
    frame, silent = _stated(frame, table, {i for i, _ in figures.wrong})
    return frame, problems + wrong + labels + silent


def _figures(table: Table, column: str) -> tuple[Figures, list[Problem]]:
    """The figures of the value column; columns `low` and `high` add bounds of their own."""
    figures, problems = _column(table, column)
    if column not in ("value", "quantity"):
        return figures, problems
    bounds = {"low": figures.low, "high": figures.high}
    for name in (n for n in bounds if n in table.frame.columns):
        bound, more = _column(table, name)
        problems += more
        bounds[name] = np.where(np.isnan(bounds[name]), bound.value, bounds[name])
    return replace(figures, low=bounds["low"], high=bounds["high"]), problems


def _column(table: Table, column: str) -> tuple[Figures, list[Problem]]:
    cells = table.frame[column]
    if not pd.api.types.is_numeric_dtype(cells):
        return table.figures(column)
    none = np.full(len(cells), np.nan)
    return Figures(cells.to_numpy(dtype=float), none, none), []


def _spreads(table: Table) -> tuple[dict[str, np.ndarray], list[Problem]]:
    found: dict[str, np.ndarray] = {}
    problems: list[Problem] = []
    for name in (n for n in ("sd", "cv") if n in table.frame.columns):
        figures, more = _column(table, name)
        found[name] = figures.value
        below = np.flatnonzero(figures.value < 0)
        problems += more
        problems += [Problem("table-number", f"{name} is negative", table.place(int(i))) for i in below]
    return found, problems + _percentages(table, found.get("cv"))


def _percentages(table: Table, cv: np.ndarray | None) -> list[Problem]:
    """A warning where a column of relative standard deviations looks like percentages."""
    large = np.zeros(0, np.int64) if cv is None else np.flatnonzero(cv >= LARGE_CV)
    if cv is None or not len(large):
        return []
    first = int(large[0])
    text = f"cv: {cv[first]:g} is {cv[first]:.0%} of the value, so that it says next to nothing"
    hint = f"write `{cv[first]:g}%` if that is meant"
    return [Problem("uncertainty", text, table.place(first), hint, severity="warning")]


def _carried(table: Table, spec: TableSpec, column: str, figures: Figures) -> pd.DataFrame:
    """Figures with what identifies them: source, edition, origin, unit, place."""
    frame = table.frame
    kept = [c for c in dict.fromkeys((*CARRIED, *spec.sum_over)) if c in frame.columns]
    files = table.file if table.files is None else table.files
    columns: dict[str, object] = {c: frame[c] for c in kept}
    columns |= {"value": figures.value, "low": figures.low, "high": figures.high}
    columns |= {"file": files, "line": table.lines, "unit": _units(frame, spec, column)}
    stated = {"source": spec.source or "", "edition": spec.edition or "", "derived_from": spec.derived_from}
    columns |= {name: _held(frame, name, given) for name, given in stated.items()}
    return pd.DataFrame(columns, index=frame.index)


def _held(frame: pd.DataFrame, name: str, given: str | None) -> npt.NDArray[np.object_]:
    """A column with what is stated for all rows in its empty cells."""
    out = np.full(len(frame), given, dtype=object)
    if name in frame.columns:
        own = frame[name].to_numpy(dtype=object)
        there = ~pd.isna(own) & (own != "")
        out[there] = own[there]
    return out


def _units(frame: pd.DataFrame, spec: TableSpec, column: str) -> pd.Series:
    """The unit of each row: USD for a connector's values, else the unit column, else the unit stated."""
    if spec.format != LONG and column == "value_usd":
        return pd.Series("USD", frame.index, dtype=object)
    if spec.unit_column in frame.columns:
        return frame[spec.unit_column].astype(object)
    return pd.Series(spec.unit, frame.index, dtype=object)


def _labelled(frame: pd.DataFrame, table: Table, dims: Mapping[str, Grouping]) -> Rows:
    """The rows with each dimension's labels beside the members they come from; unknown labels as problems."""
    mapped = {dim: grouping.map(table.frame[dim].astype(str)) for dim, grouping in dims.items()}
    # What lies outside the years asked for may hold labels that nobody needs to know.
    inside = np.ones(len(frame), dtype=bool)
    for labels in mapped.values():
        inside &= ~labels.rows(OUTSIDE)
    problems = [p for d, m in mapped.items() for p in _label_problems(d, m, inside, dims[d], table)]
    columns = {d: m.label for d, m in mapped.items()} | {
        member_column(d): m.member for d, m in mapped.items()
    }
    for labels in mapped.values():
        inside &= labels.known & ~labels.rows(TOTAL)
    return frame.assign(**columns).loc[inside], problems


def _label_problems(
    dim: str, mapped: Mapped, inside: npt.NDArray[np.bool_], grouping: Grouping, table: Table
) -> list[Problem]:
    found = [
        Problem("table-label", f'{dim} has no label "{raw}"', table.place(row), grouping.hint(raw))
        for raw, row in mapped.unknown(inside).items()
    ]
    totals = int((mapped.rows(TOTAL) & inside).sum())
    if totals:
        text = f"{totals} rows of world totals are left out: dimension {grouping.dimension} has no WLD"
        found.append(Problem("table-total", text, Place(table.file), severity="warning"))
    return found


def _stated(frame: pd.DataFrame, table: Table, wrong: set[int]) -> Rows:
    """The rows that state a value or a bound; a warning counts the others."""
    silent = frame[["value", "low", "high"]].isna().all(axis=1).to_numpy(dtype=bool)
    unread = int(silent.sum()) - len(wrong & set(frame.index))
    if unread <= 0:
        return frame.loc[~silent], []
    text = f"{unread} of {len(frame)} rows state no figure (empty, NA, withheld) and are left out"
    return frame.loc[~silent], [Problem("table-missing", text, Place(table.file), severity="warning")]


def _checked(rows: pd.DataFrame, spec: TableSpec, dims: Mapping[str, Grouping], place: Place | None) -> Rows:
    """All files' rows together: repeats refused, gaps refused, groups added up, inner trade dropped."""
    problems = _unit_problems(rows, spec)
    for check in (across_borders, broadest, once):
        rows, found = check(rows, dims, spec.sum_over)
        problems += [p if p.where else replace(p, where=place) for p in found]
    problems += gap_problems(rows, dims, place) if spec.gaps == "refuse" else []
    total = summed(rows, [*dims, "source", "edition"]).sort_values(["file", "line"], kind="stable")
    origin = total["derived_from"].astype(object)
    total = total.assign(derived_from=origin.where(origin.notna(), None))
    columns = [c for c in (*dims, *RESULT) if c in total.columns]
    return total[columns].reset_index(drop=True), problems


def _unit_problems(rows: pd.DataFrame, spec: TableSpec) -> list[Problem]:
    first = rows.loc[rows["unit"].notna()].drop_duplicates("unit")
    places = [Place(str(f), int(n)) for f, n in zip(first["file"], first["line"], strict=True)]
    units = [str(u) for u in first["unit"]]
    if len(units) > 1:
        text = f"the rows have several units: {', '.join(sorted(units))}"
        return [Problem("table-unit", text, places[1], "select rows of one unit with `where`")]
    return [p for u, w in zip(units, places, strict=True) for p in unit_mismatch(u, spec.unit, w)]
