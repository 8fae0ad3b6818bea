"""Random chains with products: a yield for all elements, traces, loops, stocks, and errors in common."""

from __future__ import annotations

import numpy as np

from mfa.solve.problem import LeastSquares
from tests.solve.small import Small


def chain(seed: int) -> LeastSquares:
    """Ore is split by a yield into metal and slag, for elements down to a millionth of the first.

    Metal and scrap go to use or, unreported, to two sinks of which only the sum is known; some reports share
    an error, some push a flow below nothing; a balance may be there twice.
    """
    random, small = np.random.default_rng(seed), Small()
    small.unknown("yield", 0.8, high=1.0)
    if random.random() < 0.7:
        small.observe({"yield": 1.0}, random.uniform(0.7, 0.9), 0.05)
    small.unknown("shared", 0.0, low=-np.inf, scale=1.0)
    small.observe({"shared": 1.0}, 0.0, 1.0)
    for e in range(int(random.integers(1, 5))):
        _element(small, f" {e}", [1e3, 40.0, 1e-3, 0.2][e], random)
    return small.problem()


def _element(small: Small, e: str, size: float, random: np.random.Generator) -> None:
    parts = {"ore": 1.0, "metal": 0.8, "slag": 0.2, "scrap": 0.1, "use": 0.75, "dump": 0.05, "export": 0.1}
    for name, part in parts.items():
        small.unknown(name + e, part * size * random.uniform(0.5, 2), scale=part * size)
    for _ in range(int(random.integers(1, 3))):
        small.exact({"metal" + e: 1.0, ("ore" + e, "yield"): -1.0})
    small.exact({"ore" + e: 1.0, "metal" + e: -1.0, "slag" + e: -1.0})
    leaving = {"use" + e: -1.0, "dump" + e: -1.0, "export" + e: -1.0}
    small.exact({"metal" + e: 1.0, "scrap" + e: 1.0, **leaving})
    for name in ("ore", "metal", "slag", "use"):
        if random.random() < 0.8 or name == "ore":
            value, error = parts[name] * size, random.choice([0.01, 0.1, 0.4])
            common = {"shared": 0.05 * value} if random.random() < 0.5 else {}
            off = 1 + error * random.normal() * random.choice([1, 3])
            small.observe({name + e: 1.0, **common}, value * off, error * value)
    small.observe({"scrap" + e: 1.0}, random.choice([0.1, -0.2]) * size, 0.05 * size)
    small.observe({("ore" + e, "yield"): 1.0}, 0.8 * size, 0.3 * size)
