"""The steps from a document to the model."""

from __future__ import annotations

from mfa.build.ages import ages_of, left_of_initial, read_parts
from mfa.build.assembly import Assembly, Floats, Ints, Terms
from mfa.build.balances import add_balances
from mfa.build.cohorts import add_cohorts, add_levels
from mfa.build.compositions import Composition, composition_unknowns, first_mix, read_compositions
from mfa.build.constraints import add_constraints
from mfa.build.contents import Content, add_content, implied_compositions, read_contents
from mfa.build.counted import Counted
from mfa.build.differences import add_difference
from mfa.build.dims import build_dims
from mfa.build.flows import FlowCells, Reach, allocate_flows, initially_held, pruned
from mfa.build.initial import Initial, initial_problems, read_initial, read_used
from mfa.build.loops import loop_problems
from mfa.build.model import Model
from mfa.build.network import build_system, difference_name, empty_edges, nothing_flows
from mfa.build.observed import Observer
from mfa.build.parameters import ObservedGroup, Parameter
from mfa.build.ranges import not_finite
from mfa.build.reports import Reports
from mfa.build.reserves import add_reserve, read_reserve
from mfa.build.retirement import kept_shares
from mfa.build.shares import add_share, read_shares, split_problems
from mfa.build.splits import closed_shares, note_closed, split_sums
from mfa.build.start import first_guess, with_start, without_bounds
from mfa.build.stocks import StockCells, add_stock, change_terms
from mfa.build.targets import Targets
from mfa.build.twice import counted_twice
from mfa.build.uniform import leading_rows, stock_shares, uniform_processes
from mfa.build.values import Reader
from mfa.core.stock.ages import Ages
from mfa.core.system import System
from mfa.errors import InputError, Problem
from mfa.files import digests
from mfa.spec.resolve import Document


