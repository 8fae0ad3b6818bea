"""Which report is wrong: worlds with a known truth and planted errors, and who is named for them.

`python -m tests.bench.culprits [worlds] [--table]`: four families of random networks, one or two errors of 5
to 20 sigma in reports and stated shares that others check (leverage above 0.05), normal errors elsewhere.
The file needs nothing but `mfa`, so that it also runs beside another version of it.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import mfa

CHECKED = 0.05
"""Leverage from which a report counts as checkable."""
SIZES = (5.0, 20.0)
Random = np.random.Generator
Document = dict[str, Any]


@dataclass
class World:
    """A scenario whose reports are still true, and where each of them is stated: name -> (holder, sigma)."""

    document: Document
    reports: dict[str, tuple[Document, float]] = field(default_factory=dict)

    def err(self, name: str, sigmas: float) -> bool:
        """Make a report wrong, where what is then stated is possible (no negative mass, shares up to 1)."""
        entry, sigma = self.reports[name]
        value = float(entry["value"] + sigmas * sigma)
        if name.startswith("transfers."):
            beside = self.document["transfers"][name.split(".")[1]].values()
            if value + sum(e["value"] for e in beside if isinstance(e, dict) and e is not entry) > 0.995:
                return False
        if value > 0:
            entry["value"] = value
        return value > 0

    def report(self, rng: Random, name: str, of: dict[str, Any], true: float, *, cv: bool) -> None:
        """State a number with an error of 1 to 8 % of it."""
        share = float(rng.uniform(0.01, 0.08))
        entry = {**of, "value": true, **({"cv": share} if cv else {"sd": share * true}), "unit": "t"}
        self.document["observations"][name] = entry
        self.reports[name] = (entry, share * true)


def network(rng: Random) -> tuple[Document, dict[str, float], dict[str, dict[str, float]]]:
    """A chain of processes with side flows to two sinks and a recycling loop: document, flows, shares."""
    n = int(rng.integers(3, 7))
    processes: Document = {"mine": {"kind": "source"}, "use": {"kind": "sink"}, "waste": {"kind": "sink"}}
    flows: Document = {"f0": {"from": "mine", "to": "p0"}}
    true, shares = {"f0": float(100 * np.exp(rng.normal()))}, dict[str, dict[str, float]]()
    through = true["f0"]
    for k in range(n):
        processes[f"p{k}"] = {}
        ends = ["use" if k == n - 1 else f"p{k + 1}", *rng.choice(["use", "waste"], int(rng.integers(1, 3)))]
        parts = 0.1 + 0.9 * rng.dirichlet(np.ones(len(ends)))
        parts /= parts.sum()
        names = [f"f{k + 1}", *(f"s{k}{j}" for j in range(len(ends) - 1))]
        for name, end, part in zip(names, ends, parts, strict=True):
            flows[name], true[name] = {"from": f"p{k}", "to": str(end)}, through * float(part)
        shares[f"p{k}"] = {name: float(part) for name, part in zip(names, parts, strict=True)}
        through = true[names[0]]
    document = {"mfa": 1, "name": "world", "processes": processes, "flows": flows, "observations": {}}
    return document, true, shares


def linear(rng: Random, *, cv: bool = False) -> World:
    """Flows with absolute errors, a quarter of them reported twice."""
    document, true, _ = network(rng)
    world = World(document)
    for name, value in true.items():
        for k in range(int(rng.random() < 0.85) + int(rng.random() < 0.25)):
            world.report(rng, f"r_{name}_{k}", {"of": name}, value, cv=cv)
    return world


def relative(rng: Random) -> World:
    """The same with errors relative to the adjusted value."""
    return linear(rng, cv=True)


def shares(rng: Random) -> World:
    """Fewer flows reported, and stated shares of most processes."""
    document, true, parts = network(rng)
    world = World({**document, "transfers": {}})
    for name, value in true.items():
        if rng.random() < 0.7:
            world.report(rng, f"r_{name}", {"of": name}, value, cv=bool(rng.random() < 0.5))
    for process, split in parts.items():
        if rng.random() < 0.7:
            *stated, last = split
            world.document["transfers"][process] = {last: "rest"}
            for name in stated:
                entry = {"value": split[name], "sd": float(rng.uniform(0.01, 0.04))}
                world.document["transfers"][process][name] = entry
                world.reports[f"transfers.{process}.{name}"] = (entry, entry["sd"])
    return world


def stocks(rng: Random) -> World:
    """Six years of a use phase that starts empty and whose inflow, outflow and level are reported."""
    years = list(range(2015, 2021))
    document: Document = {
        "mfa": 1, "name": "world", "dimensions": {"year": years},
        "processes": {"mine": {"kind": "source"}, "p": {}, "use": {"kind": "stock"}, "out": {"kind": "sink"}},
        "flows": {"feed": {"from": "mine", "to": "p"}, "goods": {"from": "p", "to": "use"},
                  "loss": {"from": "p", "to": "out"}, "scrap": {"from": "use", "to": "out"}},
        "stocks": {"held": {"at": "use"}}, "observations": {},
    }  # fmt: skip
    world = World(document)
    level = 0.0
    for year in years:
        feed, part, age = rng.uniform(60, 120), rng.uniform(0.6, 0.9), rng.uniform(0.05, 0.2)
        true = {"feed": feed, "goods": feed * part, "loss": feed * (1 - part), "scrap": 0.0}
        true["scrap"] = (level + true["goods"]) * age
        level += true["goods"] - true["scrap"]
        for name, value in {**true, "held": level}.items():
            if rng.random() < 0.85:
                world.report(
                    rng, f"r_{name}_{year}", {"of": name, "at": {"year": year}}, float(value), cv=False
                )
    return world


FAMILIES: dict[str, Callable[[Random], World]] = {
    "linear": linear, "cv": relative, "shares": shares, "stocks": stocks,
}  # fmt: skip


def planted(rng: Random, world: World) -> tuple[Document, set[str]]:
    """The world's document with normal errors, and gross ones in one or two checked reports; their names."""
    for name in world.reports:
        world.err(name, float(np.clip(rng.standard_normal(), -3, 3)))
    clean = mfa.run(copy.deepcopy(world.document))
    seen = [*clean.observations.to_dict("records"), *clean.parameters.to_dict("records")]
    checked = sorted({str(r["name"]) for r in seen if r["leverage"] > CHECKED} & {*world.reports})
    wrong = set()
    for name in rng.choice(checked, min(len(checked), int(rng.integers(1, 3))), replace=False):
        size = rng.uniform(*SIZES) * rng.choice([-1.0, 1.0])
        if world.err(str(name), size) or world.err(str(name), -size):
            wrong.add(str(name))
    return world.document, wrong


