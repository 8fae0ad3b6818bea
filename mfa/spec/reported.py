"""Numbers as statistics print them: thousands, bounds, ranges, withheld figures. Missing is never zero."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from mfa.errors import InputError, Problem

Kind = Literal["number", "interval", "at-least", "at-most", "missing", "withheld"]

_MISSING = frozenset({"", "na", "n/a", "n.a.", "#n/a", "null", "none", "-", "--", "–", "—", "..", "...", "…"})
_WITHHELD = frozenset({"w", "e", "xx"})
_NOT_FINITE = frozenset({"nan", "inf", "+inf", "-inf", "infinity", "-infinity", "+infinity"})
# Thousands stand behind commas or no-break spaces: at a plain space the first digits may be a footnote.
_NUMBER = re.compile(
    r"[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,2}(?:\u00a0\d{3})+|\d+)(?:\.\d*)?(?:[eE][+-]?\d+)?"
    r"|[+-]?\.\d+"
)
_ONE_COMMA = re.compile(r"(?<![\d.,])([1-9]\d{0,2}),(\d{3})(?![\d.,])", re.ASCII)
_BOUND = re.compile(r"(>=|<=|≥|≤|>|<)(.+)")
_RANGE = re.compile(r"(.*?[\d%])(?:\s*[–—]\s*|\s+-\s+|\s+to\s+|(?<![eE])-)([^-–—].*)")
_THOUSANDS = re.compile(r"[+-]?[\d,]*,[\d,]*(?:\.\d*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?(?:(?:\d+|\d{1,3}(?:\.\d{3})+),(?:\d{1,2}|\d{4,})|0,\d+)")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:[ '’\u00a0]\d{3})+|(?:\.\d{3}){2,})")
_SPACES = str.maketrans({"\u2009": "\u00a0", "\u202f": "\u00a0", "\u2212": "-"})


@dataclass(frozen=True, slots=True)
class Reported:
    """A figure as a source states it: its value, or the bounds it gives, and which of the kinds it is.

    `value` is None where the source states only bounds or nothing; an interval's value is its middle.
    `low` and `high` are None where the source gives no bound.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    kind: Kind = "number"


def parse_quantity(text: str, *, thousands: bool = True) -> Reported:
    """The figure that `text` states; per cent become shares (`10-20 %` lies between 0.1 and 0.2).

    `thousands` says that a comma stands between thousands, as the format of a source defines it; where
    nothing says so, one comma before three digits may be either mark, and is refused with both readings.
    Raises :class:`~mfa.errors.InputError` (code `table-number`, or `table-nan` for NaN and infinities)
    for anything else: a footnote glued to a number is refused, never read as digits. `~100` is a round
    number: half a unit of its last digit that is not 0 lies on either side.

    >>> parse_quantity("1,243").value, parse_quantity("1,243,000", thousands=False).value
    (1243.0, 1243000.0)
    >>> parse_quantity(">90,000,000")
    Reported(value=None, low=90000000.0, high=None, kind='at-least')
    >>> parse_quantity("10–20 %")
    Reported(value=0.15, low=0.1, high=0.2, kind='interval')
    >>> parse_quantity("~120")
    Reported(value=120.0, low=115.0, high=125.0, kind='interval')
    >>> parse_quantity("NA").kind, parse_quantity("W").kind
    ('missing', 'withheld')
    """
    plain = text.translate(_SPACES).strip()
    folded = plain.casefold()
    if folded in _MISSING:
        return Reported(kind="missing")
    if folded in _WITHHELD:
        return Reported(kind="withheld")
    if folded in _NOT_FINITE:
        raise InputError(Problem("table-nan", f'"{text}" is not a finite number', hint=_NAN_HINT))
    if not thousands and (readings := two_readings(plain)):
        raise InputError(Problem("table-number", f'"{text}" may be {readings}', hint=_COMMA_HINT))
    if plain.endswith("%"):
        return _shares(_stated(plain[:-1].strip(), text))
    return _stated(plain, text)


