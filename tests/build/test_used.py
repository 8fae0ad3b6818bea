# ruff: noqa: E501
"""Used things that enter with ages: rows, cohorts and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import MfaError
from mfa.run.result import Result
from tests.build.documents import merged
from tests.build.test_initial import BASE, LIFE, YEARS

FLOWS = {"bought": {"from": "shop", "to": "use"}}
DRIVERS = {"used": {"of": "bought", "data": [float(k % 3) for k in range(12)], "dims": "year", "at": {"region": "AAA"}},
           "none": {"of": "bought", "value": 0, "at": {"region": "BBB"}}}  # fmt: skip
SHARES = [0.1, 0.0, 0.5, 0.4]


def fleet(stock: dict[str, Any], **changes: Any) -> Result:
    return mfa.run(
        mfa.load(merged(BASE, {"stocks": {"fleet": stock}, "flows": FLOWS, "drivers": DRIVERS, **changes}))
    )


def engine(shares: list[float], initial: Any = None, history: int = 4, timing: str = "uniform") -> Any:
    used = np.zeros((12, history + 12))
    for t in range(12):
        for k, share in enumerate(shares):
            used[t, history + t - k] += share * (t % 3)
    start = initial or mfa.stock.InitialStock.by_age(0.0, [1.0, *[0.0] * (history - 1)])
    return mfa.stock.inflow_driven(np.full(12, 10.0), LIFE, timing, start, used=used, years=YEARS)


@pytest.mark.parametrize("timing", ["uniform", "middle", "end"])
def test_used_things_live_on_as_survivors_of_their_cohort(timing: str, tmp_path: Path) -> None:
    result = fleet({"used": {"bought": SHARES}, "timing": timing})
    own, at = engine(SHARES, timing=timing), {"region": "AAA"}
    assert result.stock("fleet").sel(at).to_numpy() == pytest.approx(own.stock, rel=1e-9)
    assert result.flow("gone").sel(at).to_numpy() == pytest.approx(own.outflow, rel=1e-8, abs=1e-9)
    assert result.cohorts("fleet", 2004).sel(at).to_numpy() == pytest.approx(
        own.cohorts(2004), rel=1e-8, abs=1e-9
    )
    assert result.mean_age("fleet").sel(at).to_numpy() == pytest.approx(own.mean_age(), rel=1e-8)
    new = mfa.stock.inflow_driven(np.full(12, 10.0), LIFE, timing)
    assert result.stock("fleet").sel(region="BBB").to_numpy() == pytest.approx(new.stock, rel=1e-9)
    assert result.balance()["relative"].max() < 1e-9
    again = mfa.open_result(result.save(tmp_path / "out"))
    np.testing.assert_array_equal(again.cohorts("fleet", 2004), result.cohorts("fleet", 2004))


def test_with_an_initial_stock_and_classes_of_two_years() -> None:
    stock = {
        "initial": 30,
        "age_structure": [0.5, 0.5],
        "used": {"bought": {"data": {0: 0.0, 2: 1.0}, "dims": "age"}},
    }
    result = fleet(stock, dimensions={"age": {"labels": [0, 2]}})
    start = mfa.stock.InitialStock.by_age(30.0, [0.5, 0.5, 0.0, 0.0])
    own = engine([0.0, 0.0, 0.5, 0.5], start)
    assert result.stock("fleet").sel(region="AAA").to_numpy() == pytest.approx(own.stock, rel=1e-9)
    found = result.cohorts("fleet", 2003).sel(region="AAA")
    assert found.to_numpy() == pytest.approx(own.cohorts(2003), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(
    ("stock", "changes", "code", "words"),
    [
        ({"used": {"bought": [0.5, 0.4]}}, {}, "initial-stock", "sum to 1, not 0.9"),
        ({"used": {"bougt": [1.0]}}, {}, "unknown-name", "bougt"),
        ({"used": {"bought": "stationary"}}, {}, "used-inflow", "a list, youngest first"),
        ({"used": {"bought": [0, 0, 0, 1]}, "lifetime": {"weibull": None, "fixed": 2}}, {}, "used-inflow",
         "an age of 3 periods is older than its lifetime allows"),
        ({"used": {"bought": [0, 1]}}, {"dimensions": {"year": {"range": None, "labels": [*range(2000, 2011), 2020]}}},
         "used-inflow", "must be equal"),
        ({"used": {"bought": [0, 1]}, "shrinking": "retire"}, {}, "stock-kind", "shrinking: error"),
    ],
)  # fmt: skip
def test_what_used_things_cannot_be(stock: Any, changes: Any, code: str, words: str) -> None:
    with pytest.raises(MfaError) as raised:
        fleet(stock, **changes)
    assert {p.code for p in raised.value.problems} == {code}
    assert words in str(raised.value)
