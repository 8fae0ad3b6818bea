"""Given compositions: closure, bases, exact and uncertain shares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfa.core.composition import mass_fraction
from mfa.errors import InputError
from mfa.run.result import Result
from tests.build.documents import solved


def of_ore(composition: dict[str, Any], **observations: Any) -> Result:
    return solved(
        dimensions={"element": {"labels": ["La", "Nd", "Y"]}, "year": {"range": [2020, 2020]}},
        flows={"ore": {"commodity": "ore"}},
        compositions={"ore": {"dims": ["element"], **composition}},
        observations={"dug": {"sum": ["element"]}, **observations},
    )


def test_shares_in_percent() -> None:
    """Shares of any sum were once scaled to 1; a sum that is not 1 is now refused."""
    ore = of_ore({"data": {"La": 25, "Nd": 75, "Y": 0}, "unit": "%"}).flow("ore")
    np.testing.assert_allclose(ore.sel(year=2020, region="AAA"), [2000, 6000, 0], rtol=1e-9)


def test_uncertain_shares_still_sum_to_one() -> None:
    neodymium = {"of": "ore", "at": {"element": "Nd", "region": "AAA"}, "value": 4, "cv": 0.02, "unit": "kt"}
    result = of_ore({"data": {"La": 0.3, "Nd": 0.6, "Y": 0.1}, "cv": 0.1}, neodymium=neodymium)
    shares = result.parameters.set_index("element")["adjusted"]
    assert shares.sum() == pytest.approx(1, abs=1e-12)
    assert shares["Nd"] < 0.6
    ore = result.flow("ore").sel(region="BBB", year=2020)
    np.testing.assert_allclose(ore / ore.sum(), shares[["La", "Nd", "Y"]], rtol=1e-9)


def test_an_exact_share_among_uncertain_ones_is_held(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("element,value,sd\nLa,0.3,0\nNd,0.6,0.05\nY,0.1,0.05\n")
    neodymium = {"of": "ore", "at": {"element": "Nd", "region": "AAA"}, "value": 4, "cv": 0.02, "unit": "kt"}
    shares = of_ore({"table": str(tmp_path / "c.csv")}, neodymium=neodymium).parameters.set_index("element")
    assert shares.loc["La", "adjusted"] == pytest.approx(0.3, abs=1e-12)
    assert shares.loc["La", "standing"] == "exact"
    assert shares["adjusted"].sum() == pytest.approx(1, abs=1e-12)
    assert shares.loc["Nd", "adjusted"] < 0.6


def test_a_zero_under_one_relative_error_for_all_is_exact_and_said() -> None:
    result = of_ore({"data": {"La": 0.4, "Nd": 0.6, "Y": 0}, "cv": 0.1})
    assert result.parameters["element"].tolist() == ["La", "Nd"]
    assert "compositions.ore[Y] is 0 with a relative error" in result.warnings[0]


@pytest.mark.parametrize("number", [{"value": 0, "cv": 0.1}, "0 %"])
def test_a_zero_with_a_relative_error_of_its_own_is_refused(number: Any) -> None:
    if isinstance(number, str):  # exact, and so none
        assert float(of_ore({"data": {"La": 0.4, "Nd": 0.6, "Y": number}}).flow("ore").sum("year")[0, 2]) == 0
        return
    with pytest.raises(InputError, match=r"compositions\.ore\[Y\] is 0 with a relative error"):
        of_ore({"data": {"La": 0.4, "Nd": 0.6, "Y": number}, "sd": 0.1})


def test_a_floor_is_the_least_error_of_a_share() -> None:
    result = of_ore({"data": {"La": 0.4, "Nd": 0.59, "Y": 0}, "cv": 0.1, "floor": 0.002})
    assert result.parameters["sigma"].tolist() == pytest.approx([0.04, 0.059, 0.002], rel=0.02)


def test_shares_of_oxides_are_evidence_in_oxides() -> None:
    """Against a plain twin: least squares of oxide shares w given w_La + w_Nd + w_Y = 1."""
    stated, sd = np.array([0.3, 0.4, 0.2]), np.array([0.01, 0.1, 0.05])
    data = {
        e: {"value": v, "sd": s}
        for e, v, s in zip(("La", "Nd", "Y"), stated.tolist(), sd.tolist(), strict=True)
    }
    result = solved(
        dimensions={"element": {"labels": ["La", "Nd", "Y"]}, "year": {"range": [2020, 2020]}},
        flows={"ore": {"commodity": "ore"}},
        bases={"REO": {"La": "La2O3", "Nd": "Nd2O3", "Y": "Y2O3"}},
        compositions={"ore": {**data, "basis": "REO"}},
        observations={"dug": {"sum": ["element"]}},
    )
    wanted = stated + (1 - stated.sum()) * sd**2 / np.sum(sd**2)
    assert result.parameters["value"].tolist() == stated.tolist()
    assert result.parameters["adjusted"].tolist() == pytest.approx(wanted.tolist(), rel=1e-9)
    metal = wanted * [mass_fraction("La2O3", "La"), mass_fraction("Nd2O3", "Nd"), mass_fraction("Y2O3", "Y")]
    ore = result.flow("ore").sel(region="AAA", year=2020)
    np.testing.assert_allclose(ore / ore.sum(), metal / metal.sum(), rtol=1e-9)


def test_the_rest_of_a_table_is_one_element(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(
        "region,element,value,sd\nAAA,La,0.3,0.01\nBBB,Nd,0.6,0.05\nCCC,La,0.2,0\n"
    )
    table = {"table": str(tmp_path / "c.csv"), "dims": ["region", "element"], "rest": "Y"}
    ore = of_ore(table).flow("ore").sel(year=2020)
    np.testing.assert_allclose(ore.sel(region="AAA"), [2400, 0, 5600], rtol=1e-9)
    np.testing.assert_allclose(ore.sel(region="BBB"), [0, 4800, 3200], rtol=1e-9)
    np.testing.assert_allclose(ore.sel(region="CCC"), [1600, 0, 6400], rtol=1e-9)
    with pytest.raises(InputError, match="says nothing of Nd, Y") as caught:
        of_ore({**table, "rest": None})
    assert "rest: Nd" in caught.value.problems[0].hint
