"""Constraints: limits and equalities at the labels they are stated for."""

from __future__ import annotations

import numpy as np
import pytest

import mfa
from mfa.errors import Infeasible
from tests.build.documents import CHAIN, merged, solved


def test_a_limit_binds_only_where_it_has_a_number() -> None:
    limit = {"quota": {"of": "ore", "max": {"data": {2020: 5, 2021: 9}, "dims": ["year"], "unit": "kt"}}}
    ore = solved(constraints=limit).flow("ore").sel(region="AAA")
    np.testing.assert_allclose(ore, [5000, 8000, 8000], rtol=1e-9)


def test_a_minimum_and_an_equality() -> None:
    both = {
        "floor": {"of": "metal", "at": {"region": "AAA"}, "min": "3 kt"},
        "tie": {"of": {"ore": 1, "slag": -1}, "at": {"region": "BBB"}, "equal": "1 kt"},
    }
    metal = solved(constraints=both).flow("metal").sel(year=2021)
    assert metal.to_series().to_dict() == pytest.approx({"AAA": 3000, "BBB": 1000, "CCC": 2000}, rel=1e-9)


def test_a_constraint_on_a_sum_holds_wherever_one_of_its_flows_is() -> None:
    flows = {"metal": {"where": {"region": ["AAA"]}}}
    cap = {"cap": {"of": ["metal", "slag"], "max": "7 kt"}}
    slag = solved(flows=flows, transfers=None, constraints=cap).flow("slag").sel(year=2020)
    assert float(slag.sel(region="CCC")) == pytest.approx(7000, rel=1e-9)


def test_conflicting_exact_numbers_are_named() -> None:
    exact = merged(CHAIN, {"observations": {"dug": {"sd": 0, "cv": None}}})
    with pytest.raises(Infeasible, match=r"constraints\.cap\.max\[2020, AAA\]|dug"):
        mfa.run(mfa.load(merged(exact, {"constraints": {"cap": {"of": "ore", "max": "7 kt"}}})))
