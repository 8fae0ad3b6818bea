"""What numbers speak about: the cells of flows, trades and stocks, weighted by the basis they are counted in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Terms
from mfa.build.flows import EdgeCells, cell_name, shares_at
from mfa.build.parameters import Parameter
from mfa.build.values import ValueArray
from mfa.core.composition import mass_fraction
from mfa.core.labels import ELEMENT, CellIndex, Label, dimension_of
from mfa.core.system import Edge, System
from mfa.errors import UnitError
from mfa.spec.schema import Scenario
from mfa.units import GROSS, Unit


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
    """Turns `of`, `at`, `sum` and a unit into weighted cells; makes gross masses unknowns when they are needed."""

    def __init__(
        self,
        assembly: Assembly,
        system: System,
        spec: Scenario,
        edges: Mapping[str, EdgeCells],
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

    def weighted(self, name: str, unit: Unit, at: Mapping[str, tuple[Label, ...]], split: bool) -> Weighted:
        """The cells of one target within `at`, weighted by the unit's basis; `split` keeps the element axis."""
        index = self.index_of(name)
        keep = np.flatnonzero(self._mask(index, at))
        chosen = index.keep(np.isin(np.arange(len(index)), keep))
        stock = self.system.stocks.get(name)
        if stock is not None and not stock.has_elements:
            if unit.basis != stock.basis:
                raise UnitError(f'stock "{name}" is kept in t {stock.basis}, not in "{unit.text}"')
            return Weighted(chosen, np.arange(len(keep)), self.stocks[name].offset + keep, np.ones(len(keep)))
        if unit.basis == GROSS and self.system.elements:
            return self._in_gross(name, chosen, keep)
        return self._by_element(name, chosen, keep, unit.basis, at, split)

    def _mask(self, index: CellIndex, at: Mapping[str, tuple[Label, ...]]) -> Bools:
        mask = np.ones(len(index), dtype=bool)
        for axis, labels in at.items():
            if axis in index.axes:
                wanted = [self.system.dimensions[dimension_of(axis)].index(x) for x in labels]
                mask &= np.isin(index.column(axis), wanted)
        return mask

    def _by_element(
        self, name: str, chosen: CellIndex, keep: Ints, basis: str, at: Mapping[str, tuple[Label, ...]], split: bool
    ) -> Weighted:
        cells = (self.stocks if name in self.system.stocks else self.edges)[name]
        weights = self.element_weights(basis).copy()
        if ELEMENT in at and self.system.elements:
            wanted = {str(x) for x in at[ELEMENT]}
            weights *= [e in wanted for e in self.system.elements]
        used = cells.mask[keep] & (weights != 0)
        row, element = np.nonzero(used)
        numbers = cells.of(keep)[row, element]
        if not split or not self.system.elements:
            return Weighted(chosen, row, numbers, weights[element])
        full = CellIndex((*chosen.axes, ELEMENT), np.column_stack([chosen.coords[row], element]))
        return Weighted(full, np.arange(len(row)), numbers, weights[element])

    def _in_gross(self, name: str, chosen: CellIndex, keep: Ints) -> Weighted:
        edge = self.system.edges[name]
        content = self.contents.get(edge.commodity or "")
        if content is None:
            raise UnitError(f'"{name}" has no content factor: state contents.{edge.commodity} to speak of its gross mass')
        if content.parameter is not None:
            first = self._gross_unknowns(edge, content)
            return Weighted(chosen, np.arange(len(keep)), first + keep, np.ones(len(keep)))
        whole = self._by_element(name, chosen, keep, content.basis, {}, split=False)
        factor = shares_at(content.given, edge, 1)[keep, 0]
        return Weighted(chosen, whole.owner, whole.cell, whole.weight / factor[whole.owner])

    def _gross_unknowns(self, edge: Edge, content: Content) -> int:
        """The first cell of an edge's gross masses: content x gross = mass in the content's basis."""
        if edge.name in self._gross:
            return self._gross[edge.name]
        assert content.parameter is not None
        n = len(edge.cells)
        namer = lambda k: cell_name(self.system, f"gross mass of {edge.name}", edge.cells, k)  # noqa: E731
        block = edge.cells.column(self.system.time) if self.system.time else 0
        gross = self.assembly.unknowns(n, namer, start=1.0, block=block)
        self._gross[edge.name] = self.assembly.linear(gross, n, namer)
        where = content.given.axes
        factor = shares_at(_numbers(content.given, content.parameter.unknown), edge, 1)[:, 0] if where else np.full(
            n, int(content.parameter.unknown)
        )
        product = self.assembly.cells(gross + np.arange(n), factor.astype(np.int64), 1.0, namer)
        mass = self._by_element(edge.name, edge.cells, np.arange(n), content.basis, {}, split=False)
        rows = np.arange(n)
        terms = Terms.join(Terms.of(mass.owner, mass.cell, mass.weight), Terms.of(rows, product + rows, -1.0))
        self.assembly.exact(terms, np.zeros(n), namer)
        return self._gross[edge.name]


def _numbers(given: ValueArray, numbers: Ints) -> ValueArray:
    from dataclasses import replace

    return replace(given, value=numbers.astype(np.float64))


def group_rows(parts: Sequence[Weighted], axes: Sequence[str], sizes: Mapping[str, int], wanted: Ints) -> Terms:
    """Terms of the rows whose labels along `axes` are `wanted` (one line of positions a row), summed over the rest."""
    radix = [sizes[dimension_of(a)] for a in axes]
    code = _code(wanted, radix)
    order = np.argsort(code, kind="stable")
    found = []
    for part in parts:
        columns = [part.index.column(a) for a in axes]
        own = _code(np.column_stack(columns) if columns else np.zeros((len(part.index), 0), np.int64), radix)
        low = np.searchsorted(code[order], own[part.owner], side="left")
        high = np.searchsorted(code[order], own[part.owner], side="right")
        for step in range(int((high - low).max(initial=0))):
            hit = low + step < high
            found.append(Terms.of(order[(low + step)[hit]], part.cell[hit], part.weight[hit]))
    return Terms.join(*found)


def _code(positions: Ints, radix: Sequence[int]) -> Ints:
    code = np.zeros(len(positions), dtype=np.int64)
    for k, size in enumerate(radix):
        code = code * size + positions[:, k]
    return code
