"""Indicators against hand computation, standard deviations by the delta method on two independent flows."""

from __future__ import annotations

from math import hypot
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mfa
from mfa.errors import InputError
from tests.build.documents import solved

A, SD_A, B, SD_B = 6.0, 0.5, 3.0, 0.2
TWO: dict[str, Any] = {
    "mfa": 1,
    "name": "two",
    "processes": {"in": {"kind": "source"}, "p": {}, "q": {"kind": "sink"}},
    "flows": {
        "a": {"from": "in", "to": "p"},
        "b": {"from": "in", "to": "p"},
        "c": {"from": "p", "to": "q"},
    },
    "observations": {
        "a": {"of": "a", "value": A, "sd": SD_A, "unit": "t"},
        "b": {"of": "b", "value": B, "sd": SD_B, "unit": "t"},
    },
}


def indicator(formula: str) -> tuple[float, float]:
    table = mfa.run(mfa.load({**TWO, "outputs": {"indicators": {"x": formula}}})).indicators
    return float(table["value"].iloc[0]), float(table["sd"].iloc[0])


@pytest.mark.parametrize(
    ("formula", "value", "sd"),
    [
        ("a + b", A + B, hypot(SD_A, SD_B)),
        ("a - b", A - B, hypot(SD_A, SD_B)),
        ("-2 * a", -2 * A, 2 * SD_A),
        ("a * b", A * B, hypot(B * SD_A, A * SD_B)),
        ("a / b", A / B, hypot(SD_A / B, A * SD_B / B**2)),
        ("a / (a + b)", A / (A + B), hypot(B * SD_A, A * SD_B) / (A + B) ** 2),
        ("c - a - b", 0.0, 0.0),
        ("(a + b) / c", 1.0, 0.0),
    ],
)
def test_value_and_standard_deviation(formula: str, value: float, sd: float) -> None:
    assert indicator(formula) == pytest.approx((value, sd), rel=1e-9, abs=1e-9)


def test_a_division_by_zero_is_left_empty() -> None:
    value, sd = indicator("a / (0 * b)")
    assert np.isnan(value)
    assert np.isnan(sd)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    indicators = {
        "total": "sum(ore, region)",
        "grown": "cumsum(sum(ore, region))",
        "part": "share(ore, region)",
        "metal_yield": "sum(metal) / sum(ore)",
    }
    by_year = {"data": {2020: {"AAA": 1, "BBB": 3, "CCC": 4}, 2021: {"AAA": 2, "BBB": 2, "CCC": 4},
                        2022: {"AAA": 5, "BBB": 2, "CCC": 3}}, "dims": ["year", "region"]}  # fmt: skip
    dug = {"dug": {"of": "ore", "value": None, **by_year, "cv": None, "sd": 0.1, "unit": "kt"}}
    return solved(observations=dug, outputs={"indicators": indicators}).indicators


def test_sums_running_sums_and_shares(table: pd.DataFrame) -> None:
    total = table.query("name == 'total'").set_index("year")
    assert total["value"].to_dict() == pytest.approx({2020: 8000, 2021: 8000, 2022: 10000})
    assert total["sd"].tolist() == pytest.approx([100 * 3**0.5] * 3)
    grown = table.query("name == 'grown'").set_index("year")
    assert grown["value"].to_dict() == pytest.approx({2020: 8000, 2021: 16000, 2022: 26000})
    assert grown["sd"].tolist() == pytest.approx([100 * 3**0.5, 100 * 6**0.5, 300])
    part = table.query("name == 'part' and region == 'BBB'").set_index("year")
    assert part["value"].to_dict() == pytest.approx({2020: 0.375, 2021: 0.25, 2022: 0.2})
    # d(b / s) = (s - b) / s^2 db - b / s^2 d(rest), two other regions of the same sd
    assert part.loc[2020, "sd"] == pytest.approx(100 * hypot(5000, 3000 * 2**0.5) / 8000**2)


def test_a_ratio_that_is_exact_has_no_uncertainty(table: pd.DataFrame) -> None:
    row = table.query("name == 'metal_yield'").iloc[0]
    assert (row["value"], row["sd"]) == pytest.approx((0.25, 0.0), abs=1e-9)


def test_a_formula_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match='no dimension "region"'):
        indicator("sum(a, region)")
