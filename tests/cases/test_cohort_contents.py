"""What leaves a stock with a lifetime holds what its cohorts entered with, and is counted by them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa

HERE = Path(__file__).parent / "39-content-of-the-cohort"
YEARS = range(2000, 2007)
SOLD = {y: 1000 + 100 * k for k, y in enumerate(YEARS)}
AL = {y: 50 + 25 * k for k, y in enumerate(YEARS)}
"""kg of aluminium in a car of each year; the rest of its 1000 kg is iron."""


@pytest.mark.parametrize("name", ["case", "rec", "nocomm"])
def test_scrapped_cars_hold_what_they_were_sold_with(name: str) -> None:
    result = mfa.run(mfa.load(HERE / f"{name}.yaml"))
    found = result.flow("scrapped")
    for year in YEARS:
        wanted = [AL[year - 3], 1000 - AL[year - 3]] if year >= 2003 else [0, 0]
        assert found.sel(year=year).to_numpy() == pytest.approx(wanted, abs=1e-9)
    assert (result.facts["chi_square"] or 0.0) == pytest.approx(0, abs=1e-9)


def test_a_constant_content_gives_the_same_either_way() -> None:
    found = mfa.run(mfa.load(HERE / "const.yaml")).flow("scrapped")
    assert found.sel(element="Al").to_numpy() == pytest.approx([0, 0, 0, 50, 50, 50, 50])


FLEET: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"year": {"range": [2000, 2006]}, "element": ["Al", "Fe"]},
    "processes": {
        "make": {"kind": "source"}, "use": {"kind": "stock"},
        "out": {"kind": "sink"}, "abroad": {"kind": "sink"},
    },
    "flows": {
        "sold": {"from": "make", "to": "use", "commodity": "car"},
        "scrapped": {"from": "use", "to": "out", "commodity": "car"},
    },
    "contents": {
        "car": {
            "dims": ["year", "element"], "unit": "kg / item",
            "data": {y: {"Al": AL[y], "Fe": 1000 - AL[y]} for y in YEARS},
        }
    },
    "stocks": {"fleet": {"at": "use", "timing": "end", "lifetime": {"weibull": {"mean": 3, "shape": 2}}}},
    "solve": {"question": "simulate"},
    "drivers": {"d": {"of": "sold", "data": SOLD, "dims": "year", "unit": "item"}},
    "observations": {
        "gone": {"of": "scrapped", "value": 1000, "sd": 10, "unit": "item"},
        "there": {"of": "fleet", "value": 1000, "sd": 10, "unit": "item"},
    },
}  # fmt: skip
BY_ELEMENT = {"data": {"Al": 0.1, "Fe": 0.2}, "dims": "element"}
LIFETIME = mfa.Lifetime.weibull(mean=3, shape=2)


def fleet(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**FLEET, **changes})


def exporting(**changes: Any) -> dict[str, Any]:
    document = fleet(**changes)
    document["flows"]["exported"] = {"from": "use", "to": "abroad", "commodity": "car"}
    document["observations"]["sent"] = {"of": "exported", "value": 1, "sd": 1, "unit": "item"}
    return document


def seen(result: mfa.Result, name: str) -> np.ndarray:
    """What came out for an observation."""
    return result.observations.query("name == @name")["adjusted"].to_numpy()


CONTENTS: dict[str, dict[str, Any]] = {
    "by element": FLEET["contents"]["car"],
    "as a whole": {
        "dims": ["year"],
        "unit": "kg / item",
        "data": {y: 900 + 30 * k for k, y in enumerate(YEARS)},
    },
    "gross": {
        "dims": ["year"],
        "unit": "t / t gross",
        "data": {y: 0.5 + 0.02 * k for k, y in enumerate(YEARS)},
    },
}


@pytest.mark.parametrize("content", CONTENTS)
def test_cars_are_counted_as_the_plain_stock_counts_them(content: str) -> None:
    unit = "t gross" if content == "gross" else "item"
    document = fleet(contents={"car": CONTENTS[content]})
    if content != "by element":
        document["compositions"] = {"car": {"dims": "element", "data": {"Al": 0.1, "Fe": 0.9}}}
    for entry in (*document["drivers"].values(), *document["observations"].values()):
        entry["unit"] = unit
    result = mfa.run(mfa.load(document))
    plain = mfa.stock.inflow_driven(np.array([*SOLD.values()], float), LIFETIME, timing="end", years=[*YEARS])
    assert seen(result, "gone") == pytest.approx(plain.outflow)
    assert seen(result, "there") == pytest.approx(plain.stock)


def test_a_fleet_known_in_cars_drives_what_is_sold() -> None:
    levels = {y: 3000 + 100 * k for k, y in enumerate(YEARS)}
    document = fleet(drivers={"d": {"of": "fleet", "data": levels, "dims": "year", "unit": "item"}})
    document["observations"]["bought"] = {"of": "sold", "value": 1, "sd": 1, "unit": "item"}
    result = mfa.run(mfa.load(document))
    plain = mfa.stock.stock_driven(
        np.array([*levels.values()], float), LIFETIME, timing="end", years=[*YEARS]
    )
    assert seen(result, "bought") == pytest.approx(plain.inflow)
    assert seen(result, "gone") == pytest.approx(plain.outflow)
    mass = result.flow("sold").sel(element="Al").to_numpy()
    assert mass == pytest.approx(plain.inflow * np.array([*AL.values()]) / 1000)


def test_several_outflows_take_their_shares_of_the_number() -> None:
    result = mfa.run(mfa.load(exporting(transfers={"use": {"exported": 0.2, "scrapped": "rest"}})))
    plain = mfa.stock.inflow_driven(np.array([*SOLD.values()], float), LIFETIME, timing="end", years=[*YEARS])
    assert seen(result, "sent") == pytest.approx(0.2 * plain.outflow)
    assert seen(result, "gone") == pytest.approx(0.8 * plain.outflow)


def test_a_share_with_an_error_is_estimated_from_counts() -> None:
    sold = {"of": "sold", "data": SOLD, "dims": "year", "unit": "item", "sd": 1e-3}
    document = exporting(solve={"question": "reconcile"}, drivers={}, observations={"in": sold})
    document["transfers"] = {"use": {"exported": {"value": 0.2, "sd": 0.1}, "scrapped": "rest"}}
    plain = mfa.stock.inflow_driven(np.array([*SOLD.values()], float), LIFETIME, timing="end", years=[*YEARS])
    document["observations"]["sent"] |= {
        "value": 0.3 * float(plain.outflow[-1]), "sd": 1e-3, "at": {"year": 2006},
    }  # fmt: skip
    result = mfa.run(mfa.load(document))
    share = result.parameters.query("name == 'transfers.use.exported'")["adjusted"]
    assert share.to_numpy() == pytest.approx([0.3], rel=1e-5)


@pytest.mark.parametrize("timing", ["uniform", "end"])
def test_numbers_are_masses_where_the_content_stays_the_same(timing: str) -> None:
    years = [2000, 2002, 2004, 2006, 2008]
    document = exporting()
    document["dimensions"] = {
        "year": years, "region": ["N", "S"], "element": ["Al", "Fe"], "size": ["small", "big"],
    }  # fmt: skip
    document["contents"]["car"]["data"] = {y: {"Al": 100, "Fe": 900} for y in years}
    document["flows"]["imported"] = {"from": "make", "to": "use", "commodity": "car"}
    document["flows"] = {name: {**flow, "by": "size"} for name, flow in document["flows"].items()}
    document["flows"]["exported"]["where"] = {"region": ["N"]}
    document["stocks"]["fleet"] |= {
        "timing": timing,
        "lifetime": {"small": {"weibull": {"mean": 4, "shape": 2}}, "big": {"normal": {"mean": 6, "sd": 2}}},
        "used": {"imported": [0.2, 0.5, 0.3]},
    }
    share = {"data": {"small": 0.3, "big": 0.4}, "dims": "size"}
    document["transfers"] = {"use": {"exported": share, "scrapped": "rest"}}
    document["drivers"] = {
        "new": {"of": "sold", "value": 1000, "unit": "item"},
        "old": {"of": "imported", "value": 300, "unit": "item"},
    }
    result = mfa.run(mfa.load(document))
    for name, of in (("gone", "scrapped"), ("sent", "exported"), ("there", "fleet")):
        mass = result.quantity(of).frame().groupby(["year", "region", "size"], sort=False)["value"].sum()
        found = result.observations[result.observations["name"] == name]
        rows = found.set_index(["year", "region", "size"])["adjusted"]
        assert len(rows) == len(mass)
        assert rows.to_numpy() == pytest.approx(mass[rows.index].to_numpy(), rel=1e-9)


def test_what_is_passed_on_keeps_what_it_holds() -> None:
    document = fleet(observations={})
    document["processes"]["yard"] = {}
    document["flows"] |= {
        "scrapped": {"from": "use", "to": "yard", "commodity": "car"},
        "exported": {"from": "yard", "to": "abroad", "commodity": "car"},
        "shredded": {"from": "yard", "to": "out"},
    }
    document["transfers"] = {"yard": {"exported": 0.2, "shredded": "rest"}}
    document["stocks"]["fleet"]["lifetime"] = {"fixed": 3}
    found = mfa.run(mfa.load(document)).flow("exported").sel(element="Al").to_numpy()
    assert found == pytest.approx([0, 0, 0, *(0.2 * SOLD[y] * AL[y] / 1000 for y in range(2000, 2004))])
    document["observations"] = {"o": {"of": "exported", "value": 1, "sd": 1, "unit": "item"}}
    with pytest.raises(mfa.MfaError, match='carries what was in "fleet": count "scrapped"'):
        mfa.run(mfa.load(document))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"transfers": {"use": {"exported": BY_ELEMENT, "scrapped": "rest"}}},
         "the same for every element"),
        ({"stocks": {"fleet": {"at": "use", "lifetime": {"Al": {"fixed": 2}, "Fe": {"fixed": 3}}}}},
         "a lifetime for each element"),
        ({"stocks": {"fleet": {**FLEET["stocks"]["fleet"], "initial": {"value": 1, "unit": "t"}}}},
         "products of unknown content"),
        ({"stocks": {"fleet": {**FLEET["stocks"]["fleet"], "shrinking": "retire"}}}, "otherwise than by age"),
    ],
    ids=["share", "lifetime", "initial", "shrinking"],
)  # fmt: skip
def test_a_number_that_does_not_follow_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(mfa.MfaError, match=words):
        mfa.run(mfa.load(exporting(**changes)))
