"""The smallest set of rows in conflict."""

from __future__ import annotations

import numpy as np
import pytest

from mfa.errors import Infeasible
from mfa.solve.conflict import explain_infeasible, relaxed_conflict
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from mfa.solve.solution import Solution
from tests.solve.cases import three_flows
from tests.solve.small import Small


def chain(length: int, first: float, last: float) -> Small:
    """Flows that must all be equal, with both ends given."""
    small = Small()
    for k in range(length):
        small.unknown(f"F{k}", first)
        small.unknown(f"G{k}", first)
    for k in range(length - 1):
        small.exact({f"F{k}": 1, f"F{k + 1}": -1}, name=f"balance {k}")
        small.exact({f"G{k}": 1, f"G{k + 1}": -1}, name=f"other {k}")
    small.exact({"F0": 1}, first, name="first")
    small.exact({f"F{length - 1}": 1}, last, name="last")
    small.observe({"F0": 1}, 1.0, 1.0)
    return small


def test_no_conflict_no_problem() -> None:
    assert explain_infeasible(three_flows()) == []
    assert explain_infeasible(chain(4, 2.0, 2.0).problem()) == []


def test_the_whole_chain_and_nothing_else() -> None:
    found = {p.text for p in explain_infeasible(chain(4, 2.0, 3.0).problem())}
    assert found == {"first", "last", "balance 0", "balance 1", "balance 2"}


def test_a_bound_in_conflict_is_named() -> None:
    small = Small()
    small.unknown("x", 1.0, high=5.0)
    small.exact({"x": 1}, 7.0, name="x is 7")
    small.observe({"x": 1}, 1.0, 1.0)
    found = [p.text for p in explain_infeasible(small.problem())]
    assert found == ["x is 7", "x between 0 and 5"]


def test_crossed_bounds() -> None:
    small = Small()
    small.unknown("x", 1.0, low=3.0, high=2.0)
    small.observe({"x": 1}, 1.0, 1.0)
    (found,) = explain_infeasible(small.problem())
    assert "lower bound of 3 above its upper bound of 2" in found.text


def test_magnitude_does_not_hide_a_conflict() -> None:
    small = Small()
    for name, scale in (("big", 1e6), ("trace", 1e-6)):
        small.unknown(name, scale, scale=scale)
    small.exact({"big": 1}, 1e6, name="big")
    small.exact({"trace": 1}, 1e-6, name="trace")
    small.exact({"trace": 1, "big": -2e-12}, name="ratio")
    small.observe({"big": 1}, 1e6, 1.0)
    assert {p.text for p in explain_infeasible(small.problem())} == {"big", "trace", "ratio"}
    assert np.isfinite(small.problem().scale).all()


def test_a_conflict_that_no_product_can_mend_is_found_without_solving() -> None:
    small = Small()
    for name in ("flow", "share", "rest"):
        small.unknown(name, 1.0)
    small.exact({"share": 1, "rest": 1}, 1.0, name="shares")
    small.limit({("flow", "share"): 1}, 2.0, name="most")
    small.limit({("flow", "share"): -1}, -3.0, name="least")
    small.observe({"flow": 1}, 2.0, 1.0)
    told = [p.text for p in relaxed_conflict(small.problem())]
    assert told == ["limit most", "limit least"]


def test_two_exact_figures_that_differ_conflict() -> None:
    small = Small()
    small.unknown("flow", 1.0)
    small.exact({"flow": 1}, 1.0, name="one report")
    small.exact({"flow": 1}, 1.1, name="the other")
    small.observe({"flow": 1}, 1.0, 1.0)
    with pytest.raises(Infeasible) as raised:
        reconcile(small.problem())
    assert {"one report", "the other"} <= {p.text for p in raised.value.problems}


def test_products_that_can_meet_the_rows_are_no_conflict() -> None:
    small = Small()
    for name in ("flow", "share"):
        small.unknown(name, 1.0, high=5.0)
    small.exact({("flow", "share"): 1}, 25.0, name="most there is")
    assert relaxed_conflict(small.problem()) == []
    small.limit({("flow", "share"): -1}, -25.1, name="more than there is")
    assert relaxed_conflict(small.problem())


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("apart", [1e-3, 1e-6, 1e-7, 3e-8])
def test_exact_figures_a_little_apart_are_named(apart: float, unit: float) -> None:
    small = chain(4, 10.0 * unit, 10.0 * unit * (1 + apart))
    small.unknown("beside", 1e6)
    small.observe({"beside": 1}, 1e6, 1.0)
    with pytest.raises(Infeasible) as caught:
        reconcile(small.problem())
    assert {p.text for p in caught.value.problems} == {"first", "last", "balance 0", "balance 1", "balance 2"}


def test_the_hint_shows_how_little_apart_they_are() -> None:
    with pytest.raises(Infeasible, match=r"F1 = 10\.0000001"):
        reconcile(chain(2, 10.0, 10.0000001).problem())


def test_a_limit_a_little_too_low_is_named() -> None:
    small = chain(3, 10.0, 10.0)
    small.limit({"F1": 1}, 10.0 * (1 - 1e-7), name="at most")
    with pytest.raises(Infeasible) as caught:
        reconcile(small.problem())
    names = {p.text for p in caught.value.problems}
    assert names in ({"limit at most", "first", "balance 0"}, {"limit at most", "last", "balance 1"})


def outcome(problem: LeastSquares) -> set[str] | Solution:
    """The solution, or the names of what conflicts."""
    try:
        return reconcile(problem)
    except Infeasible as error:
        return {p.text for p in error.problems}


@pytest.mark.parametrize("apart", [2e-8, 1e-8, 5e-9, 1e-9])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_at_the_tolerance_there_is_an_answer_that_closes_or_a_conflict(apart: float, unit: float) -> None:
    """Figures this near can be met to 1e-9 of each row's terms."""
    problem = chain(4, 10.0 * unit, 10.0 * unit * (1 + apart)).problem()
    found = outcome(problem)
    if isinstance(found, Solution):
        size = abs(problem.exact.matrix) @ np.abs(found.q) + np.abs(problem.exact.rhs)
        assert np.all(np.abs(problem.exact.residual(found.q)) <= 1.001e-9 * size)
    else:
        assert found == {"first", "last", "balance 0", "balance 1", "balance 2"}


@pytest.mark.parametrize("apart", [0.0, 1e-13, 1e-11])
def test_what_differs_by_rounding_is_no_conflict(apart: float) -> None:
    found = reconcile(chain(4, 10.0, 10.0 * (1 + apart)).problem())
    assert found.x[::2] == pytest.approx(10.0, rel=2e-11)
