"""The chain as a weighted graph for one selection: processes, flows between them, what crosses its edge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mfa.figures.select import ENDS, Chosen, choose, over_time
from mfa.figures.spec import FigureSpec
from mfa.figures.text import MINUS, number, with_sd
from mfa.run.result import Quantity, Result
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
    sd: float
    back: bool = False


@dataclass(frozen=True)
class Stub:
    """What enters (or leaves) a process from outside what is drawn: trade or a statistical difference."""

    label: str
    process: str
    enters: bool
    value: float
    sd: float
    kind: str


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
    stubs = [s for s in stubs if s.value > floor]
    nodes = dict(_nodes(result, links, stubs, whole=not spec.of))
    back = loops(links, sorted(nodes, key=lambda n: nodes[n].kind != "source"))
    return Network(nodes, tuple(replace(x, back=x.name in back) for x in links), tuple(stubs))


def _wanted(result: Result, spec: FigureSpec, kind: str) -> Iterator[Quantity]:
    for name in spec.of:
        result.quantity(name)
    return (q for q in result.quantities.values() if q.kind == kind and (not spec.of or q.name in spec.of))


def _summed(result: Result, spec: FigureSpec, q: Quantity, unit: Unit) -> Chosen:
    """What a figure shows of a quantity: per time in one period, masses over several."""
    return over_time(result, choose(result, q, spec.at, unit), spec.at)


def _links(result: Result, spec: FigureSpec, unit: Unit) -> list[Link]:
    found = []
    for q in _wanted(result, spec, "flow"):
        value, sd = _summed(result, spec, q, unit).total()
        found.append(Link(q.name, q.label, q.source, q.target, value, sd))
    return found


def _stubs(result: Result, spec: FigureSpec, unit: Unit) -> list[Stub]:
    found = []
    for q in _wanted(result, spec, "difference"):
        value, sd = _summed(result, spec, q, unit).total()
        found.append(Stub("stat. difference", q.target, value > 0, abs(value), sd, "difference"))
    if "region" in spec.at:
        for q in _wanted(result, spec, "trade"):
            found += _trade_stubs(result, spec, q, unit)
    return _joined(found)


def _joined(stubs: Sequence[Stub]) -> list[Stub]:
    """Stubs with the same label at one side of a process as one."""
    found: dict[tuple[str, str, bool], Stub] = {}
    for s in stubs:
        key = (s.process, s.label, s.enters)
        old = found.get(key, replace(s, value=0.0, sd=0.0))
        found[key] = replace(s, value=old.value + s.value, sd=math.hypot(old.sd, s.sd))
    return list(found.values())


def _trade_stubs(result: Result, spec: FigureSpec, q: Quantity, unit: Unit) -> Iterator[Stub]:
    """Imports and exports of the chosen regions; what they trade among themselves stays inside."""
    cells = _summed(result, spec, q, unit)
    inside = {str(x) for x in spec.at["region"]}
    sells, buys = (np.array([str(x) in inside for x in cells.labels[end]], dtype=bool) for end in ENDS)
    for process, enters, keep in ((q.target, True, buys & ~sells), (q.source, False, sells & ~buys)):
        value, sd = cells.where(keep).total()
        yield Stub("imports" if enters else "exports", process, enters, value, sd, "trade")


def _nodes(
    result: Result, links: Sequence[Link], stubs: Sequence[Stub], *, whole: bool
) -> Iterator[tuple[str, Node]]:
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
        sd = math.sqrt(sum(x.sd**2 for x in larger))
        notes = [_stub_text(s) for s in own]
        kind = process.get("kind", "process")
        if whole and kind not in ("source", "sink") and abs(inflow - outflow) > 1e-6 * max(inflow, outflow):
            notes.append(f"{'to' if inflow > outflow else 'from'} stock {number(abs(inflow - outflow))}")
        yield name, Node(name, process.get("label") or name, kind, inflow, outflow, sd, tuple(notes))


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
