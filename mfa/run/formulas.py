"""Formulas over flows, trades and stocks, with derivatives by the cells of the problem.

Every part of a formula is an array with its derivative by the cells of the problem, so that the standard
deviation of a ratio or a share is that of the whole expression, covariances included: sd = |J S|, S the
effect of a one-sigma error of each observation on the cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.core.labels import ELEMENT, TIME_NAMES, dimension_of
from mfa.errors import InputError
from mfa.limits import NUMBERS
from mfa.run.measure import Measure, measure_of
from mfa.run.result import Result
from mfa.run.trace import Trace
from mfa.solve.truncated.ends import Ends
from mfa.spec.formula import Binary, Call, Name, Neg, Num, Select, chain, parse_formula

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Operand:
    """An array over `axes` (flat, last axis fastest), its derivative by the cells (rows, cells), its
    measure, and whether bounds leave it room below 0."""

    axes: tuple[str, ...]
    labels: Mapping[str, tuple[str | int, ...]]
    value: Floats
    slope: sparse.csr_array
    measure: Measure
    signed: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of labels along each axis."""
        return tuple(len(self.labels[a]) for a in self.axes)

    def taken(self, axes: Sequence[str], labels: Mapping[str, tuple[str | int, ...]], rows: Ints) -> Operand:
        """The entries `rows` as an array over other axes."""
        slope = self.slope[rows].tocsr()
        return Operand(tuple(axes), labels, self.value[rows], slope, self.measure, self.signed)

    def mapped(
        self, axes: Sequence[str], labels: Mapping[str, tuple[str | int, ...]], by: sparse.csr_array
    ) -> Operand:
        """`by @ self`: sums of entries as an array over other axes."""
        value, slope = np.asarray(by @ self.value), (by @ self.slope).tocsr()
        return Operand(tuple(axes), labels, value, slope, self.measure, self.signed)


def evaluate(result: Result, trace: Trace, formula: str) -> Operand:
    """A formula over the flows, trades and stocks of a result in its unit of mass, with its derivative by the
    cells.

    Raises InputError for one that does not fit.
    """
    return _Evaluation(result, trace).of(parse_formula(formula))


def _within(shape: Sequence[int]) -> None:
    """Raise InputError for an array with more numbers than one value may have."""
    if not NUMBERS.allows(count := prod(shape)):
        raise InputError(NUMBERS.exceeded("a part of the formula", found=count))


def positions(shape: tuple[int, ...]) -> Ints:
    """The positions of every entry along every axis, one line an axis (none for a single number)."""
    return np.indices(shape, dtype=np.int64).reshape(len(shape), int(np.prod(shape, dtype=np.int64)))


