"""Where the iteration begins where products leave several optima, and which of those reached is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mfa.errors import Infeasible, NotConverged
from mfa.solve.assays import FLOORS, Assays, assays_of, inside
from mfa.solve.problem import LeastSquares
from mfa.solve.quiet import WEAK, quieted
from mfa.solve.solution import Solution, Starts

LARGE = 20_000
"""Unknowns from which no second start is tried: each takes as long as the first."""
PLANT = 5_000
"""Unknowns up to which it is asked whether compositions alone tell flows: it takes a factorisation."""
BETTER = 1e-6
"""By how much a misfit has to be lower to be another optimum's."""

Report = Callable[[int, str], None]


@dataclass(frozen=True)
class Ways:
    """How a problem is solved: from its `usual` start, and from the one that it states, roughly or whole."""

    usual: Callable[[LeastSquares], Solution]
    rough: Callable[[LeastSquares], Solution]
    whole: Callable[[LeastSquares], Solution]


@dataclass(frozen=True)
class _Start:
    """A start by name, what it leads to, and whether it is wanted where one before it led somewhere."""

    name: str
    solved: Callable[[], Solution]
    wanted: bool = False


def best(problem: LeastSquares, ways: Ways, cost: Callable[[Solution], float], report: Report) -> Solution:
    """The best optimum reached: the first, unless flows that have stated compositions end at nothing.

    Nothing tests the shares of a stream that is nothing: each counts as what it costs on average where it is
    tested, one. So the misfit of a point that leaves much untested is compared fairly. Raises what the first
    start raised where none led anywhere.
    """
    assays = assays_of(problem)
    told = assays if assays is not None and len(problem) < PLANT and assays.tell else None
    found: list[tuple[float, Solution]] = []
    failures: list[NotConverged | Infeasible] = []
    for start in _starts(problem, ways, assays, told=told is not None):
        if found and not start.wanted:
            break
        try:
            solution = start.solved()
        except (NotConverged, Infeasible) as error:
            failures.append(error)
            report(len(failures) + len(found), f"the start from {start.name} leads nowhere: another one")
            continue
        untested = told.untested(solution.x) if told is not None else 0
        found.append((cost(solution) + untested, solution))
        if not untested:
            break
        report(len(failures) + len(found), f"flows end at nothing from {start.name}: another start")
    if not found:
        raise failures[0]
    return _kept(found, failures, told)


def _starts(problem: LeastSquares, ways: Ways, assays: Assays | None, *, told: bool) -> Iterator[_Start]:
    """The starts in their order."""
    several = len(problem) < LARGE
    usual = _Start("reports", lambda: ways.usual(problem), told and several)
    floors = FLOORS if several else FLOORS[:1]
    inside = [_inside(assays, ways, floor, told=told) for floor in floors] if assays is not None else []
    yield from [*inside, usual] if told else [usual, *(inside if several else [])]
    for weak in WEAK if several else ():
        quiet = quieted(problem, weak)
        if quiet is not None:
            yield _quiet(problem, quiet, ways, weak)


def _inside(assays: Assays, ways: Ways, floor: float, *, told: bool) -> _Start:
    def solved() -> Solution:
        start = inside(assays, ways.rough, assays.problem.start, floor)
        return ways.whole(replace(assays.problem, start=start))

    return _Start(f"compositions and flows of at least {floor:g} typical reports", solved, told)


def _quiet(problem: LeastSquares, quiet: LeastSquares, ways: Ways, weak: float) -> _Start:
    def solved() -> Solution:
        return ways.whole(replace(problem, start=ways.usual(quiet).x))

    return _Start(f"weak reports of nothing ({weak:g})", solved)


def _kept(
    found: list[tuple[float, Solution]], failures: list[NotConverged | Infeasible], assays: Assays | None
) -> Solution:
    """The best of what was found, with what is to be known of the others."""
    score, solution = min(found, key=lambda pair: pair[0])
    others = sum(one > score + BETTER * (1.0 + abs(score)) for one, _ in found)
    ended = tuple(assays.ended(solution.x).tolist()) if assays is not None else ()
    tried = len(found) + len(failures)
    return replace(solution, starts=Starts(tried, len(failures), others, ended))
