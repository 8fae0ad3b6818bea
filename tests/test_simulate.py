"""Simulations: closed forms, published stocks, and answers that cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import Infeasible, InputError, Undetermined

STEEL_2008 = {
    "ARG": (117922.5, 1273.9),
    "BRA": (340046.5, 10374.5),
    "CAN": (430999.6, 9809.6),
    "DNK": (62382.3, 405.9),
    "ETH": (3734.7, 0.837),
    "FRA": (661814.9, 12967.3),
    "GRC": (119387.8, 203.4),
    "HUN": (69178.5, 2722.4),
    "IDN": (121739.3, 1710.2),
}


def _loops(**changes: Any) -> dict[str, Any]:
    """Two nested recycling loops, one of them through a stock."""
    return {
        "mfa": 1,
        "dimensions": {"year": {"range": [2000, 2006]}},
        "processes": {
            "ore": {"kind": "source"}, "smelter": {}, "maker": {}, "use": {"kind": "stock"}, "yard": {},
            "tip": {"kind": "sink"},
        },
        "flows": {
            "mined": {"from": "ore", "to": "smelter"}, "metal": {"from": "smelter", "to": "maker"},
            "goods": {"from": "maker", "to": "use"}, "offcuts": {"from": "maker", "to": "smelter"},
            "retired": {"from": "use", "to": "yard"}, "scrap": {"from": "yard", "to": "smelter"},
            "lost": {"from": "yard", "to": "tip"},
        },
        "transfers": {"maker": {"goods": 0.8, "offcuts": "rest"}, "yard": {"scrap": 0.5, "lost": "rest"}},
        "stocks": {"in_use": {"at": "use", "timing": "end", "lifetime": {"fixed": 2}}},
        "solve": {"question": "simulate"},
        "drivers": {"ore": {"of": "mined", "value": 100}},
        **changes,
    }  # fmt: skip


def _by_hand(years: int) -> tuple[np.ndarray, np.ndarray]:
    """Goods and scrap of `_loops`, year by year: goods = 0.8 metal, metal = mined + 0.2 metal + scrap."""
    goods, scrap = np.zeros(years), np.zeros(years)
    for t in range(years):
        scrap[t] = 0.5 * goods[t - 2] if t >= 2 else 0.0
        goods[t] = 0.8 * (100 + scrap[t]) / (1 - 0.2)
    return goods, scrap


def test_nested_loops_with_a_stock_follow_the_recursion() -> None:
    result = mfa.run(mfa.load(_loops()))
    goods, scrap = _by_hand(7)
    assert result.flow("goods").to_numpy() == pytest.approx(goods, rel=1e-12)
    assert result.flow("scrap").to_numpy() == pytest.approx(scrap, rel=1e-12, abs=1e-9)
    assert result.balance()["relative"].max() < 1e-12


def test_a_negative_flow_is_named() -> None:
    drivers = {"demand": {"of": "goods", "data": {2000: 100, 2001: 100, 2002: 10}, "dims": "year"}}
    with pytest.raises(Infeasible, match=r"mined\[2002\]"):
        mfa.run(mfa.load(_loops(dimensions={"year": {"range": [2000, 2002]}}, drivers=drivers)))


def test_what_nothing_determines_is_named() -> None:
    open_yard = {"maker": {"goods": 0.8, "offcuts": "rest"}}
    with pytest.raises(Undetermined, match=r"metal\[2000\]") as error:
        mfa.run(mfa.load(_loops(transfers=open_yard)))
    assert error.value.problems[0].hint == "yard has two outflows without a share: scrap, lost"
    assert "47 unknowns in 40 rows (balance of smelter[2000]" in error.value.problems[0].text


def test_a_flow_from_a_source_that_no_driver_states_is_named() -> None:
    drivers = {"goods": {"of": "goods", "at": {"year": [2000, 2001]}, "value": 100}}
    with pytest.raises(Undetermined, match=r"nothing determines mined\[2002\], metal\[2002\]") as error:
        mfa.run(mfa.load(_loops(drivers=drivers)))
    assert error.value.problems[0].hint == "no driver states mined"


def _refused(**changes: Any) -> str:
    """The first problem of what has no answer, with its code."""
    with pytest.raises((Infeasible, Undetermined)) as error:
        mfa.run(mfa.load(_loops(**changes)))
    return str(error.value.problems[0])


def test_a_second_driver_of_a_flow_must_agree() -> None:
    ore = {"of": "mined", "value": 100}
    same = mfa.run(mfa.load(_loops(drivers={"ore": ore, "again": ore})))
    assert same.flow("goods").to_numpy() == pytest.approx(_by_hand(7)[0], rel=1e-12)
    text = _refused(drivers={"ore": ore, "again": {"of": "mined", "value": 90}})
    assert text == (
        "error[overdetermined]: driver again[2000] (scenario, as stated) is on a flow that is determined"
        " already: it says 90, mined[2000] is 100, by driver ore[2000] (scenario, as stated)\n"
        "    hint: too much is given: drop one of the drivers, or leave a share to follow"
    )


def test_a_driver_on_a_flow_that_follows_from_another_is_named_with_it() -> None:
    text = _refused(drivers={"ore": {"of": "mined", "value": 100}, "want": {"of": "goods", "value": 90}})
    assert text.startswith("error[overdetermined]: balance of maker[2000] does not hold: it is open by 10 of")
    assert "driver want[2000]" in text
    assert "driver ore[2000]" in text


def test_shares_that_do_not_sum_to_one_are_named() -> None:
    years = range(2000, 2007)
    shares = {
        "maker": {
            "goods": {"data": dict.fromkeys(years, 0.8), "dims": "year"},
            "offcuts": {"data": dict.fromkeys(years, 0.19), "dims": "year"},
        },
        "yard": {"scrap": 0.5, "lost": "rest"},
    }
    with pytest.raises(InputError, match=r'the shares of "maker" sum to 0\.99 for 2000'):
        mfa.run(mfa.load(_loops(transfers=shares)))
    shares["maker"]["offcuts"]["data"] = dict.fromkeys(years, 0.2)
    found = mfa.run(mfa.load(_loops(transfers=shares)))
    assert found.flow("goods").to_numpy() == pytest.approx(_by_hand(7)[0], rel=1e-12)
    assert found.balance()["relative"].max() < 1e-12


def test_a_loop_that_nothing_leaves_has_no_finite_answer() -> None:
    shares = {"maker": {"goods": 0.0, "offcuts": "rest"}, "yard": {"scrap": 0.5, "lost": "rest"}}
    text = _refused(transfers=shares)
    assert text.startswith(
        "error[closed-loop]: the loop metal[2000], offcuts[2000] returns all that enters it"
    )


@pytest.mark.parametrize("timing", ["end", "uniform"])
def test_a_stock_that_is_given_says_what_is_mined(timing: str) -> None:
    """Stock-driven: the inflow that keeps the level, by the stock engine, and what must be mined for it."""
    level = np.array([100.0, 220, 340, 450, 570, 700, 850])
    stocks = {"in_use": {"at": "use", "timing": timing, "lifetime": {"weibull": {"mean": 4, "shape": 2}}}}
    driver = {
        "of": "in_use",
        "data": dict(zip(range(2000, 2007), level.tolist(), strict=True)),
        "dims": "year",
    }
    result = mfa.run(mfa.load(_loops(stocks=stocks, drivers={"stock": driver})))
    wanted = mfa.stock.stock_driven(level, mfa.Lifetime.weibull(mean=4, shape=2), timing)
    assert result.flow("goods").to_numpy() == pytest.approx(wanted.inflow, rel=1e-11)
    assert result.flow("retired").to_numpy() == pytest.approx(wanted.outflow, rel=1e-11, abs=1e-9)
    mined = wanted.inflow / 0.8 * (1 - 0.2) - 0.5 * wanted.outflow
    assert result.flow("mined").to_numpy() == pytest.approx(mined, rel=1e-11)


def test_a_simulation_has_no_standard_deviations_and_every_number_a_status() -> None:
    result = mfa.run(mfa.load(_loops(outputs={"indicators": {"rate": "scrap / metal"}})))
    assert not result.sd("goods").to_numpy().any()
    assert set(result.quantity("goods").frame()["status"]) == {"determined"}
    assert set(result.quantity("mined").frame()["status"]) == {"fixed"}
    assert result.indicators["sd"].tolist() == [0.0] * 7
    assert len(result.free) == 0


def test_uncertain_numbers_are_taken_as_exact_and_observations_compared() -> None:
    shares = {
        "maker": {"goods": {"value": 0.8, "sd": 0.1}, "offcuts": "rest"},
        "yard": {"scrap": 0.5, "lost": "rest"},
    }
    report = {"weighed": {"of": "goods", "at": {"year": 2000}, "value": 90, "sd": 5}}
    result = mfa.run(mfa.load(_loops(transfers=shares, observations=report)))
    assert result.flow("goods").to_numpy() == pytest.approx(_by_hand(7)[0], rel=1e-12)
    row = result.observations.set_index("name").loc["weighed"]
    assert row["standing"] == "compared"
    assert row["residual"] == pytest.approx(-10)
    # the share is taken as exact and is not: nobody knows how certain what follows is
    assert result.sd("goods").isnull().all()
    (warning,) = result.warnings
    assert "transfers.maker.goods states an uncertainty" in warning


def test_steel_stocks_of_nine_countries_are_the_published_ones() -> None:
    result = mfa.run(mfa.load("steel_stocks"))
    stock, outflow = result.stock("in_use").sel(year=2008), result.flow("retired").sel(year=2008)
    for region, (level, left) in STEEL_2008.items():
        assert round(float(stock.sel(region=region)) / 1e3, 1) == level
        assert float(outflow.sel(region=region)) / 1e3 == pytest.approx(left, abs=0.05 if left > 1 else 5e-4)


@pytest.mark.parametrize(
    ("variant", "waste", "to_date", "in_use"),
    [(None, 304.5, 5892, 2465), ("middle_of_year", 310.9, 6055, 2302), ("start_of_year", 317.0, 6209, 2148)],
)
def test_plastics_by_convention(variant: str | None, waste: float, to_date: float, in_use: float) -> None:
    result = mfa.run(mfa.load("plastics", variant=variant))
    table = result.indicators.query("year == 2015").set_index("name")["value"] / 1e6
    assert round(table["waste"], 1) == waste
    assert round(table["waste_to_date"]) == to_date
    assert round(table["in_use_total"]) == in_use


def test_groups_of_undetermined_flows_that_differ_in_labels_alone_are_told_once() -> None:
    document = {
        "mfa": 1,
        "dimensions": {"region": ["AAA", "BBB", "CCC"]},
        "processes": {
            "mine": {"kind": "source"},
            "mill": {},
            "use": {"kind": "sink"},
            "tip": {"kind": "sink"},
        },
        "flows": {
            "ore": {"from": "mine", "to": "mill"},
            "metal": {"from": "mill", "to": "use"},
            "slag": {"from": "mill", "to": "tip"},
        },
        "solve": {"question": "simulate"},
        "drivers": {"dug": {"of": "ore", "value": 5}},
    }
    with pytest.raises(Undetermined) as error:
        mfa.run(mfa.load(document))
    assert [str(p) for p in error.value.problems] == [
        "error[undetermined]: nothing determines metal[AAA], slag[AAA]: 2 unknowns in 1 row"
        " (balance of mill[AAA]); 2 like it at other labels\n"
        "    hint: mill has two outflows without a share: metal, slag"
    ]
