"""From the document to the system: processes, flows and trades on the cells where they exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mfa.build.contents import by_element
from mfa.core.labels import (
    ELEMENT,
    EXPORTER,
    IMPORTER,
    REGION,
    TIME_NAMES,
    CellIndex,
    Dimension,
    Ints,
    dimension_of,
    full_index,
)
from mfa.core.system import Edge, Process, Split, StockOf, System
from mfa.errors import Problem
from mfa.spec.balances import balanced_labels
from mfa.spec.resolve import Document
from mfa.spec.schema import Scenario
from mfa.spec.targets import axes_of, entering, leaving
from mfa.spec.values import Label

Bools = npt.NDArray[np.bool_]
Pairs = Mapping[str, Ints]
"""Trade -> the (time, exporter, importer) positions that exist."""


def difference_name(process: str) -> str:
    """The name of a market's statistical difference."""
    return f"{process}.statistical_difference"


def _mask(
    index: CellIndex, where: Mapping[str, tuple[Label, ...]], dimensions: Mapping[str, Dimension]
) -> CellIndex:
    """The cells whose labels are among those named, axis by axis (`region` limits both ends of a trade)."""
    keep = np.ones(len(index), dtype=bool)
    for name, labels in where.items():
        axes = [a for a in index.axes if name in (a, dimension_of(a))]
        wanted = [dimensions[dimension_of(name)].index(x) for x in labels]
        for axis in axes:
            keep &= np.isin(index.column(axis), wanted)
    return index.keep(keep)


def node_axes(dimensions: Mapping[str, Dimension]) -> tuple[str, ...]:
    """Time and region, where they exist."""
    return tuple(a for a in (*TIME_NAMES, REGION) if a in dimensions)


def _processes(spec: Scenario, dimensions: Mapping[str, Dimension]) -> dict[str, Process]:
    sizes = {n: len(d) for n, d in dimensions.items()}
    found = {}
    for name, p in spec.processes.items():
        index = full_index((*node_axes(dimensions), *balanced_labels(spec, name)), sizes)
        found[name] = Process(
            name,
            p.kind,
            p.label or name.replace("_", " "),
            _mask(index, p.where, dimensions),
            p.converts,
            p.balance == "open",
        )
    return found


def _split(spec: Scenario, source: str, commodity: str | None, has_elements: bool) -> Split:
    """Where the elements of a flow come from; a boundary has no mix that could leave it."""
    if not has_elements:
        return "none"
    if by_element(spec, commodity):
        return "given"
    composition = spec.compositions.get(commodity or "")
    if composition is None:
        return "free"
    if composition.mixed:
        return "free" if spec.processes[source].kind == "source" else "mixed"
    return "given"


def _there(process: Process, index: CellIndex, sizes: Mapping[str, int], region: str = REGION) -> Bools:
    """At which cells of an index with its axes a process exists."""
    axes = process.cells.axes
    table = np.zeros(tuple(sizes[a] for a in axes), dtype=np.bool_)
    table[tuple(process.cells.coords.T)] = True
    return np.broadcast_to(table[tuple(index.column(region if a == REGION else a) for a in axes)], len(index))


def _present(edge: Edge, processes: Mapping[str, Process], sizes: Mapping[str, int]) -> Bools:
    """Which cells of an edge have both their ends in the system."""
    source, target = processes[edge.source], processes[edge.target]
    return np.asarray(
        _there(source, edge.cells, sizes, edge.source_region)
        & _there(target, edge.cells, sizes, edge.target_region)
    )


def _flow_edges(spec: Scenario, dimensions: Mapping[str, Dimension]) -> Iterable[Edge]:
    sizes = {n: len(d) for n, d in dimensions.items()}
    for name, f in spec.flows.items():
        index = _mask(full_index((*node_axes(dimensions), *f.by), sizes), f.where, dimensions)
        split = _split(spec, f.from_, f.commodity, ELEMENT in dimensions)
        label = f.label or name.replace("_", " ")
        yield Edge(name, f.from_, f.to, index, split, "flow", f.commodity, label)


def _trade_edges(spec: Scenario, dimensions: Mapping[str, Dimension], pairs: Pairs) -> Iterable[Edge]:
    time = tuple(a for a in node_axes(dimensions) if a != REGION)
    for name, t in spec.trade.items():
        coords = pairs[name]
        coords = coords[coords[:, -1] != coords[:, -2]]
        index = _mask(CellIndex((*time, EXPORTER, IMPORTER), coords), t.where, dimensions)
        split = _split(spec, t.at, t.commodity, ELEMENT in dimensions)
        label = t.label or name.replace("_", " ")
        yield Edge(name, t.at, t.at, index, split, "trade", t.commodity, label)


