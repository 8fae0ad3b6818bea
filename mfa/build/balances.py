"""Mass balance of every process, time, region and element; and the mixing rows that balances do not imply."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mfa.build.assembly import Assembly, Bools, Ints, Terms
from mfa.build.flows import EdgeCells, FlowCells, cell_name
from mfa.core.labels import CellIndex
from mfa.core.system import Edge, System


def node_name(system: System, node: int, element: int | None, prefix: str = "") -> str:
    """`balance of magnet[2022, CHN, Nd]`."""
    nodes = system.nodes
    index = CellIndex(nodes.axes, nodes.coords[[node]])
    return cell_name(system, prefix + nodes.process[node], index, 0, element)


def end_terms(edge: Edge, cells: EdgeCells, ends: Ints, sign: float) -> Terms:
    """An edge's element cells as terms of (node, element) rows, numbered node * n_elements + element."""
    k, element = np.nonzero(cells.mask & (ends >= 0)[:, None])
    return Terms.of(ends[k] * cells.n_elements + element, cells.offset + k * cells.n_elements + element, sign)


def balance_terms(system: System, edges: Mapping[str, EdgeCells]) -> Terms:
    """Inflows minus outflows of every (node, element)."""
    parts = []
    for name, edge in system.edges.items():
        parts.append(end_terms(edge, edges[name], system.nodes.target_of(edge), 1.0))
        if edge.kind != "difference":
            parts.append(end_terms(edge, edges[name], system.nodes.source_of(edge), -1.0))
    return Terms.join(*parts)


def renumbered(terms: Terms) -> tuple[Terms, Ints]:
    """Terms with their rows numbered from 0 without gaps, and the old number of each row."""
    old, new = np.unique(terms.row, return_inverse=True)
    return Terms(new.astype(np.int64), terms.cell, terms.weight), old


def add_balances(assembly: Assembly, system: System, flows: FlowCells, stock_terms: Terms) -> Ints:
    """The exact rows of all balances; returns node * n_elements + element of every row.

    Equation: sum of inflows - sum of outflows - stock change = 0.
    """
    ne = system.n_elements
    terms, number = renumbered(Terms.join(balance_terms(system, flows.edges), stock_terms))
    element = (lambda k: int(number[k] % ne)) if system.elements else (lambda k: None)
    assembly.exact(
        terms, np.zeros(len(number)), lambda k: node_name(system, int(number[k] // ne), element(k), "balance of "),
        merge=number // ne,
    )
    _add_mixing(assembly, system, flows)
    return number


def _unmixed_nodes(system: System, flows: FlowCells) -> Bools:
    """Mixing nodes that something else than their mix leaves, whose balance therefore does not imply the mix."""
    mixing = (flows.mix >= 0).any(axis=1)
    other = np.zeros(len(mixing), dtype=bool)
    for edge in system.edges.values():
        if edge.split != "mixed" and edge.kind != "difference":
            source = system.nodes.source_of(edge)
            other[source[source >= 0]] = True
    return mixing & other


def _add_mixing(assembly: Assembly, system: System, flows: FlowCells) -> None:
    """Where needed: inflow of an element = its share in the mix x total inflow."""
    open_nodes = _unmixed_nodes(system, flows)
    if not open_nodes.any():
        return
    ne = system.n_elements
    parts = [
        end_terms(e, flows.edges[n], system.nodes.target_of(e), 1.0)
        for n, e in system.edges.items()
        if e.kind != "difference"
    ]
    inflow = Terms.join(*parts)
    kept = open_nodes[inflow.row // ne]
    inflow = Terms(inflow.row[kept], inflow.cell[kept], inflow.weight[kept])
    total, nodes = renumbered(Terms(inflow.row // ne, inflow.cell, inflow.weight))
    namer = lambda k: node_name(system, int(nodes[k]), None, "inflow of ")  # noqa: E731
    time = system.node_axes.index(system.time) if system.time else None
    block = system.nodes.coords[nodes, time] if time is not None else 0
    through = assembly.unknowns(len(nodes), namer, start=1.0, block=block)
    cell = assembly.linear(through, len(nodes), namer)
    rows = np.arange(len(nodes))
    assembly.exact(Terms.join(total, Terms.of(rows, cell + rows, -1.0)), np.zeros(len(nodes)), namer)
    at, element = np.nonzero(flows.mix[nodes] >= 0)
    product = assembly.cells(through + at, flows.mix[nodes[at], element], 1.0, namer_of(system, nodes[at], element))
    mixing, number = renumbered(
        Terms.join(inflow, Terms.of(nodes[at] * ne + element, product + np.arange(len(at)), -1.0))
    )
    assembly.exact(mixing, np.zeros(len(number)), namer_of(system, number // ne, number % ne), merge=np.full(len(number), -1))


def namer_of(system: System, nodes: Ints, elements: Ints):  # type: ignore[no-untyped-def]
    """Names of mixing rows."""
    return lambda k: node_name(system, int(nodes[k]), int(elements[k]), "mix of ")
