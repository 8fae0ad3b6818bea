"""Reserves: depletion, additions, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import InputError
from tests.build.documents import CHAIN, merged, solved

RESERVE: dict[str, Any] = {"at": "mine", "kind": "reserve", "outflow": "ore", "recovery": 0.8}


def with_reserve(**stated: Any) -> dict[str, Any]:
    return {"stocks": {"reserves": {**RESERVE, **stated}}}


def test_depletion_is_what_leaves_over_the_recovery() -> None:
    result = solved(**with_reserve(initial={"value": 50, "unit": "kt", "sd": 0}))
    level = result.stock("reserves").sel(region="BBB")
    np.testing.assert_allclose(level, [40000, 30000, 20000], rtol=1e-9)
    assert result.parameters.set_index("name").loc["reserves.initial", "standing"] == "exact"


def test_additions_of_a_year_are_an_assumption_among_the_parameters() -> None:
    stated = {
        "initial": {"value": 50, "unit": "kt", "sd": 1},
        "additions": {"value": 1, "sd": 0.5, "unit": "kt"},
    }
    result = solved(**with_reserve(**stated))
    np.testing.assert_allclose(result.stock("reserves").sel(region="BBB"), [41000, 32000, 23000], rtol=1e-6)
    assert set(result.observations["name"]) == {"dug"}
    added = result.parameters.query("name == 'reserves.additions'")
    assert added["source"].unique().tolist() == ["assumption"]
    assert added["adjusted"].tolist() == pytest.approx([1000.0] * 9)


def test_a_reserve_without_an_initial_level_is_refused() -> None:
    with pytest.raises(InputError, match='reserve "reserves" has no `initial`'):
        mfa.run(mfa.load(merged(CHAIN, with_reserve())))


def test_regions_without_an_initial_level_are_named(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("region,value\nAAA,50000\n")
    initial = {"table": str(tmp_path / "r.csv"), "dims": ["region"], "unit": "t", "cv": 0.1}
    with pytest.raises(InputError, match='"reserves" has no initial level for BBB; CCC'):
        mfa.run(mfa.load(merged(CHAIN, with_reserve(initial=initial))))


def test_a_recovery_above_one_is_refused() -> None:
    stated = with_reserve(initial={"value": 50, "unit": "kt", "sd": 1}, recovery=1.5)
    with pytest.raises(InputError, match="recovery"):
        mfa.run(mfa.load(merged(CHAIN, stated)))


@pytest.mark.parametrize("key", ["recovery", "additions"])
def test_what_is_stated_of_some_regions_is_asked_of_all(key: str) -> None:
    reserve = {"at": "mine", "kind": "reserve", "initial": 100, key: {"data": {"A": 0.5}, "dims": "region"}}
    document = {
        "mfa": 1,
        "dimensions": {"region": ["A", "B"]},
        "processes": {"mine": {"kind": "source"}, "use": {"kind": "sink"}},
        "flows": {"mined": {"from": "mine", "to": "use"}},
        "stocks": {"left": reserve},
        "solve": {"question": "simulate"},
        "drivers": {"d": {"of": "mined", "value": 10}},
    }
    with pytest.raises(InputError, match=f'`{key}` of "left" has no number for B'):
        mfa.run(document)
