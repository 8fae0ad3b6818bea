"""Statistical differences: what a market's balance lacks, as a flow with a sigma of its own."""

from __future__ import annotations

import numpy as np

from mfa.build.assembly import Assembly, Floats, Terms
from mfa.build.flows import EdgeCells, FlowCells, cell_name
from mfa.build.parameters import ObservedGroup, label_frame
from mfa.core.system import Edge, System
from mfa.spec.values import Value

ASSUMED = "assumption"


def add_difference(
    assembly: Assembly, system: System, edge: Edge, flows: FlowCells, stated: Value, factor: float
) -> ObservedGroup:
    """The rows D = d * (throughput + floor / cv), d ~ N(0, cv), or D ~ N(0, sd), of one market.

    The throughput is all that leaves the market, so that one which exports without a source is flagged and
    not silently zeroed. Returns the statements d = 0 (or D = 0) as an observed group.
    """
    n, rows = len(edge.cells), np.arange(len(edge.cells))
    namer = lambda k: cell_name(system, edge.name, edge.cells, k)  # noqa: E731
    if stated.cv is None:
        total = _total(flows.edges[edge.name], n)
        return _stated(assembly, system, edge, total, np.full(n, (stated.sd or 0.0) * factor), "t", namer)
    floor = (stated.floor.value or 0.0) if stated.floor else 0.0
    block = edge.cells.column(system.time) if system.time else 0
    through = assembly.unknowns(n, lambda k: f"throughput of {namer(k)}", start=1.0, block=block)
    through_cell = assembly.linear(through, n, namer)
    node = system.nodes.target_of(edge)
    leaving = _leaving(system, flows, node)
    assembly.exact(
        Terms.join(leaving, Terms.of(rows, through_cell + rows, -1.0)), np.full(n, -floor * factor / stated.cv),
        lambda k: f"throughput of {namer(k)}",
    )
    ratio = assembly.unknowns(
        n, lambda k: f"relative {namer(k)}", start=0.0, lower=-np.inf, block=block, mass=False, scale=stated.cv
    )
    product = assembly.cells(ratio + rows, through + rows, 1.0, namer)
    total = _total(flows.edges[edge.name], n)
    assembly.exact(Terms.join(total, Terms.of(rows, product + rows, -1.0)), np.zeros(n), namer)
    own = Terms.of(rows, assembly.linear(ratio, n, namer) + rows, 1.0)
    return _stated(assembly, system, edge, own, np.full(n, stated.cv), "1", namer)


def _total(cells: EdgeCells, n: int) -> Terms:
    k, element = np.nonzero(cells.mask)
    return Terms.of(k, cells.offset + k * cells.n_elements + element, 1.0)


def _leaving(system: System, flows: FlowCells, node: np.ndarray) -> Terms:
    """All that leaves each of some nodes, rows numbered in their order."""
    row_of = np.full(len(system.nodes), -1, np.int64)
    row_of[node] = np.arange(len(node))
    parts = []
    for name, edge in system.edges.items():
        source = system.nodes.source_of(edge) if edge.kind != "difference" else np.full(len(edge.cells), -1)
        row = np.where(source >= 0, row_of[source], -1)
        k, element = np.nonzero(flows.edges[name].mask & (row >= 0)[:, None])
        cells = flows.edges[name]
        parts.append(Terms.of(row[k], cells.offset + k * cells.n_elements + element, 1.0))
    return Terms.join(*parts)


def _stated(
    assembly: Assembly, system: System, edge: Edge, terms: Terms, sd: Floats, unit: str, namer
) -> ObservedGroup:  # type: ignore[no-untyped-def]
    n = len(edge.cells)
    first = assembly.observe(terms, np.zeros(n), sd, np.zeros(n), np.ones(n, bool), namer)
    return ObservedGroup(
        edge.name, first, label_frame(system, edge.cells), unit, np.ones(n), [ASSUMED] * n, ["as stated"] * n,
        [""] * n, [""] * n, "", edge.name,
    )
