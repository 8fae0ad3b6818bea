"""Saved results with something else in them: refused with a reason, whatever the bytes are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import mfa
from mfa.errors import InputError, MfaError
from mfa.run.result import Result
from mfa.run.store import TABLES, write_csv
from mfa.run.trace import trace_of
from tests.build.documents import solved

NAME = "balance of plant[2021, AAA]"
Change = Callable[[Any], None]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small result."""
    indicators = {"indicators": {"rate": "metal / ore"}, "figures": {"a": {"kind": "area", "of": "ore"}}}
    return solved(outputs=indicators).save(tmp_path_factory.mktemp("kept") / "out")


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(kept, tmp_path / "out"))


def asked(folder: Path) -> Result:
    """The result, opened and asked for its rows."""
    result = mfa.open_result(folder)
    result.explain(NAME)
    return result


def put(name: str, value: Any) -> Change:
    def change(file: Any) -> None:
        del file[name]
        if value is not None:
            file[name] = value

    return change


def at(name: str, k: int, value: float) -> Change:
    def change(file: Any) -> None:
        new = file[name][...]
        new.flat[k] = value
        del file[name]
        file[name] = new

    return change


def said(key: str, value: Any, group: str = "/") -> Change:
    def change(file: Any) -> None:
        file[group].attrs[key] = value

    return change


def bomb(file: Any) -> None:
    del file["ore/value"]
    file.create_dataset("ore/value", shape=(2**40, 1), dtype="f8", chunks=(2**16, 1), compression="gzip")


def outside(file: Any) -> None:
    del file["ore"]
    file["ore"] = h5py.ExternalLink("other.nc", "/ore")


TENSORS: dict[str, Change] = {
    "no values": put("ore/value", None),
    "values of text": put("ore/value", "text"),
    "values of another shape": put("ore/value", np.zeros(3)),
    "a number that is none": at("ore/value", 0, np.nan),
    "a negative sd": at("ore/sd", 0, -1.0),
    "a status that does not exist": at("ore/status", 0, 100),
    "labels of numbers": put("ore/year", np.zeros(9)),
    "labels that are none": put("ore/region", ["XXX"] * 9),
    "more than memory": bomb,
    "a link to another file": outside,
    "a group that is an array": put("ore", [1, 2]),
    "axes that are none": said("axes", '["year", "nowhere"]', "ore"),
    "axes of numbers": said("axes", "[1]", "ore"),
    "a unit that is none": said("unit", "furlong", "ore"),
    "a process that is none": said("source", "nowhere", "ore"),
    "an attribute that is an array": said("kind", np.zeros(3), "ore"),
    "no description": said("mfa", "{}"),
    "a description of numbers": said("mfa", "[1, 2]"),
    "a deep description": said("mfa", "[" * 100_000),
    "no text of the scenario": said("scenario", 3),
}
ROWS: dict[str, Change] = {
    "no unknowns": put("problem/start", None),
    "a cell of an unknown that is not there": at("cells/i", 0, 10**9),
    "a cell of an unknown below 0": at("cells/i", 0, -1),
    "a second factor that is not there": at("cells/j", 0, 10**6),
    "a row of a cell that is not there": at("exact/indices", 0, 10**6),
    "a row that begins behind its end": at("exact/indptr", 1, 10**6),
    "a row that begins before": at("exact/indptr", 0, -5),
    "fewer numbers than places": put("exact/data", np.zeros(2)),
    "a right side too few": put("exact/rhs", np.zeros(1)),
    "a right side that is none": at("exact/rhs", 0, np.inf),
    "places of fractions": put("exact/indices", np.zeros(3)),
    "a scale of zero": at("problem/scale", 0, 0.0),
    "a bound that is no number": at("problem/lower", 0, np.nan),
    "unknowns other than the cells": at("solution/x", 0, 1e30),
    "names too few": put("cells/lines", np.frombuffer(b"one\ntwo", np.uint8)),
    "names that are no text": at("cells/lines", 0, 255),
    "flags of numbers": put("reports/counted", np.zeros(9)),
    "an sd below zero": at("reports/sd", 0, -1.0),
    "a flow that begins beyond the cells": said("places", '{"ore": 1000, "metal": 0, "slag": 0}', "trace"),
    "flows of text": said("places", '{"ore": "x"}', "trace"),
    "no flows": said("places", "{}", "trace"),
    "a unit of mass that is none": said("mass_unit", "furlong", "trace"),
    "periods too few": put("trace/lengths", np.ones(1)),
    "no standard deviations": put("trace/sd_x", None),
}


