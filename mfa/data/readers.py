"""Files to text: CSV in its encodings, parquet, workbook sheets; each row with its line."""

from __future__ import annotations

import codecs
import contextlib
import csv
import importlib.util
import io
import json
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.errors import InputError, Place, Problem, TableError, did_you_mean
from mfa.files import read_bytes, unpacked
from mfa.limits import (
    JSON_VALUES,
    SHEET_BYTES,
    SHEET_CELLS,
    TABLE_BYTES,
    TABLE_COLUMNS,
    TABLE_ROWS,
    Limit,
)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Read:
    """What a reader found: a frame of text with the header as columns, line numbers, notes."""

    frame: pd.DataFrame
    lines: Ints
    notes: tuple[str, ...] = ()


def read_csv(path: Path, sheet: str) -> Read:
    """A CSV (plain or .gz) as text; utf-8 with or without mark, else cp1252 with a note saying so."""
    data = gunzipped(path)
    encoding = _encoding(data, path)
    _within(TABLE_ROWS, max(data.count(b"\n"), data.count(b"\r")), path)
    names = _header(data, encoding, path)
    frame = _parsed(data, encoding, names, path)
    lines = _lines(data, encoding, len(frame))
    filled = (frame != "").any(axis=1).to_numpy(dtype=bool)
    notes = () if encoding == "utf-8-sig" else ("not valid utf-8; read as cp1252",)
    return Read(_without_unnamed(frame.loc[filled].reset_index(drop=True)), lines[filled], notes)


def gunzipped(path: Path) -> bytes:
    """The bytes of a file, unpacked where it is gzip; raises TableError beyond the limit of a table."""
    data = _packed(path, TABLE_BYTES)
    try:
        return unpacked(data, path, TABLE_BYTES)
    except InputError as error:
        raise TableError(*error.problems) from error
    except ValueError as error:
        raise TableError(Problem("table", f"the gzip file is damaged: {error}", Place(str(path)))) from error


def _packed(path: Path, limit: Limit) -> bytes:
    """The bytes of a file as they are; raises TableError beyond a limit."""
    try:
        return read_bytes(path, limit)
    except InputError as error:
        raise TableError(*error.problems) from error


def _within(limit: Limit, found: int, path: Path) -> None:
    """Raise TableError where a table has more of something than a limit allows."""
    if not limit.allows(found):
        raise TableError(limit.exceeded("the table", Place(str(path)), found=found))


def read_json(path: Path) -> Any:
    """What a JSON file (plain or .gz) holds; raises TableError for what is none or too large."""
    data = gunzipped(path)
    _within(JSON_VALUES, sum(map(data.count, (b",", b"[", b"{"))), path)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise TableError(Problem("table", f"not JSON: {error}", Place(str(path)))) from error


def _encoding(data: bytes, path: Path) -> str:
    if not data.strip():
        raise TableError(Problem("table-empty", "the file is empty", Place(str(path))))
    if b"\0" not in data:
        for encoding in ("utf-8-sig", "cp1252"):
            try:
                data.decode(encoding)
            except UnicodeDecodeError:
                continue
            return encoding
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        hint = "save it as CSV UTF-8"
        raise TableError(Problem("table", "the file is in UTF-16, not in UTF-8", Place(str(path)), hint))
    hint = "a workbook is named book.xlsx#Sheet; parquet files end in .parquet"
    raise TableError(Problem("table", "not a text file", Place(str(path)), hint))


_LONGEST_HEADER = 1 << 24


def _header(data: bytes, encoding: str, path: Path) -> list[str]:
    where = Place(str(path), 1)
    first = data[:_LONGEST_HEADER].split(b"\n", 1)[0].decode(encoding, "replace")
    if len(first) == _LONGEST_HEADER:
        raise TableError(TABLE_COLUMNS.exceeded("the first line", where))
    try:
        names = next(csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding, newline="")), [])
    except csv.Error as error:
        raise TableError(Problem("table", f"the header cannot be read: {error}", where)) from error
    for mark, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and mark in names[0]:
            problem = f"the cells of the header are separated by {word}: {first.rstrip()}"
            hint = "save the table with commas between cells and points in numbers, or as a workbook (.xlsx)"
            raise TableError(Problem("table", problem, where, hint))
    _within(TABLE_COLUMNS, len(names), path)
    if not any(names):
        raise TableError(Problem("table-column", "the first line must hold the column names", where))
    return _unique(names, where)


