"""From documents to systems: where processes, flows and stocks exist."""

from __future__ import annotations

import numpy as np
import pytest

import mfa
from mfa.build import build
from tests.build.documents import CHAIN, merged, solved


def test_a_flow_exists_where_both_its_ends_do() -> None:
    where = {
        "mine": {"where": {"region": ["AAA", "BBB"]}},
        "use": {"where": {"region": ["BBB", "CCC"], "year": [2021, 2022]}},
    }
    system = build(mfa.load(merged(CHAIN, {"processes": where}))).system
    labels = {tuple(c) for c in system.edge("metal").cells.coords.tolist()}
    assert labels == {(1, 1), (2, 1)}
    assert len(system.edge("ore").cells) == 6
    assert len(system.nodes) == 9


def test_a_stock_lasts_through_a_year_without_flows() -> None:
    changes = {
        "processes": {"use": {"kind": "stock"}},
        "flows": {"metal": {"where": {"year": [2020, 2022]}}},
        "transfers": None,
        "stocks": {"in_use": {"at": "use", "inflow": "metal"}},
        "observations": {"sold": {"of": "metal", "value": 2, "cv": 0.1, "unit": "kt"}},
    }
    level = solved(**changes).stock("in_use").sel(region="AAA")
    np.testing.assert_allclose(level, [2000, 2000, 4000])


def test_a_flow_that_exists_nowhere_is_a_warning() -> None:
    where = {"plant": {"where": {"region": "AAA"}}, "waste": {"where": {"region": "BBB"}}}
    model = build(mfa.load(merged(CHAIN, {"processes": where, "transfers": None})))
    assert [p.code for p in model.warnings] == ["empty-flow"]
    assert '"slag" exists at no label' in model.warnings[0].text


@pytest.mark.parametrize("dims", [{}, {"year": [2020, 2021], "element": ["Nd", "Fe"]}])
def test_a_source_and_a_sink_need_no_process_between_them(dims: dict[str, list[object]]) -> None:
    document = {
        "mfa": 1,
        "dimensions": dims,
        "processes": {"mine": {"kind": "source"}, "use": {"kind": "sink"}},
        "flows": {"ore": {"from": "mine", "to": "use"}},
        "observations": {
            "dug": {"of": "ore", "value": 10, "sd": 3, "sum": list(dims)[1:]},
            "sold": {"of": "ore", "value": 20, "sd": 4, "sum": list(dims)[1:]},
        },
    }
    result = mfa.run(mfa.load(document))
    total = result.flow("ore").sum(list(dims)[1:])
    np.testing.assert_allclose(total, (10 / 9 + 20 / 16) / (1 / 9 + 1 / 16))
    assert result.balances.empty


@pytest.mark.parametrize(
    "changes",
    [
        {"flows": None, "transfers": None, "observations": None},
        {
            "processes": {
                p: {"where": {"region": "BBB" if p == "plant" else "AAA"}}
                for p in ("mine", "plant", "use", "waste")
            },
        },
    ],
    ids=["none", "nowhere"],
)
def test_a_system_without_a_flow_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(mfa.MfaError) as raised:
        solved(**changes)
    assert "empty-system" in [p.code for p in raised.value.problems if p.severity == "error"]


def test_a_trade_exists_for_the_pairs_that_are_reported() -> None:
    changes = {
        "processes": {"plant": {"kind": "market"}},
        "trade": {"moved": {"at": "plant"}},
        "transfers": None,
        "observations": {
            "sent": {
                "of": "moved",
                "at": {"year": 2021, "exporter": "AAA", "importer": ["BBB", "CCC"]},
                "value": 1,
                "cv": 0.1,
                "unit": "t",
            }
        },
    }
    system = build(mfa.load(merged(CHAIN, changes))).system
    assert system.edge("moved").cells.coords.tolist() == [[1, 0, 1], [1, 0, 2]]


@pytest.mark.parametrize("pairs", ["all"])
def test_all_pairs_leave_out_trade_with_oneself(pairs: str) -> None:
    changes = {
        "processes": {"plant": {"kind": "market"}},
        "trade": {"moved": {"at": "plant", "pairs": pairs}},
    }
    system = build(mfa.load(merged(CHAIN, changes | {"transfers": None}))).system
    coords = system.edge("moved").cells.coords
    assert len(coords) == 3 * 6
    assert (coords[:, 1] != coords[:, 2]).all()
