"""How often intervals hold the truth: `python -m tests.bench.coverage [--worlds 200] [--families linear ...]`.

Worlds are random networks of processes with a recycling flow whose true flows are known; reports of about two
thirds of them are drawn from the truth with the error they state. Of every number that something determines the
68 and the 95 % interval are asked whether the truth is in them, apart for worlds with and without an active bound
and by kind: observed, determined (not reported), at a bound (value at its bound). Sums are of 10 and of 100
unreported flows of one larger world each, with the interval to be shown."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

import mfa
from mfa.build import build
from mfa.build.model import Model
from mfa.run.pipeline import STEP
from mfa.solve.losses import loss_of
from mfa.solve.problem import Floats
from mfa.solve.reconcile import reconcile
from mfa.solve.truncated.beside import Beside, beside_bounds
from mfa.solve.uncertainty import uncertainty

FAMILIES = ("linear", "large sd", "shares", "lognormal", "stocks", "mixed", "compositions", "gross errors")
LEVELS = (0.68, 0.95)
REPORTED, GROSS = 0.65, 0.03
YEARS = (2020, 2021, 2022)


@dataclass(frozen=True)
class Network:
    """Ends of flows by name, and what share of its process each takes (of sources: its size)."""

    ends: Mapping[str, tuple[str, str]]
    share: Mapping[str, float]

    def leaving(self, process: str) -> list[str]:
        """The flows that leave a process."""
        return [n for n, (a, _) in self.ends.items() if a == process]


@dataclass(frozen=True)
class World:
    """A scenario with reports, and the truth of flows, stocks and parameters by name."""

    document: dict[str, Any]
    truth: dict[str, Floats]
    reported: frozenset[str]


def network(rng: np.random.Generator, size: int) -> Network:
    """A network of `size` processes that hand on to later ones or out, with flows back."""
    ends: dict[str, tuple[str, str]] = {}
    share: dict[str, float] = {}

    def flow(a: str, b: str, size: float) -> None:
        name = f"f{len(ends)}"
        ends[name], share[name] = (a, b), size

    for k in range(size):
        if k == 0 or rng.random() < 0.3:
            flow("s", f"p{k}", float(rng.uniform(20, 200)))
    for k in range(size):
        later = [f"p{j}" for j in range(k + 1, min(k + 6, size))]
        to = list(rng.choice(later, min(len(later), int(rng.integers(1, 3))), replace=False)) if later else []
        if k + 1 < size and f"p{k + 1}" not in to:
            to.append(f"p{k + 1}")
        if not to or rng.random() < 0.5:
            to.append("o")
        if k > 1 and rng.random() < 0.25:
            to.append(f"p{int(rng.integers(max(0, k - 4), k))}")
        for target, part in zip(to, rng.dirichlet(np.ones(len(to))), strict=True):
            flow(f"p{k}", target, float(part))
    return Network(ends, share)


def flows_of(net: Network, share: Mapping[str, float], drained: Mapping[str, float]) -> dict[str, float]:
    """The flows of a network with these shares; what is drained of a process is not handed on."""
    processes = sorted({a for e in net.ends.values() for a in e} - {"s", "o"})
    place = {p: k for k, p in enumerate(processes)}
    into, handed = np.zeros(len(place)), np.eye(len(place))
    for name, (a, b) in net.ends.items():
        if a == "s":
            into[place[b]] += share[name]
        elif b != "o":
            handed[place[b], place[a]] -= share[name] * (1 - drained.get(a, 0.0))
    through = np.linalg.solve(handed, into)
    return {
        n: share[n] if a == "s" else share[n] * through[place[a]] * (1 - drained.get(a, 0.0))
        for n, (a, _) in net.ends.items()
    }


@dataclass(frozen=True)
class Style:
    """What a family's worlds are made of."""

    low: float = 0.03
    high: float = 0.2
    relative: bool = False
    shares: bool = False
    stocks: bool = False
    compositions: bool = False
    gross: bool = False


STYLES = {
    "linear": Style(),
    "large sd": Style(low=0.25, high=0.45),
    "shares": Style(shares=True),
    "lognormal": Style(low=0.05, high=0.3, relative=True),
    "stocks": Style(stocks=True),
    "mixed": Style(low=0.05, high=0.3, relative=True, shares=True, stocks=True),
    "compositions": Style(compositions=True),
    "gross errors": Style(gross=True),
}


