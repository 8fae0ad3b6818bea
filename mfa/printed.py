"""Text that others wrote, made fit for a terminal and for a spreadsheet.

On a terminal control characters are escaped and long parts shortened. In a table a text that a spreadsheet
would compute is kept from it by an apostrophe.
"""

from __future__ import annotations

import re

LONGEST_TEXT = 2_000
LONGEST_QUOTE = 160
LONGEST_LINE = 160
CUT = " ... "
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_FORMULA = re.compile("'*[=+@\\-\t\r\n\uff1d\uff0b\uff0d\uff20]")
_QUOTED = re.compile(r'"[^"]*"')


def escaped(text: str, *, keep: str = "") -> str:
    r"""The text with what would move the cursor, change colours or turn the direction of writing spelt out.

    `keep` are characters that may stay, such as the line breaks of a text of several lines.

    >>> print(escaped("a\x1b[31mred\u202e"))
    a\x1b[31mred\u202e
    """
    return _CONTROL.sub(lambda found: found[0] if found[0] in keep else _spelt(found[0]), text)


def _spelt(character: str) -> str:
    known = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    code = ord(character)
    return known.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def shortened(text: str, most: int) -> str:
    """The text, its middle left out where it is longer than `most` characters.

    >>> shortened("abcdefghijklmnopqrstuvwxyz", 15)
    'abcde ... vwxyz'
    """
    if len(text) <= most:
        return text
    half = (most - len(CUT)) // 2
    return f"{text[:half]}{CUT}{text[len(text) - half :]}"


def sentence(text: str) -> str:
    """A message fit for one line: names in quotes and the whole shortened, control characters escaped."""
    named = _QUOTED.sub(lambda found: f'"{shortened(found[0][1:-1], LONGEST_QUOTE)}"', text)
    return escaped(shortened(named, LONGEST_TEXT))


def excerpt(line: str, column: int, length: int) -> tuple[str, int, int]:
    """The part of a source line round a column that fits a terminal, and the column and length of its mark.

    Columns count from 1. A control character is shown as one replacement character, so that columns stay.

    >>> excerpt("value: 3", 8, 1)
    ('value: 3', 8, 1)
    >>> excerpt("x" * 500 + "!" + "y" * 500, 501, 1)[0].count("!")
    1
    """
    plain = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", line.replace("\t", " "))
    if len(plain) <= LONGEST_LINE:
        return plain, column, max(1, min(length, LONGEST_LINE))
    start = min(max(0, column - 1 - LONGEST_LINE // 2), max(0, len(plain) - LONGEST_LINE))
    end = start + LONGEST_LINE
    before, after = (CUT.lstrip() if start else ""), (CUT.rstrip() if end < len(plain) else "")
    at = column - start
    return f"{before}{plain[start:end]}{after}", at + len(before), max(1, min(length, LONGEST_LINE - at + 1))


def as_cell(text: str) -> str:
    """A text as it may stand in a table: an apostrophe before what a spreadsheet would take for a formula.

    >>> as_cell("=1+1"), as_cell("-5"), as_cell("- a + b"), as_cell("'=1"), as_cell("Nd")
    ("'=1+1", '-5', "'- a + b", "''=1", 'Nd')
    """
    return f"'{text}" if _FORMULA.match(text) and not _is_number(text) else text


def from_cell(text: str) -> str:
    """The text that `as_cell` made a cell of.

    >>> [from_cell(as_cell(t)) for t in ("=1+1", "'=1", "'tis", "-5")]
    ['=1+1', "'=1", "'tis", '-5']
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
