"""The canonical text of a scenario: shorthands in full form, defaults filled in, always the same bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mfa.spec.scalars import write_scalar
from mfa.spec.schema import Scenario
from mfa.spec.shape import key_of
from mfa.spec.tree import Steps
from mfa.spec.values import Node, TableRef

_NOT_PART = ("import", "variants", "sweep")
"""Sections that say how a document is made, or what else may be made of it."""
FolderOf = Callable[[Steps], Path]


def full_form(spec: Scenario, folder_of: FolderOf, home: Path) -> dict[Any, Any]:
    """Plain data of a scenario, paths of files relative to `home`; without imports, variants and sweeps."""
    data = _node(spec, (), lambda name, steps: _relative(name, folder_of(steps), home))
    return {k: v for k, v in data.items() if k not in _NOT_PART}


def _relative(name: str, folder: Path, home: Path) -> str:
    path = os.path.normpath(folder / name)
    try:
        return Path(os.path.relpath(path, home)).as_posix()
    except ValueError:  # another drive
        return Path(path).name


Rebase = Callable[[str, Steps], str]


def _node(node: Node, steps: Steps, rebase: Rebase) -> dict[Any, Any]:
    found = {}
    for name, field in type(node).model_fields.items():
        value, key = getattr(node, name), key_of(name, field)
        if value is None or (isinstance(value, tuple | dict | str) and not value):
            continue
        is_file = name == "file" and value is not None
        found[key] = (
            _rebased(node, value, (*steps, key), rebase) if is_file else _data(value, (*steps, key), rebase)
        )
    return found


def _rebased(node: Node, value: Any, steps: Steps, rebase: Rebase) -> Any:
    return [rebase(f, steps) for f in value] if isinstance(node, TableRef) else rebase(value, steps)


def _data(value: Any, steps: Steps, rebase: Rebase) -> Any:
    if isinstance(value, Node):
        return _node(value, steps, rebase)
    if isinstance(value, dict):
        return {k: _data(v, (*steps, k), rebase) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_data(v, (*steps, k), rebase) for k, v in enumerate(value)]
    return value


def lines(data: Any, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """The lines of a mapping as block YAML, each with the path of what it shows."""
    indent = "  " * len(steps)
    for key, value in data.items():
        here, head = (*steps, key), f"{indent}{write_scalar(key)}:"
        if isinstance(value, dict) and value:
            yield here, head
            yield from lines(value, here)
        else:
            yield here, f"{head} {_flow(value)}"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{write_scalar(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    return write_scalar(value)
