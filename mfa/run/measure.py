"""The unit and the basis of a formula's value, from those of the flows and stocks in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mfa.run.result import Quantity

ELEMENT_MASS = "element"
"""The basis of masses by element, as in `flows.csv`."""


@dataclass(frozen=True)
class Measure:
    """Powers of mass and of time, and what the mass is of (empty where no mass is left, or of several).

    `bare` is a number without any of them, which takes the unit of what it is added to.
    """

    mass: int = 0
    time: int = 0
    bases: frozenset[str] = frozenset()
    bare: bool = False

    def plus(self, other: Measure) -> Measure:
        """The measure of a sum."""
        if self.bare or other.bare:
            return other if self.bare else self
        return replace(self, bases=self.bases | other.bases)

    def times(self, other: Measure, sign: int = 1) -> Measure:
        """The measure of a product, or with `sign` -1 of a quotient."""
        if other.bare:
            return self
        mass, time = (a + sign * b for a, b in ((self.mass, other.mass), (self.time, other.time)))
        return Measure(mass, time, self.bases | other.bases)

    def over_time(self) -> Measure:
        """The measure of what is summed over periods, each times its length."""
        return replace(self, time=self.time + 1)

    def unit(self, mass: str, time: str) -> str:
        """The unit in words: `t/year`, `kt`, `1`.

        >>> Measure(1, -1).unit("kt", "year"), Measure().unit("t", "year"), Measure(2, -1).unit("t", "year")
        ('kt/year', '1', 't^2/year')
        """
        powers = ((mass, self.mass), (time, self.time))
        above, below = ("*".join(_power(u, s * p) for u, p in powers if s * p > 0) for s in (1, -1))
        return f"{above or '1'}/{below}" if below else above or "1"

    @property
    def basis(self) -> str:
        """What a mass is of; empty where none is left or it is of several."""
        return next(iter(self.bases)) if self.mass and len(self.bases) == 1 else ""


def _power(unit: str, power: int) -> str:
    return unit if power == 1 else f"{unit}^{power}"


def measure_of(quantity: Quantity) -> Measure:
    """The measure of a flow or a stock."""
    basis = quantity.basis or (ELEMENT_MASS if quantity.elements else "")
    return Measure(1, -1 if "/" in quantity.unit else 0, frozenset([basis]))
