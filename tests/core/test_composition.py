"""Stoichiometry."""

from __future__ import annotations

import numpy as np
import pytest

from mfa.core.composition import mass_fraction, to_element_shares
from mfa.errors import UnitError


@pytest.mark.parametrize(
    ("compound", "element", "fraction"),
    [  # conversion factors of oxide to element in handbooks of geochemistry
        ("La2O3", "La", 1 / 1.1728),
        ("CeO2", "Ce", 1 / 1.2284),
        ("Pr6O11", "Pr", 1 / 1.2082),
        ("Nd2O3", "Nd", 1 / 1.1664),
        ("Dy2O3", "Dy", 1 / 1.1477),
        ("Y2O3", "Y", 1 / 1.2699),
        ("Fe", "Fe", 1.0),
    ],
)
def test_metal_in_an_oxide(compound: str, element: str, fraction: float) -> None:
    assert mass_fraction(compound, element) == pytest.approx(fraction, rel=1e-4)


@pytest.mark.parametrize("compound", ["Xx2O3", "", "Nd2O(", "La2O3"])
def test_what_is_no_compound_of_the_element(compound: str) -> None:
    with pytest.raises(UnitError):
        mass_fraction(compound, "Nd")


def test_element_shares_sum_to_one_and_favour_the_metal_richer_compound() -> None:
    shares = to_element_shares(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0.9, 0.3]))
    np.testing.assert_allclose(shares, [[0.75, 0.25], [1.0, 0.0]])
