from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfa.data.quantities import parse_column
from mfa.errors import InputError
from mfa.spec.reported import Reported, parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,243", 1243.0),
        (" 2846 ", 2846.0),
        ("1.2e3", 1200.0),
        ("-5", -5.0),
        ("−5", -5.0),
        (".5", 0.5),
        ("1\u00a0243", 1243.0),
        ("12,345,678.9", 12345678.9),
        ("0", 0.0),
    ],
)
def test_numbers(text: str, value: float) -> None:
    assert parse_quantity(text) == Reported(value)


@pytest.mark.parametrize(
    ("text", "low", "high", "kind"),
    [
        (">90000000", 90e6, None, "at-least"),
        ("    >9,100,000", 9.1e6, None, "at-least"),
        ("≥5", 5.0, None, "at-least"),
        ("<5", None, 5.0, "at-most"),
        ("≤ 5", None, 5.0, "at-most"),
        (">95%", 0.95, None, "at-least"),
    ],
)
def test_bounds_state_no_value(text: str, low: float | None, high: float | None, kind: str) -> None:
    stated = parse_quantity(text)
    assert (stated.value, stated.low, stated.high, stated.kind) == (None, low, high, kind)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("10-20", 10, 20),
        ("1-3", 1, 3),
        ("10 – 20", 10, 20),
        ("10—20", 10, 20),
        ("10 to 20", 10, 20),
        ("10,000 - 15,000", 1e4, 1.5e4),
        ("1e-3-2e-3", 1e-3, 2e-3),
        ("-5-3", -5, 3),
        ("10–20 %", 0.1, 0.2),
        ("10 %-20 %", 0.1, 0.2),
    ],
)
def test_ranges(text: str, low: float, high: float) -> None:
    stated = parse_quantity(text)
    assert (stated.low, stated.high, stated.kind) == pytest.approx((low, high, "interval"))
    assert stated.value == pytest.approx((low + high) / 2)


@pytest.mark.parametrize("text", ["", " ", "NA", "na", "n/a", "—", "–", "-", "..."])
def test_missing_is_never_zero(text: str) -> None:
    assert parse_quantity(text) == Reported(kind="missing")


@pytest.mark.parametrize("text", ["W", "E", "XX"])
def test_withheld_is_never_zero(text: str) -> None:
    assert parse_quantity(text) == Reported(kind="withheld")


@pytest.mark.parametrize(
    "text",
    [
        *("(1)", "1,243(1)", "43,000¹", "1243,000", "12,34", "1,2,3", "1.243,5", "12 43,000", "1 243"),
        *("abc", "5e", "--5", "10-20-30", "1-", ">", "> >5", "%", "20-10", "0x10", "1_000", "12\n34"),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_quantity(text)
    assert caught.value.problems[0].code == "table-number"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1 234", "1234"),
        ("1'234'567", "1234567"),
        ("1.234.567", "1234567"),
        ("-1 234", "-1234"),
        ("(5)", "-5"),
    ],
)
def test_marks_between_thousands_and_brackets_are_named(text: str, meant: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_quantity(text)
    assert f"written {meant};" in caught.value.problems[0].hint.replace("without marks: ", "")


@pytest.mark.parametrize(
    ("text", "meant"), [("12,5", "12.5"), ("1500,25", "1500.25"), ("1.243,5", "1243.5"), ("0,1234", "0.1234")]
)
def test_a_decimal_comma_is_named(text: str, meant: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_quantity(text)
    assert caught.value.problems[0].hint == f"the decimal mark is a point: {meant}"


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-inf", "1e999"])
def test_not_finite(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_quantity(text)
    assert caught.value.problems[0].code == "table-nan"


def test_the_footnote_that_made_1243000_of_43000() -> None:
    with pytest.raises(InputError, match="a footnote may be glued"):
        parse_quantity("1243,000")


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_grouped_integers_round_trip(number: int) -> None:
    assert parse_quantity(f"{number:,}").value == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_printed_floats_round_trip(number: float) -> None:
    assert parse_quantity(repr(number)).value == number


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        stated = parse_quantity(text)
    except InputError:
        return
    known = [x for x in (stated.value, stated.low, stated.high) if x is not None]
    assert all(np.isfinite(x) for x in known)
    assert bool(known) == (stated.kind not in ("missing", "withheld"))


def test_a_column_at_once() -> None:
    figures = parse_column(["1", "NA", ">5", "x", "10-20", "1", "x"])
    np.testing.assert_array_equal(figures.value, [1, np.nan, np.nan, np.nan, 15, 1, np.nan])
    np.testing.assert_array_equal(figures.low, [np.nan, np.nan, 5, np.nan, 10, np.nan, np.nan])
    assert [i for i, _ in figures.wrong] == [3, 6]
    assert figures.stated.tolist() == [True, False, True, False, True, True, False]


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("~100", 50),
        ("≈1,250", 5),
        ("~ 7", 0.5),
        ("~0.05", 0.005),
        ("~2.50", 0.005),
        ("~3e4", 5000),
        ("~20 %", 0.05),
    ],
)
def test_a_round_number_is_known_to_half_its_last_digit(text: str, half: float) -> None:
    found = parse_quantity(text)
    assert found.kind == "interval"
    assert found.value is not None
    assert (found.low, found.high) == (pytest.approx(found.value - half), pytest.approx(found.value + half))
