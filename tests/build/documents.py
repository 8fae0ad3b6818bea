"""Small documents for tests of the bridge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mfa
from mfa.run.result import Result

CHAIN: dict[str, Any] = {
    "mfa": 1,
    "name": "chain",
    "dimensions": {"year": {"range": [2020, 2022]}, "region": {"labels": ["AAA", "BBB", "CCC"]}},
    "processes": {
        "mine": {"kind": "source"},
        "plant": {},
        "use": {"kind": "sink"},
        "waste": {"kind": "sink"},
    },
    "flows": {
        "ore": {"from": "mine", "to": "plant"},
        "metal": {"from": "plant", "to": "use"},
        "slag": {"from": "plant", "to": "waste"},
    },
    "transfers": {"plant": {"metal": 0.25, "slag": "rest"}},
    "observations": {"dug": {"of": "ore", "value": 8, "cv": 0.1, "unit": "kt"}},
}


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A document with some of its parts replaced, key by key; None takes a part away."""
    out = dict(base)
    for key, value in changes.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(out.get(key), Mapping):
            out[key] = merged(out[key], value)
        else:
            out[key] = value
    return out


def solved(**changes: Any) -> Result:
    """The result of the chain with changes."""
    return mfa.run(mfa.load(merged(CHAIN, changes)))
