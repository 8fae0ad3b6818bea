"""Lines as editors count them: they end at a line feed, a carriage return or both, and nowhere else."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Lines:
    """The lines of a text, and where each starts."""

    texts: tuple[str, ...]
    starts: tuple[int, ...]

    def at(self, index: int) -> tuple[int, int]:
        """Line and column, both from 0, of a position in the text."""
        line = max(0, bisect_right(self.starts, index) - 1)
        return line, index - self.starts[line]

    def text(self, line: int) -> str:
        """A line, tabs as blanks so that a caret stands under its column; empty behind the last."""
        return self.texts[line].replace("\t", " ") if line < len(self.texts) else ""


def split_lines(text: str) -> Lines:
    """The lines of a text without their ends.

    YAML and Python also end lines at form feeds, U+0085 or U+2028, which editors do not.

    >>> split_lines("a\\x0cb\\r\\nc\\u2028d\\re").texts
    ('a\\x0cb', 'c\\u2028d', 'e')
    """
    starts = [0, *(m.end() for m in _END.finditer(text))]
    if len(starts) > 1 and starts[-1] == len(text):
        starts.pop()
    return Lines(tuple(_END.sub("", line) for line in _cut(text, starts)), tuple(starts))


def _cut(text: str, starts: list[int]) -> list[str]:
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
