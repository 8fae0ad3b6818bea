"""Closure of balances."""

from __future__ import annotations

import numpy as np
import pytest

from mfa.core.balance import FLOOR, Balance


def closure(inflow: float, outflow: float, change: float = 0.0) -> Balance:
    return Balance(np.array([inflow]), np.array([outflow]), np.array([change]))


@pytest.mark.parametrize(
    ("inflow", "outflow", "change", "relative"),
    [
        (10, 10, 0, 0),
        (10, 9, 0, 0.1),
        (9, 10, 0, 0.1),
        (10, 4, 6, 0),
        (4, 10, -6, 0),
        (0, 8, -10, 0.2),
        (0, 0, 0, 0),
        (1e-5, 0, 0, 1e-5 / FLOOR),
    ],
)
def test_relative_to_the_nodes_own_throughput(
    inflow: float, outflow: float, change: float, relative: float
) -> None:
    assert closure(inflow, outflow, change).relative[0] == pytest.approx(relative)


def test_what_does_not_close_and_what_is_no_number_fail() -> None:
    balance = Balance(np.array([1, 1 + 1e-8, np.nan, 1 + 1e-10]), np.ones(4), np.zeros(4))
    assert balance.failing().tolist() == [1, 2]
    assert balance.failing(1e-6).tolist() == [2]
