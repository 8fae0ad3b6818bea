"""Intervals of free flows against one linear programme an end, and what is said of those not found."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import optimize

from mfa.solve import intervals as module
from mfa.solve.intervals import Intervals, intervals
from mfa.solve.posterior import Posterior, posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.programme import Answer
from mfa.solve.reconcile import reconcile
from mfa.solve.uncertainty import sensitivity_of
from tests.solve.small import Small


@cache
def network(seed: int) -> tuple[LeastSquares, Posterior]:
    """Flows between processes at random, few of them reported; some may have no more than a limit, one pair
    shares a product."""
    random = np.random.default_rng(seed)
    small, ends = Small(), [tuple(random.choice(6, 2, replace=False).tolist()) for _ in range(14)]
    for k in range(len(ends)):
        small.unknown(f"F{k}", 1.0, high=random.choice([np.inf, np.inf, 20.0]), scale=1.0)
    small.unknown("share", 0.5, high=1.0)
    for process in range(1, 5):
        terms = {f"F{k}": float((b == process) - (a == process)) for k, (a, b) in enumerate(ends)}
        if np.count_nonzero(list(terms.values())) > 1:
            small.exact({name: sign for name, sign in terms.items() if sign}, name=f"P{process}")
    small.exact({"F0": -1, ("F1", "share"): 1}, name="product")
    for k in random.choice(14, 4, replace=False):
        small.observe({f"F{k}": 1}, float(random.uniform(1, 9)), 0.5)
    problem = small.problem()
    return problem, posterior(problem, reconcile(problem))


def one_by_one(spread: Posterior) -> dict[int, tuple[float, float]]:
    """Two programmes a cell over all that is free."""
    free, found = sensitivity_of(spread).freedom(), dict[int, tuple[float, float]]()
    solve: Any = optimize.linprog
    held, bounds = free.held.toarray(), np.column_stack([free.low, free.high])
    for cell in np.flatnonzero(spread.free_q).tolist():
        slope = free.slopes[[cell]].toarray().ravel()
        solved = [
            solve(
                sign * slope, A_eq=held, b_eq=np.zeros(len(held)), bounds=bounds, options={"presolve": False}
            )
            for sign in (1, -1)
        ]
        assert {one.status for one in solved} <= {0, 3}
        low, high = (one.fun if one.status == 0 else -np.inf for one in solved)
        found[cell] = (free.now[cell] + low, free.now[cell] - high)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_intervals_are_those_of_a_programme_an_end(seed: int) -> None:
    _, spread = network(seed)
    ours = intervals(spread, np.flatnonzero(spread.free_q))
    twin = one_by_one(spread)
    assert ours.skipped == 0
    assert ours.ends.keys() == twin.keys()
    for cell, ends in twin.items():
        assert ours.ends[cell] == pytest.approx(ends, rel=1e-6, abs=1e-6)


def test_the_networks_have_ends_of_every_kind() -> None:
    ends = np.array([e for seed in range(12) for e in one_by_one(network(seed)[1]).values()])
    assert np.isposinf(ends[:, 1]).any()
    assert np.isfinite(ends[:, 1]).any()
    assert (ends[:, 0] > 1e-3).any()


def test_beyond_the_budget_only_what_needs_no_programme_has_an_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "BUDGET", 0)
    skipped = kept = 0
    for seed in range(12):
        spread = network(seed)[1]
        ours, twin = intervals(spread, np.flatnonzero(spread.free_q)), one_by_one(spread)
        assert ours.skipped == len(twin) - len(ours.ends)
        skipped, kept = skipped + ours.skipped, kept + len(ours.ends)
        for cell, ends in ours.ends.items():
            assert ends == pytest.approx(twin[cell], rel=1e-6, abs=1e-6)
    assert skipped
    assert kept


def test_cheaper_groups_come_first_whatever_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUDGET", 10)
    prices = np.array([9.0, 2.0, 3.0, 2.0])
    assert module._affordable(prices) == module._affordable(prices[::-1]) == 3.0
    assert module._affordable(np.array([11.0])) == 0.0


def test_no_answer_of_a_programme_is_not_an_end_without_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Answer(np.nan, np.zeros(0), optimal=False, infeasible=False, unbounded=False)
    monkeypatch.setattr(module, "least", lambda *_: silent)
    small = Small()
    for name in ("total", "a", "b"):
        small.unknown(name, 1.0)
    small.exact({"total": 1, "a": -1, "b": -1})
    small.observe({"total": 1}, 2.0, 0.1)
    problem = small.problem()
    spread = posterior(problem, reconcile(problem))
    assert intervals(spread, np.flatnonzero(spread.free_q)) == Intervals({}, 2)