class _Evaluation:
    """Evaluates a formula's tree over one result."""

    def __init__(self, result: Result, trace: Trace) -> None:
        self.result, self.trace = result, trace
        self.n_cells = len(trace.problem.cells)

    def of(self, node: object) -> Operand:
        return _RULES[type(node)](self, node)

    def number(self, node: Num) -> Operand:
        none = sparse.csr_array((1, self.n_cells))
        return Operand((), {}, np.array([node.value]), none, Measure(bare=True), node.value < 0)

    def name(self, node: Name) -> Operand:
        """A flow, trade or stock over all its labels; cells that do not exist are zero."""
        q = self.result.quantity(node.name)
        axes = (*q.axes, ELEMENT) if q.elements else q.axes
        labels = {a: self.result.dimensions[dimension_of(a)] for a in axes}
        shape = tuple(len(labels[a]) for a in axes)
        _within(shape)
        k, element = np.nonzero(q.status >= 0)
        where = [_places(q.labels[a][k], labels[a]) for a in q.axes] + ([element] if q.elements else [])
        row = np.ravel_multi_index(tuple(where), shape) if shape else np.zeros(len(k), np.int64)
        number = self.trace.first[q.name] + k * q.value.shape[1] + element
        size = int(np.prod(shape, dtype=np.int64))
        weight = np.full(len(row), 1 / self.trace.mass_factor)
        slope = sparse.coo_array((weight, (row, number)), shape=(size, self.n_cells)).tocsr()
        value = np.asarray(slope @ self.trace.solution.q)
        signed = bool(np.any(Ends(self.trace.problem).cells[0][number] < 0))
        return Operand(axes, labels, value, slope, measure_of(q), signed)

    def negative(self, node: Neg) -> Operand:
        inner = self.of(node.of)
        return replace(inner, value=-inner.value, slope=-inner.slope, signed=True)

    def binary(self, node: Binary) -> Operand:
        first, steps = chain(node)
        found = self.of(first)
        for step in steps:
            left, right = _aligned(found, self.of(step.right))
            measure = _MEASURES[step.op](left.measure, right.measure)
            signed = step.op == "-" or left.signed or right.signed
            found = Operand(left.axes, left.labels, *_ARITHMETIC[step.op](left, right), measure, signed)
        return found

    def selection(self, node: Select) -> Operand:
        """The entries at some labels; an axis with one label chosen disappears."""
        found = self.of(node.of)
        for axis, wanted in node.at:
            found = select(found, axis, wanted)
        return found

    def call(self, node: Call) -> Operand:
        return _FUNCTIONS[node.function](self._over_time(node), node.dims)

    def _over_time(self, node: Call) -> Operand:
        """What is summed: where flows are summed over time, masses instead of masses per time."""
        found = self.of(node.of)
        time = next((a for a in found.axes if a in TIME_NAMES), None)
        summed = node.dims or (found.axes if node.function == "sum" else (time,))
        if time is None or time not in summed or found.measure.time >= 0:
            return found
        known = dict(zip(self.result.dimensions[time], self.trace.lengths.tolist(), strict=True))
        lengths = np.array([known[x] for x in found.labels[time]])
        factor = lengths[positions(found.shape)[found.axes.index(time)]]
        value, slope = found.value * factor, _scaled(found.slope, factor)
        return replace(found, value=value, slope=slope, measure=found.measure.over_time())


def _places(labels: npt.NDArray[np.object_], every: Sequence[str | int]) -> Ints:
    place = {label: k for k, label in enumerate(every)}
    return np.array([place[x] for x in labels], dtype=np.int64)


_RULES: dict[type, Callable[[_Evaluation, object], Operand]] = {
    Num: _Evaluation.number,  # type: ignore[dict-item]
    Name: _Evaluation.name,  # type: ignore[dict-item]
    Neg: _Evaluation.negative,  # type: ignore[dict-item]
    Binary: _Evaluation.binary,  # type: ignore[dict-item]
    Select: _Evaluation.selection,  # type: ignore[dict-item]
    Call: _Evaluation.call,  # type: ignore[dict-item]
}


def _scaled(slope: sparse.csr_array, factor: Floats) -> sparse.csr_array:
    """The derivative with its rows multiplied; where the factor is not finite there is none."""
    return sparse.csr_array(sparse.diags_array(np.where(np.isfinite(factor), factor, 0.0)) @ slope)


