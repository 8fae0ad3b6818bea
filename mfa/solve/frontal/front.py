"""What a front is made of: its columns, what its children leave it, and the rows that are met in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfa.solve.frontal.eliminate import EPS, Rows
from mfa.solve.frontal.sums import Sums, sums_of
from mfa.solve.frontal.system import EXACT, SOFT, Kinds
from mfa.solve.frontal.work import Shorts, Work
from mfa.solve.problem import Floats, Ints


@dataclass(frozen=True)
class Message:
    """What a front leaves to its parent: rows over columns that wait, unknowns, and sums in their units."""

    waiting: int
    unknowns: Ints
    sums: Ints
    units: Floats
    rows: Rows


@dataclass(frozen=True)
class Link:
    """A child's columns among those of its parent: `direct` ones are those at `to`; each of `led` is `less`
    times those at `busy` less than that, or than nothing."""

    direct: Ints
    to: Ints
    led: Ints
    less: Floats
    busy: Ints
    size: int

    def up(self, rows: Rows, columns: int) -> Rows:
        """A child's rows over its parent's columns."""
        noise = np.zeros(columns)
        noise[self.to] = rows.noise[self.direct]
        made = rows.noise[self.led] + EPS * np.max(np.abs(rows.soft[:, self.led]), axis=0, initial=0.0)
        noise[self.busy] += made @ np.abs(self.less)
        return Rows(self._up(rows.exact, columns), self._up(rows.soft, columns), noise)

    def _up(self, rows: Floats, columns: int) -> Floats:
        found = np.zeros((len(rows), columns))
        found[:, self.to] = rows[:, self.direct]
        if len(self.led):
            found[:, self.busy] -= rows[:, self.led] @ self.less
        return found

    def down(self, values: Floats) -> Floats:
        """The values of a child's columns from those of its parent's."""
        found = np.zeros((self.size, values.shape[1]))
        found[self.direct] = values[self.to]
        if len(self.led):
            found[self.led] -= self.less @ values[self.busy]
        return found


@dataclass(frozen=True)
class Asked:
    """Rows whose variance is asked for in a front: kinds and numbers of long ones, their coefficients over
    its columns, and short ones."""

    kind: Kinds
    number: Ints
    rows: Floats
    shorts: Shorts

    def values(self, columns: Floats) -> tuple[Floats, Floats]:
        """Values of the long and of the short rows from those of the columns."""
        terms, factors = self.shorts.terms, self.shorts.factors
        short = factors[:, :1] * columns[terms[:, 0]]
        for k in range(1, terms.shape[1]):
            short += factors[:, k : k + 1] * columns[terms[:, k]]
        return self.rows @ columns, short


@dataclass(frozen=True)
class Front:
    """A front before it is eliminated: `inner` columns of its own (its `own` unknowns first), then later
    unknowns and open sums; its rows, the links to its children, and what is asked in it."""

    own: Ints
    inner: int
    later: Ints
    sums: Ints
    units: Floats
    rows: Rows
    links: tuple[Link, ...]
    asked: Asked

    def message(self, waiting: int, rows: Rows) -> Message:
        """What is left to the parent."""
        return Message(waiting, self.later, self.sums, self.units, rows)


@dataclass(frozen=True)
class _Columns:
    """The order of a front's columns: `own` unknowns, inner sums, waiting ones of its children, later
    unknowns, open sums."""

    own: int
    sums: Sums
    added: Floats
    """What the front adds to every sum, over its columns."""

    @property
    def count(self) -> int:
        """Number of columns."""
        return int(self.added.shape[1])

    @property
    def out(self) -> Ints:
        """The column of each sum that stays open (else -1)."""
        first = self.count - np.count_nonzero(self.sums.open)
        return np.where(self.sums.open, first + np.cumsum(self.sums.open) - 1, -1)


class Assembler:
    """Puts the fronts of some work together, children before parents."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._column = np.zeros(len(work.front_of_unknown), np.int64)

    def front(self, k: int, messages: list[Message]) -> Front:
        """Front `k` from what its children left."""
        work, terms, shorts, own = self.work, self.work.terms(k), self.work.shorts(k), self.work.own(k)
        carried = np.concatenate([np.zeros(0, np.int64), *(m.sums for m in messages)])
        units = np.concatenate([np.zeros(0), *(m.units for m in messages)])
        sums = sums_of(work, k, terms, carried, units)
        met = np.concatenate([terms.unknown, shorts.terms.ravel(), *(m.unknowns for m in messages)])
        later = np.unique(met[work.front_of_unknown[met] > k])
        inner = len(own) + len(sums.inner) + sum(m.waiting for m in messages)
        self._column[own] = np.arange(len(own))
        self._column[later] = inner + np.arange(len(later))
        added = np.zeros((len(sums.rows), inner + len(later) + np.count_nonzero(sums.open)))
        added[np.searchsorted(sums.rows, terms.row), self._column[terms.unknown]] = terms.factor
        added[sums.carrier[sums.inner], len(own) + np.arange(len(sums.inner))] = sums.units[sums.inner]
        columns = _Columns(len(own), sums, added)
        here = Shorts(self._column[shorts.terms], shorts.factors, shorts.kind, shorts.number)
        links = self._links(messages, columns)
        up = [link.up(message.rows, columns.count) for link, message in zip(links, messages, strict=True)]
        rows, asked = _rows(up, columns, here), _asked(work, columns, here)
        return Front(own, inner, later, sums.rows[sums.open], sums.unit[sums.open], rows, links, asked)

    def _links(self, messages: list[Message], columns: _Columns) -> tuple[Link, ...]:
        """Where each child's columns are."""
        sums = columns.sums
        to_sum = columns.out[sums.carrier]
        to_sum[sums.inner] = columns.own + np.arange(len(sums.inner))
        at, waited, found = 0, columns.own + len(sums.inner), []
        for message in messages:
            here = np.arange(at, at + len(message.sums))
            waiting = waited + np.arange(message.waiting)
            to = np.concatenate([waiting, self._column[message.unknowns], to_sum[here]])
            found.append(_link(to, columns, here))
            at, waited = at + len(here), waited + message.waiting
        return tuple(found)


