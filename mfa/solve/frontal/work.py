"""Which unknowns, terms of long rows and short rows are met in which front."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfa.solve.frontal.system import Kinds, System
from mfa.solve.frontal.tree import Tree
from mfa.solve.problem import Floats, Ints


@dataclass(frozen=True)
class Terms:
    """Terms of long rows: row, unknown, coefficient."""

    row: Ints
    unknown: Ints
    factor: Floats


@dataclass(frozen=True)
class Shorts:
    """Short rows: unknowns and coefficients (k, 3), kind and number."""

    terms: Ints
    factors: Floats
    kind: Kinds
    number: Ints


class Work:
    """A system's unknowns and rows by the front that is first to meet them."""

    def __init__(self, system: System, tree: Tree) -> None:
        n, count, long = len(system), len(system.terms), system.long.tocoo()
        self.front_of_unknown, self.front_of_row = tree.front[:n], tree.front[n:]
        self.kind, self.number = system.kind[count:], system.number[count:]
        self.children: list[list[int]] = [[] for _ in range(len(tree))]
        for k in np.flatnonzero(tree.parent >= 0).tolist():
            self.children[tree.parent[k]].append(k)
        self._own = _Groups(self.front_of_unknown, len(tree))
        self._rows = _Groups(self.front_of_row, len(tree))
        first = np.minimum(self.front_of_row[long.row], self.front_of_unknown[long.col])
        self._terms = _Groups(first, len(tree))
        order = self._terms.order
        self._long = long.row[order].astype(np.int64), long.col[order].astype(np.int64), long.data[order]
        self._shorts = _Groups(self.front_of_unknown[system.terms].min(axis=1), len(tree))
        order = self._shorts.order
        self._short = (
            system.terms[order],
            system.factors[order],
            system.kind[:count][order],
            system.number[:count][order],
        )

    def own(self, k: int) -> Ints:
        """The unknowns eliminated in front `k`."""
        return self._own.order[self._own.span(k)]

    def closing(self, k: int) -> Ints:
        """The long rows closed in front `k`."""
        return self._rows.order[self._rows.span(k)]

    def terms(self, k: int) -> Terms:
        """The terms of long rows met in front `k`."""
        span = self._terms.span(k)
        row, unknown, factor = self._long
        return Terms(row[span], unknown[span], factor[span])

    def shorts(self, k: int) -> Shorts:
        """The short rows met in front `k`."""
        span = self._shorts.span(k)
        terms, factors, kind, number = self._short
        return Shorts(terms[span], factors[span], kind[span], number[span])


class _Groups:
    """Items in the order of their groups."""

    def __init__(self, group: Ints, count: int) -> None:
        self.order = np.argsort(group, kind="stable")
        self._limits = np.searchsorted(group[self.order], np.arange(count + 1)).tolist()

    def span(self, k: int) -> slice:
        """Where group `k` is in that order."""
        return slice(self._limits[k], self._limits[k + 1])
