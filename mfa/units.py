"""Units with a basis: `t REO`, `kt Nd`, `t gross`, `USD`, `t REO / t gross`.

A mass of an element, of its oxide, of the product, and a value are different kinds of quantity: adding two
kinds is an error; converting them is explicit and lives in :mod:`mfa.core.composition`. Products may also be
counted (`item`, `kitem`): a content such as `kg / item` says what one holds. Canonical units are t, year, USD
and item.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from math import inf
from tokenize import TokenError
from typing import Any

from mfa.errors import UnitError, did_you_mean

GROSS = "gross"
"""The basis of a product's own mass, whatever it contains."""
COUNT = "count"
"""The kind of unit that products are counted in."""

_UNITS: Mapping[str, tuple[float, str]] = {
    "t": (1.0, "mass"),
    "kt": (1e3, "mass"),
    "Mt": (1e6, "mass"),
    "Gt": (1e9, "mass"),
    "kg": (1e-3, "mass"),
    "g": (1e-6, "mass"),
    "mg": (1e-9, "mass"),
    "Gg": (1e3, "mass"),
    "Tg": (1e6, "mass"),
    "lb": (0.00045359237, "mass"),
    "year": (1.0, "time"),
    "month": (1 / 12, "time"),
    "day": (1 / 365.25, "time"),
    "USD": (1.0, "value"),
    "kUSD": (1e3, "value"),
    "MUSD": (1e6, "value"),
    "item": (1.0, COUNT),
    "kitem": (1e3, COUNT),
    "Mitem": (1e6, COUNT),
    "percent": (0.01, "number"),
}
"""Unit -> its factor to t, year, USD, item or 1, and its kind."""
_BASE = {"mass": "t", "time": "year", "value": "USD", COUNT: "item"}
_KINDS = {
    "[mass]": "mass",
    "[value]": "value",
    "[time]": "time",
    "[count]": COUNT,
    "[count] / [time]": COUNT,
    "dimensionless": "number",
    "[mass] / [time]": "mass",
    "[value] / [mass]": "price",
}
_UNREADABLE = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, SyntaxError, TokenError),
    *(TypeError, ValueError),
)
"""What pint lets out, beside its own errors, for text that is no expression."""
_ALIASES = {
    **dict.fromkeys(("tonne", "tonnes", "metric tons"), "t"),
    **dict.fromkeys(("a", "yr", "years"), "year"),
    "items": "item",
    "%": "percent",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit read from text: `factor` converts to t, year, USD; `kind` and `basis` say what may be added.

    `per` is the unit below the bar of a ratio such as `t REO / t gross` or `kg / item`.
    """

    text: str
    factor: float
    kind: str
    basis: str = ""
    per: Unit | None = None

    def same_kind(self, other: Unit) -> bool:
        """Whether quantities in the two units may be added."""
        if self.per is not None and other.per is not None and not self.per.same_kind(other.per):
            return False
        return (self.kind, self.basis, self.per is None) == (other.kind, other.basis, other.per is None)


def _definition(name: str) -> str:
    """A unit in pint's language."""
    factor, kind = _UNITS[name]
    base = _BASE.get(kind)
    return f"{name} = [{kind}]" if name == base else f"{name} = {factor!r}{f' * {base}' if base else ''}"


@cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(None)
    registry.load_definitions([_definition(name) for name in _UNITS])
    return registry


@cache
def _plain(text: str) -> tuple[float, str]:
    """Factor to canonical units and kind of an expression without basis."""
    expression = re.sub(r"[A-Za-z%]+( tons)?", lambda m: _ALIASES.get(m.group(0), m.group(0)), text.strip())
    if not expression or expression == "1":
        return 1.0, "number"
    # One word needs no parser, and loading pint takes longer than reading a scenario.
    return _UNITS[expression] if expression in _UNITS else _evaluated(text, expression)


def _evaluated(text: str, expression: str) -> tuple[float, str]:
    """Factor and kind of an expression by pint; raises UnitError for whatever it cannot make sense of."""
    import pint

    try:
        quantity = _registry().Quantity(1.0, expression).to_base_units()
        factor, dimension = float(quantity.magnitude), str(quantity.dimensionality)
    except (pint.errors.PintError, *_UNREADABLE) as error:
        hint = did_you_mean(expression, _UNITS, listed=12)
        raise UnitError(f'cannot read the unit "{text}"; {hint}') from error
    if dimension not in _KINDS or not 0 < factor < inf:
        what = "neither a mass, a value, a time, a price, a count nor a number"
        raise UnitError(f'the unit "{text}" ({dimension}) is {what}')
    return factor, _KINDS[dimension]


def _of_a_product(below: list[str]) -> bool:
    """Whether the words below the bar of a ratio name a product: a mass with its basis, or items of it."""
    first = _ALIASES.get(below[0], below[0]) if below else ""
    kind = _UNITS[first][1] if first in _UNITS else ""
    return kind == COUNT or (len(below) > 1 and kind != "time")


def parse_unit(text: str, bases: Collection[str] = ()) -> Unit:
    """The unit that `text` names; `bases` are the words that may stand behind a mass (`REO`, `Nd`, ...).

    Raises :class:`~mfa.errors.UnitError` for an unknown unit or basis.

    >>> parse_unit("kt REO", ["REO"]).factor, parse_unit("kt REO", ["REO"]).basis
    (1000.0, 'REO')
    >>> parse_unit("t REO / t gross", ["REO"]).per.basis
    'gross'
    """
    left, bar, right = (part.strip() for part in text.partition("/"))
    if bar and _of_a_product(right.split()):
        above, per = parse_unit(left, bases), parse_unit(right, bases)
        return Unit(text.strip(), above.factor / per.factor, above.kind, above.basis, per)
    words = text.split()
    known = {GROSS, *bases}
    basis = next((w for w in words[1:] if w in known), "")
    plain = " ".join(w for i, w in enumerate(words) if not (i and w == basis))
    if len(words) > 1 and not basis and re.fullmatch(r"[A-Za-z0-9]+", words[-1]) and "/" not in text:
        raise UnitError(
            f'unknown basis "{words[-1]}" in the unit "{text}"; {did_you_mean(words[-1], sorted(known))}'
        )
    factor, kind = _plain(plain)
    if basis and kind != "mass":
        raise UnitError(f'a basis ("{basis}") goes with a mass, not with "{plain}"')
    return Unit(text.strip(), factor, kind, basis)
