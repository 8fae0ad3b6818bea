"""Dimensions that something has or lacks: their names, what varies over them, what cannot do without one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mfa.errors import Problem
from mfa.spec.checks.labels import unknown_axis
from mfa.spec.checks.units import read_unit
from mfa.spec.dimensions import (
    COHORT,
    ELEMENT,
    REGION,
    RESERVED,
    TIME_NAMES,
    dimension_labels,
    dimension_of,
)
from mfa.spec.document import Document
from mfa.spec.schema import Observation, Target
from mfa.spec.targets import axes_of, common_axes
from mfa.spec.tree import Steps
from mfa.spec.values import Value
from mfa.spec.walk import nodes
from mfa.units import COUNT, GROSS

_KNOWN = (*TIME_NAMES, REGION, ELEMENT)
_SHORT = {"yr": "year", "yrs": "year", "elem": ELEMENT, "elems": ELEMENT}
_LONG = 6
"""A word of so many letters is one letter away from no other word that would name a dimension."""


def names(document: Document) -> list[Problem]:
    """Dimensions that are called almost as that of time, region or element; dimensions that nothing uses."""
    found, known = [], document.spec.dimensions
    used = {dimension_of(axis) for axis in _named(document)}
    for name in known:
        meant = _meant(name)
        if meant is not None and meant not in known:
            text = f'the dimension of {_role(meant)} is called "{meant}", and this is "{name}"'
            hint = f'did you mean "{meant}"?'
            found.append(document.problem("axis-name", text, "dimensions", name, hint=hint, key=True))
        elif name not in (*used, *RESERVED) and used <= {*known}:
            # where an unknown dimension is named, it may be this one
            found.append(_unused(document, name))
    return found


def _named(document: Document) -> Iterator[str]:
    """The axes that flows have, that numbers vary over, that something is restricted to or summed over."""
    spec = document.spec
    yield from (axis for axis in _KNOWN if axis in spec.dimensions)
    for flow in spec.flows.values():
        yield from flow.by
    for _, value in nodes(document, Value):
        yield from value.dims
    for _, target in nodes(document, Target):
        yield from (*target.at, *target.sum)
    for stock in spec.stocks.values():
        if isinstance(stock.lifetime, dict):
            yield from (d for d in spec.dimensions if {*stock.lifetime} & {*_texts(document, d)})


def _texts(document: Document, dimension: str) -> tuple[str, ...]:
    return tuple(map(str, dimension_labels(document, dimension)))


def _role(axis: str) -> str:
    return "time" if axis in TIME_NAMES else f"{axis}s"


def _meant(name: str) -> str | None:
    """The dimension with a meaning of its own that a name is plainly a misspelling of."""
    word = re.sub(r"[\W_]", "", name.casefold())
    if name in _KNOWN or not word.isalpha():
        return None
    for known in _KNOWN:
        typo = len(known) >= _LONG and word[0] == known[0] and _one_edit(word, known)
        if word.removesuffix("s") == known or _SHORT.get(word) == known or _swapped(word, known) or typo:
            return known
    return None


def _swapped(word: str, other: str) -> bool:
    """Whether two words differ by two neighbouring letters that changed places."""
    differ = [k for k, (a, b) in enumerate(zip(word, other, strict=False)) if a != b]
    if len(word) != len(other) or len(differ) != 2 or differ[1] != differ[0] + 1:
        return False
    i, j = differ
    return word[i] == other[j] and word[j] == other[i]


def _one_edit(word: str, other: str) -> bool:
    """Whether one letter more, less or other makes one word of the other."""
    short, long = sorted((word, other), key=len)
    if len(long) - len(short) > 1:
        return False
    k = next((k for k, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[k:] == long[k + 1 :] or short[k + 1 :] == long[k + 1 :]


def _unused(document: Document, name: str) -> Problem:
    hint = f"give flows `by: [{name}]`, or leave it out"
    numbers = [x for x in dimension_labels(document, name) if isinstance(x, int)]
    if numbers and not any(t in document.spec.dimensions for t in TIME_NAMES):
        hint = f'if it is time, call it "year" ("month", "time"); else {hint}'
    text = f'nothing varies over the dimension "{name}"'
    path = ("dimensions", name)
    return document.problem("unused-dimension", text, *path, hint=hint, severity="warning", key=True)


def targets(document: Document) -> list[Problem]:
    """`dims` of what is observed, driven or limited, and those a common error differs by, that it lacks."""
    return [
        p
        for section in ("observations", "drivers", "constraints")
        for name, entry in getattr(document.spec, section).items()
        for p in _target(document, entry, (section, name))
    ]


def _target(document: Document, entry: Target, path: Steps) -> Iterator[Problem]:
    axes = common_axes(document, entry.of)
    if axes is None:
        return
    whose = f'"{next(iter(entry.of))}"' if len(entry.of) == 1 else "their sum"
    yield from _whole_products(document, entry, path)
    for axis, steps in _stated(entry, path):
        if dimension_of(axis) in document.spec.dimensions or "common" in steps:
            yield from unknown_axis(document, axis, axes, whose, steps)
        if axis in entry.sum:
            text = f'"{axis}" is summed over: the numbers cannot vary over it'
            yield document.problem("no-axis", text, *steps)


def _whole_products(document: Document, entry: Target, path: Steps) -> Iterator[Problem]:
    """Elements of a gross mass or of a number of items, which are of a product with all its elements."""
    sides = {path: entry} if isinstance(entry, Value) else dict(_sides(entry, path))
    for steps, value in sides.items():
        unit = read_unit(document, value.unit or document.spec.units.mass)
        if isinstance(unit, str) or not (unit.kind == COUNT or unit.basis == GROSS):
            continue
        what = "a number of items" if unit.kind == COUNT else "a gross mass"
        text = f"{what} is of a product with all its elements, not of one of them"
        if ELEMENT in entry.at:
            yield document.problem("no-axis", text, *path, "at", ELEMENT, key=True)
        if ELEMENT in value.dims:
            yield document.problem("no-axis", text, *steps, "dims", value.dims.index(ELEMENT))


def _stated(entry: Target, path: Steps) -> Iterator[tuple[str, Steps]]:
    """The axes that the numbers of a target, or an error that they share, are said to vary over."""
    sides = ((path, entry),) if isinstance(entry, Value) else _sides(entry, path)
    for steps, value in sides:
        for k, axis in enumerate(value.dims):
            yield axis, (*steps, "dims", k)
    if isinstance(entry, Observation) and entry.common:
        for axis in entry.common.by:
            yield axis, (*path, "common", "by")


def _sides(entry: Target, path: Steps) -> Iterator[tuple[Steps, Value]]:
    for side in ("min", "max", "equal"):
        value = getattr(entry, side, None)
        if value is not None:
            yield (*path, side), value


def values(document: Document) -> list[Problem]:
    """`dims` of shares, compositions, contents and stocks that what they are of does not have."""
    return [
        problem
        for value, axes, whose, path in _of_others(document)
        for k, axis in enumerate(value.dims)
        if dimension_of(axis) in document.spec.dimensions
        for problem in unknown_axis(document, axis, axes, whose, (*path, "dims", k))
    ]


_Of = tuple[Value, tuple[str, ...], str, Steps]
"""A value, the axes it may have, what has them, and its path."""


def _of_others(document: Document) -> Iterator[_Of]:
    for process, shares in document.spec.transfers.items():
        for flow, share in shares.items():
            if isinstance(share, Value) and flow in document.spec.flows:
                yield share, axes_of(document, flow), f'flow "{flow}"', ("transfers", process, flow)
    yield from _of_commodities(document)
    yield from _of_stocks(document)


def _of_commodities(document: Document) -> Iterator[_Of]:
    """Compositions split all that carries them, so that all must have their dimensions; a content counts
    what is asked for in items or gross mass, so that one must."""
    for section in ("compositions", "contents"):
        for name, value in getattr(document.spec, section).items():
            carriers = _carriers(document, name)
            if section == "contents" and ELEMENT not in value.dims and carriers:
                every = tuple(dict.fromkeys(a for axes in carriers.values() for a in axes))
                yield value, every, f'what carries "{name}"', (section, name)
                continue
            for flow, axes in carriers.items():
                yield value, axes, f'"{flow}", which carries "{name}",', (section, name)


def _carriers(document: Document, commodity: str) -> dict[str, tuple[str, ...]]:
    """The flows and trades of a commodity and their axes (the region of a trade is the exporter)."""
    spec = document.spec
    flows = {n: axes_of(document, n) for n, f in spec.flows.items() if f.commodity == commodity}
    trades = {n: axes_of(document, n) for n, t in spec.trade.items() if t.commodity == commodity}
    return flows | {n: (*axes, REGION) for n, axes in trades.items()}


def _of_stocks(document: Document) -> Iterator[_Of]:
    for name, stock in document.spec.stocks.items():
        axes = axes_of(document, name)
        timeless = tuple(a for a in axes if a not in TIME_NAMES)
        if stock.initial is not None:
            whose = f'the level of "{name}" before the first period'
            cohorts = (COHORT,) if COHORT in document.spec.dimensions else ()
            yield stock.initial, (*timeless, *cohorts), whose, ("stocks", name, "initial")
        for key in ("recovery", "additions"):
            value = getattr(stock, key)
            if value is not None:
                yield value, axes, f'stock "{name}"', ("stocks", name, key)


def times(document: Document) -> list[Problem]:
    """What needs a dimension of time, where there is none: lifetimes, cohorts, years to be filled."""
    found = []
    timed = any(name in document.spec.dimensions for name in TIME_NAMES)
    for name, stock in () if timed else document.spec.stocks.items():
        path = ("stocks", name)
        if stock.kind == "cohort":
            text = (
                f'stock "{name}" has a lifetime, and there is no dimension of time along which it could age'
            )
            key = "lifetime" if stock.lifetime is not None else "kind"
            hint = "add `dimensions: {year: {range: [2015, 2024]}}`; without time a stock is its change"
            found.append(document.problem("no-time", text, *path, key, hint=hint, key=True))
        elif stock.initial is not None and COHORT in stock.initial.dims:
            text = f'the stock "{name}" starts with cohorts, and there is no dimension of time'
            found.append(document.problem("no-time", text, *path, "initial", hint="give its total", key=True))
    for steps, value in nodes(document, Value):
        if value.interpolate is not None and (
            not timed or (value.dims and not {*value.dims} & {*TIME_NAMES})
        ):
            text = "`interpolate` fills years between given ones, and these numbers do not vary over time"
            found.append(document.problem("no-time", text, *steps, "interpolate"))
    return found
