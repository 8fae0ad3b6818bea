"""What a front is made of: its columns, what its children leave it, and the rows that are met in it.

A long row is summed up the tree: below the front that closes it, a column stands for the sum of its terms so
far, in units of its largest coefficient. A front that adds to a sum replaces the child's column by its own
less what it adds; where it adds more than was there, or joins several, the others are columns of its own,
which an exact row may then eliminate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfa.solve.frontal.eliminate import EPS, Rest
from mfa.solve.frontal.system import EXACT, SOFT, WANTED
from mfa.solve.frontal.work import Shorts, Work
from mfa.solve.problem import Bools, Floats, Ints


@dataclass(frozen=True)
class Message:
    """What a front leaves to its parent: rows over columns that wait, unknowns, and sums of rows so far."""

    waiting: int
    unknowns: Ints
    sums: Ints
    units: Floats
    rest: Rest


@dataclass(frozen=True)
class Link:
    """A child's columns among those of its parent: `direct` ones are `to`; those in `led` are less by `less`
    times the columns `busy`, and nothing else where they are not direct."""

    direct: Ints
    to: Ints
    led: Ints
    less: Floats
    busy: Ints
    size: int

    def up(self, rest: Rest, columns: int) -> Rest:
        """A child's rows over its parent's columns."""
        noise = np.zeros(columns)
        noise[self.to] = rest.noise[self.direct]
        made = rest.noise[self.led] + EPS * np.max(np.abs(rest.soft[:, self.led]), axis=0, initial=0.0)
        noise[self.busy] += made @ np.abs(self.less)
        return Rest(self._up(rest.exact, columns), self._up(rest.soft, columns), noise)

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
    """Rows whose variance is asked for in a front: kinds, numbers, and coefficients over its columns."""

    kind: Ints
    number: Ints
    rows: Floats
    shorts: Shorts

    def values(self, values: Floats) -> tuple[Floats, Floats]:
        """Values of the long and the short rows from those of the columns."""
        short = self.shorts.factors[:, :1] * values[self.shorts.terms[:, 0]]
        for k in range(1, self.shorts.terms.shape[1]):
            short += self.shorts.factors[:, k : k + 1] * values[self.shorts.terms[:, k]]
        return self.rows @ values, short


@dataclass(frozen=True)
class Front:
    """A front before it is eliminated: `inner` columns of its own, `own` unknowns first, then later unknowns
    and open sums; its rows, its links to its children, and what is asked in it."""

    own: Ints
    inner: int
    later: Ints
    open: Ints
    units: Floats
    rows: Rest
    links: tuple[Link, ...]
    asked: Asked

    def message(self, waiting: int, rest: Rest) -> Message:
        """What is left to the parent."""
        return Message(waiting, self.later, self.open, self.units, rest)


class Assembler:
    """Puts fronts together, one after another."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._column = np.zeros(len(work.front_of_unknown), np.int64)

    def front(self, k: int, messages: list[Message]) -> Front:
        """Front `k` from what its children left."""
        work, terms, shorts = self.work, self.work.terms(k), self.work.shorts(k)
        own = work.own(k)
        met = np.concatenate([terms.unknown, shorts.terms.ravel(), *(m.unknowns for m in messages)])
        later = np.unique(met[work.front_of_unknown[met] > k])
        sums = _Sums.of(work, k, messages)
        inner = len(own) + len(sums.inner) + sum(m.waiting for m in messages)
        self._column[own] = np.arange(len(own))
        self._column[later] = inner + np.arange(len(later))
        columns = inner + len(later) + int(np.count_nonzero(sums.open))
        added = np.zeros((len(sums.rows), columns))
        added[np.searchsorted(sums.rows, terms.row), self._column[terms.unknown]] = terms.factor
        added[sums.carrier[sums.inner], len(own) + np.arange(len(sums.inner))] = sums.units[sums.inner]
        links = self._links(messages, sums, added, len(own), inner + len(later))
        here = Shorts(self._column[shorts.terms], shorts.factors, shorts.kind, shorts.number)
        rows = self._rows(messages, links, sums, added, here, columns)
        asked = _asked(work, sums, added, here)
        return Front(own, inner, later, sums.rows[sums.open], sums.top[sums.open], rows, links, asked)

    def _links(
        self, messages: list[Message], sums: _Sums, added: Floats, own: int, last: int
    ) -> tuple[Link, ...]:
        """Where each child's columns are."""
        place_in = np.full(len(sums.carrier), -1)
        place_in[sums.inner] = own + np.arange(len(sums.inner))
        place_out = np.where(sums.open, last + np.cumsum(sums.open) - 1, -1)
        to_sum = np.where(sums.leads, place_out[sums.carrier], place_in)
        at, waited, found = 0, own + len(sums.inner), []
        for message in messages:
            span = slice(at, at + len(message.sums))
            first = message.waiting + len(message.unknowns)
            to = np.concatenate(
                [waited + np.arange(message.waiting), self._column[message.unknowns], to_sum[span]]
            )
            leads = np.flatnonzero(sums.leads[span])
            less = added[sums.carrier[span][leads]] / sums.units[span][leads, None]
            some = np.flatnonzero(np.any(less != 0, axis=1))
            busy = np.flatnonzero(np.any(less != 0, axis=0))
            direct = np.flatnonzero(to >= 0)
            found.append(
                Link(direct, to[direct], first + leads[some], less[np.ix_(some, busy)], busy, len(to))
            )
            at, waited = span.stop, waited + message.waiting
        return tuple(found)

    def _rows(
        self,
        messages: list[Message],
        links: tuple[Link, ...],
        sums: _Sums,
        added: Floats,
        shorts: Shorts,
        columns: int,
    ) -> Rest:
        """All rows of the front: those of its children, those that define or close sums, short ones."""
        up = [link.up(message.rest, columns) for link, message in zip(links, messages, strict=True)]
        defined = sums.defining
        fresh = added[defined]
        out = columns - int(np.count_nonzero(sums.open)) + np.cumsum(sums.open) - 1
        opened = np.flatnonzero(sums.open[defined])
        fresh[opened, out[defined][opened]] = -sums.top[defined][opened]
        fresh = fresh / sums.top[defined][:, None]
        soft = np.concatenate([added[sums.soft], _dense(shorts, SOFT, columns)])
        exact = np.concatenate([*(r.exact for r in up), fresh, _dense(shorts, EXACT, columns)])
        noise = np.max([np.zeros(columns), *(r.noise for r in up)], axis=0)
        return Rest(exact, np.concatenate([*(r.soft for r in up), soft]), noise)


