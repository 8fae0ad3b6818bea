"""Stocks: where they are, what enters and leaves them, their lifetimes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfa.errors import Problem, did_you_mean
from mfa.spec.dimensions import dimension_labels
from mfa.spec.document import Document
from mfa.spec.lifetimes import KINDS, parameter_sets
from mfa.spec.schema import Parameters, Stock
from mfa.spec.targets import axes_of
from mfa.spec.tree import Steps
from mfa.spec.values import plain


def places(document: Document) -> list[Problem]:
    """Stocks at a process that cannot hold one; cohort stocks without a lifetime."""
    problems = []
    for name, stock in document.spec.stocks.items():
        process = document.spec.processes.get(stock.at)
        if process is not None and process.kind not in ("stock", "source"):
            text = f'stock "{name}" is at "{stock.at}", which is a {process.kind} and holds nothing'
            hint = f"write `{stock.at}: {{kind: stock}}` under processes"
            problems.append(document.problem("stock-place", text, "stocks", name, "at", hint=hint))
        problems += _drive(document, name, stock)
    return problems


def _drive(document: Document, name: str, stock: Stock) -> list[Problem]:
    if stock.kind == "cohort" and stock.lifetime is None:
        text = f'cohort stock "{name}" has no lifetime'
        return [document.problem("missing-key", text, "stocks", name, key=True)]
    if stock.kind != "cohort" and stock.lifetime is not None:
        text = f'stock "{name}" is a {stock.kind}, and only a cohort stock has a lifetime'
        return [document.problem("stock-kind", text, "stocks", name, "lifetime", key=True)]
    misplaced = [
        k for k in ("recovery", "additions") if getattr(stock, k) is not None and stock.kind != "reserve"
    ]
    return [
        document.problem(
            "stock-kind",
            f'only a reserve has `{k}`, and "{name}" is a {stock.kind} stock',
            "stocks",
            name,
            k,
            key=True,
        )
        for k in misplaced
    ]


def ends(document: Document) -> list[Problem]:
    """Inflows that do not enter, and outflows that do not leave, the process of the stock."""
    problems = []
    for name, stock in document.spec.stocks.items():
        for end, verb in (("inflow", "enter"), ("outflow", "leave")):
            for k, flow_name in enumerate(getattr(stock, end)):
                flow = document.spec.flows.get(flow_name)
                at = None if flow is None else flow.to if end == "inflow" else flow.from_
                if flow is not None and at != stock.at:
                    text = f'flow "{flow_name}" does not {verb} "{stock.at}"'
                    problems.append(document.problem("stock-flow", text, "stocks", name, end, k))
    return problems


def _lifetimes(document: Document) -> Iterator[tuple[Steps, Parameters]]:
    for name, stock in document.spec.stocks.items():
        path = ("stocks", name, "lifetime")
        if isinstance(stock.lifetime, Parameters):
            yield path, stock.lifetime
        for label, lifetime in (stock.lifetime if isinstance(stock.lifetime, dict) else {}).items():
            yield (*path, label), lifetime


def distributions(document: Document) -> list[Problem]:
    """Lifetimes of no known kind, or with parameters that the kind does not take."""
    return [p for path, lifetime in _lifetimes(document) for p in _distribution(document, path, lifetime)]


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
    return [
        document.problem("lifetime-parameters", f"{name} of a {kind} lifetime {wrong}", *here, name)
        for name, value in given.items()
        if (wrong := _wrong_parameter(kind, name, value))
    ]


def _wrong_parameter(kind: str, name: str, value: Any) -> str:
    if kind == "table":
        fits = isinstance(value, list) and all(_is_number(v) and v >= 0 for v in value)
        return "" if fits else "must be a list of numbers from 0 up"
    if not _is_number(value):
        return f"must be a number, not {plain(value)}"
    if value < 0 or (value == 0 and name != "low"):
        return f"must be above 0, not {value:g}"
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def lifetime_labels(document: Document) -> list[Problem]:
    """Lifetimes by label whose labels belong to no dimension of the stock, or that leave labels out."""
    return [
        problem
        for name, stock in document.spec.stocks.items()
        if isinstance(stock.lifetime, dict)
        for problem in _by_label(document, name, stock.lifetime)
    ]


def _by_label(document: Document, name: str, lifetimes: dict[str, Parameters]) -> list[Problem]:
    axes = [a for a in axes_of(document, name) if a in document.spec.dimensions]
    labels = {axis: tuple(map(str, dimension_labels(document, axis))) for axis in axes}
    best = max(axes, key=lambda a: sum(x in labels[a] for x in lifetimes), default=None)
    path = ("stocks", name, "lifetime")
    if best is None:
        text = f'stock "{name}" has no dimension that its lifetimes could vary over'
        return [document.problem("unknown-label", text, *path, key=True)]
    problems = [
        document.problem(
            "unknown-label",
            f'dimension "{best}" has no label "{label}"',
            *path,
            label,
            hint=did_you_mean(label, labels[best]),
            key=True,
        )
        for label in lifetimes
        if label not in labels[best]
    ]
    left = [x for x in labels[best] if x not in lifetimes]
    if left and not problems:
        text = f"there is no lifetime for {', '.join(left)}"
        problems.append(document.problem("lifetime-missing", text, *path, key=True))
    return problems
