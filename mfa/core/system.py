"""The system: processes, and the edges between them with the cells on which they exist."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from mfa.core.ends import End
from mfa.core.labels import ELEMENT, EXPORTER, IMPORTER, REGION, TIME_NAMES, CellIndex, Dimension, Ints
from mfa.core.lifetime.periods import period_lengths
from mfa.errors import UnknownName, did_you_mean
from mfa.units import parse_unit

if TYPE_CHECKING:
    import networkx as nx

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
ProcessKind = Literal["process", "market", "stock", "source", "sink"]
Split = Literal["none", "given", "mixed", "free"]


@dataclass(frozen=True)
class Process:
    """A node: it balances at every cell where it exists, unless it is a source or a sink.

    Its cells are over time and region, and over the further dimensions that all its flows have, except those
    it `converts`. A process left `open` has cells too, and nothing says that they close.
    """

    name: str
    kind: ProcessKind
    label: str
    cells: CellIndex
    converts: tuple[str, ...] = ()
    open: bool = False

    @property
    def has_nodes(self) -> bool:
        """Whether what enters and leaves is compared: it is no boundary of the system."""
        return self.kind not in ("source", "sink")


@dataclass(frozen=True)
class Edge:
    """A flow, a bilateral trade or a statistical difference: cells over its axes, without the element axis.

    `split` says where its element split comes from: a `given` composition, the `mixed` content of the process
    it leaves, `free` (an unknown of its own for every element), or `none` (the system has no elements).
    """

    name: str
    source: str
    target: str
    cells: CellIndex
    split: Split
    kind: Literal["flow", "trade", "difference"] = "flow"
    commodity: str | None = None
    label: str = ""

    @property
    def source_region(self) -> str:
        """The axis that says in which region it leaves."""
        return EXPORTER if self.kind == "trade" else REGION

    @property
    def target_region(self) -> str:
        """The axis that says in which region it arrives."""
        return IMPORTER if self.kind == "trade" else REGION


@dataclass(frozen=True)
class StockOf:
    """A stock of a process: its kind, the flows into and out of it, the axes of its level, and the commodity
    that all its inflows carry, if it is one."""

    name: str
    process: str
    kind: Literal["cohort", "level", "reserve"]
    inflow: tuple[str, ...]
    outflow: tuple[str, ...]
    cells: CellIndex
    has_elements: bool
    basis: str = ""
    commodity: str | None = None


@dataclass(frozen=True, repr=False)
class System:
    """Processes, edges and stocks over shared dimensions; it does not change once made.

    Flows are per `time_unit`, of which the periods have `lengths`; lifetimes are in years. Masses are in t
    here and in `mass_unit`, which is `mass_factor` t, in results.
    """

    dimensions: Mapping[str, Dimension]
    processes: Mapping[str, Process]
    edges: Mapping[str, Edge]
    stocks: Mapping[str, StockOf] = field(default_factory=dict)
    time_unit: str = "year"
    mass_unit: str = "t"

    @cached_property
    def mass_factor(self) -> float:
        """How many t the unit of mass of results is."""
        return parse_unit(self.mass_unit).factor

    @cached_property
    def time(self) -> str | None:
        """The name of the time dimension, if there is one."""
        return next((n for n in TIME_NAMES if n in self.dimensions), None)

    @cached_property
    def lengths(self) -> Floats:
        """The length of every period in the unit of time: limits lie half way between labels.

        A system without time is one period, and its flows are what passes in it.
        """
        if self.time is None:
            return np.ones(1)
        return period_lengths(self.dimensions[self.time].labels, parse_unit(self.time_unit).factor)

    def time_of(self, cells: CellIndex) -> Ints:
        """The position in time of every cell: 0 in a system without time."""
        return np.zeros(len(cells), np.int64) if self.time is None else cells.column(self.time)

    def is_change(self, stock: StockOf, *, started: bool) -> bool:
        """Whether a stock is known as its change alone: without time, and with no level to start from.

        It is what enters less what leaves, of either sign.
        """
        return self.time is None and stock.kind == "level" and not started

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Dimension -> number of labels."""
        return {name: len(d) for name, d in self.dimensions.items()}

    @cached_property
    def n_elements(self) -> int:
        """The number of elements (1 where the system has no element dimension)."""
        return self.sizes.get(ELEMENT, 1)

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """The element labels, empty where the system has none."""
        return tuple(str(k) for k in self.dimensions[ELEMENT].labels) if ELEMENT in self.dimensions else ()

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """The system as a networkx graph: processes as nodes, flows and trades as keyed edges."""
        import networkx as nx

        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for p in self.processes.values():
            graph.add_node(p.name, kind=p.kind, label=p.label)
        for e in self.edges.values():
            if e.kind != "difference":
                graph.add_edge(e.source, e.target, key=e.name, kind=e.kind, commodity=e.commodity)
        return graph

    def edge(self, name: str) -> Edge:
        """The edge of that name; raises UnknownName with a hint."""
        if name not in self.edges:
            raise UnknownName(f'there is no flow or trade "{name}"; {did_you_mean(name, self.edges)}')
        return self.edges[name]

    @cached_property
    def nodes(self) -> Nodes:
        """The numbered cells of the processes that are no boundaries."""
        return Nodes.numbered(self)

    @cached_property
    def of_cohorts(self) -> dict[str, StockOf]:
        """Flows and trades whose products have been in a stock with a lifetime -> that stock.

        They leave it with the commodity that entered it, or are passed on with that commodity by what is
        behind it, up to another stock with a lifetime.
        """
        found = dict[str, StockOf]()
        holding = {s.process for s in self.stocks.values() if s.kind == "cohort"}
        waiting = [
            (e, s)
            for s in self.stocks.values()
            for e in self.edges.values()
            if s.kind == "cohort" and e.name in s.outflow and e.commodity == s.commodity is not None
        ]
        while waiting:
            edge, stock = waiting.pop(0)
            if edge.name not in found:
                found[edge.name] = stock
                behind = (e for e in self.edges.values() if e.source == edge.target not in holding)
                waiting += [(e, stock) for e in behind if e.commodity == edge.commodity]
        return found

    @cached_property
    def ends(self) -> dict[str, tuple[End, End]]:
        """The nodes that every edge leaves and enters."""
        return {
            name: (End.of(self.nodes.source_of(edge)), End.of(self.nodes.target_of(edge)))
            for name, edge in self.edges.items()
        }

    def __repr__(self) -> str:
        dims = ", ".join(f"{d.name} ({len(d)})" for d in self.dimensions.values())
        counts = f"{len(self.processes)} processes, {len(self.edges)} edges, {len(self.stocks)} stocks"
        return f"System({counts} over {dims or 'no dimensions'})"

    def _repr_html_(self) -> str:
        head = ("edge", "from", "to", "kind", "commodity", "cells")
        cells = [
            (e.name, e.source, e.target, e.kind, e.commodity or "", f"{len(e.cells):,}")
            for e in self.edges.values()
        ]
        rows = "".join(
            f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in row)}</tr>" for row in cells
        )
        dims = ", ".join(f"{d.name} ({len(d)})" for d in self.dimensions.values())
        return (
            f"<p><b>mfa.System</b>: {len(self.processes)} processes, {len(self.edges)} edges over {dims}</p>"
            f"<table><tr>{''.join(f'<th>{text}</th>' for text in head)}</tr>{rows}</table>"
        )