def two_readings(text: str) -> str:
    """The two numbers that one comma before three digits may stand for; empty where there is no such comma.

    >>> two_readings("21,000 t"), two_readings("1,234,567"), two_readings("21,0")
    ('21000 or 21.000', '', '')
    """
    found = _ONE_COMMA.search(text)
    return f"{found[1]}{found[2]} or {found[1]}.{found[2]}" if found else ""


def two_sds(share: float, sd: float) -> tuple[str, str]:
    """What a standard deviation beside a percentage may mean, as a sentence, and how to write either."""
    text = f"sd {sd:g} beside {100 * share:.6g}% may be {sd:g} as a share, or {sd:g} percentage points"
    return text, f'points: {100 * share:.6g} and {sd:g} with the unit "%"; shares: {share:.6g} and {sd:g}'


_COMMA_HINT = "write the number without a comma between thousands; the decimal mark is a point"
_NAN_HINT = "leave the cell empty or write NA where nothing is known; missing is never zero"


def _stated(plain: str, text: str) -> Reported:
    if plain.startswith(("~", "≈")):
        return _round(plain[1:].strip(), text)
    bound = _BOUND.fullmatch(plain)
    if bound:
        limit = _number(bound[2].strip(), text)
        below = bound[1] in ("<", "<=", "≤")
        return Reported(high=limit, kind="at-most") if below else Reported(low=limit, kind="at-least")
    if _NUMBER.fullmatch(plain):
        return Reported(value=_number(plain, text))
    span = _RANGE.fullmatch(plain)
    return _interval(span[1], span[2], text) if span else Reported(value=_number(plain, text))


def _round(plain: str, text: str) -> Reported:
    """A number known to half a unit of its last digit (of a whole number the last that is not 0)."""
    number = _number(plain, text)
    digits, _, exponent = plain.replace(",", "").replace("\u00a0", "").lower().partition("e")
    whole, _, decimals = digits.partition(".")
    zeros = len(whole) - len(whole.rstrip("0")) if whole.strip("+-0") else 0
    place = -len(decimals) if decimals else zeros
    half = 0.5 * 10.0 ** (place + int(exponent or 0))
    return Reported(number, number - half, number + half, "interval")


def _interval(first: str, second: str, text: str) -> Reported:
    low, high = _number(first.rstrip("% \u00a0"), text), _number(second.strip(), text)
    if low > high:
        raise InputError(Problem("table-number", f'the range "{text}" runs from high to low'))
    return Reported((low + high) / 2, low, high, "interval")


def _number(plain: str, text: str) -> float:
    if not _NUMBER.fullmatch(plain):
        raise InputError(Problem("table-number", f'"{text}" is not a number', hint=why_no_number(plain)))
    number = float(plain.replace(",", "").replace("\u00a0", "")) + 0.0  # no minus zero
    if not isfinite(number):
        raise InputError(Problem("table-nan", f'"{text}" is not a finite number', hint=_NAN_HINT))
    return number


def why_no_number(plain: str) -> str:
    """What may have been meant by a text that is no number; empty where nothing comes to mind.

    >>> why_no_number("1.234,56")
    'the decimal mark is a point: 1234.56'
    """
    if _DECIMAL_COMMA.fullmatch(plain):
        return f"the decimal mark is a point: {plain.replace('.', '').replace(',', '.')}"
    if _THOUSANDS.fullmatch(plain):
        return "thousands are groups of three digits behind commas; a footnote may be glued to the number"
    if _GROUPED.fullmatch(plain):
        joined = re.sub("[^0-9-]", "", plain)
        return f"thousands are written without marks: {joined}; a footnote mark is left out"
    if re.fullmatch(r"\(\d[\d.]*\)", plain):
        return f"a negative number is written -{plain[1:-1]}; a footnote mark is left out"
    if re.search(r"[(\[⁰¹²³⁴-⁹]", plain):
        return "a footnote mark stands at the number; remove it"
    return ""


def _shares(stated: Reported) -> Reported:
    value, low, high = (None if x is None else x / 100 for x in (stated.value, stated.low, stated.high))
    return Reported(value, low, high, stated.kind)