def _unique(names: list[str], where: Place) -> list[str]:
    """The header without blanks around names, unnamed columns numbered; two of one name are refused."""
    names = [n.strip() for n in names]
    twice = sorted({n for n in names if n and names.count(n) > 1})
    if twice:
        raise TableError(*(Problem("table-column", f'two columns are named "{n}"', where) for n in twice))
    return [name or f"{UNNAMED}{k + 1}" for k, name in enumerate(names)]


UNNAMED = "unnamed column "


def _parsed(data: bytes, encoding: str, names: list[str], path: Path) -> pd.DataFrame:
    """The cells under their names; cells beyond the header may be there, as some offices end every row with
    a comma, if all of them are empty."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows wider than the header
            frame = pd.read_csv(
                io.BytesIO(data),
                encoding=encoding,
                dtype=str,
                header=0,
                names=names,
                index_col=False,
                na_filter=False,
                skip_blank_lines=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
        further = _empty_beyond(data, encoding, len(names))
        if not further:
            raise TableError(_ragged(data, encoding, len(names), path, str(error))) from error
        _within(TABLE_COLUMNS, len(names) + further, path)
        wider = [*names, *(f"{UNNAMED}{len(names) + k + 1}" for k in range(further))]
        return _parsed(data, encoding, wider, path)
    return frame


def _empty_beyond(data: bytes, encoding: str, width: int) -> int:
    """How many cells rows have beyond the header, if all of these are empty; 0 if one is not."""
    found = 0
    try:
        for row in csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding, newline="")):
            if any(cell.strip() for cell in row[width:]):
                return 0
            found = max(found, len(row) - width)
    except csv.Error:
        return 0
    return found


def _ragged(data: bytes, encoding: str, width: int, path: Path, why: str) -> Problem:
    """The first row that is wider than the header, or the parser's own words."""
    reader = csv.reader(io.StringIO(data.decode(encoding), newline=""))
    try:
        wide = next((r for r in reader if len(r) > width), None)
    except csv.Error as error:
        wide, why = None, str(error)
    if wide is None:
        return Problem("table", f"not a table: {why.strip()}", Place(str(path)))
    text = f"the row has {len(wide)} cells, the header has {width}"
    hint = "a comma inside a cell needs quotes around the cell; decimal marks are points"
    return Problem("table", text, Place(str(path), reader.line_num), hint)


def _lines(data: bytes, encoding: str, rows: int) -> Ints:
    if data.count(b"\n") - data.endswith(b"\n") == rows:
        return np.arange(2, rows + 2)
    # Some cell holds a line break: count lines record by record.
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding, newline=""))
    starts, line = [1], 1
    with contextlib.suppress(csv.Error):  # beyond a cell that it cannot bear, lines are not known
        for _ in reader:
            starts.append(line)
            line = reader.line_num + 1
    starts = starts[1:] if len(starts) > 1 else starts * 2
    return np.resize(np.array(starts[1:], dtype=np.int64), rows)


def _without_unnamed(frame: pd.DataFrame) -> pd.DataFrame:
    idle = [c for c in frame.columns if str(c).startswith(UNNAMED) and not (frame[c] != "").any()]
    return frame.drop(columns=idle)


def need(module: str, extra: str, what: str, path: Path) -> None:
    """Raise TableError naming the extra to install where `module` is absent."""
    if importlib.util.find_spec(module) is None:
        text = f"reading {what} needs {module}"
        raise TableError(Problem("table", text, Place(str(path)), f'pip install "mfa[{extra}]"'))


def read_parquet(path: Path, sheet: str) -> Read:
    """A parquet file as text; needs the extra `parquet`."""
    need("pyarrow", "parquet", "a parquet file", path)
    data = _packed(path, TABLE_BYTES)
    try:
        _measure_parquet(data, path)
        typed = pd.read_parquet(io.BytesIO(data))
    except TableError:
        raise
    except Exception as error:  # pyarrow raises its own classes, OSError and ValueError
        raise TableError(Problem("table", f"not a parquet file: {error}", Place(str(path)))) from error
    frame = pd.DataFrame({str(c): _text(typed[c]) for c in typed.columns})
    return Read(frame, np.arange(1, len(frame) + 1))


