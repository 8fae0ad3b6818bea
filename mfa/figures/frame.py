"""The frame of a figure laid out in points: heading, axes, notes; every text measured before it is placed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mfa.figures.style import INK, MUTED, SIZE, figure, renderer
from mfa.figures.text import number

MARGIN = 12.0
TITLE, NOTE = 10.0, 7.0
LEADING = 1.35


@cache
def width(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """The width of one line of text in points, as the widest of the renderers sets it."""
    with mpl.rc_context({"font.family": ["DejaVu Sans"], "text.parse_math": False}):
        scratch = figure(72, 72)
        made = scratch.text(0, 0, text, size=size, weight=weight)
        made.set_parse_math(False)
        box = made.get_window_extent(renderer(scratch))
    return float(box.width) * 72 / scratch.dpi * 1.02 + 0.5


def lines_within(text: str, room: float, size: float = SIZE, weight: str = "normal") -> list[str]:
    """The lines of a text broken at blanks, none wider than `room` points where its words allow it."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, weight) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@dataclass(frozen=True)
class Sheet:
    """A figure with its heading and notes set, and where its axes go (points from the lower left corner)."""

    figure: Figure
    left: float
    bottom: float
    width: float
    height: float

    def axes(self, left: float = 0.0, right: float = 0.0, bottom: float = 0.0) -> Axes:
        """Axes in what the sheet leaves free, less room at the left, the right and the bottom."""
        w, h = (72 * x for x in self.figure.get_size_inches())
        x, y = self.left + left, self.bottom + bottom
        inner = (x / w, y / h, (self.width - left - right) / w, (self.height - bottom) / h)
        return self.figure.add_axes(inner)

    def write(self, x: float, y: float, text: str, **style: object) -> None:
        """Text at a point of the sheet, in points."""
        w, h = (72 * v for v in self.figure.get_size_inches())
        self.figure.text(x / w, y / h, text, **style)  # type: ignore[arg-type]


def sheet(title: str, subtitle: str, note: str, room: tuple[float, float]) -> Sheet:
    """A figure whose heading and note surround a free area of `room` (width, height) points."""
    wide, high = room
    titles = lines_within(title, wide, TITLE, "bold")
    subtitles = lines_within(subtitle, wide) if subtitle else []
    notes = lines_within(note, wide, NOTE) if note else []
    head = len(titles) * TITLE * LEADING + len(subtitles) * SIZE * LEADING + 8
    foot = len(notes) * NOTE * LEADING + (4 if notes else 0)
    made = figure(wide + 2 * MARGIN, high + head + foot + 2 * MARGIN)
    found = Sheet(made, MARGIN, MARGIN + foot, wide, high)
    y = MARGIN + foot + high + head
    for text, size, weight, colour in [
        *((t, TITLE, "bold", INK) for t in titles),
        *((t, SIZE, "normal", MUTED) for t in subtitles),
    ]:
        y -= size * LEADING
        found.write(MARGIN, y + 0.25 * size, text, size=size, weight=weight, color=colour)
    for k, text in enumerate(reversed(notes)):
        found.write(MARGIN, MARGIN + k * NOTE * LEADING, text, size=NOTE, color=MUTED)
    return found


def plain_numbers(axes: Axes, which: str) -> None:
    """Tick labels of one axis as plain numbers with separated thousands."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda x, _: number(x, 4)))
