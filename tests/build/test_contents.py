"""Contents per item and by element: what is counted, and what its bill of materials makes of it."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.build import build
from mfa.errors import InputError, MfaError
from mfa.figures.select import element_weights, unit_of
from mfa.spec.resolve import read_document

BILL = {"Steel": 900.0, "Copper": 20.0, "Glass": 30.0}
"""kg in a car."""
SPLIT = {element: kg / sum(BILL.values()) for element, kg in BILL.items()}


def cars(**changes: Any) -> dict[str, Any]:
    """Cars sold in two countries, used and broken up; steel and copper are sorted out."""
    return {
        "mfa": 1,
        "dimensions": {"year": {"range": [2000, 2007]}, "region": ["DE", "FR"], "element": [*BILL]},
        "processes": {
            "makers": {"kind": "source"}, "use": {"kind": "stock"}, "yard": {},
            "scrap": {"kind": "sink"}, "tip": {"kind": "sink"},
        },
        "flows": {
            "sold": {"from": "makers", "to": "use", "commodity": "car"},
            "broken_up": {"from": "use", "to": "yard", "commodity": "car"},
            "sorted": {"from": "yard", "to": "scrap"},
            "lost": {"from": "yard", "to": "tip"},
        },
        "contents": {"car": {"data": BILL, "dims": ["element"], "unit": "kg / item"}},
        "transfers": {
            "yard": {
                "sorted": {"data": {"Steel": 0.9, "Copper": 0.5, "Glass": 0}, "dims": ["element"]},
                "lost": "rest",
            }
        },
        "stocks": {"fleet": {
            "at": "use", "lifetime": {"DE": {"fixed": 3}, "FR": {"normal": {"mean": 4, "sd": 1}}},
        }},
        "solve": {"question": "simulate"},
        "drivers": {
            "german": {"of": "sold", "at": {"region": "DE"}, "unit": "kitem", "value": 10},
            "french": {"of": "sold", "at": {"region": "FR"}, "unit": "kitem", "value": 8},
        },
        "observations": {"registered": {"of": "fleet", "unit": "kitem", "value": 30, "cv": "5%"}},
        **changes,
    }  # fmt: skip


def solved(document: dict[str, Any]) -> mfa.Result:
    return mfa.run(mfa.load(copy.deepcopy(document)))


def fleet(element: str) -> np.ndarray:
    """Thousand cars in use by year and region, from the stock engine, as tonnes of an element."""
    sales = np.tile([10.0, 8.0], (8, 1))
    german = mfa.stock.inflow_driven(sales[:, 0], mfa.Lifetime.fixed(3)).stock
    french = mfa.stock.inflow_driven(sales[:, 1], mfa.Lifetime.normal(mean=4, sd=1)).stock
    return np.stack([german, french], axis=1) * BILL[element]


def test_items_carry_their_bill_of_materials() -> None:
    result = solved(cars())
    assert result.flow("sold").sel(region="DE", year=2003).to_series().to_dict() == pytest.approx(
        {e: 10 * kg for e, kg in BILL.items()}, rel=1e-12
    )
    for element in BILL:
        assert result.stock("fleet").sel(element=element).to_numpy() == pytest.approx(
            fleet(element), rel=1e-12
        )
    glass = result.flow("sorted").sel(element="Glass")
    assert float(abs(glass).max()) == 0
    assert result.balance()["relative"].max() < 1e-9


def test_a_stock_is_counted_in_items() -> None:
    table = solved(cars()).observations.query("name == 'registered'").set_index(["region", "year"])
    counted = fleet("Steel") / BILL["Steel"]
    assert table.loc["DE", "adjusted"].to_numpy() == pytest.approx(counted[:, 0], rel=1e-9)
    assert table.loc["FR", "adjusted"].to_numpy() == pytest.approx(counted[:, 1], rel=1e-9)


def test_a_driven_stock_in_items_gives_the_sales() -> None:
    """Stock-driven: the fleet is given, what must be sold follows."""
    stock = {"of": "fleet", "unit": "kitem", "value": 20}
    french = {"normal": {"mean": 4, "sd": 1}}
    result = solved(
        cars(drivers={"held": stock}, observations={}, stocks={"fleet": {"at": "use", "lifetime": french}})
    )
    wanted = mfa.stock.stock_driven(np.full(8, 20.0), mfa.Lifetime.normal(mean=4, sd=1)).inflow
    found = result.flow("sold").sel(region="FR", element="Copper").to_numpy()
    assert found == pytest.approx(wanted * BILL["Copper"], rel=1e-9)


def test_one_commodity_throughout_is_kept_as_one_amount_and_the_answer_is_the_same() -> None:
    """The same cars with the elements of what is broken up left free: every element has its own rows."""
    apart = cars()
    apart["flows"]["broken_up"] = {"from": "use", "to": "yard"}
    together, elementwise = solved(cars()), solved(apart)
    assert together.facts["unknowns"] < elementwise.facts["unknowns"] - 2 * 8 * 2
    for name in ("sold", "broken_up", "sorted", "lost"):
        np.testing.assert_allclose(together.flow(name), elementwise.flow(name), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(together.stock("fleet"), elementwise.stock("fleet"), rtol=1e-9, atol=1e-9)


def test_one_amount_is_reconciled_as_its_elements_apart_are() -> None:
    reports = {
        "sold": {"of": "sold", "unit": "kitem", "value": 10, "cv": "10%"},
        "fleet": {"of": "fleet", "at": {"year": 2007}, "unit": "kitem", "value": 33, "cv": "5%"},
        "steel": {
            "of": "sorted",
            "at": {"element": "Steel", "year": 2006},
            "unit": "t",
            "value": 8000,
            "cv": "3%",
        },
    }
    document = cars(solve={"question": "reconcile"}, drivers={}, observations=reports)
    apart = copy.deepcopy(document)
    apart["flows"]["broken_up"] = {"from": "use", "to": "yard"}
    together, elementwise = solved(document), solved(apart)
    assert together.facts["chi_square"] == pytest.approx(elementwise.facts["chi_square"], rel=1e-9)
    for name in ("sold", "sorted"):
        np.testing.assert_allclose(together.flow(name), elementwise.flow(name), rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(together.sd(name), elementwise.sd(name), rtol=1e-6, atol=1e-9)


def test_cars_by_segment_are_kept_apart() -> None:
    document = cars(observations={})
    document["dimensions"]["segment"] = ["small", "large"]
    for flow in ("sold", "broken_up"):
        document["flows"][flow]["by"] = ["segment"]
    bills = {
        "small": {"Steel": 800, "Copper": 10, "Glass": 20},
        "large": {"Steel": 1500, "Copper": 60, "Glass": 40},
    }
    document["contents"]["car"] = {"data": bills, "dims": ["segment", "element"], "unit": "kg / item"}
    document["drivers"] = {
        name: {"of": "sold", "at": {"segment": name}, "unit": "kitem", "value": number}
        for name, number in (("small", 3), ("large", 1))
    }
    document["stocks"]["fleet"]["lifetime"] = {"small": {"fixed": 2}, "large": {"fixed": 5}}
    result = solved(document)
    copper = result.stock("fleet").sel(region="FR", element="Copper")
    assert copper.sel(segment="small").to_numpy()[-1] == pytest.approx(3 * 2 * 10, rel=1e-12)
    assert copper.sel(segment="large").to_numpy()[-1] == pytest.approx(1 * 5 * 60, rel=1e-12)


def test_contents_by_element_of_a_tonne_leave_a_remainder() -> None:
    """An alloy: what is not listed is no element, and gross mass counts it."""
    document = cars(
        contents={"car": {"data": {"Steel": 0.8, "Copper": 0.1}, "dims": ["element"], "unit": "t / t gross"}},
        drivers={"sales": {"of": "sold", "unit": "t gross", "value": 100}},
        observations={"weighed": {"of": "fleet", "unit": "t gross", "value": 1, "cv": "5%"}},
    )
    result = solved(document)
    sold = result.flow("sold").sel(year=2000, region="DE").to_series().to_dict()
    assert sold == pytest.approx({"Steel": 80, "Copper": 10, "Glass": 0})
    table = result.observations.query("name == 'weighed' and region == 'DE'").set_index("year")
    assert table.loc[2006, "adjusted"] == pytest.approx(300, rel=1e-9)


def test_a_whole_content_per_item_counts_what_a_composition_splits() -> None:
    document = cars(
        contents={"car": {"value": 950, "unit": "kg / item"}},
        compositions={"car": {"data": SPLIT, "dims": ["element"]}},
    )
    np.testing.assert_allclose(solved(document).stock("fleet"), solved(cars()).stock("fleet"), rtol=1e-12)


def test_an_uncertain_content_per_item_is_reconciled_with_counts_and_weights() -> None:
    """1000 cars and 1000 t with 1.2 ± 0.2 t in a car: the well-known ones win."""
    document = cars(
        contents={"car": {"value": 1.2, "sd": 0.2, "unit": "t / item"}},
        compositions={"car": {"data": SPLIT, "dims": ["element"]}},
        solve={"question": "reconcile"},
        drivers={},
        observations={
            "counted": {"of": "sold", "unit": "item", "value": 1000, "cv": "1%"},
            "weighed": {"of": "sold", "sum": ["element"], "unit": "t", "value": 1000, "cv": "1%"},
        },
    )
    result = solved(document)
    content = result.parameters.query("name == 'contents.car'")["adjusted"].iloc[0]
    assert content == pytest.approx(1.0, abs=0.01)


def test_items_in_figures() -> None:
    result = solved(cars())
    unit = unit_of(result, "kitem")
    stock = result.quantity("fleet")
    weights = element_weights(result, stock, unit, ())
    counted = (stock.value @ weights).reshape(8, 2)
    assert counted == pytest.approx(fleet("Glass") / BILL["Glass"], rel=1e-9)
    with pytest.raises(MfaError, match="cannot be counted"):
        element_weights(result, result.quantity("sorted"), unit, ())
    with pytest.raises(MfaError, match="Steel"):
        element_weights(result, stock, unit, ("Steel",))


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ({"data": {2000 + t: 900 for t in range(8)}, "dims": ["year"], "unit": "kg / item"}, "of many years"),
        ({"data": BILL, "dims": ["element"], "unit": "kg / item", "cv": "5%"}, "by element, and these"),
        (
            {
                "data": {e: {"DE": 1, "FR": 1} for e in BILL},
                "dims": ["element", "region"],
                "unit": "t / item",
            },
            "over element last",
        ),
        ({"data": {"DE": 900}, "dims": ["region"], "unit": "kg / item"}, "no number above 0"),
    ],
)
def test_contents_that_cannot_be(content: dict[str, Any], wrong: str) -> None:
    document = cars(contents={"car": content})
    if "element" not in content["dims"]:
        document["compositions"] = {"car": {"data": SPLIT, "dims": ["element"]}}
    if "year" in content["dims"]:  # a level has no cohorts that could say what it holds
        document["stocks"] = {"fleet": {"at": "use"}}
    if "cv" in content:
        document |= {"solve": {"question": "reconcile"}, "drivers": {}}
    found, problems = read_document(document)
    assert found is not None, problems
    with pytest.raises(InputError, match=wrong):
        build(found)
