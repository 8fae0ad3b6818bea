"""The run: document -> model -> solution -> standard deviations -> diagnosis -> result."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from mfa.build import Model, build
from mfa.core.balance import TOLERANCE
from mfa.errors import Imbalance, Infeasible, InputError, Problem, Undetermined, apart
from mfa.limits import ABSOLUTE, REDRAWN
from mfa.run.anchors import anchor_problems
from mfa.run.collect import collect
from mfa.run.conflicts import placed
from mfa.run.result import Result
from mfa.run.simulation import simulation
from mfa.run.starts import start_problems
from mfa.run.tables import BALANCE_COLUMNS, balance_table, closed_and_open
from mfa.solve.certain import Spread, certain
from mfa.solve.classify import Classification, classify
from mfa.solve.conflict import linear_conflict
from mfa.solve.diagnose import Diagnosis, diagnose
from mfa.solve.draws import Draws, draws
from mfa.solve.losses import L1, loss_of
from mfa.solve.misfit import losses_of
from mfa.solve.reconcile import reconcile, with_smallest
from mfa.solve.separable.form import is_linear
from mfa.solve.solution import Solution
from mfa.solve.truncated.aggregate import Truncated
from mfa.solve.truncated.beside import beside_bounds
from mfa.solve.truncated.drawn import Drawn
from mfa.solve.uncertainty import Propagated, uncertainty
from mfa.spec.resolve import Document

Progress = Callable[[str], None]
STEP = 1e-9
"""The last step of the solver moves no observed quantity by more, in units of its sigma."""


@dataclass(frozen=True)
class Solved:
    """A model with all that the solver says of it."""

    model: Model
    solution: Solution
    posterior: Spread
    classification: Classification
    diagnosis: Diagnosis
    truncated: Truncated
    drawn: Draws | None = None

    @cached_property
    def balances(self) -> pd.DataFrame:
        """Every balance with its closure, the worst first."""
        return balance_table(self.model, self.solution.q)


def run(document: Document, *, progress: Progress | None = None) -> Result:
    """The result of a document: read, built, solved, judged.

    Raises InputError for wrong tables, Infeasible with the rows in conflict, NotConverged, Undetermined where
    a simulation leaves flows free or the scenario forbids them, and Imbalance where a process does not close.
    """
    say = progress or (lambda _: None)
    say("reading tables and building the system")
    model = _anchored(build(document))
    _refuse(model)
    solved = solve(model, say)
    _check(solved)
    say("collecting the result")
    return collect(solved)


def _anchored(model: Model) -> Model:
    """The model, warning of what nothing gives a size; raises Undetermined where that is everything."""
    found = anchor_problems(model)
    if any(p.severity == "error" for p in found):
        raise Undetermined(*found)
    return replace(model, warnings=(*model.warnings, *found))


def _refuse(model: Model) -> None:
    """Raise before anything is solved where what is asked for is known not to settle at the model's size."""
    spec, problem = model.document.spec, model.problem
    if spec.solve.question == "simulate" or is_linear(problem):
        return
    losses = losses_of(problem.observed, loss_of(spec.solve.robust))
    size, place = len(problem), model.document.place
    if not ABSOLUTE.allows(size) and any(isinstance(loss, L1) for loss, _ in losses.of):
        raise InputError(ABSOLUTE.exceeded("the system", place("solve", "robust"), found=size))
    if not REDRAWN.allows(size) and spec.uncertainty.method != "posterior":
        raise InputError(REDRAWN.exceeded("the system", place("uncertainty", "method"), found=size))


def solve(model: Model, say: Progress) -> Solved:
    """The solution of a model's question with standard deviations, statuses and diagnosis."""
    problem = model.problem
    rows = f"{len(problem.exact):,} exact rows, {len(problem.observed):,} observations"
    say(f"solving for {len(problem):,} unknowns with {rows}")
    solution, spread = _answer(model, say)
    model = replace(model, warnings=(*model.warnings, *start_problems(problem, solution)))
    say("classification and diagnosis")
    found, judged = classify(problem, solution, spread), diagnose(problem, solution, spread)
    drawn = _drawn(model, solution, say)
    if drawn is not None and isinstance(spread, Propagated):
        return Solved(model, solution, spread, found, judged, Drawn(problem, solution, spread, drawn), drawn)
    say("means and intervals beside bounds")
    return Solved(model, solution, spread, found, judged, beside_bounds(problem, solution, spread))


def _drawn(model: Model, solution: Solution, say: Progress) -> Draws | None:
    """The draws that the scenario asks its standard deviations from."""
    spec = model.document.spec
    if spec.uncertainty.method != "montecarlo":
        return None
    say(f"{spec.uncertainty.draws:,} draws")
    return draws(model.problem, solution, spec.uncertainty.draws, spec.uncertainty.seed)


def _answer(model: Model, say: Progress) -> tuple[Solution, Spread]:
    """The solution of the question asked, and its standard deviations."""
    settings = model.document.spec.solve
    if settings.question == "simulate":
        return simulation(model), certain(model.problem)
    try:
        solution = reconcile(
            model.problem,
            robust=loss_of(settings.robust),
            tolerance=STEP,
            max_iterations=settings.max_iterations,
            progress=lambda k, text: say(f"iteration {k}: {text}"),
        )
    except Infeasible as error:
        raise Infeasible(*placed(model, error.problems)) from error
    say("standard deviations")
    spread = uncertainty(model.problem, solution)
    return _with_free_ones_small(model, solution, spread)


def _with_free_ones_small(model: Model, solution: Solution, spread: Spread) -> tuple[Solution, Spread]:
    """The solution with free masses as small as can be, where the same is free there."""
    if not np.any(spread.free_x & model.masses & (solution.x != 0)):
        return solution, spread
    found = with_smallest(model.problem, solution, spread.free_x, model.masses)
    if found is solution:
        return solution, spread
    again = uncertainty(model.problem, found)
    return (found, again) if np.array_equal(again.free_x, spread.free_x) else (solution, spread)


def _check(solved: Solved) -> None:
    """Raise where a balance does not close, a number is NaN, or a free flow is forbidden."""
    settings = solved.model.document.spec.solve
    table, _ = closed_and_open(solved.balances)
    failing = table[~(table["relative"] <= max(settings.tolerance, TOLERANCE))]
    if len(failing):
        if conflict := tuple(linear_conflict(solved.model.problem)):
            raise Infeasible(*placed(solved.model, conflict))
        rows = failing.head(5).to_dict("records")
        raise Imbalance(*(Problem("imbalance", f"a process does not close: {_sentence(r)}") for r in rows))
    if np.isnan(solved.solution.q).any():
        raise Imbalance(Problem("imbalance", "the solution holds numbers that are not finite"))
    free = np.flatnonzero(solved.posterior.free_q & (solved.model.problem.cells.coef != 0))
    if settings.on_free == "stop" and len(free):
        names = [solved.model.problem.cells.name(int(k)) for k in free[:8]]
        more = f" and {len(free) - len(names)} more" if len(free) > len(names) else ""
        raise Undetermined(Problem("undetermined", f"nothing determines {', '.join(names)}{more}"))


def _sentence(row: Mapping[Hashable, Any]) -> str:
    where = ", ".join(str(v) for k, v in row.items() if k not in BALANCE_COLUMNS and not pd.isna(v))
    (more, less), unit = (float(row[k]) for k in ("inflow", "outflow")), row["unit"]
    moved = f"{apart(more, less)} {unit} in, {apart(less, more)} {unit} out"
    return f"{where}: {moved}, relative difference {row['relative']:.2g}"
