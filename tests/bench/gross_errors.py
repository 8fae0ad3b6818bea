"""Power and false alarms of the search for gross errors, on Serth and Heenan's steam network.

`python -m tests.bench.gross_errors [draws]`: normal errors of the stated sigmas around the true flows, and
biases of random signs on randomly chosen streams.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mfa.solve.elimination import Strategy, gross_errors
from mfa.solve.posterior import Posterior, posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from mfa.solve.solution import Solution
from tests.conftest import SHARED
from tests.solve.cases import networks, published

SEED = 1
CHECKED = 0.05
"""Leverage from which a report counts as checkable."""


def planted(
    case: dict[str, Any], draws: int, *, sigmas: float, errors: int, strategy: Strategy = "elimination"
) -> Iterator[tuple[set[int], list[set[int]]]]:
    """For every draw the streams with a bias, and those named for each misfit.

    The network is linear and its sigmas are given, so one solution serves every draw.
    """
    problem, found, spread = _solved(case)
    rng = np.random.default_rng(SEED)
    sigma = problem.observed.sd
    streams = np.flatnonzero(spread.leverage > CHECKED)
    for _ in range(draws):
        biased = rng.choice(streams, errors, replace=False)
        report = found.fitted + sigma * rng.standard_normal(len(sigma))
        report[biased] += sigmas * sigma[biased] * rng.choice([-1.0, 1.0], errors)
        rows = replace(problem.observed.rows, rhs=report)
        drawn = replace(problem, observed=replace(problem.observed, rows=rows))
        suspects = gross_errors(drawn, found, spread, strategy=strategy).suspects
        yield {int(k) for k in biased}, [{m.place for m in s.likely} for s in suspects]


def _solved(case: dict[str, Any]) -> tuple[LeastSquares, Solution, Posterior]:
    problem = published(case)
    found = reconcile(problem)
    return problem, found, posterior(problem, found)


def shares(
    case: dict[str, Any], draws: int, *, sigmas: float, errors: int, strategy: Strategy = "elimination"
) -> tuple[float, float]:
    """Overall power, the share of planted errors that are named, and misfits per draw that hold none."""
    every = list(planted(case, draws, sigmas=sigmas, errors=errors, strategy=strategy))
    right = sum(len(true & set().union(*named)) for true, named in every)
    wrong = sum(not group & true for true, named in every for group in named)
    return right / max(errors * draws, 1), wrong / draws


def main() -> None:
    """Print the false-alarm rate, and power and wrong names by size and number of errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("draws", nargs="?", type=int, default=1000)
    draws = parser.parse_args().draws
    case = networks(Path(SHARED))["P15"]
    for strategy in ("elimination", "compensation"):
        alarms = sum(len(n) > 0 for _, n in planted(case, draws, sigmas=0, errors=0, strategy=strategy))
        print(f"{strategy}: {draws} draws without an error, {100 * alarms / draws:.1f} % with an alarm")
        print(f"{'errors':>8}{'sigmas':>8}{'named':>8}{'misfits without one':>22}")
        for errors in (1, 2, 3):
            for sigmas in (5, 10, 20):
                power, wrong = shares(case, draws, sigmas=sigmas, errors=errors, strategy=strategy)
                print(f"{errors:8}{sigmas:8}{power:8.2f}{wrong:22.2f}")


if __name__ == "__main__":
    main()
