"""Numbers of a result chosen by labels, in a figure's unit, summed with their standard deviations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.periods import period_lengths
from mfa.errors import UnitError, UnknownName, did_you_mean
from mfa.figures.spec import FigureSpec, Label
from mfa.figures.text import span
from mfa.run.result import Quantity, Result
from mfa.run.sums import Chosen
from mfa.run.tensors import axis_labels
from mfa.units import COUNT, GROSS, Unit, parse_unit

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
TIME_NAMES = ("year", "month", "time")
ENDS = ("exporter", "importer")
ITEMS = {"item": "items", "kitem": "thousand items", "Mitem": "million items"}


def unit_of(result: Result, text: str | None) -> Unit:
    """The unit a figure is drawn in; raises UnitError for one unknown or whose factors the result lacks."""
    elements = [str(e) for e in result.dimensions.get("element", ())]
    known = result.facts.get("bases") or {}
    unit = parse_unit(text or result.mass_unit, [*known, *elements])
    if unit.kind not in ("mass", COUNT):
        raise UnitError(f'figures show masses and items, not "{unit.text}"')
    if unit.basis == GROSS:
        raise UnitError(
            f'the unit "{unit.text}" needs content factors, which a result does not hold; use t or a basis'
        )
    return unit


def element_weights(result: Result, quantity: Quantity, unit: Unit, wanted: Sequence[Label]) -> Floats:
    """What one unit of each element of a quantity counts in another: 0 for elements that are not wanted.

    Raises UnitError for a quantity kept in another basis.
    """
    factor = parse_unit(quantity.unit.split("/")[0].split()[0], ()).factor / unit.factor
    if unit.kind == COUNT:
        return _per_item(result, quantity, factor, wanted)
    if not quantity.elements:
        if quantity.basis != unit.basis:
            raise UnitError(f'"{quantity.name}" is kept in t {quantity.basis}, not in "{unit.text}"')
        return np.array([factor])
    names = {str(x) for x in wanted}
    counted: Mapping[str, float] = dict.fromkeys(quantity.elements, 1.0)
    if unit.basis:
        counted = (result.facts.get("bases") or {}).get(unit.basis, {unit.basis: 1.0})
    kept = [counted.get(e, 0.0) if not names or e in names else 0.0 for e in quantity.elements]
    return factor * np.array(kept, dtype=float)


def _per_item(result: Result, quantity: Quantity, factor: float, wanted: Sequence[Label]) -> Floats:
    """Items per tonne, the same for every element; raises UnitError for what is not counted, or in part."""
    mass = (result.facts.get("items") or {}).get(quantity.name)
    if mass is None or wanted:
        part = f"{', '.join(map(str, wanted))} in " if wanted else ""
        raise UnitError(f'{part}"{quantity.name}" cannot be counted in items; use a unit of mass')
    return np.full(max(len(quantity.elements), 1), factor / mass)


def check_labels(result: Result, at: Mapping[str, Sequence[Label]]) -> None:
    """Nothing; raises UnknownName for a dimension or label that the result does not have."""
    for axis, labels in at.items():
        if axis not in (*result.dimensions, *ENDS):
            raise UnknownName(
                f'the result has no dimension "{axis}"; {did_you_mean(axis, result.dimensions)}'
            )
        known = {str(x) for x in axis_labels(axis, result.dimensions)}
        for label in labels:
            if str(label) not in known:
                raise UnknownName(
                    f'dimension "{axis}" has no label "{label}"; {did_you_mean(str(label), sorted(known))}'
                )


def choose(result: Result, quantity: Quantity, at: Mapping[str, Sequence[Label]], unit: Unit) -> Chosen:
    """The cells of a quantity within `at` that can be, in `unit`; axes it does not have are passed over."""
    keep = np.ones(len(quantity), dtype=bool)
    for axis, labels in at.items():
        if axis in quantity.axes:
            names = {str(x) for x in labels}
            keep &= np.array([str(x) in names for x in quantity.labels[axis]], dtype=bool)
    weights = element_weights(result, quantity, unit, at.get("element", ()))
    keep &= ((quantity.status >= 0) & (weights != 0)).any(axis=1)
    return Chosen.of(quantity, np.flatnonzero(keep), weights)


def split(
    result: Result, quantity: Quantity, at: Mapping[str, Sequence[Label]], unit: Unit, by: str | None
) -> Iterator[tuple[Label | None, Chosen]]:
    """The chosen cells of a quantity, label by label of the axis `by`."""
    if by == "element":
        wanted = {str(x) for x in at.get("element", quantity.elements)}
        for element in quantity.elements:
            if element in wanted:
                yield element, choose(result, quantity, {**at, "element": (element,)}, unit)
        return
    cells = choose(result, quantity, at, unit)
    if by is None:
        yield None, cells
        return
    for label in dict.fromkeys(cells.labels[by]):
        yield label, cells.where(np.array([x == label for x in cells.labels[by]], dtype=bool))


def time_axis(result: Result) -> str | None:
    """The name of the time dimension, if the result has one."""
    return next((a for a in TIME_NAMES if a in result.dimensions), None)


def over_time(result: Result, cells: Chosen, at: Mapping[str, Sequence[Label]]) -> Chosen:
    """Masses instead of masses per time where flows of several periods are to be summed."""
    time = time_axis(result)
    labels = result.dimensions[time] if time else ()
    if time is None or time not in cells.labels or len(at.get(time, labels)) == 1:
        return cells
    lengths = period_lengths(labels, parse_unit(result.time_unit).factor)
    known = dict(zip(labels, lengths.tolist(), strict=True))
    own = np.array([known[x] for x in cells.labels[time]], dtype=float)
    return cells.times(own)


def title_of(result: Result, axis: str, label: Label) -> str:
    """A label's name in figures."""
    dimension = "region" if axis in ENDS else axis
    return str(result.titles.get(dimension, {}).get(label, label))


def unit_text(spec: FigureSpec, unit: Unit, quantities: Sequence[Quantity]) -> str:
    """The unit in words, with the mass it counts: `kt REO`, `t Nd`, `t (element mass)`."""
    elements = spec.at.get("element", ())
    if unit.kind == COUNT:
        return ITEMS.get(unit.text, unit.text)
    if unit.basis or not any(q.elements for q in quantities):
        return unit.text
    return f"{unit.text} {elements[0]}" if len(elements) == 1 else f"{unit.text} (element mass)"


def selection_text(
    result: Result, at: Mapping[str, Sequence[Label]], axes: Sequence[str], unit: str
) -> list[str]:
    """What is shown of each dimension, in words: the labels chosen, or that all were summed.

    A `unit` such as `t Nd` says which element it is.
    """
    words = []
    for axis in axes:
        every = axis_labels(axis, result.dimensions)
        labels = [x for x in every if str(x) in {str(y) for y in at.get(axis, every)}]
        if axis == "element" and unit.split()[1:] == [str(x) for x in labels]:
            continue
        if len(labels) == len(every) > 1:
            ends = f"{labels[0]}\N{EN DASH}{labels[-1]} summed" if axis in TIME_NAMES else None
            words.append(ends or f"all {len(every)} {axis}s summed")
        else:
            words.append(
                span([title_of(result, axis, x) for x in labels]) + (" summed" if len(labels) > 1 else "")
            )
    return words
