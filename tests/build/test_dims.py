"""Periods that can be reckoned with."""

from __future__ import annotations

from typing import Any

import pytest

import mfa
from mfa.errors import InputError
from tests.build.documents import CHAIN, merged, solved

STOCK: dict[str, Any] = {
    "processes": {"use": {"kind": "stock"}},
    "stocks": {"in_use": {"at": "use", "inflow": "metal"}},
}


@pytest.mark.parametrize("years", [[2020, 2021, 2025], [2021, 2020, 2022]])
def test_years_that_are_not_equally_far_apart_are_refused(years: list[int]) -> None:
    document = merged(CHAIN, {"dimensions": {"year": {"range": None, "labels": years}}})
    with pytest.raises(InputError, match='labels of "year" are not equally far apart') as caught:
        mfa.run(mfa.load(document))
    assert "per year" in caught.value.problems[0].hint


def test_a_stock_needs_every_year() -> None:
    years = {"dimensions": {"year": {"range": None, "labels": [2010, 2015, 2020]}}}
    assert solved(**years).flow("ore").sizes["year"] == 3
    with pytest.raises(InputError, match="5 apart"):
        mfa.run(mfa.load(merged(merged(CHAIN, STOCK), years)))


def test_consecutive_years_add_up_in_a_stock() -> None:
    level = solved(**STOCK).stock("in_use").sel(region="AAA")
    assert level.values.tolist() == pytest.approx([2000, 4000, 6000])