def _link(to: Ints, columns: _Columns, here: Ints) -> Link:
    """The link of a child whose columns go `to` columns (-1: none), its last carry sums as those `here`."""
    sums = columns.sums
    leads = np.flatnonzero(sums.leads[here])
    less = columns.added[sums.carrier[here[leads]]] / sums.units[here[leads], None]
    some, busy = np.flatnonzero(np.any(less != 0, axis=1)), np.flatnonzero(np.any(less != 0, axis=0))
    direct, first = np.flatnonzero(to >= 0), len(to) - len(here)
    return Link(direct, to[direct], first + leads[some], less[np.ix_(some, busy)], busy, len(to))


def _rows(up: list[Rows], columns: _Columns, shorts: Shorts) -> Rows:
    """All rows of a front: those of its children, those that define or close sums, short ones."""
    sums, count = columns.sums, columns.count
    fresh, unit = columns.added[sums.defined], sums.unit[sums.defined]
    opened = np.flatnonzero(sums.open[sums.defined])
    fresh[opened, columns.out[sums.defined][opened]] = -unit[opened]
    exact = [*(r.exact for r in up), fresh / unit[:, None], _dense(shorts, EXACT, count)]
    soft = [*(r.soft for r in up), columns.added[sums.soft], _dense(shorts, SOFT, count)]
    noise = np.max([np.zeros(count), *(r.noise for r in up)], axis=0)
    return Rows(np.concatenate(exact), np.concatenate(soft), noise)


def _dense(shorts: Shorts, kind: int, columns: int) -> Floats:
    """Short rows of one kind over the columns of a front."""
    some = np.flatnonzero(shorts.kind == kind)
    found, every = np.zeros((len(some), columns)), np.arange(len(some))
    for k in range(shorts.terms.shape[1]):
        found[every, shorts.terms[some, k]] += shorts.factors[some, k]
    return found


def _asked(work: Work, columns: _Columns, shorts: Shorts) -> Asked:
    """The rows met or closed in a front that are not exact."""
    sums = columns.sums
    closed, few = sums.soft | sums.wanted, np.flatnonzero(shorts.kind != EXACT)
    rows = sums.rows[closed]
    short = Shorts(shorts.terms[few], shorts.factors[few], shorts.kind[few], shorts.number[few])
    return Asked(work.kind[rows], work.number[rows], columns.added[closed], short)
