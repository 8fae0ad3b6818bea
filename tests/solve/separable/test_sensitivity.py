"""What is said of errors, free flows and new measurements part by part, against the general way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from mfa.solve import intervals as ranges
from mfa.solve.classify import free_sums
from mfa.solve.elimination import Strategy, gross_errors
from mfa.solve.intervals import Intervals, intervals
from mfa.solve.narrow import narrowed
from mfa.solve.posterior import Posterior, posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.separable.posterior import PartsPosterior, parts_posterior
from mfa.solve.solution import Solution
from mfa.solve.uncertainty import sensitivity_of
from tests.solve.separable.test_world import parts, tame

BOTH = tuple[LeastSquares, Solution, PartsPosterior, Posterior]


def twice(problem: LeastSquares, seed: int) -> LeastSquares:
    """The problem with every third report repeated by another source, and a report of a sum."""
    rng, seen = np.random.default_rng(seed), problem.observed
    again = np.arange(0, len(seen), 3)
    pair = sparse.csr_array(seen.rows.matrix[[1]] + seen.rows.matrix[[4]])
    value = np.concatenate([seen.rows.rhs[again] + rng.normal(0, seen.sd[again]), seen.rows.rhs[[1]] * 3])
    rows = replace(
        seen.rows,
        matrix=sparse.csr_array(sparse.vstack([seen.rows.matrix, seen.rows.matrix[again], pair])),
        rhs=np.concatenate([seen.rows.rhs, value]),
    )
    sd = np.concatenate([seen.sd, 2 * seen.sd[again], [1.0]])
    return replace(
        problem,
        observed=replace(seen, rows=rows, sd=sd, cv=0 * sd, counted=np.ones(len(sd), dtype=bool)),
    )


def both(seed: int) -> BOTH:
    """A small world with repeated reports: its solution, and its posterior in both ways."""
    problem = twice(tame(seed), seed)
    found = parts(problem)
    assert isinstance(found, Solution)
    spread = parts_posterior(problem, found)
    assert spread is not None
    return problem, found, spread, posterior(problem, found)


@pytest.mark.parametrize("seed", range(3))
def test_columns_of_the_covariance_of_errors_are_those_of_the_whole_system(seed: int) -> None:
    problem, found, spread, plain = both(seed)
    rows = range(len(problem.exact))
    ours = sensitivity_of(spread).errors(problem, found, rows)
    other = sensitivity_of(plain).errors(problem, found, rows)
    # multipliers of rows that bounds leave without anything that moves are any: reports and moved rows count
    m = len(ours.counted)
    assert ours.u[:m] == pytest.approx(other.u[:m], abs=1e-6 * np.abs(other.u[:m]).max())
    assert ours.diagonal[:m] == pytest.approx(other.diagonal[:m], abs=1e-6)
    assert len(np.unique(ours.parts)) > 1
    for one in range(0, m, 7):
        part = int(ours.parts[one])
        members = ours.members(part)
        column = np.zeros(len(ours.u))
        column[members] = ours.response(part, np.flatnonzero(members == one), np.ones(1))
        whole = other.response(0, np.array([one]), np.ones(1))
        assert column[one] == pytest.approx(ours.diagonal[one], abs=1e-8)
        assert column[:m] == pytest.approx(whole[:m], abs=1e-6)


@pytest.mark.parametrize("strategy", ["elimination", "compensation"])
@pytest.mark.parametrize("leaks", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 4, 5])
def test_gross_errors_are_named_in_the_same_order(seed: int, leaks: bool, strategy: Strategy) -> None:
    problem, found, spread, plain = both(seed)
    rows = range(len(problem.exact)) if leaks else range(0)
    ours = gross_errors(problem, found, spread, rows=rows, strategy=strategy)
    other = gross_errors(problem, found, plain, rows=rows, strategy=strategy)
    assert len(ours.suspects) > 2
    assert len(ours.suspects) == len(other.suspects)
    for a, b in zip(ours.suspects, other.suspects, strict=True):
        assert [m.name for m in a.members] == [m.name for m in b.members]
        numbers = (a.statistic, a.critical, a.chi2, a.dof)
        assert numbers == pytest.approx((b.statistic, b.critical, b.chi2, b.dof), rel=1e-5)
        for one, two in zip(a.members, b.members, strict=True):
            assert (one.size, one.sd) == pytest.approx((two.size, two.sd), rel=1e-5)
    assert ours.after.chi2 == pytest.approx(other.after.chi2, rel=1e-6)


@pytest.mark.parametrize("seed", [2, 3, 10, 12])
def test_free_flows_have_the_same_intervals_and_sums(seed: int) -> None:
    problem, found, spread, plain = both(seed)
    wanted = np.flatnonzero(plain.free_q)
    assert len(wanted)
    assert np.array_equal(wanted, np.flatnonzero(spread.free_q))
    ours, other = intervals(spread, wanted), intervals(plain, wanted)
    assert ours.skipped == 0
    for k in wanted.tolist():
        assert ours.ends[k] == pytest.approx(other.ends[k], rel=1e-5, abs=1e-5)
        assert ours.ends[k][0] - 1e-6 <= found.q[k] <= ours.ends[k][1] + 1e-6
    sums, others = free_sums(problem, found, spread), free_sums(problem, found, plain)
    assert [(s.row, {*s.cells}) for s in sums] == [(s.row, {*s.cells}) for s in others]
    assert [s.sd for s in sums] == pytest.approx([s.sd for s in others], rel=1e-5)


def test_groups_that_are_too_large_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    spread = both(2)[2]
    wanted = np.flatnonzero(spread.free_q)
    monkeypatch.setattr(ranges, "LARGEST", 1)
    assert intervals(spread, wanted) == Intervals({}, len(wanted))


@pytest.mark.parametrize("seed", range(3))
def test_the_next_measurement_brings_the_same(seed: int) -> None:
    problem, found, spread, plain = both(seed)
    singles = sparse.csr_array(sparse.eye_array(len(problem.cells)))
    pairs = sparse.csr_array(singles[:-1] + singles[1:])
    candidates = sparse.csr_array(sparse.vstack([singles, pairs]))
    sigma = 0.1 + 0.1 * np.abs(candidates @ found.q)
    known = np.flatnonzero(np.isfinite(plain.sd_q) & (plain.sd_q > 0.1))
    free = np.flatnonzero(plain.free_q)
    for target in (*known[:: max(1, len(known) // 4)], *free[:3]):
        ours = narrowed(spread, singles[[target]], candidates, sigma)
        other = narrowed(plain, singles[[target]], candidates, sigma)
        assert ours == pytest.approx(other, rel=1e-5, nan_ok=True)
    total = sparse.csr_array(np.where(plain.free_q, 0.0, 1.0)[None, :])
    covariance = sensitivity_of(spread).covariance_with(total)
    whole = sensitivity_of(plain).covariance_with(total)
    assert covariance[~plain.free_q] == pytest.approx(whole[~plain.free_q], rel=1e-5, abs=1e-5)
