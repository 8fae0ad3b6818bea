"""Lifetimes over several dimensions, from tables, by year of entry; and what is refused of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import InputError, MfaError
from mfa.run.result import Result
from tests.build.documents import merged
from tests.run.test_cohorts import follows_its_rows

YEARS = list(range(1990, 2021))
MEANS = {("AAA", "car"): 9.0, ("AAA", "fan"): 4.0, ("BBB", "car"): 14.0, ("BBB", "fan"): 6.5}
BASE: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {
        "year": {"range": [YEARS[0], YEARS[-1]]},
        "region": {"labels": ["AAA", "BBB"]},
        "product": {"labels": ["car", "fan"]},
    },
    "processes": {"shop": {"kind": "source"}, "use": {"kind": "stock"}, "tip": {"kind": "sink"}},
    "flows": {
        "sold": {"from": "shop", "to": "use", "by": "product"},
        "gone": {"from": "use", "to": "tip", "by": "product"},
    },
    "stocks": {"in_use": {"at": "use", "lifetime": {"fixed": 5}}},
    "solve": {"question": "simulate"},
    "drivers": {"sales": {"of": "sold", "value": 10}},
}
SCENARIO = """
mfa: 1
dimensions:
  year: {range: [1990, 2020]}
  region: [AAA, BBB]
  product: [car, fan]
processes: {shop: {kind: source}, use: {kind: stock}, tip: {kind: sink}}
flows:
  sold: {from: shop, to: use, by: product}
  gone: {from: use, to: tip, by: product}
stocks:
  in_use:
    at: use
    lifetime: {weibull: {mean: {table: lifetimes.csv, dims: [region, product]}, shape: 3.5}}
