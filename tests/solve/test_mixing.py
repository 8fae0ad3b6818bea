"""Bulk first, then mixing: the start closes, and is the answer where nothing is observed by element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mfa.solve.mixing import bulk_first, has_elements
from mfa.solve.problem import Floats, LeastSquares
from mfa.solve.reconcile import reconcile
from mfa.solve.solution import Solution
from tests.solve.small import Small

PARTS = (0.6, 0.3, 0.1), (0.1, 0.2, 0.7)
EVEN = (1 / 3, 1 / 3, 1 / 3)


def markets(*, closed: bool = False, by_element: float | None = None) -> LeastSquares:
    """Two sources feed market 1, which sells to a customer and to market 2; market 2 sells to a customer."""
    small, merge, elements = Small(), [], len(EVEN)
    flows = ["source 1", "source 2", "sold 1", "passed", "sold 2"]
    for name in flows:
        small.unknown(name, 10.0)
    for name, parts in zip(("c1", "c2", "m1", "m2"), (*PARTS, EVEN, EVEN), strict=True):
        for e in range(elements):
            small.unknown(f"{name} {e}", parts[e])
        small.exact({f"{name} {e}": 1 for e in range(elements)}, 1.0, name=f"{name} sums to 1")
        merge.append(-1)
    for e in range(elements):
        into = {("source 1", f"c1 {e}"): 1.0, ("source 2", f"c2 {e}"): 1.0}
        out = {("sold 1", f"m1 {e}"): -1.0, ("passed", f"m1 {e}"): -1.0}
        small.exact({**into, **out}, name=f"market 1 {e}")
        small.exact({("passed", f"m1 {e}"): 1, ("sold 2", f"m2 {e}"): -1}, name=f"market 2 {e}")
        merge += [0, 1]
    if closed:
        small.exact({"passed": 1}, 0.0, name="closed")
        merge.append(2)
    for name, value in zip(
        flows, (40.0, 62.0, 70.0, 0.0 if closed else 25.0, 0.0 if closed else 30.0), strict=True
    ):
        small.observe({name: 1}, value, max(0.05 * value, 0.1))
    for name, parts in zip(("c1", "c2"), PARTS, strict=True):
        for e in range(elements):
            small.observe({f"{name} {e}": 1}, parts[e], 0.02)
    if by_element is not None:
        small.observe({("sold 1", "m1 0"): 1}, by_element, 0.5)
    return _labelled(small.problem(), len(flows), merge)


def _labelled(problem: LeastSquares, flows: int, merge: Sequence[int]) -> LeastSquares:
    bulk = np.full(len(problem), -1)
    bulk[:flows] = np.arange(flows)
    block = np.zeros(len(problem), dtype=np.int64)
    return replace(problem, bulk=bulk, merge=np.array(merge), block=block, floor=1e-6)


def start_of(problem: LeastSquares) -> tuple[Floats, list[str]]:
    told: list[str] = []

    def solve(inner: LeastSquares, warm: bool) -> Solution:
        assert not has_elements(inner)
        return reconcile(inner)

    return bulk_first(problem, solve, lambda _, text: told.append(text)), told


def opened(problem: LeastSquares, x: Floats) -> float:
    q = problem.cells.value(x)
    size = abs(problem.exact.matrix) @ np.abs(q) + np.abs(problem.exact.rhs) + problem.floor
    return float(np.max(np.abs(problem.exact.residual(q)) / size))


@pytest.mark.parametrize("closed", [False, True])
def test_the_start_closes_every_exact_row(closed: bool) -> None:
    problem = markets(closed=closed)
    x, told = start_of(problem)
    assert opened(problem, x) < 1e-10
    assert opened(problem, problem.start) > 0.1
    assert told


@pytest.mark.parametrize("closed", [False, True])
def test_without_element_observations_it_is_the_joint_optimum(closed: bool) -> None:
    problem = markets(closed=closed)
    x, _ = start_of(problem)
    joint = reconcile(replace(problem, bulk=np.arange(len(problem))))
    np.testing.assert_allclose(problem.cells.value(x)[:5], joint.q[:5], rtol=1e-6, atol=1e-6)
    moving = problem.cells.j >= 0
    np.testing.assert_allclose(problem.cells.value(x)[moving], joint.q[moving], rtol=1e-6, atol=1e-6)


def test_an_element_observation_moves_the_joint_optimum_off_the_start() -> None:
    problem = markets(by_element=40.0)
    x, _ = start_of(problem)
    found = reconcile(problem)
    plain = reconcile(replace(problem, bulk=np.arange(len(problem))))
    assert found.chi2 == pytest.approx(plain.chi2, rel=1e-9)
    np.testing.assert_allclose(found.q, plain.q, rtol=1e-6)
    observed = problem.observed
    sigma = observed.sigma(observed.rows.matrix @ problem.cells.value(x))
    at_start = np.sum((observed.rows.residual(problem.cells.value(x)) / sigma) ** 2)
    assert found.chi2 < at_start - 1.0


def test_the_mix_of_a_closed_market_stays_a_composition() -> None:
    problem = markets(closed=True)
    x, _ = start_of(problem)
    mix = x[[k for k in range(len(problem)) if problem.name(k).startswith("m2")]]
    assert mix.sum() == pytest.approx(1.0)
    assert np.all(mix >= 0)
    assert np.isfinite(reconcile(problem).x).all()


def test_what_has_elements() -> None:
    problem = markets()
    assert has_elements(problem)
    assert not has_elements(replace(problem, bulk=np.arange(len(problem))))
