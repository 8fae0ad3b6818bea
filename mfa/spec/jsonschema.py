"""The JSON schema of a document, for editors: the full form and the shorthands."""

from __future__ import annotations

from typing import Any

from mfa.spec.lifetimes import KINDS
from mfa.spec.schema import Scenario
from mfa.spec.values import REST

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}
_NUMBER_TEXT = {"type": "string", "pattern": r"^\s*[-+]?[0-9.]", "description": 'such as "10 kt" or "10 %"'}
_LABELS = {"type": "array", "items": {"anyOf": [_TEXT, {"type": "integer"}]}}

_SHORTHANDS: dict[str, list[dict[str, Any]]] = {
    "Value": [_NUMBER, _NUMBER_TEXT],
    "Composition": [{"const": "mixed"}],
    "Dimension": [_LABELS],
    "TableRef": [_TEXT],
    "Parameters": [
        {
            "type": "object",
            "properties": {kind: {"anyOf": [_NUMBER, {"type": "object"}]} for kind in KINDS},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        }
    ],
}
"""Definition -> the JSON schemas of its shorthands."""


def json_schema() -> dict[str, Any]:
    """The JSON schema of a scenario: every key with its description, shorthands accepted.

    Only `mfa` is required: a file that imports others may state part of a thing that they complete.

    >>> json_schema()["properties"]["flows"]["description"]
    'edges'
    """
    schema = Scenario.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    for definition in definitions.values():
        definition.pop("required", None)
    for name, forms in _SHORTHANDS.items():
        full = definitions[name]
        head = {k: full[k] for k in ("title", "description") if k in full}
        definitions[name] = {**head, "anyOf": [*forms, full]}
    _value_texts(definitions)
    _inline_shares(definitions)
    return {**_any_of(schema), "$schema": _DIALECT, "title": "mfa scenario, version 1"}


def _value_texts(definitions: dict[str, Any]) -> None:
    """Let `value` inside the full form be text with a unit too."""
    for definition in definitions.values():
        for part in (definition, *definition.get("anyOf", ())):
            if isinstance(part, dict) and {"value", "table", "data"} <= set(part.get("properties", {})):
                part["properties"]["value"]["anyOf"].insert(1, _NUMBER_TEXT)


def _inline_shares(definitions: dict[str, Any]) -> None:
    """Let the shares of a composition stand beside its other keys, without `data`."""
    forms = definitions["Composition"]["anyOf"]
    full, share = forms[-1], {"anyOf": [{"const": REST}, {"$ref": "#/$defs/Value"}]}
    beside = {k: v for k, v in full["properties"].items() if k not in ("data", "table", "value", "mixed")}
    forms.append({"type": "object", "properties": beside, "additionalProperties": share})


def _any_of(schema: Any) -> Any:
    """The schema with `anyOf` for `oneOf`: a word may also be a path, and either reading will do."""
    if isinstance(schema, dict):
        return {"anyOf" if k == "oneOf" else k: _any_of(v) for k, v in schema.items()}
    return [_any_of(v) for v in schema] if isinstance(schema, list) else schema