@pytest.mark.parametrize("what", [*TENSORS, *ROWS])
def test_an_array_that_is_another_is_refused(folder: Path, what: str) -> None:
    (folder / "manifest.json").unlink()
    name, change = ("result.nc", TENSORS[what]) if what in TENSORS else ("solution.h5", ROWS[what])
    with h5py.File(folder / name, "r+") as file:
        change(file)
    with pytest.raises(MfaError) as raised:
        asked(folder)
    assert isinstance(raised.value, InputError)


@pytest.mark.parametrize("name", ["result.nc", "solution.h5", *(f"{t}.csv" for t in TABLES)])
def test_a_file_other_than_the_one_written_is_refused(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    for changed in (content[:-1], content + b"\n", b""):
        (folder / name).write_bytes(changed)
        with pytest.raises(InputError, match=rf"{name} is not the file that the run wrote") as raised:
            asked(folder)
        assert raised.value.problems[0].code == "damaged"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"outputs": 3}', b"[" * 100_000, b"\xff\x00", b"null"]
)
def test_a_manifest_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match="manifest"):
        mfa.open_result(folder)


@pytest.mark.parametrize("name", ["result.nc", "solution.h5"])
def test_bytes_that_are_no_hdf5_are_refused(folder: Path, name: str) -> None:
    (folder / "manifest.json").unlink()
    (folder / name).write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(200))
    with pytest.raises(InputError):
        asked(folder)


@pytest.mark.parametrize(
    ("name", "column"), [("observations", "z"), ("balances", "relative"), ("indicators", "value")]
)
def test_a_column_of_text_instead_of_numbers_is_refused(folder: Path, name: str, column: str) -> None:
    (folder / "manifest.json").unlink()
    table = getattr(mfa.open_result(folder), name)
    for changed in (
        table.assign(**{column: "text"}),
        table.assign(**{column: np.inf}),
        table.drop(columns=column),
    ):
        write_csv(changed, folder / f"{name}.csv")
        with pytest.raises(InputError, match="damaged"):
            mfa.open_result(folder)


def test_a_result_without_a_manifest_opens(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    assert float(asked(folder).flow("ore").sum()) > 0


def test_rows_of_another_result_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "manifest.json").unlink()
    other = solved(dimensions={"year": {"range": [2020, 2023]}}).save(tmp_path / "other")
    shutil.copy(other / "solution.h5", folder)
    with pytest.raises(InputError, match="rows kept beside it"):
        asked(folder)
    assert trace_of(mfa.open_result(other))


def test_texts_that_a_spreadsheet_would_compute_come_back_as_they_were(tmp_path: Path) -> None:
    regions = ["=cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "+1", "'=1", "'tis", "\tx", "a", "-5"]
    plain = {"region": {"labels": regions}, "year": {"range": [2020, 2022]}}
    result = solved(dimensions=plain)
    again = mfa.open_result(result.save(tmp_path / "out"))
    assert again.dimensions["region"] == tuple(regions)
    assert again.observations["region"].tolist() == result.observations["region"].tolist()
    lines = (tmp_path / "out" / "flows.csv").read_text().splitlines()
    cells = {cell.strip('"') for line in lines for cell in line.split(",")}
    assert {"'@SUM(1)", "'-2+3", "+1", "''=1", "'tis", "-5", "a"} <= cells
    assert not any(c[:1] in "=@" for c in cells if c)


def test_the_hash_of_a_result_is_that_of_its_manifest(folder: Path) -> None:
    outputs = json.loads((folder / "manifest.json").read_text())["outputs"]
    assert {"result.nc", "solution.h5", *(f"{t}.csv" for t in TABLES)} <= set(outputs)
