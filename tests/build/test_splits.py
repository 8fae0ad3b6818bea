"""What the shares of a process sum to, label by label; loops of exact shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import InputError, MfaError
from mfa.run.result import Result
from tests.build.documents import CHAIN, merged, solved

Y = {"year": 2020, "region": "AAA"}


def split(metal: Any, slag: Any, **changes: Any) -> Result:
    return solved(transfers={"plant": {"metal": metal, "slag": slag}}, **changes)


def by_region(**numbers: Any) -> dict[str, Any]:
    return {"data": numbers, "dims": ["region"]}


def ratio(result: Result, region: str) -> float:
    at = {"year": 2020, "region": region}
    return float(result.flow("metal").sel(at) / result.flow("ore").sel(at))


def test_each_label_is_reconciled_to_one_by_itself() -> None:
    sure = {"BBB": 0.6, "CCC": 0.2}
    result = split(
        by_region(AAA={"value": 0.5, "sd": 0.1}, **sure),
        by_region(AAA={"value": 0.3, "sd": 0.05}, **{k: 1 - v for k, v in sure.items()}),
    )
    moved = 0.2 * 0.1**2 / (0.1**2 + 0.05**2)
    assert [ratio(result, r) for r in ("AAA", "BBB", "CCC")] == pytest.approx([0.5 + moved, 0.6, 0.2])
    assert result.facts["degrees_of_freedom"] == pytest.approx(1, abs=1e-6)


def test_one_share_beside_shares_by_label() -> None:
    """A + B_r = 1 in three regions: two of three sums miss 1, and the third cannot."""
    result = split({"value": 0.7, "sd": 0.1}, {**by_region(AAA=0.3, BBB=0.35, CCC=0.4), "sd": 0.05})
    weights = np.array([1 / 0.1**2, *[1 / 0.05**2] * 3])
    wanted = np.sum(weights * [0.7, 0.7, 0.65, 0.6]) / np.sum(weights)
    assert ratio(result, "CCC") == pytest.approx(wanted)
    assert result.facts["degrees_of_freedom"] == pytest.approx(2, abs=1e-6)


@pytest.mark.parametrize(
    ("metal", "slag", "said"),
    [
        (by_region(AAA=0.5, BBB=0.6, CCC=0.2), by_region(AAA=0.5, BBB=0.5, CCC=0.8), "1.1 for 2020, BBB"),
        (0.5, by_region(AAA=0.5, BBB=0.5, CCC=0.4), "sum to 0.9 for 2020, CCC"),
        (by_region(AAA=0.3333333, BBB=0.5, CCC=0.5), by_region(AAA=0.6666, BBB=0.5, CCC=0.5), "0.999933 for"),
        (1.0000001 - 0.5, 0.5, "sum to 1.0000001: more leaves than enters"),
        ({"value": 0.2, "sd": 0.1}, by_region(AAA=0.5, BBB=1.0, CCC=0.4), 'leave 0 for 2020, BBB and 0.6'),
    ],
)  # fmt: skip
def test_exact_sums_that_are_not_one_are_refused(metal: Any, slag: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        split(metal, slag)


def test_shares_by_label_that_print_rounded_are_closed() -> None:
    thirds = {"AAA": 0.333, "BBB": 0.25, "CCC": 0.1667}
    left = {"AAA": 0.333, "BBB": 0.75, "CCC": 0.4167}
    document = merged(CHAIN, {"flows": {"dust": {"from": "plant", "to": "waste"}}})
    document["transfers"] = {
        "plant": {
            "metal": by_region(**thirds),
            "slag": by_region(**left),
            "dust": by_region(AAA=0.333, BBB=0, CCC=0.4167),
        }
    }
    result = mfa.run(mfa.load(document))
    assert ratio(result, "AAA") == pytest.approx(1 / 3, abs=1e-12)
    assert ratio(result, "BBB") == pytest.approx(0.25, abs=1e-12)
    assert ratio(result, "CCC") == pytest.approx(0.1667 - 1e-4 / 3, abs=1e-12)
    assert (
        "sum to 0.999 for 2020, AAA (and 1 more like it): that is how they are rounded" in result.warnings[0]
    )


def test_a_simulation_cannot_reconcile() -> None:
    unsure = {"value": 0.3, "sd": 0.1}
    document = merged(
        CHAIN, {"transfers": {"plant": {"metal": unsure, "slag": unsure}}, "observations": None}
    )
    document |= {"solve": {"question": "simulate"}, "drivers": {"dug": {"of": "ore", "value": 8}}}
    with pytest.raises(InputError, match=r"sum to 0\.6") as caught:
        mfa.run(mfa.load(document))
    assert "takes stated shares as exact" in caught.value.problems[0].hint


def loop(back: Any, out: Any, **more: Any) -> dict[str, Any]:
    """Two regions: something goes round through a mill and a sieve."""
    return {
        "mfa": 1,
        "dimensions": {"region": ["AAA", "BBB"], "element": ["Fe", "Cu"]},
        "processes": {"mine": {"kind": "source"}, "mill": {}, "sieve": {}, "use": {"kind": "sink"}},
        "flows": {
            "ore": {"from": "mine", "to": "mill"},
            "milled": {"from": "mill", "to": "sieve"},
            "coarse": {"from": "sieve", "to": "mill"},
            "fine": {"from": "sieve", "to": "use"},
        },
        "transfers": {"sieve": {"coarse": back, "fine": out}},
        "observations": {"dug": {"of": "ore", "value": 10, "sd": 1}},
        **more,
    }


@pytest.mark.parametrize("loss", [0.0, 1e-14, 1e-12, 1e-10, 4e-10])
def test_a_loop_that_returns_what_enters_is_refused_by_name(loss: float) -> None:
    over_both = {
        "data": {"AAA": {"Fe": 0.5, "Cu": 0.5}, "BBB": {"Fe": 0.5, "Cu": 1 - loss}},
        "dims": ["region", "element"],
    }
    with pytest.raises(MfaError, match=r"closed-loop\]: the loop milled, coarse returns all that enters it"):
        mfa.run(mfa.load(loop(over_both, "rest")))


@pytest.mark.parametrize("loss", [1e-8, 1e-6, 0.01])
def test_a_loop_that_loses_a_little_is_right(loss: float) -> None:
    result = mfa.run(mfa.load(loop({"data": {"Fe": 0.5, "Cu": 1 - loss}, "dims": ["element"]}, "rest")))
    found = result.flow("milled").sel(region="AAA")
    assert found.sel(element="Fe").item() == pytest.approx(20)
    assert found.sel(element="Cu").item() == pytest.approx(10 / loss, rel=1e-7)


def test_an_uncertain_share_opens_a_loop() -> None:
    unsure = {"value": 1, "sd": 0.05}
    document = loop(unsure, "rest")
    with pytest.raises(InputError, match="or report a flow of the loop"):  # else no flow is the optimum
        mfa.run(mfa.load(document))
    document["observations"]["round"] = {"of": "milled", "value": 50000, "sd": 1000}
    assert float(mfa.run(mfa.load(document)).flow("ore").sum()) > 0
