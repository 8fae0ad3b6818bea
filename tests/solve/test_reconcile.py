"""The reconciliation against published answers and a dense second implementation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import clarabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from mfa.errors import Infeasible, NotConverged
from mfa.solve.problem import LeastSquares, Rows
from mfa.solve.reconcile import reconcile
from mfa.solve.solution import Solution
from tests.solve import dense
from tests.solve.cases import CIRCUIT, cencic, circuit, networks, numbers, published, table, three_flows
from tests.solve.small import Small

OUTPUTS = np.array([421.0, 284.0, 283.0])


def closure(problem: LeastSquares, solution: Solution) -> float:
    """The worst row relative to the sum of its own absolute terms."""
    size = abs(problem.exact.matrix) @ np.abs(solution.q) + np.abs(problem.exact.rhs)
    return float(
        np.max(np.abs(problem.exact.residual(solution.q)) / np.where(size > 0, size, 1.0), initial=0.0)
    )


def linear_parts(problem: LeastSquares) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Exact rows and weighted observations as dense matrices over the unknowns."""
    cells = problem.cells.jacobian(problem.start)
    rows = (problem.exact.matrix @ cells).toarray()
    pulls = (problem.observed.rows.matrix @ cells).toarray() / problem.observed.sd[:, None]
    return rows, problem.exact.rhs, pulls, problem.observed.rows.rhs / problem.observed.sd


def test_three_flows() -> None:
    found = reconcile(three_flows())
    np.testing.assert_allclose(found.x, [9.2248, 4.1938, 5.0310], atol=5e-5)
    assert found.chi2 == pytest.approx(0.7752, abs=5e-5)


def test_cencic() -> None:
    found = reconcile(cencic(equal=False))
    chosen = found.x[[0, 2, 3, 4, 7]]
    np.testing.assert_allclose(chosen, [102.425960, 302.416229, 149.990270, 152.425960, 0.495973], atol=5e-7)
    assert found.chi2 == pytest.approx(0.29591, abs=5e-6)
    assert found.x[5] + found.x[6] == pytest.approx(152.425960, abs=5e-7)
    kept = 20 - (160 - 152.425960) * (90**2 - 70**2) / (90**2 + 70**2)  # the nearest to the start, in scales
    assert found.x[6] - found.x[5] == pytest.approx(kept, abs=1e-3)


def test_cencic_with_equal_parts() -> None:
    found = reconcile(cencic(equal=True))
    np.testing.assert_allclose(found.x[[5, 6]], 76.212980, atol=5e-7)


@pytest.mark.parametrize("name", ["P2", "P4", "P5", "P8", "P12", "P15"])
def test_published_networks(shared: Path, name: str) -> None:
    case = networks(shared)[name]
    found = reconcile(published(case))
    np.testing.assert_allclose(found.x, case["computed"]["x"], rtol=1e-8, atol=1e-8)
    assert found.chi2 == pytest.approx(case["computed"]["chi2"], rel=1e-8, abs=1e-8)


def test_two_assay_circuit() -> None:
    found = reconcile(circuit(-np.inf))
    assert found.chi2 == pytest.approx(183.834, abs=5e-4)
    np.testing.assert_allclose(found.x[::3], numbers(CIRCUIT), atol=6e-5)
    assert closure(circuit(-np.inf), found) < 1e-12


def test_the_start_does_not_matter_to_the_optimum() -> None:
    near, far = reconcile(circuit(0.0)), reconcile(circuit(0.0, flows=False))
    np.testing.assert_allclose(near.x, far.x, rtol=1e-7, atol=1e-9)
    assert np.count_nonzero(near.active) == 1


def test_a_bound_becomes_active() -> None:
    free, bounded = reconcile(table(-np.inf)), reconcile(table(0.0))
    assert (free.x.reshape(3, 3) / OUTPUTS)[1, 1] == pytest.approx(-0.0633, abs=5e-5)
    assert bounded.x[4] == 0.0
    assert bounded.active.tolist() == [0, 0, 0, 0, -1, 0, 0, 0, 0]
    value, x = dense.bounded(*linear_parts(table(0.0))) or (np.nan, np.nan)
    np.testing.assert_allclose(bounded.x, x, atol=1e-7)
    assert bounded.chi2 == pytest.approx(value)


