"""Every value, table and other node of a scenario with its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from mfa.spec.document import Document
from mfa.spec.shape import key_of
from mfa.spec.stocks import Parameters
from mfa.spec.tree import Steps
from mfa.spec.values import Node

N = TypeVar("N", bound=Node)
_NOT_WALKED = ("variants", "sweep")


def nodes(document: Document, kind: type[N]) -> Iterator[tuple[Steps, N]]:
    """All nodes of a kind with their paths, in the order of the document."""
    for steps, node in _walk(document.spec, ()):
        if isinstance(node, kind):
            yield steps, node


def _walk(value: Any, steps: Steps) -> Iterator[tuple[Steps, Node]]:
    if isinstance(value, Node):
        yield steps, value
        for name, field in type(value).model_fields.items():
            if steps or name not in _NOT_WALKED:
                key = value.kind if isinstance(value, Parameters) else key_of(name, field)
                yield from _walk(getattr(value, name), (*steps, key))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*steps, key))
    elif isinstance(value, list | tuple):
        for k, inner in enumerate(value):
            if isinstance(inner, Node | dict | list | tuple):
                yield from _walk(inner, (*steps, k))
