"""Plain scalars by the core schema of YAML 1.2: what text means a number, a boolean, or nothing."""

from __future__ import annotations

import json
import math
import re

_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
}  # fmt: skip
_OLD_WORDS = re.compile(r"(?i:y|n|yes|no|on|off)|[-+]?[0-9][0-9_:.]*|=|<<|[0-9]{4}-[0-9].*|0b[01_]+")

LONGEST_NUMBER = 4_000
"""Digits from which on a row of digits is text."""
LARGEST = 10**308

Scalar = str | int | float | bool | None


def read_scalar(text: str) -> Scalar:
    """The value of a plain scalar; infinities and NaN come back as floats for the caller to refuse.

    Whole numbers that no float holds stay text.

    >>> [read_scalar(t) for t in ("NO", "Y", "1e-9", "0x1F", "12:30", "2024-01-02", "010", "~", "true")]
    ['NO', 'Y', 1e-09, 31, '12:30', '2024-01-02', 10, None, True]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) < LONGEST_NUMBER else text
    if _BASED.fullmatch(text):
        if len(text) >= LONGEST_NUMBER:
            return text
        return int(text[2:], 8 if text[1] == "o" else 16)
    if _FLOAT.fullmatch(text):
        return float(text) + 0.0  # no minus zero
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def is_finite(value: Scalar) -> bool:
    """Whether a scalar is anything but an infinity, NaN, or a whole number beyond the range of numbers."""
    if isinstance(value, int):
        return abs(value) < LARGEST
    return not isinstance(value, float) or math.isfinite(value)


_SAFE = re.compile(
    r"[A-Za-z0-9_./(+\u00c0-\u024f-][^\x00-\x1f\x7f-\x9f#:\u2028\u2029\ufeff\ufffe\uffff,\[\]{}\"']*"
)
_CONTROL = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def write_scalar(value: Scalar) -> str:
    """A scalar as YAML text that YAML 1.1 and 1.2 readers alike read back as the same value.

    >>> [write_scalar(v) for v in ("NO", "Nd", 1e-9, 3, None, True, "a: b", "")]
    ['"NO"', 'Nd', '1.0e-09', '3', 'null', 'true', '"a: b"', '""']
    """
    if isinstance(value, float):
        text = repr(value)
        return text if "e" not in text or "." in text else text.replace("e", ".0e")
    if not isinstance(value, str):
        return "null" if value is None else str(value).lower()
    if _SAFE.fullmatch(value) and value == value.strip() and _is_text(value):
        return value
    return _CONTROL.sub(lambda m: f"\\u{ord(m.group()):04x}", json.dumps(value, ensure_ascii=False))


def _is_text(value: str) -> bool:
    """Whether a plain scalar is text to old and new readers."""
    return (
        read_scalar(value) == value and not _OLD_WORDS.fullmatch(value) and not value.startswith(("-", "---"))
    )
