"""The manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import mfa
from mfa.run.manifest import input_names, sha256, versions, write_manifest
from tests.build.documents import solved


def test_inputs_inside_the_root_by_path_others_by_name(tmp_path: Path) -> None:
    names = ("a/data/t.csv", "elsewhere.csv", "b/t.csv", "c/t.csv")
    given = {tmp_path / name: f"hash of {name}" for name in names}
    assert input_names(given, tmp_path / "a") == {
        "data/t.csv": "hash of a/data/t.csv",
        "elsewhere.csv": "hash of elsewhere.csv",
        "t.csv": "hash of b/t.csv",
        "c/t.csv": "hash of c/t.csv",
    }


SCENARIO = """
mfa: 1
name: changing
dimensions: {region: {file: regions.csv}}
processes: {a: {kind: source}, b: {kind: sink}}
flows: {x: {from: a, to: b}}
observations: {o: {of: x, table: x.csv, sd: 1}}
"""
FILES = {"s.yaml": SCENARIO, "regions.csv": "region\nAAA\nBBB\n", "x.csv": "region,value\nAAA,5\nBBB,6\n"}


@pytest.mark.parametrize("change", ["", "gone"])
def test_hashes_are_of_what_was_read_even_if_it_changes_during_the_solve(tmp_path: Path, change: str) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)

    def meddle(text: str) -> None:
        if "solving" not in text:
            return
        for name in FILES:
            (tmp_path / name).unlink() if change else (tmp_path / name).write_text("other")

    result = mfa.run(mfa.load(tmp_path / "s.yaml"), progress=meddle)
    assert not (tmp_path / "x.csv").exists() or (tmp_path / "x.csv").read_text() == "other"
    hashes = {n: hashlib.sha256(t.encode()).hexdigest() for n, t in FILES.items()}
    assert {Path(n).name: h for n, h in result.inputs.items()} == hashes
    assert float(result.flow("x").sum()) == pytest.approx(11)
    assert (
        json.loads((result.save(tmp_path / "out") / "manifest.json").read_text())["inputs"] == result.inputs
    )


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
