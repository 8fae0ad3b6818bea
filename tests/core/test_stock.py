"""Stocks against a plain sum over cohorts, their inverses, and the refusal of bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from mfa.core.lifetime import Lifetime
from mfa.core.stock import (
    InitialStock,
    flow_driven,
    inflow_driven,
    initial_outflow,
    outflow_weights,
    reserve,
    stock_driven,
    stock_weights,
)
from mfa.errors import InputError, ModelError, UnknownName

Floats = npt.NDArray[np.float64]
RNG = np.random.default_rng(7)
YEARS = [2000, 2005, 2010, 2011, 2012, 2013, 2020, 2030]


def plain(inflow: Floats, table: Floats, lengths: Floats) -> tuple[Floats, Floats]:
    """Stock and outflow as the definition says, with the whole table of survival."""
    amounts = inflow * lengths.reshape(-1, *(1,) * (inflow.ndim - 1))
    held = table.reshape(table.shape + (1,) * (1 + inflow.ndim - table.ndim)) * amounts[None]
    stock = held.sum(axis=1)
    change = np.diff(stock, axis=0, prepend=0.0)
    return stock, (amounts - change) / lengths.reshape(-1, *(1,) * (inflow.ndim - 1))


def lifetimes(periods: int, shape: tuple[int, ...]) -> dict[str, Lifetime]:
    mean = RNG.uniform(2, 30, shape)
    by_time = RNG.uniform(2, 30, (periods, *shape))
    return {
        "one": Lifetime.weibull(mean=8, shape=2.5),
        "a few": Lifetime.lognormal(mean[:, :1], 0.3 * mean[:, :1]),
        "each its own": Lifetime.normal(mean, 0.3 * mean),
        "repeated": Lifetime.normal(np.round(mean / 10) * 10 + 1, 3),
        "by cohort": Lifetime.gamma(mean=by_time, shape=3, by="cohort"),
        "by cohort, one": Lifetime.gamma(mean=by_time[:, :1, :1], shape=3, by="cohort"),
        "by year": Lifetime.normal(by_time, 0.3 * by_time, by="year"),
        "hazard": Lifetime.weibull(mean=mean, shape=2).with_hazard(RNG.uniform(0, 3, (periods, 1, 1))),
    }


@pytest.mark.parametrize("years", [range(25), YEARS, [2020], [2020, 2030]])
@pytest.mark.parametrize("kind", lifetimes(1, (2, 2)))
@pytest.mark.parametrize("timing", ["uniform", "middle", "gauss(3)"])
def test_totals_are_the_sums_over_cohorts(years: Any, kind: str, timing: str) -> None:
    shape = (3, 120)
    life = lifetimes(len(years), shape)[kind]
    inflow = RNG.uniform(0, 10, (len(years), *shape))
    result = inflow_driven(inflow, life, timing, years=years)
    table = life.sf(years, timing)
    stock, outflow = plain(inflow, table, result.layout.periods.lengths)
    np.testing.assert_allclose(result.stock, stock, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(result.outflow, outflow, rtol=1e-10, atol=1e-11)
    assert result.outflow.min() >= 0.0
    assert np.abs(result.balance()).max() < 1e-12 * max(1.0, stock.max())
    back = stock_driven(result.stock, life, timing, "allow", years=years)
    np.testing.assert_allclose(back.stock, stock)
    assert np.abs(back.balance()).max() < 1e-11 * max(1.0, stock.max())


@settings(max_examples=60, deadline=None)
@given(
    inflow=st.lists(st.floats(0, 1e6), min_size=1, max_size=30),
    steps=st.lists(st.sampled_from([1.0, 2.0, 5.0, 0.25]), min_size=31, max_size=31),
    equal=st.booleans(),
    mean=st.floats(3, 60),
    shape=st.floats(1, 6),
    timing=st.sampled_from(["uniform", "end", "middle"]),
)
def test_stock_driven_is_the_inverse_of_inflow_driven(
    inflow: list[float], steps: list[float], equal: bool, mean: float, shape: float, timing: str
) -> None:
    lengths = np.ones(len(inflow)) if equal else np.array(steps[: len(inflow)])
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    life = Lifetime.weibull(mean=mean + lengths.max(), shape=shape)
    there = inflow_driven(np.array(inflow), life, timing, edges=list(edges))
    back = stock_driven(there.stock, life, timing, edges=list(edges))
    scale = max(inflow) + 1e-300
    np.testing.assert_allclose(back.inflow / scale, np.array(inflow) / scale, atol=1e-10)
    np.testing.assert_allclose(back.outflow / scale, there.outflow / scale, atol=1e-10)
    assert np.abs(there.balance()).max() <= 1e-12 * there.stock.max() + 1e-300


def test_months_are_twelfths() -> None:
    months = np.arange("2020-01", "2023-01", dtype="datetime64[M]").astype("datetime64[ns]")
    inflow = xr.DataArray(np.full(36, 12.0), dims="time", coords={"time": months})
    result = inflow_driven(inflow, Lifetime.fixed(1.0), dim="time")
    assert result.stock.values[-1] == pytest.approx(12.0, rel=1e-12)
    assert result.outflow.values[11] == pytest.approx(0.0, abs=1e-12)
    assert result.outflow.values[-1] == pytest.approx(12.0)


def labelled(regions: list[str]) -> xr.DataArray:
    coords = {"year": range(2000, 2010), "region": regions, "product": ["car", "phone"]}
    values = RNG.uniform(1, 2, (2, 10, len(regions)))
    dims = ("product", "year", "region")
    return xr.DataArray(values, dims=dims, coords=coords, name="sales", attrs={"units": "t/year"})


def test_dataarrays_are_matched_by_name_and_label() -> None:
    sales = labelled(["DEU", "FRA", "ITA"])
    mean = xr.DataArray([[3.0, 9.0]], dims=("one", "product"), coords={"product": ["phone", "car"]})[0]
    result = inflow_driven(sales, Lifetime.normal(mean, 0.3 * mean))
    assert result.stock.dims == sales.dims
    assert (result.stock.attrs["units"], result.outflow.attrs["units"]) == ("t", "t/year")
    phone = inflow_driven(sales.sel(product="phone"), Lifetime.normal(3, 0.9))
    xr.testing.assert_allclose(result.stock.sel(product="phone"), phone.stock)
    by_cohort = xr.DataArray(np.linspace(3, 9, 12), dims="cohort", coords={"cohort": range(1999, 2011)})
    first = inflow_driven(sales, Lifetime.fixed(by_cohort, by="cohort"))
    second = inflow_driven(sales, Lifetime.fixed(by_cohort[1:-1].rename(cohort="year"), by="cohort"))
    xr.testing.assert_equal(first.stock, second.stock)


def test_lifetimes_that_do_not_fit_are_refused() -> None:
    sales = labelled(["DEU", "FRA"])
    missing = xr.DataArray([3.0], dims="region", coords={"region": ["DEU"]})
    with pytest.raises(InputError, match='no value for region "FRA", which sales has'):
        inflow_driven(sales, Lifetime.fixed(missing))
    with pytest.raises(InputError, match=r'dimension "regoin" and sales has not(.|\n)*did you mean "region"'):
        inflow_driven(sales, Lifetime.fixed(missing.rename(region="regoin")))
    with pytest.raises(InputError, match=r"shape \(4,\) and inflow \(3,\)"):
        inflow_driven(np.ones((5, 3)), Lifetime.fixed(np.ones(4)))
    with pytest.raises(InputError, match="4 cohorts or years and inflow has 5"):
        inflow_driven(np.ones(5), Lifetime.fixed(np.ones(4), by="cohort"))
    with pytest.raises(InputError, match="inflow has no names"):
        inflow_driven(np.ones((5, 1)), Lifetime.fixed(missing))


def test_cohorts_are_given_by_slice() -> None:
    sales = labelled(["DEU", "FRA"])
    result = inflow_driven(sales, Lifetime.weibull(mean=4, shape=2))
    whole = result.cohorts()
    assert whole.dims == ("year", "cohort", "product", "region")
    xr.testing.assert_allclose(whole.sum("cohort").transpose(*sales.dims), result.stock, rtol=1e-12)
    xr.testing.assert_allclose(result.cohorts(year=2005), whole.sel(year=2005, drop=True))
    made = result.cohorts(cohort=2003)
    xr.testing.assert_allclose(made.transpose("year", ...), whole.sel(cohort=2003, drop=True))
    gone = sum(float(result.outflow_cohorts(y).sum()) for y in range(2000, 2010))
    assert gone == pytest.approx(float(result.outflow.sum()), rel=1e-12)
    with pytest.raises(UnknownName, match='no cohort "1990"'):
        result.cohorts(cohort=1990)
    with pytest.raises(UnknownName, match='no year "2010"'):
        result.cohorts(year=2010)


def test_mean_age() -> None:
    result = inflow_driven(np.array([1.0, 0.0, 0.0, 1.0]), Lifetime.fixed(2.5))
    assert result.mean_age()[:2].tolist() == [0.5, 1.5]
    assert result.mean_age()[3] == 0.5
    steady = inflow_driven(np.ones(60), Lifetime.exponential(5))
    assert steady.mean_age()[-1] == pytest.approx(5, abs=0.05)


def initial_cases() -> dict[str, tuple[Lifetime, Any]]:
    mean = RNG.uniform(9, 14, (13, 300))
    return {
        "one": (Lifetime.weibull(mean=9, shape=2), 1.0),
        "own": (Lifetime.normal(mean[0], 3), 1.0),
        "by cohort": (Lifetime.normal(mean, 3, by="cohort"), 1.0),
        "by year": (Lifetime.normal(mean, 3, by="year"), 1.0),
        "hazard": (Lifetime.normal(11, 3).with_hazard(mean / 10), 1.0),
        "five years": (Lifetime.weibull(mean=30, shape=2), 5.0),
    }


@pytest.mark.parametrize("kind", initial_cases())
def test_an_initial_stock_goes_on_as_if_it_had_entered(kind: str) -> None:
    """Thirteen periods at once, and the last eight with the cohorts left by the first five."""
    life, length = initial_cases()[kind]
    edges = length * np.arange(14) + 1990
    inflow = RNG.uniform(1, 2, (13, 300))
    whole = inflow_driven(inflow, life, edges=list(edges))
    left = whole.cohorts(year=4)[:5]
    initial = InitialStock.by_cohort(left, edges=list(edges[:6]))
    late = inflow_driven(inflow[5:], life, initial=initial, edges=list(edges[5:]))
    np.testing.assert_allclose(late.stock, whole.stock[5:], rtol=1e-12)
    np.testing.assert_allclose(late.outflow, whole.outflow[5:], rtol=1e-11, atol=1e-13)
    assert np.abs(late.balance()).max() < 1e-11 * whole.stock.max()
    np.testing.assert_allclose(late.cohorts(year=3), whole.cohorts(year=8)[:13], rtol=1e-11)
    np.testing.assert_allclose(late.mean_age(), whole.mean_age()[5:], rtol=1e-11)
    np.testing.assert_allclose(
        late.outflow_cohorts(0), whole.outflow_cohorts(5), rtol=1e-8, atol=1e-11 * length
    )
    back = stock_driven(whole.stock[5:], life, initial=initial, edges=list(edges[5:]))
    np.testing.assert_allclose(back.inflow, inflow[5:], rtol=1e-10)


def test_a_stationary_stock_stays_with_the_inflow_that_made_it() -> None:
    for life in (Lifetime.weibull(mean=12, shape=3), Lifetime.lognormal(np.array([3.0, 20]), 2)):
        mean = np.asarray(life.mean())
        initial = InitialStock.by_age(100.0 * np.ones_like(mean), "stationary")
        inflow = np.broadcast_to(100.0 / mean, (30, *mean.shape))
        result = inflow_driven(inflow, life, initial=initial)
        np.testing.assert_allclose(result.stock, 100.0, rtol=1e-9)
        np.testing.assert_allclose(result.outflow, inflow, rtol=1e-8)


def test_an_age_structure_places_the_total() -> None:
    initial = InitialStock.by_age(10.0, [0.5, 0.3, 0.2])
    result = inflow_driven(np.zeros(4), Lifetime.fixed(4), "end", initial)
    assert result.stock.tolist() == [10.0, 8.0, 5.0, 0.0]
    named = xr.DataArray([3.0, 5.0], dims="cohort", coords={"cohort": [1998, 1999]})
    inflow = xr.DataArray(np.zeros(3), dims="year", coords={"year": [2000, 2001, 2002]})
    assert inflow_driven(inflow, Lifetime.fixed(3), "end", named).stock.values.tolist() == [8.0, 5.0, 0.0]


def test_bad_initial_stocks_are_refused() -> None:
    life, inflow = Lifetime.fixed(3), np.zeros(3)
    bad: list[tuple[Any, str]] = [
        (10.0, r"total without ages(.|\n)*InitialStock"),
        (InitialStock.by_cohort([1.0, 0, 0, 0, 0]), r"has 1 of cohort -5, which is older than its lifetime"),
        (InitialStock.by_cohort([1.0, -1.0]), "missing or negative amount at cohort -1"),
        (InitialStock.by_age(1.0, [0.5, 0.4]), "sum to 1, not 0.9"),
        (InitialStock.by_age(1.0, [0.5, 0.5], ages=[0, 1]), "2 age classes need 3 ages"),
        (InitialStock.by_cohort([1.0, 1.0], years=[5, 6]), "must end where its first period starts"),
    ]
    for initial, message in bad:
        with pytest.raises(InputError, match=message):
            inflow_driven(inflow, life, initial=initial)
    with pytest.raises(InputError, match="no stationary age structure"):
        inflow_driven(inflow, life.with_hazard([1, 1, 1]), initial=InitialStock.by_age(1.0, "stationary"))


def test_used_things_leave_by_their_own_age() -> None:
    used = np.zeros((4, 4))
    used[1, 0] = 6.0  # made in period 0, enters in period 1
    result = inflow_driven(np.zeros(4), Lifetime.fixed(3), "end", used=used)
    assert result.inflow.tolist() == [0, 6, 0, 0]
    assert result.stock.tolist() == [0, 6, 6, 0]
    assert result.outflow.tolist() == [0, 0, 0, 6]
    assert result.cohorts(year=2).tolist() == [6, 0, 0, 0]
    assert result.outflow_cohorts(3).tolist() == [6, 0, 0, 0]


def test_used_things_balance_with_an_initial_stock_and_new_ones() -> None:
    periods, history = 6, 3
    used = np.tril(RNG.uniform(0, 1, (periods, periods + history)), k=history)[..., None] * np.ones(4)
    life = Lifetime.weibull(mean=np.array([4.0, 6, 9, 12]), shape=2)
    initial = InitialStock.by_cohort(np.ones((history, 1)))
    result = inflow_driven(np.ones((periods, 4)), life, initial=initial, used=used)
    assert np.abs(result.balance()).max() < 1e-12 * result.stock.max()
    np.testing.assert_allclose(result.cohorts().sum(axis=1), result.stock, rtol=1e-12)
    for t in range(periods):
        np.testing.assert_allclose(result.outflow_cohorts(t).sum(axis=0), result.outflow[t], rtol=1e-11)
    new = np.zeros((periods, periods, 4))
    new[np.arange(periods), np.arange(periods)] = 1.0
    same = inflow_driven(np.zeros((periods, 4)), life, used=new)
    np.testing.assert_allclose(same.stock, inflow_driven(np.ones((periods, 4)), life).stock, rtol=1e-12)


def test_used_things_with_labels() -> None:
    sales = labelled(["DEU", "FRA"])
    used = xr.zeros_like(sales).expand_dims(cohort=list(sales.year.values)).copy()
    used.loc[{"year": 2004, "cohort": 2001, "region": "FRA", "product": "car"}] = 5.0
    life = Lifetime.weibull(mean=6, shape=3)
    plain_result, result = inflow_driven(sales, life), inflow_driven(sales, life, used=used)
    extra = (result.stock - plain_result.stock).sel(product="car")
    assert float(extra.sel(region="FRA", year=2004)) == pytest.approx(5.0, rel=0.1)
    assert float(np.abs(extra.sel(region="DEU")).max()) == 0.0
    with pytest.raises(InputError, match="does not match"):
        inflow_driven(sales, life, used=used.assign_coords(region=["DEU", "ITA"]))
    with pytest.raises(InputError, match="are not 2000 to 2009"):
        inflow_driven(sales, life, used=used.assign_coords(cohort=range(1990, 2000)))


def test_bad_used_inflows_are_refused() -> None:
    early, old = np.zeros((5, 5)), np.zeros((5, 5))
    early[1, 2], old[4, 0] = 1.0, 1.0
    for used, message in ((early, "before it is made"), (old, "older than"), (np.zeros((5, 4)), "not")):
        with pytest.raises(InputError, match=message):
            inflow_driven(np.zeros(5), Lifetime.fixed(2), used=used)


FALLING = np.array([10.0, 20.0, 30.0, 20.0, 10.0, 15.0])


def test_a_falling_stock_is_an_error_with_place_and_hint() -> None:
    levels = xr.DataArray(
        np.stack([FALLING, FALLING.cumsum()], axis=1),
        dims=("year", "region"),
        coords={"year": range(2000, 2006), "region": ["DEU", "FRA"]},
        name="cars",
    )
    message = r'cars falls faster .* at year 2003, region DEU: by 9.8(.|\n)*shrinking="retire"'
    with pytest.raises(ModelError, match=message):
        stock_driven(levels, Lifetime.normal(8, 2))


def test_clip_keeps_what_cannot_leave() -> None:
    result = stock_driven(FALLING, Lifetime.normal(8, 2), shrinking="clip")
    assert result.inflow.min() == 0.0
    assert np.all(result.stock[3:5] > FALLING[3:5])
    np.testing.assert_allclose(result.balance(), 0.0, atol=1e-12)
    same = inflow_driven(result.inflow, Lifetime.normal(8, 2))
    np.testing.assert_allclose(same.stock, result.stock, rtol=1e-12)


@pytest.mark.parametrize("kind", ["one", "own", "by cohort"])
def test_retire_scales_all_cohorts_alike(kind: str) -> None:
    life = initial_cases()[kind][0]
    initial = InitialStock.by_cohort(np.full((7, 1), 1.5))
    levels = FALLING[:, None] * np.where(np.arange(300) % 2, 1.0, 0.5) * RNG.uniform(1, 1.01, (6, 300))
    result = stock_driven(levels, life, shrinking="retire", initial=initial)
    assert result.inflow.min() >= 0.0
    assert result.outflow.min() >= 0.0
    np.testing.assert_allclose(result.balance(), 0.0, atol=1e-11)
    np.testing.assert_allclose(result.cohorts().sum(axis=1), levels, rtol=1e-11)
    path = result.cohorts(cohort=-2)
    np.testing.assert_allclose(path, result.cohorts()[:, 5], rtol=1e-12)
    np.testing.assert_allclose(result.outflow_cohorts(3).sum(axis=0), result.outflow[3], rtol=1e-11)


def test_a_stock_that_goes_to_zero_is_retired_whole() -> None:
    result = stock_driven(np.array([5.0, 0.0, 3.0]), Lifetime.fixed(10), shrinking="retire")
    assert result.inflow.tolist() == [5, 0, 3]
    assert result.outflow.tolist() == [0, 5, 0]
    assert result.cohorts(year=2).tolist() == [0, 0, 3]


def test_a_stock_nothing_can_hold_is_an_error() -> None:
    with pytest.raises(ModelError, match="no inflow can hold the stock"):
        stock_driven(np.ones(3), Lifetime.fixed(0.5), "start")
    mean = np.full((3, 40), 5.0)
    mean[1, 20] = 0.5
    coords = {"year": [2000, 2001, 2002], "region": range(40)}
    levels = xr.DataArray(np.ones((3, 40)), dims=("year", "region"), coords=coords, name="cars")
    by_cohort = Lifetime.fixed(xr.DataArray(mean, dims=("year", "region"), coords=coords), by="cohort")
    for life, year in ((by_cohort, 2001), (Lifetime.fixed(levels[0, :] * mean[1]), 2000)):
        with pytest.raises(ModelError, match=f"enters cars in year {year}, region 20 is left"):
            stock_driven(levels, life, "start")


def test_bad_series_are_refused() -> None:
    life = Lifetime.fixed(3)
    bad = np.ones((3, 2))
    bad[1, 1] = -2.0
    with pytest.raises(InputError, match=r"inflow is negative at year 1, series \[1\]: -2"):
        inflow_driven(bad, life)
    bad[1, 1] = np.nan
    with pytest.raises(
        InputError, match=r"stock is missing or not finite at year 1(.|\n)*missing is not zero"
    ):
        stock_driven(bad, life)
    for years, message in (([1, 3, 2], "3 is followed by 2"), ([1, 1, 2], "1 is repeated")):
        with pytest.raises(InputError, match=message):
            inflow_driven(np.ones(3), life, years=years)
    with pytest.raises(InputError, match="has 3 periods and there are 2 years"):
        inflow_driven(np.ones(3), life, years=[1, 2])
    with pytest.raises(InputError, match=r'no way to shrink called "retier"(.|\n)*retire'):
        stock_driven(np.ones(3), life, shrinking="retier")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is not a Lifetime"):
        inflow_driven(np.ones(3), {"weibull": {"mean": 3}})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="inflow is not made of numbers but of text"):
        inflow_driven(np.array(["1", "many"]), life)
    with pytest.raises(InputError, match='no dimension "year"'):
        inflow_driven(xr.DataArray([1.0], dims="years"), life)


@pytest.mark.parametrize("by", [None, "cohort", "year"])
def test_a_dimension_without_labels_has_no_stock(by: Any) -> None:
    none = np.ones((5, 0))
    for life in (Lifetime.fixed(3), Lifetime.normal(none if by else none[0], 2.0, by=by)):
        there = inflow_driven(none, life)
        assert there.stock.shape == there.outflow.shape == (5, 0)
        assert there.cohorts().shape == (5, 5, 0)
        assert stock_driven(none, life).inflow.shape == (5, 0)
    assert flow_driven(none, none).stock.shape == (5, 0)


def test_hibernation_is_a_second_stage() -> None:
    first = inflow_driven(np.array([8.0, 0, 0, 0, 0]), Lifetime.fixed(2), "end", years=range(2000, 2005))
    second = first.hibernate(Lifetime.fixed(1), 0.25, "end")
    assert first.outflow.tolist() == [0, 0, 8, 0, 0]
    assert second.inflow.tolist() == [0, 0, 2, 0, 0]
    assert second.outflow.tolist() == [0, 0, 0, 2, 0]
    assert second.layout.periods.labels == tuple(range(2000, 2005))
    sales = labelled(["DEU", "FRA"])
    share = xr.DataArray([0.5, 0.0], dims="product", coords={"product": ["car", "phone"]})
    kept = inflow_driven(sales, Lifetime.fixed(3)).hibernate(Lifetime.fixed(5), share)
    assert float(kept.stock.sel(product="phone").max()) == 0.0
    assert float(kept.stock.sel(product="car", year=2005).min()) > 0.5
    with pytest.raises(InputError, match="not between 0 and 1"):
        first.hibernate(Lifetime.fixed(1), 1.5)


def test_flow_driven_sums_and_never_goes_below_zero() -> None:
    flows = {"new": np.array([4.0, 4.0]), "used": np.array([1.0, 1.0])}
    result = flow_driven(flows, np.array([3.0, 7.0]), 1.0, edges=[0, 2, 3])
    assert result.stock.tolist() == [5.0, 3.0]
    assert np.abs(result.balance()).max() == 0.0
    with pytest.raises(ModelError, match="falls below zero at year 1: -1"):
        flow_driven(np.array([1.0, 1.0]), np.array([1.0, 2.0]))
    with pytest.raises(ModelError, match="has no cohorts"):
        result.cohorts()


def test_a_reserve_loses_what_recovery_leaves_behind() -> None:
    result = reserve(np.array([9.0, 9.0]), 100.0, recovery=0.9, additions=np.array([0.0, 5.0]))
    np.testing.assert_allclose(result.stock, [90.0, 85.0])
    np.testing.assert_allclose(result.outflow, [10.0, 10.0])
    with pytest.raises(ModelError, match="falls below zero"):
        reserve(np.array([9.0, 9.0]), 15.0, recovery=0.9)
    with pytest.raises(InputError, match="recovery"):
        reserve(np.array([9.0]), 15.0, recovery=0.0)


@pytest.mark.parametrize("edges", [np.arange(31.0), np.array([0.0, 5, 6, 7, 9, 20, 21])])
@pytest.mark.parametrize("life", [Lifetime.weibull(mean=8, shape=2), Lifetime.fixed(3.3)])
def test_relations_are_the_stock_as_sparse_rows(edges: Floats, life: Lifetime) -> None:
    inflow = RNG.uniform(0, 5, len(edges) - 1)
    result = inflow_driven(inflow, life, edges=list(edges))
    weights = outflow_weights(life, edges)
    np.testing.assert_allclose(weights @ inflow, result.outflow, atol=1e-10)
    np.testing.assert_allclose(stock_weights(life, edges) @ inflow, result.stock, atol=1e-10)
    assert weights.data.min() > 1e-13
    with pytest.raises(InputError, match="needs one lifetime"):
        outflow_weights(Lifetime.fixed([1.0, 2.0]), edges)


def test_relations_of_short_lifetimes_are_sparse() -> None:
    assert outflow_weights(Lifetime.fixed(3), np.arange(101)).nnz == 97
    assert outflow_weights(Lifetime.normal(10, 1), np.arange(101)).nnz < 101 * 20


def test_the_initial_stock_leaves_as_its_ages_say() -> None:
    edges = np.arange(41.0)
    life = Lifetime.weibull(mean=8, shape=2)
    share = initial_outflow(life, edges)
    assert share.sum() == pytest.approx(1.0, abs=1e-9)
    # of what leaves in a year, 1/8, some has entered in that year
    assert share[0] == pytest.approx(float(life.limited_expected_value(1)) / 8, rel=1e-9)
    one = initial_outflow(Lifetime.fixed(3), [0, 1, 2, 3], [0.0, 1.0], timing="end")
    assert one.tolist() == [0.0, 1.0, 0.0]
