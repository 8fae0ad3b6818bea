"""The unknowns and cells of every edge: which elements can be there, and where their split comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Terms
from mfa.build.compositions import Composition
from mfa.build.naming import blocks, cell_namer, element_namer, node_namer, tensor_namer
from mfa.build.values import ValueArray
from mfa.core.labels import at_cells
from mfa.core.system import Edge, System


@dataclass(frozen=True)
class EdgeCells:
    """Where an edge's cells are: (k, e) is `offset + k * n_elements + e`; `mask` says which can be."""

    offset: int
    n_elements: int
    mask: Bools
    bulk: int | None = None

    def of(self, cells: Ints) -> Ints:
        """The numbers of all element cells of some cells, shape (cells, elements)."""
        return self.offset + np.asarray(cells)[:, None] * self.n_elements + np.arange(self.n_elements)


def end_terms(edge: Edge, cells: EdgeCells, ends: Ints, sign: float) -> Terms:
    """An edge's element cells as terms of (node, element) rows, numbered node * n_elements + element.

    `ends` is the node of every edge cell, -1 where it has none.
    """
    k, element = np.nonzero(cells.mask & (ends >= 0)[:, None])
    return Terms.of(ends[k] * cells.n_elements + element, cells.offset + k * cells.n_elements + element, sign)


def at_edge(values: npt.NDArray[Any], axes: Sequence[str], edge: Edge, n_elements: int) -> npt.NDArray[Any]:
    """An array over (some axes, element) at every cell of an edge, by the region it leaves."""
    return at_cells(values, axes, edge.cells, n_elements, edge.source_region)


def _allowed(
    edge: Edge, compositions: Mapping[str, Composition], shares: Mapping[str, ValueArray], ne: int
) -> Bools:
    """Which elements an edge could carry whatever enters its process."""
    allowed = np.ones((len(edge.cells), ne), dtype=bool)
    if edge.split == "given":
        given = compositions[str(edge.commodity)]
        allowed &= at_edge(given.possible, given.axes, edge, ne)
    if edge.name in shares:
        share = shares[edge.name]
        allowed &= ~at_edge((share.value == 0) & share.certain, share.axes, edge, ne)
    return allowed


def _needed(edge: Edge, compositions: Mapping[str, Composition], allowed: Bools) -> Bools:
    """Which elements the process must hold that an edge of given composition leaves."""
    if edge.split != "given":
        return np.zeros_like(allowed)
    given = compositions[str(edge.commodity)]
    return np.asarray(allowed & at_edge(given.needed, given.axes, edge, allowed.shape[1]))


def _carried(edge: Edge, allowed: Bools, needed: Bools, at_source: Bools) -> Bools:
    """Which elements an edge carries given which its source node holds."""
    if edge.split == "given":
        return allowed & (at_source | ~needed).all(axis=1, keepdims=True)
    return allowed & at_source


def initially_held(system: System, initial: Mapping[str, ValueArray]) -> Bools:
    """Which elements are at which node because a stock there holds them before the first period.

    A stock that is known as its change alone may have held any.
    """
    held = np.zeros((len(system.nodes), system.n_elements), dtype=np.bool_)
    for name, stock in system.stocks.items():
        if system.is_change(stock, started=name in initial):
            held[system.nodes.of(stock.process, stock.cells)] = True
    for name, given in initial.items():
        stock = system.stocks[name]
        there = at_cells(np.nan_to_num(given.value) > 0, given.axes, stock.cells, system.n_elements)
        np.logical_or.at(held, system.nodes.of(stock.process, stock.cells), there)
    return held


def _at_nodes(nodes: Bools, numbers: Ints, *, outside: bool) -> Bools:
    """What nodes hold, by number; `outside` where there is no node (-1), of which a system may have none."""
    held = np.full((*numbers.shape, nodes.shape[1]), outside)
    held[numbers >= 0] = nodes[numbers[numbers >= 0]]
    return held


class Reach:
    """Which elements can be at which node and on which edge cell: the least fixed point from the sources.

    A share of exactly zero is a structural zero: nothing is there.
    """

    def __init__(
        self,
        system: System,
        compositions: Mapping[str, Composition],
        shares: Mapping[str, ValueArray],
        held: Bools,
    ) -> None:
        self.system, ne = system, system.n_elements
        self.nodes = held.copy()
        self._edges = [e for e in system.edges.values() if e.kind != "difference"]
        self._allowed = {e.name: _allowed(e, compositions, shares, ne) for e in self._edges}
        self._needed = {e.name: _needed(e, compositions, self._allowed[e.name]) for e in self._edges}
        self.edges: dict[str, Bools] = {}
        self._grow()
        if self._supply_unknown():
            self._grow()
        for e in system.edges.values():
            if e.kind == "difference":
                self.edges[e.name] = self.nodes[system.nodes.target_of(e)]

    def _grow(self) -> None:
        before = -1
        while before != (before := int(self.nodes.sum())):
            for e in self._edges:
                source, target = self.system.nodes.source_of(e), self.system.nodes.target_of(e)
                held = _at_nodes(self.nodes, source, outside=True)
                self.edges[e.name] = _carried(e, self._allowed[e.name], self._needed[e.name], held)
                np.logical_or.at(self.nodes, target[target >= 0], self.edges[e.name][target >= 0])
            self._through_stocks()

    def _through_stocks(self) -> None:
        """What once entered a stock can leave it in any later year."""
        nodes = self.system.nodes
        for p in self.system.processes.values():
            if p.kind == "stock" and self.system.time is not None:
                table = nodes.numbers[p.name]
                held = _at_nodes(self.nodes, table, outside=False)
                held = np.maximum.accumulate(held, axis=0) if table.ndim else held
                self.nodes[table[table >= 0]] |= held[table >= 0]

    def _supply_unknown(self) -> bool:
        """A market with a statistical difference that nothing reaches may hold anything."""
        changed = False
        for e in self.system.edges.values():
            if e.kind == "difference":
                target = self.system.nodes.target_of(e)
                empty = target[~self.nodes[target].any(axis=1)]
                self.nodes[empty] = True
                changed |= len(empty) > 0
        return changed


