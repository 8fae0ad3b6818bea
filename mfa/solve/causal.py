"""The order in which exact rows determine unknowns: each row one, loops together, all that is ready at once.

1. A row with one unknown left determines it; the rows that it enters then have one less. Repeated until no
   row has one left: that settles all that is in no loop, and nothing after one.
2. Of what remains rows and unknowns are matched (Hopcroft and Karp 1973). An unknown without a row, and all
   that could take the row of another that leads to it, is undetermined (Dulmage and Mendelsohn 1958).
3. Strongly connected unknowns (Tarjan 1972) are one block, solved together; blocks come in the order of their
   levels, so a loop through a stock falls into one block a year.

Rows that determine nothing are spare: they must close by themselves. A block whose rows depend on each other
by their numbers (shares that sum to 1 beside the balance they imply) sets one aside and takes another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from mfa.solve.dependent import DENSE, dependent_rows
from mfa.solve.equations import Equations
from mfa.solve.matching import matched
from mfa.solve.problem import Bools, Floats, Index, Ints
from mfa.solve.ranges import ranges

CELLS = 1 << 21
"""The most matrix entries of the blocks of one step; above `DENSE` unknowns a block is a step of its own."""


@dataclass(frozen=True)
class Step:
    """Blocks of one size that need only what came before: `rows` and `unknowns` have shape (blocks, size)."""

    rows: Ints
    unknowns: Ints


@dataclass(frozen=True)
class Order:
    """The steps in causal order, the row that determines each unknown (-1: none), and what nothing does.

    `free` are the undetermined unknowns and `short` the rows they share; `aside` are rows of blocks that
    depend on the others of their block, with the rows and unknowns of each such block in `singular`.
    """

    steps: tuple[Step, ...]
    row_of: Ints
    free: Ints
    short: Ints
    aside: Ints
    singular: tuple[Ints, ...]

    @property
    def loops(self) -> int:
        """How many blocks hold more than one unknown."""
        return sum(len(s.rows) for s in self.steps if s.rows.shape[1] > 1)


def causal_order(rows: Equations, typical: Floats) -> Order:
    """The order of `rows`; blocks with products are looked at where unknowns have their `typical` values."""
    graph = rows.pattern()
    peeled = _Peel(graph, rows)
    steps, aside = peeled.steps(), np.zeros(0, np.int64)
    singular: tuple[Ints, ...] = ()
    while True:
        core = _Core(graph, rows, peeled.known, aside)
        order = core.order(steps, aside, singular)
        found = [dependent_rows(rows, s.rows, s.unknowns, typical) for s in core.steps if s.rows.shape[1] > 1]
        if len(order.free) or not any(len(f.rows) for f in found):
            return order
        aside = np.concatenate([aside, *(f.rows for f in found)])
        singular = (*singular, *(b for f in found for b in f.blocks))


class _Peel:
    """Rows with one unknown left, wave by wave."""

    def __init__(self, graph: sparse.csr_array, rows: Equations) -> None:
        self.graph = graph
        self.by_unknown = _Columns(graph)
        self.known = rows.held.copy()
        self.count = np.diff(graph.indptr).astype(np.int64)
        self.left = _sums(graph)
        self.may = ~rows.last

    def steps(self) -> list[Step]:
        """One step a wave."""
        found, ready = [], np.flatnonzero((self.count == 1) & self.may)
        while len(ready):
            unknowns, first = np.unique(self.left[ready], return_index=True)
            found.append(Step(ready[first][:, None], unknowns[:, None]))
            ready = self._after(unknowns)
        return found

    def _after(self, unknowns: Ints) -> Ints:
        """The rows that have one unknown left now that these are known."""
        self.known[unknowns] = True
        rows, own = self.by_unknown.of(unknowns)
        np.subtract.at(self.count, rows, 1)
        np.subtract.at(self.left, rows, own)
        return np.unique(rows[(self.count[rows] == 1) & self.may[rows]])


class _Columns:
    """The rows of each unknown of a pattern."""

    def __init__(self, graph: sparse.csr_array) -> None:
        columns = graph.tocsc()
        self.indptr, self.rows = columns.indptr.astype(np.int64), columns.indices

    def of(self, unknowns: Ints) -> tuple[Index, Ints]:
        """The rows that hold any of some unknowns, and which one it is."""
        start = self.indptr[unknowns]
        count = self.indptr[unknowns + 1] - start
        return self.rows[ranges(start, count)], np.repeat(unknowns, count)


def _sums(graph: sparse.csr_array) -> Ints:
    """The sum of the numbers of each row's unknowns: once one is left, its number."""
    ends = np.zeros(graph.nnz + 1, np.int64)
    np.cumsum(graph.indices, out=ends[1:])
    return np.asarray(np.diff(ends[graph.indptr]))


