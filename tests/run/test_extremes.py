"""Scenarios at the edge: figures that cannot both hold, or that are surer or larger than others by far."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import mfa
from mfa.errors import Infeasible

Document = dict[str, Any]
PLANT = {"a": ("in", "p"), "b": ("p", "out")}
BESIDE = {"c": ("in", "q"), "d": ("q", "out")}


def scenario(flows: dict[str, tuple[str, str]], *reports: tuple[str, float, float]) -> Document:
    """Flows from process to process, and reports of them: flow, value in t, sd."""
    processes = {n: {} for ends in flows.values() for n in ends}
    processes |= {"in": {"kind": "source"}, "out": {"kind": "sink"}}
    seen = {f"r{k}": {"of": of, "value": v, "unit": "t", "sd": sd} for k, (of, v, sd) in enumerate(reports)}
    arrows = {name: {"from": a, "to": b} for name, (a, b) in flows.items()}
    return {"mfa": 1, "name": "edge", "processes": processes, "flows": arrows, "observations": seen}


def answer(document: Document, name: str) -> tuple[float, float]:
    """Value and sd of a flow."""
    found = mfa.run(mfa.load(document))
    return float(found.flow(name)), float(found.sd(name))


@pytest.mark.parametrize("apart", [1.0, 1e-6, 1e-7, 3e-8, 1e-8])
@pytest.mark.parametrize("beside", [False, True])
def test_exact_figures_that_differ_are_named(apart: float, beside: bool) -> None:
    reports = [("a", 10.0, 0.0), ("b", 10.0 * (1 + apart), 0.0)]
    document = scenario(PLANT | BESIDE, *reports, *[("c", 4.0, 1.0)] * beside)
    with pytest.raises(Infeasible) as caught:
        mfa.run(mfa.load(document))
    texts = [p.text for p in caught.value.problems]
    assert [t.split(" (")[0] for t in texts] == ["balance of p", "r0", "r1"]


@pytest.mark.parametrize("apart", [0.1, 1e-8])
def test_two_exact_figures_of_one_flow_that_differ_are_named(apart: float) -> None:
    document = scenario(PLANT, ("a", 10.0, 0.0), ("a", 10.0 * (1 + apart), 0.0))
    with pytest.raises(Infeasible) as caught:
        mfa.run(mfa.load(document))
    assert [p.text.split(" (")[0] for p in caught.value.problems] == ["r0", "r1"]


def test_exact_figures_that_say_the_same_are_none() -> None:
    assert answer(scenario(PLANT, ("a", 10.0, 0.0), ("a", 10.0, 0.0), ("b", 10.0, 0.0)), "b") == (10.0, 0.0)


@pytest.mark.parametrize("sd", [1e-3, 1e-9, 1e-12])
def test_reports_surer_than_all_others_still_check_each_other(sd: float) -> None:
    found = mfa.run(mfa.load(scenario(PLANT | BESIDE, ("a", 10.0, sd), ("a", 11.0, sd), ("c", 4.0, 1.0))))
    seen = found.observations
    assert seen["leverage"].to_list() == pytest.approx([0.5, 0.5, 0.0], abs=1e-9)
    assert seen["flag"].to_list() == ["gross error", "gross error", "unchecked"]
    assert not np.signbit(seen["leverage"]).any()
    assert found.facts["degrees_of_freedom"] == 1.0
    assert found.facts["chi_square"] == pytest.approx(0.5 / sd**2)
    assert (float(found.flow("b")), float(found.sd("b"))) == pytest.approx((10.5, sd / np.sqrt(2)), rel=1e-9)


@pytest.mark.parametrize("linked", [False, True])
def test_figures_over_twenty_decades(linked: bool) -> None:
    flows = PLANT | BESIDE | ({"d": ("q", "p")} if linked else {})
    large, small = [("a", 9e11, 1.0), ("b", 9e11 + 2, 1.0)], [("c", 1e-9, 1e-12), ("d", 1.002e-9, 1e-12)]
    document = scenario(flows, *large, *small)
    assert answer(document, "a") == pytest.approx((9e11 + 1, np.sqrt(0.5)), rel=1e-12)
    assert answer(document, "c") == pytest.approx((1.001e-9, 1e-12 * np.sqrt(0.5)), rel=1e-9)


def test_a_sigma_of_a_trillionth_beside_one_of_a_trillion() -> None:
    flows = {"a": ("in", "p"), "b": ("in", "p"), "c": ("p", "out")}
    both = [("a", 1.0, 1e-12), ("b", 2.0, 1e12)]
    assert answer(scenario(flows, *both), "a") == pytest.approx((1.0, 1e-12), rel=1e-9)
    # half a normal distribution is left above 0
    assert answer(scenario(flows, *both), "c") == pytest.approx(
        (3.0, 1e12 * np.sqrt(1 - 2 / np.pi)), rel=1e-9
    )
    cut = stats.truncnorm(-1.5, np.inf, 1.5, 1.0).std()
    assert answer(scenario(flows, *both, ("c", 2.5, 1.0)), "b") == pytest.approx((1.5, cut), rel=1e-9)
    assert answer(scenario(flows, *both, ("c", 2.5, 1.0)), "a") == pytest.approx((1.0, 1e-12), rel=1e-9)


def test_what_nothing_reports_is_said_to_be_free() -> None:
    found = mfa.run(mfa.load(scenario(PLANT | BESIDE, ("a", 10.0, 1.0))))
    assert np.isnan(float(found.sd("c")))
    assert np.isnan(float(found.sd("d")))
    assert (float(found.flow("b")), float(found.sd("b"))) == pytest.approx((10.0, 1.0))
    assert {"c", "d"} <= set(found.free["name"])
