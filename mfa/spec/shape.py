"""What the grammar has at a path: the keys a mapping may hold, whether a scalar there is a value."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

from mfa.spec.schema import Composition, Scenario
from mfa.spec.tree import Steps
from mfa.spec.values import Node, Value


def key_of(name: str, field: FieldInfo) -> str:
    """The key that a field has in a document (`from` for `from_`)."""
    return field.alias or name


def keyed_fields(node: type[Node]) -> dict[str, FieldInfo]:
    """The fields of a node by the keys they have in a document."""
    return {key_of(name, field): field for name, field in node.model_fields.items()}


def _branches(annotation: Any) -> Iterator[Any]:
    """The alternatives of an annotation, without `Annotated` and unions."""
    origin = get_origin(annotation)
    if isinstance(annotation, TypeAliasType):
        yield Value
        yield dict[str, annotation]
    elif origin is Annotated:
        yield from _branches(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for part in get_args(annotation):
            yield from _branches(part)
    else:
        yield annotation


def _step(annotation: Any, step: str | int) -> Iterator[Any]:
    """The alternatives one step further."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and origin is None and issubclass(annotation, Node):
        field = keyed_fields(annotation).get(str(step))
        if field is not None:
            yield from _branches(field.annotation)
        elif annotation is Composition:  # an element, without `data`
            yield Value
    elif origin is dict:
        yield from _branches(arguments[1])
    elif origin in (tuple, list) and isinstance(step, int):
        yield from _branches(arguments[0])


def nodes_at(steps: Steps) -> list[type[Node]]:
    """The kinds of node that may stand at a path."""
    here: list[Any] = [Scenario]
    for step in steps:
        here = [found for a in here for found in _step(a, step)]
    return [a for a in here if isinstance(a, type) and get_origin(a) is None and issubclass(a, Node)]


def keys_at(steps: Steps) -> dict[str, FieldInfo]:
    """The keys that a mapping at a path may hold, empty where any are allowed.

    >>> sorted(keys_at(("units",)))
    ['mass', 'time']
    """
    return {key: field for node in nodes_at(steps) for key, field in keyed_fields(node).items()}


def is_value(steps: Steps) -> bool:
    """Whether a number at a path stands for `{value: number}`."""
    return any(issubclass(node, Value) for node in nodes_at(steps))
