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
from mfa.spec.values import REST, Value, plain
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
        yield from _entry(document, data, path)
        return
    labels = dimension_labels(document, dimension_of(axes[0]))
    if isinstance(data, dict):
        for label, inner in data.items():
            wrong = check_labels(document, axes[0], [label], (*path, label), key=True)
            yield from wrong or _fit(document, inner, axes[1:], (*path, label))
    elif not isinstance(data, list):
        text = f'expected numbers by "{axes[0]}", found {_stated(data)}'
        yield document.problem("data-shape", text, *path)
    elif len(data) != len(labels):
        text = f'the list has {len(data)} items, and dimension "{axes[0]}" has {len(labels)} labels'
        yield document.problem("data-shape", text, *path)
    else:
        for k, inner in enumerate(data):
            yield from _fit(document, inner, axes[1:], (*path, k))


_OF_ONE = {"value", "unit", "sd", "cv", "interval", "floor", "note"}
"""What one of the numbers of `data` may state of itself."""


def _entry(document: Document, data: Any, path: Steps) -> Iterator[Problem]:
    """What cannot be one of the numbers: lists and mappings, `rest` outside compositions, what all share."""
    if isinstance(data, Value):
        for key in sorted(data.model_fields_set - _OF_ONE):
            text = f"one of several numbers states no `{key}` of its own"
            hint = "beside `value`, `unit`, `sd`, `cv`, `interval` and `floor` may stand with each number"
            yield document.problem("value-form", text, *path, key, hint=hint)
    elif data == REST:
        if path[0] != "compositions":
            text = (
                "`rest` is no number here: it is for one element of a composition or one share of a process"
            )
            yield document.problem("data-shape", text, *path)
    elif isinstance(data, bool) or not isinstance(data, int | float):
        yield document.problem("data-shape", f"expected a number, found {_found(data)}", *path)


def _stated(data: Any) -> str:
    """One number where several are expected."""
    return f"the number {data.value:g}" if isinstance(data, Value) and data.value is not None else plain(data)


def _found(data: Any) -> str:
    return f"numbers by label ({', '.join(str(k) for k in data)})" if isinstance(data, dict) else plain(data)
