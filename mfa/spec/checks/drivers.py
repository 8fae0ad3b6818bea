"""Simulations: their drivers, and the draws that they do not have yet."""

from __future__ import annotations

from mfa.errors import Problem
from mfa.spec.document import Document


def stated(document: Document) -> list[Problem]:
    """Drivers without a number."""
    hint = "give `value`, `data` or `table`"
    return [
        document.problem(
            "no-value", f'driver "{name}" states no number', "drivers", name, hint=hint, key=True
        )
        for name, driver in document.spec.drivers.items()
        if not driver.stated
    ]


def asked(document: Document) -> list[Problem]:
    """Drivers of a scenario that is not a simulation, and a simulation without drivers."""
    question = document.spec.solve.question
    if question == "simulate" and not document.spec.drivers:
        text = "a simulation needs `drivers`: the flows or stocks that are given"
        return [document.problem("no-drivers", text, "solve", "question")]
    if question != "simulate" and document.spec.drivers:
        text = f"`drivers` belong to a simulation, and the question is `{question}`"
        hint = "say `solve: {question: simulate}`, or state them as observations with `sd: 0`"
        return [document.problem("idle-drivers", text, "drivers", hint=hint, key=True)]
    return []


def draws(document: Document) -> list[Problem]:
    """Draws of a simulation, which do not exist."""
    if document.spec.solve.question != "simulate" or document.spec.uncertainty.method != "montecarlo":
        return []
    text = "a simulation takes its numbers as exact: there are no draws of it yet"
    hint = "leave `uncertainty` out, or ask `reconcile` with the drivers as observations"
    return [document.problem("simulation-uncertainty", text, "uncertainty", "method", hint=hint)]
