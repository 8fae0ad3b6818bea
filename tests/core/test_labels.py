"""Dimensions and cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfa.core.labels import CellIndex, Dimension, at_cells, full_index, keys, matches
from mfa.errors import UnknownName

SIZES = {"year": 3, "region": 2, "element": 4}


def test_a_label_a_dimension_lacks_gets_a_hint() -> None:
    dimension = Dimension("region", ("CHN", "USA"), {"CHN": "China"})
    assert [dimension.index("USA"), len(dimension)] == [1, 2]
    assert [dimension.title("CHN"), dimension.title("USA")] == ["China", "USA"]
    with pytest.raises(UnknownName, match='did you mean "CHN"'):
        dimension.index("CHM")


def test_every_cell_of_a_dense_tensor_last_axis_fastest() -> None:
    index = full_index(["year", "exporter", "importer"], SIZES)
    assert index.coords.tolist() == np.argwhere(np.ones((3, 2, 2))).tolist()
    assert len(full_index([], SIZES)) == 1
    assert index.keep(index.column("importer") == 1).column("exporter").tolist() == [0, 1] * 3


def test_keys_are_equal_where_the_labels_are() -> None:
    index = full_index(["year", "region", "element"], SIZES)
    code = keys(index, ["region", "year"], SIZES)
    assert len(set(code.tolist())) == 6
    assert (code == index.column("region") * 3 + index.column("year")).all()


def test_an_array_at_the_cells_of_an_index() -> None:
    index = CellIndex(("year", "exporter", "importer"), np.array([[0, 0, 1], [2, 1, 0]]))
    values = np.arange(8.0).reshape(2, 4)
    assert at_cells(values, ["region", "element"], index, 4, "exporter").tolist() == values.tolist()
    assert at_cells(values, ["region", "element"], index, 4, "importer").tolist() == values[::-1].tolist()
    assert at_cells(np.array(7), [], index, 2).tolist() == [[7, 7], [7, 7]]


@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)))
def test_matches_are_all_equal_pairs(own: list[int], wanted: list[int]) -> None:
    i, j = matches(np.array(own, np.int64), np.array(wanted, np.int64))
    pairs = [(a, b) for a in range(len(own)) for b in range(len(wanted)) if own[a] == wanted[b]]
    assert sorted(zip(i.tolist(), j.tolist(), strict=True)) == pairs
