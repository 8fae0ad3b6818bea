"""Uncertainties that cannot be what was meant: beside percentages, around another value, beyond all sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfa.errors import Problem
from mfa.spec.checks.units import read_unit
from mfa.spec.document import Document
from mfa.spec.reported import two_sds
from mfa.spec.schema import Driver, Observation
from mfa.spec.tree import Steps, find
from mfa.spec.values import LARGE_CV, Value
from mfa.spec.walk import nodes

_OF_STOCK = ("initial", "additions", "lifetime")


def spreads(document: Document) -> list[Problem]:
    """Warnings for relative standard deviations so large that they look like percentages."""
    problems = []
    for steps, value in nodes(document, Value):
        if value.cv is not None and value.cv >= LARGE_CV:
            text = f"cv: {value.cv:g} is {value.cv:.0%} of the value, so that it says next to nothing"
            hint = f"write `{value.cv:g}%` if that is meant"
            path = (*steps, "cv")
            problems.append(document.problem("uncertainty", text, *path, hint=hint, severity="warning"))
    return problems


def intervals(document: Document) -> list[Problem]:
    """Numbers outside the interval that stands beside them."""
    problems = []
    for steps, value in nodes(document, Value):
        low, high = value.interval or (None, None)
        if low is None or high is None or value.bound:
            continue
        for number, path in _written(value, steps):
            if not low <= number <= high:
                text = f"the value {number:g} lies outside its interval [{low:g}, {high:g}]"
                percent = _percent(document, steps)
                hint = f'a percentage is a share: {number:g}; points are {100 * number:g} with `unit: "%"`'
                text += f"; it is {number:g} as a share, {100 * number:g} as a percentage" if percent else ""
                hint = hint if percent else ""
                problems.append(document.problem("uncertainty", text, *path, hint=hint))
    return problems


def percentages(document: Document) -> list[Problem]:
    """Percentages where a mass stands, and standard deviations beside them that may be points."""
    problems = []
    for steps, value in nodes(document, Value):
        written = _percent(document, steps)
        if not written:
            continue
        path = (*steps, "value") if document.origin.has((*steps, "value")) else steps
        if _of_mass(document, steps, value):
            text = f'"{written}" is a share, and the unit here is {value.unit or "that of a mass"}'
            hint = "write a number with its unit, such as `10 kt`"
            problems.append(document.problem("unit-kind", text, *path, hint=hint))
        if value.sd is not None and value.value is not None and value.sd > abs(value.value):
            text, hint = two_sds(value.value, value.sd)
            problems.append(document.problem("uncertainty", text, *steps, "sd", hint=hint))
    return problems


def of_limits(document: Document) -> list[Problem]:
    """Uncertainties of constraints, which hold exactly."""
    problems = []
    for name, constraint in document.spec.constraints.items():
        for side in ("min", "max", "equal"):
            bound = getattr(constraint, side)
            for key in ("sd", "cv", "factor", "floor"):
                if bound is not None and getattr(bound, key) is not None:
                    text = f"a constraint holds exactly: `{key}` says nothing here"
                    hint = 'an observation may be a soft bound: `value: ">10 kt", sd: 1`'
                    path = ("constraints", name, side, key)
                    problems.append(
                        document.problem("uncertainty", text, *path, hint=hint, severity="warning", key=True)
                    )
    return problems


def _written(value: Value, steps: Steps) -> Iterator[tuple[float, Steps]]:
    """The numbers that stand in the document, each with its path."""
    given, part = (value.value, "value") if value.value is not None else (value.data, "data")
    ahead: list[tuple[Any, Steps]] = [(given, (*steps, part))]
    while ahead:
        data, path = ahead.pop()
        if isinstance(data, dict | list):
            inner = data.items() if isinstance(data, dict) else enumerate(data)
            ahead += [(number, (*path, key)) for key, number in inner]
        elif isinstance(data, int | float) and not isinstance(data, bool):
            yield data, path


def _percent(document: Document, steps: Steps) -> str:
    """The text of a value that is written in per cent; empty for others."""
    try:
        raw = find(document.tree, steps)
    except KeyError:
        return ""
    raw = raw.get("value") if isinstance(raw, dict) else raw
    return raw.strip() if isinstance(raw, str) and "%" in raw else ""


def _of_mass(document: Document, steps: Steps, value: Value) -> bool:
    """Whether a number is a mass, a time, or anything else than a ratio."""
    if value.unit is not None:
        unit = read_unit(document, value.unit)
        return not isinstance(unit, str) and unit.kind != "number" and unit.per is None
    if isinstance(value, Observation | Driver) or steps[0] == "constraints":
        return True
    floor = steps[-1] == "floor" and steps[0] == "observations"
    return floor or (steps[0] == "stocks" and len(steps) > 2 and steps[2] in _OF_STOCK)
