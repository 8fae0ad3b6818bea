"""Periods: of any length, months, and what is refused of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import InputError
from mfa.run.result import Result
from tests.build.documents import CHAIN, merged, solved
from tests.run.test_cohorts import follows_its_rows

STOCK: dict[str, Any] = {
    "processes": {"use": {"kind": "stock"}},
    "stocks": {"in_use": {"at": "use", "inflow": "metal"}},
}
UNEVEN = [1990, 1995, 2000, 2010, 2011]
LENGTHS = [5, 5, 7.5, 5.5, 5.5]
FLEET: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"year": {"labels": UNEVEN}, "region": {"labels": ["AAA", "BBB"]}},
    "processes": {"shop": {"kind": "source"}, "use": {"kind": "stock"}, "tip": {"kind": "sink"}},
    "flows": {"sold": {"from": "shop", "to": "use"}, "gone": {"from": "use", "to": "tip"}},
    "stocks": {"fleet": {"at": "use", "lifetime": {"weibull": {"mean": 12, "shape": 2}}}},
    "solve": {"question": "simulate"},
    "drivers": {"sales": {"of": "sold", "data": [10, 12, 9, 14, 3], "dims": "year", "at": {"region": "AAA"}},
                "more": {"of": "sold", "value": 4, "at": {"region": "BBB"}}},
}  # fmt: skip


def fleet(**changes: Any) -> Result:
    return mfa.run(mfa.load(merged(FLEET, changes)))


def test_periods_of_any_length_are_those_of_the_stock_engine() -> None:
    result = fleet()
    own = mfa.stock.inflow_driven(
        np.array([10.0, 12, 9, 14, 3]), mfa.Lifetime.weibull(mean=12, shape=2), years=UNEVEN
    )
    assert result.stock("fleet").sel(region="AAA").to_numpy() == pytest.approx(own.stock, rel=1e-9)
    assert result.flow("gone").sel(region="AAA").to_numpy() == pytest.approx(own.outflow, rel=1e-9)
    assert result.mean_age("fleet").sel(region="AAA").to_numpy() == pytest.approx(own.mean_age(), rel=1e-9)
    balances = result.balance().query("region == 'AAA'").sort_values("year")
    change = np.diff(own.stock, prepend=0.0) / LENGTHS
    assert balances["stock_change"].to_numpy() == pytest.approx(change, rel=1e-9)
    assert balances["relative"].max() < 1e-9
    assert result.cohorts("fleet").sum("cohort").to_numpy() == pytest.approx(
        result.stock("fleet").to_numpy(), rel=1e-9
    )


def test_an_initial_stock_before_uneven_periods() -> None:
    result = fleet(stocks={"fleet": {"initial": 60}})
    initial = mfa.stock.InitialStock.by_age(60.0, "stationary")
    own = mfa.stock.inflow_driven(
        np.array([10.0, 12, 9, 14, 3]),
        mfa.Lifetime.weibull(mean=12, shape=2),
        initial=initial,
        years=UNEVEN,
    )
    assert result.stock("fleet").sel(region="AAA").to_numpy() == pytest.approx(own.stock, rel=1e-9)
    assert result.cohorts("fleet", 2000).sel(region="AAA").to_numpy() == pytest.approx(
        own.cohorts(2000), rel=1e-8, abs=1e-9
    )


def test_a_driven_level_over_uneven_periods() -> None:
    levels = {"of": "fleet", "data": [50, 90, 100, 120, 60], "dims": "year"}
    result = fleet(
        dimensions={"region": {"labels": ["AAA"]}},
        drivers={"sales": None, "more": None, "level": levels},
        stocks={"fleet": {"shrinking": "retire"}},
    )
    own = mfa.stock.stock_driven(
        np.array([50.0, 90, 100, 120, 60]),
        mfa.Lifetime.weibull(mean=12, shape=2),
        "uniform",
        "retire",
        years=UNEVEN,
    )
    assert own.inflow[-1] == 0
    assert result.flow("sold").sel(region="AAA").to_numpy() == pytest.approx(own.inflow, rel=1e-9, abs=1e-9)
    assert result.flow("gone").sel(region="AAA").to_numpy() == pytest.approx(own.outflow, rel=1e-9)


def test_a_range_with_a_step_is_its_labels() -> None:
    stepped = fleet(dimensions={"year": {"labels": None, "range": [1990, 2010], "step": 5}})
    listed = fleet(dimensions={"year": {"labels": [1990, 1995, 2000, 2005, 2010]}})
    np.testing.assert_array_equal(stepped.stock("fleet"), listed.stock("fleet"))


def test_one_period_of_five_years_is_five_equal_years() -> None:
    """A constant inflow spread over a year: five periods of one year hold what one of five does."""
    data = {"of": "sold", "value": 8, "data": None, "dims": None}
    long = fleet(
        dimensions={"year": {"labels": [1992, 1997, 2002]}}, drivers={"sales": data, "more": {"value": 8}}
    )
    short = fleet(
        dimensions={"year": {"labels": None, "range": [1990, 2004]}},
        drivers={"sales": data, "more": {"value": 8}},
    )
    ends = short.stock("fleet").sel(year=[1994, 1999, 2004]).to_numpy()
    assert long.stock("fleet").to_numpy() == pytest.approx(ends, rel=1e-9)


def _months(**changes: Any) -> Result:
    months = [f"{y}-{m:02d}" for y in (2019, 2020, 2021) for m in range(1, 13)]
    document = merged(FLEET, {"dimensions": {"year": None, "month": {"labels": months}}})
    document["drivers"] = {"sales": {"of": "sold", "value": 1.0}}
    document["stocks"] = {"fleet": {"at": "use", "lifetime": {"normal": {"mean": 1.5, "sd": 0.3}}}}
    return mfa.run(mfa.load(merged(document, changes)))


def test_months_with_flows_per_month_or_per_year() -> None:
    monthly, yearly = _months(units={"time": "month"}), _months()
    assert monthly.quantity("sold").unit == "t/month"
    dates = np.arange("2019-01", "2022-01", dtype="M8[M]")
    own = mfa.stock.inflow_driven(np.full(36, 12.0), mfa.Lifetime.normal(mean=1.5, sd=0.3), years=dates)
    stock = monthly.stock("fleet").sel(region="AAA")
    assert stock.to_numpy() == pytest.approx(own.stock, rel=1e-9)
    assert monthly.flow("gone").sel(region="AAA").to_numpy() * 12 == pytest.approx(own.outflow, abs=1e-9)
    assert float(stock.sel(month="2019-12")) == pytest.approx(12, rel=1e-2)
    assert yearly.stock("fleet").to_numpy() * 12 == pytest.approx(monthly.stock("fleet").to_numpy(), rel=1e-9)
    for result in (monthly, yearly):
        assert result.balance()["relative"].max() < 1e-9
        assert float(result.mean_age("fleet").sel(region="AAA", month="2019-06")) == pytest.approx(
            3 / 12, rel=1e-3
        )


def test_months_before_the_first_are_months(tmp_path: Path) -> None:
    result = _months(units={"time": "month"}, stocks={"fleet": {"initial": 18}})
    again = mfa.open_result(result.save(tmp_path / "out"))
    found = again.cohorts("fleet", "2019-03").sel(region="AAA")
    assert "2018-12" in found["cohort"].values.tolist()
    assert found.sum() == pytest.approx(
        float(result.stock("fleet").sel(region="AAA", month="2019-03")), rel=1e-9
    )
    assert result.stock("fleet").to_numpy() == pytest.approx(18, rel=1e-6)  # 1 a month for 18 months


def test_sums_over_time_are_masses() -> None:
    formulas = {"to_date": "cumsum(sold)", "all": "sum(sold, year)", "part": "share(sold, year)"}
    table = fleet(outputs={"indicators": formulas}).indicators.query("region == 'AAA'")
    mass = np.array([10.0, 12, 9, 14, 3]) * LENGTHS
    found = {n: table.query(f"name == '{n}'")["value"].to_numpy() for n in formulas}
    assert found["to_date"] == pytest.approx(np.cumsum(mass))
    assert found["all"] == pytest.approx([mass.sum()])
    assert found["part"] == pytest.approx(mass / mass.sum())


def test_a_reserve_is_depleted_by_the_length_of_the_period() -> None:
    reserve = {"ore": {"at": "shop", "kind": "reserve", "initial": 1000, "recovery": 0.5, "additions": 2}}
    left = fleet(stocks=reserve).stock("ore").sel(region="BBB").to_numpy()
    assert left == pytest.approx(1000 - np.cumsum(LENGTHS) * (4 / 0.5 - 2), rel=1e-9)


@pytest.mark.parametrize("years", [[2021, 2020, 2022], [2020, "later", 2022]])
def test_years_that_do_not_ascend_or_are_none_are_refused(years: list[Any]) -> None:
    document = merged(CHAIN, {"dimensions": {"year": {"range": None, "labels": years}}})
    with pytest.raises(InputError, match=r'labels of "year" (do not ascend|are not all)'):
        mfa.run(mfa.load(document))


def test_consecutive_years_add_up_in_a_stock() -> None:
    level = solved(**STOCK).stock("in_use").sel(region="AAA")
    assert level.values.tolist() == pytest.approx([2000, 4000, 6000])


def test_cohorts_of_even_periods_follow_their_rows() -> None:
    follows_its_rows(fleet(dimensions={"year": {"labels": None, "range": [1990, 1999]}},
                           drivers={"sales": {"data": None, "dims": None, "value": 5}}), "fleet")  # fmt: skip


def test_a_reconciliation_over_uneven_periods_gives_back_the_simulation() -> None:
    simulated = fleet(stocks={"fleet": {"initial": 60}})
    sold = {
        y: {r: float(simulated.flow("sold").sel(year=y, region=r)) for r in ("AAA", "BBB")} for y in UNEVEN
    }
    level = {"AAA": float(simulated.stock("fleet").sel(year=2011, region="AAA"))}
    observations = {
        "sales": {"of": "sold", "data": sold, "dims": ["year", "region"], "cv": 0.1},
        "counted": {"of": "fleet", "at": {"year": 2011}, "data": level, "dims": "region", "cv": 0.05},
    }
    found = fleet(
        stocks={"fleet": {"initial": {"value": 60, "cv": 0.3}}},
        solve={"question": "reconcile"},
        drivers=None,
        observations=observations,
    )
    for name in ("sold", "gone"):
        np.testing.assert_allclose(found.flow(name), simulated.flow(name), rtol=1e-6)
    np.testing.assert_allclose(found.stock("fleet"), simulated.stock("fleet"), rtol=1e-6)
    np.testing.assert_allclose(found.cohorts("fleet").sum("cohort"), found.stock("fleet"), rtol=1e-8)
    assert found.balance()["relative"].max() < 1e-9
