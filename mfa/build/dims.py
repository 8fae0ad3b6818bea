"""The document's dimensions as labelled axes, and the groupings that map table labels to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mfa.core.labels import TIME_NAMES, Dimension, dimension_of
from mfa.data.labels import Grouping
from mfa.errors import Problem
from mfa.spec.dimensions import dimension_labels, dimension_members, dimension_titles
from mfa.spec.resolve import Document

EVERYTHING_ELSE = "*"


@dataclass(frozen=True)
class Dims:
    """Dimensions by name, and for each the grouping of table labels."""

    dimensions: Mapping[str, Dimension]
    grouping: Mapping[str, Grouping]

    def groupings(self, axes: Sequence[str]) -> dict[str, Grouping]:
        """The grouping of each axis (exporter and importer use the regions')."""
        return {a: self.grouping[dimension_of(a)] for a in axes}


def time_problems(document: Document, dims: Dims) -> list[Problem]:
    """Periods that flows per year and levels of stocks cannot be reckoned with.

    Years must be equally far apart, and follow one another where a stock adds up what enters and leaves it.
    """
    time = next((n for n in TIME_NAMES if n in dims.dimensions), None)
    labels = dims.dimensions[time].labels if time else ()
    numbers = [int(x) for x in labels if isinstance(x, int)]
    steps = [b - a for a, b in pairwise(numbers)]
    stored = bool(document.spec.stocks)
    if len(numbers) < len(labels):
        wrong = "are not all whole numbers" if stored or numbers else ""
    elif any(s <= 0 for s in steps) or len(set(steps)) > 1:
        at = next(k for k, s in enumerate(steps) if s <= 0 or s != steps[0])
        wrong = f"are not equally far apart ({numbers[at]}, {numbers[at + 1]})"
    else:
        wrong = f"are {steps[0]} apart, and stocks need every one" if stored and {*steps} - {1} else ""
    if not wrong:
        return []
    hint = (
        "flows are per year and stocks are levels at its end: name every year, such as `range: [2015, 2024]`"
    )
    text = f'the labels of "{time}" {wrong}'
    return [document.problem("range", text, "dimensions", str(time), hint=hint, key=True)]


def build_dims(document: Document) -> Dims:
    """The dimensions of a document that passed its checks."""
    dimensions, groupings = {}, {}
    for name in document.spec.dimensions:
        labels = dimension_labels(document, name)
        dimensions[name] = Dimension(name, labels, dimension_titles(document, name))
        members = dimension_members(document, name)
        groups = {k: tuple(m) for k, m in members.items() if tuple(m) != (EVERYTHING_ELSE,)}
        rest = next((str(k) for k, m in members.items() if tuple(m) == (EVERYTHING_ELSE,)), None)
        groupings[name] = Grouping(name, labels, {str(k): m for k, m in groups.items()}, rest)
    return Dims(dimensions, groupings)
