"""Stocks in a reconciliation: levels, cohorts, initial stocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mfa.run.result import Result
from tests.build.documents import solved


def used(stock: dict[str, Any], **more: Any) -> Result:
    """The chain with a stock of metal in use that is scrapped."""
    return solved(
        processes={"use": {"kind": "stock"}, "scrapyard": {"kind": "sink"}},
        **{"flows": {"scrap": {"from": "use", "to": "scrapyard"}}, **more},
        stocks={"in_use": {"at": "use", "inflow": "metal", "outflow": "scrap", **stock}},
    )


def test_what_leaves_a_cohort_stock_follows_its_lifetime() -> None:
    result = used({"lifetime": {"fixed": 1.5}})
    scrap = result.flow("scrap").sel(region="AAA")
    np.testing.assert_allclose(scrap, [0, 1000, 2000], rtol=1e-9)
    np.testing.assert_allclose(result.stock("in_use").sel(region="AAA"), [2000, 3000, 3000], rtol=1e-9)
    assert (result.sd("scrap").sel(region="AAA", year=2022)).item() == pytest.approx(
        100 * 2**0.5 * 1.0, rel=1e-6
    )


def test_lifetimes_by_label() -> None:
    by_region = {"AAA": {"fixed": 1.5}, "BBB": {"fixed": 2}, "CCC": {"fixed": 50}}
    scrap = used({"lifetime": by_region}).flow("scrap").sel(year=2022)
    assert scrap.to_series().to_dict() == pytest.approx({"AAA": 2000, "BBB": 2000, "CCC": 0}, abs=1e-6)


@pytest.mark.parametrize(("age", "leaving"), [("stationary", [150, 150, 0]), ("new", [0, 300, 0])])
def test_an_initial_stock_leaves_by_its_ages(age: str, leaving: list[float]) -> None:
    initial = {"value": 300, "sd": 0, "unit": "t"}
    result = used({"lifetime": {"fixed": 2}, "initial": initial, "age_structure": age})
    of_inflows = used({"lifetime": {"fixed": 2}}).flow("scrap")
    scrap = (result.flow("scrap") - of_inflows).sel(region="BBB")
    assert scrap.values.tolist() == pytest.approx(leaving, abs=1e-6)


def test_a_level_closes_the_balance_of_its_process() -> None:
    scrapped = {"scrapped": {"of": "scrap", "value": 500, "cv": 0.1, "unit": "t"}}
    initial = {"value": 300, "sd": 0, "unit": "t"}
    result = used({"initial": initial}, observations=scrapped)
    np.testing.assert_allclose(result.stock("in_use").sel(region="CCC"), [1800, 3300, 4800], rtol=1e-6)
    change = result.balances.query("process == 'use'")["stock_change"]
    np.testing.assert_allclose(change, 1500, rtol=1e-6)


def test_an_element_that_only_the_initial_stock_holds_can_leave() -> None:
    initial = {"data": {"Fe": 0, "Nd": 20}, "dims": ["element"], "sd": 0, "unit": "t"}
    result = used(
        {"lifetime": {"fixed": 2}, "initial": initial},
        dimensions={"element": {"labels": ["Fe", "Nd"]}},
        flows={"ore": {"commodity": "iron"}, "scrap": {"from": "use", "to": "scrapyard"}},
        compositions={"iron": {"data": {"Fe": 1, "Nd": 0}, "dims": ["element"]}},
        observations={"dug": {"sum": ["element"]}},
    )
    scrap = result.flow("scrap").sel(region="AAA")
    np.testing.assert_allclose(scrap.sel(element="Nd"), [10, 10, 0], atol=1e-6)
    np.testing.assert_allclose(result.flow("metal").sel(element="Nd"), 0, atol=1e-9)
