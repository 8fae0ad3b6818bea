"""Stacked areas: a flow or stock over time split by a dimension, the total with its standard deviation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from mfa.errors import UnknownName, did_you_mean
from mfa.figures.frame import plain_numbers, sheet, width
from mfa.figures.select import (
    ENDS,
    Floats,
    check_labels,
    choose,
    selection_text,
    split,
    time_axis,
    title_of,
    unit_of,
    unit_text,
)
from mfa.figures.spec import FigureSpec, Label
from mfa.figures.style import INK, OTHERS, PAPER, Look, look, styled
from mfa.figures.text import number
from mfa.run.result import Quantity, Result
from mfa.run.sums import Chosen, sums
from mfa.run.tensors import axis_labels
from mfa.units import COUNT, Unit

CAPTION = (
    "The largest at the bottom; the line is the total, dashed lines (where numbers are uncertain) are one"
    " standard deviation either side of it. Labels are in the order of the stack."
)
PLOT = (400.0, 230.0)
KEY = 18.0
"""Width of a legend's colour field with the blank after it."""
TOTAL = ("Total \N{PLUS-MINUS SIGN} 1 sd", "Total")
LINE: Mapping[str, Any] = {"color": INK, "linewidth": 1.3}
LEGEND: Mapping[str, Any] = {
    "handlelength": 1.4,
    "labelspacing": 0.45,
    "borderaxespad": 0.0,
    "borderpad": 0.0,
}
EDGE: Mapping[str, Any] = {"color": INK, "linewidth": 0.8, "linestyle": (0, (2.4, 1.8)), "gapcolor": PAPER}


@dataclass(frozen=True)
class Band:
    """One band of the stack: its name, look and value at every time."""

    title: str
    look: Look
    value: Floats


@dataclass(frozen=True)
class Stack:
    """The bands from the bottom up, over times, with the total's standard deviation (NaN where free)."""

    times: tuple[Label, ...]
    bands: tuple[Band, ...]
    sd: Floats

    @property
    def certain(self) -> bool:
        """Whether the total has no standard deviation at any time, as in a simulation or where it is free."""
        return not np.any(self.sd > 0)

    @property
    def total(self) -> Floats:
        """The sum of all bands at every time."""
        return np.asarray(np.sum([b.value for b in self.bands], axis=0))


def draw(result: Result, spec: FigureSpec) -> Figure:
    """A stacked area of the figure's quantities over time.

    Raises UnknownName for a name, label or dimension the result lacks, UnitError, and EmptyFigure.
    """
    check_labels(result, spec.at)
    quantities, unit = _quantities(result, spec), unit_of(result, spec.unit)
    stack = stacked(result, spec, quantities, unit)
    per = "" if all(q.kind == "stock" for q in quantities) else f" per {result.time_unit}"
    words = unit_text(spec, unit, quantities)
    label = words + per
    names = " + ".join(dict.fromkeys(q.label for q in quantities))
    shown = [*(() if unit.kind == COUNT else ("element",)), "region", *ENDS]
    axes = [a for a in shown if any(a in _axes(q) for q in quantities) and a != band_axis(spec, quantities)]
    words = ", ".join([label, *selection_text(result, spec.at, axes, words)])
    free = "No standard deviation where a part of the total is free." if np.isnan(stack.sd).any() else ""
    with styled():
        heading = (
            spec.title or names[:1].upper() + names[1:],
            words if spec.title is None else f"{names}; {words}",
            free,
        )
        return _drawn(stack, heading, label, str(time_axis(result)))


def _axes(q: Quantity) -> tuple[str, ...]:
    return (*q.axes, *(("element",) if q.elements else ()))


def _quantities(result: Result, spec: FigureSpec) -> list[Quantity]:
    """The quantities named; one figure shows flows or stocks, not both."""
    if not spec.of:
        hint = "name flows, trades or stocks with `of`, such as `of: [mined]`"
        raise spec.empty("it does not say which quantity it shows", hint)
    found = [result.quantity(name) for name in spec.of]
    if len({q.kind == "stock" for q in found}) > 1:
        raise spec.empty("a stock (a level) and a flow (per time) cannot be stacked", "make a figure of each")
    for q in found:
        for axis in spec.at:
            if axis not in _axes(q):
                text = f'figure "{spec.name}": "{q.name}" cannot be restricted by "{axis}"'
                raise UnknownName(f"{text}; {did_you_mean(axis, _axes(q))}")
    return found


def band_axis(spec: FigureSpec, quantities: Sequence[Quantity]) -> str | None:
    """The axis that makes the bands: `by`, else the first of region, exporter, element that all have."""
    shared = [a for a in _axes(quantities[0]) if all(a in _axes(q) for q in quantities)]
    if spec.by is None:
        return next((a for a in ("region", "exporter", "element") if a in shared), None)
    if spec.by not in shared:
        raise UnknownName(
            f'figure "{spec.name}": {", ".join(q.name for q in quantities)} cannot be split by'
            f' "{spec.by}"; {did_you_mean(spec.by, shared)}'
        )
    return spec.by


