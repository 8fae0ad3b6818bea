"""Units with a basis."""

from __future__ import annotations

import pytest

from mfa.errors import UnitError
from mfa.units import parse_unit

BASES = ("REO", "Nd", "Y")


@pytest.mark.parametrize(
    ("text", "factor", "kind", "basis"),
    [
        ("t", 1, "mass", ""),
        ("kt", 1e3, "mass", ""),
        ("Mt REO", 1e6, "mass", "REO"),
        ("Gt", 1e9, "mass", ""),
        ("kg Nd", 1e-3, "mass", "Nd"),
        ("g", 1e-6, "mass", ""),
        ("Gg", 1e3, "mass", ""),
        ("t gross", 1, "mass", "gross"),
        ("t Y", 1, "mass", "Y"),
        ("tonnes", 1, "mass", ""),
        ("t/year", 1, "mass", ""),
        ("kt/a", 1e3, "mass", ""),
        ("lb", 0.00045359237, "mass", ""),
        ("USD", 1, "value", ""),
        ("MUSD", 1e6, "value", ""),
        ("USD/kg", 1e3, "price", ""),
        ("year", 1, "time", ""),
        ("month", 1 / 12, "time", ""),
        ("%", 0.01, "number", ""),
        ("1", 1, "number", ""),
        ("kg / t", 1e-3, "number", ""),
        ("item", 1, "count", ""),
        ("items", 1, "count", ""),
        ("Mitem/year", 1e6, "count", ""),
    ],
)
def test_factor_kind_and_basis(text: str, factor: float, kind: str, basis: str) -> None:
    unit = parse_unit(text, BASES)
    assert unit.factor == pytest.approx(factor, rel=1e-12)
    assert (unit.kind, unit.basis, unit.per) == (kind, basis, None)


def test_a_ratio_of_two_bases() -> None:
    unit = parse_unit("kg REO / t gross", BASES)
    assert unit.factor == pytest.approx(1e-3, rel=1e-12)
    assert unit.basis == "REO"
    assert unit.per is not None
    assert unit.per.basis == "gross"


def test_a_mass_per_item() -> None:
    unit = parse_unit("kg REO / kitem", BASES)
    assert (unit.factor, unit.kind, unit.basis) == (pytest.approx(1e-6, rel=1e-12), "mass", "REO")
    assert unit.per is not None
    assert (unit.per.kind, unit.per.factor) == ("count", 1e3)


@pytest.mark.parametrize(
    "text", ["t Xx", "t neodymium", "furlong", "knot", "USD REO", "t**2", "year / t", "Nd"]
)
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(UnitError):
        parse_unit(text, BASES)


def test_kt_is_no_knot_and_a_basis_must_be_known() -> None:
    assert parse_unit("kt").kind == "mass"
    with pytest.raises(UnitError, match="did you mean"):
        parse_unit("t REOs", BASES)
    with pytest.raises(TypeError):
        parse_unit("t REO")


def test_same_kind() -> None:
    units = {
        text: parse_unit(text, BASES) for text in ("t REO", "kt REO", "t Nd", "t", "USD", "t REO / t gross")
    }
    assert units["t REO"].same_kind(units["kt REO"])
    pairs = [("t REO", "t Nd"), ("t REO", "t"), ("t", "USD"), ("t REO", "t REO / t gross")]
    assert not any(units[a].same_kind(units[b]) for a, b in pairs)


@pytest.mark.parametrize(
    "text", ["1/0", "((", "t/0", "t ** ", "1 +", "'", "0 * t", "lambda: t", "a[0]", "\\"]
)
def test_text_that_is_no_expression_is_a_unit_error(text: str) -> None:
    with pytest.raises(UnitError):
        parse_unit(text, BASES)


@pytest.mark.parametrize("text", ["t REO / t gross", " t REO/t gross ", "t REO  /  t gross"])
def test_blanks_around_the_bar_do_not_count(text: str) -> None:
    unit = parse_unit(text, BASES)
    assert unit.per is not None
    assert (unit.text, unit.basis, unit.per.text, unit.per.basis) == (text.strip(), "REO", "t gross", "gross")


def test_ratios_of_different_kinds_below_the_bar_differ() -> None:
    assert not parse_unit("t REO / t gross", BASES).same_kind(parse_unit("t REO / t Nd", BASES))
    assert parse_unit("t REO / t gross", BASES).same_kind(parse_unit("kg REO / t gross", BASES))
