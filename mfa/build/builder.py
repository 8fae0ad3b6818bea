"""The steps from a document to the model."""

from __future__ import annotations

import numpy as np

from mfa.build.assembly import Assembly, Floats, Ints, Terms
from mfa.build.balances import add_balances
from mfa.build.compositions import composition_unknowns, first_mix, read_compositions
from mfa.build.differences import add_difference
from mfa.build.dims import build_dims
from mfa.build.flows import FlowCells, Reach, allocate_flows, pruned
from mfa.build.model import Model
from mfa.build.network import build_system, difference_name, empty_edges
from mfa.build.observed import Observer
from mfa.build.parameters import ObservedGroup, add_parameter
from mfa.build.reports import Reports
from mfa.build.shares import Throughputs, add_share
from mfa.build.start import first_guess, with_start
from mfa.build.stocks import StockCells, add_reserve, add_stock, change_terms
from mfa.build.targets import Content, Targets
from mfa.build.values import Reader, ValueArray
from mfa.core.labels import ELEMENT
from mfa.core.system import System
from mfa.errors import Problem
from mfa.spec.resolve import Document


class Builder:
    """The steps from document to model, in order."""

    def __init__(self, document: Document) -> None:
        self.document, self.spec = document, document.spec
        self.reader = Reader(document, build_dims(document))
        self.assembly = Assembly()
        self.groups: list[ObservedGroup] = []

    @property
    def problems(self) -> list[Problem]:
        return self.reader.problems

    def read(self) -> bool:
        """Tables and system; False where something is wrong with them."""
        self.reports = Reports(self.reader)
        self.compositions = read_compositions(self.reader)
        self.shares = self._shares()
        if any(p.severity == "error" for p in self.problems):
            return False
        whole = build_system(self.document, self.reader.dims.dimensions, self.reports.pairs())
        self.problems.extend(empty_edges(self.document, whole))
        zeros = {flow: v for (_, flow), v in self.shares.items() if not v.uncertain and ELEMENT in v.axes}
        self.reach = Reach(whole, self.compositions, zeros)
        self.system: System = pruned(whole, self.reach)
        return True

    def _shares(self) -> dict[tuple[str, str], ValueArray]:
        found = {}
        for process, shares in self.spec.transfers.items():
            for flow, share in shares.items():
                if share != "rest":
                    given = self.reader.array(("transfers", process, flow), share, "1")
                    if given is not None:
                        found[process, flow] = given
        return found

    def make(self) -> Model:
        """Unknowns, cells and rows."""
        flows = self._flows()
        contents = self._contents()
        stocks, change = self._stocks(flows)
        levels = {n: s.level for n, s in stocks.items()}
        targets = Targets(self.assembly, self.system, self.spec, flows.edges, levels, contents)
        reserves = self._reserves(flows, targets)
        targets.stocks = levels | {n: s.level for n, s in reserves.items()}
        add_balances(self.assembly, self.system, flows, change)
        self._add_shares(flows)
        self._add_differences(flows)
        observer = Observer(self.assembly, targets, self.reader, self.groups)
        observer.add_reports(self.reports)
        observer.add_constraints()
        problem = self.assembly.problem()
        problem = with_start(problem, first_guess(problem, self.assembly.scalable), self.assembly.masses)
        return Model(
            self.document, self.system, problem, flows.edges, targets.stocks,
            {n: s.before for n, s in (stocks | reserves).items()}, tuple(self.groups),
            tuple(p for p in self.problems if p.severity == "warning"), tuple(sorted(self.reader.files)),
        )

    def _flows(self) -> FlowCells:
        given: dict[str, tuple[Ints, ValueArray]] = {}
        for name, shares in self.compositions.items():
            unknown, groups = composition_unknowns(self.assembly, self.system, name, shares)
            given[name] = (unknown, shares)
            self.groups += groups
        guess = first_mix(self.compositions, self.system.n_elements)
        return allocate_flows(self.assembly, self.system, self.reach, given, guess)

    def _contents(self) -> dict[str, Content]:
        found = {}
        for name, value in self.spec.contents.items():
            given = self.reader.array(("contents", name), value)
            if given is None:
                continue
            parameter = None
            if given.uncertain:
                parameter, group = add_parameter(self.assembly, self.system, f"contents.{name}", given)
                self.groups.append(group)
            found[name] = Content(given, parameter, given.unit.basis)
        return found

    def _stocks(self, flows: FlowCells) -> tuple[dict[str, StockCells], Terms]:
        found, change = {}, []
        for name, stock in self.system.stocks.items():
            if stock.kind == "reserve":
                continue
            initial = self._initial(name)
            found[name] = add_stock(self.assembly, self.system, stock, self.spec.stocks[name], flows.edges, initial)
            change.append(change_terms(self.system, stock, found[name].level, found[name].before))
            self.groups += found[name].groups
        return found, Terms.join(*change)

    def _initial(self, name: str) -> ValueArray | None:
        value = self.spec.stocks[name].initial
        return None if value is None else self.reader.array(("stocks", name, "initial"), value, "t")

    def _reserves(self, flows: FlowCells, targets: Targets) -> dict[str, StockCells]:
        found = {}
        for name, stock in self.system.stocks.items():
            if stock.kind != "reserve":
                continue
            weights = targets.element_weights(stock.basis)
            recovery, _ = self._at_stock(name, "recovery", 1.0)
            additions, revision = self._at_stock(name, "additions", 0.0)
            found[name] = add_reserve(
                self.assembly, self.system, stock, flows.edges, weights, self._initial(name), recovery, additions, revision
            )
            self.groups += found[name].groups
        return found

    def _at_stock(self, name: str, key: str, default: float) -> tuple[Floats, Floats]:
        """A value of a reserve and its standard deviation at each of the reserve's cells."""
        cells = self.system.stocks[name].cells
        value = getattr(self.spec.stocks[name], key)
        given = None if value is None else self.reader.array(("stocks", name, key), value, "1")
        if given is None:
            return np.full(len(cells), default), np.zeros(len(cells))
        where = tuple(cells.column(a) for a in given.axes)
        found = np.broadcast_to(given.value[where], len(cells)), np.broadcast_to(given.sd[where], len(cells))
        return np.asarray(found[0]), np.asarray(found[1])

    def _add_shares(self, flows: FlowCells) -> None:
        through = Throughputs(self.assembly, self.system, flows.edges)
        for (process, flow), given in self.shares.items():
            group = add_share(through, f"transfers.{process}.{flow}", self.system.edges[flow], given)
            if group is not None:
                self.groups.append(group)

    def _add_differences(self, flows: FlowCells) -> None:
        for name, process in self.spec.processes.items():
            stated = process.statistical_difference
            if stated is not None:
                edge = self.system.edges[difference_name(name)]
                factor = self.reader.unit(stated.floor.unit if stated.floor else stated.unit).factor
                group = add_difference(self.assembly, self.system, edge, flows, stated, factor)
                self.groups.append(group)