@dataclass
class Score:
    """Planted errors, those found (alone or in a group), misfits without one, innocent reports flagged."""

    planted: int = 0
    found: int = 0
    alone: int = 0
    innocent: int = 0
    flagged: int = 0
    worlds: int = 0

    def add(self, wrong: set[str], groups: list[set[str]], flagged: set[str]) -> None:
        """Count one world."""
        self.worlds += 1
        self.planted += len(wrong)
        self.found += len(wrong & set().union(*groups))
        self.alone += sum(len(g) == 1 and g <= wrong for g in groups)
        self.innocent += sum(not g & wrong for g in groups)
        self.flagged += len(flagged - wrong)


def named(result: mfa.Result) -> Iterator[set[str]]:
    """The reports named for each misfit, without their sources."""
    for row in result.gross_errors.to_dict("records"):
        texts = [row["name"], *str(row["alike"]).split("; ")]
        yield {t.split(" (")[0].split("[")[0] for t in texts if t}


def flagged(result: mfa.Result) -> set[str]:
    """The reports and parameters that carry a flag of a gross error."""
    tables = [t for t in (result.observations, result.parameters) if len(t)]
    return {str(n) for t in tables for n in t.loc[t["flag"].isin(["gross error", "suspect"]), "name"]}


def score(family: str, worlds: int, seed: int = 1) -> Score:
    """What was found in some worlds of a family."""
    total = Score()
    for k in range(worlds):
        rng = np.random.default_rng([seed, k])
        document, wrong = planted(rng, FAMILIES[family](rng))
        if wrong:
            result = mfa.run(document)
            total.add(wrong, list(named(result)), flagged(result))
    return total


def main() -> None:
    """Print a line for every family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", nargs="?", type=int, default=100)
    worlds = parser.parse_args().worlds
    print(f"{'family':8}{'planted':>9}{'found':>7}{'alone':>7}{'none in it':>12}{'innocents':>11}")
    for family in FAMILIES:
        s = score(family, worlds)
        print(f"{family:8}{s.planted:9}{s.found:7}{s.alone:7}{s.innocent:12}{s.flagged:11}", flush=True)


if __name__ == "__main__":
    main()
