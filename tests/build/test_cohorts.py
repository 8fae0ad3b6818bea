"""Cohort stocks inside a problem give what the stock engine gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mfa

YEARS = list(range(2000, 2012))
SALES = {year: 10.0 + (year % 3) for year in YEARS}


def _document(lifetime: dict[str, Any], timing: str, **stock: Any) -> dict[str, Any]:
    return {
        "mfa": 1,
        "dimensions": {"year": {"range": [YEARS[0], YEARS[-1]]}, "use_of": ["car", "fan"]},
        "processes": {"shop": {"kind": "source"}, "use": {"kind": "stock"}, "tip": {"kind": "sink"}},
        "flows": {
            "sold": {"from": "shop", "to": "use", "by": ["use_of"]},
            "left": {"from": "use", "to": "tip", "by": ["use_of"]},
        },
        "stocks": {"in_use": {"at": "use", "timing": timing, "lifetime": lifetime, **stock}},
        "solve": {"question": "simulate"},
        "drivers": {
            "cars": {"of": "sold", "at": {"use_of": "car"}, "data": SALES, "dims": "year"},
            "fans": {"of": "sold", "at": {"use_of": "fan"}, "value": 4},
        },
    }


@pytest.mark.parametrize("timing", ["uniform", "start", "middle", "end"])
def test_each_application_follows_its_own_lifetime(timing: str) -> None:
    lifetime = {"car": {"weibull": {"mean": 6, "shape": 2.5}}, "fan": {"fixed": 3}}
    result = mfa.run(mfa.load(_document(lifetime, timing)))
    cars = mfa.stock.inflow_driven(
        np.array(list(SALES.values())), mfa.Lifetime.weibull(mean=6, shape=2.5), timing
    )
    fans = mfa.stock.inflow_driven(np.full(len(YEARS), 4.0), mfa.Lifetime.fixed(3), timing)
    for label, expected in (("car", cars), ("fan", fans)):
        assert result.stock("in_use").sel(use_of=label).to_numpy() == pytest.approx(expected.stock, rel=1e-9)
        assert result.flow("left").sel(use_of=label).to_numpy() == pytest.approx(
            expected.outflow, rel=1e-8, abs=1e-7
        )


def test_an_initial_stock_of_a_steady_state_stays() -> None:
    """A constant inflow of 4 with a mean of 6 years holds 24 in use, and goes on to."""
    document = _document({"exponential": {"mean": 6}}, "uniform", initial={"value": 24})
    document["drivers"]["cars"] = {"of": "sold", "at": {"use_of": "car"}, "value": 4}
    result = mfa.run(mfa.load(document))
    assert result.stock("in_use").to_numpy() == pytest.approx(24, rel=1e-6)