@pytest.mark.parametrize(("point", "total", "nearest"), [((0, 0), 1, (0.5, 0.5)), ((4, 5), 10, (4.5, 5.5))])
def test_projections(point: tuple[int, int], total: int, nearest: tuple[float, float]) -> None:
    small = Small()
    for name, value in zip("xy", point, strict=True):
        small.unknown(name)
        small.observe({name: 1}, value, 1.0)
    small.exact({"x": 1, "y": 1}, total)
    np.testing.assert_allclose(reconcile(small.problem()).x, nearest, atol=1e-12)


def test_a_limit_holds_and_has_a_multiplier() -> None:
    small = Small()
    for name, value in (("x", 3.0), ("y", 4.0)):
        small.unknown(name)
        small.observe({name: 1}, value, 1.0)
    small.limit({"x": 1, "y": 1}, 5.0, "cap")
    found = reconcile(small.problem())
    np.testing.assert_allclose(found.x, [2, 3], atol=1e-12)
    assert found.limit_multipliers[0] == pytest.approx(1.0)


def test_infeasible_names_the_conflict() -> None:
    small = Small()
    for name in "xy":
        small.unknown(name)
        small.observe({name: 1}, 3.0, 1.0)
    small.limit({"x": 1}, -1.0, "x at most -1")
    small.exact({"y": 1}, 2.0, "y is 2")
    with pytest.raises(Infeasible) as caught:
        reconcile(small.problem())
    text = [p.text for p in caught.value.problems]
    assert [p.code for p in caught.value.problems] == ["infeasible"] * 2
    assert any("x at most -1" in t for t in text)
    assert not any("y is 2" in t for t in text)


def test_too_few_iterations_raise() -> None:
    with pytest.raises(NotConverged, match="1 iterations"):
        reconcile(circuit(0.0), max_iterations=1)


def test_relative_sigma_is_of_the_adjusted_value() -> None:
    small = Small()
    small.unknown("x")
    for value in (10.0, 20.0):
        small.observe({"x": 1}, value, cv=0.5)
    found = reconcile(small.problem())
    assert found.x[0] == pytest.approx(15.0)
    np.testing.assert_allclose(found.sigma, 7.5)


def test_relative_errors_of_the_adjusted_value_have_no_bias() -> None:
    """400 flows of 100, each reported twice to 10 %: by sigma of the reports the lower would win."""
    random, small = np.random.default_rng(4), Small()
    reports = 100 * (1 + 0.1 * random.normal(size=(400, 2)))
    for k, pair in enumerate(reports):
        small.unknown(f"x{k}", 100.0)
        for value in pair:
            small.observe({f"x{k}": 1}, value, cv=0.1)
    found = reconcile(small.problem()).x
    own = np.sum(1 / reports, axis=1) / np.sum(reports**-2.0, axis=1)
    error = 10 / np.sqrt(2 * 400)
    assert np.mean(found) == pytest.approx(100.0, abs=3 * error)
    assert np.mean(own) < np.mean(found) - 2 * error


def test_huber_holds_against_an_outlier() -> None:
    small = Small()
    small.unknown("x")
    for value in (10.0, 10.2, 9.8, 30.0):
        small.observe({"x": 1}, value, 1.0)
    plain, robust = reconcile(small.problem()), reconcile(small.problem(), robust="huber")
    assert plain.x[0] == pytest.approx(15.0)
    assert robust.x[0] == pytest.approx(10.0 + 1.345 / 3)  # the outlier pulls as 1.345 sigma do


def test_uncounted_figures_do_not_pull() -> None:
    small = Small()
    small.unknown("x")
    small.observe({"x": 1}, 10.0, 1.0)
    small.observe({"x": 1}, 99.0, 1.0, counted=False)
    found = reconcile(small.problem())
    assert found.x[0] == pytest.approx(10.0)
    assert found.chi2 == pytest.approx(0.0, abs=1e-18)


