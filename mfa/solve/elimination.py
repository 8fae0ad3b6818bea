"""Gross errors one after another: the largest is taken out, the rest judged anew, until nothing stands out.

With G the covariance of residuals (in sigma) and of multipliers, and u their values, an error c in the
reports and rows E moves them by -G c. Its estimate is c = G_EE^-1 u_E, which lowers chi-square by u_E' c. A
candidate i is judged by the generalised likelihood ratio T_i = u_i^2 / G_ii given E (Narasimhan and Mah
1987), which for biases of reports is the square of the measurement test's z (Mah and Tamhane 1982), against
Sidak's value.

* elimination: all sizes are estimated together again whenever one is added, as if its report were deleted
  (Ripps 1965; Serth and Heenan 1986);
* compensation: sizes found earlier stay as they were (Narasimhan and Mah 1987).

On linear problems elimination is the same as solving again without the report; elsewhere it is exact to first
order. One more error changes variances and values by its column of G given E alone, a rank-one update over
the part of the system that it is in: column and update are two solves, and no matrix of the size of the
problem is kept.

Candidates whose errors are proportional in their effects (a correlation of 1) are one group: taking out any
of them takes out the same misfit (:mod:`mfa.solve.culprits` says which are likely). One of each group is
taken out, and none of it is named again. Where candidates that can be told apart stand out equally, the one
of the largest variance comes first, then by name: the order of reports says nothing. A report that would have
to be wrong by an absurd amount gives way to one that explains nearly as much with an error that can be
believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from mfa.solve.culprits import ABSURD, CHECKABLE, Member, clusters, ranked, spans
from mfa.solve.diagnose import LEVEL, UNCHECKED, GlobalTest, global_test, sidak
from mfa.solve.posterior import posterior
from mfa.solve.problem import Bools, Floats, Ints, LeastSquares
from mfa.solve.sensitivity import Errors
from mfa.solve.solution import Solution
from mfa.solve.uncertainty import Propagated, sensitivity_of

Strategy = Literal["elimination", "compensation"]
NOTHING = 1e-12
"""Inverse variance of a row, relative to its terms, from which some report bears on it."""
SAME = 1e-6
"""Candidates whose errors are correlated to within this of 1 cannot be told apart."""
CLOSE = 8.0
"""How much less of chi-square an error that can be believed may explain, and still be preferred to an absurd
one: a likelihood 55 times smaller. It explains at least half as much."""
ROUNDING = 1e-9
"""A true value is beyond its bounds where it is by more than this share of its terms."""


@dataclass(frozen=True)
class Suspect:
    """One misfit found: the `members` of its group, the likeliest first; its test before it is taken out and
    the value it exceeds; `chi2` and `dof` are what is left when it and all before it are out."""

    members: tuple[Member, ...]
    statistic: float
    critical: float
    chi2: float
    dof: float

    @property
    def first(self) -> Member:
        """The likeliest member."""
        return self.members[0]

    @property
    def likely(self) -> tuple[Member, ...]:
        """The members whose error can be believed."""
        return tuple(m for m in self.members if m.likely)


@dataclass(frozen=True)
class GrossErrors:
    """The errors in the order they were found, and the test of the whole before and after."""

    suspects: tuple[Suspect, ...]
    before: GlobalTest
    after: GlobalTest


@dataclass(frozen=True)
class _Candidates:
    """The counted reports and then the exact rows asked for, with their errors."""

    problem: LeastSquares
    errors: Errors
    q: Floats

    @cached_property
    def chi2(self) -> float:
        """The sum of squares as it is."""
        return float(np.sum(self.errors.u[: len(self.errors.counted)] ** 2))

    @cached_property
    def dof(self) -> float:
        """Its degrees of freedom."""
        return float(np.sum(self.errors.diagonal[: len(self.errors.counted)]))

    @cached_property
    def least(self) -> Floats:
        """Variances up to these are none: nothing checks the report, or no report bears on the row."""
        m = len(self.errors.counted)
        own = self.errors.diagonal[m:]
        terms = abs(self.problem.exact.matrix[self.errors.rows]) @ np.abs(self.q)
        rows = np.where(own * terms**2 > NOTHING, UNCHECKED * np.abs(own), np.inf)
        return np.concatenate([np.full(m, UNCHECKED), rows])

    def place(self, i: int) -> tuple[Literal["bias", "leak"], int]:
        """The kind of candidate `i`, and its number among observations or exact rows."""
        m = len(self.errors.counted)
        return ("bias", int(self.errors.counted[i])) if i < m else ("leak", int(self.errors.rows[i - m]))

    def name(self, i: int) -> str:
        """The name of candidate `i`."""
        kind, place = self.place(i)
        return (self.problem.observed.rows if kind == "bias" else self.problem.exact).name(place)

    @cached_property
    def leads(self) -> Bools:
        """Which candidates others check well enough to be named for themselves."""
        m = len(self.errors.counted)
        least = np.concatenate([np.full(m, CHECKABLE), np.zeros(len(self.errors.rows))])
        return np.asarray((self.errors.diagonal > self.least) & (self.errors.diagonal >= least))


def gross_errors(
    problem: LeastSquares,
    solution: Solution,
    spread: Propagated,
    *,
    rows: Sequence[int] = (),
    strategy: Strategy = "elimination",
    level: float = LEVEL,
) -> GrossErrors:
    """The gross errors among the counted reports, and among leaks of the exact `rows`.

    Each is significant at `level` over all that could have been named in its place.
    """
    if np.any(solution.weight != 1.0):
        solution = replace(solution, weight=np.ones_like(solution.weight))
        spread = posterior(problem, solution)
    every = _Candidates(problem, sensitivity_of(spread).errors(problem, solution, rows), solution.q)
    found, parts = _search(every, strategy, level)
    before = global_test(every.chi2, every.dof, level)
    after = global_test(found[-1].chi2, every.dof - len(found), level) if found else before
    return GrossErrors(tuple(_sized(every, solution.sigma, found, parts)), before, after)


@dataclass(frozen=True)
class _Found:
    """A misfit taken out of a part: its candidate there (the first of `group`), the others with the same
    effect, and how many times the first one's error theirs would be."""

    part: int
    group: Ints
    times: Floats
    statistic: float
    critical: float
    chi2: float
    dof: float


