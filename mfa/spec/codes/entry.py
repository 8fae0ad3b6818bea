"""One explanation."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A paragraph (what it means, why it matters, how to mend it) and a tiny example."""

    paragraph: str
    example: str = ""

    def __str__(self) -> str:
        text = textwrap.fill(" ".join(self.paragraph.split()), 90)
        return f"{text}\n\n{textwrap.indent(self.example, '    ')}" if self.example else text