def test_redundant_rows_are_harmless() -> None:
    problem = cencic(equal=True)
    twice = Rows(
        sparse.vstack([problem.exact.matrix, 3 * problem.exact.matrix]).tocsr(),
        np.concatenate([problem.exact.rhs, 3 * problem.exact.rhs]),
        lambda k: problem.exact.name(k % len(problem.exact)),
    )
    found = reconcile(replace(problem, exact=twice))
    np.testing.assert_allclose(found.x, reconcile(problem).x, rtol=1e-10)
    assert closure(replace(problem, exact=twice), found) < 1e-12


@pytest.mark.parametrize("unit", [1e-20, 1e-8, 1e9, 1e14])
def test_units_do_not_matter(unit: float) -> None:
    np.testing.assert_allclose(reconcile(three_flows(unit)).x / unit, reconcile(three_flows()).x, rtol=1e-10)


def test_row_order_does_not_matter() -> None:
    problem = circuit(0.0)
    order = np.random.default_rng(3).permutation(len(problem.exact))
    moved = Rows(
        problem.exact.matrix[order], problem.exact.rhs[order], lambda k: problem.exact.name(int(order[k]))
    )
    np.testing.assert_allclose(reconcile(replace(problem, exact=moved)).x, reconcile(problem).x, rtol=1e-8)


def test_same_bytes_twice() -> None:
    assert reconcile(circuit(0.0)).x.tobytes() == reconcile(circuit(0.0)).x.tobytes()


def trace_chain(markets: int = 6, share: float = 1e-6) -> LeastSquares:
    """A chain of markets that each mix what comes with a new source; one element is `share` of the other."""
    small = Small()
    for k in range(markets):
        small.unknown(f"in {k}", 100.0)
        small.unknown(f"through {k}", 100.0 * (k + 1))
        for e, typical in (("A", 1.0), ("B", share)):
            small.unknown(f"source {e} {k}", typical, scale=typical)
            small.unknown(f"mix {e} {k}", typical, scale=typical)
            small.observe({f"source {e} {k}": 1}, typical * (1 + 0.05 * (-1) ** k), 0.1 * typical)
        small.observe({f"in {k}": 1}, 100.0 + k, 5.0)
        small.observe({f"through {k}": 1}, 90.0 * (k + 1), 20.0)
    for k in range(markets):
        before = {f"through {k - 1}": 1.0} if k else {}
        small.exact({f"in {k}": 1, f"through {k}": -1, **before}, name=f"bulk {k}")
        for e in "AB":
            mixed = {(f"through {k - 1}", f"mix {e} {k - 1}"): 1.0} if k else {}
            terms = {(f"in {k}", f"source {e} {k}"): 1.0, (f"through {k}", f"mix {e} {k}"): -1.0, **mixed}
            small.exact(terms, name=f"{e} {k}")
    return small.problem()


def test_a_trace_element_closes_like_the_others() -> None:
    problem = trace_chain()
    found = reconcile(problem)
    assert closure(problem, found) < 1e-12
    mixes = {
        n: found.x[k] for k, n in enumerate(map(problem.name, range(len(problem)))) if n.startswith("mix")
    }
    for k in range(6):
        assert mixes[f"mix B {k}"] / mixes[f"mix A {k}"] == pytest.approx(1e-6, rel=1e-8)


def closed_market() -> LeastSquares:
    """A market that ends with no throughput: its composition has nothing to go by."""
    small = Small()
    for name in ("in", "out", "other"):
        small.unknown(name, 1.0)
    for name, start in (("share", 0.3), ("rest", 0.7)):
        small.unknown(name, start, high=1.0)
    small.exact({"in": 1, "out": -1}, name="market")
    small.exact({"share": 1, "rest": 1}, 1.0, name="whole")
    small.exact({("out", "share"): 1, "other": -1}, name="element")
    small.observe({"in": 1}, -2.0, 1.0)
    small.observe({"out": 1}, -1.0, 1.0)
    return small.problem()


def test_a_closed_market_keeps_its_composition() -> None:
    found = reconcile(closed_market())
    np.testing.assert_allclose(found.x[:3], 0.0, atol=1e-12)
    assert found.x[3] + found.x[4] == pytest.approx(1.0, abs=1e-12)
    assert found.x[3] == pytest.approx(0.3, abs=0.2)


