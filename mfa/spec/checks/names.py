"""Names: what may be one, names given twice, names that nothing has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mfa.errors import Problem, did_you_mean
from mfa.spec.dimensions import ELEMENT, RESERVED, dimension_labels
from mfa.spec.document import Document
from mfa.spec.targets import named, target_names
from mfa.spec.tree import Steps
from mfa.spec.values import Value
from mfa.spec.walk import nodes
from mfa.units import GROSS

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOOSE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_WORDS = (
    "dimensions", "bases", "processes", "flows", "trade", "compositions", "contents", "stocks",
    "observations", "drivers", "constraints",
)  # fmt: skip
_LOOSE_WORDS = ("variants", "sweep", "sources")
_FORMULA_WORDS = ("sum", "cumsum", "share", "rest", "mixed")


def identifiers(document: Document) -> list[Problem]:
    """Names that cannot be used in a formula, a path or a file name."""
    found = [p for s in _WORDS for n in named(document, s) for p in _word(document, n, _WORD, s, n)]
    found += [p for s in _LOOSE_WORDS for n in named(document, s) for p in _word(document, n, _LOOSE, s, n)]
    for part, pattern in (("indicators", _WORD), ("figures", _LOOSE)):
        for name in getattr(document.spec.outputs, part):
            found += _word(document, name, pattern, "outputs", part, name)
    return found + _reserved(document)


def _word(document: Document, name: str, pattern: re.Pattern[str], *path: str) -> list[Problem]:
    if pattern.fullmatch(name):
        return []
    near = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    near = f"_{near}" if near[:1].isdigit() else near
    hint = f'write "{near}", and put the long name in `label`' if near else ""
    text = f'"{name}" is not a name: letters, digits and underscores, a letter first'
    return [document.problem("identifier", text, *path, hint=hint, key=True)]


def _reserved(document: Document) -> list[Problem]:
    taken = [("dimensions", n) for n in named(document, "dimensions") if n in RESERVED]
    taken += [(s, n) for s in ("flows", "trade", "stocks") for n in named(document, s) if n in _FORMULA_WORDS]
    return [
        document.problem(
            "identifier", f'"{name}" has a meaning of its own and cannot be a name', s, name, key=True
        )
        for s, name in taken
    ]


def duplicates(document: Document) -> list[Problem]:
    """A name that two of flows, trade and stocks have, or that both a basis and an element have."""
    problems, seen = [], dict[str, str]()
    for section in ("flows", "trade", "stocks"):
        for name in named(document, section):
            if name in seen:
                text = f'"{name}" names something in {section} and in {seen[name]}'
                problems.append(document.problem("duplicate-name", text, section, name, key=True))
            seen.setdefault(name, section)
    elements = dimension_labels(document, ELEMENT) if ELEMENT in document.spec.dimensions else ()
    for name in named(document, "bases"):
        if name in elements or name == GROSS:
            twin = "an element" if name in elements else "the product mass"
            text = f'the basis "{name}" has the name of {twin}'
            problems.append(document.problem("duplicate-name", text, "bases", name, key=True))
    return problems


def _processes(document: Document) -> Iterator[tuple[str, Steps]]:
    spec = document.spec
    for name, flow in spec.flows.items():
        yield flow.from_, ("flows", name, "from")
        yield flow.to, ("flows", name, "to")
    for name, trade in spec.trade.items():
        yield trade.at, ("trade", name, "at")
    for name, stock in spec.stocks.items():
        yield stock.at, ("stocks", name, "at")


def _flows(document: Document) -> Iterator[tuple[str, Steps]]:
    for name, stock in document.spec.stocks.items():
        for end in ("inflow", "outflow"):
            yield from _each(getattr(stock, end), ("stocks", name, end))


def _targets(document: Document) -> Iterator[tuple[str, Steps]]:
    spec = document.spec
    for section in ("observations", "drivers", "constraints"):
        for name, entry in getattr(spec, section).items():
            yield from _each(entry.of, (section, name, "of"))


def _each(names: tuple[str, ...] | dict[str, float], steps: Steps) -> Iterator[tuple[str, Steps]]:
    for k, name in enumerate(names):
        yield name, (*steps, name if isinstance(names, dict) else k)


def references(document: Document) -> list[Problem]:
    """Processes, flows and targets that are named and are not there."""
    known = {
        "process": (_processes(document), named(document, "processes")),
        "flow": (_flows(document), named(document, "flows")),
        "flow, trade or stock": (_targets(document), target_names(document)),
        "process to give shares to": (_shared(document), named(document, "processes")),
    }
    return [
        unknown(document, what, name, steps, names)
        for what, (used, names) in known.items()
        for name, steps in used
        if name not in names
    ]


def _shared(document: Document) -> Iterator[tuple[str, Steps]]:
    for name in document.spec.transfers:
        yield name, ("transfers", name)


def unknown(document: Document, what: str, name: str, steps: Steps, known: tuple[str, ...]) -> Problem:
    """The problem that nothing of a kind has a name."""
    text = f'there is no {what} "{name}"'
    return document.problem(
        "unknown-name", text, *steps, hint=did_you_mean(name, known), key=steps[-1] == name
    )


def sources(document: Document) -> list[Problem]:
    """Sources that `sources` does not list, and origins that are no observation."""
    known = named(document, "sources")
    problems = []
    for steps, value in nodes(document, Value):
        if value.source is not None and value.source not in known:
            problems.append(unknown(document, "source", value.source, (*steps, "source"), known))
        for k, origin in enumerate(value.derived_from):
            if origin not in named(document, "observations"):
                problems.append(_no_origin(document, origin, (*steps, "derived_from", k)))
    for name, constraint in document.spec.constraints.items():
        if constraint.source is not None and constraint.source not in known:
            problems.append(
                unknown(document, "source", constraint.source, ("constraints", name, "source"), known)
            )
    return problems


def _no_origin(document: Document, origin: str, steps: Steps) -> Problem:
    """An origin that is no observation; a source may have figures of anything, so it says too little."""
    if origin not in named(document, "sources"):
        return unknown(document, "observation", origin, steps, named(document, "observations"))
    text = f'a figure is derived from observations, and "{origin}" is a source'
    same = [n for n, o in document.spec.observations.items() if o.source == origin and n != steps[1]]
    hint = f"observations of it: {', '.join(same)}" if same else "name the observation that holds its figures"
    return document.problem("unknown-name", text, *steps, hint=hint)


def bases(document: Document) -> list[Problem]:
    """Values in a basis that `bases` does not have."""
    known = named(document, "bases")
    return [
        unknown(document, "basis", value.basis, (*steps, "basis"), known)
        for steps, value in nodes(document, Value)
        if value.basis is not None and value.basis not in known
    ]
