"""The cars of 129 countries: published numbers, flodym on the same tables, and the whole scenario."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mfa
from mfa.run.bundled import bundled_root, find_scenario

DATA = bundled_root() / "models" / "vehicles" / "data"
YEARS = range(1990, 2051)
CALIBRATED = ("LUX", "NCL", "SAU", "SGP")
"""Regions whose lifetime ODYM's published run left at 16 years."""
GAPS_2015 = {
    "AUT": 1348882.51834, "DEU": 12283660.7016, "AUS": 4559261.83225, "USA": 49433694.069,
    "JPN": 16492431.5607, "CHN": 2546256.97852, "IND": 23289.9458959, "BRA": 9054873.22945,
    "COD": 1088023.95164, "RUS": 20945217.866, "OMN": -645953.625752, "LUX": -147443.629307,
    "SAU": -802822.073617, "SGP": -83115.5992423, "NCL": -6182.06219693,
}  # fmt: skip
"""ODYM, tutorial 5: stock reported for 2015 minus what is left of the registrations from 2005, cars."""
ODYM_2017 = {
    "Automotive steel": 809.954407140626,
    "Aluminium": 89.5266127594641,
    "Rhodium": 0.000550933001596703,
}
"""ODYM, tutorial 5: materials in the cars of 2017, Mt, Cambodia included."""
FLODYM = {"none": (590.601458491, 706.408897394), "as 2005": (807.024183602, 856.132311479)}
"""flodym 1.1.0, its example 5: million cars in 2015 and 2017, by what was registered before 2005."""


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv")


def registrations(before: str | None) -> pd.DataFrame:
    """Cars by year and region, with a table for the years before 2005, the numbers of 2005, or nothing."""
    wide = table("registrations").pivot_table("value", "year", "region").reindex(YEARS, fill_value=0.0)
    if before == "as 2005":
        wide.loc[1990:2004] = wide.loc[2005].to_numpy()
    elif before is not None:
        wide.loc[1990:2004] = table(before).pivot_table("value", "year", "region")
    return wide


def lifetime(row: pd.Series) -> mfa.Lifetime:
    if row["kind"] == "weibull":
        return mfa.Lifetime.weibull(scale=row["first"], shape=row["second"])
    mean = 16.0 if row.name in CALIBRATED else row["first"]
    return mfa.Lifetime.normal(mean=mean, sd=0.3 * mean)


def as_odym(inflow: pd.DataFrame) -> pd.DataFrame:
    """Stocks at the end of every year with ODYM's lifetimes and timing."""
    rows = table("lifetimes").set_index("region")
    columns = {
        r: mfa.stock.inflow_driven(inflow[r].to_numpy(), lifetime(rows.loc[r]), timing="end").stock
        for r in inflow.columns
    }
    return pd.DataFrame(columns, index=inflow.index)


def test_the_gaps_of_2015_are_those_that_odym_prints() -> None:
    reported = table("stock_2015").set_index("region")["value"] * 1000
    gap = reported - as_odym(registrations(None)).loc[2015]
    assert gap[list(GAPS_2015)].to_dict() == pytest.approx(GAPS_2015, rel=1e-10)


def test_the_materials_of_2017_are_those_that_odym_prints() -> None:
    """Its 130th country, Cambodia, has no stock and is not in the tables: 18,201 cars, 0.016 Mt of steel."""
    stock = as_odym(registrations("registrations_before_2005_odym"))
    cars = float(stock.loc[2017].sum())
    content = table("material_content").set_index("element")["value"]
    with_cambodia = {m: (cars + 18_201) * content[m] * 1e-9 for m in ODYM_2017}
    assert with_cambodia == pytest.approx(ODYM_2017, rel=1e-8)


def flodym_like(before: str | None) -> tuple[pd.DataFrame, mfa.stock.StockResult]:
    """This package's engine with what flodym's example assumes: normal lifetimes, middle of the year."""
    inflow = registrations(before)
    mean = table("lifetimes").set_index("region")["value"][inflow.columns].to_numpy()
    return inflow, mfa.stock.inflow_driven(
        inflow.to_numpy(), mfa.Lifetime.normal(mean=mean, sd=0.3 * mean), timing="middle"
    )


@pytest.mark.parametrize("before", ["none", "as 2005"])
def test_the_fleets_are_those_of_flodym(before: str) -> None:
    inflow, ours = flodym_like(None if before == "none" else before)
    years = [inflow.index.get_loc(y) for y in (2015, 2017)]
    assert ours.stock[years].sum(axis=1) / 1e6 == pytest.approx(FLODYM[before], rel=1e-11)


