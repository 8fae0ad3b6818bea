"""Numbers and labels as the text of figures and tables."""

from __future__ import annotations

import math
import textwrap

MINUS, TIMES, PLUS_MINUS, DASH = (
    "\N{MINUS SIGN}",
    "\N{MULTIPLICATION SIGN}",
    "\N{PLUS-MINUS SIGN}",
    "\N{EN DASH}",
)

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(x: float, digits: int = 3) -> str:
    """A number with `digits` significant digits, thousands separated; very large and small ones as powers.

    >>> number(12345), number(0.012345), number(-3), number(1.234e-7), number(1e12)
    ('12,300', '0.0123', '−3', '1.23×10⁻⁷', '1×10¹²')
    """
    x = float(x)
    if x == 0 or not math.isfinite(x):
        return "0" if x == 0 else ("not determined" if math.isnan(x) else MINUS * (x < 0) + "infinite")
    places = digits - 1 - math.floor(math.log10(abs(x)))
    return rounded(x, places)


def rounded(x: float, places: int) -> str:
    """A number rounded to a decimal place (negative: tens, hundreds, ...), without trailing zeros."""
    value = round(float(x), places)
    if value and not 1e-4 <= abs(value) < 1e11:
        power = math.floor(math.log10(abs(value)))
        mantissa = rounded(value / 10.0**power, max(places + power, 0))
        return f"{mantissa}{TIMES}10{str(power).translate(RAISED)}"
    text = f"{abs(value):,.{max(places, 0)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return MINUS * (value < 0) + text


def with_sd(x: float, sd: float) -> str:
    """A value and its standard deviation, both rounded to two significant digits of the latter.

    A deviation that is not determined (NaN) is written as `free`, a zero one is left out.

    >>> with_sd(12345.6, 678.9), with_sd(1.5, 0), with_sd(20, float("nan")), with_sd(0.2, 3.4)
    ('12,350 ± 680', '1.5', '20 (free)', '0.2 ± 3.4')
    """
    if math.isnan(sd):
        return f"{number(x)} (free)"
    if not sd > 0 or abs(x) > 1e9 * sd:
        return number(x)
    places = 1 - math.floor(math.log10(sd))
    return f"{rounded(x, places)} {PLUS_MINUS} {rounded(sd, places)}"


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a label no wider than `width` characters where its words allow it.

    >>> wrapped("Mixed compounds market", 12)
    ['Mixed', 'compounds', 'market']
    """
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def span(labels: list[str]) -> str:
    """Labels in a few words: all of a short list, the ends of a long one.

    >>> span(["a"]), span(["a", "b"]), span([str(y) for y in range(2015, 2025)])
    ('a', 'a, b', '2015–2024')
    """
    whole = [int(x) for x in labels if x.isdigit()]
    if len(labels) > 1 and len(whole) == len(labels) and whole == list(range(whole[0], whole[-1] + 1)):
        return f"{labels[0]}{DASH}{labels[-1]}"
    return ", ".join(labels) if len(labels) <= 4 else f"{', '.join(labels[:3])} and {len(labels) - 3} more"
