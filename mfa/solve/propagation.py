"""Sums of squared effects of many observations on many rows, through a block-bordered system.

An observation in block t acts within t by y = K_t^-1 e and on the border by e = -Schur^-1 C_t' y; every row
(over places of the whole) then moves by R e + M_t y, with R = M_border - sum_s M_s K_s^-1 C_s. For
observations of blocks that a row does not touch only the Gram matrix of their e is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from mfa.solve.border import Block, Bordered
from mfa.solve.problem import Floats, Ints

CHUNK = 64


@dataclass(frozen=True)
class _Slopes:
    """How rows move with the border: values over the border columns that matter."""

    values: Floats
    columns: Ints

    def moved(self, edge: Floats) -> Floats:
        """The rows' moves for moves of the border (border, k)."""
        return np.asarray(self.values @ edge[self.columns])

    def squares(self, gram: Floats) -> Floats:
        """The rows' sums of squares for a Gram matrix of moves of the border."""
        inner = gram[np.ix_(self.columns, self.columns)]
        return np.asarray(np.sum((self.values @ inner) * self.values, axis=1))


@dataclass(frozen=True)
class Propagation:
    """`rows` (k, places, scaled), the places of the `observed` and their `unit`, over the factors of the
    system."""

    factors: Bordered
    rows: sparse.csr_array
    observed: Ints
    unit: Floats

    @cached_property
    def responses(self) -> tuple[Floats, ...]:
        """K_t^-1 C_t of every block."""
        return tuple(block.response() for block in self.factors.blocks)

    @cached_property
    def home(self) -> Ints:
        """The block each row lies in: its number, -1 for the border alone, -2 for several."""
        place = np.full(self.rows.shape[1], -1)
        for t, block in enumerate(self.factors.blocks):
            place[block.places] = t
        low, high = np.full(self.rows.shape[0], np.iinfo(np.int64).max), np.full(self.rows.shape[0], -1)
        number = np.repeat(np.arange(self.rows.shape[0]), np.diff(self.rows.indptr))
        label = place[self.rows.indices]
        np.minimum.at(low, number[label >= 0], label[label >= 0])
        np.maximum.at(high, number, label)
        return np.where(high < 0, -1, np.where(low == high, low, -2))

    def variances(self) -> Floats:
        """The sum of squares of every row's moves."""
        total = np.zeros(self.rows.shape[0])
        spread = np.flatnonzero(self.home == -2)
        far = self._slopes(spread, range(len(self.factors.blocks)))
        grams = [self._edge_observed()]
        for t, block in enumerate(self.factors.blocks):
            own = np.flatnonzero(self.home == t)
            near, inside, outside = self._slopes(own, [t]), self._inside(own, t), self._inside(spread, t)
            gram = np.zeros_like(grams[0])
            for within, edge in self._effects(block):
                total[own] += np.sum((near.moved(edge) + inside @ within) ** 2, axis=1)
                total[spread] += np.sum((far.moved(edge) + outside @ within) ** 2, axis=1)
                gram += edge @ edge.T
            grams.append(gram)
        total[spread] += far.squares(grams[0])
        for t in range(-1, len(self.factors.blocks)):
            own = np.flatnonzero(self.home == t)
            elsewhere = np.sum([g for s, g in enumerate(grams) if s != t + 1 or t < 0], axis=0)
            total[own] += self._slopes(own, [t] if t >= 0 else []).squares(elsewhere)
        return total

    def _inside(self, rows: Ints, t: int) -> sparse.csr_array:
        """The part of `rows` over the places of block `t`."""
        return self.rows[rows][:, self.factors.blocks[t].places]

    def _slopes(self, rows: Ints, blocks: Iterable[int]) -> _Slopes:
        """How `rows`, which touch no other blocks than these, move with the border."""
        slopes = self.rows[rows][:, self.factors.border].toarray()
        for t in blocks:
            touched = self.factors.blocks[t].touched
            slopes[:, touched] -= self._inside(rows, t) @ self.responses[t]
        some = np.flatnonzero(np.any(slopes != 0, axis=0))
        return _Slopes(np.ascontiguousarray(slopes[:, some]), some)

    def _effects(self, block: Block) -> Iterator[tuple[Floats, Floats]]:
        """What each of the block's observations does within it and to the border, some at a time."""
        here = np.flatnonzero(np.isin(block.places, self.observed))
        for at in range(0, len(here), CHUNK):
            some = here[at : at + CHUNK]
            error = np.zeros((len(block.places), len(some)))
            error[some, np.arange(len(some))] = self.unit[block.places[some]]
            within = np.asarray(block.factors.solve(error))
            push = np.zeros((len(self.factors.border), len(some)))
            push[block.touched] = -(block.coupling.T @ within)
            yield within, self.factors.edge(push)

    def _edge_observed(self) -> Floats:
        """The Gram matrix of the effects of observations that lie in the border themselves."""
        border = self.factors.border
        here = np.flatnonzero(np.isin(border, self.observed))
        error = np.zeros((len(border), len(here)))
        error[here, np.arange(len(here))] = self.unit[border[here]]
        edge = self.factors.edge(error)
        return np.asarray(edge @ edge.T)
