"""Balances label by label, beside a plain twin that walks over cells and knows none of the package's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mfa
from mfa.run.result import Result

LABELS: dict[str, tuple[Any, ...]] = {
    "year": (2000, 2001),
    "region": ("N", "S"),
    "form": ("bar", "wire", "sheet"),
    "grade": ("high", "low"),
}
FURTHER = ("form", "grade")
Cell = tuple[tuple[str, Any], ...]
"""The labels of a cell, in the order of its axes."""


def cells(axes: tuple[str, ...]) -> Iterator[Cell]:
    for labels in product(*(LABELS[a] for a in axes)):
        yield tuple(zip(axes, labels, strict=True))


def part(cell: Cell, axes: tuple[str, ...]) -> Cell:
    """The labels of a cell along some axes."""
    own = dict(cell)
    return tuple((a, own[a]) for a in axes)


class World:
    """A random chain of plants with a loop: every flow over its own further dimensions.

    Plant k is fed by its source and by plant k - 1, the first one by the last one too; each gives to a sink.
    """

    def __init__(self, seed: int, *, stated: bool) -> None:
        self.random = random = np.random.default_rng(seed)
        self.base = tuple(a for a in ("year", "region") if random.random() < 0.5)
        self.n = int(random.integers(1, 4))
        self.flows: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        for k in range(self.n):
            self._flow(f"fed{k}", f"mine{k}", f"p{k}")
            self._flow(f"waste{k}", f"p{k}", "tip")
            if k + 1 < self.n:
                self._flow(f"passed{k}", f"p{k}", f"p{k + 1}")
        if self.n > 1:
            self._flow("back", f"p{self.n - 1}", "p0")
        self.kinds = {f"p{k}": str(random.choice(self._kinds())) for k in range(self.n)}
        self.converts = {p: self._converted(p) for p in self.kinds}
        if stated:  # what a plant leaves as its rest has no labels that the plant does not balance over
            for k in range(self.n):
                source, target, _ = self.flows[f"waste{k}"]
                self.flows[f"waste{k}"] = (source, target, self._common(f"p{k}", without=f"waste{k}"))

    def _kinds(self) -> tuple[str, ...]:
        return ("process", "market", "open", *(("stock",) if "year" in self.base else ()))

    def _flow(self, name: str, source: str, target: str) -> None:
        by = tuple(a for a in FURTHER if self.random.random() < 0.75)
        self.flows[name] = (source, target, by)

    def _common(self, plant: str, without: str = "") -> tuple[str, ...]:
        own = [by for f, (a, b, by) in self.flows.items() if plant in (a, b) and f != without]
        return tuple(a for a in FURTHER if all(a in by for by in own))

    def _converted(self, plant: str) -> tuple[str, ...]:
        return tuple(a for a in self._common(plant) if self.random.random() < 0.3)

    def axes(self, flow: str) -> tuple[str, ...]:
        return (*self.base, *self.flows[flow][2])

    def balanced(self, plant: str) -> tuple[str, ...]:
        """The axes over which a plant balances."""
        return (*self.base, *(a for a in self._common(plant) if a not in self.converts[plant]))

    def into(self, plant: str) -> list[str]:
        return [f for f, (_, target, _) in self.flows.items() if target == plant]

    def out_of(self, plant: str) -> list[str]:
        return [f for f, (source, _, _) in self.flows.items() if source == plant]

    def document(self) -> dict[str, Any]:
        processes: dict[str, Any] = {"tip": {"kind": "sink"}}
        for plant, kind in self.kinds.items():
            entry: dict[str, Any] = {"balance": "open"} if kind == "open" else {"kind": kind}
            if self.converts[plant]:
                entry["converts"] = list(self.converts[plant])
            processes |= {plant: entry, plant.replace("p", "mine"): {"kind": "source"}}
        return {
            "mfa": 1,
            "dimensions": {a: list(LABELS[a]) for a in (*self.base, *FURTHER)},
            "processes": processes,
            "flows": {f: {"from": a, "to": b, "by": list(by)} for f, (a, b, by) in self.flows.items()},
        }

    def stated(self, axes: tuple[str, ...], values: Mapping[Cell, float]) -> dict[str, Any]:
        """Numbers at cells as a document states them."""
        if not axes:
            return {"value": values[()]}
        shape = tuple(len(LABELS[a]) for a in axes)
        numbers = np.array([values[c] for c in cells(axes)]).reshape(shape)
        return {"data": numbers.tolist(), "dims": list(axes)}


def assert_flows(result: Result, world: World, wanted: Mapping[tuple[str, Cell], float]) -> None:
    for flow in world.flows:
        found = result.flow(flow)
        for cell in cells(world.axes(flow)):
            assert float(found.sel(dict(cell))) == pytest.approx(wanted[flow, cell], rel=1e-7, abs=1e-7)


def assert_balances(result: Result, world: World, value: Mapping[tuple[str, Cell], float]) -> None:
    """The table has one line a plant and label, with what the twin says enters and leaves."""
    table = result.balances
    for plant in world.kinds:
        own, axes = table[table["process"] == plant], world.balanced(plant)
        level = levels(world, plant, value) if world.kinds[plant] == "stock" else {}
        assert len(own) == len([*cells(axes)])
        assert own[[a for a in FURTHER if a in table.columns and a not in axes]].isna().all(axis=None)
        for cell in cells(axes):
            (line,) = own[
                np.logical_and.reduce([own[a] == x for a, x in cell] or [[True] * len(own)])
            ].to_dict("records")
            for column, flows in (("inflow", world.into(plant)), ("outflow", world.out_of(plant))):
                total = sum(v for (f, c), v in value.items() if f in flows and part(c, axes) == cell)
                assert line[column] == pytest.approx(total, rel=1e-7, abs=1e-7)
            if world.kinds[plant] == "stock":
                assert float(result.stock(plant).sel(dict(cell))) == pytest.approx(
                    level[cell], rel=1e-7, abs=1e-6
                )
            assert line["balance"] == ("open" if world.kinds[plant] == "open" else "closed")


def reconciled(world: World, seen: Mapping[tuple[str, Cell], float]) -> dict[tuple[str, Cell], float]:
    """Least squares under the balances of the plants that close, in dense algebra."""
    number = {key: k for k, key in enumerate(seen)}
    rows = []
    for plant, kind in world.kinds.items():
        for cell in cells(world.balanced(plant)) if kind in ("process", "market") else ():
            row = np.zeros(len(number))
            for (flow, at), k in number.items():
                sign = (flow in world.into(plant)) - (flow in world.out_of(plant))
                if sign and part(at, world.balanced(plant)) == cell:
                    row[k] = sign
            rows.append(row)
    y, a = np.array([*seen.values()]), np.array(rows).reshape(len(rows), len(number))
    x = y - a.T @ np.linalg.lstsq(a @ a.T, a @ y, rcond=None)[0] if rows else y
    return dict(zip(seen, x.tolist(), strict=True))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_reconciled_flows_are_those_of_dense_algebra(seed: int) -> None:
    world = World(seed, stated=False)
    # much enters a stock, and labels share alike in the rest: that keeps the optimum away from bounds
    seen = {
        (f, c): (800.0 if world.kinds.get(target) == "stock" and source not in world.kinds else 100.0)
        / len([*cells(by)])
        * world.random.uniform(0.9, 1.1)
        for f, (source, target, by) in world.flows.items()
        for c in cells(world.axes(f))
    }
    wanted = reconciled(world, seen)
    assume(min(wanted.values()) > 0 and not any(_falls(world, p, wanted) for p in world.kinds))
    document = world.document()
    document["observations"] = {
        f"o_{f}": {
            "of": f,
            "sd": 1,
            **world.stated(world.axes(f), {c: seen[f, c] for c in cells(world.axes(f))}),
        }
        for f in world.flows
    }
    result = mfa.run(mfa.load(document))
    assert_flows(result, world, wanted)
    assert_balances(result, world, wanted)
    assert (result.facts["chi_square"] or 0.0) == pytest.approx(
        sum((wanted[k] - seen[k]) ** 2 for k in seen), rel=1e-6, abs=1e-6
    )


def levels(world: World, plant: str, value: Mapping[tuple[str, Cell], float]) -> dict[Cell, float]:
    """The level of a stock at the end of each year, by the labels that it balances over."""
    axes, found = world.balanced(plant), dict[Cell, float]()
    sign = dict.fromkeys(world.into(plant), 1.0)
    for f in world.out_of(plant):
        sign[f] = sign.get(f, 0.0) - 1.0
    for cell in cells(axes):  # years come first, and in order
        year = dict(cell)["year"]
        before = found.get((("year", year - 1), *cell[1:]), 0.0)
        found[cell] = before + sum(
            sign[f] * v for (f, c), v in value.items() if f in sign and part(c, axes) == cell
        )
    return found


def _falls(world: World, plant: str, value: Mapping[tuple[str, Cell], float]) -> bool:
    """Whether a stock would end a year below 0 somewhere."""
    return world.kinds[plant] == "stock" and min(levels(world, plant, value).values()) < 0


class Shares:
    """Random shares of a world's outflows over labels of theirs, small enough to leave a rest everywhere."""

    def __init__(self, world: World) -> None:
        self.world, self.share, self.over = (
            world,
            dict[tuple[str, Cell], float](),
            dict[str, tuple[str, ...]](),
        )
        self.rests = {f"waste{k}" for k in range(world.n) if world.kinds[f"p{k}"] in ("process", "market")}
        for flow, (source, _, by) in world.flows.items():
            if source in world.kinds and flow not in self.rests:
                follows = {*by} <= {*world.balanced(source), *self.entering(flow)}
                self.over[flow] = () if follows and world.random.random() < 0.5 else by
                for cell in cells(self.over[flow]):
                    self.share[flow, cell] = float(world.random.uniform(0.01, 0.05))

    def entering(self, flow: str) -> tuple[str, ...]:
        """The labels of a flow that all inflows of its plant have, and that are not converted there."""
        source, _, by = self.world.flows[flow]
        own = [self.world.flows[f][2] for f in self.world.into(source)]
        return tuple(a for a in by if a not in self.world.converts[source] and all(a in o for o in own))

    def transfers(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            p: dict.fromkeys(self.rests & {*self.world.out_of(p)}, "rest") for p in self.world.kinds
        }
        for flow, axes in self.over.items():
            own = {c: self.share[flow, c] for c in cells(axes)}
            found[self.world.flows[flow][0]][flow] = self.world.stated(axes, own)
        return found

    def simulated(self, fed: Mapping[tuple[str, Cell], float]) -> dict[tuple[str, Cell], float]:
        """All flows, swept over until the loop stands still."""
        world, value = self.world, dict(fed)
        for _ in range(40):
            for flow, (source, _, _) in world.flows.items():
                if source not in world.kinds:
                    continue
                for cell in cells(world.axes(flow)):
                    if flow in self.rests:
                        value[flow, cell] = self._rest(value, flow, cell)
                    else:
                        axes = (*world.base, *self.entering(flow))
                        axes += tuple(a for a in world.balanced(source) if a not in axes)
                        share = self.share[flow, part(cell, self.over[flow])]
                        value[flow, cell] = share * self._sum(value, world.into(source), part(cell, axes))
        return value

    def _rest(self, value: Mapping[tuple[str, Cell], float], flow: str, cell: Cell) -> float:
        source = self.world.flows[flow][0]
        others = [f for f in self.world.out_of(source) if f != flow]
        return self._sum(value, self.world.into(source), cell) - self._sum(value, others, cell)

    @staticmethod
    def _sum(value: Mapping[tuple[str, Cell], float], flows: list[str], cell: Cell) -> float:
        axes = tuple(a for a, _ in cell)
        return sum(v for (f, c), v in value.items() if f in flows and part(c, axes) == cell)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_simulated_flows_are_those_of_the_plain_twin(seed: int) -> None:
    world = World(seed, stated=True)
    for k in range(world.n):  # a rest is found where it has the labels of the balance and no others
        source, target, _ = world.flows[f"waste{k}"]
        world.flows[f"waste{k}"] = (source, target, world.balanced(f"p{k}")[len(world.base) :])
    shares = Shares(world)
    fed = {
        (f"fed{k}", c): float(world.random.uniform(1, 10))
        for k in range(world.n)
        for c in cells(world.axes(f"fed{k}"))
    }
    document = world.document()
    document |= {"solve": {"question": "simulate"}, "transfers": shares.transfers()}
    document["drivers"] = {
        f"d{k}": {
            "of": f"fed{k}",
            **world.stated(world.axes(f"fed{k}"), {c: v for (f, c), v in fed.items() if f == f"fed{k}"}),
        }
        for k in range(world.n)
    }
    result = mfa.run(mfa.load(document))
    wanted = shares.simulated(fed)
    assert_flows(result, world, wanted)
    assert_balances(result, world, wanted)
