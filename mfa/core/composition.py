"""Stoichiometry: how much of an element its compound holds, and shares in one basis as shares in another."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from mfa.errors import UnitError

Floats = npt.NDArray[np.float64]


@cache
def mass_fraction(compound: str, element: str) -> float:
    """The mass fraction of an element in a compound, from standard atomic weights.

    Raises :class:`~mfa.errors.UnitError` for a formula that cannot be read or that lacks the element.

    >>> round(mass_fraction("Nd2O3", "Nd"), 5)
    0.85735
    """
    from molmass import Formula, FormulaError

    try:
        parts = Formula(compound).composition()
    except FormulaError as error:
        raise UnitError(f'"{compound}" is not a chemical formula: {str(error).splitlines()[0]}') from error
    if element not in parts:
        raise UnitError(f'the compound "{compound}" holds no {element}')
    return float(parts[element].fraction)


def to_element_shares(shares: Floats, fractions: Floats) -> Floats:
    """Shares of element mass (last axis sums to 1) from shares of compound mass.

    Equation: c_e = w_e f_e / sum_k w_k f_k, with w the compound's share and f the metal fraction.

    >>> to_element_shares(np.array([0.5, 0.5]), np.array([0.8, 0.4])).round(4).tolist()
    [0.6667, 0.3333]
    """
    mass = shares * fractions
    return np.asarray(mass / mass.sum(axis=-1, keepdims=True))
