"""Figures that cannot both be, and errors far apart in size."""

from __future__ import annotations

from typing import Any

import pytest

import mfa
from mfa.errors import Infeasible
from mfa.run.result import Result


def plant(robust: str = "l2", **observations: Any) -> Result:
    return mfa.run(
        mfa.load(
            {
                "mfa": 1,
                "processes": {"mine": {"kind": "source"}, "plant": {}, "use": {"kind": "sink"}},
                "flows": {"ore": {"from": "mine", "to": "plant"}, "metal": {"from": "plant", "to": "use"}},
                "observations": observations,
                "solve": {"robust": robust},
            }
        )
    )


def test_two_exact_figures_that_differ_are_both_named() -> None:
    with pytest.raises(Infeasible) as raised:
        plant(dug={"of": "ore", "value": 10, "sd": 0}, sold={"of": "metal", "value": 12, "sd": 0})
    text = [p.text for p in raised.value.problems]
    assert [t for t in text if t.startswith("dug")]
    assert [t for t in text if t.startswith("sold")]
    assert "balance of plant" in text


@pytest.mark.parametrize("robust", ["l2", "huber", "l1", "student_t", "contaminated"])
def test_a_sharp_figure_decides_beside_one_that_says_nothing(robust: str) -> None:
    sharp, blunt = {"of": "ore", "value": 10, "sd": 1e-12}, {"of": "metal", "value": 12, "sd": 1e12}
    assert float(plant(robust, dug=sharp, sold=blunt).flow("ore")) == pytest.approx(10.0, rel=1e-12)


@pytest.mark.parametrize("robust", ["l2", "huber"])
def test_figures_sharper_than_numbers_are_flagged(robust: str) -> None:
    sharp = {"value": 10, "sd": 1e-12}
    found = plant(robust, dug={"of": "ore", **sharp}, sold={"of": "metal", **sharp, "value": 12})
    assert 10 <= float(found.flow("ore")) <= 12
    assert found.observations["flag"].to_list() == ["gross error", "gross error"]
