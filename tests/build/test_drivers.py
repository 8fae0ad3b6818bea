"""Drivers that state what cannot be, with the place of each number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mfa
from mfa.errors import InputError

SCENARIO = """mfa: 1
dimensions: {year: {range: [2000, 2003]}, region: [AAA, BBB]}
processes: {shop: {kind: source}, use: {kind: stock}, tip: {kind: sink}}
flows: {sold: {from: shop, to: use}, gone: {from: use, to: tip}}
stocks: {fleet: {at: use, lifetime: {fixed: 2}}}
solve: {question: simulate}
drivers:
"""


def problems(folder: Path, driver: str, table: str = "") -> list[tuple[str, str]]:
    """Place (file:line) and sentence of every problem of a driver."""
    (folder / "sales.csv").write_text(f"year,region,value\n{table}", encoding="utf-8")
    (folder / "scenario.yaml").write_text(f"{SCENARIO}  {driver}\n", encoding="utf-8")
    with pytest.raises(InputError) as raised:
        mfa.run(mfa.load(folder / "scenario.yaml"))
    return [(f"{Path(p.where.file).name}:{p.where.line}", p.text) for p in raised.value.problems if p.where]


def test_a_negative_inflow_is_named_with_its_label_and_line(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "s: {of: sold, value: -3 kt}")
    assert found == ("scenario.yaml:8", "driver s says that sold is -3 kt")
    driver = "s: {of: sold, at: {region: AAA}, dims: year, data: {2000: 3, 2002: -1}}"
    (found,) = problems(tmp_path, driver)
    assert found == ("scenario.yaml:8", "driver s says that sold is -1 t for AAA, 2002")
    driver = "s: {of: sold, dims: [year, region], table: sales.csv}"
    found = problems(tmp_path, driver, "2000,AAA,1\n2000,BBB,-4\n2001,AAA,-5\n")[0]
    assert found == ("sales.csv:3", "driver s says that sold is -4 t for 2000, BBB")


def test_years_between_are_filled_where_that_is_said(tmp_path: Path) -> None:
    text = "year,region,value\n2000,AAA,1\n2003,AAA,4\n2000,BBB,2\n2002,BBB,2\n"
    (tmp_path / "sales.csv").write_text(text, encoding="utf-8")
    driver = "s: {of: sold, dims: [year, region], table: sales.csv, unit: kt, interpolate: linear}"
    (tmp_path / "scenario.yaml").write_text(f"{SCENARIO}  {driver}\n", encoding="utf-8")
    sold = mfa.run(mfa.load(tmp_path / "scenario.yaml")).flow("sold")
    np.testing.assert_allclose(sold.sel(region="AAA"), [1000, 2000, 3000, 4000])
    np.testing.assert_allclose(sold.sel(region="BBB"), 2000)


def test_a_level_is_not_negative_either(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "s: {of: fleet, value: -3}")
    assert found[1] == "driver s says that fleet is -3 t"


def test_not_a_number_is_refused_where_it_stands(tmp_path: Path) -> None:
    driver = "s: {of: sold, dims: [year, region], table: sales.csv}"
    (found,) = problems(tmp_path, driver, "2000,AAA,1\n2000,BBB,nan\n")
    assert found[0] == "sales.csv:3"
    assert "finite" in found[1]
