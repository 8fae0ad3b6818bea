"""The manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from mfa.run.manifest import input_hashes, sha256, versions, write_manifest
from tests.build.documents import solved


def test_inputs_inside_the_root_by_path_others_by_name(tmp_path: Path) -> None:
    inside, outside = tmp_path / "a" / "data" / "t.csv", tmp_path / "elsewhere.csv"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"1")
    outside.write_bytes(b"2")
    found = input_hashes([outside, inside], tmp_path / "a")
    assert found == {
        "data/t.csv": hashlib.sha256(b"1").hexdigest(),
        "elsewhere.csv": hashlib.sha256(b"2").hexdigest(),
    }


def test_the_manifest_lists_all_but_itself_and_is_the_same_again(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x").write_bytes(b"x")
    first = write_manifest(tmp_path, inputs={}, facts={"solver": {"b": 1, "a": 2}}).read_bytes()
    assert write_manifest(tmp_path, inputs={}, facts={"solver": {"a": 2, "b": 1}}).read_bytes() == first
    content = json.loads(first)
    assert list(content["outputs"]) == ["sub/x"]
    assert versions()["numpy"] == content["versions"]["numpy"]


def test_a_sheet_is_an_input_by_its_workbook(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Ore"
    for row in (["year", "region", "value"], [2020, "AAA", 5], [2021, "BBB", 7]):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    dug = {"of": "ore", "table": f"{tmp_path}/book.xlsx#Ore", "cv": 0.1, "unit": "kt"}
    result = solved(observations={"dug": None, "seen": dug})
    assert float(result.flow("ore").sel(year=2021, region="BBB")) == pytest.approx(7000)
    assert result.inputs == {"book.xlsx": sha256(tmp_path / "book.xlsx")}
    assert result.observations["place"].tolist() == ["book.xlsx#Ore:2", "book.xlsx#Ore:3"]
