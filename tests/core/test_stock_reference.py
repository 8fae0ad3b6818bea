"""Stocks against answers of flodym 1.1.0 and ODYM, the steel stocks of nine countries, and plastics."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mfa.core.lifetime import Lifetime
from mfa.core.stock import InitialStock, StockResult, inflow_driven, stock_driven
from mfa.errors import InputError

LIFETIMES = {
    "fixed_3": Lifetime.fixed(3),
    "normal_4_1.5": Lifetime.normal(4, 1.5),
    "lognormal_4_1.5": Lifetime.lognormal(4, 1.5),
    "weibull_k2.2_s5": Lifetime.weibull(shape=2.2, scale=5),
}
Case = Mapping[str, Any]


@pytest.fixture(scope="module")
def reference(shared: Path) -> Case:
    found: Case = json.loads((shared / "reference" / "dynamic_stock_cases.json").read_text())
    return found


def timing_of(case: Case) -> str:
    name = str(case["convention"])
    if name.startswith("gl"):
        return f"gauss({name[2:]})"
    return name if name in ("start", "middle", "end") else "end"


def close(got: Any, wanted: Any) -> None:
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9)


def check_inflow_case(case: Case) -> None:
    life, timing = LIFETIMES[case["lifetime"]], timing_of(case)
    result = inflow_driven(np.array(case["inflow"]), life, timing)
    close(life.sf(range(10), timing)[:, 0], case["sf"])
    close(result.stock, case["stock"])
    close(result.outflow, case["outflow"])


def check_stock_case(case: Case) -> None:
    shrinking = "retire" if case.get("negative_inflow_correct") else "allow"
    levels = np.array(case["stock"])
    result = stock_driven(levels, LIFETIMES[case["lifetime"]], timing_of(case), shrinking)
    close(result.inflow, case["inflow"])
    close(result.outflow, case["outflow"])
    close(result.stock, case.get("stock_out", levels))
    close(result.cohorts().sum(axis=1), levels)


def check_initial_case(case: Case) -> None:
    """Four cohorts [3, 5, 2, 4] left at the end of the fourth year, then five years driven by the stock."""
    life = LIFETIMES[case["lifetime"]]
    past = inflow_driven(np.array(case["inflow"][:4]), life, "end")
    close(past.stock, case["stock"][:4])
    close(past.outflow, case["outflow"][:4])
    left = past.cohorts(year=3)
    possible = life.sf(range(4), "end")[-1] > 0
    close(left, np.where(possible, [3, 5, 2, 4], 0))
    if not possible.all():
        with pytest.raises(InputError, match="cohort -4, which is older than its lifetime allows"):
            stock_driven(np.array(case["future_stock"]), life, initial=InitialStock.by_cohort([3, 5, 2, 4]))
    shrinking = "retire" if case["negative_inflow_correct"] else "allow"
    levels = np.array(case["future_stock"], dtype=float)
    result = stock_driven(levels, life, "end", shrinking, InitialStock.by_cohort(left))
    close(result.inflow, case["inflow"][4:])
    close(result.outflow, case["outflow"][4:])
    close(result.stock, case["stock"][4:])
    assert np.abs(result.balance()).max() < 1e-12 * levels.max()


def test_every_case_of_the_peers(reference: Case) -> None:
    kinds = {"inflow": check_inflow_case, "stock": check_stock_case}
    checked = 0
    for case in reference["cases"]:
        kinds.get(case["mode"], check_initial_case)(case)
        checked += 1
    assert checked == 63


def test_uneven_years_balance(reference: Case) -> None:
    case = reference["uneven"]
    result = inflow_driven(np.full(8, 10.0), Lifetime.normal(8, 2), "middle", years=case["years"])
    close(result.layout.periods.edges, case["bounds"])
    close(result.stock, case["flodym_stock"])
    close(result.outflow, case["mass_consistent_outflow_annual"])
    assert np.abs(result.balance()).max() < 1e-12 * result.stock.max()
    theirs = np.array(case["flodym_outflow_annual_NOT_BALANCED"])
    assert np.abs(theirs - result.outflow).max() > 1.0


def test_lifetimes_by_year_by_cohort_and_folded_as_flodym() -> None:
    """flodym 1.1.0: NormalLifetime(4, 1.5) scaled by year or by cohort, FoldedNormalLifetime(2, 1.5)."""
    factor = np.array([1.0, 1.2, 0.8, 1.0, 1.5, 1.5, 0.7, 1.0, 1.1, 0.9])
    by_year = Lifetime.normal(4 * factor, 1.5 * factor, by="year").sf(range(10), "middle")
    close(by_year[:, 0], NURTURE_COLUMN)
    close(by_year[9], NURTURE_ROW)
    by_cohort = Lifetime.normal(4 * factor, 1.5 * factor, by="cohort").sf(range(10), "gauss(4)")
    close(by_cohort[9], NATURE_ROW)
    close(Lifetime.folded_normal(2, 1.5).sf(range(10), "middle")[:, 0], FOLDED_COLUMN)


# fmt: off
NURTURE_COLUMN = [
    0.9901846713713547, 0.9652922006816963, 0.7542180609998067, 0.5652602360412224, 0.48750071859376726,
    0.38342905394528937, 0.016104562626750245, 0.003307604298453175, 0.0007112372119319377,
    3.108183338098724e-05,
]
NURTURE_ROW = [
    3.108183338098724e-05, 0.00040975523158130734, 0.003705322985506045, 0.023916033362467115,
    0.10671075329667601, 0.3059002732839443, 0.5771780941765426, 0.8090612009406374, 0.9417859097778734,
    0.989170527133563,
]
NATURE_ROW = [
    0.00015740518564541124, 0.021193785770970915, 0.00024288087367178935, 0.05085657153166493,
    0.587222836726414, 0.7457656554603674, 0.26031419450730997, 0.8369131185663703, 0.9582992410440685,
    0.9876477017511258,
]
FOLDED_COLUMN = [
    0.8891350983413576, 0.6403739884468816, 0.37079123821339366, 0.15877812032142216, 0.0477976956966516,
    0.009815615280217226, 0.001349905311740167, 0.00012286650992537798, 7.343425116707219e-06,
    2.8665158070538045e-07,
]
# fmt: on

STEEL = {
    "Argentina": (45, "117922.5", "1273.9"),
    "Brazil": (25, "340046.5", "10374.5"),
    "Canada": (35, "430999.6", "9809.6"),
    "Denmark": (55, "62382.3", "405.9"),
    "Ethiopia": (70, "3734.7", "0.837"),
    "France": (45, "661814.9", "12967.3"),
    "Greece": (70, "119387.8", "203.4"),
    "Hungary": (30, "69178.5", "2722.4"),
    "Indonesia": (30, "121739.3", "1710.2"),
}
STEEL_MIDDLE = {
    "France": 655245.6543716287,
    "Canada": 426018.9822414609,
    "Brazil": 334766.66970782954,
    "Denmark": 62170.0168644387,
}


def run_steel(shared: Path, timing: str) -> StockResult:
    folder = shared / "data" / "open" / "cases" / "odym"
    table = pd.read_excel(folder / "Steel_Consumption_Final_9Countries.xlsx")
    inflow = table.pivot_table(index="T", columns="CS", values="V", aggfunc="sum")
    lives = pd.read_excel(folder / "Steel_Lifetime_9Countries.xlsx", header=None, skiprows=1)
    inflow.index.name, inflow.columns.name = "year", "country"
    consumption = xr.DataArray(inflow)
    mean = lives.set_index(0)[1].rename_axis("country").to_xarray().astype(float)
    return inflow_driven(consumption, Lifetime.normal(mean=mean, sd=0.3 * mean), timing)


def same_digits(value: float, printed: str) -> bool:
    decimals = len(printed.split(".")[1])
    return f"{value:.{decimals}f}" == printed


def test_steel_of_nine_countries_as_odym(shared: Path) -> None:
    result = run_steel(shared, "end")
    for country, (_, stock, outflow) in STEEL.items():
        at = {"country": country, "year": 2008}
        assert same_digits(float(result.stock.sel(at)), stock), country
        assert same_digits(float(result.outflow.sel(at)), outflow), country
    assert float(np.abs(result.balance()).max()) < 1e-12 * float(result.stock.max())


def test_steel_of_nine_countries_as_flodym(shared: Path) -> None:
    result = run_steel(shared, "middle")
    for country, stock in STEEL_MIDDLE.items():
        got = float(result.stock.sel(country=country, year=2008))
        assert got == pytest.approx(stock, rel=1e-12)


# fmt: off
PLASTICS = [
    2, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 11, 13, 15, 17, 20, 23, 27, 32, 35, 38, 44, 51, 52, 46, 54, 59,
    64, 71, 70, 72, 73, 80, 86, 90, 96, 104, 110, 114, 120, 124, 132, 137, 151, 156, 168, 180, 188, 202,
    213, 218, 231, 241, 256, 263, 280, 295, 281, 288, 313, 325, 338, 352, 367, 381,
]
# fmt: on
MEAN = np.array([0.5, 13, 35, 8, 3, 20, 5, 5])
SD = np.array([0.1, 3, 7, 2, 1, 3, 1.5, 1.5])
SECTORS = np.array([146, 27, 65, 18, 42, 3, 47, 59])


@pytest.mark.parametrize(
    ("timing", "waste", "cumulative", "in_use"),
    [("end", 304.5, 5892, 2465), ("middle", 310.9, 6055, 2302), ("start", 317.0, 6209, 2148)],
)
def test_plastics_by_timing(timing: str, waste: float, cumulative: float, in_use: float) -> None:
    """Sector shares of 2015 held constant: the survival convention alone moves the totals."""
    made = np.outer(np.array(PLASTICS) * 407 / 381, SECTORS / SECTORS.sum())
    result = inflow_driven(made, Lifetime.lognormal(MEAN, SD), timing, years=range(1950, 2016))
    assert round(float(result.outflow[-1].sum()), 1) == waste
    assert round(float(result.outflow.sum())) == cumulative
    assert round(float(result.stock[-1].sum())) == in_use
