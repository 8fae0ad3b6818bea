# ruff: noqa: E501
"""Initial stocks by cohort and by age, several flows into and out of a stock, and hibernation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import InputError, MfaError
from mfa.run.result import Result
from tests.build.documents import merged

YEARS = list(range(2000, 2012))
BASE: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"year": {"range": [2000, 2011]}, "region": {"labels": ["AAA", "BBB"]}},
    "processes": {"shop": {"kind": "source"}, "use": {"kind": "stock"}, "tip": {"kind": "sink"}},
    "flows": {"sold": {"from": "shop", "to": "use"}, "gone": {"from": "use", "to": "tip"}},
    "stocks": {"fleet": {"at": "use", "lifetime": {"weibull": {"mean": 8, "shape": 2.5}}}},
    "solve": {"question": "simulate"},
    "drivers": {"sales": {"of": "sold", "value": 10}},
}
LIFE = mfa.Lifetime.weibull(mean=8, shape=2.5)


def fleet(stock: dict[str, Any], **changes: Any) -> Result:
    return mfa.run(mfa.load(merged(BASE, {"stocks": {"fleet": stock}, **changes})))


def check(result: Result, region: str, initial: mfa.stock.InitialStock) -> None:
    own = mfa.stock.inflow_driven(np.full(12, 10.0), LIFE, initial=initial, years=YEARS)
    assert result.stock("fleet").sel(region=region).to_numpy() == pytest.approx(own.stock, rel=1e-9)
    assert result.flow("gone").sel(region=region).to_numpy() == pytest.approx(own.outflow, rel=1e-8)
    found = result.cohorts("fleet", 2003).sel(region=region)
    assert found.to_numpy() == pytest.approx(own.cohorts(2003), rel=1e-8, abs=1e-9)
    assert found["cohort"].values.tolist() == list(own.parts.labels)
    assert result.balance()["relative"].max() < 1e-9


def test_a_stock_by_cohort_from_a_table(tmp_path: Path) -> None:
    rows = {
        ("AAA", 1997): 5,
        ("AAA", 1998): 7,
        ("AAA", 1999): 9,
        ("BBB", 1997): 0,
        ("BBB", 1998): 0,
        ("BBB", 1999): 30,
    }
    table = "region,cohort,value\n" + "".join(f"{r},{c},{v}\n" for (r, c), v in rows.items())
    (tmp_path / "fleet.csv").write_text(table, encoding="utf-8")
    initial = {"table": str(tmp_path / "fleet.csv"), "dims": ["cohort", "region"], "unit": "t"}
    result = fleet({"initial": initial}, dimensions={"cohort": {"range": [1997, 1999]}})
    check(result, "AAA", mfa.stock.InitialStock.by_cohort([5.0, 7, 9], [1997, 1998, 1999]))
    check(result, "BBB", mfa.stock.InitialStock.by_cohort([0.0, 0, 30], [1997, 1998, 1999]))
    again = mfa.open_result(result.save(tmp_path / "out"))
    np.testing.assert_array_equal(again.cohorts("fleet", 2005), result.cohorts("fleet", 2005))


def test_cohorts_of_several_years() -> None:
    initial = {"data": [6, 12], "dims": ["cohort"]}
    result = fleet({"initial": initial}, dimensions={"cohort": {"labels": [1990, 1995]}})
    stock = mfa.stock.InitialStock.by_cohort([6.0, 12], [1990, 1995], edges=[1987.5, 1992.5, 1999.5])
    check(result, "AAA", stock)
    assert result.cohorts("fleet", 2000)["cohort"].values.tolist()[:3] == [1990, 1995, 2000]


def test_shares_by_age_class_and_as_a_list() -> None:
    structure = {"data": {0: {"AAA": 0.5, "BBB": 0.1}, 5: {"AAA": 0.3, "BBB": 0.4}, 10: {"AAA": 0.2, "BBB": 0.5}},
                 "dims": ["age", "region"]}  # fmt: skip
    result = fleet({"initial": 50, "age_structure": structure}, dimensions={"age": {"labels": [0, 5, 10]}})
    for region, shares in (("AAA", [0.5, 0.3, 0.2]), ("BBB", [0.1, 0.4, 0.5])):
        check(result, region, mfa.stock.InitialStock.by_age(50.0, shares, ages=[0, 5, 10, 15]))
    listed = fleet({"initial": 50, "age_structure": [0.6, 0.4]})
    check(listed, "AAA", mfa.stock.InitialStock.by_age(50.0, [0.6, 0.4]))


def test_an_uncertain_initial_stock_keeps_its_ages() -> None:
    """Reports of what leaves adjust the total; its cohorts move together."""
    initial = {"data": [20, 20], "dims": ["cohort"], "cv": 0.2}
    result = fleet(
        {"initial": initial},
        dimensions={"cohort": {"range": [1998, 1999]}},
        solve={"question": "reconcile"},
        drivers=None,
        observations={"sales": {"of": "sold", "value": 10, "sd": 0.1}, "scrap": {"of": "gone", "value": 8, "cv": 0.05}},
    )  # fmt: skip
    of_year = result.cohorts("fleet", 2000).sel(region="AAA")
    left = LIFE.sf(range(1998, 2001))
    ratio = left[2, 0] / left[1, 0] / (left[2, 1] / left[1, 1])
    assert float(of_year.sel(cohort=1998) / of_year.sel(cohort=1999)) == pytest.approx(ratio, rel=1e-6)
    row = result.parameters.query("name == 'fleet.initial'")
    assert row["value"].iloc[0] == 40
    assert row["sigma"].iloc[0] == pytest.approx(np.hypot(4, 4))
    assert abs(row["residual"].iloc[0]) > 0.5


@pytest.mark.parametrize(
    ("stock", "dimensions", "code", "words"),
    [
        ({"initial": {"data": {1998: {"AAA": 1}, 1999: {"AAA": 2, "BBB": 1}}, "dims": ["cohort", "region"]}},
         {"cohort": {"range": [1998, 1999]}}, "initial-stock", "no number for 1998 BBB"),
        ({"initial": {"data": [1, -2], "dims": "cohort"}}, {"cohort": {"range": [1998, 1999]}}, "initial-stock",
         "a negative number for 1999"),
        ({"initial": {"data": [1, 2], "dims": "cohort"}}, {"cohort": {"range": [1999, 2000]}}, "initial-stock",
         "2000 is no cohort before"),
        ({"initial": {"data": [1, 2], "dims": "cohort"}, "lifetime": {"weibull": None, "fixed": 3}},
         {"cohort": {"labels": [1990, 1991]}}, "initial-stock-age", "older than its lifetime allows"),
        ({"initial": -5}, {}, "initial-stock", "is negative: fleet[2000, AAA], fleet[2000, BBB]"),
        ({"initial": 5, "age_structure": [0.5, 0.2]}, {}, "initial-stock", "sum to 1, not 0.7"),
        ({"initial": 5, "age_structure": [0, 0, 1], "lifetime": {"weibull": None, "table": {"age": [0, 1, 2], "survival": [1, 0.5, 0]}}},
         {}, "initial-stock-age", "older than its lifetime allows"),
        ({"initial": 5, "age_structure": {"data": [1, 0], "dims": "age"}}, {"age": {"labels": [1, 2]}}, "initial-stock",
         "from 0"),
    ],
)  # fmt: skip
def test_what_an_initial_stock_cannot_be(stock: Any, dimensions: Any, code: str, words: str) -> None:
    with pytest.raises(MfaError) as raised:
        fleet(stock, dimensions=dimensions)
    assert {p.code for p in raised.value.problems} == {code}
    assert words in str(raised.value)
    assert isinstance(raised.value, InputError)


HIBERNATION: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"year": {"range": [2000, 2011]}, "product": {"labels": ["phone", "fan"]}},
    "processes": {
        "shop": {"kind": "source"}, "use": {"kind": "stock"}, "drawer": {"kind": "stock"},
        "yard": {}, "tip": {"kind": "sink"},
    },
    "flows": {
        "sold": {"from": "shop", "to": "use", "by": "product"},
        "given_up": {"from": "use", "to": "yard", "by": "product"},
        "kept": {"from": "use", "to": "drawer", "by": "product"},
        "let_go": {"from": "drawer", "to": "yard", "by": "product"},
        "dumped": {"from": "yard", "to": "tip"},
    },
    "transfers": {"use": {"kept": {"data": {"phone": 0.4, "fan": 0}, "dims": "product"}, "given_up": "rest"}},
    "stocks": {
        "in_use": {"at": "use", "lifetime": {"phone": {"fixed": 2.5}, "fan": {"weibull": {"mean": 6, "shape": 2}}}},
        "hibernating": {"at": "drawer", "lifetime": {"lognormal": {"mean": 4, "sd": 1}}},
    },
    "solve": {"question": "simulate"},
    "drivers": {"sales": {"of": "sold", "value": 10}},
}  # fmt: skip


def test_hibernation_is_a_second_stock_that_takes_a_share_of_what_leaves_the_first() -> None:
    result = mfa.run(mfa.load(HIBERNATION))
    first = mfa.stock.inflow_driven(np.full(12, 10.0), mfa.Lifetime.fixed(2.5))
    second = first.hibernate(mfa.Lifetime.lognormal(mean=4, sd=1), 0.4)
    at = {"product": "phone"}
    assert result.flow("kept").sel(at).to_numpy() == pytest.approx(0.4 * first.outflow, rel=1e-9, abs=1e-9)
    assert result.flow("given_up").sel(at).to_numpy() == pytest.approx(
        0.6 * first.outflow, rel=1e-9, abs=1e-9
    )
    assert result.stock("hibernating").sel(at).to_numpy() == pytest.approx(second.stock, rel=1e-9, abs=1e-9)
    assert result.flow("let_go").sel(at).to_numpy() == pytest.approx(second.outflow, rel=1e-8, abs=1e-9)
    assert float(result.flow("kept").sel(product="fan").sum()) == 0
    assert result.balance()["relative"].max() < 1e-9
    cohorts = result.cohorts("hibernating", 2008).sel(at)
    assert cohorts.to_numpy() == pytest.approx(second.cohorts(8), rel=1e-8, abs=1e-9)


def test_several_flows_into_and_out_of_one_stock() -> None:
    flows = {"imported": {"from": "shop", "to": "use"}, "exported": {"from": "use", "to": "tip"}}
    result = fleet(
        {},
        flows=flows,
        transfers={"use": {"exported": {"value": 0.25}, "gone": "rest"}},
        drivers={"imports": {"of": "imported", "value": 2}},
    )
    own = mfa.stock.inflow_driven(np.full(12, 12.0), LIFE, years=YEARS)
    assert result.stock("fleet").sel(region="AAA").to_numpy() == pytest.approx(own.stock, rel=1e-9)
    exported = result.flow("exported").sel(region="BBB").to_numpy()
    assert exported == pytest.approx(0.25 * own.outflow, rel=1e-8)
    assert result.cohorts("fleet", 2005).sel(region="AAA").to_numpy() == pytest.approx(
        own.cohorts(2005), rel=1e-8
    )


@pytest.mark.parametrize("data", [{"AAA": 0, "BBB": 20}, {"BBB": 20}])
def test_where_nothing_is_stated_nothing_was(data: dict[str, float]) -> None:
    empty = fleet({"initial": {"data": data, "dims": "region"}})
    assert empty.stock("fleet").sel(region="AAA").to_numpy() == pytest.approx(
        fleet({}).stock("fleet").sel(region="AAA").to_numpy(), rel=1e-9
    )


PANTRY: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"food": ["rice", "fish"]},
    "processes": {"shop": {"kind": "source"}, "pantry": {"kind": "stock"}, "meals": {"kind": "sink"}},
    "flows": {
        "bought": {"from": "shop", "to": "pantry", "by": "food"},
        "eaten": {"from": "pantry", "to": "meals", "by": "food"},
    },
    "stocks": {"kept": {"at": "pantry", "initial": {"data": {"rice": 5}, "dims": "food"}}},
    "solve": {"question": "simulate"},
    "drivers": {"b": {"of": "bought", "value": 10}, "e": {"of": "eaten", "value": 4}},
}


def test_an_initial_level_that_is_not_stated_is_said() -> None:
    result = mfa.run(PANTRY)
    assert result.stock("kept").to_numpy() == pytest.approx([11, 6])
    (warning,) = result.warnings
    assert "no number for kept[fish]: taken as 0" in warning
    stated = merged(PANTRY, {"stocks": {"kept": {"initial": {"data": {"fish": 0}}}}})
    assert not mfa.run(stated).warnings


def test_an_initial_level_is_not_asked_for_where_nothing_can_be() -> None:
    only = {"where": {"food": ["rice"]}}
    assert not mfa.run(merged(PANTRY, {"flows": {"bought": only, "eaten": only}})).warnings
