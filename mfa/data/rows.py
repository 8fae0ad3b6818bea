"""From a table in a scenario to rows of evidence: read, rename, select, label, check, aggregate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.data import connectors
from mfa.data.aggregate import Gaps, gap_problems, member_column, summed, withheld
from mfa.data.columns import long_hint, misplaced, odd_spreads, unread
from mfa.data.jumps import jumps
from mfa.data.labels import OUTSIDE, TOTAL, Grouping, Label, Mapped
from mfa.data.quantities import Figures, in_percent
from mfa.data.repeats import Rows, across_borders, broadest, once
from mfa.data.spreads import NAMES, Need, lacking, read_spreads, told
from mfa.data.tables import Table, in_table, listed, read_table, split_sheet, unit_mismatch
from mfa.errors import MfaError, MissingFile, Place, Problem
from mfa.files import is_pattern, matching

Outside = Literal["refuse", "ignore"]
LONG = "long"
NAMED = 8
FIGURES = ("value", "quantity")
"""Columns of figures that `low` and `high` stand beside."""
CARRIED = ("source", "edition", "derived_from", "flow", "hs", "detail", "note")
RESULT = (
    *("value", "low", "high", "unit", "source", "edition", "derived_from"),
    *("sd", "cv", "factor", "note", "file", "line"),
)


@dataclass(frozen=True)
class TableSpec:
    """What a scenario says of a table: where it is, how it is written, which rows and columns count.

    `files` are relative names, globs allowed; `format` is "long" or a connector's name, `options` are the
    connector's. `rename` maps the file's column names to the scenario's, `where` keeps rows by the renamed
    columns. `column` holds the figures (default "value", else "quantity"), `unit` is the unit stated.
    `source`, `edition` and `derived_from` stand in where the table has no such column or an empty cell.
    `sum_over` names columns over which rows are added up, such as `hs`; `gaps` says what a missing member of
    a group means, `outside` what becomes of a row at labels that the dimensions do not have (None: what they
    say); rows at others than the labels in `only` are left out. `need` says which rows must state an
    uncertainty, `fallback` that one is stated for those that do not, `percent` whether figures may be
    percentages, `others` how the labels of dimensions are read that the figures do not vary over.
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
    gaps: Gaps | None = None
    outside: Outside | None = None
    need: Need = "none"
    fallback: bool = False
    percent: bool = False
    only: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)
    others: Mapping[str, Grouping] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)