def _measure_parquet(data: bytes, path: Path) -> None:
    """Raise TableError where a parquet file unpacks to more than a table may have.

    A text that a column repeats is kept once in the file and in the dictionary read here, and a million times
    in a frame.
    """
    import pyarrow as pa
    from pyarrow import compute, parquet

    head = parquet.ParquetFile(pa.BufferReader(data))
    about, schema = head.metadata, head.schema_arrow
    _within(TABLE_ROWS, about.num_rows, path)
    _within(TABLE_COLUMNS, about.num_columns, path)
    _within(TABLE_BYTES, sum(about.row_group(k).total_byte_size for k in range(about.num_row_groups)), path)
    kinds = ("is_string", "is_large_string", "is_binary", "is_large_binary")
    texts = [f.name for f in schema if any(getattr(pa.types, kind)(f.type) for kind in kinds)]
    table = parquet.ParquetFile(pa.BufferReader(data), read_dictionary=texts).read(texts)
    size = 0
    for chunk in (c for column in table.columns for c in column.chunks):
        length = compute.binary_length(chunk.dictionary).cast("int64")
        size += compute.sum(length.take(chunk.indices)).as_py() or 0
    _within(TABLE_BYTES, size, path)


def _text(column: pd.Series) -> pd.Series:
    return column.astype(str).where(column.notna(), "")


def read_sheet(path: Path, sheet: str) -> Read:
    """One sheet of a workbook as text, its first row the header; needs the extra `excel`."""
    rows = sheet_rows(path, sheet)
    if not rows:
        raise TableError(Problem("table-empty", "the sheet is empty", Place(str(path))))
    names = _unique(rows[0], Place(str(path), 1))
    width = len(names)
    body = [(*r[:width], *[""] * (width - len(r))) for r in rows[1:]]
    filled = np.array([any(r) for r in body], dtype=bool)
    frame = pd.DataFrame([r for r in body if any(r)], columns=names, dtype=str)
    return Read(_without_unnamed(frame), np.arange(2, len(body) + 2)[filled])


def sheet_rows(path: Path, sheet: str) -> list[list[str]]:
    """Every row of a sheet as text; a workbook of one sheet needs no name."""
    book = open_book(path)
    try:
        title = _chosen(book.sheetnames, sheet, path)
        page = book[title]
        return [_trimmed(row) for row in page_rows(page, path)]
    finally:
        book.close()


def page_rows(page: Any, path: Path) -> Iterator[list[str]]:
    """The rows of an openpyxl sheet as text; raises TableError for a damaged and for a too large one."""
    cells = 0
    try:
        page.reset_dimensions()  # some exports state a used range of one cell
        for row in page.iter_rows():
            cells += len(row) + 1
            if not SHEET_CELLS.allows(cells):
                raise TableError(SHEET_CELLS.exceeded("the sheet", Place(str(path))))
            yield [shown(cell) for cell in row]
    except TableError:
        raise
    except Exception as error:  # openpyxl reads as it goes: XML, KeyError, ValueError
        raise TableError(Problem("table", f"the sheet is damaged: {error}", Place(str(path)))) from error


def open_book(path: Path) -> Any:
    """An openpyxl workbook, read-only; raises TableError for what is none, or too large."""
    need("openpyxl", "excel", "a workbook", path)
    import openpyxl

    data = _packed(path, SHEET_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            _within(SHEET_BYTES, sum(part.file_size for part in packed.infolist()), path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of missing default styles
            return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except TableError:
        raise
    except Exception as error:  # zipfile, KeyError, ValueError, openpyxl's own
        raise TableError(Problem("table", f"not a workbook: {error}", Place(str(path)))) from error


def _chosen(sheets: list[str], sheet: str, path: Path) -> str:
    if sheet in sheets:
        return sheet
    if not sheet and len(sheets) == 1:
        return sheets[0]
    text = (
        f'no sheet is named "{sheet}"'
        if sheet
        else "the workbook has several sheets; name one: book.xlsx#Sheet"
    )
    raise TableError(Problem("table-sheet", text, Place(str(path)), did_you_mean(sheet, sheets)))


def shown(cell: Any) -> str:
    """The text of a cell of a sheet; a number shown as a percentage is one, `10%` and not 0.1."""
    value = cell.value
    if isinstance(value, int | float) and "%" in cell.number_format and not isinstance(value, bool):
        return f"{100 * value:.15g}%"
    return cell_text(value)


def cell_text(value: object) -> str:
    """A cell as it would stand in a CSV: whole floats without `.0`, dates in ISO form, empty for none."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row


READERS: dict[str, Callable[[Path, str], Read]] = {
    ".csv": read_csv,
    ".txt": read_csv,
    ".gz": read_csv,
    ".parquet": read_parquet,
    ".xlsx": read_sheet,
    ".xlsm": read_sheet,
}
