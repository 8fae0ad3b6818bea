"""Systems known by compositions alone, and systems that did not settle: the optimum of a dense solver, flows
inside, and no word of infeasibility where only a linearisation says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import optimize

import mfa
from mfa.build import build
from mfa.errors import InputError, NotConverged
from mfa.run.starts import start_problems
from mfa.solve.assays import assays_of
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import again, reconcile
from mfa.solve.solution import Starts
from tests.solve.circuits import Circuit, drawn, flows_of
from tests.solve.small import Small

CASES = Path(__file__).parent
Array = npt.NDArray[np.float64]


def problem_of(path: str) -> LeastSquares:
    return build(mfa.load(CASES / path)).problem


def dense(problem: LeastSquares, start: Array) -> float:
    """The least chi-square near a point, by sequential quadratic programming on dense matrices."""
    unit = np.where(problem.bulk == -1, 1.0, np.max(start))
    row = np.where(problem.merge == -1, 1.0, np.max(start))
    observed, exact, cells = problem.observed, problem.exact, problem.cells

    def residual(z: Array) -> Array:
        return (observed.rows.matrix @ cells.value(z * unit) - observed.rows.rhs) / observed.sd

    def slope(z: Array) -> Array:
        return np.asarray(
            (observed.rows.matrix @ cells.jacobian(z * unit)).T @ (residual(z) / observed.sd) * unit
        )

    rows = {
        "type": "eq",
        "fun": lambda z: exact.residual(cells.value(z * unit)) / row,
        "jac": lambda z: (exact.matrix @ cells.jacobian(z * unit)).toarray() * unit / row[:, None],
    }
    solver: Any = optimize.minimize
    found = solver(
        lambda z: 0.5 * float(residual(z) @ residual(z)),
        start / unit,
        jac=slope,
        constraints=rows,
        bounds=[(0, None)] * len(start),
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-13},
    )
    assert np.max(np.abs(rows["fun"](found.x))) < 1e-8  # type: ignore[operator]
    return 2.0 * float(found.fun)


@pytest.mark.parametrize(
    ("case", "chi2"), [("not_converged_ucomp.yaml", 19.602162121), ("gross_mixed_212.yaml", 1089.439135849)]
)
def test_systems_that_a_dense_solver_solves_settle_there(case: str, chi2: float) -> None:
    """The first knows most flows by compositions alone; the misfit of the second falls for ever as a loop of
    it grows, and has a least point among small flows."""
    problem = problem_of(f"not-converged/{case}")
    found = reconcile(problem, max_iterations=200)
    assert found.chi2 == pytest.approx(chi2, rel=1e-9)
    nudged = np.where(found.x > 0, found.x * (1 + 1e-3 * np.sin(np.arange(len(found.x)))), 0.0)
    assert dense(problem, nudged) == pytest.approx(chi2, rel=1e-6)


@pytest.mark.parametrize("seed", [4, 7, 11])
@pytest.mark.parametrize("cv", [0.02, 0.1])
def test_flows_known_by_assays_alone_end_where_the_truth_leads(seed: int, cv: float) -> None:
    """None ends at 0, and the optimum is the one that the true flows and assays lead to."""
    circuit = drawn(np.random.default_rng(seed))
    model = circuit.model(seed, cv)
    found = reconcile(model.problem)
    assert np.all(flows_of(model, found) > 0.01 * circuit.flows)
    best = again(model.problem, true_point(circuit, model.problem))
    assert found.chi2 == pytest.approx(best.chi2, abs=1e-6)


def true_point(circuit: Circuit, problem: LeastSquares) -> Array:
    """The true flows and shares as unknowns, by their names (`s3`, `compositions.k3[c1]`)."""
    point = np.empty(len(problem))
    for k in range(len(problem)):
        name = problem.name(k)
        if name.startswith("compositions.k"):
            stream, _, component = name.removeprefix("compositions.k").rstrip("]").partition("[c")
            point[k] = circuit.shares[int(stream), int(component)]
        else:
            point[k] = circuit.flows[int(name.removeprefix("s"))]
    return point


@pytest.mark.parametrize("weight", [{"sd": 0}, {"cv": 0.02}])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e6])
def test_the_size_of_the_feed_and_its_error_change_no_proportion(
    weight: dict[str, float], size: float
) -> None:
    circuit = drawn(np.random.default_rng(5))
    found = []
    for factor, error in ((1.0, {"cv": 0.02}), (size, weight)):
        model = circuit.model(5, 0.1)
        document = circuit.document(
            circuit.assayed(0.1, np.random.default_rng(5)), 0.1, circuit.flows[circuit.feeds]
        )
        document["observations"] = {
            name: {"of": report["of"], "sum": "element", "value": report["value"] * factor} | error
            for name, report in document["observations"].items()
        }
        model = build(mfa.load(document))
        found.append(flows_of(model, reconcile(model.problem)) / factor)
    if len(circuit.feeds) == 1:
        np.testing.assert_allclose(found[1], found[0], rtol=1e-7)
    assert np.all(found[1] > 0)


def test_shares_of_a_stream_that_is_nothing_count_as_untested() -> None:
    circuit = drawn(np.random.default_rng(4))
    problem = circuit.model(4, 0.1).problem
    assays = assays_of(problem)
    assert assays is not None
    assert assays.tell
    point = true_point(circuit, problem)
    assert assays.untested(point) == 0
    flow = int(np.flatnonzero(assays.flows)[3])
    ended = np.where(np.arange(len(point)) == flow, 0.0, point)
    assert assays.untested(ended) == circuit.mass.shape[1] - 1
    assert assays.ended(ended).tolist() == [flow]


def test_weighed_flows_are_not_known_by_their_compositions() -> None:
    circuit = drawn(np.random.default_rng(4))
    document = circuit.document(circuit.shares, 0.1, circuit.flows[circuit.feeds])
    for k, flow in enumerate(circuit.flows):
        document["observations"][f"all{k}"] = {
            "of": f"s{k}",
            "sum": "element",
            "value": float(flow),
            "cv": 0.1,
        }
    assays = assays_of(build(mfa.load(document)).problem)
    assert assays is not None
    assert not assays.tell


def test_products_without_a_common_point_are_not_called_infeasible() -> None:
    """x y = 4 with x + y = 1 has no answer, which no linearisation proves."""
    small = Small()
    small.unknown("x", 0.5)
    small.unknown("y", 0.5)
    small.exact({("x", "y"): 1}, 4.0, name="product")
    small.exact({"x": 1, "y": 1}, 1.0, name="sum")
    small.observe({"x": 1}, 0.4, 0.1)
    with pytest.raises(NotConverged, match=r"no point was found at which all rows hold.*product") as error:
        reconcile(small.problem())
    assert error.value.problems[0].code == "not-converged"


def test_a_local_optimum_is_said_to_be_one() -> None:
    problem = problem_of("not-converged/gross_mixed_212.yaml")
    found = reconcile(problem, max_iterations=200)
    warning = start_problems(problem, found)[0]
    assert warning.code == "local-optimum"
    assert f"the best of {found.starts.tried} starts" in warning.text
    ended = start_problems(problem, replace(found, starts=Starts(4, 0, 1, (0, 5))))[0]
    assert "f3, f4 end at 0, and nothing tests the compositions there" in ended.text
    assert start_problems(problem, replace(found, starts=Starts())) == []


def test_a_run_says_local_optimum_in_its_facts_warnings_and_report() -> None:
    result = mfa.run(mfa.load(CASES / "not-converged" / "gross_mixed_212.yaml"))
    assert result.facts["optimum"] == "local"
    assert any("local-optimum" in text for text in result.warnings)
    assert mfa.run(mfa.load(CASES / "order" / "linear.yaml")).facts["optimum"] == "global"


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [("solve.robust", "l1", "under the loss l1"), ("uncertainty.method", "montecarlo", "for every draw")],
)
def test_what_does_not_settle_at_the_size_of_the_world_is_refused_before_it_starts(
    key: str, value: str, text: str
) -> None:
    said: list[str] = []
    with pytest.raises(InputError, match=f"has 14,859.*{text}"):
        mfa.run(mfa.load("rare_earths", set={key: value}), progress=said.append)
    assert not any(line.startswith("solving") for line in said)
