"""Simulations of whole systems beside plain dense algebra that knows nothing of the package's rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import mfa
from mfa.core.stock import outflow_weights
from mfa.run.result import Result

Array = npt.NDArray[np.float64]
ELEMENTS = ("Fe", "Cu", "Nd")
YEARS = 5


def _by_element(numbers: Array) -> dict[str, float]:
    return dict(zip(ELEMENTS, numbers.tolist(), strict=True))


class Plants:
    """A random system: plants send shares by element to each other, to use and to the tip; scrap returns.

    Plant k is fed by its own mine where `mined[k]` is above zero; what leaves use goes to plant `back`.
    """

    def __init__(self, seed: int, plants: int, timing: str) -> None:
        random = np.random.default_rng(seed)
        self.n, self.timing, self.back = plants, timing, int(random.integers(plants))
        weights = random.uniform(0.05, 1.0, (plants, plants + 2, len(ELEMENTS)))
        weights[:, :plants][random.random((plants, plants)) < 0.4] = 0.0
        weights[np.arange(plants), np.arange(plants)] = 0.0
        self.share = weights / weights.sum(axis=1, keepdims=True)
        self.mined = np.where(random.random(plants) < 0.6, 10 ** random.uniform(-2, 4, plants), 0.0)
        self.mined[0] = 100.0
        unfed = ~self.share[:, :plants].any(axis=(0, 2)) & (np.arange(plants) != self.back)
        self.mined[unfed & (self.mined == 0.0)] = 1.0  # a plant that nothing enters is refused
        self.ore = 10.0 ** random.uniform(-6, 0, len(ELEMENTS))
        self.ore /= self.ore.sum()
        self.mean = float(random.uniform(1, 6))

    def document(self) -> dict[str, Any]:
        names = [f"p{k}" for k in range(self.n)]
        ends = [*names, "use", "tip"]
        flows: dict[str, Any] = {"retired": {"from": "use", "to": f"p{self.back}"}}
        transfers: dict[str, Any] = {name: {} for name in names}
        for k, name in enumerate(names):
            if self.mined[k]:
                flows[f"mined{k}"] = {"from": "mine", "to": name, "commodity": "ore"}
            for j, end in enumerate(ends):
                if self.share[k, j].any():
                    flows[f"{name}_{end}"] = {"from": name, "to": end}
                    transfers[name][f"{name}_{end}"] = {
                        "dims": "element",
                        "data": _by_element(self.share[k, j]),
                    }
            transfers[name][f"{name}_tip"] = "rest"
        return {
            "mfa": 1,
            "name": "plants",
            "dimensions": {"year": {"range": [2000, 2000 + YEARS - 1]}, "element": list(ELEMENTS)},
            "processes": {"mine": {"kind": "source"}, "tip": {"kind": "sink"}, "use": {"kind": "stock"}}
            | {name: {} for name in names},
            "flows": flows,
            "transfers": transfers,
            "compositions": {"ore": {"dims": "element", "data": _by_element(self.ore)}},
            "stocks": {
                "in_use": {
                    "at": "use",
                    "timing": self.timing,
                    "lifetime": {"weibull": {"mean": self.mean, "shape": 2.0}},
                }
            },
            "solve": {"question": "simulate"},
            "drivers": {
                f"ore{k}": {"of": f"mined{k}", "sum": ["element"], "value": float(self.mined[k])}
                for k in range(self.n)
                if self.mined[k]
            },
        }

    def throughputs(self) -> Array:
        """What passes each plant, (plant, year, element): one dense system an element, all years at once."""
        edges = np.arange(2000.0, 2000 + YEARS + 1)
        lifetime = mfa.Lifetime.weibull(mean=self.mean, shape=2.0)
        leaves = outflow_weights(lifetime, edges, self.timing).toarray()
        found = np.empty((self.n, YEARS, len(ELEMENTS)))
        for e, part in enumerate(self.ore):
            between = np.kron(self.share[:, : self.n, e].T, np.eye(YEARS))
            into = np.zeros((self.n, self.n))
            into[self.back] = self.share[:, self.n, e]
            system = np.eye(self.n * YEARS) - between - np.kron(into, leaves)
            right = np.repeat(self.mined * part, YEARS)
            found[..., e] = np.linalg.solve(system, right).reshape(self.n, YEARS)
        return found


def closure(result: Result) -> float:
    """The worst difference of any balance relative to its own throughput, however small that is."""
    table = result.balance()
    table = table[table["throughput"] > 0]
    return float((table["difference"].abs() / table["throughput"]).max())


SYSTEMS = st.builds(
    Plants, st.integers(0, 2**32 - 1), st.integers(2, 5), st.sampled_from(["uniform", "start", "end"])
)


@given(SYSTEMS)
@settings(max_examples=12, deadline=None)
def test_random_systems_with_loops_and_a_stock_are_those_of_dense_algebra(system: Plants) -> None:
    result = mfa.run(mfa.load(system.document()))
    through = system.throughputs()
    for k in range(system.n):
        for j, end in enumerate([*(f"p{i}" for i in range(system.n)), "use", "tip"]):
            if system.share[k, j].any():
                wanted = through[k] * system.share[k, j]
                assert result.flow(f"p{k}_{end}").to_numpy() == pytest.approx(wanted, rel=1e-9)
    assert closure(result) < 1e-12
    assert set(result.quantity("p0_tip").frame()["status"]) == {"determined"}


@given(SYSTEMS)
@settings(max_examples=3, deadline=None)
def test_reconciling_exact_complete_data_returns_the_simulation(system: Plants) -> None:
    document = system.document()
    simulated = mfa.run(mfa.load(document))
    axes = ["year", "element"]
    seen = {
        name: {"of": name, "dims": axes, "data": simulated.flow(name).to_numpy().tolist(), "cv": 0.1}
        for name in document["flows"]
    }
    del document["drivers"], document["solve"]
    found = mfa.run(mfa.load({**document, "observations": seen}))
    for name in document["flows"]:
        wanted = simulated.flow(name).to_numpy()
        assert found.flow(name).to_numpy() == pytest.approx(wanted, rel=1e-8, abs=1e-8 * wanted.max())


def test_grams_beside_megatonnes_keep_their_own_precision() -> None:
    """One part in 1e15 of an ore goes round a loop of its own shares; each element by one closed form."""
    parts = {"Fe": 1.0 - 1e-15, "Nd": 1e-15}
    kept = {"Fe": 0.75, "Nd": 0.125}
    result = mfa.run(
        mfa.load(
            {
                "mfa": 1,
                "dimensions": {"element": ["Fe", "Nd"]},
                "processes": {"mine": {"kind": "source"}, "mill": {}, "shop": {}, "use": {"kind": "sink"}},
                "flows": {
                    "ore": {"from": "mine", "to": "mill", "commodity": "ore"},
                    "metal": {"from": "mill", "to": "shop"},
                    "goods": {"from": "shop", "to": "use"},
                    "offcuts": {"from": "shop", "to": "mill"},
                },
                "compositions": {"ore": {"dims": "element", "data": parts}},
                "transfers": {"shop": {"goods": {"dims": "element", "data": kept}, "offcuts": "rest"}},
                "solve": {"question": "simulate"},
                "drivers": {"dug": {"of": "ore", "sum": ["element"], "value": 1e3, "unit": "Mt"}},
            }
        )
    )
    ore = np.array([1e9 * parts["Fe"], 1e9 * parts["Nd"]])
    assert ore[1] == pytest.approx(1e-6)
    assert result.flow("metal").to_numpy() == pytest.approx(ore / [0.75, 0.125], rel=1e-14)
    assert result.flow("goods").to_numpy() == pytest.approx(ore, rel=1e-14)
    assert closure(result) < 1e-14


REGIONS = ["AAA", "BBB", "CCC"]
ORE = np.array([[0.7, 0.2999, 1e-4], [0.2, 0.5, 0.3], [0.5, 0.4, 0.1]])
TRADE = np.array([[0, 30, 10], [20, 0, 5], [4, 2, 0]], float)


def markets(**changes: Any) -> dict[str, Any]:
    """Three markets that trade in circles, each with an ore of its own."""
    pairs = {
        a: {b: t for b, t in zip(REGIONS, row, strict=True) if t}
        for a, row in zip(REGIONS, TRADE, strict=True)
    }
    ores = {r: _by_element(row) for r, row in zip(REGIONS, ORE, strict=True)}
    return {
        "mfa": 1,
        "name": "markets",
        "dimensions": {"region": REGIONS, "element": list(ELEMENTS)},
        "processes": {"mine": {"kind": "source"}, "market": {"kind": "market"}, "use": {"kind": "sink"}},
        "flows": {
            "mined": {"from": "mine", "to": "market", "commodity": "ore"},
            "fed": {"from": "market", "to": "use", "commodity": "oxide"},
        },
        "trade": {"traded": {"at": "market", "commodity": "oxide"}},
        "compositions": {"ore": {"dims": ["region", "element"], "data": ores}, "oxide": "mixed"},
        "solve": {"question": "simulate"},
        "drivers": {
            "dug": {
                "of": "mined",
                "sum": ["element"],
                "dims": "region",
                "data": {"AAA": 100, "BBB": 50, "CCC": 3},
            },
            "sold": {"of": "traded", "sum": ["element"], "dims": ["exporter", "importer"], "data": pairs},
        },
        **changes,
    }


def mixes(mined: Array, trade: Array) -> Array:
    """The composition of each market: what enters it, weighted; one linear system for every element."""
    through = mined + trade.sum(axis=0)
    return np.linalg.solve(np.diag(through) - trade.T, mined[:, None] * ORE)


def test_a_market_in_a_loop_of_trade_has_the_mix_of_what_enters_it() -> None:
    result = mfa.run(mfa.load(markets()))
    mined = np.array([100.0, 50, 3])
    mix = mixes(mined, TRADE)
    fed = mined + TRADE.sum(axis=0) - TRADE.sum(axis=1)
    assert result.flow("fed").to_numpy() == pytest.approx(fed[:, None] * mix, rel=1e-13)
    traded = result.trade("traded").set_index(["exporter", "importer", "element"])["value"]
    assert traded["AAA", "BBB", "Nd"] == pytest.approx(30 * mix[0, 2], rel=1e-13)
    assert closure(result) < 1e-13


def test_demand_at_the_end_of_markets_says_what_is_mined() -> None:
    base = markets()
    want = {
        "wanted": {
            "of": "fed",
            "sum": ["element"],
            "dims": "region",
            "data": {"AAA": 60, "BBB": 40, "CCC": 10},
        }
    }
    result = mfa.run(mfa.load({**base, "drivers": {**want, "sold": base["drivers"]["sold"]}}))
    mined = np.array([60.0, 40, 10]) - TRADE.sum(axis=0) + TRADE.sum(axis=1)
    assert result.flow("mined").sum("element").to_numpy() == pytest.approx(mined, rel=1e-13)
    wanted = np.array([60.0, 40, 10])[:, None] * mixes(mined, TRADE)
    assert result.flow("fed").to_numpy() == pytest.approx(wanted, rel=1e-13)


def test_demand_of_one_element_draws_the_others_with_it() -> None:
    base = markets()
    want = {
        "wanted": {
            "of": "fed",
            "at": {"element": "Cu"},
            "dims": "region",
            "data": {"AAA": 20, "BBB": 20, "CCC": 5},
        }
    }
    result = mfa.run(mfa.load({**base, "drivers": {**want, "sold": base["drivers"]["sold"]}}))
    assert result.flow("fed").sel(element="Cu").to_numpy() == pytest.approx([20, 20, 5], rel=1e-12)
    mined = result.flow("mined").sum("element").to_numpy()
    fed = mined + TRADE.sum(axis=0) - TRADE.sum(axis=1)
    assert result.flow("fed").to_numpy() == pytest.approx(fed[:, None] * mixes(mined, TRADE), rel=1e-11)


def test_a_closed_market_has_no_flow_and_is_no_fault() -> None:
    drivers = markets()["drivers"]
    drivers["dug"] = {**drivers["dug"], "data": {"AAA": 100, "BBB": 0, "CCC": 0}}
    zero = {a: {b: 0 for b in REGIONS if b != a} for a in REGIONS}
    drivers["sold"] = {**drivers["sold"], "data": zero}
    trade = {"traded": {"at": "market", "commodity": "oxide", "pairs": "all"}}
    result = mfa.run(mfa.load(markets(drivers=drivers, trade=trade)))
    assert result.flow("fed").to_numpy() == pytest.approx(np.array([100.0, 0, 0])[:, None] * ORE, rel=1e-14)


def test_a_scenario_in_a_file_is_that_in_a_mapping(tmp_path: Path) -> None:
    document = Plants(7, 4, "uniform").document()
    file = tmp_path / "plants.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    one, other = mfa.run(mfa.load(document)), mfa.run(mfa.load(file))
    for name in document["flows"]:
        assert one.flow(name).to_numpy().tobytes() == other.flow(name).to_numpy().tobytes()


@pytest.mark.parametrize("timing", ["uniform", "end"])
def test_rows_that_others_imply_do_no_harm_in_a_loop(timing: str) -> None:
    """Shares of applications that sum to 1 with the offcuts, and levels by application beside the balance."""
    uses, years = ["car", "fan", "pipe"], 6
    part = dict(zip(uses, (0.5, 0.2, 0.1), strict=True))
    life = {u: {"weibull": {"mean": 2 + 2 * k, "shape": 2}} for k, u in enumerate(uses)}
    document = {
        "mfa": 1,
        "dimensions": {"year": {"range": [2000, 1999 + years]}, "use_of": uses},
        "processes": {"ore": {"kind": "source"}, "maker": {}, "use": {"kind": "stock"}, "yard": {}}
        | {"tip": {"kind": "sink"}, "mill": {}},
        "flows": {
            "mined": {"from": "ore", "to": "mill"},
            "metal": {"from": "mill", "to": "maker"},
            "goods": {"from": "maker", "to": "use", "by": ["use_of"]},
            "offcuts": {"from": "maker", "to": "mill"},
            "retired": {"from": "use", "to": "yard", "by": ["use_of"]},
            "scrap": {"from": "yard", "to": "mill"},
            "lost": {"from": "yard", "to": "tip"},
        },
        "transfers": {
            "maker": {"goods": {"dims": ["use_of"], "data": part}, "offcuts": 0.2},
            "yard": {"scrap": 0.5, "lost": 0.5},
        },
        "stocks": {"in_use": {"at": "use", "timing": timing, "lifetime": life}},
        "solve": {"question": "simulate"},
        "drivers": {"ore": {"of": "mined", "value": 100}},
    }
    result = mfa.run(mfa.load(document))
    edges = np.arange(2000.0, 2001 + years)
    leaves = sum(
        part[u] * outflow_weights(mfa.Lifetime.weibull(mean=2 + 2 * k, shape=2.0), edges, timing).toarray()
        for k, u in enumerate(uses)
    )
    metal = np.linalg.solve(np.eye(years) * 0.8 - 0.5 * leaves, np.full(years, 100.0))
    assert result.flow("metal").to_numpy() == pytest.approx(metal, rel=1e-12)
    assert result.flow("retired").sum("use_of").to_numpy() == pytest.approx(leaves @ metal, rel=1e-11)
    assert closure(result) < 1e-12
