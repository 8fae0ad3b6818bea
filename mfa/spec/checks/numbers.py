"""Arrays of numbers: their dims, and data written in the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfa.errors import Problem
from mfa.spec.checks.labels import check_labels, unknown_axis
from mfa.spec.dimensions import EXPORTER, IMPORTER, dimension_labels, dimension_of
from mfa.spec.document import Document
from mfa.spec.schema import Driver, Observation
from mfa.spec.tree import Steps
from mfa.spec.values import Value, plain
from mfa.spec.walk import nodes


def value_dims(document: Document) -> list[Problem]:
    """`dims` that are no dimensions, named twice, or not named where numbers vary."""
    problems = []
    for steps, value in nodes(document, Value):
        known = (*document.spec.dimensions, EXPORTER, IMPORTER)
        for k, axis in enumerate(value.dims):
            path = (*steps, "dims", k)
            if axis in value.dims[:k]:
                problems.append(document.problem("axis-twice", f'"{axis}" stands here twice', *path))
            else:
                problems += unknown_axis(document, axis, known, "the document", path)
        problems += _unsaid(document, steps, value)
    return problems


def _unsaid(document: Document, steps: Steps, value: Value) -> list[Problem]:
    """Numbers that vary over nobody knows what; a table of an observation or driver has its target's dims."""
    tabled = value.table is not None and not isinstance(value, Observation | Driver)
    if value.dims or not (tabled or value.data is not None):
        return []
    what = "table" if value.data is None else "data"
    text = f"`{what}` needs `dims`: the dimensions its numbers vary over"
    return [document.problem("data-shape", text, *steps, what, hint="such as `dims: [year]`", key=True)]


def written_data(document: Document) -> list[Problem]:
    """Data whose labels, depth or length do not fit their dims, or that are not numbers."""
    problems = []
    for steps, value in nodes(document, Value):
        dims = tuple(dimension_of(a) for a in value.dims)
        if value.data is not None and dims and all(d in document.spec.dimensions for d in dims):
            problems += list(_fit(document, value.data, value.dims, (*steps, "data")))
    return problems


def _fit(document: Document, data: Any, axes: tuple[str, ...], path: Steps) -> Iterator[Problem]:
    if not axes:
        if isinstance(data, bool) or not isinstance(data, int | float):
            text = f"expected a number, found {plain(data)}"
            shares = isinstance(data, str) and data.rstrip().endswith("%")
            hint = 'write numbers alone with `unit: "%"`, or shares such as 0.28' if shares else ""
            yield document.problem("data-shape", text, *path, hint=hint)
        return
    labels = dimension_labels(document, dimension_of(axes[0]))
    if isinstance(data, dict):
        for label, inner in data.items():
            wrong = check_labels(document, axes[0], [label], (*path, label), key=True)
            yield from wrong or _fit(document, inner, axes[1:], (*path, label))
    elif not isinstance(data, list):
        text = f'expected numbers by "{axes[0]}", found {plain(data)}'
        yield document.problem("data-shape", text, *path)
    elif len(data) != len(labels):
        text = f'the list has {len(data)} items, and dimension "{axes[0]}" has {len(labels)} labels'
        yield document.problem("data-shape", text, *path)
    else:
        for k, inner in enumerate(data):
            yield from _fit(document, inner, axes[1:], (*path, k))
