"""Transfers: shares of outflows that exist, within 0 and 1, summing to 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

from mfa.errors import Problem, apart, did_you_mean
from mfa.spec import targets
from mfa.spec.closing import nearly_one
from mfa.spec.document import Document
from mfa.spec.schema import Transfer
from mfa.spec.tree import Steps
from mfa.spec.values import REST, Value

_PERCENT = ("%", "percent")
PERCENT = 'percentages are written with `unit: "%"`'


def outflows(document: Document) -> list[Problem]:
    """Shares of flows that do not leave the process."""
    problems = []
    for process, shares in document.spec.transfers.items():
        if process not in document.spec.processes:
            continue
        leaving = targets.outflows(document, process)
        for name in shares:
            if name not in leaving:
                text = _not_leaving(document, process, name)
                hint = did_you_mean(name, leaving)
                path = ("transfers", process, name)
                problems.append(document.problem("transfer-outflow", text, *path, hint=hint, key=True))
    return problems


def _not_leaving(document: Document, process: str, name: str) -> str:
    flow = document.spec.flows.get(name)
    if flow is None:
        return f'no flow "{name}" leaves "{process}"'
    return f'flow "{name}" leaves "{flow.from_}", not "{process}"'


def rests(document: Document) -> list[Problem]:
    """More than one `rest` at a process."""
    problems = []
    for process, shares in document.spec.transfers.items():
        for name in [n for n, share in shares.items() if share == REST][1:]:
            text = f'process "{process}" has two `rest`: what each of them gets is not determined'
            hint = "give all but one of them a share"
            problems.append(document.problem("two-rests", text, "transfers", process, name, hint=hint))
    for name, composition in document.spec.compositions.items():
        for path, elements in _by_row(composition.data, composition.dims, ("compositions", name, "data")):
            for element in [e for e, share in elements.items() if share == REST][1:]:
                text = f'the composition of "{name}" has two `rest`: what each of them gets is not determined'
                hint = "give all but one of them a share"
                problems.append(document.problem("two-rests", text, *path, element, hint=hint))
    return problems


def _by_row(data: Any, dims: tuple[str, ...], steps: Steps) -> Iterator[tuple[Steps, dict[Any, Any]]]:
    """The shares of every composition in data over `dims`, the last of which is the element."""
    if isinstance(data, dict | list) and len(dims) > 1:
        for key, inner in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _by_row(inner, dims[1:], (*steps, key))
    elif isinstance(data, dict | list):
        yield steps, data if isinstance(data, dict) else dict(enumerate(data))


def _numbers(data: Any, scale: float, steps: Steps) -> Iterator[tuple[float, Steps]]:
    if isinstance(data, dict | list):
        for key, inner in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _numbers(inner, scale, (*steps, key))
    elif isinstance(data, Value):
        yield from written_numbers(data, steps, scale)
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield data * scale, steps


def written_numbers(value: Value, steps: Steps, scale: float = 1.0) -> Iterator[tuple[float, Steps]]:
    """The numbers of a ratio that stand in the document itself, each with its path; percent as fractions.

    `scale` is that of numbers that state no unit.
    """
    if value.unit not in (None, "", "1", *_PERCENT):
        return
    scale = scale if not value.unit else 0.01 if value.unit in _PERCENT else 1.0
    given, part = (value.value, "value") if value.value is not None else (value.data, "data")
    yield from _numbers(given, scale, (*steps, part))


def ranges(document: Document) -> list[Problem]:
    """Shares below 0 or above 1."""
    problems = [
        document.problem(
            "share-range", f"a share must be between 0 and 1, not {number:g}", *path, hint=PERCENT
        )
        for name, composition in document.spec.compositions.items()
        for number, path in written_numbers(composition, ("compositions", name))
        if not 0 <= number <= 1
    ]
    for process, shares in document.spec.transfers.items():
        for name, share in shares.items():
            if isinstance(share, str):
                continue
            if not share.stated:
                text = f'the share of "{name}" states no number'
                problems.append(document.problem("no-value", text, "transfers", process, name, key=True))
            for number, path in written_numbers(share, ("transfers", process, name)):
                if not 0 <= number <= 1:
                    text = f'the share of "{name}" must be between 0 and 1, not {number:g}'
                    problems.append(document.problem("share-range", text, *path))
    return problems


def sums(document: Document) -> list[Problem]:
    """Exact shares that sum above 1, or below 1 with nothing to take the rest, and outflows without a share.

    Shares by label, and those with an uncertainty, are looked at where labels are known.
    """
    return [
        problem
        for process, shares in document.spec.transfers.items()
        for problem in _sum(document, process, shares)
    ]


def _sum(document: Document, process: str, shares: dict[str, Transfer]) -> list[Problem]:
    exact = [_fraction(s) for s in shares.values() if _scalar(s) and not _uncertain(document, s)]
    total, rest = sum(exact), REST in shares.values()
    if total > 1 and not nearly_one(exact) and all(0 <= n <= 1 for n in exact):
        return [too_much(document, process, total)]
    if _stores(document, process):
        return []
    unlisted = [n for n in targets.outflows(document, process) if n not in shares]
    if unlisted:
        return _unlisted(document, process, unlisted, rest)
    if not rest and len(exact) == len(shares) and total < 1 and not nearly_one(exact) and shares:
        return [too_little(document, process, total)]
    return []


def as_exact(document: Document) -> str:
    """What to do about shares that a simulation cannot reconcile."""
    if document.spec.solve.question == "reconcile":
        return ""
    return "a simulation takes stated shares as exact: write `rest` for one of them, or reconcile them first"


def too_much(document: Document, process: str, total: float, where: str = "") -> Problem:
    """The problem that exact shares of a process sum to more than 1."""
    text = f'the shares of "{process}" sum to {apart(total)}{where}: more leaves than enters'
    return document.problem("share-sum", text, "transfers", process, hint=as_exact(document), key=True)


def too_little(document: Document, process: str, total: float, where: str = "") -> Problem:
    """The problem that exact shares of all that leaves a process sum to less than 1."""
    text = f'the shares of "{process}" sum to {apart(total)}{where}: the rest of what enters goes nowhere'
    hint = as_exact(document) or "write `rest` for one outflow"
    return document.problem("share-sum", text, "transfers", process, hint=hint, key=True)


def _stores(document: Document, process: str) -> bool:
    """Whether what enters a process may stay there, or leave unknown."""
    entry = document.spec.processes.get(process)
    return entry is not None and (entry.kind == "stock" or entry.balance == "open")


def _scalar(share: Transfer) -> TypeGuard[Value]:
    return isinstance(share, Value) and share.value is not None


def _fraction(share: Value) -> float:
    return (share.value or 0.0) * (0.01 if share.unit in _PERCENT else 1)


def _uncertain(document: Document, share: Value) -> bool:
    """Whether a share is evidence: it states an error, and the question is not what follows from it."""
    stated = share.sd or share.cv or share.interval or share.factor or share.floor
    return bool(stated) and document.spec.solve.question == "reconcile"


def _unlisted(document: Document, process: str, names: list[str], rest: bool) -> list[Problem]:
    if rest:
        listed = " and ".join(f'"{n}"' for n in names)
        text = f'the shares of "{process}" leave out {listed}, and `rest` already takes all that is left'
        return [
            document.problem("no-share", text, "transfers", process, hint="give it a share too", key=True)
        ]
    if len(names) > 1:
        return []
    text = f'the shares of "{process}" leave out "{names[0]}": what it gets follows from the balance'
    hint = f"write `{names[0]}: rest` to say so"
    return [document.problem("no-rest", text, "transfers", process, hint=hint, severity="warning", key=True)]
