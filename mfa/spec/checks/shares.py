"""Transfers: shares of outflows that exist, within 0 and 1, summing to 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfa.errors import Problem, did_you_mean
from mfa.spec import targets
from mfa.spec.document import Document
from mfa.spec.schema import Transfer
from mfa.spec.values import Value

_SLACK = 1e-9
_PERCENT = ("%", "percent")


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
        for name in [n for n, share in shares.items() if share == "rest"][1:]:
            text = f'process "{process}" has two `rest`: what each of them gets is not determined'
            hint = "give all but one of them a share"
            problems.append(document.problem("two-rests", text, "transfers", process, name, hint=hint))
    return problems


def _numbers(data: Any, steps: tuple[str | int, ...]) -> Iterator[tuple[float, tuple[str | int, ...]]]:
    if isinstance(data, dict | list):
        for key, inner in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _numbers(inner, (*steps, key))
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield float(data), steps


def written_numbers(
    value: Value, steps: tuple[str | int, ...]
) -> Iterator[tuple[float, tuple[str | int, ...]]]:
    """The numbers of a ratio that stand in the document itself, each with its path; percent as fractions."""
    if value.unit not in (None, "", "1", *_PERCENT):
        return
    scale = 0.01 if value.unit in _PERCENT else 1.0
    given, part = (value.value, "value") if value.value is not None else (value.data, "data")
    for number, path in _numbers(given, (*steps, part)):
        yield number * scale, path


def ranges(document: Document) -> list[Problem]:
    """Shares below 0 or above 1."""
    problems = []
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
    """Shares that sum above 1, or below 1 with nothing to take the rest, and outflows without a share."""
    return [
        problem
        for process, shares in document.spec.transfers.items()
        for problem in _sum(document, process, shares)
    ]


def _sum(document: Document, process: str, shares: dict[str, Transfer]) -> list[Problem]:
    numbers = [s.value * (0.01 if s.unit in _PERCENT else 1) for s in shares.values() if _scalar(s)]  # type: ignore[union-attr,operator]
    total, rest = sum(numbers), "rest" in shares.values()
    if total > 1 + _SLACK and all(0 <= n <= 1 for n in numbers):
        text = f'the shares of "{process}" sum to {total:g}: more leaves than enters'
        return [document.problem("share-sum", text, "transfers", process, key=True)]
    if _stores(document, process):
        return []
    unlisted = [n for n in targets.outflows(document, process) if n not in shares]
    if unlisted:
        return _unlisted(document, process, unlisted, rest)
    if not rest and len(numbers) == len(shares) and total < 1 - _SLACK and shares:
        text = f'the shares of "{process}" sum to {total:g}: the rest of what enters goes nowhere'
        hint = "write `rest` for one outflow"
        return [document.problem("share-sum", text, "transfers", process, hint=hint, key=True)]
    return []


def _stores(document: Document, process: str) -> bool:
    """Whether what enters a process may stay there, or leave unknown."""
    entry = document.spec.processes.get(process)
    return entry is not None and (entry.kind == "stock" or entry.balance == "open")


def _scalar(share: Transfer) -> bool:
    return isinstance(share, Value) and share.value is not None


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
