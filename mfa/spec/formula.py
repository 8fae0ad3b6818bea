"""Indicator formulas: text to a frozen tree. Nothing is evaluated here.

The grammar::

    sum     = product (("+" | "-") product)*
    product = sign (("*" | "/") sign)*
    sign    = ("+" | "-") sign | atom
    atom    = number | "(" sum ")" | call | name selection?
    call    = ("sum" | "cumsum" | "share") "(" sum ("," name)* ")" selection?
    selection = "[" name "=" label ("|" label)* ("," ...)* "]"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from mfa.errors import InputError, Problem, did_you_mean
from mfa.limits import FORMULA_DEPTH, FORMULA_LENGTH, FORMULA_TERMS, Limit

FUNCTIONS = ("sum", "cumsum", "share")


@dataclass(frozen=True)
class Num:
    """A number."""

    value: float


@dataclass(frozen=True)
class Name:
    """A flow, trade or stock; `column` is where it stands in the text, from 1."""

    name: str
    column: int = 1


@dataclass(frozen=True)
class Neg:
    """Minus something."""

    of: Ast


@dataclass(frozen=True)
class Binary:
    """Two parts joined by + - * or /."""

    op: Literal["+", "-", "*", "/"]
    left: Ast
    right: Ast


@dataclass(frozen=True)
class Call:
    """`sum(x)`, `sum(x, dim)`, `cumsum(x)`, `share(x, dim)`."""

    function: str
    of: Ast
    dims: tuple[str, ...] = ()
    column: int = 1


@dataclass(frozen=True)
class Select:
    """`x[region=CHN, element=Nd|Pr]`: the labels of each dimension that are kept."""

    of: Ast
    at: tuple[tuple[str, tuple[str, ...]], ...]
    column: int = 1


Ast = Num | Name | Neg | Binary | Call | Select


class FormulaError(InputError):
    """A formula that cannot be read; `column` counts from 1."""

    code = "formula"

    def __init__(self, text: str, column: int, hint: str = "") -> None:
        super().__init__(Problem("formula", f"{text} (column {column})", hint=hint))
        self.text, self.column, self.hint = text, column, hint


_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)|(?P<sign>[-+*/(),\[\]=|]))"
)
_LABEL = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^\s,|\]\["'=]+))""")


@dataclass
class _Cursor:
    """The text and how far it has been read."""

    text: str
    at: int = 0
    terms: int = 0
    depth: int = 0

    def refuse(self, limit: Limit) -> None:
        """Raise FormulaError: the formula is larger than is accepted."""
        raise FormulaError(
            f"the formula is too long or too deep: at most {limit} are accepted", self.column, limit.hint
        )

    @contextmanager
    def inside(self) -> Iterator[None]:
        """A part in brackets, or behind a sign: it is read by calling the reader again."""
        self.depth += 1
        if not FORMULA_DEPTH.allows(self.depth):
            self.refuse(FORMULA_DEPTH)
        yield
        self.depth -= 1

    def count(self) -> None:
        """Take in one more name, number or function."""
        self.terms += 1
        if not FORMULA_TERMS.allows(self.terms):
            self.refuse(FORMULA_TERMS)

    @property
    def column(self) -> int:
        rest = self.text[self.at :]
        return self.at + len(rest) - len(rest.lstrip()) + 1

    def peek(self) -> str:
        """The next token, or "" at the end."""
        found = _TOKEN.match(self.text, self.at)
        if found:
            return found.group().strip()
        if self.text[self.at :].strip():
            raise FormulaError(f'"{self.text[self.column - 1]}" has no meaning in a formula', self.column)
        return ""

    def next(self) -> str:
        token = self.peek()
        found = _TOKEN.match(self.text, self.at)
        self.at = found.end() if found else len(self.text)
        return token

    def expect(self, sign: str) -> None:
        column, token = self.column, self.peek()
        if token != sign:
            raise FormulaError(f'expected "{sign}", found {_spelt(token)}', column)
        self.next()

    def name(self, what: str) -> str:
        column, token = self.column, self.peek()
        if not re.match(r"[A-Za-z_]", token):
            raise FormulaError(f"expected {what}, found {_spelt(token)}", column)
        return self.next()

    def label(self) -> str:
        found = _LABEL.match(self.text, self.at)
        if not found:
            raise FormulaError(f"expected a label, found {_spelt(self.peek())}", self.column)
        self.at = found.end()
        return next(g for g in found.groups() if g is not None)


def _spelt(token: str) -> str:
    return f'"{token}"' if token else "the end"


