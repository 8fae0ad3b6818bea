"""Statistical differences: what a market's balance lacks, as a flow with a sigma of its own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Terms
from mfa.build.flows import EdgeCells, FlowCells, end_terms
from mfa.build.naming import blocks, cell_namer
from mfa.build.parameters import ObservedGroup, statements
from mfa.core.system import Edge, System
from mfa.spec.values import Value

Reported = Mapping[str, Bools]
"""Trade -> which of its cells some report speaks of."""


def add_difference(
    assembly: Assembly,
    system: System,
    edge: Edge,
    flows: FlowCells,
    stated: Value,
    *,
    factor: float,
    reported: Reported,
) -> ObservedGroup:
    """The rows D = d * (throughput + floor / cv), d ~ N(0, cv), or D ~ N(0, sd), of one market.

    The throughput is all that leaves the market, so that one which exports without a source is flagged and
    not silently zeroed; but trade of which no report speaks is no part of it: it could grow without end, and
    any difference be a small share of it. Returns the statements d = 0 (or D = 0) as an observed group.
    """
    total = _total(flows.edges[edge.name], len(edge.cells))
    if stated.cv is None:
        return _stated(assembly, system, edge, total, sd=(stated.sd or 0.0) * factor, mass=True)
    floor = (stated.floor.value or 0.0) if stated.floor else 0.0
    plus = floor * factor / stated.cv
    leaving = _leaving(system, flows, system.nodes.target_of(edge), reported)
    own = _relative(assembly, system, edge, leaving, total, cv=stated.cv, plus=plus)
    return _stated(assembly, system, edge, own, sd=stated.cv, mass=False)


def _relative(
    assembly: Assembly, system: System, edge: Edge, leaving: Terms, total: Terms, *, cv: float, plus: float
) -> Terms:
    """d as terms, with the rows that say D = d * (throughput + plus)."""
    n, rows, block = len(edge.cells), np.arange(len(edge.cells)), blocks(system, edge.cells)
    namer = cell_namer(system, f"throughput of {edge.name}", edge.cells)
    through = assembly.total(leaving, n, namer, block=block, plus=plus)
    namer = cell_namer(system, f"relative {edge.name}", edge.cells)
    ratio = assembly.unknowns(n, namer, start=0.0, lower=-np.inf, block=block, mass=False, scale=cv)
    own = Terms.of(rows, assembly.linear(ratio, n, namer) + rows, 1.0)
    namer = cell_namer(system, edge.name, edge.cells)
    product = assembly.cells(ratio + rows, through + rows, 1.0, namer)
    assembly.exact(Terms.join(total, Terms.of(rows, product + rows, -1.0)), np.zeros(n), namer)
    return own


def _total(cells: EdgeCells, n: int) -> Terms:
    k, element = np.nonzero(cells.mask)
    return Terms.of(k, cells.of(np.arange(n))[k, element], 1.0)


def _leaving(system: System, flows: FlowCells, node: Ints, reported: Reported) -> Terms:
    """All that leaves each of some nodes but trade that is not reported, rows numbered in their order."""
    row_of = np.full(len(system.nodes) + 1, -1, np.int64)
    row_of[node] = np.arange(len(node))
    parts = []
    for name, edge in system.edges.items():
        if edge.kind != "difference":
            row = row_of[system.nodes.source_of(edge)]
            row = np.where(reported[name], row, -1) if name in reported else row
            parts.append(end_terms(edge, flows.edges[name], row, 1.0))
    return Terms.join(*parts).summed(system.n_elements)


def _stated(
    assembly: Assembly, system: System, edge: Edge, terms: Terms, *, sd: float, mass: bool
) -> ObservedGroup:
    n, zero = len(edge.cells), np.zeros(len(edge.cells))
    sigma: Floats = np.full(n, sd)
    namer = cell_namer(system, edge.name, edge.cells)
    first = assembly.observe(terms, zero, sigma, zero, counted=np.ones(n, np.bool_), namer=namer)
    unit, factor = (system.mass_unit, 1 / system.mass_factor) if mass else ("1", 1.0)
    return statements(system, edge.name, first, edge.cells, unit, factor=factor)
