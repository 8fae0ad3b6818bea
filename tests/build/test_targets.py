"""What numbers speak about: bases, contents, sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import InputError
from tests.build.documents import CHAIN, merged

ORE: dict[str, Any] = {
    "dimensions": {"element": {"labels": ["La", "Nd"]}},
    "bases": {"REO": {"La": "La2O3", "Nd": "Nd2O3"}},
    "flows": {"ore": {"commodity": "ore"}},
    "compositions": {"ore": {"data": {"La": 0.4, "Nd": 0.6}, "dims": ["element"], "basis": "REO"}},
    "transfers": {"plant": {"metal": 0.25, "slag": "rest"}},
}
LA, ND = 0.852680, 0.857351
"""Metal per oxide of La2O3 and Nd2O3, from atomic weights 138.905, 144.242 and 15.999."""


def ore(unit: str, content: Any = None) -> Any:
    dug = {"dug": {"of": "ore", "sum": ["element"], "value": 10, "cv": 0.1, "unit": unit}}
    if unit == "t Nd":
        dug["dug"] |= {"sum": [], "at": {"element": "Nd"}}
    changes = {**ORE, "observations": dug, **({"contents": {"ore": content}} if content else {})}
    return mfa.run(mfa.load(merged(CHAIN, changes))).flow("ore").sel(year=2020, region="AAA")


def test_oxide_mass_by_stoichiometry() -> None:
    np.testing.assert_allclose(ore("t REO"), [4 * LA, 6 * ND], rtol=1e-5)


def test_mass_of_the_elements_and_of_one_of_them() -> None:
    total = np.array([4 * LA, 6 * ND])
    np.testing.assert_allclose(ore("t"), 10 * total / total.sum(), rtol=1e-5)
    np.testing.assert_allclose(ore("t Nd"), [10 * 4 * LA / (6 * ND), 10], rtol=1e-5)


@pytest.mark.parametrize("sd", [0, 0.05])
def test_gross_mass_by_content(sd: float) -> None:
    content = {"value": 0.5, "sd": sd, "unit": "t REO / t gross"}
    np.testing.assert_allclose(ore("t gross", content), [2 * LA, 3 * ND], rtol=1e-5)


def test_a_content_that_leaves_out_a_region_is_refused() -> None:
    content = {"data": {"AAA": 0.5}, "dims": ["region"], "unit": "t REO / t gross", "sd": 0.1}
    with pytest.raises(InputError, match=r"no number above 0 for ore\[2020, BBB\]"):
        ore("t gross", content)
