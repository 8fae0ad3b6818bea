"""Long rows on their way up the tree, a column for each sum of terms so far.

Such a column is in units of a coefficient of its row. A front that adds to a sum replaces its child's column
by its own, less what it adds. Where it adds much more than was there, or joins the sums of several children,
the others are columns of the front itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfa.solve.frontal.system import EXACT, SOFT, WANTED
from mfa.solve.frontal.work import Terms, Work
from mfa.solve.problem import Bools, Floats, Ints

LEADING = 0.1
"""Unit of a sum so far, as a share of the largest coefficient that is added, from which it is replaced."""


@dataclass(frozen=True)
class Sums:
    """The long rows that a front meets, and the columns of its children that carry them.

    Of each of `rows`: whether it stays `open`, or is closed here as an observation (`soft`) or as one whose
    variance is `wanted`; its `unit`; whether an exact row of the front's defines it. Of each carrying column:
    the place of its row in `carrier`, its own unit in `units`, whether it `leads` (it is replaced).
    """

    rows: Ints
    open: Bools
    soft: Bools
    wanted: Bools
    defined: Ints
    unit: Floats
    carrier: Ints
    units: Floats
    leads: Bools

    @property
    def inner(self) -> Ints:
        """Carrying columns that are columns of the front itself."""
        return np.flatnonzero(~self.leads)


def sums_of(work: Work, k: int, terms: Terms, carried: Ints, units: Floats) -> Sums:
    """The sums met in front `k`: of its own `terms`, and those `carried` by its children in their `units`."""
    rows = np.unique(np.concatenate([carried, terms.row]))
    carrier = np.searchsorted(rows, carried)
    added, most = np.zeros(len(rows)), np.zeros(len(rows))
    np.maximum.at(added, np.searchsorted(rows, terms.row), np.abs(terms.factor))
    np.maximum.at(most, carrier, units)
    open_, kind = work.front_of_row[rows] > k, work.kind[rows]
    exact = open_ | (kind == EXACT)
    led = exact & (most > 0) & (most >= LEADING * added)
    leads = led[carrier] & (units == most[carrier])
    return Sums(
        rows=rows,
        open=open_,
        soft=~open_ & (kind == SOFT),
        wanted=~open_ & (kind == WANTED),
        defined=np.flatnonzero(exact & ~led),
        unit=np.where(led, most, np.maximum(added, most)),
        carrier=carrier,
        units=units,
        leads=_first(carrier, leads),
    )


def _first(group: Ints, some: Bools) -> Bools:
    """Which of `some` are the first of their group."""
    places = np.flatnonzero(some)
    _, first = np.unique(group[places], return_index=True)
    found = np.zeros(len(group), np.bool_)
    found[places[first]] = True
    return found