def load_rows(
    spec: TableSpec, base: Path, dims: Mapping[str, Grouping], *, place: Place | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows of a table with the labels of the dimensions, and every problem found on the way.

    Columns: those of `dims` (for trade `exporter` and `importer`, both with the region dimension's grouping),
    value, low, high, unit, source, edition, derived_from, sd, cv and factor where the table has them, note,
    file, line. Cells that state nothing are left out and counted in a warning; so are world totals and pairs
    inside one group. A sum with a member that states nothing is a lower bound, with a warning that names it,
    or refused where `gaps` says so. Rows outside the dimensions are problems, or left out where `outside`
    says so; of a connector's years they are counted in a warning. Raises nothing: a file that cannot be read
    is a problem.
    """
    try:
        tables = _tables(spec, base, place)
    except MfaError as error:
        return pd.DataFrame(), [p if p.where else replace(p, where=place) for p in error.problems]
    parts = [_rows_of(t, spec, dims) for t in tables]
    problems = [p for _, found in parts for p in found]
    frames = [f for f, _ in parts if len(f)]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"silent": [], "file": []})
    silent = rows["silent"].to_numpy(dtype=bool)
    if silent.all():
        wrong = any(p.severity == "error" for p in problems)
        return pd.DataFrame(), [
            *problems,
            *_uncounted(rows, silent),
            *([] if wrong else [_nothing(spec, place)]),
        ]
    rows, more = _checked(rows, spec, dims, place)
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
    problems += more + _absent(table, [*dims, column, *spec.sum_over])
    if problems or not len(table):
        return pd.DataFrame(), problems
    figures, problems = _figures(table, column)
    percent = in_percent(table.frame[column])
    spreads = read_spreads(table, figures, percent, _units(table.frame, spec, column))
    frame = _carried(table, spec, column, figures).assign(**spreads.columns)
    frame, labels = _labelled(frame, table, spec, dims)
    wrong = frame.index.isin([i for i, _ in figures.wrong])
    frame = frame.loc[~wrong]
    kept = np.zeros(len(table), dtype=bool)
    kept[frame.index.to_numpy(dtype=np.int64)] = True
    problems += told(table, _percentages(table, spec, column, percent), kept)
    problems += told(table, spreads.faults, kept)
    idle = _columns(table, spec, column, dims)
    if not spec.fallback and not any(p.code == "no-uncertainty" for p in idle):
        problems += lacking(table, spreads, figures, spec.need, kept)
    silent = frame[["value", "low", "high"]].isna().all(axis=1)
    return frame.assign(silent=silent), problems + idle + labels


def _absent(table: Table, names: Sequence[str]) -> list[Problem]:
    """The columns a table lacks; of one whose years are columns, one problem that says so."""
    missing = table.lacking(names)
    hint = long_hint(table, [n for n in names if n not in table.frame.columns])
    return [replace(missing[0], hint=hint)] if hint else missing


def _columns(table: Table, spec: TableSpec, column: str, dims: Mapping[str, Grouping]) -> list[Problem]:
    """What is wrong with the columns that are not read; a connector reads what it knows."""
    if spec.format != LONG:
        return []
    read = {*dims, column, *spec.where, *spec.sum_over, *CARRIED, spec.unit_column, *NAMES}
    read |= {"low", "high"} if column in FIGURES else set()
    fixed = [d for d in spec.only if d in spec.others and d in table.frame.columns and d not in read]
    faults = [f for d in fixed for f in misplaced(table, d, spec.others[d], spec.only[d])]
    read |= {d for d in fixed if len(spec.only[d]) == 1}
    odd = [] if spec.need == "none" else odd_spreads(table, read, picked=spec.column, fallback=spec.fallback)
    more = odd + unread(table, read, odd, picked=spec.column, dimensions=spec.others)
    return told(table, faults) + more


def _percentages(
    table: Table, spec: TableSpec, column: str, percent: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, Problem]]:
    """Figures in per cent beside a unit, or where the number is a mass."""
    units = _units(table.frame, spec, column)
    for row in (int(i) for i in np.flatnonzero(percent)):
        unit = "" if pd.isna(units.iloc[row]) else str(units.iloc[row]).strip()
        if not spec.percent or (unit not in ("", "1") and "/" not in unit):
            cell = str(table.frame[column].iloc[row]).strip()
            text = f'{column}: "{cell}" is a share, and the unit is {unit or "that of a mass"}'
            hint = "write the number without %" + (f" where it is in {unit}" if unit else "")
            yield row, Problem("table-unit", text, table.place(row), hint)


def _figures(table: Table, column: str) -> tuple[Figures, list[Problem]]:
    """The figures of the value column; columns `low` and `high` add bounds of their own."""
    figures, problems = _column(table, column)
    if column not in FIGURES:
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
        return table.figures(column, thousands=False)
    none = np.full(len(cells), np.nan)
    return Figures(cells.to_numpy(dtype=float), none, none), []


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


def _labelled(frame: pd.DataFrame, table: Table, spec: TableSpec, dims: Mapping[str, Grouping]) -> Rows:
    """The rows with each dimension's labels beside the members they come from; unknown labels as problems."""
    mapped = {dim: grouping.map(table.frame[dim].astype(str)) for dim, grouping in dims.items()}
    # What lies outside the years asked for may hold labels that nobody needs to know.
    inside = np.ones(len(frame), dtype=bool)
    problems: list[Problem] = []
    for dim, labels in mapped.items():
        problems += _other_years(dim, labels, inside, dims[dim], table=table, spec=spec)
        inside &= ~labels.rows(OUTSIDE)
    for dim, labels in mapped.items():
        problems += _label_problems(dim, labels, inside, dims[dim], table=table, spec=spec)
    columns = {d: m.label for d, m in mapped.items()} | {
        member_column(d): m.member for d, m in mapped.items()
    }
    for dim, labels in mapped.items():
        inside &= labels.known & ~labels.rows(TOTAL) & _at(labels, spec.only.get(dim))
    return frame.assign(**columns).loc[inside], problems


def _at(mapped: Mapped, labels: Sequence[Label] | None) -> npt.NDArray[np.bool_]:
    """Where the label is one of those that count."""
    if labels is None:
        return np.ones(len(mapped.label), dtype=bool)
    return np.array([label in labels for label in mapped.label], dtype=bool)


def _ignores(spec: TableSpec, grouping: Grouping) -> bool:
    """Whether rows at labels that a dimension does not have are left out."""
    return (spec.outside or ("ignore" if grouping.ignores else "refuse")) == "ignore"


def _other_years(
    dim: str,
    mapped: Mapped,
    inside: npt.NDArray[np.bool_],
    grouping: Grouping,
    *,
    table: Table,
    spec: TableSpec,
) -> list[Problem]:
    """Rows of years outside the dimension: refused; of a connector's file, which has all years, counted."""
    rows = np.flatnonzero(mapped.rows(OUTSIDE) & inside)
    if not len(rows) or _ignores(spec, grouping):
        return []
    years, labels = sorted({str(mapped.raw[i]).strip() for i in rows}), grouping.labels
    span = years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
    text = f'{dim} has no label "{years[0]}"'
    if len(rows) > 1:
        text = f"{len(rows)} rows are of {dim}s that the dimension does not have, {span}"
    where = table.place(int(rows[0]))
    if spec.format != LONG:
        text = f"{len(rows)} rows of {dim}s outside the dimension are left out: {span}"
        return [Problem("table-label", text, where, severity="warning")]
    wanted = in_table("outside: ignore")
    hint = f"its labels run from {labels[0]} to {labels[-1]}; {wanted} leaves such rows out"
    return [Problem("table-label", text, where, hint)]


def _label_problems(
    dim: str,
    mapped: Mapped,
    inside: npt.NDArray[np.bool_],
    grouping: Grouping,
    *,
    table: Table,
    spec: TableSpec,
) -> list[Problem]:
    unknown = mapped.unknown(inside)
    ignored = [raw for raw in unknown if _ignores(spec, grouping) and grouping.knows(raw)]
    wrong = (
        Problem("table-label", f'{dim} has no label "{raw}"', table.place(row), grouping.hint(raw))
        for raw, row in unknown.items()
        if raw not in ignored
    )
    found = listed(wrong, len(unknown) - len(ignored))
    if ignored:
        named = ", ".join(ignored[:NAMED]) + f" and {len(ignored) - NAMED} more" * (len(ignored) > NAMED)
        text = f"rows at labels that dimension {grouping.dimension} lacks are left out: {named}"
        found.append(Problem("table-label", text, Place(table.file), severity="warning"))
    totals = int((mapped.rows(TOTAL) & inside).sum())
    if totals:
        text = f"{totals} rows of world totals are left out: dimension {grouping.dimension} has no WLD"
        found.append(Problem("table-total", text, Place(table.file), severity="warning"))
    return found


def _uncounted(rows: pd.DataFrame, left_out: npt.NDArray[np.bool_]) -> list[Problem]:
    """A warning for each file that counts its rows without a figure which are left out."""
    found = []
    for file, part in rows.groupby("file", sort=False):
        if n := int(left_out[rows.index.get_indexer(part.index)].sum()):
            text = f"{n} of {len(part)} rows state no figure (empty, NA, withheld) and are left out"
            found.append(Problem("table-missing", text, Place(str(file)), severity="warning"))
    return found


def _checked(rows: pd.DataFrame, spec: TableSpec, dims: Mapping[str, Grouping], place: Place | None) -> Rows:
    """All files' rows together: repeats refused, gaps refused, groups added up, inner trade dropped."""
    every, silent = rows, rows["silent"].to_numpy(dtype=bool)
    rows, without = rows.loc[~silent], rows.loc[silent]
    problems = _unit_problems(rows, spec)
    for check in (across_borders, broadest, once):
        rows, found = check(rows, dims, spec.sum_over)
        problems += [p if p.where else replace(p, where=place) for p in found]
    problems += gap_problems(pd.concat([rows, without]), dims, place, spec.gaps) + jumps(rows, dims)
    members, found = withheld(rows, without, dims, spec.sum_over, spec.gaps)
    problems += found + _uncounted(every, silent & ~every.index.isin(members.index))
    rows = pd.concat([rows, members], ignore_index=True) if len(members) else rows
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
