"""Rows of dots with whiskers on one axis, a label left and a verdict right of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator

from mfa.figures.frame import NOTE, Sheet, plain_numbers, sheet, width
from mfa.figures.style import FAINT, INK, MUTED, PAPER, SIZE

ROW, PLOT, GAP = 26.0, 250.0, 10.0
DOT: Mapping[str, Any] = {"markersize": 5, "markeredgewidth": 1.0, "zorder": 3, "clip_on": False}
WIDE = 6.0
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""


@dataclass(frozen=True)
class Mark:
    """A dot with a whisker of one standard deviation; hollow where it does not count."""

    value: float
    sd: float
    colour: str
    marker: str = "o"
    hollow: bool = False

    @property
    def low(self) -> float:
        """The lower end of the whisker."""
        return self.value - (self.sd if np.isfinite(self.sd) else 0.0)

    @property
    def high(self) -> float:
        """The upper end of the whisker."""
        return self.value + (self.sd if np.isfinite(self.sd) else 0.0)


@dataclass(frozen=True)
class Row:
    """One line: what it is about, where it comes from, its verdict, and its marks from top to bottom."""

    title: str
    note: str
    verdict: str
    colour: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Chart:
    """Rows from top to bottom with their heading, the axis label and what each mark means."""

    title: str
    subtitle: str
    note: str
    label: str
    rows: tuple[Row, ...]
    keys: tuple[tuple[str, Mark], ...]
    reference: float | None = None


def draw_chart(chart: Chart) -> Figure:
    """The figure of a chart; its size follows from the number of rows and the widths of the labels."""
    left = max(max(width(r.title), width(r.note, NOTE)) for r in chart.rows) + GAP
    right = max(width(r.verdict) for r in chart.rows) + GAP + 6
    keys = sum(width(text) + 34 for text, _ in chart.keys)
    plot = max(PLOT, keys - left - right)
    high = ROW * len(chart.rows)
    page = sheet(chart.title, chart.subtitle, chart.note, (left + plot + right, high + 64))
    axes = page.axes(left, right, bottom=40)
    axes.set_position(
        (axes.get_position().x0, axes.get_position().y0, axes.get_position().width, _share(page, high))
    )
    _scale(axes, chart)
    _marks(axes, chart.rows)
    _texts(page, chart.rows, left, plot)
    _legend(page, chart.keys, page.bottom + 40 + high + 12)
    axes.set_xlabel(chart.label)
    return page.figure


def _share(page: Sheet, high: float) -> float:
    return high / (72 * float(page.figure.get_size_inches()[1]))


def is_wide(rows: Sequence[Row]) -> bool:
    """Whether the values of some rows span so much that they need a logarithmic axis."""
    values = [m.value for r in rows for m in r.marks if m.value > 0]
    return bool(values) and max(values) / min(values) > WIDE


def _scale(axes: Axes, chart: Chart) -> None:
    """Limits around all marks, linear or logarithmic, with ticks that are plain numbers."""
    marks = [m for r in chart.rows for m in r.marks]
    high = max(m.high for m in marks)
    if is_wide(chart.rows):
        low = min(v for m in marks for v in (m.low, m.value) if v > 0)
        low = max(low, min(m.value for m in marks if m.value > 0) / WIDE)
        axes.set_xscale("log")
        axes.set_xlim(low / 1.25, high * 1.25)
        _log_ticks(axes, high / low)
    else:
        low = min(m.low for m in marks)
        low = max(low, 0.0) if min(m.value for m in marks) >= 0 else low
        pad = 0.06 * (high - low or abs(high) or 1.0)
        axes.set_xlim(low - pad, high + pad)
        axes.xaxis.set_major_locator(MaxNLocator(5))
    plain_numbers(axes, "x")
    axes.set_ylim(len(chart.rows) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if chart.reference is not None:
        axes.axvline(chart.reference, color=MUTED, linewidth=0.6, zorder=1)


def _log_ticks(axes: Axes, ratio: float) -> None:
    """Decades and, where there are few of them, twos and fives; no more than some six numbers."""
    decades = np.log10(ratio)
    subs = (1.0, 2.0, 5.0) if decades < 2.2 else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs, numticks=7))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())


def _marks(axes: Axes, rows: Sequence[Row]) -> None:
    low = axes.get_xlim()[0]
    for k, row in enumerate(rows):
        if k:
            axes.axhline(k - 0.5, color=FAINT, linewidth=0.5, zorder=0)
        spread = np.linspace(-0.17, 0.17, len(row.marks)) if len(row.marks) > 1 else np.zeros(1)
        for y, mark in zip(k + spread, row.marks, strict=True):
            face, beyond = PAPER if mark.hollow else mark.colour, mark.value < low
            axes.plot([max(mark.low, low), mark.high], [y, y], color=mark.colour, linewidth=1.1, zorder=2)
            style: dict[str, Any] = {
                "marker": "<" if beyond else mark.marker,
                "markerfacecolor": face,
                "color": mark.colour,
            }
            axes.plot(max(mark.value, low), y, **style, **DOT)


def _texts(page: Sheet, rows: Sequence[Row], left: float, plot: float) -> None:
    """The label and note of every row at the left, its verdict at the right."""
    top = page.bottom + 40 + ROW * len(rows)
    for k, row in enumerate(rows):
        y = top - ROW * (k + 0.5)
        page.write(page.left, y + 2, row.title, size=SIZE, color=INK)
        page.write(page.left, y - 8, row.note, size=NOTE, color=MUTED)
        x = page.left + left + plot + GAP
        page.write(x, y, row.verdict, size=SIZE, color=row.colour, va="center_baseline")


def _legend(page: Sheet, keys: Sequence[tuple[str, Mark]], y: float) -> None:
    """What each mark means, in one line above the rows."""
    w, h = (72 * float(v) for v in page.figure.get_size_inches())
    x = page.left
    for text, mark in keys:
        face = PAPER if mark.hollow else mark.colour
        line = Line2D([x / w, (x + 16) / w], [(y + 3) / h] * 2, color=mark.colour, linewidth=1.1)
        dot = Line2D(
            [(x + 8) / w],
            [(y + 3) / h],
            color=mark.colour,
            marker=mark.marker,
            markersize=5,
            markerfacecolor=face,
        )
        for artist in (line, dot):
            artist.set_figure(page.figure)
            page.figure.add_artist(artist)
        page.write(x + 20, y, text, size=SIZE)
        x += width(text) + 34
