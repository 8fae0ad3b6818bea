"""What is said of flows that nothing gives a size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from mfa.build.model import Model
from mfa.errors import Problem
from mfa.solve.anchor import Component, unanchored

NAMED = 6


def anchor_problems(model: Model) -> list[Problem]:
    """A problem for every set of flows without an absolute number: an error where no flow has one, else a
    warning."""
    own = [c.of(np.arange(len(c.mask)))[c.mask] for c in (*model.edges.values(), *model.stocks.values())]
    cells = np.concatenate([*own, np.zeros(0, np.int64)])
    found = unanchored(model.problem, cells)
    none = sum(len(c.cells) for c in found) == len(cells) and len(cells) > 0
    problems = [_problem(model, parts) for parts in _alike(model, found)]
    return problems if none else [replace(p, severity="warning") for p in problems]


def _alike(model: Model, found: Iterable[Component]) -> list[list[Component]]:
    """Components of the same flows at different labels together."""
    groups: dict[tuple[bool, tuple[str, ...]], list[Component]] = {}
    for part in found:
        groups.setdefault((part.seen, _flows(model, part)), []).append(part)
    return list(groups.values())


def _flows(model: Model, part: Component) -> tuple[str, ...]:
    """The flows and stocks of a component, each once."""
    names = (model.problem.cells.name(int(k)).split("[")[0] for k in part.cells)
    return tuple(dict.fromkeys(names))


def _problem(model: Model, parts: list[Component]) -> Problem:
    first = parts[0]
    flows = _flows(model, first)
    listed = ", ".join(flows[:NAMED]) + (f" and {len(flows) - NAMED} more" if len(flows) > NAMED else "")
    example = model.problem.cells.name(int(first.cells[0]))
    where = f" (the first with {example})" if "[" in example else ""
    count = f" in {len(parts)} separate parts of the system{where}" if len(parts) > 1 else where
    what = "flows" if len(flows) > 1 else "flow"
    if first.seen:
        text = (
            f"nothing says how large the {what} {listed} can be{count}: what is reported of them are ratios"
        )
    else:
        text = f"nothing is reported of the {what} {listed}{count}, nor of anything they follow from"
    hint = f"observe one of them in absolute terms, such as `{{of: {flows[0]}, value: ...}}`"
    return Problem("no-anchor", text, hint=hint)
