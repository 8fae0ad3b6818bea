"""The JSON schema accepts what the grammar accepts, shorthands and full form, and refuses plain mistakes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mfa.spec.jsonschema import json_schema
from mfa.spec.reader import read_file, read_text
from mfa.spec.resolve import load_document

SCHEMA = json_schema()
TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
}


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Whether a value meets a schema, for the keywords this schema uses."""
    if "$ref" in schema:
        return fits(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], value)
    if "type" in schema and not TYPES[schema["type"]](value):
        return False
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return False
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        return False
    if "anyOf" in schema and not any(fits(s, value) for s in schema["anyOf"]):
        return False
    return _object_fits(schema, value) and _array_fits(schema, value)


def _object_fits(schema: dict[str, Any], value: Any) -> bool:
    if not isinstance(value, dict):
        return True
    known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    if any(k not in value for k in schema.get("required", ())) or len(value) < schema.get("minProperties", 0):
        return False
    if len(value) > schema.get("maxProperties", len(value)):
        return False
    others = [k for k in value if k not in known]
    if more is False and others:
        return False
    return all(fits(s, value[k]) for k, s in known.items() if k in value) and (
        more in (True, False) or all(fits(more, value[k]) for k in others)
    )


def _array_fits(schema: dict[str, Any], value: Any) -> bool:
    if not isinstance(value, list) or len(value) < schema.get("minItems", 0):
        return not isinstance(value, list)
    each = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
    return all(fits(s, v) for s, v in zip(each, value, strict=False))


SHORT = """
mfa: 1
name: short
dimensions: {year: {range: [2020, 2022]}, region: [NO, CHN], element: [Nd, Dy], application: [ev]}
bases: {REO: {Nd: Nd2O3, Dy: Dy2O3}}
processes: {mine: {kind: source}, m: {kind: market}, use: {kind: stock}, s: {kind: sink}}
flows:
  a: {from: mine, to: m, commodity: ore, where: {region: NO}}
  b: {from: m, to: use, commodity: oxide, by: application}
  c: {from: use, to: s, by: [application]}
trade: {t: {at: m, commodity: oxide}}
compositions:
  ore: {Nd: {value: 0.7, sd: 0.1}, Dy: rest, source: u}
  scrap:
    {data: {NO: {Nd: 20 %, Dy: {value: 0.8, cv: 10%}}, CHN: {Nd: 0.3}}, dims: [region, element], rest: Dy}
  oxide: mixed
contents: {oxide: 75%}
transfers: {use: {c: rest}}
stocks: {in_use: {at: use, inflow: b, lifetime: {ev: {weibull: {mean: 15, shape: 3.5}}}}}
observations:
  o: {of: [a, b], at: {year: 2020}, sum: element, value: 3 kt, interval: [2, 4], floor: 1 t, source: u}
  p: {of: {a: 0.5}, value: 3, factor: 1.5}
constraints: {k: {of: a, max: 5 kt}}
sources: {u: {title: U}}
variants: {v: {set: {transfers.use.c: 1}, drop: constraints.k}}
sweep: {w: {path: transfers.use.c, values: [0.5, 1]}}
outputs: {indicators: {i: a / b}, figures: {f: {kind: area, of: a, by: region, unit: kt}}}
"""


def test_the_short_form_and_the_full_form_are_accepted() -> None:
    tree, problems = read_text(SHORT, "short.yaml")
    assert problems == []
    document = load_document(tree.data)
    assert fits(SCHEMA, tree.data)
    assert fits(SCHEMA, document.full)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mfa: 1", "mfa: 2"),
        ("kind: market", "kind: markt"),
        ("commodity: ore,", "comodity: ore,"),
        ("contents: {oxide: 75%}", "contents: {oxide: much}"),
        ("oxide: mixed", "oxide: mixd"),
        ("Dy: rest, source", "Dy: rst, source"),
        ("{value: 0.7, sd: 0.1}", "{value: 0.7, sdd: 0.1}"),
        ("{weibull: {mean", "{weibul: {mean"),
        ("source: u}", "source: 5}"),
        ("region: [NO, CHN]", "region: NO"),
    ],
)
def test_mistakes_are_refused(old: str, new: str) -> None:
    assert old in SHORT
    assert not fits(SCHEMA, read_text(SHORT.replace(old, new), "short.yaml")[0].data)


def test_every_key_has_a_description() -> None:
    bare = [
        f"{name}.{key}"
        for name, definition in SCHEMA["$defs"].items()
        for part in (definition, *definition.get("anyOf", ()))
        if part.get("title") != "Parameters" or "kind" in part.get("properties", {})
        for key, field in part.get("properties", {}).items()
        if isinstance(field, dict) and not field.get("description") and name != "Parameters"
    ]
    assert bare == []
    assert all(field.get("description") for field in SCHEMA["properties"].values())


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_the_models_that_ship_are_accepted(root: Path) -> None:
    files = [*root.glob("models/*/model.yaml"), *root.glob("scenarios/*.yaml")]
    assert files
    for path in files:
        tree, problems = read_file(path)
        assert problems == []
        assert fits(SCHEMA, tree.data), path.name