def parse_formula(text: str) -> Ast:
    """The tree of a formula; raises FormulaError with the column.

    >>> parse_formula("recovered / (mined + recovered)").op
    '/'
    >>> parse_formula("share(mined[element=Nd], region)").dims
    ('region',)
    """
    cursor = _Cursor(text)
    if not FORMULA_LENGTH.allows(len(text)):
        cursor.refuse(FORMULA_LENGTH)
    if not cursor.peek():
        raise FormulaError("the formula is empty", 1)
    tree = _sum(cursor)
    if cursor.peek():
        raise FormulaError(f"expected an operator or the end, found {_spelt(cursor.peek())}", cursor.column)
    return tree


def _sum(cursor: _Cursor) -> Ast:
    left = _product(cursor)
    while (op := cursor.peek()) in ("+", "-"):
        cursor.next()
        left = Binary("+" if op == "+" else "-", left, _product(cursor))
    return left


def _product(cursor: _Cursor) -> Ast:
    left = _sign(cursor)
    while (op := cursor.peek()) in ("*", "/"):
        cursor.next()
        left = Binary("*" if op == "*" else "/", left, _sign(cursor))
    return left


def _sign(cursor: _Cursor) -> Ast:
    if cursor.peek() not in ("+", "-"):
        return _selected(cursor, _atom(cursor))
    minus = cursor.next() == "-"
    with cursor.inside():
        inner = _sign(cursor)
    return Neg(inner) if minus else inner


def _atom(cursor: _Cursor) -> Ast:
    column, token = cursor.column, cursor.next()
    if token == "(":
        with cursor.inside():
            inner = _sum(cursor)
        cursor.expect(")")
        return inner
    cursor.count()
    if re.match(r"[0-9.]", token):
        return Num(float(token))
    if not re.match(r"[A-Za-z_]", token):
        raise FormulaError(f"expected a name or a number, found {_spelt(token)}", column)
    return _call(cursor, token, column) if cursor.peek() == "(" else Name(token, column)


def _call(cursor: _Cursor, function: str, column: int) -> Ast:
    if function not in FUNCTIONS:
        hint = did_you_mean(function, FUNCTIONS)
        raise FormulaError(f'there is no function "{function}"', column, hint)
    cursor.expect("(")
    with cursor.inside():
        inner, dims = _sum(cursor), list[str]()
    while cursor.peek() == ",":
        cursor.next()
        dims.append(cursor.name("a dimension"))
    cursor.expect(")")
    if function == "share" and len(dims) != 1:
        raise FormulaError("share(x, dim) needs one dimension", column)
    if function == "cumsum" and dims:
        raise FormulaError("cumsum(x) runs over the years and takes no dimension", column)
    return Call(function, inner, tuple(dims), column)


def _selected(cursor: _Cursor, inner: Ast) -> Ast:
    if cursor.peek() != "[":
        return inner
    column = cursor.column
    at: list[tuple[str, tuple[str, ...]]] = []
    while cursor.peek() == "[" if not at else cursor.peek() == ",":
        cursor.next()
        at.append(_labels(cursor))
    cursor.expect("]")
    return Select(inner, tuple(at), column)


def _labels(cursor: _Cursor) -> tuple[str, tuple[str, ...]]:
    dimension = cursor.name("a dimension")
    cursor.expect("=")
    labels = [cursor.label()]
    while cursor.peek() == "|":
        cursor.next()
        labels.append(cursor.label())
    return dimension, tuple(labels)


def chain(ast: Binary) -> tuple[Ast, list[Binary]]:
    """The first operand of `a + b - c ...` and the operations on it in order, the tree itself the last.

    A row of operations leans to the left as deep as it is long: who follows it so needs no recursion.

    >>> first, rest = chain(parse_formula("a + b - c"))
    >>> first.name, [(step.op, step.right.name) for step in rest]
    ('a', [('+', 'b'), ('-', 'c')])
    """
    here: Ast = ast
    steps = list[Binary]()
    while isinstance(here, Binary):
        steps.append(here)
        here = here.left
    return here, steps[::-1]


def parts(ast: Ast) -> Iterator[Ast]:
    """A tree and everything in it, from the outside in."""
    left = [ast]
    while left:
        part = left.pop()
        yield part
        if isinstance(part, Binary):
            left += [part.right, part.left]
        elif not isinstance(part, Num | Name):
            left.append(part.of)


def names_in(ast: Ast) -> tuple[str, ...]:
    """The names of flows, trades and stocks in a tree, each once, in their order.

    >>> names_in(parse_formula("recovered / (mined + recovered)"))
    ('recovered', 'mined')
    """
    return tuple(dict.fromkeys(p.name for p in parts(ast) if isinstance(p, Name)))
