"""Figures of a result: one file a kind, one style, the same bytes at every run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mfa.errors import InputError, ModelError, OutputError, Problem, UnknownName, did_you_mean
from mfa.figures import ages, mirror, residuals, sankey, series
from mfa.figures.save import METADATA, to_bytes, write
from mfa.figures.shown import shown, shown_spec
from mfa.figures.spec import EmptyFigure, FigureSpec, figure_spec, figure_specs
from mfa.run.result import Result

__all__ = [
    "CAPTIONS",
    "KINDS",
    "EmptyFigure",
    "FigureSpec",
    "caption",
    "draw",
    "draw_all",
    "figure_specs",
    "save_figures",
    "to_bytes",
]

KINDS: Mapping[str, Callable[[Result, FigureSpec], Figure]] = {
    "sankey": sankey.draw,
    "area": series.draw,
    "adjustments": residuals.draw,
    "mirror": mirror.draw,
    "ages": ages.draw,
}
"""Kind -> the function that draws it."""
CAPTIONS: Mapping[str, str] = {
    "sankey": sankey.CAPTION,
    "area": series.CAPTION,
    "adjustments": residuals.CAPTION,
    "mirror": mirror.CAPTION,
    "ages": ages.CAPTION,
}
"""Kind -> how to read it."""


def draw(result: Result, name: str) -> Figure:
    """The figure of that name as a matplotlib figure, unknown to pyplot.

    Raises UnknownName for a name or kind that does not exist, UnitError, and EmptyFigure when nothing is
    left of what it selects.
    """
    spec = figure_spec(result, name)
    return KINDS[_kind(spec)](shown(result), shown_spec(spec))


def caption(result: Result, name: str) -> str:
    """How to read the figure of that name; raises UnknownName."""
    return CAPTIONS[_kind(figure_spec(result, name))]


def _kind(spec: FigureSpec) -> str:
    if spec.kind not in KINDS:
        raise UnknownName(f'figure "{spec.name}": no kind "{spec.kind}"; {did_you_mean(spec.kind, KINDS)}')
    return spec.kind


def draw_all(result: Result) -> tuple[dict[str, Figure], dict[str, tuple[Problem, ...]]]:
    """The figures that can be drawn, and the problems of those that cannot, both by name."""
    drawn: dict[str, Figure] = {}
    failed: dict[str, tuple[Problem, ...]] = {}
    for name in figure_specs(result):
        try:
            drawn[name] = draw(result, name)
        except (InputError, ModelError) as error:
            failed[name] = error.problems
    return drawn, failed


def save_figures(
    result: Result, folder: str | Path, formats: Sequence[str] = ("svg", "pdf", "png")
) -> list[Path]:
    """The files `folder/<name>.<format>` of every figure of a result, with the same bytes at every run.

    Raises UnknownName for a format; OutputError where the folder cannot be written; and, after the others are
    written, InputError with the problems of the figures that cannot be drawn.
    """
    for kind in formats:
        if kind not in METADATA:
            raise UnknownName(f'figures are not written as "{kind}"; {did_you_mean(kind, METADATA)}')
    folder = Path(folder)
    drawn, failed = draw_all(result)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [p for name, figure in drawn.items() for p in write(figure, folder, name, formats)]
    except OSError as error:
        raise OutputError(f'cannot write figures into "{folder}": {error.strerror or error}') from error
    if failed:
        raise InputError(*(p for problems in failed.values() for p in problems))
    return paths
