"""Compositions and contents: commodities that nothing carries, splits and factors without numbers."""

from __future__ import annotations

import re

from mfa.errors import Problem, did_you_mean
from mfa.spec.checks.labels import check_labels
from mfa.spec.dimensions import ELEMENT, dimension_labels
from mfa.spec.document import Document
from mfa.spec.schema import Composition
from mfa.spec.targets import named

_SYMBOL = re.compile(r"[A-Z][a-z]?")
_FORMULA = re.compile(r"(?:[A-Z][a-z]?|\(|\)|[0-9.]+|[·.])+")


def unused(document: Document) -> list[Problem]:
    """Commodities with a composition or a content that no flow and no trade carries."""
    spec = document.spec
    carriers = [e.commodity for e in spec.flows.values()] + [e.commodity for e in spec.trade.values()]
    carried = {c for c in carriers if c}
    return [
        document.problem(
            "unused",
            f'no flow and no trade carries the commodity "{name}"',
            section,
            name,
            hint=did_you_mean(name, sorted(carried)),
            severity="warning",
            key=True,
        )
        for section in ("compositions", "contents")
        for name in getattr(spec, section)
        if name not in carried
    ]


def compositions(document: Document) -> list[Problem]:
    """Compositions without elements, without numbers, or with numbers that do not run over elements."""
    found = []
    for name, composition in document.spec.compositions.items():
        if ELEMENT not in named(document, "dimensions"):
            text = f'"{name}" has a composition, and there is no dimension "element"'
            found.append(document.problem("unknown-dimension", text, "compositions", name, key=True))
        else:
            found += _composition(document, name, composition)
    return found


def _composition(document: Document, name: str, composition: Composition) -> list[Problem]:
    if composition.mixed and composition.stated:
        text = f'the composition of "{name}" is mixed and given at once'
        return [document.problem("value-form", text, "compositions", name, key=True)]
    if not composition.mixed and not composition.stated:
        text = f'the composition of "{name}" states no shares'
        hint = "write `mixed`, or give `table` or `data` with `dims: [element]`"
        return [document.problem("no-value", text, "compositions", name, hint=hint, key=True)]
    if composition.stated and ELEMENT not in composition.dims:
        text = f'the composition of "{name}" does not run over elements'
        hint = "`dims` must hold element"
        return [document.problem("data-shape", text, "compositions", name, hint=hint, key=True)]
    if composition.rest is not None:
        return check_labels(document, ELEMENT, [composition.rest], ("compositions", name, "rest"))
    return []


def contents(document: Document) -> list[Problem]:
    """Content factors without a number, not above zero, or that state a composition a second time."""
    problems = []
    for name, content in document.spec.contents.items():
        if not content.stated:
            text = f'the content of "{name}" states no number'
            problems.append(document.problem("no-value", text, "contents", name, key=True))
        elif content.value is not None and content.value <= 0:
            text = f'the content of "{name}" must be above 0, not {content.value:g}'
            problems.append(document.problem("share-range", text, "contents", name, "value"))
        elif ELEMENT in content.dims and name in document.spec.compositions:
            text = f'the content of "{name}" is given by element, and so is its composition'
            hint = "state one of the two: masses by element are a composition too"
            problems.append(document.problem("value-form", text, "contents", name, hint=hint, key=True))
    return problems


def compounds(document: Document) -> list[Problem]:
    """Bases whose compounds do not hold their element, or that leave elements out."""
    problems = []
    listed = dimension_labels(document, ELEMENT) if ELEMENT in document.spec.dimensions else ()
    for name, basis in document.spec.bases.items():
        for element, compound in basis.items():
            if element not in _SYMBOL.findall(compound) or not _FORMULA.fullmatch(compound):
                text = f'"{compound}" is not the formula of a compound of {element}'
                hint = "such as `Nd: Nd2O3`"
                problems.append(document.problem("compound", text, "bases", name, element, hint=hint))
        left = [str(e) for e in listed if e not in basis]
        if left:
            text = f'the basis "{name}" has no compound of {", ".join(left)}: they do not count in it'
            problems.append(document.problem("basis-gap", text, "bases", name, severity="warning", key=True))
    return problems
