"""Statistical differences: what a market lacks is flagged, and stays where it is."""

from __future__ import annotations

from typing import Any

import pytest

import mfa
from mfa.errors import InputError

WORLD: dict[str, Any] = {
    "mfa": 1,
    "name": "market",
    "dimensions": {"region": {"labels": ["AAA", "BBB"]}},
    "processes": {
        "mine": {"kind": "source", "where": {"region": "AAA"}},
        "market": {"kind": "market", "statistical_difference": {"cv": 0.1}},
        "use": {"kind": "sink"},
    },
    "flows": {"dug": {"from": "mine", "to": "market"}, "used": {"from": "market", "to": "use"}},
    "trade": {"moved": {"at": "market"}},
    "observations": {
        "dug": {"of": "dug", "value": 100, "cv": 0.05, "unit": "t"},
        "sent": {
            "of": "moved", "at": {"exporter": "BBB", "importer": "AAA"}, "value": 30, "cv": 0.05, "unit": "t",
        },
        "used": {
            "of": "used", "data": {"AAA": 130, "BBB": 0.0001}, "dims": ["region"], "cv": 0.05, "unit": "t",
        },
    },
}  # fmt: skip


def test_a_country_that_exports_without_a_source_is_flagged_not_zeroed() -> None:
    result = mfa.run(mfa.load(WORLD))
    moved = result.trade("moved")
    assert moved["value"].tolist() == pytest.approx([30], rel=0.2)
    gap = result.flow("market.statistical_difference")
    assert float(gap.sel(region="BBB")) == pytest.approx(float(moved["value"].iloc[0]), rel=1e-3)
    assert abs(float(gap.sel(region="AAA"))) < 5
    stated = result.parameters.query("name == 'market.statistical_difference'").set_index("region")
    assert stated.loc["BBB", "flag"] in ("gross error", "suspect")
    assert stated.loc["AAA", "flag"] not in ("gross error", "suspect")
    assert stated.loc["BBB", "source"] == "assumption"
    assert set(result.observations["name"]) == {"dug", "sent", "used"}


def test_without_a_statistical_difference_the_export_cannot_be() -> None:
    document = {**WORLD, "processes": {**WORLD["processes"], "market": {"kind": "market"}}}
    with pytest.raises(
        InputError, match="30 t is reported for exporter BBB, importer AAA, where moved cannot be"
    ):
        mfa.run(mfa.load(document))
