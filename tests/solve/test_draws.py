"""Draws from the posterior against its closed form, a plain rejection sampler, and the propagated sd."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mfa.errors import NotConverged
from mfa.solve import draws as module
from mfa.solve.draws import draws
from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from tests.solve.cases import cencic, networks, published
from tests.solve.small import Small

N = 4000


def close_to(seen: np.ndarray, wanted: np.ndarray, sd: np.ndarray, n: int, errors: float = 5) -> None:  # type: ignore[type-arg]
    """Means within five Monte-Carlo errors."""
    assert np.all(np.abs(seen.mean(axis=0) - wanted) <= errors * sd / np.sqrt(n) + 1e-12)


def test_a_linear_network_gives_its_own_covariance(shared: Path) -> None:
    problem = published(networks(shared)["P15"])
    found = reconcile(problem)
    drawn = draws(problem, found, N, 1)
    sd = posterior(problem, found).sd_x
    assert drawn.method == "gaussian"
    close_to(drawn.x, found.x, sd, N)
    np.testing.assert_allclose(drawn.x.std(axis=0), sd, rtol=5 / np.sqrt(2 * N))
    closed = problem.exact.matrix @ problem.cells.value(drawn.x[7])
    np.testing.assert_allclose(closed, 0, atol=1e-9)


def bounded(report: float) -> LeastSquares:
    """x = y + w, all at least 0; w is reported near or below nothing."""
    small = Small()
    for name in "xyw":
        small.unknown(name)
    small.exact({"x": 1, "y": -1, "w": -1})
    small.observe({"x": 1}, 10.0, 1.0)
    small.observe({"y": 1}, 9.0, 1.0)
    small.observe({"w": 1}, report, 1.0)
    return small.problem()


def truncated(report: float) -> tuple[float, float]:
    """Mean and sd of w: normal with variance 1 / (1 + 1/2), cut off at 0."""
    variance = 1 / 1.5
    mean, sd = variance * (report + 0.5), np.sqrt(variance)
    cut = stats.truncnorm(-mean / sd, np.inf, mean, sd)
    return float(cut.mean()), float(cut.std())


@pytest.mark.parametrize(("report", "method"), [(1.0, "rejection"), (-1.0, "rejection"), (-4.0, "ellipses")])
def test_a_bound_cuts_the_gaussian_off(report: float, method: str) -> None:
    problem = bounded(report)
    drawn = draws(problem, reconcile(problem), N, 3)
    assert drawn.method == method
    mean, sd = truncated(report)
    effective = N / 4 if method == "ellipses" else N
    assert drawn.x[:, 2].mean() == pytest.approx(mean, abs=5 * sd / np.sqrt(effective))
    assert drawn.x[:, 2].std() == pytest.approx(sd, rel=5 * 1.5 / np.sqrt(effective))
    assert (drawn.x >= 0).all()
    np.testing.assert_allclose(drawn.x[:, 0], drawn.x[:, 1] + drawn.x[:, 2], atol=1e-9)


def plain(problem: LeastSquares, total: float, n: int) -> np.ndarray:  # type: ignore[type-arg]
    """Rejection on x1 + ... + xk = total, x >= 0: free coordinates from a wide box, by their density."""
    rng = np.random.default_rng(5)
    y, sd = problem.observed.rows.rhs, problem.observed.sd
    kept = np.zeros((0, len(y)))
    while len(kept) < n:
        x = rng.dirichlet(np.ones(len(y)), 200_000) * total
        log = -0.5 * np.sum(((x - y) / sd) ** 2, axis=1)
        kept = np.concatenate([kept, x[np.log(rng.random(len(x))) < log - _most(y, sd, total)]])
    return kept[:n]


def _most(y: np.ndarray, sd: np.ndarray, total: float) -> float:  # type: ignore[type-arg]
    """The largest log density on the simplex, by a fine look around its optimum."""
    from scipy.optimize import minimize

    found = minimize(
        lambda x: 0.5 * np.sum(((x - y) / sd) ** 2),
        np.full(len(y), total / len(y)),
        bounds=[(0, None)] * len(y),
        constraints={"type": "eq", "fun": lambda x: x.sum() - total},
    )
    return float(-found.fun)


def test_a_simplex_agrees_with_plain_rejection() -> None:
    small = Small()
    reports = (4.0, 0.3, -1.5, -0.5, -2.0)
    for k, value in enumerate(reports):
        small.unknown(f"x{k}")
        small.observe({f"x{k}": 1}, value, 1.0)
    small.exact({f"x{k}": 1 for k in range(len(reports))}, 4.0)
    problem = small.problem()
    drawn = draws(problem, reconcile(problem), N, 2)
    assert drawn.method == "ellipses"
    exact = plain(problem, 4.0, N)
    close_to(drawn.x, exact.mean(axis=0), exact.std(axis=0), N // 8)
    np.testing.assert_allclose(drawn.x.std(axis=0), exact.std(axis=0), rtol=0.12)


def test_products_are_solved_again() -> None:
    problem = cencic(equal=True)
    found = reconcile(problem)
    n = 300
    drawn = draws(problem, found, n, 1)
    assert drawn.method == "solved again"
    sd = posterior(problem, found).sd_x
    some = sd > 0
    close_to(drawn.x[:, some], found.x[some], sd[some], n)
    np.testing.assert_allclose(drawn.x.std(axis=0)[some], sd[some], rtol=5 / np.sqrt(2 * n))
    for x in drawn.x[:5]:
        np.testing.assert_allclose(problem.exact.residual(problem.cells.value(x)), 0, atol=1e-8)


def test_the_same_seed_gives_the_same_draws() -> None:
    problem = bounded(-4.0)
    found = reconcile(problem)
    one, same, other = (draws(problem, found, 20, seed).x for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.01


def test_a_draw_that_does_not_settle_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = cencic(equal=True)
    found = reconcile(problem)
    warm = draws(problem, found, 3, 1).x

    def never(*_: object, **__: object) -> None:
        raise NotConverged("the reconciliation did not settle")

    monkeypatch.setattr(module, "again", never)
    np.testing.assert_allclose(draws(problem, found, 3, 1).x, warm, rtol=1e-6)
    monkeypatch.setattr(module, "reconcile", never)
    with pytest.raises(NotConverged, match=r"draw 1 of 3 did not settle.*"):
        draws(problem, found, 3, 1)
