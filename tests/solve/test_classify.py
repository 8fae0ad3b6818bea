"""The classification: what is redundant, observed only, determined, free, fixed."""

from __future__ import annotations

import numpy as np
import pytest

from mfa.solve.classify import Classification, classify, free_sums
from mfa.solve.intervals import intervals
from mfa.solve.posterior import Posterior, posterior
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from tests.solve.cases import cencic, table
from tests.solve.small import Small
from tests.solve.worlds import world


def classified(problem: LeastSquares) -> tuple[Classification, Posterior]:
    found = reconcile(problem)
    spread = posterior(problem, found)
    return classify(problem, found, spread), spread


def by_name(problem: LeastSquares, found: Classification) -> dict[str, str]:
    return {problem.name(k): str(status) for k, status in enumerate(found.unknowns)}


def test_cencic() -> None:
    problem = cencic(equal=False)
    statuses = by_name(problem, classified(problem)[0])
    assert statuses == {
        "F1": "redundant", "F2": "fixed", "F3": "redundant", "F4": "determined",
        "F5": "redundant", "F6": "free", "F7": "free", "TC": "redundant",
    }  # fmt: skip


def test_cencic_with_equal_parts() -> None:
    problem = cencic(equal=True)
    statuses = by_name(problem, classified(problem)[0])
    assert statuses["F6"] == statuses["F7"] == "determined"


def test_free_sums_and_intervals() -> None:
    problem = cencic(equal=False)
    found = reconcile(problem)
    spread = posterior(problem, found)
    (total,) = free_sums(problem, found, spread)
    assert (total.row, total.cells) == ("P3", ("F6", "F7"))
    assert total.coefficients == (1.0, 1.0)
    assert total.value == pytest.approx(152.425960, abs=5e-7)
    assert total.sd == pytest.approx(7.882792, abs=5e-7)
    ranges = intervals(spread, np.flatnonzero(spread.free_q)).ends
    assert {problem.cells.name(k) for k in ranges} == {"F6", "F7"}
    for low, high in ranges.values():
        assert (low, high) == pytest.approx((0.0, 152.425960), abs=1e-5)


def closed_market() -> LeastSquares:
    """A market of two parts with a flow of nothing through it, and one with a flow."""
    small = Small()
    for name in ("closed", "open", "a", "b", "c", "d"):
        small.unknown(name, 0.5)
    small.exact({"closed": 1}, 0.0)
    small.exact({"a": 1, "b": 1}, 1.0, name="parts of closed")
    small.exact({"a": -2, "b": -2}, -2.0, name="the same again")
    small.exact({"c": 1, "d": 1}, 1.0, name="parts of open")
    small.observe({"open": 1}, 3.0, 0.1)
    small.observe({("closed", "a"): 1}, 0.0, 0.1, counted=False)
    small.observe({("open", "c"): 1}, 1.0, 0.1)
    return small.problem()


def test_a_product_with_nothing_is_determined_and_its_share_free() -> None:
    problem = closed_market()
    found = reconcile(problem)
    spread = posterior(problem, found)
    assert [problem.name(int(k)) for k in np.flatnonzero(spread.free_x)] == ["a", "b"]
    product = np.flatnonzero(problem.cells.j >= 0)
    assert not np.any(spread.free_q[product])
    assert spread.sd_q[product[0]] == 0.0
    assert {problem.cells.i[k] for k in intervals(spread, np.flatnonzero(spread.free_q)).ends} == {2, 3}
    (total,) = free_sums(problem, found, spread)
    assert (total.row, total.value, total.sd) == ("parts of closed", pytest.approx(1.0), pytest.approx(0.0))


def test_weakly_determined_is_not_free() -> None:
    small = Small()
    for name in ("total", "big", "small"):
        small.unknown(name, 1.0)
    small.exact({"total": 1, "big": -1, "small": -1})
    small.observe({"total": 1}, 2.0, 0.001)
    small.observe({"small": 1}, 1.0, 1e6)
    problem = small.problem()
    found, spread = classified(problem)
    assert by_name(problem, found) == {"total": "observed", "big": "determined", "small": "observed"}
    assert spread.sd_x[1:] == pytest.approx([1e6, 1e6], rel=1e-6)


def test_an_unbounded_loop_has_no_upper_end() -> None:
    small = Small()
    for name in ("a", "b"):
        small.unknown(name, 3.0)
    small.exact({"a": 1, "b": -1}, name="loop")
    small.unknown("c", 1.0)
    small.observe({"c": 1}, 2.0, 1.0)
    problem = small.problem()
    found, spread = classified(problem)
    assert by_name(problem, found) == {"a": "free", "b": "free", "c": "observed"}
    assert list(intervals(spread, np.flatnonzero(spread.free_q)).ends.values()) == [(0.0, np.inf)] * 2


def test_at_a_bound_is_fixed() -> None:
    problem = table(0.0)
    assert by_name(problem, classified(problem)[0])["z11"] == "fixed"


def test_observations() -> None:
    small = Small()
    for name in ("x", "y", "z"):
        small.unknown(name)
    small.observe({"x": 1}, 1.0, 1.0)
    small.observe({"x": 1}, 2.0, 1.0)
    small.observe({"y": 1}, 3.0, 1.0)
    small.observe({"y": 1}, 9.0, 1.0, counted=False)
    small.observe({"z": 1}, 9.0, 1.0, counted=False)
    found, _ = classified(small.problem())
    assert found.observations.tolist() == ["redundant", "redundant", "observed", "determined", "free"]
    assert found.unknowns.tolist() == ["redundant", "observed", "free"]


@pytest.mark.parametrize("ratio", [1e-6, 1.0, 1e6])
def test_free_is_not_a_matter_of_magnitude(ratio: float) -> None:
    small = Small()
    for name, value in (("total", 1.0), ("big", 1.0), ("small", ratio), ("known", 1.0)):
        small.unknown(name, value, scale=value)
    small.exact({"total": 1, "big": -1, "small": -1})
    small.exact({"small": 1, "known": -ratio})
    small.observe({"total": 1}, 2.0 + ratio, 0.1)
    problem = small.problem()
    statuses = by_name(problem, classified(problem)[0])
    assert statuses == {"total": "observed", "big": "free", "small": "free", "known": "free"}


def test_a_fully_reported_world_has_nothing_free() -> None:
    problem = world(years=2, regions=3, miners=2).problem
    assert not np.any(classified(problem)[0].unknowns == "free")


def test_the_problem_is_left_as_it_was() -> None:
    problem = cencic(equal=False)
    before = problem.exact.matrix.toarray()
    found = reconcile(problem)
    free_sums(problem, found, posterior(problem, found))
    np.testing.assert_array_equal(problem.exact.matrix.toarray(), before)
