"""Transfer coefficients: an outflow as a share of the sum of the inflows of its process."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mfa.build.assembly import Assembly, Ints, Terms
from mfa.build.balances import end_terms, renumbered
from mfa.build.flows import EdgeCells, shares_at
from mfa.build.parameters import ObservedGroup, add_parameter
from mfa.build.targets import _numbers
from mfa.build.values import ValueArray
from mfa.core.labels import ELEMENT
from mfa.core.system import Edge, System


class Throughputs:
    """Total inflow of a node (by element, or summed) as an unknown of its own, made once per node."""

    def __init__(self, assembly: Assembly, system: System, edges: Mapping[str, EdgeCells]) -> None:
        self.assembly, self.system, self.edges = assembly, system, edges

    def inflow(self, process: str, split: bool) -> Terms:
        """Inflow terms of a process, rows numbered node * n_elements + element (or node where not split)."""
        parts = [
            end_terms(e, self.edges[n], self.system.nodes.target_of(e), 1.0)
            for n, e in self.system.edges.items()
            if e.target == process and e.kind != "difference"
        ]
        terms = Terms.join(*parts)
        return terms if split else Terms(terms.row // self.system.n_elements, terms.cell, terms.weight)


def add_share(
    through: Throughputs, name: str, edge: Edge, given: ValueArray
) -> ObservedGroup | None:
    """The rows X[p -> q] = tau * (sum of inflows of p): element by element, or for the bulk of a given or mixed split.

    A share with an uncertainty is an unknown with its statement as an observation.
    """
    system, cells = through.system, through.edges[edge.name]
    split = edge.split in ("free", "none")
    ne = system.n_elements if split else 1
    out = _outflow(system, edge, cells, split)
    share = shares_at(given, edge, system.n_elements)[:, :ne] if ELEMENT in given.axes or split else shares_at(given, edge, 1)
    group = None
    if given.uncertain:
        parameter, group = add_parameter(through.assembly, system, name, given, upper=1.0)
        numbers = shares_at(_numbers(given, parameter.unknown), edge, max(ne, 1)).astype(np.int64)
        _estimated(through, edge, out, numbers, split)
    else:
        _exact(through, edge, out, share, split)
    return group


def _outflow(system: System, edge: Edge, cells: EdgeCells, split: bool) -> Terms:
    """The edge's own terms, numbered node * n_elements + element, or node where only the bulk counts."""
    terms = end_terms(edge, cells, system.nodes.source_of(edge), 1.0)
    return terms if split else Terms(terms.row // system.n_elements, terms.cell, terms.weight)


def _row_shares(through: Throughputs, edge: Edge, rows: Ints, share: np.ndarray, split: bool) -> np.ndarray:
    """The share that belongs to every (node, element) row."""
    system = through.system
    ne = system.n_elements if split else 1
    table = np.full((len(system.nodes), ne), np.nan)
    table[system.nodes.source_of(edge)] = share
    return np.asarray(table.ravel()[rows])


def _exact(through: Throughputs, edge: Edge, out: Terms, share: np.ndarray, split: bool) -> None:
    inflow = through.inflow(edge.source, split)
    kept = np.isin(inflow.row, out.row)
    tau = _row_shares(through, edge, inflow.row[kept], share, split)
    inflow = Terms(inflow.row[kept], inflow.cell[kept], -tau * inflow.weight[kept])
    terms, number = renumbered(Terms.join(out, inflow))
    merge = number // through.system.n_elements if split else number
    through.assembly.exact(terms, np.zeros(len(number)), _share_name(through.system, edge, number, split), merge=merge)


def _estimated(through: Throughputs, edge: Edge, out: Terms, unknown: np.ndarray, split: bool) -> None:
    """tau unknown: total inflow T becomes an unknown, and X = tau * T a product."""
    assembly, system = through.assembly, through.system
    rows = np.unique(out.row)
    inflow = through.inflow(edge.source, split)
    kept = np.isin(inflow.row, rows)
    inflow = Terms(np.searchsorted(rows, inflow.row[kept]), inflow.cell[kept], inflow.weight[kept])
    namer = _share_name(system, edge, rows, split)
    n, k = len(rows), np.arange(len(rows))
    node = rows // system.n_elements if split else rows
    time = system.node_axes.index(system.time) if system.time else None
    block = system.nodes.coords[node, time] if time is not None else 0
    total = assembly.unknowns(n, namer, start=1.0, block=block, bulk=node)
    cell = assembly.linear(total, n, namer)
    assembly.exact(Terms.join(inflow, Terms.of(k, cell + k, -1.0)), np.zeros(n), namer, merge=node)
    tau = _row_shares(through, edge, rows, unknown.astype(float), split).astype(np.int64)
    product = assembly.cells(total + k, tau, 1.0, namer)
    own = Terms(np.searchsorted(rows, out.row), out.cell, out.weight)
    assembly.exact(Terms.join(own, Terms.of(k, product + k, -1.0)), np.zeros(n), namer, merge=node)


def _share_name(system: System, edge: Edge, rows: Ints, split: bool):  # type: ignore[no-untyped-def]
    from mfa.build.balances import node_name

    ne = system.n_elements

    def name(k: int) -> str:
        node, element = (int(rows[k]) // ne, int(rows[k]) % ne) if split else (int(rows[k]), None)
        return f"share of {edge.name} in {node_name(system, node, element if system.elements else None)}"

    return name