@dataclass(frozen=True)
class _Sums:
    """The long rows that a front meets, and the columns of its children that carry them.

    `rows` are numbered in order; of each: whether it stays `open`, is `soft` (closed here), its largest
    coefficient `top`, whether an exact row defines it. Of each column that carries one: `carrier` its place
    in `rows`, `units`, whether it `leads` (the front's own sum takes its place); the others are `inner`.
    """

    rows: Ints
    open: Bools
    soft: Bools
    wanted: Bools
    defining: Bools
    top: Floats
    carrier: Ints
    units: Floats
    leads: Bools

    @property
    def inner(self) -> Ints:
        """Carrying columns that are columns of the front itself."""
        return np.flatnonzero(~self.leads)

    @classmethod
    def of(cls, work: Work, k: int, messages: list[Message]) -> _Sums:
        """The sums met in front `k`."""
        terms = work.terms(k)
        carried = np.concatenate([np.zeros(0, np.int64), *(m.sums for m in messages)])
        units = np.concatenate([np.zeros(0), *(m.units for m in messages)])
        rows = np.unique(np.concatenate([carried, terms.row]))
        carrier, here = np.searchsorted(rows, carried), np.searchsorted(rows, terms.row)
        fresh, most = np.zeros(len(rows)), np.zeros(len(rows))
        np.maximum.at(fresh, here, np.abs(terms.factor))
        np.maximum.at(most, carrier, units)
        open_, kind = work.front_of_row[rows] > k, work.kind[rows]
        led = (most > 0) & (most >= fresh) & (open_ | (kind == EXACT))
        leads = led[carrier] & (units == most[carrier])
        leads &= _first(carrier, leads)
        defining = (open_ | (kind == EXACT)) & ~led
        closed = ~open_
        soft, wanted = closed & (kind == SOFT), closed & (kind == WANTED)
        return cls(rows, open_, soft, wanted, defining, np.maximum(fresh, most), carrier, units, leads)


def _first(group: Ints, some: Bools) -> Bools:
    """Which of `some` are the first of their group."""
    places = np.flatnonzero(some)
    _, first = np.unique(group[places], return_index=True)
    found = np.zeros(len(group), np.bool_)
    found[places[first]] = True
    return found


def _dense(shorts: Shorts, kind: int, columns: int) -> Floats:
    """Short rows of one kind over the columns of a front."""
    some = np.flatnonzero(shorts.kind == kind)
    found, every = np.zeros((len(some), columns)), np.arange(len(some))
    for k in range(shorts.terms.shape[1]):
        found[every, shorts.terms[some, k]] += shorts.factors[some, k]
    return found


def _asked(work: Work, sums: _Sums, added: Floats, shorts: Shorts) -> Asked:
    """The rows closed here that are not exact."""
    some = sums.soft | sums.wanted
    rows = sums.rows[some]
    few = np.flatnonzero(shorts.kind != EXACT)
    short = Shorts(shorts.terms[few], shorts.factors[few], shorts.kind[few], shorts.number[few])
    return Asked(work.kind[rows], work.number[rows], added[some], short)
