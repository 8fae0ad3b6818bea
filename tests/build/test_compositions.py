"""Given compositions: closure, bases, exact and uncertain shares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
