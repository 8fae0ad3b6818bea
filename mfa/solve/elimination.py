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
order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mfa.solve.diagnose import LEVEL, UNCHECKED, GlobalTest, global_test, sidak
from mfa.solve.posterior import CHUNK, Posterior, posterior
from mfa.solve.problem import Bools, Floats, Ints, LeastSquares
from mfa.solve.solution import Solution

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
    """Residuals u and variances G_ii of every counted report, then of the exact rows asked for."""

    problem: LeastSquares
    spread: Posterior
    counted: Ints
    rows: Ints
    q: Floats
    u: Floats
    diagonal: Floats

    @property
    def chi2(self) -> float:
        """The sum of squares as it is."""
        return float(np.sum(self.u[: len(self.counted)] ** 2))

    @property
    def dof(self) -> float:
        """Its degrees of freedom."""
        return float(np.sum(self.diagonal[: len(self.counted)]))

    @property
    def least(self) -> Floats:
        """Variances up to these are none: nothing checks the report, or no report bears on the row."""
        own = self.diagonal[len(self.counted) :]
        terms = abs(self.problem.exact.matrix[self.rows]) @ np.abs(self.q)
        borne = own * terms**2 > NOTHING
        rows = np.where(borne, UNCHECKED * np.abs(own), np.inf)
        return np.concatenate([np.full(len(self.counted), UNCHECKED), rows])

    def position(self, i: int) -> int:
        """Where candidate `i` stands in the system."""
        n, m, _ = self.spread.kkt.size
        return n + i if i < m else n + m + int(self.rows[i - m])

    def column(self, i: int) -> Floats:
        """G between candidate `i` and all of them."""
        n, m, p = self.spread.kkt.size
        unit = np.zeros(n + m + p)
        unit[self.position(i)] = 1.0
        moved = self.spread.kkt.solve(unit)
        return -np.concatenate([moved[n : n + m], moved[n + m + self.rows]])

    def name(self, i: int) -> str:
        """The name of candidate `i`."""
        m = len(self.counted)
        exact, observed = self.problem.exact, self.problem.observed.rows
        return observed.name(int(self.counted[i])) if i < m else exact.name(int(self.rows[i - m]))


