"""Sums of shares that should be 1, and what rounding in print explains of what they miss.

A printed number is off by up to half a unit of its last digit. Which digit that was is read from the numbers:
all have as many decimals as the one with the most, or as many significant digits (trailing zeros are not
kept, so that 0.5 beside 0.49 was 0.50); two at least, for shares in tenths are nobody's rounding.
"""

from __future__ import annotations

from collections.abc import Sequence

NOISE = 1e-12
"""A sum this near to 1 is 1: arithmetic with doubles leaves as much."""
_DIGITS, _FEWEST = 12, 2


def _printed(share: float) -> tuple[int, int, int]:
    """The decimals and the significant digits that a share is written with, and the power of ten of its
    first."""
    digits, _, exponent = f"{abs(share):.{_DIGITS - 1}e}".partition("e")
    significant = len(digits.rstrip("0").replace(".", ""))
    return max(0, significant - 1 - int(exponent)), significant, int(exponent)


def rounding(shares: Sequence[float]) -> float:
    """How far from 1 the sum of shares may be because each was rounded to be printed.

    >>> round(rounding([0.333, 0.333, 0.333]), 6)
    0.0015
    >>> round(rounding([0.5, 0.3, 0.1]), 6)
    0.015
    """
    written = [_printed(share) for share in shares if share]
    if not written:
        return 0.0
    decimals = max(_FEWEST, *(d for d, _, _ in written))
    figures = max(_FEWEST, *(s for _, s, _ in written))
    fixed = len(written) * 0.5 * 10.0**-decimals
    return max(fixed, sum(0.5 * 10.0 ** (first - figures + 1) for _, _, first in written))


def is_one(total: float) -> bool:
    """Whether a sum is 1, but for the last bits of its terms."""
    return abs(total - 1) <= NOISE


def nearly_one(shares: Sequence[float]) -> bool:
    """Whether shares sum to 1, or miss it by no more than their print explains.

    >>> nearly_one([1 / 3, 0.333, 0.333]), nearly_one([33.33333333e-2] * 3), nearly_one([0.7, 0.2])
    (False, True, False)
    """
    total = sum(shares)
    return is_one(total) or abs(total - 1) < rounding(shares) * (1 - 1e-9)
