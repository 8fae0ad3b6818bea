"""Formulas: trees, precedence, names, errors with their column."""

from __future__ import annotations

import pytest

from mfa.spec.formula import (
    Ast,
    Binary,
    Call,
    FormulaError,
    Name,
    Neg,
    Num,
    Select,
    names_in,
    parse_formula,
    parts,
)


def value(ast: Ast) -> float:
    """The number a tree without names stands for."""
    if isinstance(ast, Num):
        return ast.value
    if isinstance(ast, Neg):
        return -value(ast.of)
    assert isinstance(ast, Binary)
    left, right = value(ast.left), value(ast.right)
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / right if right else 0}[
        ast.op
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1 + 2 * 3",
        "(1 + 2) * 3",
        "8 / 4 / 2",
        "8 - 4 - 2",
        "-2 * -3",
        "2 - -3",
        "+4",
        "1e3 / .5",
        "2*(3-(4-5))",
        "- (1+1)",
    ],
)
def test_arithmetic_is_that_of_python(text: str) -> None:
    assert value(parse_formula(text)) == eval(text)


def test_tree_of_a_call_and_a_selection() -> None:
    ast = parse_formula("share(mined[region=CHN, element=Nd|Pr], region) / 2")
    picked = Select(Name("mined", 7), (("region", ("CHN",)), ("element", ("Nd", "Pr"))), 12)
    assert ast == Binary("/", Call("share", picked, ("region",), 1), Num(2.0))


def test_labels_may_be_numbers_or_quoted() -> None:
    ast = parse_formula("sum(x[year=2022, region='rest of world', use=ev-2], region, element)")
    assert isinstance(ast, Call)
    assert ast.dims == ("region", "element")
    assert isinstance(ast.of, Select)
    assert ast.of.at == (("year", ("2022",)), ("region", ("rest of world",)), ("use", ("ev-2",)))


def test_sum_without_dimension_and_function_names_as_names() -> None:
    assert parse_formula("sum(x)") == Call("sum", Name("x", 5), (), 1)
    assert parse_formula("share") == Name("share", 1)


def test_names_in_order_and_parts() -> None:
    ast = parse_formula("cumsum(b) + a / (b - oxides.statistical_difference)")
    assert names_in(ast) == ("b", "a", "oxides.statistical_difference")
    assert sum(isinstance(p, Name) for p in parts(ast)) == 4


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", 1, "empty"),
        ("a +", 4, "found the end"),
        ("a b", 3, 'found "b"'),
        ("(a", 3, 'expected ")"'),
        ("a ^ 2", 3, "no meaning"),
        ("a ** 2", 4, 'found "*"'),
        ("mean(a)", 1, 'no function "mean"'),
        ("share(a)", 1, "one dimension"),
        ("share(a, b, c)", 1, "one dimension"),
        ("cumsum(a, year)", 1, "no dimension"),
        ("sum(a, 3)", 8, "a dimension"),
        ("a[", 3, "a dimension"),
        ("a[b]", 4, 'expected "="'),
        ("a[b=]", 5, "a label"),
        ("a[b=c", 6, 'expected "]"'),
        ("__import__('os')", 1, "no function"),
        ("a.b()", 1, "no function"),
        ("a; b", 2, "no meaning"),
        ("1 2", 3, "operator"),
    ],
)
def test_errors_name_the_column(text: str, column: int, said: str) -> None:
    with pytest.raises(FormulaError) as raised:
        parse_formula(text)
    assert raised.value.column == column
    assert said in raised.value.text
    assert raised.value.exit_code == 2


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(FormulaError, match="too deep"):
        parse_formula("(" * 100_000)
