"""How large and how small numbers may be for a system to be solved."""

from __future__ import annotations

import numpy as np

from mfa.build.assembly import Bools, Floats

SMALLEST, LARGEST = 1e-30, 1e12
"""In t, or in the canonical unit of whatever is reported."""
HINT = f"numbers other than 0 are between {SMALLEST:g} and {LARGEST:g} t; check unit and exponent"


def out_of_range(numbers: Floats) -> Bools:
    """Which numbers are too large or too small; 0 and what is not stated (NaN) are neither."""
    size = np.abs(numbers)
    return np.asarray((size > LARGEST) | ((size > 0) & (size < SMALLEST)))
