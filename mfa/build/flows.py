"""The unknowns and cells of every edge: which elements can be there, and where their split comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mfa.build.assembly import SHARED_BLOCK, Assembly, Floats, Ints, Terms
from mfa.build.values import ValueArray
from mfa.core.labels import ELEMENT, REGION, CellIndex, dimension_of
from mfa.core.system import Edge, System

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class EdgeCells:
    """Where an edge's cells are: cell k, element e is `offset + k * n_elements + e`; `mask` says which can be."""

    offset: int
    n_elements: int
    mask: Bools
    bulk: int | None = None

    def of(self, cells: Ints) -> Ints:
        """The numbers of all element cells of some cells, shape (cells, elements)."""
        return self.offset + np.asarray(cells)[:, None] * self.n_elements + np.arange(self.n_elements)


def cell_name(system: System, name: str, index: CellIndex, k: int, element: int | None = None) -> str:
    """`flow[2022, CHN, Nd]`: a cell in the user's words."""
    words = [
        str(system.dimensions[dimension_of(a)].labels[p]) for a, p in zip(index.axes, index.coords[k], strict=True)
    ]
    if element is not None and system.elements:
        words.append(system.elements[element])
    return f"{name}[{', '.join(words)}]" if words else name


def shares_at(given: ValueArray, edge: Edge, n_elements: int) -> Floats:
    """A value over (some axes, element) at every cell of an edge, shape (cells, elements)."""
    where = []
    for axis in given.axes:
        if axis == ELEMENT:
            where.append(np.arange(n_elements)[None, :])
        else:
            where.append(edge.cells.column(edge.source_region if axis == REGION else axis)[:, None])
    return np.broadcast_to(given.value[tuple(where)], (len(edge.cells), n_elements))


def _allowed(edge: Edge, compositions: Mapping[str, ValueArray], zeros: Mapping[str, ValueArray], ne: int) -> Bools:
    """Which elements an edge could carry whatever enters its process."""
    allowed = np.ones((len(edge.cells), ne), dtype=bool)
    if edge.split == "given":
        allowed &= shares_at(compositions[str(edge.commodity)], edge, ne) > 0
    if edge.name in zeros:
        allowed &= shares_at(zeros[edge.name], edge, ne) != 0
    return allowed


def _carried(edge: Edge, allowed: Bools, at_source: Bools) -> Bools:
    """Which elements an edge carries given which its source node holds."""
    if edge.split == "given":
        return allowed & (at_source | ~allowed).all(axis=1, keepdims=True)
    return allowed & at_source


class Reach:
    """Which elements can be at which node and on which edge cell: the least fixed point from the sources."""

    def __init__(
        self, system: System, compositions: Mapping[str, ValueArray], exact_shares: Mapping[str, ValueArray]
    ) -> None:
        self.system, ne = system, system.n_elements
        self.nodes = np.zeros((len(system.nodes), ne), dtype=bool)
        self._edges = [e for e in system.edges.values() if e.kind != "difference"]
        self._allowed = {e.name: _allowed(e, compositions, exact_shares, ne) for e in self._edges}
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
                held = np.where(source[:, None] >= 0, self.nodes[source], True)
                self.edges[e.name] = _carried(e, self._allowed[e.name], held)
                np.logical_or.at(self.nodes, target[target >= 0], self.edges[e.name][target >= 0])
            self._through_stocks()

    def _through_stocks(self) -> None:
        """What once entered a stock can leave it in any later year."""
        nodes = self.system.nodes
        for p in self.system.processes.values():
            if p.kind == "stock" and self.system.time is not None:
                table = nodes.numbers[p.name]
                held = np.where(table[..., None] >= 0, self.nodes[table], False)
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


def pruned(system: System, reach: Reach) -> System:
    """The system without the edge cells that nothing can reach."""
    edges = {n: replace(e, cells=e.cells.keep(reach.edges[n].any(axis=1))) for n, e in system.edges.items()}
    return System(system.dimensions, system.processes, edges, system.stocks)


@dataclass(frozen=True)
class FlowCells:
    """Every edge's cells, the composition unknowns of mixing nodes, and the first guess of their composition."""

    edges: Mapping[str, EdgeCells]
    mix: Ints


def blocks(system: System, index: CellIndex) -> Ints:
    """The time position of every cell, which is its block in the solver (shared where there is no time)."""
    if system.time is None or system.time not in index.axes:
        return np.full(len(index), SHARED_BLOCK if system.time else 0, dtype=np.int64)
    return index.column(system.time)


