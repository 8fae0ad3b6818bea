"""Products in a stock with a lifetime, counted by cohort: their content is that of when they entered.

Where the content of a product changes over time, what leaves such a stock holds what its cohorts entered
with, and its number is no mass divided by one content. It follows from the numbers that entered, by the same
lifetimes: N_out[t] = sum_c N_in[c] (sf[t-1, c] - sf[t, c]); and N_in - N_out = (N[t] - N[t-1]) / L[t] says
how many are held.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from mfa.build.assembly import Assembly, Ints, Terms
from mfa.build.cohorts import ageing, used_ageing
from mfa.build.naming import blocks, cell_namer
from mfa.build.parameters import Parameter
from mfa.build.splits import Shares
from mfa.build.stocks import aligned, n_times, series_of
from mfa.build.values import ValueArray
from mfa.core.labels import ELEMENT, at_cells, matches
from mfa.core.stock.ages import Ages, Part
from mfa.core.system import Edge, StockOf, System
from mfa.errors import UnitError

Entering = Callable[[str], Terms]
"""The number of products that enters with a flow: terms in rows numbered as its cells."""


@dataclass(frozen=True)
class _Numbers:
    """The cells of the number that leaves at every cell of a stock, and of the number it holds."""

    leaving: int
    held: int


def by_cohort(system: System, name: str) -> StockOf | None:
    """The stock with a lifetime that a name is, or in which the products of a flow have been."""
    own = system.stocks.get(name)
    if own is not None:
        return own if own.kind == "cohort" else None
    return system.of_cohorts.get(name)


class Counted:
    """The numbers of products in stocks with a lifetime and in what leaves them, made where asked for."""

    def __init__(
        self,
        assembly: Assembly,
        system: System,
        *,
        parts: Mapping[str, tuple[Part, ...]],
        started: Collection[str],
        shrinking: Collection[str],
        shares: Shares,
        parameters: Mapping[str, Parameter],
    ) -> None:
        self.assembly, self.system, self.parts = assembly, system, parts
        self.started, self.shrinking = started, shrinking
        self.shares, self.parameters = shares, parameters
        self.numbers: dict[str, _Numbers] = {}

    def terms(self, name: str) -> Terms:
        """The number of products of a stock, or of a flow that leaves one, in rows numbered as its cells.

        Raises UnitError where it does not follow from the cohorts.
        """
        stock = by_cohort(self.system, name)
        assert stock is not None
        self._follows(stock, name)
        own, rows = self._numbers(stock), np.arange(len(stock.cells))
        if name == stock.name:
            return Terms.of(rows, own.held + rows, 1.0)
        edge = self.system.edges[name]
        leaving = own.leaving + _at_stock(self.system, stock, edge)
        if len(stock.outflow) == 1:
            return Terms.of(np.arange(len(edge.cells)), leaving, 1.0)
        return self._share(stock, edge, leaving)

    def _follows(self, stock: StockOf, name: str) -> None:
        """Raise where a stock's cohorts do not say how many products there are."""
        varies = f"contents.{stock.commodity} varies over time"
        whose = f'{varies}, and "{stock.name}"'
        if name not in (stock.name, *stock.outflow):
            first = next(f for f in stock.outflow if self.system.edges[f].commodity == stock.commodity)
            raise UnitError(f'{varies}, and "{name}" carries what was in "{stock.name}": count "{first}"')
        if any(f in self.system.of_cohorts for f in stock.inflow):
            raise UnitError(f"{whose} receives what was in another stock: count what enters that")
        if stock.name in self.started:
            raise UnitError(f"{whose} starts with products of unknown content: count what enters it")
        if stock.name in self.shrinking:
            raise UnitError(f"{whose} may shrink otherwise than by age: count what enters it")
        if any(_by_element(part) for part in self.parts[stock.name]):
            raise UnitError(f"{whose} has a lifetime for each element: its products do not leave as a whole")

    def _numbers(self, stock: StockOf) -> _Numbers:
        """The unknown numbers of a stock."""
        if stock.name not in self.numbers:
            n, block = len(stock.cells), blocks(self.system, stock.cells)
            cells = []
            for what in ("number leaving", "number in"):
                namer = cell_namer(self.system, f"{what} {stock.name}", stock.cells)
                first = self.assembly.unknowns(n, namer, start=1.0, block=block)
                cells.append(self.assembly.linear(first, n, namer))
            self.numbers[stock.name] = _Numbers(*cells)
        return self.numbers[stock.name]

    def _share(self, stock: StockOf, edge: Edge, leaving: Ints) -> Terms:
        """What one of several outflows takes of the number that leaves: its share, or the rest."""
        rows, others = np.arange(len(edge.cells)), [f for f in stock.outflow if f != edge.name]
        if (stock.process, edge.name) in self.shares:
            return self._stated(stock, edge, leaving)
        parts = [Terms.of(rows, leaving, 1.0)]
        for name in others:
            other = self.system.edges[name]
            given = self._stated(stock, other, self._leaving_at(stock, other))
            at, there = matches(
                _at_stock(self.system, stock, other)[given.row], _at_stock(self.system, stock, edge)
            )
            parts.append(Terms.of(there, given.cell[at], -given.weight[at]))
        return Terms.join(*parts)

    def _leaving_at(self, stock: StockOf, edge: Edge) -> Ints:
        return self._numbers(stock).leaving + _at_stock(self.system, stock, edge)

    def _stated(self, stock: StockOf, edge: Edge, leaving: Ints) -> Terms:
        """A stated share of the number that leaves."""
        given = self.shares.get((stock.process, edge.name))
        stated = None if given is None or ELEMENT in given.axes else _shares_at(given, edge)
        if given is None or stated is None or np.isnan(stated).any():
            raise UnitError(
                f'contents.{stock.commodity} varies over time, and several flows leave "{stock.name}":'
                f" their numbers follow where all but one have a share, the same for every element"
                f" (`transfers.{stock.process}.{edge.name}`)"
            )
        rows = np.arange(len(edge.cells))
        if edge.name not in self.parameters:
            return Terms.of(rows, leaving, stated)
        share = at_cells(self.parameters[edge.name].unknown, given.axes, edge.cells, 1)[:, 0]
        namer = cell_namer(self.system, f"number of {edge.name}", edge.cells)
        factor = np.where(share < 0, stated, 1.0)  # a share of exactly zero is no unknown
        first = self.assembly.cells(self.assembly.unknown_of(leaving), share, factor, namer)
        return Terms.of(rows, first + rows, 1.0)

    def add_rows(self, ages: Mapping[str, Ages], entering: Entering) -> None:
        """The exact rows of all numbers asked for, given how cohorts age and what enters with each flow."""
        for name, own in self.numbers.items():
            stock = self.system.stocks[name]
            enters = [(f, self._in_cells(stock, f, entering(f))) for f in stock.inflow]
            self._add_leaving(stock, own, ages[name], dict(enters))
            self._add_held(stock, own, Terms.join(*(terms for _, terms in enters)))

    def _in_cells(self, stock: StockOf, flow: str, terms: Terms) -> Terms:
        """What enters with a flow in rows numbered as the cells of the stock."""
        at = _at_stock(self.system, stock, self.system.edges[flow])
        return Terms(at[terms.row], terms.cell, terms.weight)

    def _add_leaving(self, stock: StockOf, own: _Numbers, ages: Ages, enters: Mapping[str, Terms]) -> None:
        system, rows = self.system, np.arange(len(stock.cells))
        new = Terms.join(*(t for f, t in enters.items() if f not in ages.used))
        parts = [
            _left(system, stock, new, which[:, 0], weights)
            for which, weights in ageing(system, stock, ages, None)
        ]
        for name, shares in ages.used.items():
            parts += [
                _left(system, stock, enters[name], which[:, 0], weights)
                for which, weights in used_ageing(system, stock, ages, shares)
            ]
        terms = Terms.join(Terms.of(rows, own.leaving + rows, 1.0), *parts)
        namer = cell_namer(system, f"cohorts leaving {stock.name}, counted", stock.cells)
        self.assembly.exact(terms, np.zeros(len(rows)), namer)

    def _add_held(self, stock: StockOf, own: _Numbers, enters: Terms) -> None:
        system, rows = self.system, np.arange(len(stock.cells))
        series, time = series_of(system, stock.cells)
        rate = 1.0 / system.lengths[time]
        earlier = _numbered(system, stock)[series, time - 1]
        earlier[time == 0] = -1
        later = np.flatnonzero(earlier >= 0)
        terms = Terms.join(
            enters,
            Terms.of(rows, own.leaving + rows, -1.0),
            Terms.of(rows, own.held + rows, -rate),
            Terms.of(later, own.held + earlier[later], rate[later]),
        )
        namer = cell_namer(system, f"change of {stock.name}, counted", stock.cells)
        self.assembly.exact(terms, np.zeros(len(rows)), namer)


