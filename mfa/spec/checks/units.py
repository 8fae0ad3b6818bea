"""Units: that they can be read, and that they fit what they measure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mfa.errors import Problem, UnitError
from mfa.spec.checks.lifetimes import each_lifetime
from mfa.spec.dimensions import ELEMENT, dimension_labels
from mfa.spec.document import Document
from mfa.spec.lifetimes import PLAIN
from mfa.spec.schema import Constraint, Figure, Target
from mfa.spec.targets import commodity_of, entering, kind_of
from mfa.spec.tree import Steps
from mfa.spec.values import Value
from mfa.spec.walk import nodes
from mfa.units import COUNT, GROSS, Unit, parse_unit

_KINDS = {
    "mass": "a mass",
    "value": "a value in money",
    "time": "a time",
    "number": "a plain number",
    "price": "a price",
    COUNT: "a number of items",
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


def _wrong_kind(
    document: Document, text: str, wanted: str, what: str, path: Steps, *, counted: bool = False
) -> list[Problem]:
    unit = read_unit(document, text)
    fits = (wanted, COUNT) if counted else (wanted,)
    if isinstance(unit, str) or (unit.kind in fits and unit.per is None):
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
    problems = _of_results(document, spec.units.mass)
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
        problems += _figure(document, name, figure)
    return problems


def _of_results(document: Document, text: str) -> list[Problem]:
    """A unit of mass of results that is none, or one with a basis or per time: results are of elements."""
    path, unit = ("units", "mass"), read_unit(document, text)
    wrong = _wrong_kind(document, text, "mass", "the unit of mass", path)
    if wrong or isinstance(unit, str) or (not unit.basis and "/" not in text):
        return wrong
    plain = text.partition("/")[0].split()[0]
    words = f'results are masses of elements in one unit, and "{text}" says more than a unit of mass'
    hint = f"write `{plain}`, and what is reported otherwise with the number, as in `unit: {text}`"
    return [document.problem("unit-kind", words, *path, hint=hint)]


def _figure(document: Document, name: str, figure: Figure) -> list[Problem]:
    """A figure in a unit of something else than mass or items, or in items of what cannot be counted."""
    text, path = figure.unit or document.spec.units.mass, ("outputs", "figures", name, "unit")
    wrong = _wrong_kind(document, text, "mass", "what a figure shows", path, counted=True)
    unit = read_unit(document, text)
    if wrong or isinstance(unit, str):
        return wrong
    if unit.basis == GROSS and figure.kind in ("sankey", "area", "ages"):
        words = f'"{text}" needs contents, which a result does not hold'
        hint = "use a unit of mass, or of a basis such as REO"
        return [document.problem("unit-kind", words, *path, hint=hint)]
    if unit.kind != COUNT:
        return []
    varied = [f for f in figure.of if not _one_number(document, f)]
    if figure.by == ELEMENT or ELEMENT in figure.at or not figure.of or varied:
        what = f'"{varied[0]}" has no one content' if varied and figure.of else "elements are not items"
        problem = f"items are counted of flows and stocks whose content is the same everywhere: {what}"
        return [document.problem("unit-kind", problem, *path)]
    return []


def _one_number(document: Document, name: str) -> bool:
    """Whether what a flow or stock holds is one content per item, the same at every label."""
    commodity = _carried(document, name) or ""
    content = document.spec.contents.get(commodity)
    return (
        content is not None
        and _content_per(document, commodity, counted=True)
        and set(content.dims) <= {ELEMENT}
    )


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
    wrong = _wrong_kind(document, text, "mass", "what is measured here", here, counted=True)
    unit = read_unit(document, text)
    if wrong or isinstance(unit, str):
        return wrong
    return [
        *_floor(document, value, unit, path),
        *_element(document, unit, target, here),
        *_product(document, unit, target, here),
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


def _product(document: Document, unit: Unit, target: Target, path: Steps) -> list[Problem]:
    """A gross mass or a number of items of what has no content that says so, or is no product."""
    counted = unit.kind == COUNT
    if not counted and (unit.basis != GROSS or not _elements(document)):
        return []
    what, per = ("number of items", "kg / item") if counted else ("gross mass", "t / t gross")
    problems = []
    for name in target.of:
        commodity = _carried(document, name)
        if kind_of(document, name) is not None and commodity is None:
            text = f'"{name}" is no product: it has no {what}'
            problems.append(document.problem("unit-kind", text, *path))
        elif commodity is not None and not _content_per(document, commodity, counted=counted):
            text = f'the {what} of "{name}" needs the content of its commodity in {per}'
            hint = f"state `contents: {{{commodity or 'its commodity'}: {{value: ..., unit: {per}}}}}`"
            problems.append(document.problem("no-content", text, *path, hint=hint))
    return problems


def _carried(document: Document, name: str) -> str | None:
    """The commodity of a flow or trade ("" for none) or of all that enters a stock; None for no product."""
    kind = kind_of(document, name)
    if kind in ("flow", "trade"):
        return commodity_of(document, name) or ""
    stock = document.spec.stocks.get(name)
    if stock is None or stock.kind == "reserve":
        return None
    carried = {commodity_of(document, flow) for flow in entering(document, stock)}
    return (carried.pop() or None) if len(carried) == 1 else None


def _content_per(document: Document, commodity: str, *, counted: bool) -> bool:
    """Whether a commodity has a content per item (`counted`), or per gross mass."""
    content = document.spec.contents.get(commodity)
    if content is None:
        return False
    unit = read_unit(document, content.unit or "1")
    per = None if isinstance(unit, str) else unit.per
    return (per is not None and per.kind == COUNT) == counted


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
        problems += _of_mass(document, content, ("contents", name))
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


def _of_mass(document: Document, content: Value, path: Steps) -> list[Problem]:
    """A content in something else than a mass per product, such as `USD / item`."""
    unit = read_unit(document, content.unit or "1")
    if isinstance(unit, str) or unit.per is None or unit.kind == "mass":
        return []
    text = f'a content factor is a mass per product, and "{unit.text}" is {_KINDS[unit.kind]} per product'
    return [
        document.problem("unit-kind", text, *path, "unit", hint="such as `kg / item` or `t REO / t gross`")
    ]
