"""Dotted paths into a document, as `--set`, variants and sweeps name them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mfa.errors import did_you_mean
from mfa.spec.shape import is_value, keys_at
from mfa.spec.tree import Step, Steps, spell

_SEGMENT = re.compile(r"""(?:"([^"]*)"|'([^']*)'|([^."']+))(\.(?=.)|$)""")
_HIDDEN = ("variants", "import", "mfa")


class BadPath(ValueError):
    """A path that cannot be read, or that leads nowhere; `hint` says what may be meant."""

    def __init__(self, text: str, hint: str = "", code: str = "patch-nothing") -> None:
        super().__init__(text)
        self.text, self.hint, self.code = text, hint, code


def split_path(text: str) -> tuple[str, ...]:
    """The segments of a dotted path; raises BadPath for one that cannot be read.

    >>> split_path('transfers."a.b".0')
    ('transfers', 'a.b', '0')
    """
    segments, at = [], 0
    while at < len(text) and (found := _SEGMENT.match(text, at)):
        segments.append(next(g for g in found.groups()[:3] if g is not None).strip())
        at = found.end()
    if at < len(text) or not segments or not all(segments):
        hint = "write names with dots between them, such as transfers.recycle.recovered"
        raise BadPath(f'"{text}" is not a path', hint, "path")
    if segments[0] in _HIDDEN:
        raise BadPath(f'"{segments[0]}" cannot be changed by a path', "it is read before paths are", "path")
    return tuple(segments)


@dataclass(frozen=True)
class Located:
    """Where a path leads: steps that exist, then keys that the grammar has and the document does not."""

    steps: Steps
    missing: tuple[str, ...]

    @property
    def whole(self) -> Steps:
        """All steps."""
        return (*self.steps, *self.missing)


def _step_into(data: Any, segment: str) -> Step | None:
    """The key or position that a segment means in some data, or None."""
    number = int(segment) if re.fullmatch(r"-?[0-9]{1,9}", segment) else None
    if isinstance(data, dict):
        return segment if segment in data else number if number in data else None
    if isinstance(data, list) and number is not None and 0 <= number < len(data):
        return number
    return None


def _miss(data: Any, steps: Steps, rest: tuple[str, ...]) -> BadPath:
    """What to say of a path that ends here; keys that only the document leaves out are passed by."""
    segment, *further = rest
    if further and not isinstance(data, list) and segment in keys_at(steps):
        inner = data.get(segment) if isinstance(data, dict) else None
        return _miss(inner, (*steps, segment), tuple(further))
    where = spell(steps) or "the document"
    if isinstance(data, list):
        return BadPath(f"{where} is a list of {len(data)}: it has no item {segment}", "items count from 0")
    if data is not None and not isinstance(data, dict):
        return BadPath(f'{where} is not a mapping: it has no "{segment}"')
    return BadPath(f'{where} has no "{segment}"', did_you_mean(segment, [*(data or ()), *keys_at(steps)]))


def locate(data: Any, text: str, *, may_add: bool) -> Located:
    """Where a path leads in plain data; raises BadPath.

    With `may_add`, the path may end in keys of the grammar that the document leaves at their defaults
    (`solve.robust`), but not in names that nothing has.
    """
    segments, steps = split_path(text), ()  # type: tuple[str, ...], Steps
    for n, segment in enumerate(segments):
        step = _step_into(data, segment)
        if step is None:
            if may_add and _known(steps, data, segments[n:]):
                return Located(steps, segments[n:])
            raise _miss(data, steps, segments[n:])
        data, steps = data[step], (*steps, step)
    return Located(steps, ())


def _known(steps: Steps, data: Any, rest: tuple[str, ...]) -> bool:
    """Whether the grammar has these keys where the document has none."""
    scalar = not isinstance(data, dict | list)
    if isinstance(data, list) or (scalar and data is not None and not is_value(steps)):
        return False
    return all(segment in keys_at((*steps, *rest[:n])) for n, segment in enumerate(rest))
