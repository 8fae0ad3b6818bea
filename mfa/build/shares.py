"""Transfer coefficients: an outflow as a share of the sum of the inflows of its process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.build.assembly import Assembly, Ints, Namer, Terms
from mfa.build.flows import EdgeCells, end_terms
from mfa.build.naming import blocks, node_namer
from mfa.build.parameters import ObservedGroup, Parameter, add_parameter
from mfa.build.splits import Shares
from mfa.build.values import Reader, ValueArray
from mfa.core.labels import ELEMENT, CellIndex, at_cells, keys, matches
from mfa.core.system import Edge, StockOf, System
from mfa.errors import Problem
from mfa.spec.values import Value


def read_shares(reader: Reader) -> dict[tuple[str, str], ValueArray]:
    """The shares a document states; those that are no shares are problems of the reader."""
    found = {}
    for process, shares in reader.document.spec.transfers.items():
        for flow, share in shares.items():
            if not isinstance(share, Value):
                continue
            given = reader.array(("transfers", process, flow), share, "1")
            if given is not None:
                found[process, flow] = given
                reader.problems += _outside(reader, process, flow, given)
    return found


def _outside(reader: Reader, process: str, flow: str, given: ValueArray) -> list[Problem]:
    """A problem where a table has a share below 0 or above 1."""
    wrong = given.value[(given.value < 0) | (given.value > 1)]
    share = reader.document.spec.transfers[process][flow]
    if not wrong.size or not isinstance(share, Value) or share.table is None:
        return []
    text = f'the share of "{flow}" must be between 0 and 1, not {wrong[0]:g}'
    return [reader.document.problem("share-range", text, "transfers", process, flow)]


def split_problems(reader: Reader, system: System, shares: Shares) -> list[Problem]:
    """Shares by element of flows whose elements a composition holds together."""
    found = []
    for (process, flow), given in shares.items():
        edge = system.edges[flow]
        if ELEMENT in given.axes and edge.split in ("given", "mixed"):
            text = (
                f'the share of "{flow}" varies over element, and the composition of its commodity'
                f' "{edge.commodity}" is {edge.split}'
            )
            hint = "give the flow a commodity of its own, without a composition"
            found.append(reader.document.problem("no-axis", text, "transfers", process, flow, hint=hint))
    return found


@dataclass(frozen=True)
class _Rows:
    """The rows X[p -> q] = tau T of one edge, numbered group * n_elements + element.

    A group is a node together with the further labels its share varies over; `cell` is one edge cell of each
    group, and `n_elements` is 1 where only the bulk of a given or mixed split counts.
    """

    edge: Edge
    cell: Ints
    n_elements: int
    out: Terms
    inflow: Terms

    @property
    def numbers(self) -> Ints:
        """The rows in which the edge takes part."""
        return np.unique(self.out.row)

    def at(self, values: npt.NDArray[Any], axes: tuple[str, ...], rows: Ints) -> npt.NDArray[Any]:
        """An array over `axes` at some rows."""
        found = at_cells(values, axes, self.edge.cells, self.n_elements, self.edge.source_region)
        return np.asarray(found[self.cell].ravel()[rows])

    def only(self, rows: Ints) -> _Rows:
        """The terms of some rows, renumbered in their order."""
        return replace(self, out=self.out.only(rows), inflow=self.inflow.only(rows))


def _shared_labels(system: System, edge: Edge, stocks: list[StockOf]) -> list[str]:
    """The further axes of an edge, beyond those its process balances over, that the whole it shares in has.

    That is all that enters the process, label by label unless it converts them; or what leaves its `stocks`
    with a lifetime.
    """
    process = system.processes[edge.source]
    entering = [e.cells for e in system.edges.values() if e.target == edge.source and e.kind != "difference"]
    whole = [s.cells for s in stocks] or entering
    return [
        a
        for a in edge.cells.axes
        if a not in (*process.cells.axes, *process.converts) and all(a in cells.axes for cells in whole)
    ]


def _entering(system: System, edges: Mapping[str, EdgeCells], process: str, shared: list[str]) -> Terms:
    """Inflows of every (node, label of `shared`, element) of a process."""
    parts = [
        end_terms(e, edges[e.name], _codes(system, system.nodes.target_of(e), e.cells, shared), 1.0)
        for e in system.edges.values()
        if e.target == process and e.kind != "difference"
    ]
    return Terms.join(*parts)


def _leaving(system: System, edges: Mapping[str, EdgeCells], process: str, shared: list[str]) -> Terms:
    """Outflows of every (node, label of `shared`, element) of a process."""
    parts = [
        end_terms(e, edges[e.name], _codes(system, system.nodes.source_of(e), e.cells, shared), 1.0)
        for e in system.edges.values()
        if e.source == process and e.kind == "flow" and {*shared} <= {*e.cells.axes}
    ]
    return Terms.join(*parts)


def _rows(system: System, edges: Mapping[str, EdgeCells], edge: Edge, axes: tuple[str, ...]) -> _Rows:
    """The rows of an edge whose share varies over `axes`.

    Over a dimension that all inflows have too, a share is of what enters with the same label. Where a stock
    with a lifetime is, it divides what leaves, not what enters.
    """
    stocks = [s for s in system.stocks.values() if s.process == edge.source and s.kind == "cohort"]
    shared, own = _shared_labels(system, edge, stocks), system.processes[edge.source].cells.axes
    further = [a for a in edge.cells.axes if a not in own and (a in axes or a in shared)]
    node, ne = system.nodes.source_of(edge), system.n_elements
    code = _codes(system, node, edge.cells, further)
    _, cell, group = np.unique(code, return_index=True, return_inverse=True)
    out = end_terms(edge, edges[edge.name], group.astype(np.int64), 1.0)
    whole = (_leaving if stocks else _entering)(system, edges, edge.source, shared)
    which, g = matches(whole.row // ne, _codes(system, node, edge.cells, shared)[cell])
    whole = Terms(g * ne + whole.row[which] % ne, whole.cell[which], whole.weight[which])
    if edge.split in ("free", "none"):
        return _Rows(edge, cell, ne, out, whole)
    return _Rows(edge, cell, 1, out.summed(ne), whole.summed(ne))


def _codes(system: System, node: Ints, cells: CellIndex, further: list[str]) -> Ints:
    """A number for the node of each cell together with its further labels; -1 where there is no node."""
    size = int(np.prod([system.sizes[a] for a in further], initial=1))
    return np.where(node >= 0, node * size + keys(cells, further, system.sizes), -1)


def add_share(
    assembly: Assembly,
    system: System,
    edges: Mapping[str, EdgeCells],
    *,
    name: str,
    edge: Edge,
    given: ValueArray,
) -> tuple[Parameter, ObservedGroup] | None:
    """The rows X[p -> q] = tau * (sum of inflows of p), for every element or for the bulk of a composition.

    Where p holds a stock with a lifetime, it is the sum of what leaves it at the same labels instead.
    A share with an uncertainty is an unknown with its statement as an observation. A share stated exactly
    stays a number, or within a table of uncertain ones an unknown held by its bounds: so the rows of a node
    have one form and still add up to that of its bulk. Where no share is stated there is no row.
    """
    rows = _rows(system, edges, edge, given.axes)
    numbers = rows.numbers
    numbers = numbers[rows.at(~np.isnan(given.value), given.axes, numbers)]
    if not given.uncertain:
        _add_exact(assembly, system, rows, given, numbers)
        return None
    zero = given.certain & (given.value == 0)
    parameter, group = add_parameter(assembly, system, name, given, used=~zero, upper=1.0)
    _add_estimated(assembly, system, rows, rows.at(parameter.unknown, given.axes, numbers), numbers)
    return parameter, group


def _add_exact(assembly: Assembly, system: System, rows: _Rows, given: ValueArray, numbers: Ints) -> None:
    own = rows.only(numbers)
    tau = rows.at(given.value, given.axes, numbers)
    inflow = own.inflow.times(-tau[own.inflow.row])
    merge = numbers // rows.n_elements
    namer = _namer(system, rows, numbers)
    assembly.exact(Terms.join(own.out, inflow), np.zeros(len(numbers)), namer, merge=merge)


def _add_estimated(assembly: Assembly, system: System, rows: _Rows, tau: Ints, numbers: Ints) -> None:
    """tau unknown: total inflow T becomes an unknown, and X = tau T a product."""
    own, n, namer = rows.only(numbers), len(numbers), _namer(system, rows, numbers)
    group, k = numbers // rows.n_elements, np.arange(len(numbers))
    index = CellIndex(rows.edge.cells.axes, rows.edge.cells.coords[rows.cell[group]])
    total = assembly.total(own.inflow, n, namer, block=blocks(system, index), bulk=group, merge=group)
    product = assembly.cells(total + k, tau, 1.0, namer)
    terms = Terms.join(own.out, Terms.of(k, product + k, -1.0))
    assembly.exact(terms, np.zeros(n), namer, merge=group)


def _namer(system: System, rows: _Rows, numbers: Ints) -> Namer:
    group, element = np.divmod(numbers, rows.n_elements)
    node = system.nodes.source_of(rows.edge)[rows.cell[group]]
    shown = element if rows.n_elements == system.n_elements and system.elements else None
    return node_namer(system, f"share of {rows.edge.name} in {{}}", node, shown)