class Builder:
    """The steps from document to model: `read` what it says, `place` it in the system, make the `model`."""

    def __init__(self, document: Document) -> None:
        self.document, self.spec = document, document.spec
        self.reader = Reader(document, build_dims(document))
        self.assembly = Assembly()
        self.groups: list[ObservedGroup] = []
        self.estimated: dict[str, Parameter] = {}

    @property
    def problems(self) -> list[Problem]:
        """Everything found wrong so far."""
        return self.reader.problems

    @property
    def failed(self) -> bool:
        """Whether a problem is an error."""
        return any(p.severity == "error" for p in self.problems)

    def read(self) -> bool:
        """Read the tables and make the system; False where something is wrong with them."""
        self.reports = Reports(self.reader)
        if not self.reader.simulates:
            self.problems.extend(counted_twice(self.document, self.reports.reports))
        self.contents = read_contents(self.reader)
        self.compositions = read_compositions(self.reader) | implied_compositions(self.reader, self.contents)
        self.shares = read_shares(self.reader)
        self.started = self._initial()
        self.used = {
            n: read_used(self.reader, n, s, self.started.get(n)) for n, s in self.spec.stocks.items()
        }
        self.initial = {n: found.total for n, found in self.started.items()}
        self.parts = {
            n: read_parts(self.reader, n, s) for n, s in self.spec.stocks.items() if s.kind == "cohort"
        }
        if self.failed:
            return False
        whole = build_system(self.document, self.reader.dims.dimensions, self.reports.pairs())
        self.problems.extend(empty_edges(self.document, whole))
        self.problems.extend(split_problems(self.reader, whole, self.shares))
        self.splits = split_sums(whole, self.shares)
        self.shares = closed_shares(self.reader, self.splits, self.shares)
        if not self.failed and not self.reader.simulates:
            self.problems.extend(loop_problems(self.document, whole, self.shares))
        stated = {flow: share for (_, flow), share in self.shares.items()}
        self.reach = Reach(whole, self.compositions, stated, initially_held(whole, self.initial))
        for name, total in self.initial.items():
            stock = whole.stocks[name]
            self.problems.extend(initial_problems(self.reader, whole, stock, total, self.reach.nodes))
        self.system: System = pruned(whole, self.reach)
        self.problems.extend(nothing_flows(self.document, self.system))
        self.uniform = uniform_processes(self.system, self.compositions, self.initial)
        self.depletion = {
            n: read_reserve(self.reader, s) for n, s in self.system.stocks.items() if s.kind == "reserve"
        }
        return not self.failed

    def _initial(self) -> dict[str, Initial]:
        """The level of each stock before the first period (of a reserve: read with its other values)."""
        found = {}
        for name, stock in self.spec.stocks.items():
            if stock.initial is not None and stock.kind != "reserve":
                given = read_initial(self.reader, name, stock)
                if given is not None:
                    found[name] = given
        return found

    def place(self) -> None:
        """Give everything stated its unknowns, cells and rows; what cannot be is a problem."""
        self.flows = flows = self._flows()
        contents = self._contents()
        stocks, change = self._stocks(flows)
        levels = {n: s.level for n, s in stocks.items()}
        self.counted = Counted(
            self.assembly,
            self.system,
            parts=self.parts,
            started=self.initial,
            shrinking={n for n, s in self.spec.stocks.items() if s.shrinking != "error"},
            shares=self.shares,
            parameters=self.estimated,
        )
        self.targets = targets = Targets(
            self.assembly,
            self.system,
            self.spec,
            flows.edges,
            stocks=levels,
            contents=contents,
            counted=self.counted,
        )
        stocks |= self._reserves(flows, targets)
        targets.stocks = {n: s.level for n, s in stocks.items()}
        add_balances(self.assembly, self.system, flows, change, leading_rows(self.system, self.uniform))
        self._add_shares(flows)
        self._add_differences(flows)
        observer = Observer(self.assembly, targets, self.reader, self.groups)
        observer.add_reports(self.reports)
        add_constraints(self.assembly, targets, self.reader)
        self.stocks, self.items = stocks, targets.items()
        self.ages = self._ages()
        self.left = self._left()
        self.kept = self._kept()

    def _ages(self) -> dict[str, Ages]:
        """How the cohorts of each stock with a lifetime age."""
        found = {}
        for name, parts in self.parts.items():
            started, stock = self.started.get(name), self.system.stocks[name]
            structure = started.structure if started else None
            found[name] = ages_of(
                *(self.system, stock, self.spec.stocks[name], parts),
                structure=structure,
                used=self.used[name],
            )
        return found

    def _left(self) -> dict[str, Floats]:
        """What is left of each initial stock of stated ages at the end of every period; it may be too old."""
        found = {}
        for name, ages in self.ages.items():
            if name in self.initial and ages.structure is not None:
                try:
                    found[name] = self._left_of(name)
                except InputError as error:
                    path = ("stocks", name, "initial")
                    self.problems.extend(
                        self.document.problem(p.code, p.text, *path, hint=p.hint) for p in error.problems
                    )
        return found

    def _left_of(self, name: str) -> Floats:
        return left_of_initial(self.system, self.system.stocks[name], self.ages[name], self.initial[name])

    def _kept(self) -> dict[str, Floats]:
        """What early retirement leaves of the stocks that may shrink so."""
        found = {}
        for name, ages in self.ages.items():
            if ages.shrinking == "retire" and not self.failed:
                kept = kept_shares(
                    *(self.assembly, self.system, self.system.stocks[name], ages),
                    cells=self.stocks[name],
                    initial=self.initial.get(name),
                    reader=self.reader,
                )
                if kept is not None:
                    found[name] = kept
        return found

    def model(self) -> Model:
        """The model of what was placed without an error, cohorts included."""
        stocks, edges = self.stocks, self.flows.edges
        # those without stated ages fit their lifetimes, so that a check does without them
        left = self.left | {
            n: self._left_of(n) for n in self.ages if n in self.initial and n not in self.left
        }
        for name, stock in self.system.stocks.items():
            if stock.kind == "cohort":
                add_cohorts(
                    *(self.assembly, self.system, stock, self.ages[name], edges),
                    cells=stocks[name],
                    left=left.get(name),
                    kept=self.kept.get(name),
                )
                add_levels(self.assembly, self.system, stock, edges, cells=stocks[name])
        self.counted.add_rows(self.ages, self.targets.products)
        problem = self.assembly.problem()
        if wrong := not_finite(problem):
            raise InputError(*wrong)
        if self.reader.simulates:
            problem = without_bounds(problem)
        guess = first_guess(problem, self.assembly.scalable)
        return Model(
            document=self.document,
            system=self.system,
            problem=with_start(problem, guess, self.assembly.masses),
            edges=edges,
            stocks={n: s.level for n, s in stocks.items()},
            before={n: s.before for n, s in stocks.items()},
            observed=tuple(self.groups),
            items=self.items,
            warnings=tuple(p for p in self.problems if p.severity == "warning"),
            inputs={**self.document.digests, **digests(sorted(self.reader.files))},
            ages=self.ages,
            masses=self.assembly.masses,
        )

    def _flows(self) -> FlowCells:
        given: dict[str, tuple[Ints, Composition]] = {}
        for name, shares in self.compositions.items():
            unknown, groups = composition_unknowns(self.assembly, self.system, name, shares)
            given[name] = (unknown, shares)
            self.groups += groups
        guess = first_mix(self.compositions, self.system.n_elements)
        return allocate_flows(self.assembly, self.system, self.reach, given, guess)

    def _contents(self) -> dict[str, Content]:
        found = {}
        for name, given in self.contents.items():
            found[name], groups = add_content(self.assembly, self.system, name, given)
            self.groups += groups
        return found

    def _stocks(self, flows: FlowCells) -> tuple[dict[str, StockCells], Terms]:
        """Stocks that are part of a balance, and minus their change."""
        found, change = {}, []
        for name, stock in self.system.stocks.items():
            if stock.kind == "reserve":
                continue
            cells = add_stock(
                self.assembly,
                self.system,
                stock,
                flows.edges,
                self.initial.get(name),
                shares=stock_shares(stock, self.uniform),
            )
            change.append(change_terms(self.system, stock, cells.level, cells.before))
            self.groups += cells.groups
            found[name] = cells
        return found, Terms.join(*change)

    def _reserves(self, flows: FlowCells, targets: Targets) -> dict[str, StockCells]:
        found = {}
        for name, values in self.depletion.items():
            assert values is not None
            stock = self.system.stocks[name]
            weights = targets.element_weights(stock.basis)
            found[name] = add_reserve(self.assembly, self.system, stock, flows.edges, weights, values=values)
            self.groups += found[name].groups
        return found

    def _add_shares(self, flows: FlowCells) -> None:
        observed = {}
        for (process, flow), given in self.shares.items():
            name, edge = f"transfers.{process}.{flow}", self.system.edges[flow]
            found = add_share(self.assembly, self.system, flows.edges, name=name, edge=edge, given=given)
            if found is not None:
                self.estimated[flow], group = found
                observed[process, flow] = found[0].observed
                self.groups.append(group)
        note_closed(self.assembly, self.splits, observed)

    def _add_differences(self, flows: FlowCells) -> None:
        cells = {name: edge.cells for name, edge in self.system.edges.items() if edge.kind == "trade"}
        reported = {name: self.reports.speak_of(name, own) for name, own in cells.items()}
        for name, process in self.spec.processes.items():
            stated = process.statistical_difference
            if stated is not None and not self.reader.simulates:
                edge = self.system.edges[difference_name(name)]
                factor = self.reader.unit(stated.floor.unit if stated.floor else stated.unit).factor
                group = add_difference(
                    *(self.assembly, self.system, edge, flows, stated), factor=factor, reported=reported
                )
                self.groups.append(group)
