"""Tables that unpack to more than they look: refused before they take the memory."""

from __future__ import annotations

import gzip
import io
import resource
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mfa.data import connectors, readers
from mfa.data.tables import read_table
from mfa.errors import MissingFile, TableError
from mfa.limits import (
    JSON_VALUES,
    PROBLEMS,
    SHEET_BYTES,
    SHEET_CELLS,
    TABLE_BYTES,
    TABLE_COLUMNS,
    TABLE_ROWS,
    Limit,
)

MOST = 64_000
ALLOWED = 300 * 2**20
"""What reading may add to the memory of the process: packages, and blocks that are looked at."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits a thousandth of what they are, so that bombs are small."""
    for limit in (TABLE_BYTES, SHEET_BYTES, SHEET_CELLS, TABLE_ROWS, TABLE_COLUMNS, JSON_VALUES):
        name = next(n for n, v in vars(readers).items() if v is limit)
        monkeypatch.setattr(readers, name, replace(limit, most=min(limit.most // 1000 + 16, MOST)))


def gz(path: Path) -> None:
    path.write_bytes(gzip.compress(b"year,value\n" + bytes(3_000_000)))


def rows(path: Path) -> None:
    path.write_text("a\n" * 30_000)


def columns(path: Path) -> None:
    path.write_text(",".join("abcdefghijklmnopqrstuvwxyz" * 10) + "\n")


def book(path: Path, sheet: bytes = b"") -> None:
    workbook = openpyxl.Workbook()
    for k in range(30):
        workbook.active.append([k, "text"])
    plain = io.BytesIO()
    workbook.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if sheet and part.filename.endswith("sheet1.xml"):
                content = content.replace(b"</sheetData>", sheet + b"</sheetData>")
            new.writestr(part, content)


def workbook(path: Path) -> None:
    book(path, b"<row/>" * 500_000)


def wide(path: Path) -> None:
    cell = b'<c r="XFD%d" t="n"><v>1</v></c>'
    book(path, b"".join(b'<row r="%d">%s</row>' % (k, cell % k) for k in range(31, 90)))


def parquet(path: Path) -> None:
    pd.DataFrame({"value": ["x" * 10_000] * 1_000}).to_parquet(path)


def many(path: Path) -> None:
    pd.DataFrame({"value": [0] * 30_000}).to_parquet(path)


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("a.csv.gz", gz, "bytes of one table, unpacked"),
        ("a.csv", rows, "rows of one table"),
        ("a.csv", columns, "columns of one table"),
        ("a.xlsx", workbook, "bytes of one workbook, unpacked"),
        ("a.xlsx", wide, "cells of one sheet"),
        ("a.parquet", parquet, "bytes of one table, unpacked"),
        ("a.parquet", many, "rows of one table"),
    ],
)
def test_a_bomb_is_refused_before_it_unpacks(
    tmp_path: Path, name: str, make: Callable[[Path], None], said: str
) -> None:
    make(tmp_path / name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TableError, match=said) as raised:
        read_table(tmp_path / name)
    assert raised.value.problems[0].code == "too-large"
    assert 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < ALLOWED


def test_small_tables_pass(tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx")
    pd.DataFrame({"value": ["x", "y"] * 100}).to_parquet(tmp_path / "a.parquet")
    assert len(read_table(tmp_path / "a.xlsx")) == 29
    assert len(read_table(tmp_path / "a.parquet")) == 200


@pytest.mark.parametrize(
    "text", ["[" * 10_000, '{"data": [' + "1," * 30_000 + "1]}", '{"data": [[]]}', '{"data": 3}']
)
@pytest.mark.parametrize("name", ["comtrade", "baci"])
def test_json_of_any_depth_and_size_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(TableError):
        connectors.read(name, [tmp_path / "c.json"])


def test_a_damaged_sheet_is_a_damaged_sheet(tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", b'<row r="40"><c t="s"><v>99999</v></c></row>')
    with pytest.raises(TableError, match="damaged"):
        read_table(tmp_path / "a.xlsx")


def test_a_table_is_not_read_from_a_device() -> None:
    with pytest.raises(MissingFile, match="a device, not a file"):
        read_table("/dev/zero")


def test_problems_of_one_kind_are_counted_beyond_a_hundred(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("year,value\n" + "".join(f"{k},bad{k}\n" for k in range(500)))
    _, problems = read_table(tmp_path / "a.csv").values(["year"])
    assert len(problems) == PROBLEMS.most + 1
    assert problems[-1].text == "400 more rows have a problem of this kind"


def test_the_limits_are_those_of_the_readers() -> None:
    assert all(isinstance(getattr(readers, n), Limit) for n in ("TABLE_BYTES", "SHEET_CELLS", "TABLE_ROWS"))
