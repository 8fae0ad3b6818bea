"""Tables and pictures of the report, as text ready to be set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mfa.figures.residuals import plain_label
from mfa.figures.select import title_of
from mfa.figures.text import number, with_sd
from mfa.run.result import Result


@dataclass(frozen=True)
class Grid:
    """A table: headings, rows of text, which columns hold numbers, and a line below it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure as a data address, with what it shows and how to read it; or why it could not be drawn."""

    name: str
    title: str
    caption: str
    source: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the report: heading, sentences, pictures and tables."""

    anchor: str
    title: str
    sentences: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of a grid: its heading, and the frame's column it is set from.

    A column of numbers has significant `digits`, or an `sd` column that says how many there are; `missing` is
    what stands where there is no number.
    """

    heading: str
    of: str
    sd: str = ""
    digits: int = 0
    missing: str = ""

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return bool(self.sd or self.digits)

    def text(self, row: Mapping[Any, Any]) -> str:
        """The cell of one row."""
        value = row[self.of]
        if not self.numeric or plain_label(value) == "":
            return plain_label(value) or self.missing
        return with_sd(float(value), float(row[self.sd])) if self.sd else number(float(value), self.digits)


def grid(
    result: Result, frame: pd.DataFrame, columns: Sequence[Column], *, first: int = 0, file: str = ""
) -> Grid:
    """The first rows of a frame (0: all) as a grid; labels by their names, empty columns left out."""
    shown = frame.head(first) if first else frame
    if result.without_sd:  # a deviation that nobody knows is left out, not said to be free
        shown = shown.fillna({c.sd: 0.0 for c in columns if c.sd})
    used = [c for c in columns if c.of in frame.columns and shown[c.of].map(_filled).any()]
    rows = tuple(
        tuple(title_of(result, c.of, text) if (text := c.text(row)) else "" for c in used)
        for row in shown.to_dict("records")
    )
    more = len(frame) > len(shown)
    where = f"; all of them in {file}" if file else ""
    note = f"The first {len(shown):,} of {len(frame):,}{where}." if more else ""
    return Grid(tuple(c.heading for c in used), rows, tuple(c.numeric for c in used), note)


def _filled(value: Any) -> bool:
    return plain_label(value) != ""


def labels_of(frame: pd.DataFrame, others: Sequence[str]) -> list[Column]:
    """The label columns of a frame: all that are not among `others`."""
    return [Column(c, c) for c in frame.columns if c not in others]
