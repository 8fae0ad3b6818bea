"""Constraints: limits that leave room."""

from __future__ import annotations

from mfa.errors import Problem
from mfa.spec.checks.units import read_unit
from mfa.spec.document import Document
from mfa.spec.schema import Constraint
from mfa.spec.values import Value


def bounds(document: Document) -> list[Problem]:
    """Limits without a number, a min above the max, an `equal` beside a limit."""
    problems = []
    for name, constraint in document.spec.constraints.items():
        for side in ("min", "max", "equal"):
            limit = getattr(constraint, side)
            if limit is not None and not limit.stated:
                text = f"`{side}` states no number"
                problems.append(document.problem("no-value", text, "constraints", name, side, key=True))
        problems += _crossed(document, name, constraint)
    return problems


def _crossed(document: Document, name: str, constraint: Constraint) -> list[Problem]:
    low, high = _canonical(document, constraint.min), _canonical(document, constraint.max)
    if constraint.equal is not None and (constraint.min or constraint.max):
        text = f'constraint "{name}" has `equal` and a limit besides: give one of them'
        return [document.problem("constraint-form", text, "constraints", name, key=True)]
    if low is not None and high is not None and low > high:
        text = f'constraint "{name}" leaves no room: its min is above its max'
        return [document.problem("limits", text, "constraints", name, "min", key=True)]
    return []


def _canonical(document: Document, limit: Value | None) -> float | None:
    """A scalar limit in canonical units; None where it is none or its unit cannot be read."""
    if limit is None or limit.value is None:
        return None
    unit = read_unit(document, limit.unit or document.spec.units.mass)
    return None if isinstance(unit, str) else limit.value * unit.factor
