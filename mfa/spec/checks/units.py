"""Units: that they can be read, and that they fit what they measure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mfa.errors import Problem, UnitError
from mfa.spec.checks.lifetimes import each_lifetime
from mfa.spec.dimensions import ELEMENT, dimension_labels
from mfa.spec.document import Document
from mfa.spec.lifetimes import PLAIN
from mfa.spec.schema import Constraint, Target
from mfa.spec.targets import commodity_of, kind_of
from mfa.spec.tree import Steps
from mfa.spec.values import Value
from mfa.spec.walk import nodes
from mfa.units import GROSS, Unit, parse_unit

_KINDS = {
    "mass": "a mass",
    "value": "a value in money",
    "time": "a time",
    "number": "a plain number",
    "price": "a price",
}


_TERM = r"(?:1|%|[A-Za-z]+)(?: +[A-Za-z_][A-Za-z0-9_]*){0,2}"
_UNIT = re.compile(rf"\s*(?:{_TERM}(?:\s*/\s*{_TERM})?)?\s*")


def read_unit(document: Document, text: str) -> Unit | str:
    """The unit a text names with the document's bases and elements, or what is wrong with it."""
    if not _UNIT.fullmatch(text):
        return f'cannot read the unit "{text}"; a unit is a word such as `kt REO`, or a ratio of two'
    try:
        return parse_unit(text, (*document.spec.bases, *_elements(document)))
    except UnitError as error:
        return error.problems[0].text


def _elements(document: Document) -> tuple[str, ...]:
    if ELEMENT not in document.spec.dimensions:
        return ()
    return tuple(str(label) for label in dimension_labels(document, ELEMENT))


def _written(document: Document) -> Iterator[tuple[str, Steps]]:
    """Every unit in the document with its path."""
    spec = document.spec
    yield spec.units.mass, ("units", "mass")
    yield spec.units.time, ("units", "time")
    for steps, value in nodes(document, Value):
        if value.unit is not None:
            yield value.unit, (*steps, "unit")
    for name, figure in spec.outputs.figures.items():
        if figure.unit is not None:
            yield figure.unit, ("outputs", "figures", name, "unit")


def readable(document: Document) -> list[Problem]:
    """Units that cannot be read."""
    problems = []
    for written, path in _written(document):
        unit = read_unit(document, written)
        if isinstance(unit, str):
            text, _, hint = unit.partition("; ")
            problems.append(document.problem("unit", text, *written_at(document, path), hint=hint))
    return problems


def written_at(document: Document, path: Steps) -> Steps:
    """Where a unit is written: under `unit`, or with the number as in `value: 3 kt`."""
    number = (*path[:-1], "value")
    return number if not document.origin.has(path) and document.origin.has(number) else path


def _wrong_kind(document: Document, text: str, wanted: str, what: str, path: Steps) -> list[Problem]:
    unit = read_unit(document, text)
    if isinstance(unit, str) or (unit.kind == wanted and unit.per is None):
        return []
    is_a = "a ratio" if unit.per is not None else _KINDS[unit.kind]
    return [
        document.problem(
            "unit-kind", f'{what} is {_KINDS[wanted]}, and "{text}" is {is_a}', *written_at(document, path)
        )
    ]


def fitting(document: Document) -> list[Problem]:
    """Units of observations, limits, stocks and figures that measure something else."""
    spec = document.spec
    problems = _wrong_kind(document, spec.units.mass, "mass", "the unit of mass", ("units", "mass"))
    problems += _wrong_kind(document, spec.units.time, "time", "the unit of time", ("units", "time"))
    for name, observation in spec.observations.items():
        problems += _targeted(document, observation, observation, ("observations", name))
    for name, driver in spec.drivers.items():
        problems += _targeted(document, driver, driver, ("drivers", name))
    for name, constraint in spec.constraints.items():
        problems += _limits(document, name, constraint)
    for name, stock in spec.stocks.items():
        for part in ("initial", "additions"):
            value = getattr(stock, part)
            if value is not None and value.unit is not None:
                path = ("stocks", name, part, "unit")
                problems += _wrong_kind(document, value.unit, "mass", f"`{part}` of a stock", path)
    for _, steps, lifetime in each_lifetime(document):
        for name, parameter in lifetime.parameters.items():
            if isinstance(parameter, Value) and parameter.unit is not None:
                wanted, here = "number" if name in PLAIN else "time", (*steps, lifetime.kind, name, "unit")
                problems += _wrong_kind(document, parameter.unit, wanted, f"{name} of a lifetime", here)
    for name, figure in spec.outputs.figures.items():
        path = ("outputs", "figures", name, "unit")
        problems += _wrong_kind(document, figure.unit or spec.units.mass, "mass", "what a figure shows", path)
    return problems