solve: {question: simulate}
drivers: {sales: {of: sold, value: 10}}
"""


def with_lifetime(lifetime: Any, **changes: Any) -> Result:
    stocks = {"in_use": {"at": "use", "lifetime": lifetime}}
    document = {**merged(BASE, changes), "stocks": merged({"stocks": stocks}, changes)["stocks"]}
    return mfa.run(mfa.load(document))


def written(folder: Path, rows: str) -> Path:
    (folder / "lifetimes.csv").write_text("region,product,value\n" + rows, encoding="utf-8")
    (folder / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    return folder / "scenario.yaml"


def test_lifetimes_of_a_table_by_region_and_product(tmp_path: Path) -> None:
    rows = "".join(f"{r},{p},{m}\n" for (r, p), m in MEANS.items())
    result = mfa.run(mfa.load(written(tmp_path, rows)))
    for (region, product), mean in MEANS.items():
        own = mfa.stock.inflow_driven(np.full(31, 10.0), mfa.Lifetime.weibull(mean=mean, shape=3.5))
        at = {"region": region, "product": product}
        assert result.stock("in_use").sel(at).to_numpy() == pytest.approx(own.stock, rel=1e-9)
        assert result.flow("gone").sel(at).to_numpy() == pytest.approx(own.outflow, rel=1e-9, abs=1e-9)
    follows_its_rows(result)
    assert result.balance()["relative"].max() < 1e-9
    again = mfa.open_result(result.save(tmp_path / "out"))
    np.testing.assert_array_equal(again.cohorts("in_use", 2015), result.cohorts("in_use", 2015))
    assert "lifetimes.csv" in str(result.inputs)


def test_what_a_table_leaves_out_or_has_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        mfa.run(mfa.load(written(tmp_path, "AAA,car,9\nAAA,fan,4\nBBB,fan,6\n")))
    (problem,) = raised.value.problems
    assert problem.code == "lifetime-missing"
    assert "BBB car" in problem.text
    assert problem.where is not None
    assert problem.where.line == 14
    with pytest.raises(InputError) as raised:
        mfa.run(mfa.load(written(tmp_path, "AAA,car,9\nAAA,fan,-4\nBBB,car,0\nBBB,fan,6\n")))
    assert "must be above 0, not -4: AAA fan, BBB car" in raised.value.problems[0].text


def test_things_live_as_long_as_those_of_their_year() -> None:
    """Cohorts with lifetimes of their own, against the stock engine and by hand."""
    means = {y: 4.0 + 0.2 * (y - 1990) for y in YEARS}
    result = with_lifetime({"weibull": {"mean": {"data": means, "dims": "year"}, "shape": 3}})
    lifetime = mfa.Lifetime.weibull(mean=np.array(list(means.values())), shape=3, by="cohort")
    own = mfa.stock.inflow_driven(np.full(31, 10.0), lifetime)
    assert result.stock("in_use").sel(region="AAA", product="car").to_numpy() == pytest.approx(
        own.stock, rel=1e-9
    )
    later = result.cohorts("in_use", 2020, 2010).sel(region="BBB", product="fan")
    alone = mfa.Lifetime.weibull(mean=means[2010], shape=3).sf(range(11))[-1, 0]
    assert float(later) == pytest.approx(10 * alone, rel=1e-9)
    follows_its_rows(result)


def test_by_label_and_by_year_of_entry_at_once() -> None:
    """One lifetime a product, one of them by region and year with gaps filled, and an initial stock."""
    means = {1990: {"AAA": 6, "BBB": 8}, 2020: {"AAA": 12, "BBB": 10}}
    car = {"data": means, "dims": ["year", "region"], "interpolate": "linear"}
    result = with_lifetime(
        {
            "car": {"normal": {"mean": car, "sd": 2}},
            "fan": {"fixed": {"data": {"AAA": 3, "BBB": 5}, "dims": "region"}},
        },
        stocks={"in_use": {"initial": 40}},
    )
    follows_its_rows(result)
    fans = result.flow("gone").sel(region="BBB", product="fan").to_numpy()
    assert fans[:4] == pytest.approx(8, rel=1e-9)  # a constant inflow of 40 / 5 before, of 10 from 1990 on
    assert fans[6:] == pytest.approx(10, rel=1e-9)
    old = result.cohorts("in_use", 1990).sel(cohort=slice(None, 1989), product="fan").sum("cohort")
    assert old.to_numpy() == pytest.approx([40 - 40 / 3, 32], rel=1e-6)


@pytest.mark.parametrize(
    ("lifetime", "code", "words"),
    [
        ({"normal": {"mean": 5, "sd": 0}}, "lifetime-parameters", "must be above 0, not 0"),
        ({"fixed": 0}, "lifetime-parameters", "must be above 0, not 0"),
        ({"fixed": {"data": {"AAA": 5, "BBB": -1}, "dims": "region"}}, "lifetime-parameters", "not -1"),
        ({"fixed": {"data": {"AAA": 5}, "dims": "region"}}, "lifetime-missing", "BBB"),
        ({"fixed": {"value": 5, "cv": 0.1}}, "lifetime-parameters", "taken as exact"),
        ({"fixed": {"value": 5, "unit": "kt"}}, "unit-kind", "is a time"),
        ({"fixed": {"data": {"x": 5}, "dims": "maker"}}, "unknown-dimension", "maker"),
        ({"uniform": {"low": 8, "high": 4}}, "lifetime-parameters", "high"),
        ({"weibull": {"mean": 5, "shap": 2}}, "lifetime-parameters", "mean and shap"),
        ({"table": {"age": [0, 5], "survival": [1, 0.5]}}, "lifetime-parameters", "still in use"),
    ],
)
def test_what_cannot_be_a_lifetime(lifetime: Any, code: str, words: str) -> None:
    with pytest.raises(MfaError) as raised:
        with_lifetime(lifetime)
    assert {p.code for p in raised.value.problems} == {code}
    assert words in str(raised.value)


def test_elements_live_no_longer_than_what_holds_them() -> None:
    elements = {"dimensions": {"element": {"labels": ["Nd", "Dy"]}}}
    with pytest.raises(InputError, match='has no dimension "element"'):
        with_lifetime({"fixed": {"data": {"Nd": 5, "Dy": 6}, "dims": "element"}}, **elements)


def test_a_month_is_a_twelfth_of_a_year() -> None:
    months = with_lifetime({"fixed": "60 month"})
    years = with_lifetime({"fixed": "5 year"})
    assert months.stock("in_use").to_numpy() == pytest.approx(years.stock("in_use").to_numpy(), rel=1e-12)
