"""Python data as a document holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mfa.errors import Problem
from mfa.spec.tree import Steps, Tree, spell


def given_tree(source: Mapping[Any, Any]) -> tuple[Tree, list[Problem]]:
    """The tree of a mapping made in Python, and a problem for each table in it that is no plain data."""
    tree = Tree(plain_data(source))
    return tree, [_no_data(tree, steps, kind) for steps, kind in _frames(source, ())]


def plain_data(value: object) -> Any:
    """Python data as a document holds it: dicts, lists, text, numbers; numpy numbers become plain ones.

    Minus zero becomes zero.
    """
    if isinstance(value, Mapping):
        return {key if isinstance(key, int) else str(key): plain_data(v) for key, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_data(v) for v in value]
    if type(value) is float:
        return value + 0.0
    if value is None or type(value) in (str, bool, int):
        return value
    if hasattr(value, "tolist"):
        return plain_data(value.tolist())
    return str(value)


def _frames(value: object, steps: Steps) -> Iterator[tuple[Steps, str]]:
    """The tables of other libraries with their paths and kinds."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _frames(inner, (*steps, key))
    elif isinstance(value, list | tuple):
        for k, inner in enumerate(value):
            yield from _frames(inner, (*steps, k))
    elif hasattr(value, "columns") and hasattr(value, "to_csv"):
        yield steps, type(value).__name__


def _no_data(tree: Tree, steps: Steps, kind: str) -> Problem:
    text = f"{spell(steps)}: a document holds no {kind}"
    return tree.problem("type", text, steps, hint="save it with to_csv and name the file")