def _any(mask: Bools) -> Bools:
    """Which cells hold any element."""
    return np.asarray(mask.any(axis=1))


def pruned(system: System, reach: Reach) -> System:
    """The system without the edge cells that nothing can reach."""
    edges = {n: replace(e, cells=e.cells.keep(_any(reach.edges[n]))) for n, e in system.edges.items()}
    return replace(system, edges=edges)


@dataclass(frozen=True)
class FlowCells:
    """Every edge's cells, and the composition unknowns of mixing nodes (-1 for none)."""

    edges: Mapping[str, EdgeCells]
    mix: Ints


class _Flows:
    """Allocates the unknowns and cells edge by edge."""

    def __init__(
        self,
        assembly: Assembly,
        system: System,
        reach: Reach,
        given: Mapping[str, tuple[Ints, Composition]],
        guess: Floats,
    ) -> None:
        self.assembly, self.system, self.reach, self.given, self.guess = assembly, system, reach, given, guess
        self.mix = np.full(reach.nodes.shape, -1, dtype=np.int64)

    def edge(self, edge: Edge) -> EdgeCells:
        mask = self.reach.edges[edge.name]
        mask = mask[mask.any(axis=1)]
        lower = -np.inf if edge.kind == "difference" else 0.0
        if edge.split in ("none", "free"):
            return self._direct(edge, mask, lower)
        return self._bulk(edge, mask, lower)

    def _direct(self, edge: Edge, mask: Bools, lower: float) -> EdgeCells:
        cell, element = np.nonzero(mask)
        name = element_namer(self.system, edge.name, edge.cells, cell, element)
        start = self.guess[element] if edge.split == "free" else 1.0
        first = self.assembly.unknowns(
            len(cell), name, start=start, lower=lower, block=blocks(self.system, edge.cells)[cell], bulk=cell
        )
        i = np.zeros(mask.shape, np.int64)
        i[mask] = first + np.arange(len(cell))
        offset = self.assembly.cells(
            i.ravel(),
            -1,
            mask.ravel().astype(float),
            tensor_namer(self.system, edge.name, edge.cells, mask.shape[1]),
        )
        return EdgeCells(offset, mask.shape[1], mask)

    def _bulk(self, edge: Edge, mask: Bools, lower: float) -> EdgeCells:
        n, ne = mask.shape
        name = cell_namer(self.system, edge.name, edge.cells)
        bulk = self.assembly.unknowns(n, name, start=1.0, lower=lower, block=blocks(self.system, edge.cells))
        i = np.repeat(bulk + np.arange(n), ne)
        j, coef = self._split(edge, mask)
        offset = self.assembly.cells(
            i,
            j.ravel(),
            (coef * mask).ravel(),
            tensor_namer(self.system, edge.name, edge.cells, mask.shape[1]),
        )
        return EdgeCells(offset, ne, mask, bulk)

    def _split(self, edge: Edge, mask: Bools) -> tuple[Ints, Floats]:
        """The composition unknown and the factor of every (cell, element)."""
        if edge.split == "mixed":
            ends = self.system.nodes
            node = ends.target_of(edge) if edge.kind == "difference" else ends.source_of(edge)
            self._open_mixes(np.unique(node))
            return np.where(mask, self.mix[node], -1), np.ones(mask.shape)
        unknown, given = self.given[str(edge.commodity)]
        if unknown.size == 0:
            return np.full(mask.shape, -1, np.int64), at_edge(given.value, given.axes, edge, mask.shape[1])
        # the bulk then counts compounds, of which the fraction is the element's
        share = at_edge(unknown, given.axes, edge, mask.shape[1])
        return np.where(mask, share, -1), np.broadcast_to(given.fractions, mask.shape)

    def _open_mixes(self, nodes: Ints) -> None:
        """Composition unknowns of nodes that do not have them yet."""
        new = nodes[(self.mix[nodes] < 0).all(axis=1)]
        row, element = np.nonzero(self.reach.nodes[new])
        node, n = new[row], len(row)
        guess = np.where(self.reach.nodes[new], self.guess, 0.0)
        guess = (guess / guess.sum(axis=1, keepdims=True))[row, element]
        namer = node_namer(self.system, "mix.{}", node, element)
        block = blocks(self.system, self.system.nodes.at(node))
        first = self.assembly.unknowns(n, namer, start=guess, block=block, mass=False, bulk=np.full(n, -1))
        self.mix[node, element] = first + np.arange(n)
        at = self.assembly.linear(first, n, namer)
        closing = node_namer(self.system, "composition of {} sums to 1", new)
        terms = Terms.of(row, at + np.arange(n), 1.0)
        self.assembly.exact(terms, np.ones(len(new)), closing, merge=np.full(len(new), -1))


def allocate_flows(
    assembly: Assembly,
    system: System,
    reach: Reach,
    given: Mapping[str, tuple[Ints, Composition]],
    guess: Floats,
) -> FlowCells:
    """Unknowns and cells of every edge of a pruned system.

    `given` has, for every commodity of given composition, the numbers of its share unknowns (empty where the
    shares are exact) and the shares; `guess` is the first guess of a mix.
    """
    flows = _Flows(assembly, system, reach, given, guess)
    return FlowCells({name: flows.edge(e) for name, e in system.edges.items()}, flows.mix)
