"""Units with a basis: `t REO`, `kt Nd`, `t gross`, `USD`, `t REO / t gross`.

A mass of an element, of its oxide, of the product, and a value are different kinds of quantity: adding two
kinds is an error; converting them is explicit and lives in :mod:`mfa.core.composition`. Canonical units are
t, year and USD.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from mfa.errors import UnitError, did_you_mean

GROSS = "gross"
"""The basis of a product's own mass, whatever it contains."""

_DEFINITIONS = """
t = [mass]
kt = 1e3 * t
Mt = 1e6 * t
Gt = 1e9 * t
kg = 1e-3 * t
g = 1e-6 * t
mg = 1e-9 * t
Gg = 1e3 * t
Tg = 1e6 * t
lb = 0.00045359237 * t
year = [time]
month = year / 12
day = year / 365.25
USD = [value]
kUSD = 1e3 * USD
MUSD = 1e6 * USD
percent = 0.01
"""
_KINDS = {
    "[mass]": "mass",
    "[value]": "value",
    "[time]": "time",
    "dimensionless": "number",
    "[mass] / [time]": "mass",
    "[value] / [mass]": "price",
}
_ALIASES = {"tonne": "t", "tonnes": "t", "metric tons": "t", "a": "year", "yr": "year", "years": "year", "%": "percent"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit read from text: `factor` converts to t, year, USD; `kind` and `basis` say what may be added.

    `per` is the unit below the bar of a ratio such as `t REO / t gross`.
    """

    text: str
    factor: float
    kind: str
    basis: str = ""
    per: Unit | None = None

    def same_kind(self, other: Unit) -> bool:
        """Whether quantities in the two units may be added."""
        return (self.kind, self.basis) == (other.kind, other.basis) and (self.per is None) == (other.per is None)


@cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(None)
    registry.load_definitions(_DEFINITIONS.strip().splitlines())
    return registry


@cache
def _plain(text: str) -> tuple[float, str]:
    """Factor to canonical units and kind of a pint expression without basis."""
    expression = re.sub(r"[A-Za-z%]+( tons)?", lambda m: _ALIASES.get(m.group(0), m.group(0)), text.strip())
    if not expression or expression == "1":
        return 1.0, "number"
    import pint

    try:
        quantity = _registry().Quantity(1.0, expression).to_base_units()
    except (pint.errors.PintError, AttributeError, ValueError, SyntaxError, TypeError) as error:
        names = [line.split()[0] for line in _DEFINITIONS.strip().splitlines()]
        raise UnitError(f'cannot read the unit "{text}"; {did_you_mean(expression, names, listed=12)}') from error
    dimension = str(quantity.dimensionality)
    if dimension not in _KINDS:
        raise UnitError(f'the unit "{text}" ({dimension}) is neither a mass, a value, a time, a price nor a number')
    return float(quantity.magnitude), _KINDS[dimension]


def parse_unit(text: str, bases: Collection[str] = ()) -> Unit:
    """The unit that `text` names; `bases` are the words that may stand behind a mass (`REO`, `Nd`, ...).

    Raises :class:`~mfa.errors.UnitError` for an unknown unit or basis.

    >>> parse_unit("kt REO", ["REO"]).factor, parse_unit("kt REO", ["REO"]).basis
    (1000.0, 'REO')
    >>> parse_unit("t REO / t gross", ["REO"]).per.basis
    'gross'
    """
    left, bar, right = text.partition("/")
    below = right.split()[:1]
    if bar and len(right.split()) > 1 and not {_ALIASES.get(w, w) for w in below} & {"year", "month", "day"}:
        above, per = parse_unit(left, bases), parse_unit(right, bases)
        return Unit(text.strip(), above.factor / per.factor, above.kind, above.basis, per)
    words = text.split()
    known = {GROSS, *bases}
    basis = next((w for w in words[1:] if w in known), "")
    plain = " ".join(w for i, w in enumerate(words) if not (i and w == basis))
    if len(words) > 1 and not basis and re.fullmatch(r"[A-Za-z0-9]+", words[-1]) and "/" not in text:
        raise UnitError(f'unknown basis "{words[-1]}" in the unit "{text}"; {did_you_mean(words[-1], sorted(known))}')
    factor, kind = _plain(plain)
    if basis and kind != "mass":
        raise UnitError(f'a basis ("{basis}") goes with a mass, not with "{plain}"')
    return Unit(text.strip(), factor, kind, basis)
