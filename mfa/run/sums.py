"""Sums of a result's numbers: the one way from chosen cells to a value, a deviation and an interval.

Indicators, figures, the report, the console and `explain` ask here, so that one number is the same wherever
it stands. Everything goes through :func:`mfa.solve.truncated.aggregate.aggregate`, with the full covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.run.formulas import Operand
from mfa.run.result import Quantity, Result
from mfa.run.trace import Trace, trace_of
from mfa.solve.truncated.aggregate import Numbers, aggregate, determined

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Chosen:
    """Cells of one quantity in a sum: `rows` of the quantity, and what each of their elements counts
    (rows, elements); 0 is not counted."""

    quantity: Quantity
    rows: Ints
    weights: Floats

    @classmethod
    def of(cls, quantity: Quantity, rows: Ints, weights: Floats | float = 1.0) -> Chosen:
        """Some rows of a quantity, their elements with one weight each; what cannot be is not counted."""
        there = quantity.status[rows] >= 0
        return cls(quantity, rows, np.where(there, weights, 0.0))

    @cached_property
    def labels(self) -> dict[str, npt.NDArray[np.object_]]:
        """The labels of every row along each axis."""
        return {a: x[self.rows] for a, x in self.quantity.labels.items()}

    @cached_property
    def value(self) -> Floats:
        """The value of every row, its elements summed."""
        counted = np.where(self.weights != 0, self.quantity.value[self.rows], 0.0)
        return np.asarray(np.sum(counted * self.weights, axis=1))

    def where(self, keep: npt.NDArray[np.bool_]) -> Chosen:
        """The rows where `keep` holds."""
        return Chosen(self.quantity, self.rows[keep], self.weights[keep])

    def times(self, factor: Floats | float) -> Chosen:
        """Every row a factor, or one of its own, times as much."""
        return replace(self, weights=self.weights * np.reshape(factor, (-1, 1)))


WIDE = 1.959963984540054
"""Standard deviations from the mean to the ends of a normal 95 % interval."""
Sum = Sequence[Chosen]
"""What is added up."""


def sums(result: Result, wanted: Sequence[Sum]) -> Numbers:
    """What is known of several sums, each of cells of one or more quantities.

    A result that was made by hand keeps no rows of a solver: its cells are taken as independent. Raises
    MissingFile for a saved result whose rows were not kept.
    """
    if result.state is None:
        return _by_hand(wanted)
    trace = trace_of(result)
    return aggregate(trace.truncated, _matrix(trace, wanted))


def numbers_of(trace: Trace, found: Operand) -> Numbers:
    """What is known of every entry of a formula; nothing of one that is not finite."""
    defined = np.isfinite(found.value)
    value = np.where(defined, found.value, 0.0)
    linear = np.allclose(found.slope @ trace.solution.q, value, rtol=1e-9, atol=0.0)
    known = aggregate(trace.truncated, found.slope, None if linear else value)
    if not found.signed:
        ends = ("low", "high", "cautious_low", "cautious_high")
        known = replace(known, **{end: np.maximum(getattr(known, end), 0.0) for end in ends})
    return determined(replace(known, value=found.value), ~defined)


def _matrix(trace: Trace, wanted: Sequence[Sum]) -> sparse.csr_array:
    """The sums as rows over the cells of the problem, in the result's unit of mass."""
    rows, cells, weights = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for k, parts in enumerate(wanted):
        for part in parts:
            at, element = np.nonzero(part.weights)
            width = part.quantity.value.shape[1]
            cells.append(trace.first[part.quantity.name] + part.rows[at] * width + element)
            weights.append(part.weights[at, element] / trace.mass_factor)
            rows.append(np.full(len(at), k))
    entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(cells)))
    return sparse.coo_array(entries, shape=(len(wanted), len(trace.problem.cells))).tocsr()


def _by_hand(wanted: Sequence[Sum]) -> Numbers:
    value = np.array([sum(float(p.value.sum()) for p in parts) for parts in wanted])
    variance = np.array([sum(_variance(p) for p in parts) for parts in wanted], dtype=float)
    sd, none = np.sqrt(variance), np.zeros(len(wanted), dtype=np.bool_)
    low, high = value - WIDE * sd, value + WIDE * sd
    return Numbers(value, value, sd, low, high, low, high, none, none)


def _variance(part: Chosen) -> float:
    counted = part.weights != 0
    return float(np.sum(np.where(counted, part.quantity.sd[part.rows], 0.0) ** 2 * part.weights**2))
