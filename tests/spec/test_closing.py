"""What rounding in print explains of a sum that misses 1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfa.errors import apart
from mfa.spec.closing import nearly_one, rounding


@given(st.lists(st.floats(0.01, 1.0), min_size=3, max_size=12), st.integers(2, 9))
def test_shares_rounded_to_decimals_are_nearly_one(parts: list[float], digits: int) -> None:
    shares = np.array(parts) / np.sum(parts)
    printed = [round(float(s), digits) for s in shares]
    shown = any(round(p, digits - 1) != p for p in printed)  # else the zeros at the end are not kept
    most = 0.5 * np.count_nonzero(printed) * 10.0**-digits
    if shown and abs(sum(printed) - 1) < most * (1 - 1e-6):
        assert nearly_one(printed)
        assert rounding(printed) >= most * (1 - 1e-12)


@given(st.lists(st.floats(0.05, 1.0), min_size=2, max_size=8), st.floats(0.02, 0.5))
def test_what_is_further_off_than_print_is_not(parts: list[float], off: float) -> None:
    shares = np.round(np.array(parts) / np.sum(parts) * (1 - off), 6)
    assert not nearly_one(shares.tolist())


@pytest.mark.parametrize(
    "shares",
    [[0.7, 0.4, 0.1], [0.5, 0.45], [0.5, 0.3, 0.1], [0.3] * 3, [0.7, 0.29], [0.6666, 0.3333], [0.5], []],
)
def test_sums_that_are_not_one(shares: list[float]) -> None:
    assert not nearly_one(shares)


@pytest.mark.parametrize(
    "shares", [[1 / 3] * 3, [0.33] * 3, [0.333] * 3, [0.1] * 10, [1.0], [0.25146, 0.50002, 0.24851]]
)
def test_sums_that_are_one_but_for_print(shares: list[float]) -> None:
    assert nearly_one(shares)


@given(st.floats(0.5, 1.5))
def test_a_number_is_told_from_one(number: float) -> None:
    assert number == 1 or abs(number - 1) < 1e-15 or apart(number) != "1"