def gross_errors(
    problem: LeastSquares,
    solution: Solution,
    spread: Posterior,
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
    every = _candidates(problem, solution, spread, np.asarray(rows, dtype=np.int64))
    found, taken = _search(every, strategy, level)
    before = global_test(every.chi2, every.dof, level)
    after = global_test(taken.chi2(every), every.dof - len(found), level) if found else before
    return GrossErrors(tuple(_sized(every, solution.sigma, found, taken)), before, after)


def _candidates(problem: LeastSquares, solution: Solution, spread: Posterior, rows: Ints) -> _Candidates:
    counted = spread.tangent.form.counted
    n, m, p = spread.kkt.size
    gap = (problem.observed.rows.rhs - solution.fitted)[counted] / solution.sigma[counted]
    moved = spread.kkt.solve(spread.kkt.join(np.zeros(n), gap, np.zeros(p)))
    u = np.concatenate([moved[n : n + m], moved[n + m + rows]])
    none = _Candidates(problem, spread, counted, rows, solution.q, u, np.zeros(len(u)))
    return replace(none, diagonal=np.concatenate([spread.leverage[counted], _slopes(none)]))


def _slopes(of: _Candidates) -> Floats:
    """G_ii of the rows."""
    n, m, p = of.spread.kkt.size
    found = np.zeros(len(of.rows))
    for at in range(0, len(found), CHUNK):
        places = n + m + of.rows[at : at + CHUNK]
        unit = np.zeros((n + m + p, len(places)))
        unit[places, np.arange(len(places))] = 1.0
        found[at : at + CHUNK] = -of.spread.kkt.solve(unit)[places, np.arange(len(places))]
    return found


@dataclass(frozen=True)
class _Taken:
    """Candidates taken out, their columns of G, and the estimated errors."""

    places: Ints
    columns: Floats
    sizes: Floats

    @property
    def among(self) -> Floats:
        """G among them."""
        return self.columns[self.places]

    def variance(self, every: _Candidates) -> Floats:
        """The variances of all candidates given that these are out."""
        if not len(self.places):
            return every.diagonal
        share = np.linalg.solve(self.among, self.columns.T).T
        return np.asarray(every.diagonal - np.sum(self.columns * share, axis=1))

    def less(self, column: Floats) -> Floats:
        """A column of G (or several) given that these are out."""
        return np.asarray(column - self.columns @ np.linalg.solve(self.among, column[self.places]))

    def chi2(self, every: _Candidates) -> float:
        """What the estimated errors leave of chi-square."""
        c = self.sizes
        return float(every.chi2 - 2 * c @ every.u[self.places] + c @ self.among @ c)

    def plus(self, every: _Candidates, one: int, strategy: Strategy) -> _Taken:
        """With one more, all errors estimated anew or that one alone."""
        places = np.append(self.places, one)
        columns = np.column_stack([self.columns, every.column(one)])
        if strategy == "elimination":
            return _Taken(places, columns, np.linalg.solve(columns[places], every.u[places]))
        left = every.u[one] - self.columns[one] @ self.sizes
        return _Taken(places, columns, np.append(self.sizes, left / columns[one, -1]))


def _search(every: _Candidates, strategy: Strategy, level: float) -> tuple[list[Suspect], _Taken]:
    """The suspects in their order (errors not yet estimated), and what was taken out."""
    none = np.zeros(0, dtype=np.int64)
    taken, found = _Taken(none, np.zeros((len(every.u), 0)), np.zeros(0)), list[Suspect]()
    while len(found) < every.dof - UNCHECKED:
        u, given = every.u - taken.columns @ taken.sizes, taken.variance(every)
        variance = given if strategy == "elimination" else every.diagonal
        judged = given > every.least
        judged[taken.places] = False
        t = np.where(judged, u**2 / np.where(judged, variance, 1.0), 0.0)
        critical = sidak(int(np.count_nonzero(judged)), level) ** 2
        best = int(np.argmax(t)) if len(t) else 0
        if not judged.any() or t[best] <= critical:
            break
        alike = _alike(every, taken if strategy == "elimination" else None, best, variance, judged)
        taken = taken.plus(every, best, strategy)
        left = (taken.chi2(every), every.dof - len(taken.places))
        found.append(_suspect(every, best, (float(t[best]), critical), left, alike))
    return found, taken


def _alike(
    every: _Candidates, taken: _Taken | None, best: int, variance: Floats, judged: Bools
) -> tuple[str, ...]:
    """The names of candidates whose error would look the same as that of `best`."""
    column = every.column(best)
    if taken is not None and len(taken.places):
        column = taken.less(column)
    bar = (1 - SAME) ** 2 * variance[best] * np.where(judged, variance, np.inf)
    return tuple(every.name(int(i)) for i in np.flatnonzero(column**2 >= bar) if i != best)


def _suspect(
    every: _Candidates, one: int, test: tuple[float, float], left: tuple[float, float], alike: tuple[str, ...]
) -> Suspect:
    """A suspect with its statistic and critical value, and what it leaves of chi-square and freedom."""
    m = len(every.counted)
    kind: Literal["bias", "leak"] = "bias" if one < m else "leak"
    place = int(every.counted[one] if one < m else every.rows[one - m])
    return Suspect(every.name(one), kind, place, 0.0, 0.0, *test, *left, alike)


def _sized(every: _Candidates, sigma: Floats, found: list[Suspect], taken: _Taken) -> list[Suspect]:
    """The suspects with the final estimates of their errors; a report's is minus its residual's."""
    if not found:
        return []
    spread = np.sqrt(np.diag(np.linalg.inv(taken.among)))
    unit = [-float(sigma[s.place]) if s.kind == "bias" else 1.0 for s in found]
    return [
        replace(s, size=float(c * k), sd=float(e * abs(k)))
        for s, c, e, k in zip(found, taken.sizes, spread, unit, strict=True)
    ]