def test_every_year_and_country_is_as_flodym_computes_it() -> None:
    flodym = pytest.importorskip("flodym", reason="flodym is not installed")
    inflow, ours = flodym_like("as 2005")
    mean = table("lifetimes").set_index("region")["value"][inflow.columns].to_numpy()
    dims = flodym.DimensionSet(
        dim_list=[
            flodym.Dimension(name="time", letter="t", items=list(YEARS), dtype=int),
            flodym.Dimension(name="region", letter="r", items=list(inflow.columns), dtype=str),
        ]
    )
    theirs = flodym.InflowDrivenDSM(
        dims=dims,
        name="cars",
        time_letter="t",
        lifetime_model=flodym.NormalLifetime(dims=dims, time_letter="t"),
    )
    theirs.lifetime_model.mean = flodym.FlodymArray(dims=dims[("r",)], values=mean)
    theirs.lifetime_model.std = flodym.FlodymArray(dims=dims[("r",)], values=0.3 * mean)
    theirs.inflow[...] = flodym.FlodymArray(dims=dims, values=inflow.to_numpy())
    theirs.compute()
    np.testing.assert_allclose(ours.stock, theirs.stock.values, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(ours.outflow, theirs.outflow.values, rtol=1e-9, atol=1e-6)


@pytest.fixture(scope="module")
def fleet() -> mfa.Result:
    return mfa.run(mfa.load(find_scenario("vehicles")))


def test_every_process_closes_for_every_material(fleet: mfa.Result) -> None:
    assert fleet.balance()["relative"].max() < 1e-9
    assert len(fleet.balance()) == 2 * 61 * 129 * 25


def test_cars_of_2015_are_those_reported_where_registrations_leave_room(fleet: mfa.Result) -> None:
    seen = fleet.observations.query("name == 'stock_2015'").set_index("region")
    above = seen["adjusted"] / seen["value"] > 1 + 1e-6
    assert set(above[above].index) == {*CALIBRATED, "OMN"}
    assert seen.loc[~above, "adjusted"].to_dict() == pytest.approx(
        seen.loc[~above, "value"].to_dict(), rel=1e-6
    )


def test_every_car_carries_its_materials_and_they_become_scrap(fleet: mfa.Result) -> None:
    content = table("material_content").set_index("element")["value"] / 1000
    cars = fleet.stock("in_use").sel(year=2017).sum("region").to_series() / content
    assert cars.to_numpy() == pytest.approx(961_482_630.1, rel=1e-9)
    gone = fleet.flow("discarded").sel(year=slice(2018, 2050)).sum(["year", "region"]).to_series()
    left = fleet.stock("in_use").sel(year=[2017, 2050]).sum("region")
    assert gone.to_dict() == pytest.approx((left[0] - left[1]).to_series().to_dict(), rel=1e-9)
    share = table("recovery").pivot_table("value", "element", "scrap")
    scrap = fleet.flow("recovered").sel(year=2030).sum("region").to_pandas().T
    entered = fleet.flow("discarded").sel(year=2030).sum("region").to_series()
    pd.testing.assert_frame_equal(
        scrap, share.loc[scrap.index, scrap.columns].mul(entered, axis=0), check_names=False, rtol=1e-9
    )


def test_a_fleet_that_is_kept_drives_the_registrations() -> None:
    """Stock-driven from 2018, against the stock engine country by country."""
    result = mfa.run(mfa.load(find_scenario("vehicles"), variant="fleet_kept"))
    steel = float(table("material_content").set_index("element").loc["Automotive steel", "value"]) / 1000
    rows = table("lifetimes").set_index("region")
    history = registrations("registrations_before_2005")
    for region in ("DEU", "CHN", "CUB"):
        row = rows.loc[region]
        age = (
            mfa.Lifetime.weibull(scale=row["first"], shape=row["second"])
            if row["kind"] == "weibull"
            else mfa.Lifetime.normal(mean=row["first"], sd=row["second"])
        )
        until = mfa.stock.inflow_driven(history[region].to_numpy()[:28], age, timing="end").stock
        given = np.append(until, np.full(33, until[-1]))
        wanted = mfa.stock.stock_driven(given, age, timing="end").inflow[28:]
        found = result.flow("registered").sel(
            region=region, element="Automotive steel", year=slice(2018, 2050)
        )
        assert found.to_numpy() / steel == pytest.approx(wanted, rel=1e-7)


def test_the_tables_are_those_of_the_workbooks(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "open" / "cases" / "flodym"
    if not (source / "example5_vehicle_stock.xlsx").exists():
        pytest.skip("the workbooks of flodym are not there")
    pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    folder = DATA.parent
    spec = importlib.util.spec_from_file_location("prepare_vehicles", folder / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    prepare = importlib.util.module_from_spec(spec)
    sys.modules["prepare_vehicles"] = prepare
    spec.loader.exec_module(prepare)
    (tmp_path / "data").mkdir()
    prepare.main(source, tmp_path)
    for made in (*(tmp_path / "data").iterdir(), tmp_path / "lifetimes.yaml"):
        assert made.read_bytes() == (folder / made.relative_to(tmp_path)).read_bytes(), made.name
