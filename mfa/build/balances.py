"""Mass balance of every node and element, and the mixing rows that balances do not imply."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mfa.build.assembly import Assembly, Bools, Ints, Terms
from mfa.build.flows import EdgeCells, FlowCells, end_terms
from mfa.build.naming import blocks, node_namer
from mfa.core.system import System

BALANCE = "balance of "
"""What the name of a balance row begins with."""


def _inflow_terms(system: System, edges: Mapping[str, EdgeCells]) -> Terms:
    """Inflows of every (node, element); a statistical difference is none."""
    return Terms.join(
        *(
            end_terms(e, edges[n], system.nodes.target_of(e), 1.0)
            for n, e in system.edges.items()
            if e.kind != "difference"
        )
    )


def balance_terms(system: System, edges: Mapping[str, EdgeCells]) -> Terms:
    """Inflows minus outflows of every (node, element), rows numbered node * n_elements + element."""
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


def add_balances(
    assembly: Assembly, system: System, flows: FlowCells, stock_terms: Terms, kept: Bools
) -> Ints:
    """The exact rows of all balances; returns node * n_elements + element of every row.

    `kept` says which there are: those left out repeat another, or are those of a process left open.

    Equation: sum of inflows - sum of outflows - stock change = 0.
    """
    terms = Terms.join(balance_terms(system, flows.edges), stock_terms)
    terms, number = renumbered(terms.where(kept[terms.row]))
    node, element = np.divmod(number, system.n_elements)
    namer = node_namer(system, BALANCE + "{}", node, element)
    assembly.exact(terms, np.zeros(len(number)), namer, merge=node)
    _add_mixing(assembly, system, flows)
    return number


def _unmixed_nodes(system: System, flows: FlowCells) -> Bools:
    """Mixing nodes whose balance does not imply the mix: something else leaves, or they are left open."""
    mixing: Bools = np.asarray((flows.mix >= 0).any(axis=1))
    other = system.nodes.open.copy()
    for edge in system.edges.values():
        if edge.split != "mixed" and edge.kind != "difference":
            source = system.nodes.source_of(edge)
            other[source[source >= 0]] = True
    return np.asarray(mixing & other)


def _add_mixing(assembly: Assembly, system: System, flows: FlowCells) -> None:
    """Where needed: inflow of an element = its share in the mix x total inflow."""
    open_nodes = _unmixed_nodes(system, flows)
    if not open_nodes.any():
        return
    ne = system.n_elements
    inflow = _inflow_terms(system, flows.edges)
    kept = open_nodes[inflow.row // ne]
    inflow = Terms(inflow.row[kept], inflow.cell[kept], inflow.weight[kept])
    total, nodes = renumbered(inflow.summed(ne))
    namer = node_namer(system, "inflow of {}", nodes)
    through = assembly.total(total, len(nodes), namer, block=blocks(system, system.nodes.at(nodes)))
    at, element = np.nonzero(flows.mix[nodes] >= 0)
    namer = node_namer(system, "mix of {}", nodes[at], element)
    product = assembly.cells(through + at, flows.mix[nodes[at], element], 1.0, namer)
    products = Terms.of(nodes[at] * ne + element, product + np.arange(len(at)), -1.0)
    mixing, number = renumbered(Terms.join(inflow, products))
    namer = node_namer(system, "mix of {}", *np.divmod(number, ne))
    assembly.exact(mixing, np.zeros(len(number)), namer, merge=np.full(len(number), -1))