def world(family: str, seed: int, *, size: int | None = None, reported: float = REPORTED) -> World:
    """A world of a family."""
    rng, style = np.random.default_rng([seed, FAMILIES.index(family)]), STYLES[family]
    return _Maker(rng, style, size or int(rng.integers(4, 8)), reported).world()


class _Maker:
    """Makes one world."""

    def __init__(self, rng: np.random.Generator, style: Style, size: int, reported: float) -> None:
        self.rng, self.style, self.part = rng, style, reported
        self.net = network(rng, size)
        self.years = YEARS if style.stocks else YEARS[:1]
        self.truth: dict[str, Floats] = {}
        self.observations: dict[str, Any] = {}
        self.transfers: dict[str, Any] = {}
        self.reported: set[str] = set()

    def world(self) -> World:
        """The world."""
        net, rng = self.net, self.rng
        processes: dict[str, Any] = {p: {} for e in net.ends.values() for p in e}
        processes["s"], processes["o"] = {"kind": "source"}, {"kind": "sink"}
        document: dict[str, Any] = {
            "mfa": 1,
            "dimensions": {"year": {"range": [self.years[0], self.years[-1]]}},
            "processes": processes,
            "flows": {n: {"from": a, "to": b} for n, (a, b) in net.ends.items()},
        }
        at = self._stock(document) if self.style.stocks else None
        self._flows(at)
        if self.style.compositions:
            self._compositions(document)
        else:
            for name in net.ends:
                if rng.random() < self.part:
                    self._report(name, name, self.truth[name])
        if self.style.shares:
            self._shares(at)
            document["transfers"] = self.transfers
        document["observations"] = self.observations
        return World(document, self.truth, frozenset(self.reported))

    def _stock(self, document: dict[str, Any]) -> str:
        """A process that holds a stock."""
        at = str(self.rng.choice(sorted({a for a, _ in self.net.ends.values()} - {"s"})))
        document["processes"][at] = {"kind": "stock"}
        document["stocks"] = {"held": {"at": at}}
        return at

    def _flows(self, at: str | None) -> None:
        """True flows by year, and the level of a stock."""
        levels, found, level = [], [], float(self.rng.uniform(50, 300))
        self.initial = level
        for _ in self.years:
            share = {
                n: s * float(self.rng.uniform(0.7, 1.3)) if self.net.ends[n][0] == "s" else s
                for n, s in self.net.share.items()
            }
            drained = {at: float(self.rng.uniform(0.0, 0.4))} if at else {}
            now = flows_of(self.net, share, drained)
            found.append(now)
            if at:
                into = sum(now[n] for n, (_, b) in self.net.ends.items() if b == at)
                level += drained[at] * into
                levels.append(level)
        for name in self.net.ends:
            self.truth[name] = np.array([f[name] for f in found])
        if at:
            self.truth["held"] = np.array(levels)
            self._report("held", "held", self.truth["held"])

    def _report(self, name: str, of: str, truth: Floats, **more: Any) -> None:
        """A report for every year, or of a sum."""
        rng, style = self.rng, self.style
        cv = float(rng.uniform(style.low, style.high))
        kind = str(rng.choice(["factor", "cv"])) if style.relative else "sd"
        self.reported.add(of)
        for year, true in zip(self.years, truth, strict=True):
            error: dict[str, Any] = {kind: float(np.exp(cv)) if kind == "factor" else cv}
            value = -1.0
            while value <= 0:
                size = cv * true + 0.3
                if kind == "factor":
                    value = float(true * np.exp(cv * rng.normal()))
                elif kind == "cv":
                    value = float(true * (1 + cv * rng.normal()))
                else:
                    error["sd"], value = size, float(true + size * rng.normal())
            if style.gross and rng.random() < GROSS:
                value *= 10.0
            at = {"year": year, **more.pop("at", {})} if len(self.years) > 1 else more.get("at", {})
            given = {"at": at} if at else {}
            self.observations[f"r{len(self.observations)}"] = {"of": of, "value": value, **error, **given}

    def _shares(self, at: str | None) -> None:
        """Stated shares of some processes, with what is left as rest."""
        for process in sorted({a for a, _ in self.net.ends.values()} - {"s", at}):
            out = self.net.leaving(process)
            if len(out) < 2 or self.rng.random() < 0.5:
                continue
            stated = {}
            for name in out[:-1]:
                sd = float(self.rng.uniform(0.02, 0.1))
                value = -1.0
                while not 0 < value < 1:
                    value = self.net.share[name] + sd * float(self.rng.normal())
                stated[name] = {"value": value, "sd": sd}
            if sum(s["value"] for s in stated.values()) < 1:
                self.transfers[process] = {**stated, out[-1]: "rest"}

    def _compositions(self, document: dict[str, Any]) -> None:
        """Two elements and a rest in every flow; compositions of what the sources give are stated."""
        raise NotImplementedError