def stacked(result: Result, spec: FigureSpec, quantities: Sequence[Quantity], unit: Unit) -> Stack:
    """The bands of a figure: the `top` largest by their sum over time, and the rest as others.

    A label without a cell at some time is zero there. Raises EmptyFigure where nothing is left, or where a
    value is negative (a stack would hide it).
    """
    time, by = time_axis(result), band_axis(spec, quantities)
    if time is None:
        raise spec.empty("the result has no time dimension", "an area needs year, month or time")
    times = chosen_times(result, spec, time)
    values: dict[Label | None, Floats] = {}
    for q in quantities:
        for label, cells in split(result, q, spec.at, unit, by):
            np.add.at(values.setdefault(label, np.zeros(len(times))), _at(times, cells, time), cells.value)
    values = {k: v for k, v in values.items() if np.any(v != 0)}
    _check(spec, values)
    whole = [choose(result, q, spec.at, unit) for q in quantities]
    totals = [[part.where(part.labels[time] == t) for part in whole] for t in times]
    return Stack(times, tuple(bands(result, spec, by, values)), sums(result, totals).sd)


def chosen_times(result: Result, spec: FigureSpec, time: str) -> tuple[Label, ...]:
    """The times a figure shows, in order."""
    wanted = {str(t) for t in spec.at.get(time, result.dimensions[time])}
    return tuple(t for t in result.dimensions[time] if str(t) in wanted)


def _at(times: Sequence[Label], cells: Chosen, time: str) -> npt.NDArray[np.int64]:
    position = {t: k for k, t in enumerate(times)}
    return np.array([position[t] for t in cells.labels[time]], dtype=np.int64)


def _check(spec: FigureSpec, values: Mapping[Label | None, Floats]) -> None:
    if not values:
        raise spec.empty("nothing is left of the selection, or all of it is zero", "widen `at`")
    largest = max(float(v.max()) for v in values.values())
    if min(float(v.min()) for v in values.values()) < -1e-9 * abs(largest):
        raise spec.empty(
            "a negative value cannot be stacked", "choose flows or stocks that are never negative"
        )


def bands(
    result: Result, spec: FigureSpec, by: str | None, values: Mapping[Label | None, Floats]
) -> Iterator[Band]:
    """The largest first, the rest summed under one name."""
    if by is None:
        yield Band("All", look(0), values[None])
        return
    known = list(axis_labels(by, result.dimensions))
    ordered = sorted((k for k in known if k in values), key=lambda k: -float(values[k].sum()))
    top = spec.top if len(ordered) > spec.top + 1 else len(ordered)
    for label in ordered[:top]:
        yield Band(title_of(result, by, label), look(known.index(label)), values[label])
    if ordered[top:]:
        rest = np.sum([values[k] for k in ordered[top:]], axis=0)
        yield Band(f"Others ({len(ordered) - top})", Look(OTHERS), rest)


def _drawn(stack: Stack, heading: tuple[str, str, str], label: str, time: str) -> Figure:
    names = [b.title for b in stack.bands]
    lines = dict(zip(TOTAL, (EDGE, LINE), strict=True))
    if stack.certain:
        del lines[TOTAL[0]]
    ticks = max(width(number(t, 4)) for t in MaxNLocator(6).tick_values(0, float(np.max(stack.total))))
    left, right = ticks + 24, max(map(width, [*TOTAL, *names])) + KEY + 24
    page = sheet(*heading, (PLOT[0] + left + right, PLOT[1] + 46))
    axes = page.axes(left=left, right=right, bottom=42)
    _fill(axes, stack)
    axes.set_ylabel(label)
    axes.set_xlabel(time)
    handles = [*(Line2D([], [], **look) for look in lines.values()), *(key(b) for b in reversed(stack.bands))]
    place = (1.0 + 12 / PLOT[0], 1.0)
    axes.legend(handles, [*lines, *reversed(names)], loc="upper left", bbox_to_anchor=place, **LEGEND)
    return page.figure


def _fill(axes: Axes, stack: Stack) -> None:
    """The stack, its total line and band, and the ticks."""
    whole = all(isinstance(t, int) for t in stack.times)
    x = np.array(stack.times, dtype=float) if whole else np.arange(len(stack.times), dtype=float)
    if len(x) == 1:
        x = x[0] + np.array([-0.3, 0.3])
    repeat = len(x) // len(stack.times)
    base = np.zeros(len(x))
    for band in stack.bands:
        above = base + np.repeat(band.value, repeat)
        style = {"facecolor": band.look.colour, "edgecolor": PAPER, "hatch": band.look.hatch or None}
        axes.fill_between(x, base, above, linewidth=0.4, **style)  # type: ignore[arg-type]
        base = above
    sd = np.repeat(stack.sd, repeat)
    axes.plot(x, base, **LINE)
    for edge in () if stack.certain else (base - sd, base + sd):
        axes.plot(x, edge, **EDGE)
    top = 1.04 * float(np.max(base + np.nan_to_num(sd)))
    axes.set_ylim(0, top)
    axes.set_yticks([t for t in MaxNLocator(6).tick_values(0, top) if t <= top])
    plain_numbers(axes, "y")
    _ticks(axes, stack.times, x)


def _ticks(axes: Axes, times: Sequence[Label], x: Floats) -> None:
    """As many times on the axis as fit, the first always among them."""
    room = PLOT[0] / (max(width(str(t)) for t in times) + 10)
    step = max(1, int(np.ceil(len(times) / room)))
    places = np.array([x.mean()]) if len(times) == 1 else x
    axes.set_xticks(places[::step], [str(t) for t in times[::step]])
    axes.set_xlim(x[0], x[-1])


def key(band: Band) -> Patch:
    """The colour field of a band in a legend."""
    return Patch(facecolor=band.look.colour, edgecolor=PAPER, hatch=band.look.hatch or None, linewidth=0.4)
