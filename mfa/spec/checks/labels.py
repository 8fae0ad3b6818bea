"""Dimensions and labels: files of labels, groups, and every place where labels are named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from mfa.errors import Problem, did_you_mean
from mfa.spec.dimensions import (
    ELEMENT,
    EXPORTER,
    IMPORTER,
    REGION,
    TIME_NAMES,
    dimension_labels,
    dimension_members,
    dimension_of,
    dimension_problems,
)
from mfa.spec.document import Document
from mfa.spec.targets import axes_of, common_axes
from mfa.spec.tree import Steps
from mfa.spec.values import Label


def dimensions(document: Document) -> list[Problem]:
    """Files of labels that are missing or lack a column; labels given twice."""
    return [p for name in document.spec.dimensions for p in dimension_problems(document, name)]


def groups(document: Document) -> list[Problem]:
    """Members and titles of labels that the dimension lacks; members of two labels."""
    problems = []
    for name, dimension in document.spec.dimensions.items():
        for part in ("members", "titles"):
            written = getattr(dimension, part)
            if isinstance(written, dict):
                for label in written:
                    problems += check_labels(
                        document, name, [label], ("dimensions", name, part, label), key=True
                    )
        problems += _shared_members(document, name)
    return problems


def _shared_members(document: Document, name: str) -> list[Problem]:
    problems, seen = [], dict[str, Label]()
    for label, members in dimension_members(document, name).items():
        for k, member in enumerate(members):
            if seen.setdefault(member, label) != label:
                text = f'"{member}" is a member of "{seen[member]}" and of "{label}": it would count twice'
                path = ("dimensions", name, "members", label, k)
                problems.append(document.problem("duplicate-label", text, *path))
    return problems


def unknown_axis(
    document: Document, axis: str, has: Collection[str], whose: str, path: Steps
) -> list[Problem]:
    """A problem when an axis is no dimension, or when what it is asked of lacks it."""
    if axis in has:
        return []
    known = [*document.spec.dimensions, *((EXPORTER, IMPORTER) if REGION in document.spec.dimensions else ())]
    at_key = path[-1] == axis
    if axis not in known:
        text, hint = f'there is no dimension "{axis}"', did_you_mean(axis, known)
        return [document.problem("unknown-dimension", text, *path, hint=hint, key=at_key)]
    hint = f"it has {', '.join(has)}" if has else "it has no dimensions"
    return [document.problem("no-axis", f'{whose} has no dimension "{axis}"', *path, hint=hint, key=at_key)]


def check_labels(
    document: Document, axis: str, labels: Iterable[Label], path: Steps, *, key: bool = False
) -> list[Problem]:
    """Labels that a dimension lacks; `path` leads to the list they stand in, or to the only one."""
    dimension = dimension_of(axis)
    known = dimension_labels(document, dimension)
    if not known:
        return []
    problems = []
    for k, label in enumerate(labels):
        if label not in known:
            text = f'dimension "{dimension}" has no label "{label}"'
            here = (*path, k) if document.origin.has((*path, k)) else path
            problems.append(
                document.problem("unknown-label", text, *here, hint=_label_hint(label, known), key=key)
            )
    return problems


def _label_hint(label: Label, known: tuple[Label, ...]) -> str:
    twin = next((k for k in known if str(k) == str(label)), None)
    if isinstance(twin, int):
        return f"its labels are numbers: write {twin} without quotes"
    if twin is not None:
        return f'its labels are text: write "{twin}" in quotes'
    if all(isinstance(k, int) for k in known):
        return f"its labels run from {known[0]} to {known[-1]}"
    return did_you_mean(str(label), [str(k) for k in known])


def restriction(
    document: Document, at: Mapping[str, tuple[Label, ...]], has: Collection[str], whose: str, path: Steps
) -> list[Problem]:
    """What is wrong with an `at` or a `where` of something that has some axes."""
    problems = []
    for axis, labels in at.items():
        found = unknown_axis(document, axis, has, whose, (*path, axis))
        problems += found or check_labels(document, axis, labels, (*path, axis))
    return problems


def _wheres(
    document: Document,
) -> Iterator[tuple[str, str, Mapping[str, tuple[Label, ...]], tuple[str, ...]]]:
    """Section, name, `where`, and the axes it may limit (the element axis never: shares do that)."""
    spec = document.spec
    nodes = tuple(a for a in (*TIME_NAMES, REGION) if a in spec.dimensions)
    for name, process in spec.processes.items():
        yield "processes", name, process.where, nodes
    for name, flow in spec.flows.items():
        yield "flows", name, flow.where, _without_element(axes_of(document, name))
    for name, trade in spec.trade.items():
        yield "trade", name, trade.where, (*_without_element(axes_of(document, name)), REGION)


def _without_element(axes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(a for a in axes if a != ELEMENT)


def restrictions(document: Document) -> list[Problem]:
    """Labels and dimensions in `where`, `at` and `sum` that nothing has, or that the target lacks."""
    problems = []
    for section, name, where, has in _wheres(document):
        problems += restriction(document, where, has, f'"{name}"', (section, name, "where"))
    for section in ("observations", "drivers", "constraints"):
        for name, entry in getattr(document.spec, section).items():
            axes = common_axes(document, entry.of)
            if axes is None:
                continue
            whose = f'"{next(iter(entry.of))}"' if len(entry.of) == 1 else "their sum"
            problems += restriction(document, entry.at, axes, whose, (section, name, "at"))
            for k, axis in enumerate(entry.sum):
                problems += unknown_axis(document, axis, axes, whose, (section, name, "sum", k))
    return problems


def further_dimensions(document: Document) -> list[Problem]:
    """`by` dimensions of flows that are none, or that every flow has anyway."""
    problems = []
    for name, flow in document.spec.flows.items():
        for k, axis in enumerate(flow.by):
            path = ("flows", name, "by", k)
            if axis in (*TIME_NAMES, REGION, ELEMENT):
                text = f'every flow has the dimension "{axis}": `by` is for further ones'
                problems.append(document.problem("axis-twice", text, *path))
            elif axis in flow.by[:k]:
                problems.append(document.problem("axis-twice", f'"{axis}" stands here twice', *path))
            else:
                problems += unknown_axis(document, axis, tuple(document.spec.dimensions), f'"{name}"', path)
    return problems
