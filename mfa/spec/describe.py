"""The resolved document with the origin of every value, for people to read."""

from __future__ import annotations

import os
from collections.abc import Iterator

from mfa.errors import Place
from mfa.spec.document import Document
from mfa.spec.fullform import lines
from mfa.spec.tree import Steps, find

_WIDEST = 72
_LIFTED = ("value", "unit", "file", "mixed", "labels")
"""What a shorthand stands for."""
DEFAULT = "default"
"""The origin of a value that no file states."""


def describe(document: Document) -> str:
    """The resolved file, each line with where its value was written as a trailing comment.

    Reading the text back gives the same document.
    """
    shown = list(_commented(document))
    width = max((len(line) for line, _ in shown if len(line) <= _WIDEST), default=0)
    return "".join(f"{line.ljust(width)}  # {origin}\n" if origin else f"{line}\n" for line, origin in shown)


def _commented(document: Document) -> Iterator[tuple[str, str]]:
    for steps, line in lines(document.full):
        yield line, "" if line.endswith(":") else origin_of(document, steps)


def origin_of(document: Document, steps: Steps) -> str:
    """Where the value at a path comes from: `file:line`, a setting, or `default`."""
    place = _written(document, steps)
    if place is None:
        return DEFAULT if document.files else ""
    return f"{_shown(place.file)}:{place.line}" if place.line else place.file


def _written(document: Document, steps: Steps) -> Place | None:
    """The place of a value, or of the shorthand that it was lifted from; None for a default."""
    tree = document.origin
    above = steps = tree.written(steps)
    while above and not tree.has(above):
        above = above[:-1]
    if (
        above == steps
        or "lifetime" in above
        or (steps[-1] in _LIFTED and not isinstance(find(tree.data, above), dict))
    ):
        return tree.place(above)
    number = (*steps[:-1], "value")
    return tree.place(number) if steps[-1] == "unit" and tree.has(number) else None


def _shown(file: str) -> str:
    """A file's path as seen from the current folder where that is shorter."""
    relative = os.path.relpath(file) if os.path.isabs(file) and os.name != "nt" else file
    return relative if len(relative) < len(file) else file