def solved(document: dict[str, Any], level: float) -> tuple[Model, Beside]:
    """A scenario's model and the numbers of its solution."""
    model = build(mfa.load(document))
    solution = reconcile(model.problem, robust=loss_of("l2"), tolerance=STEP)
    spread = uncertainty(model.problem, solution)
    return model, replace(beside_bounds(model.problem, solution, spread), level=level)


@dataclass
class Count:
    """Numbers asked, and how many have the truth in their interval, by level."""

    asked: int = 0
    held: tuple[int, int] = (0, 0)


Key = tuple[str, bool, str]


def singles(family: str, worlds: int) -> dict[Key, list[int]]:
    """Asked and held counts by family, active bound, kind."""
    found: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
    for seed in range(worlds):
        for active, kind, inside in one(family, seed):
            count = found[family, active, kind]
            count[0] += 1
            count[1] += inside[0]
            count[2] += inside[1]
    return found


def one(family: str, seed: int) -> Iterator[tuple[bool, str, tuple[bool, bool]]]:
    """Whether a bound is active, the kind, and whether each interval has the truth, of every number."""
    made = world(family, seed)
    model, beside = solved(made.document, LEVELS[1])
    narrow = replace(beside, level=LEVELS[0])
    n = len(model.problem)
    active = bool(np.any(beside.solution.active[:n] != 0))
    both = [narrow.cells, beside.cells]
    for name, truth in made.truth.items():
        cells = model.edges[name] if name in model.edges else model.stocks[name]
        for place, true in zip(cells.of(np.arange(len(truth))).ravel(), truth, strict=True):
            if np.isnan(both[1].sd[place]) or both[1].sd[place] == 0:
                continue
            at_bound = beside.solution.q[place] <= 0
            kind = "at a bound" if at_bound else "observed" if name in made.reported else "determined"
            inside = tuple(
                bool(b.low[place] * (1 - 1e-9) - 1e-9 <= true <= b.high[place] * (1 + 1e-9)) for b in both
            )
            yield active, kind, (inside[0], inside[1])


def sums(family: str, worlds: int, sizes: tuple[int, ...] = (10, 100)) -> dict[int, list[int]]:
    """Asked and held counts of the shown 95 % interval of sums of unreported flows."""
    found: dict[int, list[int]] = {k: [0, 0, 0] for k in sizes}
    for seed in range(worlds):
        made = world(family, seed, size=130, reported=0.5)
        model, beside = solved(made.document, LEVELS[1])
        free = np.isnan(beside.spread.sd_q)
        places = {n: int(model.edges[n].of(np.arange(1)).ravel()[0]) for n in model.edges}
        some = [n for n in made.truth if n not in made.reported and not free[places[n]]]
        rng = np.random.default_rng(seed)
        for k in sizes:
            if len(some) < k:
                continue
            chosen = rng.choice(some, k, replace=False)
            row = np.zeros((1, len(model.problem.cells)))
            row[0, [places[n] for n in chosen]] = 1.0
            number = beside.numbers(sparse.csr_array(row))
            true = sum(float(made.truth[n][0]) for n in chosen)
            found[k][0] += 1
            found[k][1] += bool(number.shown_low[0] <= true <= number.shown_high[0])
            found[k][2] += bool(number.low[0] <= true <= number.high[0])
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--families", nargs="*", default=FAMILIES)
    parser.add_argument("--sums", type=int, default=0)
    given = parser.parse_args()
    print("| family | active bound | kind | numbers | 68 % | 95 % |\n|---|---|---|---|---|---|")
    for family in given.families:
        for (_, active, kind), (asked, narrow, wide) in sorted(singles(family, given.worlds).items()):
            share = f"{100 * narrow / asked:.1f} | {100 * wide / asked:.1f}"
            print(f"| {family} | {'yes' if active else 'no'} | {kind} | {asked} | {share} |", flush=True)
        if given.sums:
            for k, (asked, shown, cut) in sums(family, given.sums).items():
                if asked:
                    print(
                        f"| {family} | sums of {k} | | {asked} | cut {100 * cut / asked:.1f} | shown {100 * shown / asked:.1f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
