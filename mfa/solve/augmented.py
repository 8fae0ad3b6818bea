"""The method of multipliers: where linearised rows and bounds have no common point, or hardly one.

Rows are let off, at a price: each subproblem min cost + dual' c + sum hardness c^2 / (2 size^2) has bounds
alone, so that a step always exists; then dual += hardness c / size^2, and rows that do not close become
harder (Hestenes 1969, Powell 1969). It ends near the optimum, from where Newton's steps on the rows do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mfa.solve.active_set import At, Quadratic, Step, solve
from mfa.solve.problem import Floats

OUTER, INNER = 25, 12
HARDNESS, HARDER, HARDEST = 1e2, 10.0, 1e9
"""Chi-square of a row that is open by its own size, at first; the factor it grows by, and the most."""
CLOSER = 0.25
"""Share of the open rows that one round may leave before they become harder."""
NEAR, SETTLED, CLOSED = 1e-3, 1e-2, 1e-4
SHORTEST = 1e-5

Linearise = Callable[[Floats, Floats, Floats], Quadratic]
"""The linearised problem at unknowns and multipliers, with rows this soft."""


@dataclass(frozen=True)
class Priced:
    """The problem without its rows' force: bounds, cost, rows, and sizes that rows are measured against."""

    lower: Floats
    upper: Floats
    cost: Callable[[Floats], float]
    rows: Callable[[Floats], Floats]
    size: Callable[[Floats], Floats]
    linearise: Linearise


@dataclass(frozen=True)
class Point:
    """Where it stands: unknowns, multipliers, active set."""

    z: Floats
    dual: Floats
    at: At


def multipliers(problem: Priced, start: Floats) -> Point:
    """Unknowns, row multipliers and active set near an optimum, found from `start`."""
    rows = problem.rows(start)
    point = Point(start, np.zeros_like(rows), np.zeros(len(start), dtype=np.int8))
    hardness, before = HARDNESS, np.inf
    for _ in range(OUTER):
        size = problem.size(point.z)
        soft = size**2 / hardness
        point, settled = _minimised(problem, point, soft)
        open_ = problem.rows(point.z)
        worst = float(np.max(np.abs(open_) / size, initial=0.0))
        point = replace(point, dual=point.dual + open_ / soft)
        if settled and worst < CLOSED:
            break
        if worst > CLOSER * before:
            hardness = min(HARDER * hardness, HARDEST)
        before = worst
    return point


def _minimised(problem: Priced, point: Point, soft: Floats) -> tuple[Point, bool]:
    """The subproblem's minimum, nearly, by Gauss-Newton steps; and whether the last step hardly moved it."""
    near = NEAR
    for _ in range(INNER):
        local = replace(problem.linearise(point.z, point.dual, soft), near=near)
        step = solve(local, point.at)
        if step is None:
            near, point = 100 * near, replace(point, at=np.zeros_like(point.at))
            continue
        fall = _fall(local, step, soft)
        point = replace(point, z=_searched(problem, point, step, soft, fall), at=step.at)
        if fall < SETTLED:
            return point, True
        near = max(0.1 * near, NEAR)
    return point, False


def _fall(local: Quadratic, step: Step, soft: Floats) -> float:
    """What the step lowers the linearised subproblem by."""
    now, then = local.residual, local.residual + local.rows @ step.d
    fall = local.cost(local.pulled) - local.cost(local.pulled + step.pulled)
    fall += float(local.dual @ (now - then) + 0.5 * np.sum((now**2 - then**2) / soft))
    return fall - 0.5 * local.near * float(step.d @ step.d)


def _searched(problem: Priced, point: Point, step: Step, soft: Floats, fall: float) -> Floats:
    """The point on the step, halved as often as needed, at which the subproblem has fallen as promised."""

    def price(z: Floats) -> float:
        rows = problem.rows(z)
        return problem.cost(z) + float(point.dual @ rows + 0.5 * np.sum(rows**2 / soft))

    now, t = price(point.z), 1.0
    while t > SHORTEST:
        z = np.clip(point.z + t * step.d, problem.lower, problem.upper)
        if price(z) <= now - 1e-4 * t * fall + 1e-10 * (1 + abs(now)):
            return z
        t *= 0.5
    return point.z
