from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from mfa.errors import Infeasible
from mfa.solve import reconcile as general
from mfa.solve.losses import L2
from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.separable import world
from mfa.solve.separable.posterior import parts_posterior
from mfa.solve.separable.solver import in_parts
from mfa.solve.solution import Solution
from mfa.solve.uncertainty import uncertainty
from tests.bench.network import network

TINY = {"elements": 3, "years": 2, "regions": 5, "stages": 2, "partners": 2}


def tame(seed: int, *, cv: bool = False) -> LeastSquares:
    """A small world of few decades, which the general solver does not mind."""
    problem = network(**TINY, seed=seed).problem
    observed = problem.observed
    value = np.maximum(observed.rows.rhs, 1e-2)
    sd = np.maximum(observed.sd, 1e-2)
    rows = replace(observed.rows, rhs=value)
    seen = (
        replace(observed, rows=rows, sd=0 * sd, cv=np.full(len(sd), 0.2))
        if cv
        else replace(observed, rows=rows, sd=sd)
    )
    return replace(problem, observed=seen, limits=replace(problem.limits, rhs=problem.limits.rhs + 0.1))


def parts(problem: LeastSquares) -> Solution:
    found = in_parts(problem, tolerance=1e-10, max_iterations=200, report=lambda *_: None)
    assert found is not None
    return found


def whole(problem: LeastSquares) -> Solution:
    """The answer of the solver for any problem, which not every one of these settles for."""
    settings = general._Settings(L2(), 1e-10, 200)
    return general._optimum(problem, settings, lambda *_: None)


@pytest.mark.parametrize("cv", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 5, 6])
def test_values_multipliers_and_deviations_are_those_of_the_general_solver(seed: int, cv: bool) -> None:
    problem = tame(seed, cv=cv)
    found, other = parts(problem), whole(problem)
    spread, plain = parts_posterior(problem, found), posterior(problem, other)
    assert spread is not None
    # the general solver may stop a thousandth of a sigma short where much is unreported: never below ours
    assert found.chi2 <= other.chi2 * (1 + 1e-9)
    assert found.chi2 == pytest.approx(other.chi2, rel=1e-8)
    n = len(problem)
    inside = np.isfinite(plain.sd_x) & (found.active[:n] == 0) & (found.x > 0.1)
    assert np.all(np.abs(found.x - other.x)[inside] <= 2e-3 * np.maximum(plain.sd_x, 1e-3)[inside])
    assert np.array_equal(np.isnan(spread.sd_x)[inside], np.isnan(plain.sd_x)[inside])
    # what rests on bounds without a force may be held by one and not by the other
    off = np.abs(spread.sd_x - plain.sd_x)[inside] / np.maximum(plain.sd_x, 1e-3)[inside]
    assert np.nanquantile(off, 0.97) < 1e-5
    combination = sparse.csr_array(np.ones((1, len(problem.cells))))
    if np.isfinite(plain.sd_of(combination)[0]):
        assert spread.sd_of(combination) == pytest.approx(plain.sd_of(combination), rel=1e-2)


def test_reports_of_sums_and_limits_become_unknowns_of_their_own() -> None:
    problem = tame(1)
    n = len(problem)
    reported = np.zeros((1, n))
    reported[0, problem.observed.rows.matrix.indices] = 1.0
    total = sparse.csr_array(reported)
    seen = problem.observed
    rows = replace(
        seen.rows,
        matrix=sparse.csr_array(sparse.vstack([seen.rows.matrix, total])),
        rhs=np.append(seen.rows.rhs, 1.2 * seen.rows.rhs.sum()),
    )
    more = replace(
        seen,
        rows=rows,
        sd=np.append(seen.sd, 1.0),
        cv=np.append(seen.cv, 0.0),
        counted=np.append(seen.counted, True),
    )
    with_sum = replace(problem, observed=more)
    found, other = parts(with_sum), whole(with_sum)
    assert found.chi2 == pytest.approx(other.chi2, rel=1e-8)
    assert found.fitted[-1] == pytest.approx(other.fitted[-1], rel=1e-8)


def test_the_general_solver_is_asked_where_parts_have_no_answer() -> None:
    problem = tame(2)
    nothing = replace(problem, limits=replace(problem.limits, rhs=np.full(len(problem.limits), -1.0)))
    with pytest.raises(Infeasible, match="reserve"):
        general.reconcile(nothing)


def test_components_that_do_not_settle_are_solved_the_general_way(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = tame(0)
    whole = parts(problem)
    monkeypatch.setattr(world, "solve", lambda *_: None)
    assert in_parts(problem, tolerance=1e-10, max_iterations=9, report=lambda *_: None) is None
    found = general.reconcile(problem, tolerance=1e-10)
    assert found.order is None
    assert found.chi2 == pytest.approx(whole.chi2, rel=1e-8)


def test_large_linear_problems_get_their_standard_deviations_in_parts() -> None:
    problem = network(elements=4, years=2, regions=40, stages=4, partners=5).problem
    assert world.is_world(problem)
    found = general.reconcile(problem)
    spread = uncertainty(problem, found)
    assert type(spread).__name__ == "PartsPosterior"
    matrix = problem.exact.matrix
    left = np.abs(matrix @ found.x) / np.maximum(abs(matrix) @ found.x, 1e-6)
    assert left.max() < 1e-12
    assert float(np.sum(spread.leverage)) <= len(problem.exact) + len(problem.limits)
