"""How often intervals hold the truth: `python -m tests.bench.coverage [--worlds 200] [--sums 0]`.

Worlds are random networks of processes with flows back. True flows are drawn evenly from all that balance and
stay below a cap, which is the prior that bounds leave; about two thirds of them are reported, with the error
that is stated. Of every number that something determines the 68 and the 95 % interval are asked whether the
truth is in them, apart for worlds with and without an active bound and by kind: observed, determined (not
reported), at a bound (its value is there). `--sums` asks for sums of 10 and 100 unreported flows in so many
worlds of some 700 flows each."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import linalg, optimize, sparse

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
CAP, TYPICAL, LEVEL = 100.0, 20.0, 2000.0
"""The largest true flow, and what errors are shares of where they are amounts, and the
level at which stocks begin."""
YEARS = (2020, 2021, 2022)


Ends = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class World:
    """A scenario with reports, and the truth of flows and stocks by name, laid flat."""

    document: dict[str, Any]
    truth: dict[str, Floats]
    reports: dict[str, float]
    reported: frozenset[str]


def network(rng: np.random.Generator, size: int) -> Ends:
    """The ends of the flows of `size` processes that hand on to later ones or out, with flows back."""
    found = [("s", f"p{k}") for k in range(size) if k == 0 or rng.random() < 0.3]
    for k in range(size):
        later = [f"p{j}" for j in range(k + 1, min(k + 6, size))]
        to = {f"p{k + 1}"} if k + 1 < size else {"o"}
        to |= (
            set(rng.choice(later, min(len(later), int(rng.integers(1, 3))), replace=False))
            if later
            else set()
        )
        to |= {"o"} if rng.random() < 0.5 else set()
        to |= {f"p{int(rng.integers(max(0, k - 4), k))}"} if k > 1 and rng.random() < 0.25 else set()
        found += [(f"p{k}", str(t)) for t in sorted(to)]
    return {f"f{k}": ends for k, ends in enumerate(found)}


def even(rng: np.random.Generator, ends: Ends, open_: str | None) -> Floats:
    """Flows that balance in every process but the `open_` one, drawn evenly up to the cap (hit and run)."""
    processes = sorted({p for e in ends.values() for p in e} - {"s", "o", open_})
    rows = np.zeros((len(processes), len(ends)))
    for k, (a, b) in enumerate(ends.values()):
        for process, sign in ((a, -1.0), (b, 1.0)):
            if process in processes:
                rows[processes.index(process), k] += sign
    basis = linalg.null_space(rows)
    x = _inside(rows)
    for _ in range(40 * basis.shape[1]):
        way = basis @ rng.normal(size=basis.shape[1])
        with np.errstate(divide="ignore"):
            ends_ = np.sort([(0.0 - x) / way, (CAP - x) / way], axis=0)
        x = x + rng.uniform(ends_[0].max(), ends_[1].min()) * way
    return np.asarray(x)


def _inside(rows: Floats) -> Floats:
    """Balanced flows as far from 0 and the cap as can be."""
    m, n = rows.shape
    room = np.concatenate([np.zeros(n), [-1.0]])
    a = np.block([[-np.eye(n), np.ones((n, 1))], [np.eye(n), np.ones((n, 1))]])
    b = np.concatenate([np.zeros(n), np.full(n, CAP)])
    equal = np.hstack([rows, np.zeros((m, 1))])
    return np.asarray(optimize.linprog(room, a, b, equal, np.zeros(m), bounds=(0, None)).x[:n])


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
        self.ends = network(rng, size)
        self.years = YEARS if style.stocks else YEARS[:1]
        self.truth: dict[str, Floats] = {}
        self.observations: dict[str, Any] = {}
        self.reports: dict[str, float] = {}
        self.reported: set[str] = set()

    def world(self) -> World:
        """The world."""
        processes: dict[str, Any] = {p: {} for e in self.ends.values() for p in e}
        processes |= {"s": {"kind": "source"}, "o": {"kind": "sink"}}
        document: dict[str, Any] = {
            "mfa": 1,
            "dimensions": {"year": {"range": [self.years[0], self.years[-1]]}},
            "processes": processes,
            "flows": {n: {"from": a, "to": b} for n, (a, b) in self.ends.items()},
        }
        at = self._stock(document) if self.style.stocks else None
        if self.style.compositions:
            self._elements(document)
            return World(document, self.truth, self.reports, frozenset(self.reported))
        every = np.array([even(self.rng, self.ends, at) for _ in self.years])
        self.truth |= dict(zip(self.ends, every.T, strict=True))
        if at:
            net = sum(self._sign(n, at) * self.truth[n] for n in self.ends)
            self.truth["held"] = LEVEL + np.cumsum(net)
            self._report("held", self.truth["held"])
        for name in self.ends:
            if self.rng.random() < self.part:
                self._report(name, self.truth[name])
        if self.style.shares:
            document["transfers"] = self._shares(at)
        document["observations"] = self.observations
        return World(document, self.truth, self.reports, frozenset(self.reported))

    def _stock(self, document: dict[str, Any]) -> str:
        """A process that holds a stock."""
        at = str(self.rng.choice(sorted({a for a, _ in self.ends.values()} - {"s"})))
        document["processes"][at] = {"kind": "stock"}
        document["stocks"] = {"held": {"at": at, "initial": LEVEL}}
        return at

    def _sign(self, name: str, at: str) -> float:
        a, b = self.ends[name]
        return float(b == at) - float(a == at)

    def _report(self, of: str, truth: Floats, *, sum: Any = None, element: str = "") -> None:
        """A report for every year, of a sum or of one element where there are such."""
        rng, style = self.rng, self.style
        size = float(rng.uniform(style.low, style.high))
        kind = str(rng.choice(["factor", "cv"])) if style.relative else "sd"
        self.reported.add(of)
        for year, true in zip(self.years, truth, strict=True):
            name, value = f"r{len(self.observations)}", -1.0
            error = {"factor": float(np.exp(size)), "cv": size, "sd": TYPICAL * size}[kind]
            while value <= 0:
                normal = rng.normal()
                value = float(
                    {"factor": true * np.exp(size * normal), "cv": true * (1 + size * normal)}.get(kind, true)
                )
            if kind == "sd":
                # a scenario refuses reports below 0: these are put into its problem
                self.reports[name] = true + error * normal
            if style.gross and rng.random() < GROSS:
                self.reports[name] = 10.0 * self.reports[name]
            at = {"year": year} | ({"element": element} if element else {})
            self.observations[name] = {"of": of, "value": value, kind: error, "at": at}
            self.observations[name] |= {"sum": sum} if sum else {}

    def _shares(self, at: str | None) -> dict[str, Any]:
        """Stated shares of some processes, with what is left as rest; one share holds for all years."""
        found: dict[str, Any] = {}
        for process in sorted({a for a, _ in self.ends.values()} - {"s", at}):
            out = [n for n, (a, _) in self.ends.items() if a == process]
            if len(out) < 2 or len(self.years) > 1 or self.rng.random() < 0.5:
                continue
            total = sum(self.truth[n][0] for n in out)
            stated = {}
            for name in out[:-1]:
                sd, value = float(self.rng.uniform(0.02, 0.1)), -1.0
                while not 0 < value < 1:
                    value = float(self.truth[name][0] / total + sd * self.rng.normal())
                stated[name] = {"value": value, "sd": sd}
            if sum(s["value"] for s in stated.values()) < 1:
                found[process] = {**stated, out[-1]: "rest"}
        return found

    def _elements(self, document: dict[str, Any]) -> None:
        """Two elements: what sources give has a stated composition, what else is reported is a sum or one of
        them."""
        document["dimensions"]["element"] = ["A", "B"]
        one, other = even(self.rng, self.ends, None), even(self.rng, self.ends, None)
        compositions: dict[str, Any] = {}
        for k, (name, (source, _)) in enumerate(self.ends.items()):
            self.truth[name] = np.array([one[k], other[k]])
            if source == "s":
                document["flows"][name]["commodity"] = f"of_{name}"
                sd, stated = float(self.rng.uniform(0.02, 0.1)), np.array([-1.0, 2.0])
                while not np.all((stated > 0) & (stated < 1)):
                    stated = self.truth[name] / (one[k] + other[k]) + sd * self.rng.normal(size=2)
                data = {"A": float(stated[0]), "B": float(stated[1])}
                compositions[f"of_{name}"] = {"dims": ["element"], "data": data, "sd": sd}
            if self.rng.random() < self.part:
                self._report(name, np.array([one[k] + other[k]]), sum=["element"])
            for element, true in (("A", one[k]), ("B", other[k])):
                if source != "s" and self.rng.random() < 0.5 * self.part:
                    self._report(name, np.array([true]), element=element)
        document |= {"compositions": compositions, "observations": self.observations}


def solved(made: World, level: float) -> tuple[Model, Beside]:
    """A world's model and the numbers of its solution."""
    model = _reporting(build(mfa.load(made.document)), made.reports)
    solution = reconcile(model.problem, robust=loss_of("l2"), tolerance=STEP)
    spread = uncertainty(model.problem, solution)
    return model, replace(beside_bounds(model.problem, solution, spread), level=level)


def _reporting(model: Model, reports: Mapping[str, float]) -> Model:
    """The model with other values of some reports."""
    observed = model.problem.observed
    right = observed.rows.rhs.copy()
    for group in model.observed:
        if group.name in reports:
            right[group.first] = reports[group.name]
    rows = replace(observed.rows, rhs=right)
    return replace(model, problem=replace(model.problem, observed=replace(observed, rows=rows)))


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
    model, beside = solved(made, LEVELS[1])
    narrow = replace(beside, level=LEVELS[0])
    n = len(model.problem)
    active = bool(np.any(beside.solution.active[:n] != 0))
    both = [narrow.cells, beside.cells]
    for name, truth in made.truth.items():
        cells = model.edges[name] if name in model.edges else model.stocks[name]
        for place, true in zip(cells.of(np.arange(len(cells.mask))).ravel(), truth, strict=True):
            if not both[1].sd[place] > 0:
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
        made = world(family, seed, size=260, reported=0.7)
        model, beside = solved(made, LEVELS[1])
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
                    share = f"cut off {100 * cut / asked:.1f}, shown {100 * shown / asked:.1f}"
                    print(f"| {family} | | sums of {k} | {asked} | | {share} |", flush=True)


if __name__ == "__main__":
    main()
