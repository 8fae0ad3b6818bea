"""Tables in place of the equations of a lifetime: as near as they say, and only where they should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mfa.core.lifetime import Lifetime, tabulated
from mfa.core.lifetime.ageing import Ageing
from mfa.core.lifetime.curve import Curve, fit
from mfa.core.lifetime.tabulated import NEAR
from mfa.core.stock import inflow_driven, stock_driven

RNG = np.random.default_rng(3)
MEAN = np.concatenate([RNG.uniform(0.05, 24, 300), [0.004, 1.0, 2.0, 25.0]])
MAKERS: dict[str, Callable[[Any, Any], Lifetime]] = {
    "normal": lambda mean, by: Lifetime.normal(mean, 0.3 * mean, by=by),
    "normal, all sorts": lambda mean, by: Lifetime.normal(mean, (0.01 + mean % 1) * mean, by=by),
    "lognormal": lambda mean, by: Lifetime.lognormal(mean, 0.4 * mean, by=by),
    "lognormal wide": lambda mean, by: Lifetime.lognormal(mean, 2 * mean, by=by),
    "weibull": lambda mean, by: Lifetime.weibull(mean=mean, shape=3.5, by=by),
    "weibull early": lambda mean, by: Lifetime.weibull(mean=mean, shape=0.8, by=by),
    "weibull steep": lambda mean, by: Lifetime.weibull(mean=mean, shape=20, by=by),
    "weibull by sd": lambda mean, by: Lifetime.weibull(mean=mean, sd=0.35 * mean, by=by),
    "gamma": lambda mean, by: Lifetime.gamma(mean=mean, shape=3, by=by),
    "gamma early": lambda mean, by: Lifetime.gamma(mean=mean, shape=0.5, by=by),
    "gamma narrow": lambda mean, by: Lifetime.gamma(mean=mean, sd=0.05 * mean, by=by),
    "log-logistic": lambda mean, by: Lifetime.log_logistic(mean=mean, shape=3, by=by),
    "log-logistic heavy": lambda mean, by: Lifetime.log_logistic(mean=mean, shape=1.3, by=by),
}
EDGES = {
    "years": np.arange(121.0),
    "fives": 5.0 * np.arange(30),
    "uneven": np.array([0, 2, 3.5, 6, 11, 40.0]),
}


def both(life: Lifetime, edges: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Ageing, Ageing]:
    """The lifetimes over the periods by equations, and by tables."""
    from mfa.core.lifetime.labelled import Grid

    grid = Grid(MEAN.shape, None, {}, len(edges) - 1, range(len(edges) - 1))
    monkeypatch.setattr(tabulated, "ENOUGH", np.inf)
    plain, _ = life.over(grid, edges, "uniform")
    monkeypatch.setattr(tabulated, "ENOUGH", 0)
    return plain, life.over(grid, edges, "uniform")[0]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("spacing", EDGES)
def test_tables_are_as_near_the_equations_as_they_say(
    name: str, spacing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, quick = both(MAKERS[name](MEAN, None), EDGES[spacing], monkeypatch)
    assert quick.family.excess is not plain.family.excess
    for c in (0, 2):
        wanted, got = plain.column(c), quick.column(c)
        np.testing.assert_allclose(got, wanted, rtol=0, atol=NEAR)
        small = (wanted > 1e-14) & (wanted < 1e-9)
        np.testing.assert_allclose(got[small], wanted[small], rtol=1e-6)
        assert np.all(np.diff(got, axis=0) <= 0.0)
        assert got.max() <= 1.0


def test_tables_of_lifetimes_by_cohort(monkeypatch: pytest.MonkeyPatch) -> None:
    mean = MEAN * RNG.uniform(0.7, 1.3, (30, 1))
    plain, quick = both(MAKERS["weibull"](mean, "cohort"), np.arange(31.0), monkeypatch)
    assert quick.family.excess is not plain.family.excess
    for c in range(30):
        np.testing.assert_allclose(quick.column(c), plain.column(c), rtol=0, atol=NEAR)


def test_stocks_are_the_same_with_and_without_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    mean = RNG.uniform(2, 30, (40, 2500))
    inflow = RNG.uniform(0, 1, (40, 2500))
    found = []
    for enough in (np.inf, 0):
        monkeypatch.setattr(tabulated, "ENOUGH", enough)
        for life in (Lifetime.normal(mean, 0.2 * mean, by="cohort"), Lifetime.weibull(mean=mean[0], shape=2)):
            there = inflow_driven(inflow, life)
            back = stock_driven(there.stock, life)
            np.testing.assert_allclose(back.inflow, inflow, atol=1e-12)
            assert np.abs(there.balance()).max() < 1e-13
            found.append(there)
    for slow, quick in zip(found[:2], found[2:], strict=True):
        np.testing.assert_allclose(quick.stock, slow.stock, rtol=1e-12)
        np.testing.assert_allclose(quick.outflow, slow.outflow, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    "life",
    [
        Lifetime.weibull(mean=MEAN, shape=1 + MEAN),
        Lifetime.normal(1000 * MEAN, 300 * MEAN),
        Lifetime.folded_normal(MEAN, MEAN),
        Lifetime.normal(MEAN * RNG.uniform(0.7, 1.3, (49, 1)), 2.0, by="year"),
        Lifetime.normal(MEAN, 2.0).with_hazard(np.linspace(0.5, 2, 49)[:, None]),
    ],
)
def test_equations_stay_where_tables_would_not_do(life: Lifetime, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, quick = both(life, np.arange(50.0), monkeypatch)
    assert quick.family == plain.family


def test_a_curve_is_refused_where_the_function_jumps() -> None:
    assert fit(lambda x: np.asarray(x > 0.3, dtype=float), 0.0, 1.0, 1e-6) is None
    smooth = fit(np.exp, -2.0, 1.0, 1e-14)
    assert isinstance(smooth, Curve)
    x = np.linspace(-2, 1, 999)
    np.testing.assert_allclose(smooth.at((x + 2.0) * smooth.density), np.exp(x), rtol=2e-14)
    assert fit(np.exp, -2.0, 1.0, 1e-3, 1e-18) is None


def test_the_young_part_of_a_long_lifetime_beside_a_short_one() -> None:
    """The two share a batch, where old ages start with the shorter mean."""
    life = Lifetime.log_logistic(mean=np.array([1.0, 1000.0]), shape=3)
    alone = replace(life, _values=replace(life._values, arrays=tuple(v[1:] for v in life._values.arrays)))
    np.testing.assert_allclose(life.sf(range(40))[:, :, 1], alone.sf(range(40))[:, :, 0], atol=1e-13)