class _Flows:
    """Allocates the unknowns and cells edge by edge."""

    def __init__(
        self, assembly: Assembly, system: System, reach: Reach, given: Mapping[str, tuple[Ints, ValueArray]], guess: Floats
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
        name = lambda k: cell_name(self.system, edge.name, edge.cells, int(cell[k]), int(element[k]))  # noqa: E731
        start = self.guess[element] if edge.split == "free" else 1.0
        first = self.assembly.unknowns(
            len(cell), name, start=start, lower=lower, block=blocks(self.system, edge.cells)[cell], bulk=cell
        )
        i = np.zeros(mask.shape, np.int64)
        i[mask] = first + np.arange(len(cell))
        offset = self.assembly.cells(i.ravel(), -1, mask.ravel().astype(float), self._element_names(edge))
        return EdgeCells(offset, mask.shape[1], mask)

    def _bulk(self, edge: Edge, mask: Bools, lower: float) -> EdgeCells:
        name = lambda k: cell_name(self.system, edge.name, edge.cells, k)  # noqa: E731
        n, ne = mask.shape
        bulk = self.assembly.unknowns(n, name, start=1.0, lower=lower, block=blocks(self.system, edge.cells))
        i = np.repeat(bulk + np.arange(n), ne)
        j, coef = self._split(edge, mask)
        offset = self.assembly.cells(i, j.ravel(), (coef * mask).ravel(), self._element_names(edge))
        return EdgeCells(offset, ne, mask, bulk)

    def _split(self, edge: Edge, mask: Bools) -> tuple[Ints, Floats]:
        """The composition unknown and the factor of every (cell, element)."""
        if edge.split == "mixed":
            ends = self.system.nodes
            node = ends.target_of(edge) if edge.kind == "difference" else ends.source_of(edge)
            self._open_mixes(np.unique(node))
            return np.where(mask, self.mix[node], -1), np.ones(mask.shape)
        unknown, shares = self.given[str(edge.commodity)]
        if unknown.size == 0:
            return np.full(mask.shape, -1, np.int64), shares_at(shares, edge, mask.shape[1])
        index = replace(shares, value=unknown)
        return np.where(mask, shares_at(index, edge, mask.shape[1]), -1), np.ones(mask.shape)

    def _open_mixes(self, nodes: Ints) -> None:
        """Composition unknowns of nodes that do not have them yet."""
        new = nodes[(self.mix[nodes] < 0).all(axis=1)]
        row, element = np.nonzero(self.reach.nodes[new])
        node = new[row]
        ends = self.system.nodes
        guess = np.where(self.reach.nodes[new], self.guess, 0.0)
        guess = (guess / guess.sum(axis=1, keepdims=True))[row, element]

        def name(k: int) -> str:
            index = CellIndex(ends.axes, ends.coords[[node[k]]])
            return cell_name(self.system, f"mix.{ends.process[node[k]]}", index, 0, int(element[k]))

        time = self.system.node_axes.index(self.system.time) if self.system.time else None
        block = ends.coords[node, time] if time is not None else np.zeros(len(node), np.int64)
        first = self.assembly.unknowns(len(node), name, start=guess, block=block, mass=False, bulk=np.full(len(node), -1))
        self.mix[node, element] = first + np.arange(len(node))
        self._close_mixes(first, row, len(new), node)

    def _close_mixes(self, first: int, row: Ints, n: int, node: Ints) -> None:
        """Shares of a mix sum to 1."""
        ends = self.system.nodes
        at = self.assembly.linear(first, len(row), lambda k: f"mix {k}")
        label = [node[np.searchsorted(row, r)] for r in range(n)]

        def name(k: int) -> str:
            index = CellIndex(ends.axes, ends.coords[[label[k]]])
            return cell_name(self.system, f"composition of {ends.process[label[k]]} sums to 1", index, 0)

        self.assembly.exact(Terms.of(row, at + np.arange(len(row)), 1.0), np.ones(n), name, merge=np.full(n, -1))

    def _element_names(self, edge: Edge):  # type: ignore[no-untyped-def]
        ne = self.system.n_elements
        return lambda k: cell_name(self.system, edge.name, edge.cells, k // ne, k % ne)


def allocate_flows(
    assembly: Assembly, system: System, reach: Reach, given: Mapping[str, tuple[Ints, ValueArray]], guess: Floats
) -> FlowCells:
    """Unknowns and cells of every edge of a pruned system.

    `given` has, for every commodity of given composition, the numbers of its share unknowns (empty where the
    shares are exact) and the shares; `guess` is the first guess of a mix.
    """
    flows = _Flows(assembly, system, reach, given, guess)
    return FlowCells({name: flows.edge(e) for name, e in system.edges.items()}, flows.mix)