class _Core:
    """What peeling leaves: its matching, and its blocks by levels."""

    def __init__(self, graph: sparse.csr_array, rows: Equations, known: Bools, aside: Ints) -> None:
        self.unknowns = np.flatnonzero(~known)
        self.row_of = np.full(graph.shape[1], -1, np.int64)
        self.graph = graph[:, self.unknowns]
        self.usable = np.diff(self.graph.indptr) > 0
        self.usable[aside] = False
        self.match = matched(self.graph, self.usable, rows.last, rows.time[self.unknowns])
        self.free, self.short = self._undetermined()
        self.steps = [] if len(self.free) else self._blocks()

    def order(self, before: list[Step], aside: Ints, singular: tuple[Ints, ...]) -> Order:
        """The whole order, `before` being the steps already made."""
        steps = (*before, *self.steps)
        for s in steps:
            self.row_of[s.unknowns] = s.rows
        return Order(steps, self.row_of, self.free, self.short, aside, singular)

    def _undetermined(self) -> tuple[Ints, Ints]:
        """The unknowns that end without a row in some matching, and the rows among them."""
        free = self.match < 0
        if not free.any():
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        taken = np.full(len(self.usable), -1, np.int64)
        taken[self.match[~free]] = np.flatnonzero(~free)
        columns, reached, wave = _Columns(self.graph), np.zeros(len(taken), bool), np.flatnonzero(free)
        while len(wave):
            rows, _ = columns.of(wave)
            new = np.unique(rows[~reached[rows] & self.usable[rows]])
            reached[new] = True
            wave = taken[new]
            wave = wave[wave >= 0]
            free[wave] = True
        return self.unknowns[free], np.flatnonzero(reached)

    def _blocks(self) -> list[Step]:
        """The blocks of the matched rows, level by level."""
        own = self.graph[self.match]
        count, block = csgraph.connected_components(own, directed=True, connection="strong")
        own_block = np.repeat(block, np.diff(own.indptr))
        need = np.bincount(own_block[own_block != block[own.indices]], minlength=count)
        del own_block
        columns, member = _Columns(own), np.argsort(block, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(block, minlength=count))])
        steps, wave = [], np.flatnonzero(need == 0)
        while len(wave):
            steps += self._levelled(wave, start, member)
            unknowns = member[ranges(start[wave], start[wave + 1] - start[wave])]
            rows, entered = columns.of(unknowns)
            after = block[rows]
            after = after[after != block[entered]]
            np.subtract.at(need, after, 1)
            wave = np.unique(after[need[after] == 0])
        return steps

    def _levelled(self, blocks: Ints, start: Ints, member: Ints) -> list[Step]:
        """The blocks of one level by their size, in pieces that fit."""
        size, found = start[blocks + 1] - start[blocks], []
        for k in np.unique(size):
            own = blocks[size == k]
            at = member[start[own][:, None] + np.arange(k)]
            pieces = max(1, -(-at.size * int(k) // CELLS)) if 1 < k <= DENSE else len(own) if k > 1 else 1
            found += [Step(self.match[part], self.unknowns[part]) for part in np.array_split(at, pieces)]
        return found
