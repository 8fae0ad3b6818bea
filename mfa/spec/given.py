"""Python data as a document holds it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from mfa.errors import Problem
from mfa.spec.tree import Steps, Tree, spell


def given_tree(source: Mapping[Any, Any]) -> tuple[Tree, list[Problem]]:
    """The tree of a mapping made in Python, and a problem for each number in it that is not finite."""
    tree = Tree(plain_data(source))
    frames = [_frame(tree, steps, kind) for steps, kind in _frames(source, ())]
    return tree, [*frames, *(_not_finite(tree, steps) for steps in _infinite(tree))]


def _frames(value: object, steps: Steps) -> Iterator[tuple[Steps, str]]:
    """Tables of other libraries, which are no plain data."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _frames(inner, (*steps, key))
    elif isinstance(value, list | tuple):
        for k, inner in enumerate(value):
            yield from _frames(inner, (*steps, k))
    elif hasattr(value, "columns") and hasattr(value, "to_csv"):
        yield steps, type(value).__name__


def _frame(tree: Tree, steps: Steps, kind: str) -> Problem:
    text = f"{spell(steps)}: a document holds no {kind}"
    return tree.problem("type", text, steps, hint="save it with to_csv and name the file")


def _not_finite(tree: Tree, steps: Steps) -> Problem:
    text = f"{spell(steps)} must be a finite number"
    return tree.problem("not-finite", text, steps, hint="leave the value out if it is not known")


def plain_data(value: object) -> Any:
    """Python data as a document holds it: dicts, lists, text, numbers; numpy numbers become plain ones.

    Minus zero becomes zero, and a whole number that no float holds an infinity.
    """
    if isinstance(value, Mapping):
        return {key if isinstance(key, int) else str(key): plain_data(v) for key, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_data(v) for v in value]
    if type(value) is float:
        return value + 0.0
    if type(value) is int:
        return value if abs(value) <= sys.float_info.max else math.inf
    if value is None or type(value) in (str, bool):
        return value
    if hasattr(value, "tolist"):
        return plain_data(value.tolist())
    return str(value)


def _infinite(tree: Tree) -> Iterator[Steps]:
    ahead: list[tuple[Steps, Any]] = [((), tree.data)]
    while ahead:
        steps, data = ahead.pop()
        if isinstance(data, dict | list):
            inner = data.items() if isinstance(data, dict) else enumerate(data)
            ahead += reversed([((*steps, key), value) for key, value in inner])
        elif isinstance(data, float) and not math.isfinite(data):
            yield steps
