from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from mfa.solve.separable.contraction import Tree, contract

# rows a, b, c, d; columns: b -> a, c -> outside, d -> c twice over, and one that ties a, b and c
LINK, OUT, TWIN = [-1.0, 1.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0], [0.0, 0.0, 1.0, -1.0]


def columns(*given: list[float]) -> sparse.csc_array:
    return sparse.csc_array(np.array(given).T)


def test_a_link_merges_and_an_outlet_takes_out() -> None:
    found = contract(columns(LINK, OUT), np.array([7, 8]), np.array([1.0, 5.0, 2.0, 1.0]))
    assert found is not None
    spread = found.spread.toarray()
    assert np.array_equal(spread[0], spread[1])
    assert not spread[2].any()
    assert spread[3].any()
    assert not (spread[0] * spread[3]).any()
    assert sorted(found.pivots.tolist()) == [7, 8]
    assert not len(found.loose)
    # the larger row of the two is the root: the other gives up its row
    assert 0 in found.rows


def test_a_second_way_closes_a_cycle() -> None:
    found = contract(columns(TWIN, TWIN, OUT), np.arange(3), np.ones(4))
    assert found is not None
    assert len(found.loose) == 1
    assert not found.spread.toarray()[2:].any()


def test_a_column_of_three_rows_merges_once_others_have() -> None:
    three = [1.0, 1.0, -1.0, 0.0]
    found = contract(columns(three, OUT, [1.0, 0.0, 0.0, 0.0]), np.arange(3), np.ones(4))
    assert found is not None
    assert not found.spread.toarray()[:3].any()


def test_columns_of_many_rows_are_eliminated() -> None:
    rng = np.random.default_rng(3)
    many = rng.normal(size=(9, 4)) * (rng.random((9, 4)) < 0.6)
    given = sparse.csc_array(np.column_stack([many, many[:, 0] - many[:, 1]]))
    found = contract(given, np.arange(5), np.ones(9))
    assert found is not None
    assert np.abs(found.merge @ given.toarray()).max() < 1e-12
    assert found.spread.shape == (9, 5)
    assert len(found.pivots) == 4
    assert len(found.loose) == 1
    tree = Tree(given, found)
    x = np.zeros(5)
    x[found.pivots] = tree.solve(np.arange(9.0))
    assert (given @ x)[found.rows] == pytest.approx(np.arange(9.0)[found.rows])


def test_gains_follow_the_coefficients() -> None:
    found = contract(columns([2.0, -1.0, 0.0, 0.0]), np.arange(1), np.ones(4))
    assert found is not None
    merge = found.merge.toarray()
    assert np.abs(merge @ np.array([2.0, -1.0, 0.0, 0.0])).max() < 1e-15


def test_a_cycle_that_multiplies_belongs_to_the_outside() -> None:
    # a = b and 2 a = b: both are zero, as are their multipliers; the twin beside them is a cycle as ever
    given = columns([1.0, -1.0, 0.0, 0.0], [2.0, -1.0, 0.0, 0.0], [3.0, -3.0, 0.0, 0.0], TWIN)
    found = contract(given, np.arange(4), np.ones(4))
    assert found is not None
    spread = found.spread.toarray()
    assert not spread[:2].any()
    assert np.array_equal(spread[2], spread[3])
    assert len(found.pivots) == 3
    assert len(found.loose) == 1
    right = np.array([1.0, 5.0, 2.0, 0.0])
    x = np.zeros(4)
    x[found.pivots] = Tree(given, found).solve(right)
    assert (given @ x)[found.rows] == pytest.approx(right[found.rows])
    assert set(found.rows) >= {0, 1}


def test_trees_are_solved_from_their_rows() -> None:
    rows = columns(LINK, OUT, TWIN, [1.0, 0.0, 0.0, 0.0])
    found = contract(rows[:, :3], np.arange(3), np.ones(4))
    assert found is not None
    tree = Tree(rows, found)
    x = np.zeros(4)
    right = np.array([1.0, -1.0, 4.0, 2.0])
    x[found.pivots] = tree.solve(right)
    assert (rows @ x)[found.rows] == pytest.approx(right[found.rows])
    assert np.all(tree.noise(np.ones(4)) < 1e-14)
