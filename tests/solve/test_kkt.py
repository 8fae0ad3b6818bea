"""The factorised system: refinement, redundant rows, blocks with a border."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from mfa.solve.border import Bordered, border_of
from mfa.solve.kkt import (
    Kkt,
    equilibrated,
    factorise,
    factorise_pivoted,
    ordering_of,
    row_labels,
    with_old_factors,
)
from mfa.solve.problem import Ints


def blocks(seed: int = 0) -> tuple[sparse.csr_array, sparse.csr_array, Ints]:
    """Three blocks of eight unknowns, two shared ones, and one row that spans two blocks."""
    random = np.random.default_rng(seed)
    label = np.array([0] * 8 + [1] * 8 + [2] * 8 + [-1] * 2)
    rows = np.zeros((13, 26))
    for k in range(12):
        rows[k, 8 * (k // 4) + random.choice(8, 3, replace=False)] = random.normal(size=3)
        rows[k, 24 + k % 2] = 1.0
    rows[12, [0, 8]] = 1.0
    pulls = np.diag(10 ** random.uniform(-3, 3, 26))
    return sparse.csr_array(pulls), sparse.csr_array(rows), label


def system(pivoted: bool, rows: sparse.csr_array, pulls: sparse.csr_array, label: Ints) -> Kkt:
    order, fixed = ordering_of(pulls, rows, label), np.zeros(26, dtype=bool)
    if pivoted:
        return factorise_pivoted(pulls, rows, order.labels, fixed=fixed)[0]
    return factorise(pulls, rows, order, fixed=fixed)


@pytest.mark.parametrize("pivoted", [False, True])
def test_solves_to_rounding(pivoted: bool) -> None:
    pulls, rows, label = blocks()
    kkt = system(pivoted, rows, pulls, label)
    wanted = np.random.default_rng(1).normal(size=26 + 26 + 13)
    dense = np.block(
        [
            [np.zeros((26, 26)), pulls.toarray().T, rows.toarray().T],
            [pulls.toarray(), -np.eye(26), np.zeros((26, 13))],
            [rows.toarray(), np.zeros((13, 26)), np.zeros((13, 13))],
        ]
    )
    np.testing.assert_allclose(kkt.solve(dense @ wanted), wanted, rtol=1e-7, atol=1e-9)
    both = np.column_stack([dense @ wanted, dense @ wanted[::-1]])
    np.testing.assert_allclose(kkt.solve(both)[:, 1], wanted[::-1], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("pivoted", [False, True])
def test_consistent_redundant_rows_are_met(pivoted: bool) -> None:
    pulls, rows, label = blocks()
    twice = sparse.csr_array(sparse.vstack([rows, 2 * rows]))
    kkt = system(pivoted, twice, pulls, label)
    rhs = np.concatenate([np.zeros(52), np.ones(13), 2 * np.ones(13)])
    d, _, _ = kkt.split(kkt.solve(rhs))
    np.testing.assert_allclose(twice @ d, rhs[52:], rtol=1e-12)


def test_pivoted_factors_leave_out_as_many_as_the_null_space_has_dimensions() -> None:
    pulls, rows, label = blocks()
    seen = sparse.csr_array(pulls[:20])
    twice = sparse.csr_array(sparse.vstack([rows, 2 * rows]))
    kkt, factors = factorise_pivoted(
        seen, twice, ordering_of(seen, twice, label).labels, fixed=np.zeros(26, dtype=bool)
    )
    rank = np.linalg.matrix_rank(np.vstack([seen.toarray(), rows.toarray()]))
    assert len(factors.null) == (26 - rank) + 13
    assert kkt.matrix.shape[0] - len(factors.null) == np.linalg.matrix_rank(kkt.matrix.toarray(), tol=1e-9)


def test_old_factors_solve_a_system_with_other_bounds() -> None:
    pulls, rows, label = blocks()
    order, fixed = ordering_of(pulls, rows, label), np.zeros(26, dtype=bool)
    old = factorise(pulls, rows, order, fixed=fixed)
    fixed[[3, 11, 20]] = True
    rhs = np.random.default_rng(2).normal(size=26 + 26 + 13)
    near = with_old_factors(old, pulls, rows, fixed=fixed)
    found = near.solve(rhs, rounds=40, patience=20)
    assert near.error(rhs, found) < 1e-14
    np.testing.assert_allclose(
        found, factorise(pulls, rows, order, fixed=fixed).solve(rhs), rtol=1e-7, atol=1e-9
    )
    np.testing.assert_allclose(found[[3, 11, 20]], rhs[[3, 11, 20]], rtol=1e-8)


def test_the_error_of_old_factors_tells_when_they_do_not_serve() -> None:
    pulls, rows, label = blocks()
    order, fixed = ordering_of(pulls, rows, label), np.zeros(26, dtype=bool)
    old = factorise(pulls, rows, order, fixed=fixed)
    near = with_old_factors(old, pulls, rows, fixed=~fixed)
    rhs = np.ones(26 + 26 + 13)
    assert near.error(rhs, near.solve(rhs, rounds=1)) > 1e-6


def test_undetermined_unknowns_stay() -> None:
    rows = sparse.csr_array(np.array([[1.0, 1.0, 0.0]]))
    pulls = sparse.csr_array(np.array([[0.0, 0.0, 1.0]]))
    order = ordering_of(pulls, rows, np.zeros(3, dtype=np.int64))
    kkt = factorise(pulls, rows, order, fixed=np.zeros(3, dtype=bool))
    d, _, _ = kkt.split(kkt.solve(np.array([0.0, 0.0, 0.0, 3.0, 2.0])))
    np.testing.assert_allclose(d, [1.0, 1.0, 3.0], rtol=1e-9)


def test_rows_over_two_blocks_are_border() -> None:
    pulls, rows, label = blocks()
    both = sparse.csr_array(sparse.vstack([pulls, rows]))
    found = row_labels(both, label)
    assert found[-1] == -1
    assert found[:24].tolist() == [0] * 8 + [1] * 8 + [2] * 8


def test_an_unknown_seen_by_the_border_alone_joins_it() -> None:
    matrix = sparse.csc_array(np.array([[1e-9, 1.0, 0.0], [1.0, -1e-9, 1.0], [0.0, 1.0, 1.0]]))
    assert border_of(matrix, np.array([0, -1, 1])).tolist() == [-1, -1, -1]


def test_scaling_brings_rows_to_one() -> None:
    random = np.random.default_rng(4)
    dense = random.normal(size=(9, 9)) * np.outer(10 ** random.uniform(-6, 6, 9), np.ones(9))
    scaled, unit = equilibrated(sparse.csc_array(dense + dense.T))
    np.testing.assert_allclose(np.abs(scaled.toarray()).max(axis=1), 1.0, rtol=0.1)
    np.testing.assert_allclose(scaled.toarray(), unit[:, None] * (dense + dense.T) * unit)


def test_weak_directions_that_depend_on_each_other_are_taken_once() -> None:
    """Pivots far below those of the rest, of which rounding alone makes two more than there are."""
    weak = np.array([1.0, 0.3, 0.7])
    matrix = np.eye(5)
    matrix[:3, :3] = 1e-10 * np.outer(weak, weak)
    factors = Bordered.of(sparse.csc_array(matrix), np.zeros(5, dtype=np.int64))
    wanted = matrix @ np.ones(5)
    found = factors.solve(wanted)
    assert np.all(np.isfinite(found))
    np.testing.assert_allclose(matrix @ found, wanted, atol=1e-18)
    assert len(factors.null) == 2
