"""Observations: a number, an uncertainty, targets of one kind, origins that make sense."""

from __future__ import annotations

from typing import Any

from mfa.errors import Problem
from mfa.spec.document import Document
from mfa.spec.targets import kind_of
from mfa.spec.values import Value


def stated(document: Document) -> list[Problem]:
    """Observations without a number, and those written here without an uncertainty (tables say it by row)."""
    problems = []
    for name, observation in document.spec.observations.items():
        if not observation.stated and not observation.bound:
            hint = "give `value`, `data` or `table`"
            text = f'observation "{name}" states no number'
            problems.append(document.problem("no-value", text, "observations", name, hint=hint, key=True))
        elif (
            document.spec.solve.question == "reconcile"
            and not observation.uncertain
            and not _each_uncertain(observation.data)
            and observation.table is None
        ):
            text = f'observation "{name}" states no uncertainty'
            hint = "give one of sd, cv, interval, factor; `sd: 0` says that it is exact"
            path = ("observations", name)
            problems.append(document.problem("no-uncertainty", text, *path, hint=hint, key=True))
    return problems


def _each_uncertain(data: Any) -> bool:
    """Whether every number of `data` says itself how uncertain it is."""
    if isinstance(data, dict | list):
        return all(map(_each_uncertain, data.values() if isinstance(data, dict) else data))
    return isinstance(data, Value) and data.uncertain


def interpolated(document: Document) -> list[Problem]:
    """Observations of years that nobody reported."""
    text = "an observation is what was reported: years in between would count as reports"
    hint = "leave `interpolate` out; the years between follow from the balances"
    return [
        document.problem("value-form", text, "observations", name, "interpolate", hint=hint)
        for name, observation in document.spec.observations.items()
        if observation.interpolate is not None
    ]


def targets(document: Document) -> list[Problem]:
    """Sums of targets of different kinds: a flow is a mass per year, a stock a mass."""
    problems = []
    for section in ("observations", "drivers", "constraints"):
        for name, entry in getattr(document.spec, section).items():
            if not entry.of:
                text = f'"{name}" speaks about nothing'
                problems.append(document.problem("missing-key", text, section, name, "of", key=True))
            kinds = {kind_of(document, n) for n in entry.of} - {None}
            if "stock" in kinds and len(kinds) > 1:
                text = "a stock and a flow cannot be added: one is a mass, the other a mass per year"
                problems.append(document.problem("kinds-mixed", text, section, name, "of", key=True))
    return problems


def origins(document: Document) -> list[Problem]:
    """Observations derived from themselves, directly or in a circle."""
    problems, told = [], set[str]()
    for name in document.spec.observations:
        reached = _origins(document, name)
        if name in reached and not reached & told:
            told.add(name)
            text = f'observation "{name}" is derived from itself'
            path = ("observations", name, "derived_from")
            problems.append(document.problem("derived-circle", text, *path, key=True))
    return problems


def _origins(document: Document, name: str) -> set[str]:
    """All observations that one is derived from, directly or not."""
    observations = document.spec.observations
    reached, ahead = set[str](), list(observations[name].derived_from)
    while ahead:
        origin = ahead.pop()
        if origin in observations and origin not in reached:
            reached.add(origin)
            ahead += observations[origin].derived_from
    return reached
