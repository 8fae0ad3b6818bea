"""Outputs: figures of kinds that can be drawn, indicators that can be read, sweeps that vary something."""

from __future__ import annotations

from collections.abc import Sequence

from mfa.errors import Problem, did_you_mean
from mfa.spec.checks.labels import check_labels, restriction, unknown_axis
from mfa.spec.checks.names import unknown
from mfa.spec.dimensions import EXPORTER, IMPORTER, REGION, TIME_NAMES
from mfa.spec.document import Document
from mfa.spec.formula import (
    Ast,
    Binary,
    Call,
    FormulaError,
    Name,
    Select,
    chain,
    names_in,
    parse_formula,
    parts,
)
from mfa.spec.schema import Figure
from mfa.spec.targets import common_axes, kind_of, named, target_names
from mfa.spec.tree import Steps
from mfa.spec.variants import sweep_problems

FIGURE_KINDS = ("sankey", "area", "ages", "adjustments", "mirror")
"""The kinds of figures."""


def figures(document: Document) -> list[Problem]:
    """Figures of no known kind, of names that nothing has, at labels that no dimension has."""
    return [
        p for name, figure in document.spec.outputs.figures.items() for p in _figure(document, name, figure)
    ]


def _figure(document: Document, name: str, figure: Figure) -> list[Problem]:
    path: Steps = ("outputs", "figures", name)
    problems = []
    if figure.kind not in FIGURE_KINDS:
        hint = did_you_mean(figure.kind, FIGURE_KINDS)
        text = f'there is no kind of figure "{figure.kind}"'
        problems.append(document.problem("figure-kind", text, *path, "kind", hint=hint))
    shown = (*target_names(document), *named(document, "observations"))
    for k, target in enumerate(figure.of):
        if target not in shown:
            what = "flow, trade, stock or observation"
            problems.append(unknown(document, what, target, (*path, "of", k), shown))
    if figure.kind == "ages":
        problems += _ages(document, figure, path)
    if figure.kind == "area":
        problems += _area(document, figure, path)
    axes = _axes(document)
    problems += restriction(document, figure.at, axes, "the document", (*path, "at"))
    if figure.by is not None:
        problems += unknown_axis(document, figure.by, axes, "the document", (*path, "by"))
    return problems


def _ages(document: Document, figure: Figure, path: Steps) -> list[Problem]:
    """A figure of ages that shows none, several, or something without cohorts."""
    stocks = document.spec.stocks
    cohorts = [name for name, stock in stocks.items() if stock.kind == "cohort"]
    hint = f"write `of: {cohorts[0]}`" if cohorts else "give a stock a lifetime"
    if len(figure.of) != 1:
        text = f"a figure of ages shows one cohort stock, not {len(figure.of) or 'none'}"
        return [document.problem("figure-of", text, *path, hint=hint)]
    if figure.of[0] in target_names(document) and figure.of[0] not in cohorts:
        text = f'"{figure.of[0]}" has no ages: it is no stock with a lifetime'
        return [document.problem("figure-of", text, *path, "of", hint=hint)]
    return []


def _area(document: Document, figure: Figure, path: Steps) -> list[Problem]:
    """An area that shows nothing, or stocks and flows in one stack."""
    kinds = {kind == "stock" for n in figure.of if (kind := kind_of(document, n)) is not None}
    if not figure.of:
        hint = "name flows, trades or stocks that add up, such as `of: [mined]`"
        return [document.problem("figure-of", "a figure of areas says what it stacks", *path, hint=hint)]
    if len(kinds) > 1:
        text = "a stock (a level) and a flow (per time) cannot be stacked"
        return [document.problem("figure-of", text, *path, "of", hint="make a figure of each")]
    return []


def _axes(document: Document) -> tuple[str, ...]:
    trade = (EXPORTER, IMPORTER) if REGION in document.spec.dimensions else ()
    return (*document.spec.dimensions, *trade)


def indicators(document: Document) -> list[Problem]:
    """Formulas that cannot be read, or that name what nothing has."""
    return [
        p for name, text in document.spec.outputs.indicators.items() for p in _indicator(document, name, text)
    ]


def _indicator(document: Document, name: str, text: str) -> list[Problem]:
    path: Steps = ("outputs", "indicators", name)
    try:
        ast = parse_formula(text)
    except FormulaError as error:
        return [document.problem("formula", error.problems[0].text, *path, hint=error.hint)]
    known = target_names(document)
    missing = [n for n in names_in(ast) if n not in known]
    problems = [unknown(document, "flow, trade or stock", n, path, known) for n in missing]
    return (
        problems
        + [p for part in parts(ast) for p in _part(document, part, path)]
        + _kinds(document, ast, path)
    )


def _part(document: Document, part: Ast, path: Steps) -> list[Problem]:
    """Dimensions and labels that a call or a selection names."""
    if isinstance(part, Call):
        axes = _axes_in(document, part.of)
        if part.function == "cumsum" and not part.dims and not {*axes} & {*TIME_NAMES}:
            text = "`cumsum` runs along time, and what it sums has no dimension of time"
            return [document.problem("no-time", text, *path)]
        return [p for dim in part.dims for p in unknown_axis(document, dim, axes, "what is summed", path)]
    if not isinstance(part, Select):
        return []
    axes, problems = _axes_in(document, part.of), list[Problem]()
    for dimension, labels in part.at:
        read = [int(x) if x.isascii() and x.isdigit() else x for x in labels]
        wrong = unknown_axis(document, dimension, axes, "what is selected from", path)
        problems += wrong or check_labels(document, dimension, read, path)
    return problems


def _axes_in(document: Document, ast: Ast) -> Sequence[str]:
    """The axes of any name in a tree; every axis where a name is unknown or there is none."""
    names = names_in(ast)
    found = [common_axes(document, [n]) for n in names]
    if not names or None in found:
        return _axes(document)
    return list(dict.fromkeys(axis for axes in found for axis in axes or ()))


def _kinds(document: Document, ast: Ast, path: Steps) -> list[Problem]:
    """A stock added to a flow."""
    for part in parts(ast):
        kinds = {kind_of(document, n) for n in _terms(part)} - {None}
        if "stock" in kinds and len(kinds) > 1:
            text = "the formula adds a stock and a flow: one is a mass, the other a mass per year"
            return [document.problem("kinds-mixed", text, *path)]
    return []


def _terms(ast: Ast) -> list[str]:
    """The names that a chain of + and - adds directly."""
    if isinstance(ast, Name):
        return [ast.name]
    if isinstance(ast, Select) or (isinstance(ast, Call) and ast.function == "sum"):
        return _terms(ast.of)
    if not isinstance(ast, Binary) or ast.op not in ("+", "-"):
        return []
    first, steps = chain(ast)
    added = [step.op in ("+", "-") for step in steps]
    # what stands before the last product or quotient is part of it
    start = len(added) - added[::-1].index(False) if not all(added) else 0
    own = _terms(first) if not start else []
    return [*own, *(name for step in steps[start:] for name in _terms(step.right))]


def sweeps(document: Document) -> list[Problem]:
    """Sweeps over a path that leads nowhere."""
    return sweep_problems(document.origin)
