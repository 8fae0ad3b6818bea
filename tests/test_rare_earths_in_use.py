"""Magnets by application: the scenario against the stock engine, and its tables against each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mfa
from mfa.run.bundled import bundled_root, find_scenario

DATA = bundled_root() / "models" / "rare_earths" / "data"
LIFETIMES = {
    "ev": mfa.Lifetime.weibull(scale=16.07, shape=2.01),
    "wind": mfa.Lifetime.weibull(mean=20, shape=3),
    "electronics": mfa.Lifetime.weibull(mean=5, shape=2),
    "other": mfa.Lifetime.weibull(mean=14, shape=2),
}


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv")


@pytest.fixture(scope="module")
def result() -> mfa.Result:
    return mfa.run(mfa.load(find_scenario("rare_earths_in_use")))


def test_shares_close_and_the_initial_stock_is_that_of_the_chain() -> None:
    shares = table("application_shares").groupby("year")["value"].sum()
    assert shares.to_dict() == pytest.approx(dict.fromkeys(range(2017, 2025), 1.0), abs=1e-9)
    parts = table("in_use_by_application").groupby(["region", "element"])["value"].sum()
    whole = table("in_use_initial").set_index(["region", "element"])["value"]
    assert parts.to_dict() == pytest.approx(whole.to_dict(), abs=0.05)


@pytest.mark.parametrize("application", [*LIFETIMES])
def test_stocks_are_those_of_the_engine(result: mfa.Result, application: str) -> None:
    used = table("magnets_used").query("region == 'CHN' and element == 'Nd'").set_index("year")["value"]
    share = table("application_shares").query("application == @application").set_index("year")["value"]
    held = table("in_use_by_application").query(
        "region == 'CHN' and element == 'Nd' and application == @application"
    )["value"]
    wanted = mfa.stock.inflow_driven(
        (used * share).to_numpy(),
        LIFETIMES[application],
        initial=mfa.stock.InitialStock.by_age(float(held.iloc[0]), "stationary"),
    )
    labels = {"region": "CHN", "element": "Nd", "application": application}
    assert result.stock("in_use").sel(labels).to_numpy() == pytest.approx(wanted.stock, rel=1e-9)
    assert result.flow("retired").sel(labels).to_numpy() == pytest.approx(wanted.outflow, rel=1e-9)


def test_every_balance_closes_and_each_application_recycles_its_own_part(result: mfa.Result) -> None:
    assert result.balance()["relative"].max() < 1e-9
    rate = table("eol_recycling").set_index("application")["value"]
    retired, recycled = result.flow("retired"), result.flow("eol_recycled")
    for application in LIFETIMES:
        part = retired.sel(application=application) * rate[application]
        np.testing.assert_allclose(recycled.sel(application=application), part, rtol=1e-9, atol=1e-12)


def test_stocks_of_the_world_beside_the_published(result: mfa.Result) -> None:
    """At least what was there in 2007 (Du and Graedel 2011), and the sizes that README.md prints."""
    stock = result.stock("in_use").sum(["region", "application"]) / 1000
    now = stock.sel(year=2024).to_series()
    assert (now[["Nd", "Pr", "Dy", "Tb"]] > [62.6, 15.7, 15.7, 3.1]).all()
    assert now[["Nd", "Pr", "Dy", "Tb"]].round(1).tolist() == [275.2, 81.1, 17.5, 3.9]
