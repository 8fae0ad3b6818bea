"""The document's dimensions as labelled axes, and the groupings that map table labels to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mfa.core.labels import EXPORTER, IMPORTER, REGION, Dimension, dimension_of
from mfa.data.labels import Grouping
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

    def others(self, axes: Sequence[str]) -> dict[str, Grouping]:
        """The grouping of each axis of the document that is not among some."""
        known = (*self.grouping, *((EXPORTER, IMPORTER) if REGION in self.grouping else ()))
        return self.groupings([a for a in known if a not in axes])


def build_dims(document: Document) -> Dims:
    """The dimensions of a document that passed its checks."""
    dimensions, groupings = {}, {}
    for name in document.spec.dimensions:
        labels = dimension_labels(document, name)
        dimensions[name] = Dimension(name, labels, dimension_titles(document, name))
        members = dimension_members(document, name)
        groups = {k: tuple(m) for k, m in members.items() if tuple(m) != (EVERYTHING_ELSE,)}
        rest = next((str(k) for k, m in members.items() if tuple(m) == (EVERYTHING_ELSE,)), None)
        ignores = document.spec.dimensions[name].outside == "ignore"
        own = {str(k): m for k, m in groups.items()}
        groupings[name] = Grouping(name, labels, own, rest, ignores=ignores)
    return Dims(dimensions, groupings)
