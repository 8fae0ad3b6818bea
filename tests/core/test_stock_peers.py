"""Stocks against more answers of flodym 1.1.0, and against plain sums for what no peer offers.

`data/flodym_cases.json` was written by `data/make_flodym_cases.py`. Survival in the plain sums comes from
scipy.stats and the definitions of the moments of entry, one cohort, period and point at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import integrate, special, stats

from mfa.core.lifetime import Lifetime
from mfa.core.stock import InitialStock, inflow_driven, stock_driven

Floats = npt.NDArray[np.float64]
Survival = Callable[[float], float]
FLODYM = json.loads((Path(__file__).parent / "data" / "flodym_cases.json").read_text())
FACTORS = np.array(FLODYM["factors"])


def survival_of(kind: str, p: Mapping[str, float]) -> Survival:
    """S(a) of one lifetime."""
    if kind == "lognormal":
        spread = np.log1p((p["sd"] / p["mean"]) ** 2)
        return lambda a: float(stats.lognorm.sf(a, spread**0.5, scale=p["mean"] * np.exp(-spread / 2)))
    makers: dict[str, Survival] = {
        "fixed": lambda a: float(a < p["mean"]),
        "normal": lambda a: stats.norm.sf(a, p["mean"], p["sd"]),
        "truncated_normal": lambda a: (
            stats.norm.sf(a, p["mean"], p["sd"]) / stats.norm.sf(0, p["mean"], p["sd"])
        ),
        "folded_normal": lambda a: stats.foldnorm.sf(a, p["mean"] / p["sd"], scale=p["sd"]),
        "weibull": lambda a: float(np.exp(-((a / p["scale"]) ** p["shape"]))),
        "gamma": lambda a: float(special.gammaincc(p["shape"], a / p["scale"])),
        "exponential": lambda a: float(np.exp(-a / p["mean"])),
        "log_logistic": lambda a: 1.0 / (1.0 + (a / p["scale"]) ** p["shape"]),
        "uniform": lambda a: stats.uniform.sf(a, p["low"], p["high"] - p["low"]),
    }
    return makers[kind]


# fmt: off
LOBATTO = {  # Abramowitz and Stegun, table 25.6: points on -1 to 1 and weights
    2: ([1.0], [1.0]),
    3: ([0.0, 1.0], [4 / 3, 1 / 3]),
    4: ([0.2**0.5, 1.0], [5 / 6, 1 / 6]),
    5: ([0.0, (3 / 7)**0.5, 1.0], [32 / 45, 49 / 90, 1 / 10]),
}
# fmt: on


def entry_points(timing: str) -> list[tuple[float, float]]:
    """Where in its period inflow enters, and how much of it there."""
    if timing in ("start", "middle", "end"):
        return [({"start": 0.0, "middle": 0.5, "end": 1.0}[timing], 1.0)]
    half, weights = LOBATTO[int(timing[6:-1])]
    points = {x * sign: w for x, w in zip(half, weights, strict=True) for sign in (1, -1)}
    return [((1 + x) / 2, w / 2) for x, w in points.items()]


def share_left(survival: Survival, timing: str, edges: Sequence[float], t: int, c: int) -> float:
    """The share of cohort c in use at the end of period t if it had one lifetime all along."""
    start, length = edges[c], edges[c + 1] - edges[c]
    if timing != "uniform":
        return sum(w * survival(edges[t + 1] - (start + x * length)) for x, w in entry_points(timing))
    low, high = edges[t + 1] - edges[c + 1], edges[t + 1] - start
    area = integrate.quad(survival, low, high, points=[(low + high) / 2], epsabs=1e-13, limit=500)[0]
    return float(area / length)


def plain_table(
    kinds: Sequence[tuple[str, Mapping[str, float]]], by: str | None, timing: str, edges: Sequence[float]
) -> Floats:
    """Survival[t, c]: of the cohort's lifetime, or (by year) the product of each year's survival ratio."""
    periods = len(edges) - 1
    laws = [survival_of(*k) for k in kinds]
    table = np.zeros((periods, periods))
    for c in range(periods):
        for t in range(c, periods):
            law = laws[t if by == "year" else c]
            table[t, c] = share_left(law, timing, edges, t, c)
            if by == "year" and t > c:
                before = share_left(law, timing, edges, t - 1, c)
                table[t, c] = table[t - 1, c] * (table[t, c] / before) if before > 0.0 else 0.0
    return table


def plain_stock(table: Floats, inflow: Floats, edges: Sequence[float]) -> tuple[Floats, Floats]:
    """Stock and outflow, cohort by cohort."""
    periods, lengths = len(inflow), np.diff(edges)
    stock, outflow = np.zeros(periods), np.zeros(periods)
    for t in range(periods):
        for c in range(t + 1):
            amount = inflow[c] * lengths[c]
            before = table[t - 1, c] if t > c else 1.0
            stock[t] += table[t, c] * amount
            outflow[t] += (before - table[t, c]) * amount / lengths[t]
    return stock, outflow


def varied(kind: str, parameters: Mapping[str, float], by: str | None) -> tuple[Lifetime, list[Any]]:
    """The lifetime, scaled by the factors where it changes, and its parameters in every period."""
    each = [{k: v if k == "shape" else v * f for k, v in parameters.items()} for f in FACTORS]
    if by is None:
        return Lifetime.from_spec(kind, parameters), [(kind, parameters)] * len(FACTORS)
    arrays = {k: np.array([p[k] for p in each]) for k in parameters}
    return Lifetime.from_spec(kind, arrays, by), [(kind, p) for p in each]


def case_name(case: Mapping[str, Any]) -> str:
    parameters = "-".join(f"{v:g}" for v in case["parameters"].values())
    return " ".join(
        [case["kind"], parameters, case["timing"], case["years"], case["by"] or "same", case["drive"]]
    )


@pytest.mark.parametrize("case", FLODYM["cases"], ids=case_name)
def test_as_flodym(case: Mapping[str, Any]) -> None:
    """Stock and inflow as flodym has them; its outflow only where periods are of one length.

    flodym multiplies an annual inflow with shares that leave in a period, whatever the lengths of the two, so
    that uneven years do not balance: there the outflow is compared with the plain sum, and theirs is refuted.
    """
    life, each = varied(case["kind"], case["parameters"], case["by"])
    years = FLODYM["years"][case["years"]]
    if case["drive"] == "inflow":
        result = inflow_driven(np.array(case["inflow"]), life, case["timing"], years=years)
    else:
        result = stock_driven(np.array(case["stock"]), life, case["timing"], "allow", years=years)
    scale = max(np.abs(case["inflow"]).max(), np.abs(case["stock"]).max())
    np.testing.assert_allclose(result.inflow, case["inflow"], rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(result.stock, case["stock"], rtol=1e-9, atol=1e-9 * scale)
    assert np.abs(result.balance()).max() < 1e-11 * scale
    edges = result.layout.periods.edges
    theirs = np.array(case["outflow"])
    if case["years"] != "uneven":
        np.testing.assert_allclose(result.outflow, theirs, rtol=1e-9, atol=1e-9 * scale)
    else:
        change = np.diff(case["stock"], prepend=0.0)
        assert np.abs(np.diff(edges) * (np.array(case["inflow"]) - theirs) - change).max() > 1e-3 * scale
    if case["timing"] in ("start", "middle", "end", "gauss(2)", "gauss(3)", "gauss(4)", "gauss(5)"):
        table = plain_table(each, case["by"], case["timing"], list(edges))
        stock, outflow = plain_stock(table, result.inflow, list(edges))
        np.testing.assert_allclose(result.stock, stock, rtol=1e-9, atol=1e-9 * scale)
        np.testing.assert_allclose(result.outflow, outflow, rtol=1e-9, atol=1e-9 * scale)


def test_the_cases_meet_every_moment_drive_and_change() -> None:
    cases = FLODYM["cases"]
    assert len(cases) >= 60
    for key, count in (("timing", 12), ("drive", 3), ("by", 3), ("years", 3), ("kind", 5)):
        assert len({c[key] for c in cases}) == count


OTHERS: list[tuple[str, dict[str, float]]] = [
    ("truncated_normal", {"mean": 2, "sd": 3}),
    ("gamma", {"shape": 0.7, "scale": 9}),
    ("gamma", {"shape": 6, "scale": 1.5}),
    ("exponential", {"mean": 5}),
    ("log_logistic", {"shape": 2.5, "scale": 6}),
    ("uniform", {"low": 1.3, "high": 11.7}),
    ("lognormal", {"mean": 0.5, "sd": 0.1}),
    ("weibull", {"shape": 0.8, "scale": 0.6}),
    ("normal", {"mean": 0.3, "sd": 0.1}),
    ("fixed", {"mean": 4.3}),
]


@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
@pytest.mark.parametrize("by", [None, "cohort", "year"])
@pytest.mark.parametrize("timing", ["uniform", "middle", "gauss(4)"])
@pytest.mark.parametrize(("kind", "parameters"), OTHERS)
def test_as_plain_sums(kind: str, parameters: dict[str, float], timing: str, by: str | None) -> None:
    """What no peer offers: other lifetimes, and inflow spread evenly, by numerical quadrature."""
    years = FLODYM["years"]["uneven" if kind[0] in "tg" else "even"]
    life, each = varied(kind, parameters, by)
    inflow = np.array([10.0, 12, 15, 11, 0, 14, 13, 16, 12, 10, 3, 7])
    result = inflow_driven(inflow, life, timing, years=years)
    edges = list(result.layout.periods.edges)
    # the ratios of a survival that has all but gone carry the quadrature's own error
    table = plain_table(each, by, timing, edges)
    stock, outflow = plain_stock(table, inflow, edges)
    near = 1e-6 if by == "year" and timing == "uniform" else 1e-9
    np.testing.assert_allclose(result.stock, stock, rtol=near, atol=near * stock.max())
    np.testing.assert_allclose(result.outflow, outflow, rtol=near, atol=near * stock.max())


@pytest.mark.parametrize("timing", ["uniform", "end", "gauss(3)"])
def test_hazards_scaled_by_year_as_plain_products(timing: str) -> None:
    """What survives period t is the survival ratio of that period to the power of its factor."""
    factor = np.array([1.0, 0.5, 2.0, 1.0, 0.0, 3.0, 1.0, 0.2])
    edges = [0.0, 1, 2, 4, 5, 6, 7.5, 8, 9]
    life = Lifetime.weibull(shape=2.2, scale=5)
    inflow = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    law = survival_of("weibull", {"shape": 2.2, "scale": 5})
    table = np.zeros((8, 8))
    for c in range(8):
        kept, before = 1.0, 1.0
        for t in range(c, 8):
            now = share_left(law, timing, edges, t, c)
            kept *= (now / before) ** factor[t]
            table[t, c], before = kept, now
    stock, outflow = plain_stock(table, inflow, edges)
    result = inflow_driven(inflow, life.with_hazard(factor), timing, edges=edges)
    np.testing.assert_allclose(result.stock, stock, rtol=1e-11)
    np.testing.assert_allclose(result.outflow, outflow, rtol=1e-10, atol=1e-11)
    back = stock_driven(stock, life.with_hazard(factor), timing, edges=edges)
    np.testing.assert_allclose(back.inflow, inflow, rtol=1e-9)


def test_early_retirement_as_a_plain_march() -> None:
    """A stock that falls: nothing enters and every cohort is scaled down alike, one period at a time."""
    levels = [40.0, 60, 90, 80, 30, 25, 20, 5, 30, 2]
    history = np.array([5.0, 8.0, 9.0])
    edges = list(range(-3, 11))
    law = survival_of("lognormal", {"mean": 9, "sd": 4})
    table = np.array(
        [[share_left(law, "middle", edges, t, c) if t >= c else 0.0 for c in range(13)] for t in range(13)]
    )
    alive = np.zeros(13)
    alive[:3] = history
    inflow, outflow = [], []
    for t, level in enumerate(levels, start=3):
        before = alive.sum()
        for c in range(t):
            alive[c] *= table[t, c] / table[t - 1, c]
        if alive.sum() > level:
            alive *= level / alive.sum()
            enters = 0.0
        else:
            enters = (level - alive.sum()) / table[t, t]
            alive[t] = enters * table[t, t]
        inflow.append(enters)
        outflow.append(before + enters - alive.sum())
    initial = InitialStock.by_cohort(history)
    result = stock_driven(np.array(levels), Lifetime.lognormal(9, 4), "middle", "retire", initial)
    np.testing.assert_allclose(result.inflow, inflow, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(result.outflow, outflow, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(result.cohorts(year=9), alive, rtol=1e-10, atol=1e-10)


def test_the_lognormal_of_odym_has_its_spread_upside_down() -> None:
    """ODYM 0.1.0 takes sigma^2 = log(1 + mean^2 / sd^2); the spread is then mean^2 / sd, not sd."""
    mean, sd = 4.0, 1.5
    sigma = np.sqrt(np.log(1 + mean**2 / sd**2))
    mu = np.log(mean / np.sqrt(1 + mean**2 / sd**2))
    theirs = stats.lognorm(sigma, scale=np.exp(mu))
    assert theirs.std() == pytest.approx(mean**2 / sd)
    ages = np.arange(1.0, 12)
    ours = Lifetime.lognormal(mean, sd)
    np.testing.assert_allclose(Lifetime.lognormal(mean, mean**2 / sd).survival(ages), theirs.sf(ages))
    assert np.abs(ours.survival(ages) - theirs.sf(ages)).max() > 0.3
    second = 2 * integrate.quad(lambda a: a * float(ours.survival(a)), 0, 200, limit=300)[0]
    assert np.sqrt(second - mean**2) == pytest.approx(sd, rel=1e-8)