def _by_element(part: Part) -> bool:
    """Whether a lifetime differs between elements."""
    return part.axis == ELEMENT or any(ELEMENT in getattr(v, "dims", ()) for v in part.parameters.values())


def _shares_at(given: ValueArray, edge: Edge) -> np.ndarray:
    """A share at every cell of an edge."""
    return np.asarray(at_cells(given.value, given.axes, edge.cells, 1)[:, 0])


def _numbered(system: System, stock: StockOf) -> Ints:
    """The cell of a stock at every (series, time), -1 where there is none."""
    series, time = series_of(system, stock.cells)
    number = np.full((int(series.max(initial=-1)) + 1, n_times(system)), -1, np.int64)
    number[series, time] = np.arange(len(stock.cells))
    return number


def _at_stock(system: System, stock: StockOf, edge: Edge) -> Ints:
    """The cell of a stock at every cell of a flow into it or out of it."""
    return _numbered(system, stock)[aligned(system, stock, edge.name)]


def _left(system: System, stock: StockOf, enters: Terms, own: np.ndarray, weights: np.ndarray) -> Terms:
    """Minus weights[t, c] of what enters at time c, in the rows of time t, for some series."""
    series, time = series_of(system, stock.cells)
    enters = enters.where(own[series[enters.row]])
    to, of = np.nonzero(weights)
    pair, term = matches(of, time[enters.row])
    row = _numbered(system, stock)[series[enters.row[term]], to[pair]]
    return Terms.of(row, enters.cell[term], -weights[to[pair], of[pair]] * enters.weight[term])
