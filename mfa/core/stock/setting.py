"""What both kinds of stock start from: lifetimes laid over the periods, and the initial stock before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime import Lifetime
from mfa.core.stock.cohorts import Cohorts
from mfa.core.stock.engine import Engine
from mfa.core.stock.initial import read_history
from mfa.core.stock.layout import Layout, value_problems
from mfa.errors import InputError, Problem

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """Survival over the periods of history and data, and what had entered before the first period."""

    engine: Engine
    labels: tuple[Any, ...]
    edges: Floats
    timing: str
    earlier: Floats
    initial: Floats

    def cohorts(self, amounts: Floats) -> Cohorts:
        """The cohorts when these amounts enter in the periods."""
        entered = np.concatenate([self.earlier, amounts]) if len(self.earlier) else amounts
        return Cohorts(self.engine, entered, self.labels, self.edges, self.timing)

    def left_over(self) -> Floats:
        """(period, series): what is left of the initial stock at the end of each period."""
        nothing = np.zeros((self.engine.periods, len(self.initial)))
        return self.engine.totals(np.concatenate([self.earlier, nothing]))[0]


def set_up(layout: Layout, flat: Floats, lifetime: Lifetime, timing: str, initial: Any) -> Setting:
    """The setting of a stock whose data are `flat` (periods by series).

    Raises
    ------
    InputError
        When a value is negative or missing, or lifetime or initial stock do not fit the data.
    """
    problems = value_problems(flat, layout, layout.name)
    if not isinstance(lifetime, Lifetime):
        hint = 'make one with Lifetime.weibull(mean=15, shape=3.5) or Lifetime.from_spec("weibull", {...})'
        problems.append(Problem("lifetime-kind", f"{lifetime!r} is not a Lifetime", hint=hint))
    if problems:
        raise InputError(*problems)
    history = read_history(initial, layout, lifetime)
    edges = np.concatenate([history.edges[:-1], layout.periods.edges])
    ageing, index = lifetime.over(layout.grid(history.labels), edges, timing)
    engine = Engine(ageing, index, len(history.labels))
    earlier = history.entered(ageing, index, layout)
    labels = history.labels + layout.periods.labels
    return Setting(engine, labels, edges, timing, earlier, history.amounts.sum(axis=0))
