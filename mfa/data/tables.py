"""Long tables: everything read as text, every row with its line, and what is wrong with them as problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.data.quantities import Figures, parse_column
from mfa.data.readers import READERS, Ints
from mfa.errors import MissingFile, Place, Problem, TableError, UnitError, did_you_mean
from mfa.files import is_file, not_a_file
from mfa.limits import PROBLEMS
from mfa.spec.folders import file_hint
from mfa.units import parse_unit

Where = Mapping[str, object]
NOTE = "note"


def in_table(key: str) -> str:
    """How a scenario says how to read a table: beside its file, not beside `table`.

    >>> in_table("outside: ignore")
    '`table: {file: ..., outside: ignore}`'
    """
    return f"`table: {{file: ..., {key}}}`"


@dataclass(frozen=True, eq=False)
class Table:
    """A table of text: `frame` (columns by their exact names), the line of each row in `file`, notes.

    A region `NA` stays the text `NA`. Selecting and renaming give a new table and a list of problems.
    `files` says each row's file where the table was put together from several.
    """

    file: str
    frame: pd.DataFrame
    lines: Ints
    notes: tuple[str, ...] = ()
    files: npt.NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def columns(self) -> list[str]:
        """The column names, in file order."""
        return [str(c) for c in self.frame.columns]

    def place(self, row: int) -> Place:
        """Where a row stands in its file."""
        file = self.file if self.files is None else str(self.files[row])
        return Place(file, int(self.lines[row]))

    def lacking(self, names: Sequence[str]) -> list[Problem]:
        """One problem for each column that the table lacks."""
        return [self._no_column(n) for n in names if n not in self.frame.columns]

    def _no_column(self, name: str) -> Problem:
        text = f'no column "{name}"; the columns are {", ".join(self.columns)}'
        return Problem("table-column", text, Place(self.file, 1), did_you_mean(name, self.columns))

    def rename(self, mapping: Mapping[str, str]) -> tuple[Table, list[Problem]]:
        """The table with columns renamed (file's name: wanted name), and the columns it lacks.

        A column that already has a wanted name gives way: the scenario's word is explicit.
        """
        present = {old: new for old, new in mapping.items() if old in self.frame.columns}
        replaced = [n for o, n in present.items() if n in self.frame.columns and n != o and n not in present]
        frame = self.frame.drop(columns=replaced).rename(columns=present)
        return replace(self, frame=frame), self.lacking(list(mapping))

    def select(self, where: Where) -> tuple[Table, list[Problem]]:
        """The rows whose columns hold the given value, or one of the given values; compared as text.

        Of a note it is enough that one of its remarks is the given one.
        """
        problems = self.lacking(list(where))
        keep = np.ones(len(self), dtype=bool)
        for column in (c for c in where if c in self.frame.columns):
            wanted = _wanted(where[column])
            cells = self.frame[column].astype(str).str.strip()
            hit = cells.isin(wanted).to_numpy(dtype=bool)
            if column == NOTE:  # remarks set off by semicolons, of which one is meant
                one = np.array([not {*c.split("; ")}.isdisjoint(wanted) for c in cells], dtype=bool)
                hit = hit | one
            if not hit.any():
                problems.append(self._no_value(column, wanted))
            keep &= hit
        if not problems and not keep.any():
            problems.append(Problem("table-empty", f"no row has {_spelt(where)}", Place(self.file)))
        return self.kept(keep), problems

    def kept(self, rows: npt.NDArray[np.bool_]) -> Table:
        """The table of the rows where `rows` is true."""
        files = None if self.files is None else self.files[rows]
        frame = self.frame.loc[rows].reset_index(drop=True)
        return replace(self, frame=frame, lines=self.lines[rows], files=files)

    def _no_value(self, column: str, wanted: Sequence[str]) -> Problem:
        held = sorted(self.frame[column].astype(str).str.strip().unique())
        text = f"no row has {column} {' or '.join(wanted)}"
        hint = did_you_mean(wanted[0], held) if wanted else ""
        return Problem("table-empty", text, Place(self.file), hint)

    def figures(self, column: str, *, thousands: bool = True) -> tuple[Figures, list[Problem]]:
        """The figures of a column, and a problem with its place for each cell that is not one.

        `thousands` says that the format of the file puts commas between thousands.
        """
        parsed = parse_column(self.frame[column], thousands=thousands)
        wrong = (replace(p, where=self.place(i), text=f"{column}: {p.text}") for i, p in parsed.wrong)
        return parsed, listed(wrong, len(parsed.wrong))

    def values(
        self, labels: Sequence[str], column: str = "value", *, unit: str | None = None, missing: str = "error"
    ) -> tuple[pd.DataFrame, list[Problem]]:
        """The label columns as text with `value`, `low`, `high`, `file` and `line`, and every problem.

        Cells that state nothing are problems (`table-nan`), or fall away with `missing="drop"`.
        """
        lacking = self.lacking([*labels, column])
        if lacking:
            return pd.DataFrame(), lacking
        parsed, problems = self.figures(column)
        problems += self.repeated(labels) + self.unit_problems(unit)
        frame = self.frame[list(labels)].apply(lambda c: c.str.strip())
        frame = frame.assign(
            value=parsed.value, low=parsed.low, high=parsed.high, file=self.file, line=self.lines
        )
        bad = {i for i, _ in parsed.wrong}
        empty = [int(i) for i in np.flatnonzero(~parsed.stated) if int(i) not in bad]
        if missing == "error":
            problems += [Problem("table-nan", f"{column}: no value is stated", self.place(i)) for i in empty]
        return frame.loc[parsed.stated].reset_index(drop=True), problems

    def repeated(self, labels: Sequence[str]) -> list[Problem]:
        """A problem for each row whose labels an earlier row has."""
        keys = self.frame[list(labels)]
        again = np.flatnonzero(keys.duplicated().to_numpy())
        first = _first_rows(keys) if len(again) else {}
        return listed((self._repeat(labels, int(i), first[_key(keys, int(i))]) for i in again), len(again))

    def _repeat(self, labels: Sequence[str], row: int, first: int) -> Problem:
        named = ", ".join(f"{c} {self.frame[c].iloc[row]}" for c in labels)
        hint = f"line {int(self.lines[first])} has the same labels"
        return Problem("table-duplicate", f"a second row for {named}", self.place(row), hint)

    def unit_problems(self, unit: str | None, column: str = "unit") -> list[Problem]:
        """What is wrong with the unit column: several units, or one that does not fit the unit stated."""
        if column not in self.frame.columns or not len(self):
            return []
        units, first = np.unique(self.frame[column].str.strip().to_numpy(dtype=str), return_index=True)
        if len(units) > 1:
            text = f"the rows have several units: {', '.join(units)}"
            hint = "select rows of one unit with `where`"
            return [Problem("table-unit", text, self.place(int(np.sort(first)[1])), hint)]
        return unit_mismatch(str(units[0]), unit, self.place(0))


def listed(problems: Iterator[Problem], count: int) -> list[Problem]:
    """The first problems of one kind, as many as are listed, and how many there are besides."""
    found = list(islice(problems, PROBLEMS.most))
    if PROBLEMS.allows(count):
        return found
    text = f"{count - len(found):,} more rows have a problem of this kind"
    return [*found, replace(found[-1], text=text, hint=PROBLEMS.hint)]


def unit_mismatch(found: str, stated: str | None, where: Place) -> list[Problem]:
    """A problem where the table's unit and the scenario's are different kinds of quantity."""
    if not stated or not found or found == stated:
        return []
    text = f'the table is in "{found}", which does not fit the unit "{stated}"'
    try:
        fits = parse_unit(found, found.split()[1:]).same_kind(parse_unit(stated, stated.split()[1:]))
    except UnitError:
        fits = False
    return [] if fits else [Problem("table-unit", text, where)]


def _wanted(value: object) -> list[str]:
    many = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return [str(v).strip() for v in many]


def _spelt(where: Where) -> str:
    return " and ".join(f"{c} {' or '.join(_wanted(v))}" for c, v in where.items())


def _key(keys: pd.DataFrame, row: int) -> tuple[str, ...]:
    return tuple(keys.iloc[row])


def _first_rows(keys: pd.DataFrame) -> dict[tuple[str, ...], int]:
    first = np.flatnonzero(~keys.duplicated().to_numpy())
    return {_key(keys, int(i)): int(i) for i in first}


class _Cache:
    """The last files read, by path, time of change and size; the oldest gives way."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.held: dict[tuple[str, int, int, str], Table] = {}

    def get(self, path: Path, sheet: str) -> Table:
        stat = path.stat()
        key = (str(path.resolve()), stat.st_mtime_ns, stat.st_size, sheet)
        if key not in self.held:
            table = _read(path, sheet)
            while len(self.held) >= self.size:
                self.held.pop(next(iter(self.held)))
            self.held[key] = table
        return self.held[key]


_CACHE = _Cache(64)


def read_table(path: str | Path, *, place: Place | None = None) -> Table:
    """The table in a CSV, a parquet file or `book.xlsx#Sheet`, all cells as text; read once per process.

    `place` is where the scenario names the file. Raises :class:`~mfa.errors.MissingFile` and
    :class:`~mfa.errors.TableError`.
    """
    file, sheet = split_sheet(str(path))
    require_file(file, place)
    try:
        return replace(_CACHE.get(file, sheet), file=str(path))
    except OSError as error:
        text = f"the file cannot be read: {error.strerror or error}"
        raise TableError(Problem("table", text, Place(str(path)))) from error


def split_sheet(name: str) -> tuple[Path, str]:
    """File and sheet of `book.xlsx#Sheet`; the sheet is empty for other names.

    >>> split_sheet("data/book.xlsx#Table 8")[1], split_sheet("a#b.csv")[1]
    ('Table 8', '')
    """
    head, mark, sheet = name.rpartition("#")
    if mark and Path(head).suffix.lower() in (".xlsx", ".xlsm"):
        return Path(head), sheet
    return Path(name), ""


def require_file(file: Path, place: Place | None) -> None:
    """Raise MissingFile with the nearest name in the folder where `file` is not there."""
    if is_file(file):
        return
    if (problem := not_a_file(file, place)) is not None:
        raise MissingFile(problem)
    hint = file_hint(file, f"there is no such file in {file.parent}")
    raise MissingFile(Problem("missing-file", f"no such file: {file}", place, hint))


def _read(path: Path, sheet: str) -> Table:
    suffix = path.suffix.lower()
    reader = READERS.get(suffix)
    if reader is None:
        hint = "tables are " + ", ".join(READERS)
        raise TableError(
            Problem("table", f'cannot read a table from a "{suffix}" file', Place(str(path)), hint)
        )
    read = reader(path, sheet)
    if not len(read.frame):
        raise TableError(Problem("table-empty", "the table has a header and no rows", Place(str(path))))
    return Table(str(path), read.frame, read.lines, read.notes)
