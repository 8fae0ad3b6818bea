"""Why a simulation has no answer, in the user's words: too few rows, too many, or a loop nothing leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from mfa.errors import Problem, apart
from mfa.solve.causal import Order
from mfa.solve.dependent import circulation
from mfa.solve.equations import Equations
from mfa.solve.problem import DRIVER, Floats, Ints, LeastSquares, Names

SHOWN, NEAREST, PROBLEMS, SAMPLE, ANCESTORS, GROUPS = 6, 3, 5, 4000, 400, 400


@dataclass(frozen=True)
class Words:
    """What the caller knows and rows do not: `missing` says of undetermined unknowns what is not stated."""

    missing: Callable[[Ints], str] = lambda _: ""


def undetermined(
    problem: LeastSquares, rows: Equations, order: Order, typical: Floats, words: Words
) -> list[Problem]:
    """One problem for each kind of group of unknowns that has fewer rows than unknowns, or a loop without
    end."""
    closed = _closed_loops(problem, rows, order, typical)
    if closed:
        return closed
    part = rows.pattern()[order.short][:, order.free]
    found: dict[tuple[str, ...], Problem] = {}
    alike: Counter[tuple[str, ...]] = Counter()
    for own, shared in _components(part):
        unknowns, short = order.free[own], order.short[shared]
        names = _first_names(problem.name, unknowns)
        alike[tuple(names)] += 1
        if tuple(names) not in found and len(found) < PROBLEMS:
            hint = words.missing(unknowns) or "state a share or a driver for one of them"
            text = f"nothing determines {_listed(names.values())}: {_counted(problem, unknowns, short)}"
            found[tuple(names)] = Problem("undetermined", text, hint=hint)
    return [replace(p, text=p.text + _more(alike[kind])) for kind, p in found.items()]


def _more(count: int) -> str:
    """`; 69 more like it`, for one of `count` groups with the same flows."""
    least = " or more" if count == GROUPS else ""
    return f"; {count - 1}{least} like it at other labels" if count > 1 else ""


def _counted(problem: LeastSquares, unknowns: Ints, short: Ints) -> str:
    """`3 unknowns in 2 rows (balance of yard[2000], ...)`."""
    n = len(unknowns)
    if not len(short):
        return "no row holds it"
    own = short[short < len(problem.exact)]
    rows = _listed(_first_names(problem.exact.name, own).values())
    return f"{n} unknown{'s' * (n > 1)} in {len(short)} row{'s' * (len(short) > 1)} ({rows})"


def _components(part: sparse.csr_array) -> Iterable[tuple[Ints, Ints]]:
    """The unknowns and rows (columns and rows of `part`) of each of its first connected groups."""
    m, n = part.shape
    row = np.repeat(np.arange(m), np.diff(part.indptr))
    joined = sparse.coo_array((np.ones(part.nnz), (row, m + part.indices)), shape=(m + n, m + n))
    label = csgraph.connected_components(joined.tocsr(), directed=False)[1]
    for group in np.unique(label[m:])[:GROUPS]:
        yield np.flatnonzero(label[m:] == group), np.flatnonzero(label[:m] == group)


def _closed_loops(problem: LeastSquares, rows: Equations, order: Order, typical: Floats) -> list[Problem]:
    """Loops that return all that enters them, among the blocks whose rows depend on each other."""
    free = np.zeros(len(problem), dtype=bool)
    free[order.free] = True
    hint = "let something leave the loop: shares round it that multiply to less than 1"
    found: dict[tuple[str, ...], Problem] = {}
    for of, unknowns in order.singular[:GROUPS]:
        round_ = circulation(rows, of, unknowns, typical) if free[unknowns].any() else unknowns[:0]
        names = _first_names(problem.name, round_)
        if names and tuple(names) not in found and len(found) < PROBLEMS:
            text = f"the loop {_listed(names.values())} returns all that enters it: it has no finite answer"
            found[tuple(names)] = Problem("closed-loop", text, hint=hint)
    return list(found.values())


def contradictions(
    problem: LeastSquares, rows: Equations, order: Order, wrong: Ints, q: Floats
) -> list[Problem]:
    """One problem for each kind of row in `wrong` that does not hold at `q`, by time and causal order."""
    found: dict[str, Problem] = {}
    graph = rows.pattern()
    for row in _in_order(graph, order, wrong, rows.time):
        name = problem.exact.name(int(row))
        if _base(name) not in found and len(found) < PROBLEMS:
            found[_base(name)] = _contradiction(problem, graph, order, int(row), q)
    return list(found.values())


def _contradiction(
    problem: LeastSquares, graph: sparse.csr_array, order: Order, row: int, q: Floats
) -> Problem:
    """What a row says, what its terms sum to, and what has determined them."""
    name, says = problem.exact.name(row), float(problem.exact.rhs[row])
    span = slice(problem.exact.matrix.indptr[row], problem.exact.matrix.indptr[row + 1])
    cells, weights = problem.exact.matrix.indices[span], problem.exact.matrix.data[span]
    before = [problem.exact.name(int(r)) for r in _ancestors(graph, order, row) if r < len(problem.exact)]
    given = [b for b in before if b.startswith(DRIVER)]
    twice = len(given) + name.startswith(DRIVER) > 1
    by = _listed(given[:NEAREST] if twice else before[:NEAREST])
    if name.startswith(DRIVER):
        what = " + ".join(problem.cells.name(int(c)) for c in cells[:SHOWN])
        found = float(weights @ q[cells])
        text = f"{name} is on a flow that is determined already: it says {apart(says, found)}, {what} is"
        text = f"{text} {apart(found, says)}" + (f", by {by}" if by else "")
    else:
        found, size = float(weights @ q[cells]), float(np.abs(weights) @ np.abs(q[cells]))
        open_by = (
            f"its terms sum to {apart(found, says)}, not {apart(says, found)}"
            if says
            else f"it is open by {abs(found):g} of {size:g}"
        )
        text = f"{name} does not hold: {open_by}"
        text += f", determined already by {by}" if by else ""
    hint = "too much is given: drop one of the drivers, or leave a share to follow" if twice else ""
    return Problem("overdetermined", text, hint=hint or "one of these says too much, or a wrong number")


def _in_order(graph: sparse.csr_array, order: Order, wrong: Ints, time: Ints) -> Ints:
    """Rows by time, then by the step at which the last of their unknowns is known."""
    level = np.full(graph.shape[1], -1, np.int64)
    for k, step in enumerate(order.steps):
        level[step.unknowns] = k
    part = graph[wrong]
    row = np.repeat(np.arange(len(wrong)), np.diff(part.indptr))
    last = np.full((2, len(wrong)), -1, np.int64)
    for found, of in zip(last, (level, time), strict=True):
        np.maximum.at(found, row, of[part.indices])
    return wrong[np.lexsort(last)]


def _ancestors(graph: sparse.csr_array, order: Order, row: int) -> list[int]:
    """The rows that determine what a row holds, the nearest first, at most some hundreds."""
    seen, wave = {row: None}, [row]
    while wave and len(seen) < ANCESTORS:
        unknowns = np.concatenate([graph.indices[graph.indptr[r] : graph.indptr[r + 1]] for r in wave])
        rows = [int(r) for r in order.row_of[np.unique(unknowns)]]
        wave = [r for r in dict.fromkeys(rows) if r >= 0 and r not in seen]
        seen.update(dict.fromkeys(wave))
    return list(seen)[1:]


def _base(name: str) -> str:
    """A name without its labels."""
    return name.partition("[")[0]


def _first_names(name: Names, numbers: Ints) -> dict[str, str]:
    """The first name of each kind among some numbers, by the name without its labels."""
    found: dict[str, str] = {}
    for k in numbers[:: max(1, len(numbers) // SAMPLE)]:
        text = name(int(k))
        found.setdefault(_base(text), text)
    return found


def _listed(names: Iterable[str]) -> str:
    """`a, b and 3 more`."""
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more
