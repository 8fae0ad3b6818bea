"""The question `simulate`: what follows from drivers, shares and lifetimes, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mfa.build import Model
from mfa.build.flows import EdgeCells
from mfa.build.reports import names_of
from mfa.errors import Infeasible
from mfa.run.signs import sign_problems
from mfa.solve.misfit import deviation
from mfa.solve.problem import Ints
from mfa.solve.simulate import Simulated, simulate
from mfa.solve.solution import Solution
from mfa.solve.told import Words

NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def simulation(model: Model) -> Solution:
    """The flows and stocks that follow from the drivers of a model.

    Raises Undetermined with the flows that nothing determines and why, Infeasible with the rows that
    contradict each other or the flows that would have to be negative, NotConverged.
    """
    found = simulate(model.problem, words=Words(lambda unknowns: missing(model, unknowns)))
    solution = _solution(model, found)
    negative = sign_problems(model, solution.q)
    if negative:
        raise Infeasible(*negative)
    return solution


def _solution(model: Model, found: Simulated) -> Solution:
    """The simulation in the form of a reconciliation in which no observation pulls."""
    problem = model.problem
    q = problem.cells.value(found.x)
    fitted = np.asarray(problem.observed.rows.matrix @ q)
    sigma, sides = problem.observed.sigma(fitted), len(problem) + len(problem.limits)
    return Solution(
        x=found.x,
        q=q,
        sigma=sigma,
        fitted=fitted,
        deviation=deviation(problem.observed, fitted, sigma),
        weight=np.zeros(0),
        order=None,
        iterations=len(found.order.steps),
        chi2=0.0,
        exact_multipliers=np.zeros(len(problem.exact)),
        limit_multipliers=np.zeros(len(problem.limits)),
        active=np.zeros(sides, dtype=np.int8),
        bound_multipliers=np.zeros(sides),
    )


def _numbers(cells: EdgeCells) -> Ints:
    """The numbers of the cells that can be."""
    return cells.of(np.arange(len(cells.mask)))[cells.mask]


def missing(model: Model, unknowns: Ints) -> str:
    """What is not stated about undetermined unknowns: shares, else drivers; empty where neither is seen."""
    free = np.zeros(len(model.problem), dtype=bool)
    free[unknowns] = True
    flows = [n for n, cells in model.edges.items() if free[model.problem.cells.i[_numbers(cells)]].any()]
    return "; ".join(_without_share(model, flows)) or "; ".join(_without_driver(model, flows))


def _without_share(model: Model, flows: list[str]) -> Iterator[str]:
    """The processes that several undetermined flows leave without a share."""
    edges, transfers = model.system.edges, model.document.spec.transfers
    for process in model.system.processes.values():
        stated = transfers.get(process.name, {})
        out = [n for n in flows if edges[n].source == process.name and n not in stated]
        if process.kind != "source" and len(out) > 1:
            count = NUMBERS.get(len(out), len(out))
            yield f"{process.name} has {count} outflows without a share: {', '.join(out)}"


def _without_driver(model: Model, flows: list[str]) -> Iterator[str]:
    """The undetermined flows from sources that no driver states."""
    stated = {n for driver in model.document.spec.drivers.values() for n in names_of(driver)}
    edges, processes = model.system.edges, model.system.processes
    for name in flows:
        if processes[edges[name].source].kind == "source" and name not in stated:
            yield f"no driver states {name}"
