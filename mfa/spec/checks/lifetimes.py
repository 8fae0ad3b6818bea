"""Lifetimes of stocks: kinds, parameters, and the labels they vary over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfa.errors import Problem, did_you_mean
from mfa.spec.checks.labels import unknown_axis
from mfa.spec.dimensions import ELEMENT, dimension_labels
from mfa.spec.document import Document
from mfa.spec.lifetimes import KINDS, MAY_BE_ZERO, SD_HINT, parameter_sets
from mfa.spec.stocks import Parameters
from mfa.spec.targets import axes_of
from mfa.spec.tree import Steps
from mfa.spec.values import Value


def each_lifetime(document: Document) -> Iterator[tuple[str, Steps, Parameters]]:
    """The lifetimes of all stocks, each with its stock and its path."""
    for name, stock in document.spec.stocks.items():
        path = ("stocks", name, "lifetime")
        if isinstance(stock.lifetime, Parameters):
            yield name, path, stock.lifetime
        for label, lifetime in (stock.lifetime if isinstance(stock.lifetime, dict) else {}).items():
            yield name, (*path, label), lifetime


def distributions(document: Document) -> list[Problem]:
    """Lifetimes of no known kind, or with parameters that the kind does not take."""
    return [
        p for _, path, lifetime in each_lifetime(document) for p in _distribution(document, path, lifetime)
    ]


def _distribution(document: Document, path: Steps, lifetime: Parameters) -> list[Problem]:
    kind, given = lifetime.kind, lifetime.parameters
    here = (*path, kind) if document.origin.has((*path, kind)) else (*path, "kind")
    if kind not in KINDS:
        text = f'there is no lifetime distribution "{kind}"'
        hint = did_you_mean(kind, KINDS, listed=len(KINDS))
        return [document.problem("lifetime-kind", text, *here, hint=hint, key=here[-1] == kind)]
    if set(given) not in map(set, KINDS[kind]):
        names = " and ".join(sorted(map(str, given))) or "nothing"
        text = f"a {kind} lifetime is given by {parameter_sets(kind)}; here it has {names}"
        return [document.problem("lifetime-parameters", text, *here, key=True)]
    return [p for name, value in given.items() for p in _parameter(document, here, kind, name, value)]


def _parameter(
    document: Document, here: Steps, kind: str, name: str, value: Value | tuple[float, ...]
) -> list[Problem]:
    """What is wrong with one parameter: a list where a number belongs, no number, one that is too small."""
    least_is_fine = kind == "table" or name in MAY_BE_ZERO
    form = _form(kind, value)
    wrong: dict[Steps, str] = {(): form}
    if not form:
        wrong = {steps: _too_small(number, least_is_fine) for steps, number in _numbers(value)}
    return [
        document.problem(
            "lifetime-parameters",
            f"{name} of a {kind} lifetime {text}",
            *(*here, name, *steps),
            hint=SD_HINT if name == "sd" and text.endswith("not 0") else "",
        )
        for steps, text in wrong.items()
        if text
    ]


def _form(kind: str, value: Value | tuple[float, ...]) -> str:
    """What is wrong with the form of a parameter."""
    if isinstance(value, tuple):
        return "" if kind == "table" else "must be a number or a value over dimensions, not a list"
    if kind == "table":
        return "must be a list of numbers"
    if not value.stated:
        return "states no number"
    uncertain = value.sd or value.cv or value.interval or value.factor
    return "is taken as exact: it has no uncertainty" if uncertain else ""


def _too_small(number: float, least_is_fine: bool) -> str:
    if number > 0 or (number == 0 and least_is_fine):
        return ""
    return f"must be {'0 or more' if least_is_fine else 'above 0'}, not {number:g}"


def _numbers(value: Any) -> Iterator[tuple[Steps, float]]:
    """The numbers written in a parameter, each with the steps that lead to it."""
    if isinstance(value, Value):
        if value.value is not None:
            yield (), value.value
        for steps, number in _numbers(value.data):
            yield ("data", *steps), number
    elif isinstance(value, dict | list | tuple):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            for steps, number in _numbers(inner):
                yield (step, *steps), number
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield (), value


def dims(document: Document) -> list[Problem]:
    """Parameters of lifetimes over dimensions that their stock does not have; of elements they cannot be."""
    problems = []
    for name, path, lifetime in each_lifetime(document):
        axes = tuple(a for a in axes_of(document, name) if a != ELEMENT)
        for parameter, value in lifetime.parameters.items():
            for k, axis in enumerate(value.dims if isinstance(value, Value) else ()):
                if axis in document.spec.dimensions:
                    steps = (*path, lifetime.kind, parameter, "dims", k)
                    problems += unknown_axis(document, axis, axes, f'stock "{name}"', steps)
    return problems


def labels(document: Document) -> list[Problem]:
    """Lifetimes by label whose labels belong to no dimension of the stock, or that leave labels out."""
    return [
        problem
        for name, stock in document.spec.stocks.items()
        if isinstance(stock.lifetime, dict)
        for problem in _by_label(document, name, stock.lifetime)
    ]


def _varied(document: Document, lifetimes: dict[str, Parameters]) -> str | None:
    """The dimension that has most labels of some lifetimes, if one has any."""
    count = {
        d: len({*lifetimes} & {*map(str, dimension_labels(document, d))}) for d in document.spec.dimensions
    }
    best = max(count, key=count.__getitem__, default=None)
    return best if best is not None and count[best] else None


def _by_label(document: Document, name: str, lifetimes: dict[str, Parameters]) -> list[Problem]:
    axes = [a for a in axes_of(document, name) if a in document.spec.dimensions]
    known = {axis: tuple(map(str, dimension_labels(document, axis))) for axis in axes}
    best = max(axes, key=lambda a: sum(x in known[a] for x in lifetimes), default=None)
    path = ("stocks", name, "lifetime")
    if best is None or not any(x in known[best] for x in lifetimes):
        other = _varied(document, lifetimes)
        if other is not None:
            text = f'lifetimes differ by "{other}", and stock "{name}" does not'
            hint = f"give its inflows and outflows `by: [{other}]`"
            return [document.problem("unknown-label", text, *path, hint=hint, key=True)]
    if best is None:
        text = f'stock "{name}" has no dimension that its lifetimes could vary over'
        return [document.problem("unknown-label", text, *path, key=True)]
    problems = [
        document.problem(
            "unknown-label",
            f'dimension "{best}" has no label "{label}"',
            *path,
            label,
            hint=did_you_mean(label, known[best]),
            key=True,
        )
        for label in lifetimes
        if label not in known[best]
    ]
    left = [x for x in known[best] if x not in lifetimes]
    if left and not problems:
        text = f"there is no lifetime for {', '.join(left)}"
        problems.append(document.problem("lifetime-missing", text, *path, key=True))
    return problems
