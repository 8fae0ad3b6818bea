"""The smallest set of rows in conflict."""

from __future__ import annotations

import numpy as np

from mfa.solve.conflict import explain_infeasible
from tests.solve.cases import three_flows
from tests.solve.small import Small


def chain(length: int, first: float, last: float) -> Small:
    """Flows that must all be equal, with both ends given."""
    small = Small()
    for k in range(length):
        small.unknown(f"F{k}")
        small.unknown(f"G{k}")
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