def _difference_edges(
    spec: Scenario, edges: Mapping[str, Edge], processes: Mapping[str, Process]
) -> Iterable[Edge]:
    """One signed edge into every market that may carry a statistical difference, of the market's own mix."""
    for name, p in spec.processes.items():
        if p.statistical_difference is None or spec.solve.question == "simulate":
            continue
        mixes = any(e.split == "mixed" and e.source == name for e in edges.values())
        plain = any(e.split == "none" for e in edges.values())
        split: Split = "none" if plain else "mixed" if mixes else "free"
        label = f"{processes[name].label}: statistical difference"
        yield Edge(difference_name(name), "", name, processes[name].cells, split, "difference", None, label)


def _stocks(
    document: Document,
    dimensions: Mapping[str, Dimension],
    edges: Mapping[str, Edge],
    processes: Mapping[str, Process],
) -> dict[str, StockOf]:
    sizes = {n: len(d) for n, d in dimensions.items()}
    stocks = {}
    for name, s in document.spec.stocks.items():
        inflow, outflow = entering(document, s), leaving(document, s)
        used = [edges[f].cells for f in (*inflow, *outflow) if f in edges]
        axes = tuple(a for a in axes_of(document, name) if a != ELEMENT)
        index = _lasting(axes, used, processes[s.at], sizes)
        basis = _basis(s.initial.unit if s.initial else None)
        carried = {edges[f].commodity for f in inflow if f in edges}
        commodity = next(iter(carried)) if len(carried) == 1 else None
        stocks[name] = StockOf(
            name, s.at, s.kind, inflow, outflow, index, s.kind != "reserve", basis, commodity
        )
    return stocks


def _with_cohorts(system: System, spec: Scenario) -> System:
    """The system in which what has been in a stock with a lifetime keeps the elements it entered with.

    Where the composition of its commodity changes over time, that of the year of a flow is not its own.
    """
    edges = {}
    for name, stock in system.of_cohorts.items():
        edge = system.edges[name]
        if edge.split == "given" and _timed(spec, str(edge.commodity)):
            edges[name] = replace(edge, split="free" if name in stock.outflow else "mixed")
    return replace(system, edges={**system.edges, **edges}) if edges else system


def _timed(spec: Scenario, commodity: str) -> bool:
    """Whether the given composition of a commodity changes over time."""
    stated = spec.contents if by_element(spec, commodity) else spec.compositions
    return bool({*stated[commodity].dims} & {*TIME_NAMES})


def _basis(unit: str | None) -> str:
    words = (unit or "").split()
    return words[-1] if len(words) > 1 else ""


def _lasting(
    axes: tuple[str, ...], parts: list[CellIndex], at: Process, sizes: Mapping[str, int]
) -> CellIndex:
    """The cells of a stock: every series that appears in any part, whenever its process exists.

    A stock does not vanish in a year in which nothing flows.
    """
    shape = tuple(sizes[a] for a in axes)
    held = np.zeros(shape, dtype=np.bool_)
    for part in parts:
        held[tuple(part.column(a) for a in axes)] = True
    time = [k for k, a in enumerate(axes) if a in TIME_NAMES]
    held = np.broadcast_to(held.any(axis=tuple(time), keepdims=True), shape)
    # the shape is said in full: numpy has no positions for a single cell without axes
    positions = np.argwhere(held).astype(np.int64).reshape(int(held.sum()), len(axes))
    cells = CellIndex(axes, positions)
    return cells.keep(_there(at, cells, sizes))


def build_system(document: Document, dimensions: Mapping[str, Dimension], pairs: Pairs) -> System:
    """The system of a document, given the labels of its dimensions and the trade pairs that exist."""
    spec = document.spec
    processes = _processes(spec, dimensions)
    sizes = {n: len(d) for n, d in dimensions.items()}
    edges: dict[str, Edge] = {}
    for edge in (*_flow_edges(spec, dimensions), *_trade_edges(spec, dimensions, pairs)):
        kept = edge.cells.keep(_present(edge, processes, sizes))
        edges[edge.name] = replace(edge, cells=kept)
    edges |= {e.name: e for e in _difference_edges(spec, edges, processes)}
    stocks = _stocks(document, dimensions, edges, processes)
    system = System(dimensions, processes, edges, stocks, spec.units.time, spec.units.mass)
    return _with_cohorts(system, spec)


def empty_edges(document: Document, system: System) -> list[Problem]:
    """Warnings for flows that exist nowhere: their processes share no label."""
    return [
        document.problem(
            "empty-flow",
            f'flow "{e.name}" exists at no label: its processes share none',
            "trade" if e.kind == "trade" else "flows",
            e.name,
            severity="warning",
            key=True,
        )
        for e in system.edges.values()
        if e.kind != "difference" and not len(e.cells)
    ]


def nothing_flows(document: Document, system: System) -> list[Problem]:
    """An error where no flow exists at any label, so that there is nothing to compute."""
    if any(len(e.cells) for e in system.edges.values() if e.kind != "difference"):
        return []
    hint = "add flows between processes that share a label" if document.spec.flows else "add `flows:`"
    return [document.problem("empty-system", "the system has no flow", "flows", hint=hint, key=True)]
