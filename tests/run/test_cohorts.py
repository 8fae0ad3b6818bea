"""Cohorts of a result's stocks are those that its rows moved, from memory and from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import ModelError, UnknownName
from mfa.run.result import Result
from tests.build.documents import merged

YEARS = range(2000, 2030)
SALES = {y: {"AAA": {"Nd": 5 + y % 4, "Dy": 1}, "BBB": {"Nd": 3, "Dy": 2 + y % 3}} for y in YEARS}
FLEET: dict[str, Any] = {
    "mfa": 1,
    "name": "fleet",
    "dimensions": {
        "year": {"range": [YEARS[0], YEARS[-1]]},
        "region": ["AAA", "BBB"],
        "element": ["Nd", "Dy"],
        "product": ["car", "fan"],
    },
    "processes": {"shop": {"kind": "source"}, "use": {"kind": "stock"}, "tip": {"kind": "sink"}},
    "flows": {
        "sold": {"from": "shop", "to": "use", "by": "product"},
        "gone": {"from": "use", "to": "tip", "by": "product"},
    },
    "stocks": {
        "in_use": {
            "at": "use",
            "lifetime": {
                "car": {"weibull": {"mean": 9, "shape": 2.5}},
                "fan": {"normal": {"mean": 5, "sd": 2}},
            },
            "initial": {"data": {"AAA": 70, "BBB": 40}, "dims": "region"},
        }
    },
    "solve": {"question": "simulate"},
    "drivers": {
        "cars": {
            "of": "sold", "at": {"product": "car"}, "dims": ["year", "region", "element"], "data": SALES
        },
        "fans": {"of": "sold", "at": {"product": "fan"}, "value": 2},
    },
}  # fmt: skip


def fleet(**changes: Any) -> Result:
    return mfa.run(mfa.load(merged(FLEET, changes)))


@pytest.fixture(scope="module")
def result() -> Result:
    return fleet()


def follows_its_rows(result: Result, name: str = "in_use") -> None:
    """Cohorts add up to the level of every year, and what they lose is what leaves."""
    whole, level = result.cohorts(name), result.stock(name)
    assert whole.sum("cohort").transpose(*level.dims).to_numpy() == pytest.approx(
        level.to_numpy(), rel=1e-9, abs=1e-9
    )
    first = str(level.dims[0])
    entered = result.flow(result.ages[name].inflow[0])
    for year in level[first].values[1:]:
        k = int(np.flatnonzero(level[first].values == year)[0])
        before, now = (result.cohorts(name, level[first].values[j]) for j in (k - 1, k))
        lost = (before - now).sum("cohort") + entered.sel({first: year}, drop=True)
        left = result.flow(result.ages[name].outflow[0]).sel({first: year})
        assert lost.transpose(*left.dims).to_numpy() == pytest.approx(left.to_numpy(), rel=1e-9, abs=1e-9)


def test_cohorts_are_those_of_the_rows(result: Result) -> None:
    follows_its_rows(result)


def test_a_slice_is_the_slice_of_the_whole(result: Result) -> None:
    whole = result.cohorts("in_use")
    assert whole.dims == ("year", "cohort", "region", "product", "element")
    of_year = result.cohorts("in_use", 2010)
    assert of_year.dims == ("cohort", "region", "product", "element")
    np.testing.assert_allclose(of_year, whole.sel(year=2010), rtol=1e-12)
    np.testing.assert_allclose(result.cohorts("in_use", cohort=2004), whole.sel(cohort=2004), rtol=1e-12)
    one = result.cohorts("in_use", 2010, 2004)
    np.testing.assert_allclose(one, whole.sel(year=2010, cohort=2004), rtol=1e-12)
    assert of_year.attrs["unit"] == "t"
    assert float(of_year.sel(cohort=2011).sum()) == 0


def test_the_mean_age_is_that_of_the_cohorts(result: Result) -> None:
    age = result.mean_age("in_use").sel(year=2020)
    of_year = result.cohorts("in_use", 2020)
    ages = 2020 - of_year["cohort"] + 0.5
    expected = (of_year * ages).sum("cohort") / of_year.sum("cohort")
    np.testing.assert_allclose(age, expected, rtol=1e-9)
    assert age.attrs["unit"] == "year"


def test_a_saved_result_knows_its_cohorts(result: Result, tmp_path: Path) -> None:
    again = mfa.open_result(result.save(tmp_path / "out"))
    np.testing.assert_array_equal(again.cohorts("in_use", 2015), result.cohorts("in_use", 2015))
    np.testing.assert_array_equal(again.mean_age("in_use"), result.mean_age("in_use"))


def test_what_has_no_cohorts_says_so(result: Result) -> None:
    with pytest.raises(UnknownName, match="in_use"):
        result.cohorts("in_us")
    with pytest.raises(ModelError, match="no lifetime"):
        result.cohorts("sold")
    with pytest.raises(UnknownName, match="1990"):
        result.cohorts("in_use", 1990)


def test_cohorts_of_a_reconciliation(result: Result) -> None:
    """Inflows that were adjusted make cohorts too."""
    sales = {"of": "sold", "value": 9, "cv": 0.1}
    scrap = {"of": "gone", "value": 7, "cv": 0.2}
    found = fleet(
        solve={"question": "reconcile"}, drivers=None, observations={"sales": sales, "scrap": scrap}
    )
    follows_its_rows(found)
