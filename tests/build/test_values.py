"""Values of a document as arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.build.dims import build_dims
from mfa.build.values import Reader, ValueArray
from mfa.spec.values import Value
from tests.build.documents import CHAIN


def read(raw: Any) -> ValueArray:
    document = mfa.load(CHAIN)
    found = Reader(document, build_dims(document)).array(("x",), Value.model_validate(raw))
    assert found is not None
    return found


def test_numbers_come_in_canonical_units_with_their_uncertainty() -> None:
    found = read({"data": {"AAA": 2, "CCC": 3}, "dims": ["region"], "unit": "kt", "sd": 0.5})
    np.testing.assert_array_equal(found.value, [2000, np.nan, 3000])
    np.testing.assert_array_equal(found.sd, [500, 500, 500])
    assert found.uncertain


@pytest.mark.parametrize(
    ("stated", "sd", "cv"),
    [
        ({"sd": 2}, 2, 0),
        ({"cv": "10%"}, 0, 0.1),
        ({"interval": [4, 10]}, 6 / np.sqrt(12), 0),
        ({"factor": 2}, 0, np.log(2)),
        ({}, 0, 0),
    ],
)
def test_every_way_to_state_an_uncertainty(stated: dict[str, Any], sd: float, cv: float) -> None:
    found = read({"value": 7, **stated})
    assert (float(found.sd), float(found.cv)) == pytest.approx((sd, cv))
    assert found.uncertain == bool(stated)


def test_zero_with_a_relative_error_is_exact() -> None:
    found = read({"data": {"AAA": 0, "BBB": 1}, "dims": ["region"], "cv": 0.1})
    assert found.certain.tolist() == [True, False, False]


def test_years_between_are_filled_with_their_uncertainty(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("year,value,sd\n2020,1,0.2\n2022,3,0.4\n")
    found = read({"table": str(tmp_path / "t.csv"), "dims": ["year"], "interpolate": "linear"})
    np.testing.assert_allclose(found.value, [1, 2, 3])
    np.testing.assert_allclose(found.sd, [0.2, 0.3, 0.4])
    step = read({"table": str(tmp_path / "t.csv"), "dims": ["year"], "interpolate": "step"})
    np.testing.assert_allclose(step.value, [1, 1, 3])
    np.testing.assert_allclose(step.sd, [0.2, 0.2, 0.4])