def _quotient(a: Operand, b: Operand) -> tuple[Floats, sparse.csr_array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        value, inverse = a.value / b.value, 1.0 / b.value
    return value, (_scaled(a.slope, inverse) - _scaled(b.slope, value * inverse)).tocsr()


_ARITHMETIC: dict[str, Callable[[Operand, Operand], tuple[Floats, sparse.csr_array]]] = {
    "+": lambda a, b: (a.value + b.value, (a.slope + b.slope).tocsr()),
    "-": lambda a, b: (a.value - b.value, (a.slope - b.slope).tocsr()),
    "*": lambda a, b: (a.value * b.value, (_scaled(a.slope, b.value) + _scaled(b.slope, a.value)).tocsr()),
    "/": _quotient,
}

_MEASURES: dict[str, Callable[[Measure, Measure], Measure]] = {
    "+": Measure.plus,
    "-": Measure.plus,
    "*": lambda a, b: b if a.bare else a.times(b),
    "/": lambda a, b: Measure().times(b, -1) if a.bare else a.times(b, -1),
}


def _aligned(left: Operand, right: Operand) -> tuple[Operand, Operand]:
    """Both over the union of their axes, entries repeated along those an operand lacks."""
    axes = (*left.axes, *(a for a in right.axes if a not in left.axes))
    labels = {**right.labels, **left.labels}
    for axis in set(left.axes) & set(right.axes):
        if left.labels[axis] != right.labels[axis]:
            raise InputError(f'the two sides of an operation have different labels along "{axis}"')
    return _spread(left, axes, labels), _spread(right, axes, labels)


def _spread(operand: Operand, axes: tuple[str, ...], labels: Mapping[str, tuple[str | int, ...]]) -> Operand:
    shape = tuple(len(labels[a]) for a in axes)
    if operand.axes == axes:
        return operand
    _within(shape)
    index = positions(shape)
    own = tuple(index[axes.index(a)] for a in operand.axes)
    size = int(np.prod(shape, dtype=np.int64))
    rows = np.ravel_multi_index(own, operand.shape) if own else np.zeros(size, np.int64)
    return operand.taken(axes, labels, np.asarray(rows))


def _axis(operand: Operand, axis: str) -> int:
    if axis not in operand.axes:
        raise InputError(
            f'there is no dimension "{axis}" here; the dimensions are {", ".join(operand.axes) or "none"}'
        )
    return operand.axes.index(axis)


def select(operand: Operand, axis: str, wanted: Sequence[str]) -> Operand:
    """The entries at some labels of an axis, which disappears where there is one; raises InputError."""
    k = _axis(operand, axis)
    known = {str(x): i for i, x in enumerate(operand.labels[axis])}
    missing = [w for w in wanted if w not in known]
    if missing:
        raise InputError(f'dimension "{axis}" has no label "{missing[0]}"')
    chosen = [known[w] for w in wanted]
    rows = np.take(np.arange(len(operand.value)).reshape(operand.shape), chosen, axis=k)
    if len(chosen) > 1:
        labels = {**operand.labels, axis: tuple(operand.labels[axis][i] for i in chosen)}
        return operand.taken(operand.axes, labels, rows.ravel())
    axes = tuple(a for a in operand.axes if a != axis)
    return operand.taken(axes, {a: operand.labels[a] for a in axes}, rows.ravel())


def total(operand: Operand, dims: Sequence[str]) -> Operand:
    """The sum over some dimensions (all, where none is named)."""
    gone = {_axis(operand, d) for d in dims} if dims else set(range(len(operand.axes)))
    axes = tuple(a for k, a in enumerate(operand.axes) if k not in gone)
    labels = {a: operand.labels[a] for a in axes}
    index = positions(operand.shape)
    shape = tuple(len(labels[a]) for a in axes)
    kept = tuple(index[operand.axes.index(a)] for a in axes)
    n = len(operand.value)
    row = np.ravel_multi_index(kept, shape) if kept else np.zeros(n, np.int64)
    size = int(np.prod(shape, dtype=np.int64))
    return operand.mapped(
        axes, labels, sparse.coo_array((np.ones(n), (row, np.arange(n))), shape=(size, n)).tocsr()
    )


def _cumulated(operand: Operand, dims: Sequence[str]) -> Operand:
    """Running sums along the time dimension (or the one named)."""
    k = _axis(operand, dims[0] if dims else next((a for a in operand.axes if a in TIME_NAMES), "year"))
    entries = np.arange(len(operand.value)).reshape(operand.shape)
    n = operand.shape[k]
    _within((*operand.shape, (n + 1) // 2))
    later, earlier = np.tril_indices(n)
    row, column = np.take(entries, later, axis=k).ravel(), np.take(entries, earlier, axis=k).ravel()
    by = sparse.coo_array((np.ones(len(row)), (row, column)), shape=(entries.size, entries.size)).tocsr()
    return operand.mapped(operand.axes, operand.labels, by)


def _shared(operand: Operand, dims: Sequence[str]) -> Operand:
    """Each entry as a share of the sum over some dimensions."""
    left, right = _aligned(operand, total(operand, dims))
    return Operand(left.axes, left.labels, *_quotient(left, right), Measure(), left.signed)


_FUNCTIONS: dict[str, Callable[[Operand, Sequence[str]], Operand]] = {
    "sum": total,
    "cumsum": _cumulated,
    "share": _shared,
}
