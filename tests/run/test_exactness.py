"""What is a hair beyond an exact total is infeasible with its row; what is not finite is named."""

from __future__ import annotations

from typing import Any

import pytest

import mfa
from mfa.errors import Infeasible


def chain(**more: Any) -> dict[str, Any]:
    """10 t enter a mill, exactly; a product and dust leave it."""
    return {
        "mfa": 1,
        "processes": {"s": {"kind": "source"}, "mill": {}, "t": {"kind": "sink"}},
        "flows": {
            "i": {"from": "s", "to": "mill"},
            "f": {"from": "mill", "to": "t"}, "g": {"from": "mill", "to": "t"},
        },
        **more,
        "observations": {
            "fed": {"of": "i", "value": 10, "sd": 0}, "f": {"of": "f", "value": 7, "sd": 1},
            **more.get("observations", {}),
        },
    }  # fmt: skip


@pytest.mark.parametrize("beyond", [2.5e-9, 4e-9, 1e-8, 1e-6])
@pytest.mark.parametrize("products", [False, True])
@pytest.mark.parametrize("form", ["max", "equal", "observed"])
def test_a_hair_beyond_an_exact_total_is_infeasible_with_its_row(
    beyond: float, products: bool, form: str
) -> None:
    less = 10 * (1 - beyond)
    more: dict[str, Any] = (
        {"transfers": {"mill": {"g": {"value": 0.3, "sd": 0.1}, "f": "rest"}}} if products else {}
    )
    if form == "observed":
        more["observations"] = {"out": {"of": ["f", "g"], "value": less, "sd": 0}}
    else:
        more["constraints"] = {"out": {"of": ["f", "g"], form: less}}
    with pytest.raises(Infeasible) as caught:
        mfa.run(mfa.load(chain(**more)))
    text = str(caught.value)
    assert all(name in text for name in ("balance of mill", "fed", "out"))
    assert f"{less:.12g}" in text


def test_an_indicator_that_is_not_finite_is_named() -> None:
    document = chain(
        dimensions={"region": ["AAA", "BBB"]},
        transfers={"mill": {"g": {"data": {"AAA": 0, "BBB": 0.3}, "dims": ["region"]}, "f": "rest"}},
        outputs={"indicators": {"ratio": "f / g", "large": "f * 1e200 * 1e200", "fine": "g / f"}},
    )
    result = mfa.run(mfa.load(document))
    said = [w for w in result.warnings if "not-finite" in w]
    assert len(said) == 2
    assert "indicator ratio is not finite at AAA: it divides by 0" in said[0]
    assert "indicator large is not finite at AAA and 1 more" in said[1]
    table = result.indicators.set_index(["name", "region"])["value"]
    assert table.isna().tolist() == [True, False, True, True, False, False]
