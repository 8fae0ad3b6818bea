"""Outputs: figures of kinds that can be drawn, indicators that can be read, sweeps that vary something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

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
from mfa.spec.schema import Figure, Observation
from mfa.spec.targets import common_axes, kind_of, named, target_names
from mfa.spec.tree import Steps
from mfa.spec.variants import sweep_problems

FIGURE_KINDS = ("sankey", "area", "ages", "adjustments", "mirror")
"""The kinds of figures."""
QUANTITIES = ("sankey", "area", "ages", "mirror")
"""Those whose `of` names flows, trades and stocks, but no observations."""


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
    reports = figure.kind not in QUANTITIES
    shown = (*target_names(document), *(named(document, "observations") if reports else ()))
    for k, target in enumerate(figure.of):
        if target not in shown:
            what = "flow, trade, stock or observation" if reports else "flow, trade or stock"
            problems.append(unknown(document, what, target, (*path, "of", k), shown))
    of_kind = _OF_KIND.get(figure.kind)
    problems += of_kind(document, figure, path) if of_kind else []
    for part, axes, whose in _ranges(document, figure):
        if part == "at":
            problems += restriction(document, figure.at, axes, whose, (*path, "at"))
        elif figure.by is not None:
            problems += unknown_axis(document, figure.by, axes, whose, (*path, "by"))
    return problems


def _ranges(document: Document, figure: Figure) -> Iterator[tuple[str, Sequence[str], str]]:
    """What `at` and `by` may name: the axes, and whose they are."""
    every = (_axes(document), "the document")
    own = common_axes(document, figure.of) if figure.kind in ("area", "ages") else None
    of_own = every if own is None else (own, f'"{figure.of[0]}"' if len(figure.of) == 1 else "their sum")
    reported = (_reported_axes(document, figure), "what the figure shows")
    at = {"area": of_own, "adjustments": reported, "mirror": reported}.get(figure.kind, every)
    yield "at", *at
    yield "by", *of_own


def _chosen(document: Document, figure: Figure) -> list[Observation]:
    """The observations that a figure of reports speaks of."""
    every, wanted = document.spec.observations, {*figure.of}
    return [o for n, o in every.items() if not wanted or n in wanted or wanted & {*o.of}]


def _reported_axes(document: Document, figure: Figure) -> Sequence[str]:
    """The axes of any report that a figure shows."""
    found = [a for o in _chosen(document, figure) for n in o.of for a in _left(document, n, o)]
    return _axes(document) if _refused(document) or not found else list(dict.fromkeys(found))


def _refused(document: Document) -> bool:
    """Whether some observation could not be read, so that nobody knows what it speaks of."""
    return len(named(document, "observations")) > len(document.spec.observations)


def _left(document: Document, name: str, of: Observation) -> Iterator[str]:
    """The axes of a target over which an observation is not summed."""
    return (a for a in common_axes(document, [name]) or _axes(document) if a not in of.sum)


def _adjustments(document: Document, figure: Figure, path: Steps) -> list[Problem]:
    """A figure of reports where there are none, or of what none speaks of."""
    every = document.spec.observations
    seen = {*named(document, "observations"), *(n for o in every.values() for n in o.of)}
    if _refused(document):
        return []
    if not seen:
        text, hint = "a figure of adjustments shows observations, and there are none", "leave it out"
        return [document.problem("figure-of", text, *path, hint=hint)]
    silent = [(k, n) for k, n in enumerate(figure.of) if n in target_names(document) and n not in seen]
    hint = did_you_mean(silent[0][1], seen) if silent else ""
    return [
        document.problem("figure-of", f'no observation speaks of "{n}"', *path, "of", k, hint=hint)
        for k, n in silent
    ]


def _mirror(document: Document, figure: Figure, path: Steps) -> list[Problem]:
    """Two reports of one trade where nothing is reported by both sides."""
    sides = {EXPORTER: set[str](), IMPORTER: set[str]()}
    for observation in _chosen(document, figure):
        if observation.reported_by in (EXPORTER, IMPORTER):
            sides[observation.reported_by] |= {n for n in observation.of if kind_of(document, n) == "trade"}
    if _refused(document) or sides[EXPORTER] & sides[IMPORTER]:
        return []
    hint = "it takes an observation with `reported_by: importer` and one with `reported_by: exporter`"
    return [document.problem("figure-of", "no trade is reported by both sides", *path, hint=hint)]


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
    for time in TIME_NAMES:
        if len(figure.at.get(time, ())) > 1:
            text = f"a figure of ages shows one {time}, not {len(figure.at[time])}"
            return [document.problem("figure-of", text, *path, "at", time, hint="name one")]
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
    if not any(t in document.spec.dimensions for t in TIME_NAMES):
        text, hint = "an area runs over time, and there is no time dimension", "a sankey needs none"
        return [document.problem("figure-of", text, *path, hint=hint)]
    return []


def _sankey(document: Document, figure: Figure, path: Steps) -> list[Problem]:
    """A Sankey of names of which none is a flow."""
    kinds = [kind_of(document, n) for n in figure.of]
    if not kinds or None in kinds or "flow" in kinds:
        return []
    hint = f"name flows, such as `of: [{next(iter(document.spec.flows), 'mined')}]`"
    return [
        document.problem("figure-of", "a sankey shows flows, and this names none", *path, "of", hint=hint)
    ]


_OF_KIND: Mapping[str, Callable[[Document, Figure, Steps], list[Problem]]] = {
    "sankey": _sankey,
    "area": _area,
    "ages": _ages,
    "adjustments": _adjustments,
    "mirror": _mirror,
}
"""Kind of figure -> what is wrong with what it shows, as far as no solve is needed to say it."""


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
