"""One style for all figures: fonts, sizes, and one fixed look for every label."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure

INK, MUTED, FAINT, PAPER = "#1b1f24", "#59636e", "#d5d9de", "#ffffff"
REPORTED, ADJUSTED, SUSPECT, GROSS = "#59636e", "#0072b2", "#a85b00", "#c1272d"
OTHERS = "#c4c9cf"
PALETTE = (
    "#44aa99", "#cc6677", "#332288", "#ddcc77", "#88ccee", "#117733", "#aa4499", "#999933", "#882255",
)  # fmt: skip
"""Paul Tol's `muted` scheme: nine colours that stay apart under all common kinds of colour blindness."""
HATCHES = ("", "////", "....", "xxxx", "||||", "----")
SIZE = 8.0
POINTS = 72.0

_PARAMETERS: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": SIZE,
    "axes.titlesize": 10.0,
    "axes.labelsize": SIZE,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.labelsize": SIZE,
    "ytick.labelsize": SIZE,
    "text.color": INK,
    "hatch.linewidth": 0.6,
    "hatch.color": PAPER,
    "legend.frameon": False,
    "legend.fontsize": SIZE,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "figure.dpi": 100.0,
    "savefig.dpi": 200.0,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "mfa",
    "path.simplify": True,
    "text.parse_math": False,
}


@dataclass(frozen=True)
class Look:
    """How one label is drawn wherever it appears."""

    colour: str
    hatch: str = ""


def look(position: int) -> Look:
    """The look of the label at a position of its dimension: nine colours, then the same colours hatched.

    >>> look(0).colour == look(9).colour, look(0).hatch == look(9).hatch
    (True, False)
    """
    return Look(PALETTE[position % len(PALETTE)], HATCHES[position // len(PALETTE) % len(HATCHES)])


@contextmanager
def styled() -> Iterator[None]:
    """The style for a `with` block, from matplotlib's defaults; the user's settings come back after it."""
    with mpl.rc_context(), warnings.catch_warnings():
        # the warning would hold the control character itself, and a terminal obey it
        warnings.filterwarnings("ignore", "Glyph (?:[0-9]|[12][0-9]|3[01]|127) ", UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update(_PARAMETERS)  # type: ignore[arg-type]
        yield


def figure(width: float, height: float) -> Figure:
    """A figure of that size in points, drawn by Agg and unknown to pyplot."""
    made = Figure(figsize=(width / POINTS, height / POINTS), dpi=100)
    FigureCanvasAgg(made)
    return made


def renderer(made: Figure) -> RendererAgg:
    """The renderer that measures a figure's text."""
    canvas = made.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    found: RendererAgg = canvas.get_renderer()  # type: ignore[no-untyped-call]
    return found
