"""Every family of lifetimes against numerical quadrature and scipy.stats, and the refusal of bad ones."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from mfa.core.lifetime import LIFETIME_KINDS, Lifetime
from mfa.core.lifetime.kinds import load_family
from mfa.core.lifetime.timing import mean_survival
from mfa.errors import InputError

Floats = npt.NDArray[np.float64]
AGES = np.array([0.0, 1.0, 2.5, 4.0, 6.0, 9.5, 10.0])
SHARES = np.array([1.0, 0.95, 0.7, 0.7, 0.2, 0.1, 0.0])


def truncated(mean: float, sd: float) -> Any:
    return stats.truncnorm(-mean / sd, np.inf, loc=mean, scale=sd)


VARIANCE = np.log1p((1.5 / 4) ** 2)
LOGNORMAL = stats.lognorm(np.sqrt(VARIANCE), scale=4 * np.exp(-VARIANCE / 2))
CASES: dict[str, tuple[Lifetime, Callable[[float], float]]] = {
    "fixed": (Lifetime.fixed(3.7), lambda a: float(a < 3.7)),
    "normal": (Lifetime.normal(4, 1.5), stats.norm(4, 1.5).sf),
    "normal short": (Lifetime.normal(0.3, 0.1), stats.norm(0.3, 0.1).sf),
    "normal long": (Lifetime.normal(70, 21), stats.norm(70, 21).sf),
    "truncated": (Lifetime.truncated_normal(2, 1.5), truncated(2, 1.5).sf),
    "folded": (Lifetime.folded_normal(2, 1.5), stats.foldnorm(2 / 1.5, scale=1.5).sf),
    "lognormal": (Lifetime.lognormal(4, 1.5), LOGNORMAL.sf),
    "weibull": (Lifetime.weibull(shape=2.2, scale=5), stats.weibull_min(2.2, scale=5).sf),
    "weibull short": (Lifetime.weibull(shape=0.8, scale=0.6), stats.weibull_min(0.8, scale=0.6).sf),
    "weibull steep": (Lifetime.weibull(shape=30, scale=12), stats.weibull_min(30, scale=12).sf),
    "gamma": (Lifetime.gamma(shape=2.5, scale=2), stats.gamma(2.5, scale=2).sf),
    "gamma low": (Lifetime.gamma(shape=0.5, scale=6), stats.gamma(0.5, scale=6).sf),
    "exponential": (Lifetime.exponential(6), stats.expon(scale=6).sf),
    "log-logistic": (Lifetime.log_logistic(shape=3, scale=5), stats.fisk(3, scale=5).sf),
    "log-logistic heavy": (Lifetime.log_logistic(shape=1.3, scale=2), stats.fisk(1.3, scale=2).sf),
    "uniform": (Lifetime.uniform(2.3, 7.9), stats.uniform(2.3, 5.6).sf),
    "table": (Lifetime.table(AGES, SHARES), lambda a: float(np.interp(a, AGES, SHARES))),
}
KINKS = [0.6, 2.3, 2.5, 3.7, 7.9, 9.5]


def mean_by_quadrature(survival: Callable[[float], float], low: float, high: float) -> float:
    """The mean of S between two ages, adaptive Gauss-Kronrod between the places where S may have a kink."""
    cuts = [low, *(k for k in (*KINKS, *np.geomspace(1e-6, 0.5, 24)) if low < k < high), high]
    cuts.sort()
    parts = [
        integrate.quad(survival, a, b, epsabs=1e-15, epsrel=1e-13, limit=400)[0] for a, b in pairwise(cuts)
    ]
    return float(sum(parts) / (high - low))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
@pytest.mark.parametrize("edges", [np.arange(41.0), np.arange(30) / 12, [0, 0.5, 3, 4, 14, 40]])
def test_uniform_survival_is_the_integral_of_survival(name: str, edges: Any) -> None:
    life, survival = CASES[name]
    table = life.sf(edges=list(edges))
    for c in range(0, len(table), max(1, len(table) // 4)):
        for t in range(c, len(table), 3):
            low, high = edges[t + 1] - edges[c + 1], edges[t + 1] - edges[c]
            assert table[t, c] == pytest.approx(mean_by_quadrature(survival, low, high), abs=1e-12)


@pytest.mark.parametrize("name", [n for n in CASES if n != "log-logistic heavy"])
@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
def test_limited_expected_value_and_mean(name: str) -> None:
    life, survival = CASES[name]
    for age in (0.0, 0.2, 1.0, 3.0, 8.0, 20.0):
        wanted = age * mean_by_quadrature(survival, 0.0, age) if age else 0.0
        assert float(life.limited_expected_value(age)) == pytest.approx(wanted, abs=1e-12)
        assert float(life.survival(age)) == pytest.approx(survival(age), abs=1e-14)
    assert float(life.limited_expected_value(1e7)) == pytest.approx(float(life.mean()), rel=1e-9)


def survival_of(kind: str, mean: float, sd: float) -> Callable[[Floats], Floats]:
    """S by scipy.stats, or as defined."""
    life = Lifetime.from_spec(kind, parameters_of(kind, mean, sd))
    first, second = (float(v) for v in (*life._values.arrays, np.nan)[:2])
    return {
        "fixed": lambda: lambda a: (a < mean).astype(float),
        "normal": lambda: stats.norm(mean, sd).sf,
        "truncated_normal": lambda: lambda a: stats.norm.sf((a - mean) / sd) / stats.norm.sf(-mean / sd),
        "folded_normal": lambda: lambda a: stats.norm.sf((a - mean) / sd) + stats.norm.sf((a + mean) / sd),
        "lognormal": lambda: stats.lognorm(second, scale=np.exp(first)).sf,
        "weibull": lambda: lambda a: np.exp(-np.exp(np.minimum(first * np.log(a / second), 700.0))),
        "gamma": lambda: stats.gamma(first, scale=second).sf,
        "exponential": lambda: stats.expon(scale=mean).sf,
        "log_logistic": lambda: lambda a: special.expit(-first * np.log(a / second)),
        "uniform": lambda: stats.uniform(first, second - first).sf,
    }[kind]()


def parameters_of(kind: str, mean: float, sd: float) -> dict[str, float]:
    if kind in ("fixed", "exponential"):
        return {"mean": mean}
    return {"mean": mean, "sd": min(sd, 0.57 * mean) if kind == "uniform" else sd}


def mean_by_panels(
    survival: Callable[[Floats], Floats], low: float, high: float, mean: float, sd: float
) -> float:
    """The mean of S between two ages, 20 points on every panel, panels narrow where S bends or may jump."""
    width = min(sd, 0.57 * mean)
    kinks = [mean, mean - 3**0.5 * width, mean + 3**0.5 * width]
    bends = [mean + sd * np.linspace(-40, 40, 321), np.geomspace(1e-16 * high, high, 400)]
    cuts = np.unique(np.clip(np.concatenate([kinks, *bends]), low, high))
    points, weights = np.polynomial.legendre.leggauss(20)
    inside = cuts[:-1] + np.diff(cuts) * 0.5 * (points[:, None] + 1.0)
    return float(0.5 * weights @ survival(inside) @ np.diff(cuts) / (high - low))


@pytest.mark.parametrize("kind", [k for k in LIFETIME_KINDS if k != "table"])
@settings(max_examples=60, deadline=None)
@given(
    size=st.floats(-3, 5),
    spread=st.floats(-2.3, 0.5),
    length=st.sampled_from([1 / 12, 1.0, 5.0]),
    age=st.integers(0, 300),
    near=st.booleans(),
    other=st.sampled_from([1.0, 0.01, 100.0]),
)
def test_every_lifetime_agrees_with_quadrature(
    kind: str, size: float, spread: float, length: float, age: int, near: bool, other: float
) -> None:
    """Means of 0.001 to 100,000 years, narrow and wide, alone and beside much shorter or longer ones."""
    mean, sd = 10.0**size, 10.0 ** (size + spread)
    low = length * (min(int(mean / length * age / 150), 10**7) if near else age)
    pair = [Lifetime.from_spec(kind, parameters_of(kind, k * mean, k * sd)) for k in (1.0, other)]
    values = [np.array(both, dtype=float) for both in zip(*(p._values.arrays for p in pair), strict=True)]
    got = mean_survival(pair[0]._family, tuple(values), np.array([[low]]), np.array([[low + length]]))
    wanted = mean_by_panels(survival_of(kind, mean, sd), low, low + length, mean, sd)
    assert got[0, 0] == pytest.approx(wanted, abs=1e-12)


@given(mean=st.floats(0.05, 500), cv=st.floats(0.02, 3))
@pytest.mark.parametrize("kind", ["lognormal", "weibull", "gamma", "log_logistic"])
def test_mean_and_sd_are_those_of_the_lifetime(kind: str, mean: float, cv: float) -> None:
    life = Lifetime.from_spec(kind, {"mean": mean, "sd": cv * mean})
    first, second = (float(v) for v in life._values.arrays)
    made = {
        "lognormal": lambda: stats.lognorm(second, scale=np.exp(first)),
        "weibull": lambda: stats.weibull_min(first, scale=second),
        "gamma": lambda: stats.gamma(first, scale=second),
        "log_logistic": lambda: stats.fisk(first, scale=second),
    }[kind]()
    assert float(life.mean()) == pytest.approx(mean, rel=1e-9)
    assert made.mean() == pytest.approx(mean, rel=1e-9)
    if not (kind == "log_logistic" and cv > 1.5):  # scipy's own variance loses digits near shape 2
        assert made.std() == pytest.approx(cv * mean, rel=1e-6)


@given(shape=st.floats(0.3, 40), scale=st.floats(0.05, 200), length=st.sampled_from([1 / 12, 1.0, 5.0]))
def test_survival_tables_fall_and_stay_between_0_and_1(shape: float, scale: float, length: float) -> None:
    for life in (Lifetime.weibull(shape=shape, scale=scale), Lifetime.gamma(shape=shape, scale=scale)):
        kernel = life.sf(edges=list(length * np.arange(60)))[:, 0]
        assert 0.0 <= kernel[-1] <= kernel[0] <= 1.0
        assert np.all(np.diff(kernel) <= 0.0)


def test_uniform_kind_by_mean_and_sd() -> None:
    life = Lifetime.uniform(mean=10, sd=2)
    assert float(life.mean()) == pytest.approx(10)
    assert float(life.survival(10 + 2 * np.sqrt(3))) == 0.0


def test_weibull_by_mean_and_shape_has_the_mean() -> None:
    assert float(Lifetime.weibull(mean=15, shape=3.5).mean()) == pytest.approx(15, rel=1e-14)


def test_fixed_lifetime_is_not_fooled_by_rounded_dates() -> None:
    edges = 0.1 * np.arange(8)  # 0.1 * 3 is a little above 0.3
    table = Lifetime.fixed(0.3).sf(edges=list(edges), timing="end")
    assert table[:, 0].tolist() == [1, 1, 1, 0, 0, 0, 0]


def test_gauss_converges_to_uniform() -> None:
    life = Lifetime.weibull(mean=6, shape=2)
    exact = life.sf(range(30))
    errors = [np.abs(life.sf(range(30), f"gauss({n})") - exact).max() for n in (2, 4, 10)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-9


def test_hazard_factor_scales_the_hazard() -> None:
    factor = np.array([1.0, 1.0, 2.0, 0.0, 1.0])
    plain = Lifetime.exponential(5.0).sf(range(5), "end")
    scaled = Lifetime.exponential(5.0).with_hazard(factor).sf(range(5), "end")
    hazard = np.array([[0.2 * factor[c + 1 : t + 1].sum() for c in range(5)] for t in range(5)])
    np.testing.assert_allclose(scaled, np.tril(np.exp(-hazard)), rtol=1e-12)
    assert scaled[3, 0] == scaled[2, 0] < plain[2, 0]


def test_by_cohort_each_column_is_that_cohorts_lifetime() -> None:
    mean = np.array([3.0, 4.0, 6.0, 2.0])
    table = Lifetime.normal(mean, 1.0, by="cohort").sf(range(4))
    for c in range(4):
        np.testing.assert_allclose(table[:, c], Lifetime.normal(mean[c], 1.0).sf(range(4))[:, c], atol=1e-15)


def test_labelled_parameters_give_labelled_survival() -> None:
    mean = xr.DataArray([5.0, 10.0], dims="product", coords={"product": ["phone", "car"]})
    at = Lifetime.fixed(mean).survival([4, 7])
    assert at.dims == ("age", "product")
    assert at.sel(product="car").values.tolist() == [1, 1]
    assert at.sel(product="phone").values.tolist() == [1, 0]


def test_parameters_cannot_be_changed_from_outside() -> None:
    mean = np.array([5.0, 10.0])
    life = Lifetime.fixed(mean)
    mean[0] = 1.0
    assert life.survival(4).tolist() == [1, 1]
    assert life.parameters["mean"].tolist() == [5, 10]
    assert repr(life) == "Lifetime.fixed(mean=<2>)"


@pytest.mark.parametrize("name", CASES)
def test_lifetimes_can_be_sent_to_other_processes(name: str) -> None:
    life = CASES[name][0]
    again = pickle.loads(pickle.dumps(life))
    np.testing.assert_array_equal(again.sf(range(8)), life.sf(range(8)))
    assert repr(again) == repr(life)


BAD: list[tuple[str, Any, str]] = [
    ("weibul", {"mean": 1, "shape": 2}, 'did you mean "weibull"'),
    ("normal", {"mean": 1, "std": 2}, 'did you mean "sd"'),
    ("weibull", {"mean": 1}, r"takes \(mean, shape\) or \(shape, scale\) or \(mean, sd\), not \(mean\)"),
    ("normal", {"mean": 5, "sd": 0}, 'sd 0; it must be above 0 and finite.*\n.*kind "fixed"'),
    ("fixed", 0, "mean 0"),
    ("fixed", float("nan"), "mean nan"),
    ("normal", {"mean": [5, -1], "sd": 1}, r"at \[1\] has mean -1"),
    ("log_logistic", {"shape": 1.0, "scale": 2}, "the mean lifetime is infinite"),
    ("uniform", {"low": 4, "high": 4}, "low is not below high"),
    ("uniform", {"mean": 4, "sd": 3}, "start below 0"),
    ("table", {"age": [0, 1, 2], "survival": [1, 0.5, 0.1]}, "ends at age 2 with something still in use"),
    ("table", {"age": [0, 1, 2], "survival": [1, 0.5, 0.6]}, "never rise"),
    ("table", {"age": [1, 2], "survival": [1, 0]}, "start at 0"),
    ("table", {"age": [0, 2], "survival": [1, 0.5, 0]}, "for 2 ages"),
    ("fixed", {"mean": "long"}, "mean of the lifetime is not a number"),
    ("normal", {"mean": [1, 2], "sd": [1, 2, 3]}, r"do not fit each other: mean \(2,\) and sd \(3,\)"),
    ("fixed", xr.DataArray([1.0, -2.0], dims="r", coords={"r": ["A", "B"]}), "of r B has mean -2"),
    ("fixed", xr.DataArray([1.0], dims="year"), 'say by="cohort"'),
    ("fixed", {"mean": [4, 0]}, r"at \[1\] has mean 0(.|\n)*a part of a year as a fraction"),
]


@pytest.mark.parametrize(("kind", "parameters", "message"), BAD)
def test_bad_lifetimes_are_refused(kind: str, parameters: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Lifetime.from_spec(kind, parameters)


def test_unknown_timing_and_ages_are_refused() -> None:
    with pytest.raises(InputError, match='did you mean "uniform"'):
        Lifetime.fixed(3).sf(range(3), "unifrom")
    with pytest.raises(InputError, match="gauss"):
        Lifetime.fixed(3).sf(range(3), "gauss(11)")
    with pytest.raises(InputError, match="age is negative"):
        Lifetime.fixed(3).survival(-1)
    with pytest.raises(InputError, match=r"hazard factor at \[1\] is -1"):
        Lifetime.fixed(3).with_hazard([1, -1])
    with pytest.raises(InputError, match="the timing is a name, not None"):
        Lifetime.fixed(3).sf(range(3), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [k for k in LIFETIME_KINDS if k != "table"])
def test_the_table_of_kinds_is_what_families_accept(kind: str) -> None:
    assert set(load_family(kind).convert) == set(LIFETIME_KINDS[kind])
    assert callable(getattr(Lifetime, kind))


def test_the_table_of_kinds_needs_no_scipy() -> None:
    code = (
        "import sys; from mfa.core.lifetime import LIFETIME_KINDS; "
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'scipy', 'xarray', 'pandas'}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
