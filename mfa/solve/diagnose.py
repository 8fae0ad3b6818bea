"""How well the observations agree: residuals, leverages, tests of single figures and of the whole.

* z = (y - fitted) / (sigma sqrt(r)), r the leverage (measurement test; Mah and Tamhane 1982);
* critical: the two-sided normal quantile at 1 - 0.95^(1/n) over the n checked (Sidak 1967). A fixed |z| >= 3
  would flag 8 sound figures of 3,000 and miss what six flows can show;
* the whole: chi-square against the 95 % quantile with sum(r) degrees of freedom.

One wrong figure gives all that it is checked with a large z. Which of them are gross errors is therefore said
by serial elimination (:mod:`mfa.solve.elimination`); here only a residual above as many sigmas as z may have,
where the leverage is lost in rounding.

All of them are those of least squares, also where the estimate was made with a robust loss
(:mod:`mfa.solve.plain`); of a lognormal report z is the deviation of the logarithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from mfa.solve.certain import Spread
from mfa.solve.culprits import CHECKABLE
from mfa.solve.plain import plain
from mfa.solve.posterior import Posterior
from mfa.solve.problem import Floats, LeastSquares
from mfa.solve.solution import Solution

UNCHECKED = 1e-6
TESTABLE = 0.5
"""Degrees of freedom below which nothing is left to test: without rounding they are whole numbers."""
LEVEL = 0.05
GROSS, ALONE = "gross error", "not checkable alone"
"""Flags: a report that may be the wrong one of its group, one of which others say next to nothing."""


@dataclass(frozen=True)
class GlobalTest:
    """The chi-square test of the whole: statistic, degrees of freedom, 95 % quantile, p value.

    Below half a degree of freedom nothing is left to test: degrees and quantile are then 0, p is 1.
    """

    chi2: float
    dof: float
    critical: float
    p: float


@dataclass(frozen=True)
class Diagnosis:
    """Per observation: residual y - fitted, z, leverage, share of chi-square, flag; `critical` is Sidak's
    |z|."""

    residual: Floats
    z: Floats
    leverage: Floats
    contribution: Floats
    flag: npt.NDArray[np.str_]
    critical: float
    test: GlobalTest


@dataclass(frozen=True)
class Ratio:
    """The generalised likelihood ratio for one bias or leak: fall of chi-square, size of the error, p
    value."""

    name: str
    kind: str
    statistic: float
    size: float
    p: float


def diagnose(problem: LeastSquares, solution: Solution, spread: Spread) -> Diagnosis:
    """The verdict on every observation and on the whole at `solution`."""
    observed = problem.observed
    residual = observed.rows.rhs - solution.fitted
    sigma = np.where(solution.sigma > 0, solution.sigma, np.inf)
    found = plain(problem, solution, spread)
    leverage = found.leverage
    checked = observed.counted & (leverage > UNCHECKED)
    critical = sidak(int(np.count_nonzero(checked)))
    far = observed.counted & (np.abs(found.deviation) > critical)
    z = np.where(checked | far, found.deviation / np.sqrt(np.where(checked, leverage, 1.0)), 0.0)
    apart = found.deviation * np.where(np.isfinite(sigma), sigma, 0.0)
    z = np.where(observed.counted, z, _z_beside(apart, sigma, spread.sd_observed))
    contribution = np.where(observed.counted, found.deviation**2, 0.0)
    conditions = [~observed.counted, ~checked & far, ~checked, leverage < CHECKABLE]
    flag = np.select(conditions, ["not counted", GROSS, "unchecked", ALONE], "")
    test = global_test(found.chi2, float(np.sum(leverage[observed.counted])))
    return Diagnosis(residual, z, leverage, contribution, flag, critical, test)


def _z_beside(residual: Floats, sigma: Floats, spread: Floats) -> Floats:
    """z of figures that are not counted: residual over the root of both variances; 0 where none is known."""
    whole = np.sqrt(sigma**2 + spread**2)
    return np.asarray(np.divide(residual, whole, out=np.zeros_like(whole), where=whole > 0))


def sidak(count: int, level: float = LEVEL) -> float:
    """The |z| that the largest of `count` sound figures passes with probability `level`.

    >>> round(sidak(6), 3)
    2.631
    """
    each = -np.expm1(np.log1p(-level) / max(count, 1))
    return float(stats.norm.isf(each / 2))


def global_test(chi2: float, dof: float, level: float = LEVEL) -> GlobalTest:
    """The chi-square test; with nothing left to test it passes.

    >>> round(global_test(16.674, 4.0).critical, 3)
    9.488
    """
    if dof < TESTABLE:
        return GlobalTest(chi2, 0.0, 0.0, 1.0)
    return GlobalTest(chi2, dof, float(stats.chi2.isf(level, dof)), float(stats.chi2.sf(chi2, dof)))


def generalised_likelihood_ratio(
    problem: LeastSquares,
    solution: Solution,
    spread: Posterior,
    *,
    observations: Sequence[int] = (),
    rows: Sequence[int] = (),
) -> list[Ratio]:
    """How far chi-square would fall if one observation had a bias, or one exact row a leak (Narasimhan and
    Mah 1987).

    For a bias the ratio is z^2 and its size residual/leverage; for a leak it is lambda^2 over the
    derivative of lambda by the row's right side. Counted observations that nothing checks, and rows no
    observation bears on, give a ratio of 0.
    """
    judged = diagnose(problem, solution, spread)
    biases = [_bias(problem, judged, int(k), float(solution.sigma[k])) for k in observations]
    return biases + [_leak(problem, solution, spread, int(k)) for k in rows]


def _ratio(name: str, kind: str, statistic: float, size: float) -> Ratio:
    return Ratio(name, kind, statistic, size, float(stats.chi2.sf(statistic, 1)))


def _bias(problem: LeastSquares, judged: Diagnosis, k: int, sigma: float) -> Ratio:
    share = judged.leverage[k] if judged.leverage[k] > UNCHECKED else np.inf
    z = float(judged.z[k])
    return _ratio(problem.observed.rows.name(k), "bias", z * z, z * sigma / float(np.sqrt(share)))


def _leak(problem: LeastSquares, solution: Solution, spread: Posterior, k: int) -> Ratio:
    n, m, p = spread.kkt.size
    unit = np.zeros(n + m + p)
    unit[n + m + k] = 1.0
    moved = spread.kkt.solve(unit)
    slope, now = -float(moved[n + m + k]), float(solution.exact_multipliers[k])
    if slope <= UNCHECKED * abs(now) * 1e-6 or now == 0:
        return _ratio(problem.exact.name(k), "leak", 0.0, 0.0)
    return _ratio(problem.exact.name(k), "leak", now * now / slope, now / slope)
