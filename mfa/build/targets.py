"""What numbers speak about: cells of flows, trades and stocks, weighted by what they are counted in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Terms
from mfa.build.contents import Content
from mfa.build.counted import Counted, by_cohort
from mfa.build.flows import EdgeCells
from mfa.build.naming import blocks, cell_name, cell_namer
from mfa.build.parameters import Parameter
from mfa.core.composition import mass_fraction
from mfa.core.labels import ELEMENT, EXPORTER, REGION, CellIndex, Label, at_cells, dimension_of, keys, matches
from mfa.core.system import System
from mfa.errors import UnitError
from mfa.spec.schema import Scenario
from mfa.units import COUNT, GROSS, Unit

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
class _Product:
    """A flow, trade or stock as a product: its cells, its commodity, and the axis of the content's region."""

    name: str
    index: CellIndex
    commodity: str
    content: Content
    region: str

    def at(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An array over the content's axes at every cell."""
        return np.asarray(at_cells(values, self.content.given.axes, self.index, 1, self.region)[:, 0])


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
        counted: Counted,
    ) -> None:
        self.assembly, self.system, self.spec = assembly, system, spec
        self.edges, self.stocks, self.contents = edges, stocks, contents
        self.counted = counted
        self._gross: dict[str, int] = {}

    def index_of(self, name: str) -> CellIndex:
        """The cells of a flow, trade, difference or stock, without the element axis."""
        return self.system.stocks[name].cells if name in self.system.stocks else self.system.edges[name].cells

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
            if unit.basis != stock.basis or unit.kind == COUNT:
                raise UnitError(f'stock "{name}" is kept in t {stock.basis}, not in "{unit.text}"')
            return Weighted(chosen, np.arange(len(keep)), self.stocks[name].offset + keep, np.ones(len(keep)))
        if unit.kind == COUNT or (unit.basis == GROSS and self.system.elements):
            product = self._product(name, unit)
            if self._by_cohort(product):
                return self._of_cohorts(name, chosen, keep)
            return self._in_products(product, chosen, keep)
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

    def items(self) -> dict[str, float]:
        """The mass of one item of all that is counted, where it is one exact number."""
        found, system = {}, self.system
        carried = {e.name: e.commodity for e in system.edges.values()}
        for name, commodity in (carried | {s.name: s.commodity for s in system.stocks.values()}).items():
            content = self.contents.get(commodity or "")
            one = content is not None and content.counted and not content.given.axes
            if content is not None and one and content.parameter is None and not content.basis:
                found[name] = float(content.given.value)
        return found

    def _product(self, name: str, unit: Unit) -> _Product:
        """What a gross mass or a number of items is of; raises UnitError where no content says so."""
        stock = self.system.stocks.get(name)
        region = REGION if stock is not None else self.system.edges[name].source_region
        commodity = (self.system.edges[name] if stock is None else stock).commodity or ""
        content = self.contents.get(commodity)
        if content is None or content.counted != (unit.kind == COUNT):
            of = f"contents.{commodity}" if commodity else "a commodity and its content"
            what = ("number of items", "kg / item") if unit.kind == COUNT else ("gross mass", "t / t gross")
            raise UnitError(
                f'"{name}" has no content factor: state {of} in {what[1]} to speak of its {what[0]}'
            )
        index = self.index_of(name)
        lacking = [a for a in content.given.axes if a not in index.axes and (a, region) != (REGION, EXPORTER)]
        if lacking:
            raise UnitError(f'contents.{commodity} varies over "{lacking[0]}", which "{name}" does not have')
        if stock is not None and self.system.time in content.given.axes and stock.kind != "cohort":
            raise UnitError(f'contents.{commodity} varies over time: what "{name}" holds is of many years')
        return _Product(name, index, commodity, content, region)

    def _by_cohort(self, product: _Product) -> bool:
        """Whether a product holds what its cohorts entered with, which differs between them."""
        return (
            self.system.time in product.content.given.axes
            and by_cohort(self.system, product.name) is not None
        )

    def _of_cohorts(self, name: str, chosen: CellIndex, keep: Ints) -> Weighted:
        terms = self.counted.terms(name)
        term, owner = matches(terms.row, keep)
        return Weighted(chosen, owner, terms.cell[term], terms.weight[term])

    def products(self, flow: str) -> Terms:
        """The gross mass, or the number, of products in a flow, in rows numbered as its cells."""
        edge = self.system.edges[flow]
        content = self.contents[str(edge.commodity)]
        every = np.arange(len(edge.cells))
        product = _Product(flow, edge.cells, str(edge.commodity), content, edge.source_region)
        found = self._in_products(product, edge.cells, every)
        return Terms(found.owner, found.cell, found.weight)

    def _in_products(self, product: _Product, chosen: CellIndex, keep: Ints) -> Weighted:
        """Cells in gross mass or items: mass in the content's basis divided by the content."""
        content = product.content
        factor = product.at(content.given.value)[keep]
        wrong = keep[~(factor > 0)]
        if len(wrong):
            where = cell_name(self.system, product.name, product.index, int(wrong[0]))
            raise UnitError(f"contents.{product.commodity} has no number above 0 for {where}")
        if content.parameter is not None:
            first = self._product_unknowns(product, content.parameter)
            return Weighted(chosen, np.arange(len(keep)), first + keep, np.ones(len(keep)))
        whole = self._by_element(product.name, chosen, keep, content.basis, at={}, split=False)
        return Weighted(chosen, whole.owner, whole.cell, whole.weight / factor[whole.owner])

    def _product_unknowns(self, product: _Product, parameter: Parameter) -> int:
        """The first cell of gross masses (or items) of a product: content x gross = mass in its basis."""
        if product.name in self._gross:
            return self._gross[product.name]
        n, rows = len(product.index), np.arange(len(product.index))
        what = "number" if product.content.counted else "gross mass"
        namer = cell_namer(self.system, f"{what} of {product.name}", product.index)
        gross = self.assembly.unknowns(n, namer, start=1.0, block=blocks(self.system, product.index))
        self._gross[product.name] = self.assembly.linear(gross, n, namer)
        cells = self.assembly.cells(gross + rows, product.at(parameter.unknown), 1.0, namer)
        mass = self._by_element(product.name, product.index, rows, product.content.basis, at={}, split=False)
        terms = Terms.join(Terms.of(mass.owner, mass.cell, mass.weight), Terms.of(rows, cells + rows, -1.0))
        self.assembly.exact(terms, np.zeros(n), namer)
        return self._gross[product.name]


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