def flow_network(seed: int, decades: float) -> LeastSquares:
    """A random network around true flows over some decades, some unobserved."""
    random = np.random.default_rng(seed)
    nodes = int(random.integers(1, 4))
    ends = [(0, 1), *((k, (k + 1) % (nodes + 1)) for k in range(1, nodes + 1))]
    ends += [
        tuple(int(v) for v in random.choice(nodes + 1, 2, replace=False))
        for _ in range(random.integers(1, 5))
    ]
    balance = np.array([[float(b == n) - float(a == n) for a, b in ends] for n in range(1, nodes + 1)])
    truth = 10 ** random.uniform(-decades / 2, decades / 2) * np.ones(len(ends))
    truth[nodes + 1 :] *= 10 ** random.uniform(-decades, 0, len(ends) - nodes - 1)
    small = Small()
    for k, value in enumerate(truth):
        small.unknown(f"F{k}", 2 * value, scale=value)
        sd = value * random.uniform(0.05, 1.5)
        if random.random() < 0.8 or k == 0:
            small.observe({f"F{k}": 1}, value + sd * random.normal(), sd)
    for n, row in enumerate(balance):
        small.exact({f"F{k}": w for k, w in enumerate(row) if w}, name=f"node {n}")
    return small.problem()


def assert_optimal(problem: LeastSquares, found: Solution) -> None:
    """First-order conditions, each against the sum of its own absolute terms."""
    rows, _, pulls, reports = linear_parts(problem)
    residual = pulls @ found.x - reports
    gradient = (pulls.T @ residual + rows.T @ found.exact_multipliers) * problem.scale
    size = (abs(pulls.T) @ abs(residual) + abs(rows.T) @ abs(found.exact_multipliers)) * problem.scale + 1e-3
    assert np.all(found.x >= 0)
    assert np.all(gradient >= -1e-6 * size)
    assert np.all(np.abs(gradient[found.x > 0]) <= 1e-6 * size[found.x > 0])
    assert closure(problem, found) < 1e-9


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_random_networks_with_bounds_against_enumeration(seed: int) -> None:
    problem = flow_network(seed, decades=1)
    found = reconcile(problem)
    assert_optimal(problem, found)
    best = dense.bounded(*linear_parts(problem))
    assert best is not None
    assert found.chi2 == pytest.approx(best[0], rel=1e-7, abs=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_random_networks_over_eight_decades(seed: int) -> None:
    problem = flow_network(seed, decades=8)
    assert_optimal(problem, reconcile(problem))


@pytest.mark.parametrize("seed", range(8))
def test_bounded_against_clarabel(seed: int) -> None:
    problem = flow_network(seed, decades=1)
    rows, rhs, pulls, reports = linear_parts(problem)
    n = len(problem)
    quadratic, linear = sparse.csc_matrix(np.triu(pulls.T @ pulls)), -pulls.T @ reports
    constraints = sparse.csc_matrix(np.vstack([rows, -np.eye(n)]))
    cones = [clarabel.ZeroConeT(len(rhs)), clarabel.NonnegativeConeT(n)]
    options = clarabel.DefaultSettings()
    options.verbose = False
    right = np.concatenate([rhs, np.zeros(n)])
    answer = clarabel.DefaultSolver(quadratic, linear, constraints, right, cones, options).solve()
    theirs = float(np.sum((pulls @ np.array(answer.x) - reports) ** 2))
    assert reconcile(problem).chi2 == pytest.approx(theirs, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("sd", [1e2, 1e5, 1e8])
@pytest.mark.parametrize("reported", [0.5, 5.0])
def test_an_error_far_above_the_scale_does_not_stop_it_early(sd: float, reported: float) -> None:
    small = Small()
    for name in ("sum", "one", "other"):
        small.unknown(name, 1.0, low=-np.inf)
    small.exact({"sum": 1, "one": -1, "other": -1})
    small.observe({"sum": 1}, 3.0, 0.1)
    small.observe({"one": 1}, reported * sd, sd)
    small.observe({"other": 1}, -2 * reported * sd, 2 * sd)
    rows = np.array([[10.0, 10.0], [1 / sd, 0.0], [0.0, 0.5 / sd]])
    wanted, *_ = np.linalg.lstsq(rows, np.array([30.0, reported, -reported]), rcond=None)
    found = reconcile(small.problem())
    np.testing.assert_allclose(found.x[1:] / sd, wanted / sd, atol=1e-4)
