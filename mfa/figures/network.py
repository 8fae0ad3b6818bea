"""The chain as a weighted graph for one selection: processes, flows between them, what crosses its edge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from mfa.figures.select import ENDS, choose, over_time
from mfa.figures.spec import FigureSpec
from mfa.figures.text import MINUS, number, with_sd
from mfa.run.result import Quantity, Result
from mfa.run.sums import Chosen, sums
from mfa.units import Unit

NEGLIGIBLE = 1e-9
"""Share of the largest flow below which one is not drawn."""


@dataclass(frozen=True)
class Link:
    """A flow from one process to another; `back` where it closes a loop."""

    name: str
    label: str
    source: str
    target: str
    value: float
    sd: float = math.nan
    back: bool = False
    parts: tuple[Chosen, ...] = ()


@dataclass(frozen=True)
class Stub:
    """What enters (or leaves) a process from outside what is drawn: trade or a statistical difference."""

    label: str
    process: str
    enters: bool
    value: float
    kind: str
    parts: tuple[Chosen, ...] = ()
    sd: float = math.nan


@dataclass(frozen=True)
class Node:
    """A process with all that enters and leaves it, its throughput (the larger) and notes for its label."""

    name: str
    label: str
    kind: str
    inflow: float
    outflow: float
    sd: float
    notes: tuple[str, ...]
    parts: tuple[Chosen, ...] = ()

    @property
    def value(self) -> float:
        """The throughput."""
        return max(self.inflow, self.outflow)


@dataclass(frozen=True)
class Network:
    """Nodes in the order of the scenario, links and stubs of one selection."""

    nodes: Mapping[str, Node]
    links: tuple[Link, ...]
    stubs: tuple[Stub, ...]


def network(result: Result, spec: FigureSpec, unit: Unit) -> Network:
    """The graph of a selection with loops marked; raises EmptyFigure where nothing flows."""
    links, stubs = _links(result, spec, unit), _stubs(result, spec, unit)
    floor = NEGLIGIBLE * max((x.value for x in links), default=0.0)
    links = [x for x in links if x.value > floor]
    if not links:
        raise spec.empty("nothing flows within the selection", "widen `at` or `of`")
    stubs = _with_sd(result, [s for s in stubs if s.value > floor])
    nodes = _with_sd(result, list(_nodes(result, links, stubs, whole=not spec.of)))
    order = [n.name for n in sorted(nodes, key=lambda n: n.kind != "source")]
    back = loops(links, order)
    links = [replace(x, back=x.name in back) for x in _with_sd(result, links)]
    return Network({n.name: n for n in nodes}, tuple(links), tuple(stubs))


Drawn = TypeVar("Drawn", Link, Stub, Node)


def _with_sd(result: Result, drawn: Sequence[Drawn]) -> list[Drawn]:
    """The same with their standard deviations, which are those of the sums of their parts."""
    found = sums(result, [d.parts for d in drawn]).sd
    return [replace(d, sd=float(sd)) for d, sd in zip(drawn, found, strict=True)]


def _wanted(result: Result, spec: FigureSpec, kind: str) -> Iterator[Quantity]:
    for name in spec.of:
        result.quantity(name)
    return (q for q in result.quantities.values() if q.kind == kind and (not spec.of or q.name in spec.of))


def _summed(result: Result, spec: FigureSpec, q: Quantity, unit: Unit) -> Chosen:
    """What a figure shows of a quantity: per time in one period, masses over several."""
    return over_time(result, choose(result, q, spec.at, unit), spec.at)


def _links(result: Result, spec: FigureSpec, unit: Unit) -> list[Link]:
    cells = [_summed(result, spec, q, unit) for q in _wanted(result, spec, "flow")]
    of = [(c, c.quantity) for c in cells]
    return [Link(q.name, q.label, q.source, q.target, float(c.value.sum()), parts=(c,)) for c, q in of]


def _stubs(result: Result, spec: FigureSpec, unit: Unit) -> list[Stub]:
    found = []
    for q in _wanted(result, spec, "difference"):
        cells = _summed(result, spec, q, unit)
        value = float(cells.value.sum())
        parts = (cells if value > 0 else cells.times(-1.0),)
        found.append(Stub("stat. difference", q.target, value > 0, abs(value), "difference", parts))
    if "region" in spec.at:
        for q in _wanted(result, spec, "trade"):
            found += _trade_stubs(result, spec, q, unit)
    return _joined(found)


def _joined(stubs: Sequence[Stub]) -> list[Stub]:
    """Stubs with the same label at one side of a process as one."""
    found: dict[tuple[str, str, bool], Stub] = {}
    for s in stubs:
        key = (s.process, s.label, s.enters)
        old = found.get(key, replace(s, value=0.0, parts=()))
        found[key] = replace(s, value=old.value + s.value, parts=(*old.parts, *s.parts))
    return list(found.values())


def _trade_stubs(result: Result, spec: FigureSpec, q: Quantity, unit: Unit) -> Iterator[Stub]:
    """Imports and exports of the chosen regions; what they trade among themselves stays inside."""
    cells = _summed(result, spec, q, unit)
    inside = {str(x) for x in spec.at["region"]}
    sells, buys = (np.array([str(x) in inside for x in cells.labels[end]], dtype=bool) for end in ENDS)
    for process, enters, keep in ((q.target, True, buys & ~sells), (q.source, False, sells & ~buys)):
        own = cells.where(keep)
        label = "imports" if enters else "exports"
        yield Stub(label, process, enters, float(own.value.sum()), "trade", (own,))


def _nodes(result: Result, links: Sequence[Link], stubs: Sequence[Stub], *, whole: bool) -> Iterator[Node]:
    for name, process in result.processes.items():
        into = [x for x in links if x.target == name]
        out = [x for x in links if x.source == name]
        own = [s for s in stubs if s.process == name]
        if not into and not out:
            continue
        entering: list[Link | Stub] = [*into, *(s for s in own if s.enters)]
        leaving: list[Link | Stub] = [*out, *(s for s in own if not s.enters)]
        inflow, outflow = (sum(x.value for x in side) for side in (entering, leaving))
        larger = entering if inflow >= outflow else leaving
        parts = tuple(part for x in larger for part in x.parts)
        notes = [_stub_text(s) for s in own]
        kind = process.get("kind", "process")
        if whole and kind not in ("source", "sink") and abs(inflow - outflow) > 1e-6 * max(inflow, outflow):
            notes.append(f"{'to' if inflow > outflow else 'from'} stock {number(abs(inflow - outflow))}")
        label = process.get("label") or name
        yield Node(name, label, kind, inflow, outflow, math.nan, tuple(notes), parts)


def _stub_text(stub: Stub) -> str:
    text = with_sd(stub.value, stub.sd)
    if stub.kind == "difference" and text.split(" ")[0] != "0":
        text = ("+" if stub.enters else MINUS) + text
    return f"{stub.label} {text}"


def loops(links: Sequence[Link], order: Sequence[str]) -> set[str]:
    """The links that close a loop: they lead back to a process on the way that was followed downstream.

    A depth-first search from the sources, larger flows first; without these links the graph has no loop.
    """
    out = {n: sorted((x for x in links if x.source == n), key=lambda x: (-x.value, x.name)) for n in order}
    state = dict.fromkeys(order, "new")
    back: set[str] = set()
    for start in order:
        path = [(start, iter(out[start]))] if state[start] == "new" else []
        state[start] = "open" if path else state[start]
        while path:
            name, rest = path[-1]
            link = next(rest, None)
            if link is None:
                state[name] = "done"
                path.pop()
            elif state[link.target] == "open":
                back.add(link.name)
            elif state[link.target] == "new":
                state[link.target] = "open"
                path.append((link.target, iter(out[link.target])))
    return back
