"""Stocks: where they are, what enters and leaves them."""

from __future__ import annotations

from mfa.errors import Problem
from mfa.spec.checks.labels import unknown_axis
from mfa.spec.checks.names import unknown
from mfa.spec.dimensions import AGE, COHORT, ELEMENT, TIME_NAMES, dimension_labels
from mfa.spec.document import Document
from mfa.spec.stocks import Stock
from mfa.spec.targets import axes_of, inflows
from mfa.spec.tree import Steps
from mfa.spec.values import Value


def places(document: Document) -> list[Problem]:
    """Stocks at a process that cannot hold one; cohort stocks without a lifetime."""
    problems = []
    for name, stock in document.spec.stocks.items():
        problems += _place(document, name, stock)
        problems += _drive(document, name, stock)
        problems += _structure(document, name, stock)
        problems += [p for flow in stock.used for p in _used(document, name, stock, flow)]
    return problems


def _place(document: Document, name: str, stock: Stock) -> list[Problem]:
    """A stock at a process that holds nothing, and one that is not of the kind that its process holds.

    A source has no balance that a level could stand in: it holds reserves, and nothing else does.
    """
    process = document.spec.processes.get(stock.at)
    place: Steps = ("stocks", name, "at")
    if process is None:
        return []
    if process.kind not in ("stock", "source"):
        text = f'stock "{name}" is at "{stock.at}", which is a {process.kind} and holds nothing'
        hint = f"write `{stock.at}: {{kind: stock}}` under processes"
        return [document.problem("stock-place", text, *place, hint=hint)]
    if process.kind == "source" and stock.kind == "level":
        text = f'stock "{name}" is at "{stock.at}", which is a source: it has no balance to be part of'
        hint = f"write `{name}: {{kind: reserve}}`, or `{stock.at}: {{kind: stock}}` under processes"
        return [document.problem("stock-place", text, *place, hint=hint)]
    if process.kind == "stock" and stock.kind == "reserve":
        text = (
            f'reserve "{name}" is at "{stock.at}", which is no source: a reserve is what a source takes from'
        )
        hint = f"write `{stock.at}: {{kind: source}}` under processes, or take `kind: reserve` away"
        return [document.problem("stock-place", text, *place, hint=hint)]
    return []


def _structure(document: Document, name: str, stock: Stock) -> list[Problem]:
    """Ages of an initial stock that is not there, that has cohorts already, or not over age."""
    given, path = stock.age_structure, ("stocks", name, "age_structure")
    if given != "stationary" and (stock.kind != "cohort" or stock.initial is None):
        text = f'"{name}" states the ages of an initial stock and has no initial stock with a lifetime'
        return [document.problem("stock-kind", text, *path, key=True)]
    if given != "stationary" and stock.initial is not None and COHORT in stock.initial.dims:
        text = f'the initial stock of "{name}" is given by cohort, which says its ages'
        return [document.problem("stock-kind", text, *path, key=True)]
    if isinstance(given, Value) and AGE not in given.dims:
        text = "shares by age vary over `age`, a dimension of the ages at which classes begin"
        hint = "declare `dimensions: {age: [0, 5, 10]}` and write `dims: [age]`"
        return [document.problem("data-shape", text, *path, hint=hint, key=True)]
    return _by_age(document, name, given, path, axes_of(document, name))


def _by_age(
    document: Document, name: str, given: object, path: Steps, axes: tuple[str, ...]
) -> list[Problem]:
    """What is wrong with shares over `age`: its labels, and dimensions that the stock does not have."""
    if not isinstance(given, Value):
        return []
    if wrong := _class_limits(document):
        return [document.problem("initial-stock", wrong, "dimensions", AGE, key=True)]
    own = (*(a for a in axes if a not in TIME_NAMES), AGE)
    return [
        p
        for k, axis in enumerate(given.dims)
        if axis in document.spec.dimensions
        for p in unknown_axis(document, axis, own, f'an age structure of "{name}"', (*path, "dims", k))
    ]


def _used(document: Document, name: str, stock: Stock, flow: str) -> list[Problem]:
    """Ages of used things that no inflow brings, that are not by age, or of a stock that has no ages."""
    path, given = ("stocks", name, "used", flow), stock.used[flow]
    entering = stock.inflow or inflows(document, stock.at)
    if stock.kind != "cohort" or stock.shrinking != "error":
        text = f'used things enter a stock with a lifetime and `shrinking: error`, and "{name}" is none'
        return [document.problem("stock-kind", text, *path, key=True)]
    if flow not in entering:
        return [unknown(document, "inflow of the stock", flow, path, entering)]
    if isinstance(given, str):
        text = "the ages of used things are shares by age: a list, youngest first, or numbers over `age`"
        return [document.problem("used-inflow", text, *path)]
    if isinstance(given, Value) and AGE not in given.dims:
        text = "shares by age vary over `age`, a dimension of the ages at which classes begin"
        return [document.problem("data-shape", text, *path, key=True)]
    axes = tuple(a for a in axes_of(document, name) if a != ELEMENT)
    return _by_age(document, name, given, path, axes)


def _class_limits(document: Document) -> str:
    """What is wrong with the labels of `age`."""
    labels = dimension_labels(document, AGE) if AGE in document.spec.dimensions else ()
    numbers = [x for x in labels if isinstance(x, int)]
    if labels and (len(numbers) < len(labels) or numbers[0] != 0 or sorted({*numbers}) != numbers):
        return "the labels of `age` are the ages at which classes begin: whole years from 0 that ascend"
    return ""


def _drive(document: Document, name: str, stock: Stock) -> list[Problem]:
    if stock.kind == "cohort" and stock.lifetime is None:
        text = f'cohort stock "{name}" has no lifetime'
        return [document.problem("missing-key", text, "stocks", name, key=True)]
    if stock.kind != "cohort" and stock.lifetime is not None:
        text = f'stock "{name}" is a {stock.kind}, and only a cohort stock has a lifetime'
        return [document.problem("stock-kind", text, "stocks", name, "lifetime", key=True)]
    if stock.kind == "reserve" and stock.initial is None:
        text = f'reserve "{name}" has no `initial`: the level before the first period'
        return [document.problem("missing-key", text, "stocks", name, key=True)]
    if stock.shrinking != "error" and stock.kind != "cohort":
        text = f'only a stock with a lifetime can shrink otherwise, and "{name}" is a {stock.kind}'
        return [document.problem("stock-kind", text, "stocks", name, "shrinking", key=True)]
    if stock.shrinking != "error" and document.spec.solve.question != "simulate":
        text = f"`shrinking` belongs to a simulation, and the question is `{document.spec.solve.question}`"
        hint = "a reconciliation finds inflows that are not negative, or says which numbers contradict"
        return [document.problem("stock-kind", text, "stocks", name, "shrinking", hint=hint, key=True)]
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
