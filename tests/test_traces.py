"""A trace element beside a main one closes to 1e-9 of its own throughput, through a scenario."""

from __future__ import annotations

from typing import Any

import pytest

import mfa

CHAIN = ("ore", "roasting", "leaching", "refining", "casting")


def chain(share: float) -> dict[str, Any]:
    """A chain with a loop whose second element is `share` of the first; losses differ by element."""
    flows = {f"to_{b}": {"from": a, "to": b} for a, b in zip(("mine", *CHAIN), (*CHAIN, "use"), strict=True)}
    flows |= {f"lost_{a}": {"from": a, "to": "tailings"} for a in CHAIN}
    flows["returned"] = {"from": "casting", "to": "leaching"}
    reported = {"to_ore": 1.0, "to_leaching": 0.93, "to_use": 0.7, "returned": 0.1}
    reported |= {f"lost_{a}": 0.04 + 0.01 * k for k, a in enumerate(CHAIN)}
    observed = {
        f"{name}_{e}": {"of": name, "at": {"element": e}, "value": part * size, "cv": 0.08, "unit": "t"}
        for e, size in (("Cu", 1e5), ("Te", 1e5 * share))
        for name, part in reported.items()
    }
    ends = {"mine": {"kind": "source"}, "use": {"kind": "sink"}, "tailings": {"kind": "sink"}}
    return {
        "mfa": 1,
        "dimensions": {"element": ["Cu", "Te"]},
        "processes": {**ends, **{n: {} for n in CHAIN}},
        "flows": flows,
        "observations": observed,
    }


@pytest.mark.parametrize("share", [1e-6, 1e-9])
@pytest.mark.parametrize("loss", [0.05, {"value": 0.05, "sd": 0.01}])
def test_a_trace_closes_where_a_share_ties_it_to_the_main_element(share: float, loss: Any) -> None:
    shares = {"roasting": {"lost_roasting": loss, "to_leaching": "rest"}}
    result = mfa.run(mfa.load({**chain(share), "transfers": shares}))
    balance = result.balance()
    assert balance["relative"].max() < 1e-9
    assert set(balance["element"]) == {"Cu", "Te"}
    for element in ("Cu", "Te"):
        into = result.flow("to_roasting").sel(element=element).item()
        lost = result.flow("lost_roasting").sel(element=element).item()
        assert lost / into == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("share", [1e-6, 1e-9])
def test_a_trace_closes_to_its_own_throughput_and_behaves_as_the_main_element(share: float) -> None:
    result = mfa.run(mfa.load(chain(share)))
    for name in result.quantities:
        flow = result.flow(name)
        main, trace = flow.sel(element="Cu").item(), flow.sel(element="Te").item()
        assert trace == pytest.approx(share * main, rel=1e-6), name
    for e in ("Cu", "Te"):
        values = {n: result.flow(n).sel(element=e).item() for n in result.quantities}
        for process in CHAIN:
            into = sum(v for n, v in values.items() if result.quantities[n].target == process)
            out = sum(v for n, v in values.items() if result.quantities[n].source == process)
            assert abs(into - out) <= 1e-9 * into, (process, e)
    assert result.balance()["relative"].max() < 1e-9
