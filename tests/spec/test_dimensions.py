"""Labels from lists, ranges and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mfa.spec.dimensions import dimension_labels, dimension_members, dimension_titles
from mfa.spec.document import Document
from mfa.spec.resolve import load_document

BASE = {
    "mfa": 1,
    "processes": {"a": {"kind": "source"}, "b": {"kind": "sink"}},
    "flows": {"f": {"from": "a", "to": "b"}},
}


def document(**dimensions: object) -> Document:
    return load_document({**BASE, "dimensions": dimensions})


def test_a_list_and_a_range() -> None:
    made = document(region=["NO", "NA", "DE"], year={"range": [2020, 2022]})
    assert dimension_labels(made, "region") == ("NO", "NA", "DE")
    assert dimension_labels(made, "year") == (2020, 2021, 2022)
    assert dimension_members(made, "region") == {}


def test_members_and_titles_written_out() -> None:
    region = {
        "labels": ["EU", "ROW"],
        "members": {"EU": ["AUT", "BEL"], "ROW": "*"},
        "titles": {"EU": "Europe"},
    }
    made = document(region=region)
    assert dimension_members(made, "region") == {"EU": ["AUT", "BEL"], "ROW": ["*"]}
    assert dimension_titles(made, "region") == {"EU": "Europe"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = "iso2,region,title,parts\nNA,NAM,Namibia,\n NO , NOR,Norway,\n\nEU,EU27,,AUT; BEL;\n"
    (tmp_path / "r.csv").write_bytes(b"\xef\xbb\xbf" + rows.encode())
    (tmp_path / "y.csv").write_text("year\n2020\n2021\n")
    return tmp_path


def test_a_file_by_named_columns(folder: Path) -> None:
    region = {"file": str(folder / "r.csv"), "labels": "iso2", "titles": "title", "members": "parts"}
    made = document(region=region)
    assert dimension_labels(made, "region") == ("NA", "NO", "EU")
    assert dimension_titles(made, "region") == {"NA": "Namibia", "NO": "Norway"}
    assert dimension_members(made, "region") == {"EU": ["AUT", "BEL"]}


def test_the_column_of_the_dimensions_name_is_the_default(folder: Path) -> None:
    made = document(region={"file": str(folder / "r.csv")}, year={"file": str(folder / "y.csv")})
    assert dimension_labels(made, "region") == ("NAM", "NOR", "EU27")
    assert dimension_labels(made, "year") == (2020, 2021)


def test_a_changed_file_is_read_anew(folder: Path) -> None:
    made = document(year={"file": str(folder / "y.csv")})
    assert len(dimension_labels(made, "year")) == 2
    (folder / "y.csv").write_text("year\n2020\n2021\n2022\n")
    assert len(dimension_labels(made, "year")) == 3
