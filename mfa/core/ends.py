"""The ends of an edge: which of its cells have a node there, and which node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class End:
    """Which cells of an edge have a node at one of its ends, and which node: a run, or numbers."""

    cells: slice | Ints
    node: slice | Ints

    @staticmethod
    def of(node: Ints) -> End:
        """From the node of every cell, -1 where it has none."""
        inside = node >= 0
        if inside.all():
            return End(slice(None), _run(node))
        cells = np.flatnonzero(inside)
        return End(cells, _run(node[cells]))

    def add(self, total: Floats, values: Floats) -> None:
        """Add (cells, elements) to (nodes, elements)."""
        if isinstance(self.node, slice):
            total[self.node] += values[self.cells]
            return
        from scipy import sparse

        n = len(self.node)
        pick = sparse.csc_array((np.ones(n), self.node, np.arange(n + 1)), shape=(len(total), n))
        total += np.asarray(pick @ values[self.cells])

    def mark(self, touched: Bools, mask: Bools) -> None:
        """Set (nodes, elements) where (cells, elements) is set."""
        own = mask[self.cells]
        if isinstance(self.node, slice):
            touched[self.node] |= own
        elif own.all():
            touched[self.node] = True
        else:
            cell, element = np.nonzero(own)
            touched[self.node[cell], element] = True


def _run(node: Ints) -> slice | Ints:
    """Consecutive numbers as a slice."""
    if len(node) == 0:
        return slice(0, 0)
    first, last = int(node[0]), int(node[-1])
    consecutive = last - first == len(node) - 1 and bool(np.all(node[1:] - node[:-1] == 1))
    return slice(first, last + 1) if consecutive else node
