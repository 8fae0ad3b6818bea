"""Results on disk and back."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from mfa.errors import InputError, MissingFile
from mfa.run.result import NUMBERS
from mfa.run.store import long_table, open_result
from tests.build.documents import solved

STOCK = {"processes": {"use": {"kind": "stock"}}, "stocks": {"in_use": {"at": "use", "inflow": "metal"}}}


def test_tables_are_long_with_labels_first_and_status_last(tmp_path: Path) -> None:
    solved(**STOCK).save(tmp_path / "out")
    flows = pd.read_csv(tmp_path / "out/flows.csv")
    assert list(flows) == [
        "name",
        "year",
        "region",
        "value",
        "mean",
        "sd",
        "low",
        "high",
        "unit",
        "basis",
        "status",
        "mark",
    ]
    assert set(flows["name"]) == {"ore", "metal", "slag"}
    assert flows["unit"].unique().tolist() == ["t/year"]
    stocks = pd.read_csv(tmp_path / "out/stocks.csv")
    assert stocks["unit"].unique().tolist() == ["t"]
    assert len(stocks) == 9


def test_everything_comes_back(tmp_path: Path) -> None:
    result = solved(**STOCK)
    again = open_result(result.save(tmp_path / "out"))
    assert list(again.quantities) == list(result.quantities)
    for name, quantity in result.quantities.items():
        other = again.quantity(name)
        for what in (*NUMBERS, "status", "mark"):
            np.testing.assert_array_equal(getattr(other, what), getattr(quantity, what))
        assert (other.kind, other.axes, other.unit) == (quantity.kind, quantity.axes, quantity.unit)
    assert again.scenario == result.scenario
    assert again.dimensions == result.dimensions
    pd.testing.assert_frame_equal(long_table(again, stocks=True), long_table(result, stocks=True))
    assert again.save(tmp_path / "copy").is_dir()


def test_tensors_are_packed_and_the_same_bytes_again(tmp_path: Path) -> None:
    result = solved(**STOCK)
    files = [result.save(tmp_path / name) / "result.nc" for name in ("one", "two")]
    assert files[0].read_bytes() == files[1].read_bytes()
    with h5py.File(files[0]) as file:
        assert {file["ore"][what].compression for what in ("value", "sd", "status")} == {"gzip"}


def test_a_region_called_NA_stays_a_label(tmp_path: Path) -> None:
    regions = {"region": {"labels": ["NA", "BBB"]}}
    again = open_result(solved(dimensions=regions).save(tmp_path / "out"))
    assert set(again.observations["region"]) == {"NA", "BBB"}
    assert float(again.flow("ore").sel(region="NA", year=2020)) == pytest.approx(8000)


def test_no_result_and_a_damaged_one(tmp_path: Path) -> None:
    solved().save(tmp_path / "out")
    with pytest.raises(MissingFile, match='did you mean "out"'):
        open_result(tmp_path / "oat")
    (tmp_path / "out/result.nc").write_bytes(b"no netCDF")
    with pytest.raises(InputError, match="damaged"):
        open_result(tmp_path / "out")