def _limits(document: Document, name: str, constraint: Constraint) -> list[Problem]:
    problems, kinds = [], dict[tuple[str, str], str]()
    for side in ("min", "max", "equal"):
        limit: Value | None = getattr(constraint, side)
        if limit is None:
            continue
        problems += _targeted(document, limit, constraint, ("constraints", name, side))
        unit = read_unit(document, limit.unit or document.spec.units.mass)
        if not isinstance(unit, str):
            kinds.setdefault((unit.kind, unit.basis), side)
    if len(kinds) > 1 and not problems:
        text = f"{' and '.join(kinds.values())} are in different kinds of mass"
        problems.append(document.problem("kinds-mixed", text, "constraints", name, key=True))
    return problems


def _targeted(document: Document, value: Value, target: Target, path: Steps) -> list[Problem]:
    """What is wrong with the unit of a number that speaks about flows, trades or stocks."""
    text = value.unit or document.spec.units.mass
    here = written_at(document, (*path, "unit"))
    wrong = _wrong_kind(document, text, "mass", "what is measured here", here)
    unit = read_unit(document, text)
    if wrong or isinstance(unit, str):
        return wrong
    return [
        *_floor(document, value, unit, path),
        *_element(document, unit, target, here),
        *_gross(document, unit, target, here),
        *_reserve(document, unit, target, here),
    ]


def _floor(document: Document, value: Value, unit: Unit, path: Steps) -> list[Problem]:
    if value.floor is None or value.floor.unit is None:
        return []
    floor = read_unit(document, value.floor.unit)
    if isinstance(floor, str) or floor.same_kind(unit) or (floor.kind == unit.kind and not floor.basis):
        return []
    text = f'the floor is in "{floor.text}" and the number in "{unit.text}": two kinds of quantity'
    return [document.problem("kinds-mixed", text, *path, "floor")]


def _element(document: Document, unit: Unit, target: Target, path: Steps) -> list[Problem]:
    """A mass of one element that speaks about another, or about a sum over elements."""
    if unit.basis not in _elements(document):
        return []
    labels = target.at.get(ELEMENT)
    if labels == (unit.basis,):
        return []
    about = "every element" if labels is None else " and ".join(str(x) for x in labels)
    text = f'"{unit.text}" is a mass of {unit.basis}, and this speaks about {about}'
    hint = f"write `at: {{element: {unit.basis}}}`, or a unit such as `t`"
    return [document.problem("unit-kind", text, *path, hint=hint)]


def _gross(document: Document, unit: Unit, target: Target, path: Steps) -> list[Problem]:
    """Gross mass of something without a content factor, or of something that is no product."""
    if unit.basis != GROSS or not _elements(document):
        return []
    problems = []
    for name in target.of:
        kind, commodity = kind_of(document, name), commodity_of(document, name)
        if kind in ("flow", "trade") and commodity not in document.spec.contents:
            text = f'the gross mass of "{name}" needs the content of its commodity'
            hint = f"state `contents: {{{commodity or 'its commodity'}: ...}}`"
            problems.append(document.problem("no-content", text, *path, hint=hint))
        elif kind in ("stock", "difference"):
            text = f'"{name}" is no product: it has no gross mass'
            problems.append(document.problem("unit-kind", text, *path))
    return problems


def _reserve(document: Document, unit: Unit, target: Target, path: Steps) -> list[Problem]:
    """A reserve spoken of in another basis than the one it is kept in."""
    problems = []
    for name in target.of:
        stock = document.spec.stocks.get(name)
        if stock is None or stock.kind != "reserve" or stock.initial is None or not _elements(document):
            continue
        kept = read_unit(document, stock.initial.unit or document.spec.units.mass)
        if not isinstance(kept, str) and kept.basis != unit.basis:
            text = f'"{name}" is kept in "{kept.text}", and this is in "{unit.text}": two kinds of mass'
            problems.append(document.problem("kinds-mixed", text, *path))
    return problems


def shares(document: Document) -> list[Problem]:
    """Units of transfers, compositions, contents and recoveries that are no ratios."""
    problems, spec = [], document.spec
    for process, transfers in spec.transfers.items():
        for name, share in transfers.items():
            if isinstance(share, Value):
                problems += _ratio(document, share, "a share", ("transfers", process, name))
    for name, composition in spec.compositions.items():
        problems += _ratio(document, composition, "a share", ("compositions", name))
    for name, content in spec.contents.items():
        problems += _ratio(document, content, "a content factor", ("contents", name))
    for name, stock in spec.stocks.items():
        if stock.recovery is not None:
            problems += _ratio(document, stock.recovery, "a recovery", ("stocks", name, "recovery"))
    return problems


def _ratio(document: Document, value: Value, what: str, path: Steps) -> list[Problem]:
    unit = read_unit(document, value.unit or "1")
    if isinstance(unit, str) or unit.kind == "number" or unit.per is not None:
        return []
    text = f'{what} is a ratio, and "{unit.text}" is {_KINDS[unit.kind]}'
    hint = "write a number, a percentage, or a ratio such as `t REO / t gross`"
    return [document.problem("unit-kind", text, *path, "unit", hint=hint)]
