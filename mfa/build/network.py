"""From the document to the system: processes, flows and trades on the cells where they exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from mfa.core.labels import ELEMENT, EXPORTER, IMPORTER, REGION, TIME_NAMES, CellIndex, Dimension, dimension_of, full_index
from mfa.core.system import Edge, Process, Split, StockOf, System
from mfa.errors import Problem
from mfa.spec.resolve import Document
from mfa.spec.schema import Scenario
from mfa.spec.values import Label

Pairs = Mapping[str, np.ndarray]
"""Trade -> the (time, exporter, importer) positions that exist."""


def difference_name(process: str) -> str:
    """The name of a market's statistical difference."""
    return f"{process}.statistical_difference"


def _mask(index: CellIndex, where: Mapping[str, tuple[Label, ...]], dimensions: Mapping[str, Dimension]) -> CellIndex:
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
    index = full_index(node_axes(dimensions), sizes)
    return {
        name: Process(name, p.kind, p.label or name.replace("_", " "), _mask(index, p.where, dimensions))
        for name, p in spec.processes.items()
    }


def _split(spec: Scenario, commodity: str | None, has_elements: bool) -> Split:
    if not has_elements:
        return "none"
    composition = spec.compositions.get(commodity or "")
    if composition is None:
        return "free"
    return "mixed" if composition.mixed else "given"


def _present(edge: Edge, processes: Mapping[str, Process], axes: tuple[str, ...]) -> np.ndarray:
    """Which cells of an edge have both their ends in the system."""
    keep = np.ones(len(edge.cells), dtype=bool)
    for process, region in ((edge.source, edge.source_region), (edge.target, edge.target_region)):
        cells = processes[process].cells
        there = {tuple(c) for c in cells.coords.tolist()}
        here = edge.cells.coords[:, [edge.cells.axes.index(region if a == REGION else a) for a in axes]]
        keep &= np.fromiter((tuple(c) in there for c in here.tolist()), bool, len(here))
    return keep


def _flow_edges(spec: Scenario, dimensions: Mapping[str, Dimension]) -> Iterable[Edge]:
    sizes = {n: len(d) for n, d in dimensions.items()}
    for name, f in spec.flows.items():
        index = _mask(full_index((*node_axes(dimensions), *f.by), sizes), f.where, dimensions)
        split = _split(spec, f.commodity, ELEMENT in dimensions)
        label = f.label or name.replace("_", " ")
        yield Edge(name, f.from_, f.to, index, split, "flow", f.commodity, label)


def _trade_edges(spec: Scenario, dimensions: Mapping[str, Dimension], pairs: Pairs) -> Iterable[Edge]:
    time = tuple(a for a in node_axes(dimensions) if a != REGION)
    for name, t in spec.trade.items():
        coords = pairs[name]
        coords = coords[coords[:, -1] != coords[:, -2]]
        index = _mask(CellIndex((*time, EXPORTER, IMPORTER), coords), t.where, dimensions)
        split = _split(spec, t.commodity, ELEMENT in dimensions)
        label = t.label or name.replace("_", " ")
        yield Edge(name, t.at, t.at, index, split, "trade", t.commodity, label)


def _difference_edges(spec: Scenario, edges: Mapping[str, Edge], processes: Mapping[str, Process]) -> Iterable[Edge]:
    """One signed edge into every market that may carry a statistical difference, of the market's own mix."""
    for name, p in spec.processes.items():
        if p.statistical_difference is None:
            continue
        mixes = any(e.split == "mixed" and e.source == name for e in edges.values())
        plain = any(e.split == "none" for e in edges.values())
        split: Split = "none" if plain else "mixed" if mixes else "free"
        label = f"{processes[name].label}: statistical difference"
        yield Edge(difference_name(name), "", name, processes[name].cells, split, "difference", None, label)


def _stocks(spec: Scenario, dimensions: Mapping[str, Dimension], edges: Mapping[str, Edge]) -> dict[str, StockOf]:
    stocks = {}
    for name, s in spec.stocks.items():
        inflow = s.inflow or tuple(e.name for e in edges.values() if e.target == s.at and e.kind == "flow")
        outflow = s.outflow or tuple(e.name for e in edges.values() if e.source == s.at and e.kind == "flow")
        of = [edges[f].cells.axes for f in (inflow if s.kind == "cohort" else outflow or inflow) if f in edges]
        axes = of[0] if s.kind == "cohort" and of else node_axes(dimensions)
        used = [edges[f].cells for f in (*inflow, *outflow) if f in edges]
        index = _union(axes, used)
        basis = _basis(s.initial.unit if s.initial else None)
        stocks[name] = StockOf(name, s.at, s.kind, inflow, outflow, index, s.kind != "reserve", basis)
    return stocks


def _basis(unit: str | None) -> str:
    words = (unit or "").split()
    return words[-1] if len(words) > 1 else ""


def _union(axes: tuple[str, ...], parts: list[CellIndex]) -> CellIndex:
    """Every cell over `axes` that appears in any part, at every time (a stock does not vanish in between)."""
    found = {tuple(c) for p in parts for c in p.coords[:, [p.axes.index(a) for a in axes]].tolist()}
    coords = np.array(sorted(found), dtype=np.int64).reshape(len(found), len(axes))
    return CellIndex(axes, coords)


def build_system(document: Document, dimensions: Mapping[str, Dimension], pairs: Pairs) -> System:
    """The system of a document, given the labels of its dimensions and the trade pairs that exist."""
    spec = document.spec
    processes = _processes(spec, dimensions)
    axes = node_axes(dimensions)
    edges: dict[str, Edge] = {}
    for edge in (*_flow_edges(spec, dimensions), *_trade_edges(spec, dimensions, pairs)):
        kept = edge.cells.keep(_present(edge, processes, axes))
        edges[edge.name] = Edge(
            edge.name, edge.source, edge.target, kept, edge.split, edge.kind, edge.commodity, edge.label
        )
    edges |= {e.name: e for e in _difference_edges(spec, edges, processes)}
    return System(dimensions, processes, edges, _stocks(spec, dimensions, edges))


def empty_edges(document: Document, system: System) -> list[Problem]:
    """Warnings for flows that exist nowhere: their processes share no label."""
    return [
        document.problem(
            "empty-flow", f'flow "{e.name}" exists at no label: its processes share none',
            "trade" if e.kind == "trade" else "flows", e.name, severity="warning", key=True,
        )
        for e in system.edges.values()
        if e.kind != "difference" and not len(e.cells)
    ]