@dataclass(frozen=True)
class _Taken:
    """Candidates of a part taken out (their order in it), the errors as they were first estimated, and
    L^-1 where G_EE = L L', with room for more."""

    places: Ints
    sizes: Floats
    room: Floats

    @classmethod
    def none(cls) -> _Taken:
        """Nothing."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros((4, 4)))

    @property
    def inverse(self) -> Floats:
        """L^-1."""
        k = len(self.places)
        return self.room[:k, :k]

    def plus(self, one: int, across: Floats, variance: float, size: float) -> _Taken:
        """With one more: L^-1 G_Ek of its column, its variance given the others, its error."""
        k, root = len(self.places), float(np.sqrt(variance))
        room = self.room if k < len(self.room) else np.pad(self.room, (0, k))
        room[k, :k], room[k, k] = -(across @ self.inverse) / root, 1.0 / root
        return _Taken(np.append(self.places, one), np.append(self.sizes, size), room)


class _Part:
    """Where the search stands in a part of the system: values of its candidates, their variances given what
    is out, which are judged, and the foremost of them. All of it changes as errors are taken out."""

    def __init__(self, every: _Candidates, part: int, strategy: Strategy) -> None:
        self.every, self.part, self.strategy = every, part, strategy
        self.members = every.errors.members(part)
        self.u, self.whole = (x[self.members] for x in (every.errors.u, every.errors.diagonal))
        self.least, self.given = every.least[self.members], self.whole.copy()
        self.judged = self.given > self.least
        self.leads = every.leads[self.members]
        self.taken = _Taken.none()
        self._look()

    def _look(self) -> None:
        """Find anew what stands out most."""
        statistic = _statistic(self.u, self.variance, self.judged & self.leads)
        self.largest = float(statistic.max())
        self.equal = np.flatnonzero(statistic >= (1 - SAME) * self.largest)
        close = np.flatnonzero(statistic >= max(self.largest - CLOSE, 0.5 * self.largest))
        sound = close[self._sigmas(close) <= ABSURD]
        if len(sound) and np.all(self._sigmas(self.equal) > ABSURD):
            self.equal = sound[statistic[sound] >= (1 - SAME) * statistic[sound].max()]

    def _sigmas(self, some: Ints) -> Floats:
        """The errors that some candidates would have to have, in sigma; 0 of rows, which have none."""
        variance = np.where(self.judged[some], self.variance[some], np.inf)
        return np.where(self.members[some] < len(self.every.errors.counted), abs(self.u[some]) / variance, 0)

    @property
    def variance(self) -> Floats:
        """The variances that candidates are judged by."""
        return self.given if self.strategy == "elimination" else self.whole

    def chosen(self) -> tuple[str, int]:
        """The foremost candidate, whatever the order they are in: its name and place."""
        rank = clusters(-self.variance[self.equal])
        return min((self.every.name(int(self.members[i])), int(i)) for i in self.equal[rank == 0])

    def take(self, critical: float, left: tuple[float, float]) -> _Found:
        """Take the foremost error out of (chi-square, freedom) `left`."""
        (_, one), equal = self.chosen(), self.equal
        test = float(self.u[one] ** 2 / self.variance[one])
        given, across = self._given(one)
        column = given
        if self.strategy == "compensation":
            column = self.every.errors.response(self.part, np.array([one]), np.ones(1))
        same, before = self._same(one, column), self.u / np.where(self.judged, self.variance, 1.0)
        size = float(self.u[one] / column[one])
        chi2 = left[0] - float(self.u[one]) * size
        self.u -= size * column
        self.given -= given**2 / given[one]
        self.judged &= self.given > self.least
        self.taken = self.taken.plus(one, across, float(given[one]), size)
        alone = equal[_statistic(self.u, self.variance, self.judged)[equal] <= critical]
        others = np.setdiff1d(np.union1d(same, alone), [one])
        self.judged[others], self.judged[one] = False, False
        self._look()
        group = np.append(one, others)
        times = before[group] / before[one]
        return _Found(self.part, group, times, test, critical, chi2, left[1] - 1)

    def _given(self, one: int) -> tuple[Floats, Floats]:
        """A column of G given what is out, and L^-1 of the column over what is out."""
        errors, taken = self.every.errors, self.taken
        among = errors.response(self.part, np.array([one]), np.ones(1), taken.places)
        across = taken.inverse @ among
        places, sizes = np.append(taken.places, one), np.append(-(across @ taken.inverse), 1.0)
        return errors.response(self.part, places, sizes), across

    def _same(self, one: int, column: Floats) -> Ints:
        """The candidates whose error would look the same as that of `one`."""
        bar = (1 - SAME) ** 2 * self.variance[one] * np.where(self.judged, self.variance, np.inf)
        return np.flatnonzero(column**2 >= bar)

    def sized(self) -> dict[int, tuple[float, float]]:
        """The final estimate and standard deviation of every error taken out, by its candidate."""
        out, places = self.taken, self.taken.places
        final = out.sizes
        if self.strategy == "elimination":
            final = out.inverse.T @ (out.inverse @ self.every.errors.u[self.members[places]])
        sd = np.sqrt(np.sum(out.inverse**2, axis=0))
        return {int(i): (float(c), float(e)) for i, c, e in zip(places, final, sd, strict=True)}


def _statistic(u: Floats, variance: Floats, judged: Bools) -> Floats:
    """T, 0 where a candidate is not judged."""
    return np.divide(u**2, variance, out=np.zeros(len(u)), where=judged)


def _search(every: _Candidates, strategy: Strategy, level: float) -> tuple[list[_Found], dict[int, _Part]]:
    """The misfits in their order (errors not yet sized), and the parts they are of."""
    errors, judged = every.errors, every.errors.diagonal > every.least
    largest = np.zeros(int(errors.parts.max(initial=-1)) + 1)
    np.maximum.at(largest, errors.parts, _statistic(errors.u, errors.diagonal, every.leads))
    parts, found = dict[int, _Part](), list[_Found]()
    count, left = int(np.count_nonzero(judged)), (every.chi2, every.dof)
    while left[1] > UNCHECKED and count:
        critical = sidak(count, level) ** 2
        if largest.max() <= critical:
            break
        equal = np.flatnonzero(largest >= (1 - SAME) * largest.max()).tolist()
        parts |= {k: _Part(every, k, strategy) for k in equal if k not in parts}
        k = min(equal, key=lambda k: parts[k].chosen())
        part = parts[k]
        count -= int(np.count_nonzero(part.judged))
        found.append(part.take(critical, left))
        count += int(np.count_nonzero(part.judged))
        largest[k], left = part.largest, (found[-1].chi2, found[-1].dof)
    return found, parts


def _sized(
    every: _Candidates, sigma: Floats, found: list[_Found], parts: dict[int, _Part]
) -> Iterator[Suspect]:
    """The misfits with the errors that every member would have to have."""
    sizes = {k: part.sized() for k, part in parts.items()}
    groups = list[list[Member]]()
    for of in found:
        size, sd = sizes[of.part][int(of.group[0])]
        numbers = parts[of.part].members[of.group]
        groups.append(
            [
                _member(every, int(i), sigma, size * t, sd * abs(t))
                for i, t in zip(numbers, of.times, strict=True)
            ]
        )
    beyond = _beyond(every.problem, [m for group in groups for m in group])
    for of, group in zip(found, groups, strict=True):
        members = ranked([replace(m, beyond=(m.kind, m.place) in beyond) for m in group])
        yield Suspect(members, of.statistic, of.critical, of.chi2, of.dof)


def _member(every: _Candidates, i: int, sigma: Floats, size: float, sd: float) -> Member:
    """A candidate with its error, given in sigma: minus that of its residual."""
    kind, place = every.place(i)
    if kind == "leak":
        return Member(every.name(i), kind, place, size, sd, np.nan)
    unit, leverage = float(sigma[place]), float(every.errors.diagonal[i])
    return Member(
        every.name(i), kind, place, -size * unit, sd * unit, abs(size), checkable=leverage >= CHECKABLE
    )


def _beyond(problem: LeastSquares, members: Sequence[Member]) -> set[tuple[str, int]]:
    """The reports whose error would put the true value beyond its bounds."""
    reports = [m for m in members if m.kind == "bias"]
    places = np.array([m.place for m in reports], dtype=np.int64)
    if not len(places):
        return set()
    low, high = spans(problem, places)
    stated = problem.observed.rows.rhs[places]
    size = np.array([m.size for m in reports])
    true, room = stated - size, ROUNDING * (np.abs(stated) + np.abs(size))
    out = (true < low - room) | (true > high + room)
    return {("bias", int(k)) for k in places[out]}
