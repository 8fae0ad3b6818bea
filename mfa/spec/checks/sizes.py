"""How large a system is: counted from the sizes of its dimensions before anything of that size is made."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from mfa.errors import Problem
from mfa.limits import CELLS, NUMBERS
from mfa.spec.dimensions import dimension_labels, dimension_of
from mfa.spec.document import Document
from mfa.spec.targets import axes_of, target_names
from mfa.spec.tree import Steps
from mfa.spec.values import Value
from mfa.spec.walk import nodes


def cells(document: Document) -> list[Problem]:
    """A system with more cells than is accepted, at the flow, trade or stock that has most of them.

    Trades on the pairs that tables name count once for each label of the other axes: they are kept sparse.
    """
    sizes, spec = _sizes(document), document.spec
    found = dict[Steps, int]()
    for name in target_names(document):
        section = next((s for s in ("flows", "trade", "stocks") if name in getattr(spec, s)), None)
        if section is not None:
            sparse = section == "trade" and spec.trade[name].pairs != "all"
            axes = axes_of(document, name)
            found[(section, name)] = _count(sizes, axes[-1:] if sparse else axes)
    total = sum(found.values())
    if CELLS.allows(total):
        return []
    refused = CELLS.exceeded("the system", found=total)
    return [
        document.problem(refused.code, refused.text, *max(found, key=lambda k: found[k]), hint=refused.hint)
    ]


def values(document: Document) -> list[Problem]:
    """Values over more labels than one value may have."""
    sizes, problems = _sizes(document), []
    for steps, value in nodes(document, Value):
        count = _count(sizes, dict.fromkeys(value.dims))
        if not NUMBERS.allows(count):
            refused = NUMBERS.exceeded("the value", found=count)
            problems.append(document.problem(refused.code, refused.text, *steps, hint=refused.hint))
    return problems


def _sizes(document: Document) -> dict[str, int]:
    return {name: len(dimension_labels(document, name)) for name in document.spec.dimensions}


def _count(sizes: dict[str, int], axes: Iterable[str]) -> int:
    return prod(sizes.get(dimension_of(axis), 1) for axis in axes)
