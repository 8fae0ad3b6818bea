"""A result as figures show it: no name of it holds a character that moves a cursor or that no font has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mfa.figures.spec import FigureSpec
from mfa.printed import escaped
from mfa.run.result import Result

Label = str | int


def shown(result: Result) -> Result:
    """The result with control characters escaped in its titles, labels and the names of what it holds."""
    labels = {name: _labels(result, name) for name in result.dimensions}
    processes = {n: {**p, "label": escaped(p["label"])} for n, p in result.processes.items()}
    quantities = {n: replace(q, label=escaped(q.label)) for n, q in result.quantities.items()}
    return replace(
        result,
        title=escaped(result.title),
        titles={**result.titles, **{n: t for n, t in labels.items() if t}},
        processes=processes,
        quantities=quantities,
    )


def shown_spec(spec: FigureSpec) -> FigureSpec:
    """A figure's description with control characters escaped in its heading."""
    return replace(spec, title=escaped(spec.title)) if spec.title else spec


def _labels(result: Result, name: str) -> Mapping[Label, str]:
    """The names of the labels of a dimension, of those alone that have one or need one."""
    given = {label: escaped(str(title)) for label, title in result.titles.get(name, {}).items()}
    plain = {x: escaped(x) for x in result.dimensions[name] if isinstance(x, str) and x not in given}
    return {**given, **{x: text for x, text in plain.items() if text != x}}
