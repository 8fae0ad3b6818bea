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
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

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


@dataclass(frozen=True)
class Suspect:
    """One error found: `bias` of a counted report or `leak` of an exact row, `place` its number there.

    A report exceeds the truth by `size`, the left side of a row its right side; `alike` are candidates that
    explain the data just as well; `chi2` and `dof` are what is left when it and all before it are out.
    """

    name: str
    kind: Literal["bias", "leak"]
    place: int
    size: float
    sd: float
    statistic: float
    critical: float
    chi2: float
    dof: float
    alike: tuple[str, ...]


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
    return GrossErrors(tuple(_sized(solution.sigma, found, parts)), before, after)


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
        self.taken = _Taken.none()
        self._look()

    def _look(self) -> None:
        """Find the foremost candidate anew."""
        statistic = _statistic(self.u, self.variance, self.judged)
        self.foremost = int(np.argmax(statistic))
        self.largest = float(statistic[self.foremost])

    @property
    def variance(self) -> Floats:
        """The variances that candidates are judged by."""
        return self.given if self.strategy == "elimination" else self.whole

    def take(self, critical: float, left: tuple[float, float]) -> Suspect:
        """Take the foremost error out of (chi-square, freedom) `left`: the suspect, its error yet unsized."""
        one, test = self.foremost, self.largest
        given, across = self._given(one)
        column = given
        if self.strategy == "compensation":
            column = self.every.errors.response(self.part, np.array([one]), np.ones(1))
        alike = self._alike(one, column)
        size = float(self.u[one] / column[one])
        chi2 = left[0] - float(self.u[one]) * size
        self.u -= size * column
        self.given -= given**2 / given[one]
        self.judged &= self.given > self.least
        self.judged[one] = False
        self.taken = self.taken.plus(one, across, float(given[one]), size)
        self._look()
        i = int(self.members[one])
        kind, place = self.every.place(i)
        return Suspect(self.every.name(i), kind, place, 0.0, 0.0, test, critical, chi2, left[1] - 1, alike)

    def _given(self, one: int) -> tuple[Floats, Floats]:
        """A column of G given what is out, and L^-1 of the column over what is out."""
        errors, taken = self.every.errors, self.taken
        among = errors.response(self.part, np.array([one]), np.ones(1), taken.places)
        across = taken.inverse @ among
        places, sizes = np.append(taken.places, one), np.append(-(across @ taken.inverse), 1.0)
        return errors.response(self.part, places, sizes), across

    def _alike(self, one: int, column: Floats) -> tuple[str, ...]:
        """The names of candidates whose error would look the same as that of `one`."""
        bar = (1 - SAME) ** 2 * self.variance[one] * np.where(self.judged, self.variance, np.inf)
        same = self.members[np.flatnonzero(column**2 >= bar)]
        return tuple(self.every.name(int(i)) for i in same if i != self.members[one])

    def sized(self) -> dict[tuple[str, int], tuple[float, float]]:
        """The final estimate and standard deviation of every error taken out, by its kind and place."""
        out, places = self.taken, self.members[self.taken.places]
        final = out.sizes
        if self.strategy == "elimination":
            final = out.inverse.T @ (out.inverse @ self.every.errors.u[places])
        sd = np.sqrt(np.sum(out.inverse**2, axis=0))
        return {
            self.every.place(int(i)): (float(c), float(e)) for i, c, e in zip(places, final, sd, strict=True)
        }


def _statistic(u: Floats, variance: Floats, judged: Bools) -> Floats:
    """T, 0 where a candidate is not judged."""
    return np.divide(u**2, variance, out=np.zeros(len(u)), where=judged)


def _search(every: _Candidates, strategy: Strategy, level: float) -> tuple[list[Suspect], list[_Part]]:
    """The suspects in their order (errors not yet sized), and the parts they are of."""
    errors, judged = every.errors, every.errors.diagonal > every.least
    largest = np.zeros(int(errors.parts.max(initial=-1)) + 1)
    np.maximum.at(largest, errors.parts, _statistic(errors.u, errors.diagonal, judged))
    parts, found = dict[int, _Part](), list[Suspect]()
    count, left = int(np.count_nonzero(judged)), (every.chi2, every.dof)
    while left[1] > UNCHECKED and count:
        critical, k = sidak(count, level) ** 2, int(np.argmax(largest))
        if largest[k] <= critical:
            break
        part = parts[k] = parts.get(k) or _Part(every, k, strategy)
        count -= int(np.count_nonzero(part.judged))
        found.append(part.take(critical, left))
        count += int(np.count_nonzero(part.judged))
        largest[k], left = part.largest, (found[-1].chi2, found[-1].dof)
    return found, list(parts.values())


def _sized(sigma: Floats, found: list[Suspect], parts: list[_Part]) -> Iterator[Suspect]:
    """The suspects with the final estimates of their errors; a report's is minus its residual's."""
    sizes = {place: size for part in parts for place, size in part.sized().items()}
    for suspect in found:
        unit = -float(sigma[suspect.place]) if suspect.kind == "bias" else 1.0
        size, sd = sizes[suspect.kind, suspect.place]
        yield replace(suspect, size=size * unit, sd=sd * abs(unit))
