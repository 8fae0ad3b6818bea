"""One more measurement: what is said of it against adding it and solving again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from mfa.solve.narrow import narrowed
from mfa.solve.posterior import posterior
from mfa.solve.problem import LeastSquares, Observed, Rows
from mfa.solve.reconcile import reconcile
from tests.solve.cases import cencic, networks, published
from tests.solve.small import Small


def row(problem: LeastSquares, **weights: float) -> sparse.csr_array:
    names = [problem.cells.name(k) for k in range(len(problem.cells))]
    found = np.zeros((1, len(names)))
    for name, weight in weights.items():
        found[0, names.index(name)] = weight
    return sparse.csr_array(found)


def measured(problem: LeastSquares, what: sparse.csr_array, sigma: float) -> LeastSquares:
    """The problem with `what` observed at the value found."""
    value = what @ reconcile(problem).q
    seen = problem.observed
    matrix = sparse.vstack([seen.rows.matrix, what]).tocsr()
    more = Observed(
        Rows(matrix, np.append(seen.rows.rhs, value), lambda k: f"observed {k}"),
        np.append(seen.sd, sigma),
        np.append(seen.cv, 0.0),
        np.append(seen.counted, True),
    )
    return replace(problem, observed=more)


def check(problem: LeastSquares, target: sparse.csr_array, rel: float = 1e-9) -> None:
    solution = reconcile(problem)
    spread = posterior(problem, solution)
    singles = sparse.eye_array(len(problem.cells), format="csr")
    pair = sparse.csr_array(singles[[0]] + singles[[1]])
    candidates = sparse.csr_array(sparse.vstack([singles, pair]))
    sigma = 0.1 + 0.05 * np.abs(candidates @ solution.q)
    after = narrowed(spread, target, candidates, sigma)
    for k in range(candidates.shape[0]):
        again = measured(problem, candidates[[k]], float(sigma[k]))
        wanted = posterior(again, reconcile(again)).sd_of(target)[0]
        assert after[k] == pytest.approx(wanted, rel=rel, nan_ok=True), problem.cells.name(
            min(k, len(problem) - 1)
        )


@pytest.mark.parametrize("stream", ["F1", "F7", "F20"])
def test_every_stream_of_a_linear_network(shared: Path, stream: str) -> None:
    problem = published(networks(shared)["P15"])
    check(problem, row(problem, **{stream: 1.0}))


def test_a_difference_of_two(shared: Path) -> None:
    problem = published(networks(shared)["P4"])
    check(problem, row(problem, F1=1.0, F5=-2.0))


def test_a_free_flow_says_what_determines_it() -> None:
    """F6 + F7 = F5: either of them determines the other, nothing else does."""
    problem = cencic(equal=False)
    spread = posterior(problem, reconcile(problem))
    singles = sparse.eye_array(len(problem.cells), format="csr")
    after = narrowed(spread, row(problem, F7=1.0), singles, np.full(len(problem.cells), 2.0))
    determined = {problem.cells.name(int(k)) for k in np.flatnonzero(np.isfinite(after))}
    assert determined == {"F6", "F7"}
    check(problem, row(problem, F7=1.0), rel=1e-6)


def test_two_directions_are_not_taken_for_one() -> None:
    """a = b + c + d with a known: no single measurement but b itself determines b."""
    small = Small()
    for name in "abcd":
        small.unknown(name)
    small.exact({"a": 1, "b": -1, "c": -1, "d": -1})
    small.observe({"a": 1}, 9.0, 1.0)
    problem = small.problem()
    spread = posterior(problem, reconcile(problem))
    candidates = sparse.csr_array(
        sparse.vstack([row(problem, b=1), row(problem, c=1), row(problem, c=1, d=1)])
    )
    after = narrowed(spread, row(problem, b=1), candidates, np.full(3, 0.5))
    assert after[0] == pytest.approx(0.5)
    assert np.isnan(after[1])
    assert after[2] == pytest.approx(np.hypot(1.0, 0.5))


def test_what_sits_at_a_bound_brings_nothing() -> None:
    small = Small()
    for name in "xyw":
        small.unknown(name)
    small.exact({"x": 1, "y": -1, "w": -1})
    small.observe({"x": 1}, 10.0, 1.0)
    small.observe({"y": 1}, 12.0, 1.0)
    problem = small.problem()
    spread = posterior(problem, reconcile(problem))
    (after,) = narrowed(spread, row(problem, x=1), row(problem, w=1), np.array([0.1]))
    assert after == pytest.approx(np.sqrt(0.5))
