"""Text that others wrote: no terminal obeys it, no spreadsheet computes it, no line is endless."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from mfa.errors import Place, Problem, did_you_mean, nearest
from mfa.printed import (
    LONGEST_LINE,
    LONGEST_QUOTE,
    LONGEST_TEXT,
    as_cell,
    escaped,
    excerpt,
    from_cell,
    sentence,
)

texts = st.text(max_size=60)
nasty = st.text("\x00\x1b\x07\x9b\r\n\t\u202e\u2066\u2028\ud800 '=+-@a1\"", max_size=30)


@settings(derandomize=True)
@given(texts | nasty)
def test_no_control_character_is_left(text: str) -> None:
    plain = escaped(text)
    assert all(unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in plain)
    assert not set(plain) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
    plain.encode()
    assert escaped(plain) == plain


@settings(derandomize=True)
@given(texts | nasty)
def test_cells_are_read_back_and_no_formula(text: str) -> None:
    cell = as_cell(text)
    assert from_cell(cell) == text
    if cell[:1] in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"):
        float(cell)
    assert cell in (text, f"'{text}")


@settings(derandomize=True)
@given(st.integers(0, 2000), st.integers(1, 3000), st.integers(1, 500))
def test_the_caret_stays_under_its_character(length: int, column: int, marked: int) -> None:
    column = min(column, length + 1)
    line = "".join(chr(0x4E00 + k) for k in range(length))
    shown, at, size = excerpt(line, column, marked)
    assert len(shown) <= LONGEST_LINE + 8
    assert at >= 1
    assert 1 <= size <= LONGEST_LINE
    if column <= length:
        assert shown[at - 1] == line[column - 1]


def test_messages_are_shortened_in_the_middle() -> None:
    name = "n" * 10_000
    shown = sentence(f'there is no flow "{name}", nor "{name}x"')
    assert len(shown) < 2 * LONGEST_QUOTE + 40
    assert shown.endswith('nnnx"')
    assert len(sentence("n" * 100_000)) <= LONGEST_TEXT


def test_a_problem_prints_safely() -> None:
    problem = Problem(
        "code", 'a "\x1b[31mred"', Place("f\x1b.yaml", 1, 9), "hint\x07", source_line="value: [\x1b[2J"
    )
    text = str(problem)
    assert "\x1b" not in text
    assert "\x07" not in text
    caret = text.splitlines()[2]
    assert caret.index("^") == 4 + 8


def test_hints_take_no_time_on_long_or_many_names() -> None:
    assert nearest("x" * 100_000, ["x" * 100_000], 1) == []
    many = [f"label_{k}" for k in range(1_000_000)]
    assert "known" in did_you_mean("nothing like it", many)
    assert did_you_mean("lable_3", many) == 'did you mean "label_3"?'
