"""Transfer coefficients as rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mfa
from mfa.errors import InputError
from tests.build.documents import CHAIN, merged, solved


def test_a_share_that_varies_over_a_further_dimension_holds_label_by_label() -> None:
    result = solved(
        dimensions={"grade": {"labels": ["low", "high"]}},
        flows={"metal": {"by": ["grade"]}},
        transfers={"plant": {"metal": {"data": {"low": 0.1, "high": 0.3}, "dims": ["grade"]}}},
    )
    metal = result.flow("metal")
    np.testing.assert_allclose(metal.sel(grade="low"), 800.0)
    np.testing.assert_allclose(metal.sel(grade="high"), 2400.0)
    np.testing.assert_allclose(result.flow("slag"), 4800.0)


def test_one_share_is_that_of_all_labels_of_a_further_dimension_together() -> None:
    result = solved(
        dimensions={"grade": {"labels": ["low", "high"]}},
        flows={"metal": {"by": ["grade"]}},
        observations={"low": {"of": "metal", "at": {"grade": "low"}, "value": 500, "cv": 0.1, "unit": "t"}},
    )
    np.testing.assert_allclose(result.flow("metal").sum("grade"), 2000.0)
    np.testing.assert_allclose(result.flow("metal").sel(grade="high"), 1500.0, rtol=1e-6)


def test_where_no_share_is_stated_there_is_no_row(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("region,value\nAAA,0.25\nBBB,0.5\n")
    share = {"table": str(tmp_path / "s.csv"), "dims": ["region"], "sd": 0.01}
    metal = {"sold": {"of": "metal", "at": {"region": "CCC"}, "value": 3, "cv": 0.1, "unit": "kt"}}
    result = solved(transfers={"plant": {"metal": share}}, observations=metal)
    found = result.flow("metal").sel(year=2021)
    assert found.to_series().to_dict() == pytest.approx({"AAA": 2000, "BBB": 4000, "CCC": 3000}, rel=1e-6)


def test_exact_and_uncertain_shares_of_one_table(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("region,value,sd\nAAA,0,0\nBBB,0.5,0\nCCC,0.2,0.05\n")
    share = {"table": str(tmp_path / "s.csv"), "dims": ["region"]}
    metal = {"sold": {"of": "metal", "at": {"region": ["BBB", "CCC"]}, "value": 3, "cv": 0.1, "unit": "kt"}}
    result = solved(transfers={"plant": {"metal": share}}, observations=metal)
    ratio = result.flow("metal") / result.flow("ore")
    np.testing.assert_allclose(ratio.sel(region="BBB"), 0.5, rtol=1e-9)
    assert 0.2 < float(ratio.sel(year=2020, region="CCC")) < 0.375
    assert (result.status("metal").sel(region="AAA") == -1).all()
    shares = result.parameters.set_index("region")
    assert shares["standing"].to_dict() == {"BBB": "exact", "CCC": "counted"}
    assert shares["adjusted_sd"].to_dict()["BBB"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("number", ["1.2", "-0.1"])
def test_a_table_with_what_is_no_share_is_refused(tmp_path: Path, number: str) -> None:
    (tmp_path / "s.csv").write_text(f"region,value\nAAA,{number}\n")
    share = {"table": str(tmp_path / "s.csv"), "dims": ["region"]}
    with pytest.raises(InputError, match="between 0 and 1"):
        mfa.run(mfa.load(merged(CHAIN, {"transfers": {"plant": {"metal": share}}})))


def test_a_share_by_element_does_not_go_with_a_composition() -> None:
    document = merged(
        CHAIN,
        {
            "dimensions": {"element": {"labels": ["La", "Nd"]}},
            "flows": {"ore": {"commodity": "ore"}, "metal": {"commodity": "metal"}},
            "compositions": {
                "ore": {"data": {"La": 0.4, "Nd": 0.6}, "dims": ["element"]},
                "metal": "mixed",
            },
            "transfers": {"plant": {"metal": {"data": {"La": 0.1, "Nd": 0.9}, "dims": ["element"]}}},
            "observations": {"dug": {"sum": ["element"]}},
        },
    )
    with pytest.raises(InputError, match='"metal" varies over element'):
        mfa.run(mfa.load(document))


@pytest.mark.parametrize("sd", [0, 0.001])
def test_a_share_of_what_enters_with_the_same_label(sd: float) -> None:
    """Where the inflow has the share's dimension, each label's share is of its own inflow."""
    document = {
        "mfa": 1,
        "dimensions": {"year": {"range": [2020, 2021]}, "use_of": ["ev", "wind"], "element": ["Nd", "Dy"]},
        "processes": {
            "use": {"kind": "source"}, "waste": {}, "recycler": {"kind": "sink"}, "tip": {"kind": "sink"},
        },
        "flows": {
            "retired": {"from": "use", "to": "waste", "by": ["use_of"]},
            "recycled": {"from": "waste", "to": "recycler", "by": ["use_of"]},
            "lost": {"from": "waste", "to": "tip"},
        },
        "transfers": {
            "waste": {
                "recycled": {"data": {"ev": 0.8, "wind": 0.6}, "dims": ["use_of"], "sd": sd}, "lost": "rest",
            },
        },
        "observations": {
            f"{use}_{e}": {
                "of": "retired", "at": {"use_of": use, "element": e}, "value": v, "unit": "t", "cv": 0.01,
            }
            for use, e, v in (("ev", "Nd", 10), ("ev", "Dy", 2), ("wind", "Nd", 30), ("wind", "Dy", 1))
        },
    }  # fmt: skip
    result = mfa.run(mfa.load(document))
    recycled = result.flow("recycled").sel(year=2021)
    assert recycled.sel(use_of="ev").to_series().to_dict() == pytest.approx({"Nd": 8, "Dy": 1.6}, rel=1e-6)
    assert recycled.sel(use_of="wind").to_series().to_dict() == pytest.approx({"Nd": 18, "Dy": 0.6}, rel=1e-6)
    assert result.flow("lost").sel(year=2021, element="Nd").item() == pytest.approx(14, rel=1e-6)
