"""Rows over unknowns: what is known put in, whole mixes taken out, market balances summed over elements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mfa.solve.equations import Equations, equations
from mfa.solve.problem import LeastSquares
from mfa.solve.simulate import simulate
from tests.solve.small import Small

MIX = ("a", "b")


def market(second: bool = False) -> LeastSquares:
    """6 of a and 2 of b enter a market that one flow leaves, and another of its own mass where `second`."""
    small = Small()
    out = ["out", "other"] if second else ["out"]
    for name in (*out, *MIX, "got a", "got b"):
        small.unknown(name, 0.5 if name in MIX else 1.0)
    small.exact({"a": 1, "b": 1}, 1, name="sums to 1")
    for part, enters in zip(MIX, (6.0, 2.0), strict=True):
        small.exact({(flow, part): -1.0 for flow in out}, -enters, name=f"balance {part}")
    for part in MIX:
        small.exact({("out", part): 0.5, f"got {part}": -1.0}, name=f"share {part}")
    if second:
        small.exact({"other": 1}, 3, name="driver")
    problem = small.problem()
    bulk = [k if n not in MIX else -1 for k, n in enumerate(small.names)]
    merge = np.array([-1, 1, 1, 2, 2, *([3] if second else [])])
    return replace(problem, bulk=np.array(bulk), merge=merge)


def dense(rows: Equations) -> np.ndarray:
    """The rows' linear part, the right sides behind."""
    return np.column_stack([rows.matrix.toarray(), rows.rhs])


@pytest.mark.parametrize("second", [False, True])
def test_the_balance_that_a_mix_leaves_is_summed_to_its_bulk_flows(second: bool) -> None:
    problem = market(second)
    rows = equations(problem)
    added = dense(rows)[len(problem.exact) :]
    assert len(added) == 1
    flows = [-1.0, -1.0] if second else [-1.0]
    assert added[0].tolist() == [*flows, *([0.0] * 4), -8.0]
    assert np.flatnonzero(rows.last).tolist() == [0]


def test_mixes_follow_from_the_bulk_flows_element_by_element() -> None:
    found = simulate(market())
    assert found.x.tolist() == pytest.approx([8, 0.75, 0.25, 3, 1], rel=1e-15)
    assert {s.rows.shape[1] for s in found.order.steps} == {1}


def test_a_row_that_holds_a_whole_mix_holds_its_flow_alone() -> None:
    small = Small()
    for name in ("flow", *MIX):
        small.unknown(name)
    small.exact({"a": 1, "b": 1}, 1)
    small.exact({("flow", "a"): 2.0, ("flow", "b"): 2.0}, 10)
    small.exact({("flow", "a"): 2.0, ("flow", "b"): 3.0}, 11)
    rows = equations(replace(small.problem(), bulk=np.array([0, -1, -1]), merge=np.array([-1, 1, 2])))
    assert dense(rows)[1].tolist() == [2, 0, 0, 10]
    assert rows.products.row.tolist() == [2, 2]


def test_what_bounds_hold_is_put_in_and_what_cancels_is_left_out() -> None:
    small = Small()
    small.unknown("x")
    small.unknown("held", 3.0, low=3.0, high=3.0)
    small.unknown("y")
    small.exact({("x", "held"): 2.0, "held": 1.0, "y": 1.0}, 10)
    rows = equations(small.problem())
    assert dense(rows).tolist() == [[6, 0, 1, 7]]
    assert len(rows.products) == 0
    assert rows.pattern().toarray().tolist() == [[1, 0, 1]]
