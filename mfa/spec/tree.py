"""Plain data read from text, with the place of every key and value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mfa.errors import Place, Problem, Severity
from mfa.printed import LONGEST_QUOTE, shortened
from mfa.spec.scalars import is_finite

Step = str | int
Steps = tuple[Step, ...]
"""A path into a document: keys of mappings and positions in lists."""
Places = dict[Steps, Place]


def spell(steps: Steps) -> str:
    """A path as one writes it: dots between steps, quotes around a step that holds a dot.

    >>> spell(("transfers", "recycle", "a.b", 0))
    'transfers.recycle."a.b".0'
    """
    return ".".join(f'"{s}"' if "." in str(s) or not str(s) else str(s) for s in steps)


def find(data: Any, steps: Steps) -> Any:
    """The data at a path; raises KeyError where there is none."""
    for step in steps:
        data = _inner(data, step)
    return data


def _inner(data: Any, step: Step) -> Any:
    if isinstance(data, dict):
        return data[step]
    if isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
        return data[step]
    raise KeyError(step)


@dataclass(frozen=True)
class Tree:
    """Plain dicts, lists and scalars; the places of their keys and values; the text of their files.

    `folders` maps the name of each file, as shown in places, to the folder its relative paths start from.
    """

    data: dict[Any, Any]
    key_places: Places = field(default_factory=dict)
    value_places: Places = field(default_factory=dict)
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folders: Mapping[str, Path] = field(default_factory=dict)

    def has(self, steps: Steps) -> bool:
        """Whether there is anything at a path."""
        try:
            find(self.data, steps)
        except KeyError:
            return False
        return True

    def written(self, steps: Steps) -> Steps:
        """A path without a `data` that the document leaves out, as the short form of a composition does."""
        for k in range(len(steps) - 1):
            if steps[k] == "data" and not self.has(steps[: k + 1]) and self.has((*steps[:k], steps[k + 1])):
                return (*steps[:k], *steps[k + 1 :])
        return steps

    def place(self, steps: Steps, key: bool = False) -> Place | None:
        """The place of a value (a container's is that of its key), else that of its closest ancestor."""
        steps = self.written(steps)
        for n in range(len(steps), -1, -1):
            here = steps[:n]
            keyed = self.key_places.get(here)
            if keyed and ((key and n == len(steps)) or self._holds_more(here)):
                return keyed
            if here in self.value_places:
                return self.value_places[here]
        return None

    def _holds_more(self, steps: Steps) -> bool:
        try:
            return isinstance(find(self.data, steps), dict | list)
        except KeyError:
            return True

    def line(self, place: Place | None) -> str:
        """The source line of a place, tabs as blanks so that a caret stands under its column."""
        lines = self.lines.get(place.file, ()) if place else ()
        return lines[place.line - 1].replace("\t", " ") if place and 0 < place.line <= len(lines) else ""

    def problem(
        self,
        code: str,
        text: str,
        steps: Steps,
        *,
        hint: str = "",
        severity: Severity = "error",
        key: bool = False,
    ) -> Problem:
        """A problem at a path, its place and source line filled in."""
        where = self.place(steps, key)
        return Problem(code, text, where, hint, severity, self.line(where))


def unusable(tree: Tree) -> list[Problem]:
    """A problem for every number that no quantity can be and every text that no file can hold.

    These are infinities, NaN and whole numbers beyond all range, and texts with a NUL or half a character, as
    Python, a setting or an escape brings them in.
    """
    problems = []
    for steps, value in _scalars(tree.data, ()):
        if isinstance(value, str):
            if found := _UNWRITABLE.search(value):
                text = f"{spell(steps)}: no text can hold the character U+{ord(found[0]):04X}"
                problems.append(tree.problem("character", text, steps, hint="delete it"))
        elif not is_finite(value):
            shown = shortened(repr(value) if isinstance(value, float) else hex(value), LONGEST_QUOTE)
            text = f"{spell(steps)}: {shown} is not a number that a quantity can have"
            hint = "leave the value out if it is not known"
            problems.append(tree.problem("not-finite", text, steps, hint=hint))
    return problems


_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def _scalars(data: Any, steps: Steps) -> Iterator[tuple[Steps, Any]]:
    """The numbers and texts in plain data with their paths, keys under the path of what holds them."""
    if isinstance(data, dict):
        for key, inner in data.items():
            yield steps, key
            yield from _scalars(inner, (*steps, key))
    elif isinstance(data, list):
        for k, inner in enumerate(data):
            yield from _scalars(inner, (*steps, k))
    elif isinstance(data, int | float | str):
        yield steps, data
