from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mfa.data import readers
from mfa.data.tables import Table, read_table
from mfa.errors import MissingFile, Place, TableError


def write(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def table(folder: Path, text: str) -> Table:
    return read_table(write(folder, text))


def test_everything_is_text_and_na_stays_na(tmp_path: Path) -> None:
    read = table(tmp_path, "region,value\nNA,1\nnull,02\n,NaN\n")
    assert read.frame.to_numpy().tolist() == [["NA", "1"], ["null", "02"], ["", "NaN"]]


def test_lines_survive_blank_rows_and_breaks_in_cells(tmp_path: Path) -> None:
    read = table(tmp_path, 'a,b\n1,2\n\n3,"x\ny"\n,\n5,6\n')
    assert read.lines.tolist() == [2, 4, 7]
    assert read.frame["a"].tolist() == ["1", "3", "5"]


def test_short_rows_are_filled_with_nothing(tmp_path: Path) -> None:
    assert table(tmp_path, "a,b\n1\n").frame.to_numpy().tolist() == [["1", ""]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8(tmp_path: Path, encoding: str) -> None:
    read = read_table(write(tmp_path, "région,b\nÅland,1\n".encode(encoding)))
    assert (read.columns, read.frame.iloc[0, 0], read.notes) == (["région", "b"], "Åland", ())


def test_cp1252_is_said(tmp_path: Path) -> None:
    read = read_table(write(tmp_path, "a,b\nCôte – d’Ivoire,1\n".encode("cp1252")))
    assert read.frame.iloc[0, 0] == "Côte – d’Ivoire"
    assert read.notes == ("not valid utf-8; read as cp1252",)


def test_windows_ends_and_idle_columns(tmp_path: Path) -> None:
    read = table(tmp_path, "a,b,,\r\n1,2,,\r\n")
    assert (read.columns, read.lines.tolist()) == (["a", "b"], [2])


def test_gzip(tmp_path: Path) -> None:
    assert len(read_table(write(tmp_path, gzip.compress(b"a\n1\n2\n"), "t.csv.gz"))) == 2


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (b"", "table-empty", "the file is empty"),
        (b" \n\n", "table-empty", "the file is empty"),
        (b"a,b\n", "table-empty", "a header and no rows"),
        (b"a,b\n,\n", "table-empty", "a header and no rows"),
        (b"\n1,2\n", "table-column", "must hold the column names"),
        (b"a,a\n1,2\n", "table-column", 'two columns are named "a"'),
        (b"a,b\n1,2\n1,2,3\n", "table", "t.csv:3: error\\[table\\]: the row has 3 cells, the header has 2"),
        (b"year;value\n2020;1,5\n", "table", "t.csv:1: .*separated by semicolons: year;value"),
        (b"year\tvalue\n2020\t1.5\n", "table", "separated by tabs"),
        ("year,value\n".encode("utf-16"), "table", "in UTF-16, not in UTF-8"),
        (b'a,b\n1,"2\n', "table", "not a table"),
        (bytes(range(256)) * 4, "table", "not a text file"),
        (b"a\x81b,c\n1,2\n", "table", "not a text file"),
        (b"PK\x03\x04\x00\x00", "table", "not a text file"),
        (b"\x1f\x8b\x08 damaged", "table", "the gzip file is damaged"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, code: str, text: str) -> None:
    with pytest.raises(TableError, match=text) as caught:
        read_table(write(tmp_path, content))
    assert caught.value.problems[0].code == code
    assert caught.value.exit_code == 2


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    path = write(tmp_path, b"a\n1\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(TableError, match=r"t\.csv: error.*cannot be read: Permission denied"):
        read_table(path)


def test_missing_file_has_the_scenarios_place_and_a_hint(tmp_path: Path) -> None:
    write(tmp_path, "a\n1\n", "quota.csv")
    place = Place("scenario.yaml", 12, 5)
    with pytest.raises(MissingFile, match=r'did you mean "quota\.csv"') as caught:
        read_table(tmp_path / "qouta.csv", place=place)
    assert (caught.value.problems[0].code, caught.value.problems[0].where) == ("missing-file", place)
    with pytest.raises(MissingFile, match="a folder"):
        read_table(tmp_path)
    with pytest.raises(MissingFile, match="there is no folder"):
        read_table(tmp_path / "no" / "t.csv")
    with pytest.raises(TableError, match=r'"\.doc" file'):
        read_table(write(tmp_path, "a", "t.doc"))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Data"
    for row in (["region", "year", "value"], ["NA", 2020.0, 1.5], [None, None, None], ["CHN", 2021, ">5"]):
        sheet.append(row)
    workbook.create_sheet("Empty")
    path = tmp_path / "book.xlsx"
    workbook.save(path)
    return path


def test_sheet(book: Path) -> None:
    read = read_table(f"{book}#Data")
    assert read.frame.to_numpy().tolist() == [["NA", "2020", "1.5"], ["CHN", "2021", ">5"]]
    assert read.lines.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("sheet", "code", "text"),
    [
        ("#Dta", "table-sheet", 'did you mean "Data"'),
        ("", "table-sheet", "several sheets"),
        ("#Empty", "table-empty", "the sheet is empty"),
    ],
)
def test_wrong_sheet(book: Path, sheet: str, code: str, text: str) -> None:
    with pytest.raises(TableError, match=text) as caught:
        read_table(f"{book}{sheet}")
    assert caught.value.problems[0].code == code


def test_garbage_named_as_a_workbook_or_parquet(tmp_path: Path) -> None:
    for name in ("t.xlsx", "t.parquet"):
        with pytest.raises(TableError, match=r"not a (workbook|parquet file)"):
            read_table(write(tmp_path, b"garbage", name))


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers.importlib.util, "find_spec", lambda name: None)
    for name, extra in (("t.xlsx", "excel"), ("t.parquet", "parquet")):
        with pytest.raises(TableError, match=rf'pip install "mfa\[{extra}\]"'):
            read_table(write(tmp_path, b"x", name))


def test_parquet_as_text(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    pd.DataFrame({"region": ["NA", None], "value": [0.1, np.nan], "year": [2020, 2021]}).to_parquet(path)
    assert read_table(path).frame.to_numpy().tolist() == [["NA", "0.1", "2020"], ["", "", "2021"]]


def test_renamed_column(tmp_path: Path) -> None:
    read = table(tmp_path, "iso3,qty\nCHN,1\n")
    renamed, problems = read.rename({"iso3": "region", "quantity": "value"})
    assert renamed.columns == ["region", "qty"]
    (problem,) = problems
    assert (problem.code, problem.hint) == ("table-column", "known: iso3, qty")
    assert 'no column "quantity"; the columns are iso3, qty' in problem.text


def test_renaming_onto_a_column_replaces_it(tmp_path: Path) -> None:
    renamed, problems = table(tmp_path, "iso3,region\nCHN,China\n").rename({"iso3": "region"})
    assert (renamed.frame.to_dict("list"), problems) == ({"region": ["CHN"]}, [])


def test_renaming_two_columns_onto_each_other(tmp_path: Path) -> None:
    renamed, _ = table(tmp_path, "a,b\n1,2\n").rename({"a": "b", "b": "a"})
    assert renamed.frame.to_dict("list") == {"b": ["1"], "a": ["2"]}


def test_select(tmp_path: Path) -> None:
    read = table(tmp_path, "hs,year,v\n2846,2020,1\n 2805 ,2020,2\n2846,2021,3\n")
    chosen, problems = read.select({"hs": [2846, "2805"], "year": 2020})
    assert (chosen.frame["v"].tolist(), chosen.lines.tolist(), problems) == (["1", "2"], [2, 3], [])


def test_a_selection_that_hits_nothing(tmp_path: Path) -> None:
    read = table(tmp_path, "flow,year\nimport,2020\nexport,2021\n")
    _, (problem,) = read.select({"flow": "imports"})
    assert (problem.code, problem.hint) == ("table-empty", 'did you mean "import"?')
    _, (problem,) = read.select({"flow": "import", "year": 2021})
    assert "no row has flow import and year 2021" in problem.text
    _, (problem,) = read.select({"flwo": "import"})
    assert (problem.code, problem.hint) == ("table-column", 'did you mean "flow"?')


def test_values(tmp_path: Path) -> None:
    read = table(tmp_path, "region,year,value\nCHN,2020,1\nNA,2020,>2\n")
    frame, problems = read.values(["region", "year"])
    assert problems == []
    assert frame["region"].tolist() == ["CHN", "NA"]
    np.testing.assert_array_equal(frame[["value", "low"]], [[1, np.nan], [np.nan, 2]])
    assert frame["line"].tolist() == [2, 3]


def test_values_name_every_problem_at_once(tmp_path: Path) -> None:
    rows = "region,value,unit\nCHN,x,t\nUSA,NaN,t\nUSA,1,kg\nJPN,,t\n"
    _, problems = table(tmp_path, rows).values(["region"], unit="t")
    assert [(p.code, p.where.line if p.where else 0) for p in problems] == [
        ("table-number", 2),
        ("table-nan", 3),
        ("table-duplicate", 4),
        ("table-unit", 4),
        ("table-nan", 5),
    ]
    assert problems[2].hint == "line 3 has the same labels"


def test_missing_cells_may_fall_away(tmp_path: Path) -> None:
    frame, problems = table(tmp_path, "a,value\nx,NA\ny,2\n").values(["a"], missing="drop")
    assert (frame["a"].tolist(), problems) == (["y"], [])


@pytest.mark.parametrize(
    ("held", "stated", "fits"),
    [
        ("t REO", "t REO", True),
        ("kt REO", "t REO", True),
        ("t gross", "t REO", False),
        ("USD", "t", False),
        ("furlongs", "t", False),
        ("number", "number", True),
    ],
)
def test_the_unit_column_against_the_unit_stated(tmp_path: Path, held: str, stated: str, fits: bool) -> None:
    _, problems = table(tmp_path, f"a,value,unit\nx,1,{held}\n").values(["a"], unit=stated)
    assert [p.code for p in problems] == ([] if fits else ["table-unit"])


def test_a_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = write(tmp_path, "a\n1\n")
    first = read_table(path)
    assert read_table(path).frame is first.frame
    write(tmp_path, "a\n2\n")
    os.utime(path, ns=(1, 1))
    assert read_table(path).frame["a"].tolist() == ["2"]


@pytest.mark.parametrize("name", ["us_trade_hs4_1993_2025.csv", "baci_hs850511_2002_2024.csv"])
def test_large_tables_read_in_well_under_a_second(shared: Path, name: str) -> None:
    path = shared / "data" / "open" / "transcribed" / name
    start = time.process_time()
    read = readers.read_csv(path, "")
    assert time.process_time() - start < 0.8
    assert read.lines[-1] == len(read.frame) + 1