def _flat(cells: CellIndex, shape: tuple[int, ...]) -> Ints:
    """The position of every cell in a dense tensor of that shape."""
    return np.ravel_multi_index(tuple(cells.coords.T), shape) if shape else np.zeros(len(cells), np.int64)


SUMMED = -1
"""The position of a node along an axis that its process does not balance over."""


@dataclass(frozen=True)
class Nodes:
    """Numbers for the cells of processes that are no boundaries.

    `numbers` has for each process a table over its own axes, -1 where there is no such node; `coords` are the
    positions of every node along `axes`, those of all processes.
    """

    numbers: Mapping[str, Ints]
    process: tuple[str, ...]
    coords: Ints
    axes: tuple[str, ...]
    open: Bools
    own_axes: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.process)

    @staticmethod
    def numbered(system: System) -> Nodes:
        """The nodes of a system, processes in order, each with its cells in order."""
        inner = [p for p in system.processes.values() if p.has_nodes]
        axes = tuple(dict.fromkeys(a for p in inner for a in p.cells.axes))
        numbers: dict[str, Ints] = {}
        process: list[str] = []
        coords = [np.zeros((0, len(axes)), np.int64)]
        for p in inner:
            shape = tuple(system.sizes[a] for a in p.cells.axes)
            table = np.full(shape, -1, dtype=np.int64)
            np.put(table, _flat(p.cells, shape), len(process) + np.arange(len(p.cells)))
            numbers[p.name] = table
            process += [p.name] * len(p.cells)
            own = np.full((len(p.cells), len(axes)), SUMMED, np.int64)
            own[:, [axes.index(a) for a in p.cells.axes]] = p.cells.coords
            coords.append(own)
        left_open = np.concatenate([np.zeros(0, np.bool_), *(np.full(len(p.cells), p.open) for p in inner)])
        own_axes = {p.name: p.cells.axes for p in system.processes.values()}
        return Nodes(numbers, tuple(process), np.concatenate(coords), axes, left_open, own_axes)

    def at(self, numbers: Ints) -> CellIndex:
        """The labels of some nodes: `SUMMED` along an axis that their process does not balance over."""
        return CellIndex(self.axes, self.coords[numbers])

    def of(self, process: str, cells: CellIndex, region: str = REGION) -> Ints:
        """The node of a process at every cell of an index that has its axes; -1 where there is none.

        `region` is the axis of the index that says in which region the process is (the exporter of a trade).
        """
        table = self.numbers.get(process)
        if table is None:
            return np.full(len(cells), -1, np.int64)
        where = tuple(cells.column(region if a == REGION else a) for a in self.own_axes[process])
        return np.broadcast_to(table[where], len(cells))

    def source_of(self, edge: Edge) -> Ints:
        """The node each cell of an edge leaves (-1 for a boundary)."""
        return self.of(edge.source, edge.cells, edge.source_region)

    def target_of(self, edge: Edge) -> Ints:
        """The node each cell of an edge enters (-1 for a boundary)."""
        return self.of(edge.target, edge.cells, edge.target_region)
