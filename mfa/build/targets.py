"""What numbers speak about: cells of flows, trades and stocks, weighted by the basis they are counted in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Terms
from mfa.build.flows import EdgeCells, at_edge
from mfa.build.naming import blocks, cell_name, cell_namer
from mfa.build.parameters import Parameter
from mfa.build.values import ValueArray
from mfa.core.composition import mass_fraction
from mfa.core.labels import ELEMENT, CellIndex, Label, dimension_of, keys, matches
from mfa.core.system import Edge, System
from mfa.errors import UnitError
from mfa.spec.schema import Scenario
from mfa.units import GROSS, Unit

At = Mapping[str, tuple[Label, ...]]
"""Axis -> the labels something is restricted to."""


@dataclass(frozen=True)
class Weighted:
    """Cells of one edge or stock with weights: term k belongs to position `owner[k]` of `index`."""

    index: CellIndex
    owner: Ints
    cell: Ints
    weight: Floats


@dataclass(frozen=True)
class Content:
    """A commodity's content factor: mass in `basis` (the sum over elements) per gross mass."""

    given: ValueArray
    parameter: Parameter | None
    basis: str


class Targets:
    """Turns `of`, `at`, `sum` and a unit into weighted cells; makes gross masses unknowns when needed."""

    def __init__(
        self,
        assembly: Assembly,
        system: System,
        spec: Scenario,
        edges: Mapping[str, EdgeCells],
        *,
        stocks: Mapping[str, EdgeCells],
        contents: Mapping[str, Content],
    ) -> None:
        self.assembly, self.system, self.spec = assembly, system, spec
        self.edges, self.stocks, self.contents = edges, stocks, contents
        self._gross: dict[str, int] = {}

    def index_of(self, name: str) -> CellIndex:
        """The cells of a flow, trade, difference or stock, without the element axis."""
        return self.system.stocks[name].cells if name in self.system.stocks else self.system.edges[name].cells

    def has_elements(self, name: str) -> bool:
        """Whether its cells have an element axis."""
        stock = self.system.stocks.get(name)
        return bool(self.system.elements) and (stock is None or stock.has_elements)

    def axes_of(self, name: str) -> tuple[str, ...]:
        """All axes of a flow, trade, difference or stock."""
        return (*self.index_of(name).axes, *((ELEMENT,) if self.has_elements(name) else ()))

    def element_weights(self, basis: str) -> Floats:
        """What a tonne of each element counts in a basis: 1, 1 / f_e, or one element alone."""
        elements = self.system.elements
        if not elements:
            return np.ones(1)
        if basis in elements:
            return np.array([float(e == basis) for e in elements])
        if not basis:
            return np.ones(len(elements))
        compounds = self.spec.bases[basis]
        return np.array([1 / mass_fraction(compounds[e], e) if e in compounds else 0.0 for e in elements])

    def weighted(self, name: str, unit: Unit, at: At, split: bool) -> Weighted:
        """The cells of one target within `at`, weighted by the unit's basis; `split` keeps the element axis.

        Raises UnitError where the target cannot be counted in that basis.
        """
        index = self.index_of(name)
        keep = np.flatnonzero(self.within(index, at))
        chosen = CellIndex(index.axes, index.coords[keep])
        stock = self.system.stocks.get(name)
        if stock is not None and not stock.has_elements:
            if unit.basis != stock.basis:
                raise UnitError(f'stock "{name}" is kept in t {stock.basis}, not in "{unit.text}"')
            return Weighted(chosen, np.arange(len(keep)), self.stocks[name].offset + keep, np.ones(len(keep)))
        if unit.basis == GROSS and self.system.elements:
            return self._in_gross(name, chosen, keep)
        return self._by_element(name, chosen, keep, unit.basis, at=at, split=split)

    def within(self, index: CellIndex, at: At) -> Bools:
        """Which cells of an index have the labels that `at` asks for, axis by axis."""
        mask = np.ones(len(index), dtype=np.bool_)
        for axis, labels in at.items():
            if axis in index.axes:
                wanted = [self.system.dimensions[dimension_of(axis)].index(x) for x in labels]
                mask &= np.isin(index.column(axis), wanted)
        return mask

    def _by_element(
        self, name: str, chosen: CellIndex, keep: Ints, basis: str, *, at: At, split: bool
    ) -> Weighted:
        cells = (self.stocks if name in self.system.stocks else self.edges)[name]
        weights = self.element_weights(basis)
        if ELEMENT in at and self.system.elements:
            wanted = {str(x) for x in at[ELEMENT]}
            weights = weights * np.array([e in wanted for e in self.system.elements])
        row, element = np.nonzero(cells.mask[keep] & (weights != 0))
        numbers = cells.of(keep)[row, element]
        if not split or not self.system.elements:
            return Weighted(chosen, row, numbers, weights[element])
        full = CellIndex((*chosen.axes, ELEMENT), np.column_stack([chosen.coords[row], element]))
        return Weighted(full, np.arange(len(row)), numbers, weights[element])

    def _in_gross(self, name: str, chosen: CellIndex, keep: Ints) -> Weighted:
        edge = self.system.edges.get(name)
        content = self.contents.get((edge.commodity if edge else None) or "")
        if edge is None or content is None:
            of = f"contents.{edge.commodity}" if edge and edge.commodity else "a commodity and its content"
            raise UnitError(f'"{name}" has no content factor: state {of} to speak of its gross mass')
        self._complete(edge, content, keep)
        if content.parameter is not None:
            first = self._gross_unknowns(edge, content)
            return Weighted(chosen, np.arange(len(keep)), first + keep, np.ones(len(keep)))
        whole = self._by_element(name, chosen, keep, content.basis, at={}, split=False)
        factor = at_edge(content.given.value, content.given.axes, edge, 1)[keep, 0]
        return Weighted(chosen, whole.owner, whole.cell, whole.weight / factor[whole.owner])

    def _complete(self, edge: Edge, content: Content, keep: Ints) -> None:
        """Raises UnitError where some of an edge's cells have no content factor, or one of zero."""
        factor = at_edge(content.given.value, content.given.axes, edge, 1)[keep, 0]
        wrong = keep[~(factor > 0)]
        if len(wrong):
            where = cell_name(self.system, edge.name, edge.cells, int(wrong[0]))
            raise UnitError(f"contents.{edge.commodity} has no number above 0 for {where}")

    def _gross_unknowns(self, edge: Edge, content: Content) -> int:
        """The first cell of an edge's gross masses: content x gross = mass in the content's basis."""
        if edge.name in self._gross:
            return self._gross[edge.name]
        assert content.parameter is not None
        n, rows = len(edge.cells), np.arange(len(edge.cells))
        namer = cell_namer(self.system, f"gross mass of {edge.name}", edge.cells)
        gross = self.assembly.unknowns(n, namer, start=1.0, block=blocks(self.system, edge.cells))
        self._gross[edge.name] = self.assembly.linear(gross, n, namer)
        factor = at_edge(content.parameter.unknown, content.given.axes, edge, 1)[:, 0]
        product = self.assembly.cells(gross + rows, factor, 1.0, namer)
        mass = self._by_element(edge.name, edge.cells, rows, content.basis, at={}, split=False)
        terms = Terms.join(Terms.of(mass.owner, mass.cell, mass.weight), Terms.of(rows, product + rows, -1.0))
        self.assembly.exact(terms, np.zeros(n), namer)
        return self._gross[edge.name]


def group_rows(
    parts: Sequence[Weighted], axes: Sequence[str], sizes: Mapping[str, int], wanted: Ints
) -> Terms:
    """Terms of the rows whose labels along `axes` are `wanted` (one line of positions a row), summed."""
    code = keys(CellIndex(tuple(axes), wanted), axes, sizes)
    found = []
    for part in parts:
        term, row = matches(keys(part.index, axes, sizes)[part.owner], code)
        found.append(Terms.of(row, part.cell[term], part.weight[term]))
    return Terms.join(*found)
