"""Numbers and sums of them beside bounds: the one place where an aggregate gets its spread.

Flows, stocks, indicators, bars of figures, lines of reports: whatever is linear in the cells (or linearised
at the optimum) is a row of a matrix over cells, and its mean, standard deviation and interval come from here,
with the full covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np
from scipy import sparse

from mfa.solve.problem import Bools, Floats, Ints


@dataclass(frozen=True)
class Numbers:
    """What is known of k combinations of cells.

    `value` is that of the optimum; `mean`, `sd`, `low` and `high` (95 %) are those of the posterior that
    bounds cut off, `cautious_low` and `cautious_high` the interval that ignores bounds. `bound` marks numbers
    that a bound of their own bites, `prior_driven` those whose mean the bounds move away from the value by
    more than half a standard deviation: there the cautious interval is the one to show (`shown_low`,
    `shown_high`). All but the value are nan where nothing determines a number.
    """

    value: Floats
    mean: Floats
    sd: Floats
    low: Floats
    high: Floats
    cautious_low: Floats
    cautious_high: Floats
    bound: Bools
    prior_driven: Bools

    def __len__(self) -> int:
        return len(self.value)

    @property
    def marks(self) -> Ints:
        """1 where a bound bites, 2 where the prior drives, 3 where both."""
        return self.bound + 2 * self.prior_driven

    @property
    def shown_low(self) -> Floats:
        """The lower end to show: the cautious one where the prior drives the number."""
        return np.where(self.prior_driven, self.cautious_low, self.low)

    @property
    def shown_high(self) -> Floats:
        """The upper end to show: the cautious one where the prior drives the number."""
        return np.where(self.prior_driven, self.cautious_high, self.high)


class Truncated(Protocol):
    """A posterior cut off by bounds, ready to be asked (:func:`mfa.solve.truncated.beside.beside_bounds`)."""

    @property
    def unknowns(self) -> Numbers:
        """Every unknown."""
        ...

    @property
    def cells(self) -> Numbers:
        """Every cell."""
        ...

    @property
    def observed(self) -> Numbers:
        """The adjusted value of every observed row."""
        ...

    def numbers(self, matrix: sparse.csr_array, value: Floats | None = None) -> Numbers:
        """What is known of each row of `matrix` (k, cells); see :func:`aggregate`."""
        ...


def aggregate(posterior: Truncated, matrix: sparse.csr_array, value: Floats | None = None) -> Numbers:
    """What is known of k linear combinations of cells, one per row of `matrix` (k, cells), in the cells'
    units.

    `value` are the combinations at the optimum where they are not `matrix @ q`: those of a ratio, whose
    slopes the rows are. A row costs a solve: ask for many at once.
    """
    return posterior.numbers(sparse.csr_array(matrix), value)


def joined(parts: Sequence[Numbers]) -> Numbers:
    """The numbers of several, one after another."""
    every = (np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Numbers))
    return Numbers(*every)


def determined(found: Numbers, free: Bools) -> Numbers:
    """The numbers with nothing but their value said of what is `free`."""
    said = [f.name for f in fields(Numbers) if f.name not in ("value", "bound", "prior_driven")]
    none = {k: np.where(free, np.nan, getattr(found, k)) for k in said}
    return replace(found, bound=found.bound & ~free, prior_driven=found.prior_driven & ~free, **none)
