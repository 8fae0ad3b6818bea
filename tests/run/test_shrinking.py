"""Stock-driven scenarios: inflows that follow from levels, and levels that fall too fast."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import DocumentError, Infeasible, InputError
from mfa.run.result import Result
from tests.build.documents import merged

YEARS = list(range(2000, 2016))
RISING = {y: 100.0 + 8 * (y - 2000) for y in YEARS}
FALLING = {y: 100.0 - (60 if y >= 2008 else 0) + 2 * (y - 2000) for y in YEARS}
BASE: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"year": {"range": [2000, 2015]}, "region": {"labels": ["AAA", "BBB"]}},
    "processes": {
        "ore": {"kind": "source"},
        "maker": {},
        "use": {"kind": "stock"},
        "tip": {"kind": "sink"},
    },
    "flows": {
        "mined": {"from": "ore", "to": "maker"},
        "sold": {"from": "maker", "to": "use"},
        "swarf": {"from": "maker", "to": "tip"},
        "gone": {"from": "use", "to": "tip"},
    },
    "transfers": {"maker": {"sold": 0.8, "swarf": "rest"}},
    "stocks": {
        "fleet": {
            "at": "use",
            "lifetime": {"normal": {"mean": {"data": {"AAA": 6, "BBB": 9}, "dims": "region"}, "sd": 2}},
        }
    },
    "solve": {"question": "simulate"},
    "drivers": {
        "a": {"of": "fleet", "at": {"region": "AAA"}, "dims": "year", "data": RISING},
        "b": {"of": "fleet", "at": {"region": "BBB"}, "dims": "year", "data": FALLING},
    },
}


def fleet(**changes: Any) -> Result:
    return mfa.run(mfa.load(merged(BASE, changes)))


def engine(region: str, shrinking: Any, initial: Any = None) -> Any:
    levels = RISING if region == "AAA" else FALLING
    lifetime = mfa.Lifetime.normal(mean=6 if region == "AAA" else 9, sd=2)
    return mfa.stock.stock_driven(
        np.array(list(levels.values())), lifetime, "uniform", shrinking, initial, years=YEARS
    )


def matches_the_engine(result: Result, shrinking: Any, initial: Any = None) -> None:
    for region in ("AAA", "BBB"):
        own = engine(region, shrinking, initial)
        for name, expected in (("sold", own.inflow), ("gone", own.outflow)):
            found = result.flow(name).sel(region=region).to_numpy()
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-8), (region, name)
        assert result.stock("fleet").sel(region=region).to_numpy() == pytest.approx(own.stock, rel=1e-9)
        for year in (2005, 2008, 2015):
            cohorts = result.cohorts("fleet", year).sel(region=region)
            expected = own.cohorts(year)[-len(YEARS) :]
            assert cohorts.sel(cohort=YEARS).to_numpy() == pytest.approx(expected, rel=1e-8, abs=1e-8)
    assert result.balance()["relative"].max() < 1e-9


def test_what_enters_follows_from_the_level_and_drives_what_is_upstream() -> None:
    only_rising = {"b": {"data": {y: 2 * v for y, v in RISING.items()}}}
    result = fleet(drivers=only_rising)
    own = engine("AAA", "error")
    assert result.flow("sold").sel(region="AAA").to_numpy() == pytest.approx(own.inflow, rel=1e-9)
    assert result.flow("mined").sel(region="AAA").to_numpy() == pytest.approx(own.inflow / 0.8, rel=1e-9)
    assert result.mean_age("fleet").sel(region="AAA").to_numpy() == pytest.approx(own.mean_age(), rel=1e-9)


def test_a_level_that_falls_too_fast_names_the_stock_the_label_and_the_year() -> None:
    with pytest.raises(Infeasible) as raised:
        fleet()
    problem = raised.value.problems[0]
    assert problem.code == "shrinking-stock"
    assert 'stock "fleet" falls faster than its cohorts can leave at year 2008, region BBB' in problem.text
    assert "sold[2008, BBB] would have to be -" in problem.text
    assert "shrinking: retire" in problem.hint


def test_cohorts_retire_early() -> None:
    result = fleet(stocks={"fleet": {"shrinking": "retire"}})
    matches_the_engine(result, "retire")
    assert float(result.flow("sold").sel(region="BBB", year=2008)) == pytest.approx(0, abs=1e-8)


def test_an_initial_stock_retires_early_too(tmp_path: Path) -> None:
    stocks = {"fleet": {"shrinking": "retire", "initial": 90, "lifetime": {"fixed": 40}}}
    levels = {"a": {"data": FALLING}}
    document = merged(BASE, {"drivers": levels})
    document["stocks"] = {"fleet": {"at": "use", **stocks["fleet"]}}
    result = mfa.run(mfa.load(document))
    initial = mfa.stock.InitialStock.by_age(90.0, "stationary")
    own = mfa.stock.stock_driven(
        np.array(list(FALLING.values())), mfa.Lifetime.fixed(40), "uniform", "retire", initial, years=YEARS
    )
    assert result.flow("gone").sel(region="AAA").to_numpy() == pytest.approx(own.outflow, rel=1e-8, abs=1e-8)
    assert result.cohorts("fleet", 2012).sel(region="AAA").to_numpy() == pytest.approx(
        own.cohorts(2012), rel=1e-8, abs=1e-8
    )
    again = mfa.open_result(result.save(tmp_path / "out"))
    np.testing.assert_array_equal(again.cohorts("fleet", 2012), result.cohorts("fleet", 2012))


def test_a_negative_inflow_where_it_is_allowed() -> None:
    # what is upstream would run backwards: the stock alone is asked
    alone = {
        "processes": {"maker": None},
        "flows": {"mined": None, "swarf": None, "sold": {"from": "ore", "to": "use"}},
        "transfers": None,
    }
    result = fleet(**alone, stocks={"fleet": {"shrinking": "allow"}})
    matches_the_engine(result, "allow")
    assert float(result.flow("sold").sel(region="BBB", year=2008)) < -20
    with pytest.raises(Infeasible, match=r"mined\[2008, BBB\]"):
        fleet(stocks={"fleet": {"shrinking": "allow"}})


def test_retiring_needs_the_level_of_every_year() -> None:
    with pytest.raises(InputError) as raised:
        fleet(drivers={"b": {"data": {2003: None}}}, stocks={"fleet": {"shrinking": "retire"}})
    assert [p.code for p in raised.value.problems] == ["stock-not-driven"]
    assert "fleet[2003, BBB]" in str(raised.value)


def test_a_series_that_is_not_driven_does_not_retire() -> None:
    result = fleet(
        drivers={"b": {"of": "sold", "value": 3, "data": None, "dims": None}},
        stocks={"fleet": {"shrinking": "retire"}},
    )
    own = mfa.stock.inflow_driven(np.full(16, 3.0), mfa.Lifetime.normal(mean=9, sd=2))
    assert result.stock("fleet").sel(region="BBB").to_numpy() == pytest.approx(own.stock, rel=1e-9)


def test_a_reconciliation_does_not_shrink() -> None:
    with pytest.raises(DocumentError, match="belongs to a simulation"):
        fleet(
            stocks={"fleet": {"shrinking": "retire"}},
            solve={"question": "reconcile"},
            drivers=None,
            observations={"o": {"of": "sold", "value": 3, "cv": 0.1}},
        )


def test_elements_retire_with_what_holds_them() -> None:
    split = {y: {r: {"Nd": v / 2, "Dy": v / 3} for r in ("AAA", "BBB")} for y, v in FALLING.items()}
    drivers = {
        "c": {"of": "fleet", "dims": ["year", "region", "element"], "data": split},
        "a": None,
        "b": None,
    }
    result = fleet(
        dimensions={"element": {"labels": ["Nd", "Dy"]}},
        drivers=drivers,
        stocks={"fleet": {"shrinking": "retire"}},
    )
    own = engine("BBB", "retire")
    for element, share in (("Nd", 1 / 2), ("Dy", 1 / 3)):
        found = result.flow("gone").sel(region="BBB", element=element).to_numpy()
        assert found == pytest.approx(own.outflow * share, rel=1e-8, abs=1e-8)
