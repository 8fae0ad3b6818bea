"""Terms and groups: numbering, sums, names."""

from __future__ import annotations

import numpy as np
import pytest

from mfa.build.assembly import Assembly, Terms


def _assembly() -> Assembly:
    """Two groups of unknowns with linear cells, and a product of the first of each."""
    assembly = Assembly()
    first = assembly.unknowns(2, lambda k: f"a{k}", start=np.array([1.0, 2.0]), block=0)
    second = assembly.unknowns(1, lambda k: f"b{k}", start=5.0, mass=False, block=0)
    assembly.linear(first, 2, lambda k: f"a{k}")
    assembly.cells(np.array([first]), second, 2.0, lambda k: "a0 b0")
    return assembly


def test_cells_and_unknowns_keep_their_names_across_groups() -> None:
    problem = _assembly().problem()
    assert [problem.name(k) for k in range(3)] == ["a0", "a1", "b0"]
    assert [problem.cells.name(k) for k in range(3)] == ["a0", "a1", "a0 b0"]


def test_a_product_cell_is_coefficient_times_both() -> None:
    problem = _assembly().problem()
    assert problem.cells.value(problem.start).tolist() == [1.0, 2.0, 10.0]


def test_rows_of_later_groups_are_shifted_and_repeated_terms_added() -> None:
    assembly = _assembly()
    assembly.exact(Terms.of(np.array([0]), np.array([0]), 1.0), np.zeros(1), lambda k: "first")
    twice = Terms.of(np.array([0, 0]), np.array([1, 1]), 1.0)
    assembly.exact(twice, np.array([4.0]), lambda k: "second")
    exact = assembly.problem().exact
    assert exact.matrix.toarray().tolist() == [[1, 0, 0], [0, 2, 0]]
    assert [exact.name(0), exact.name(1)] == ["first", "second"]


def test_only_keeps_some_rows_in_their_order() -> None:
    terms = Terms.of(np.array([0, 3, 5]), np.array([7, 8, 9]), np.array([1.0, 2.0, 3.0]))
    kept = terms.only(np.array([3, 5]))
    assert (kept.row.tolist(), kept.cell.tolist(), kept.weight.tolist()) == ([0, 1], [8, 9], [2.0, 3.0])


@pytest.mark.parametrize(("mass", "expected"), [(True, [True, True, False]), (False, [False, False, False])])
def test_masses_are_known(mass: bool, expected: list[bool]) -> None:
    assembly = Assembly()
    assembly.unknowns(2, str, start=1.0, mass=mass)
    assembly.unknowns(1, str, start=1.0, mass=False)
    assert assembly.masses.tolist() == expected
