"""A failing case made smaller: parts are left out as long as it fails in the same way."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import yaml

from tests.fuzz.kinds import SCENARIO, Case
from tests.fuzz.mutate import at, paths

SECONDS = 60.0
"""How long is tried to make one case smaller."""


def smaller(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The smallest case found that still fails."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for candidate in _candidates(case):
            if time.monotonic() > end:
                return case
            if fails(candidate):
                case = candidate
                break
        else:
            return case
    return case


def _candidates(case: Case) -> Iterator[Case]:
    if case.data is None and case.kind != "results":
        yield from _as_data(case)
    if isinstance(case.data, dict):
        yield from (replace(case, data=d) for d in _without_parts(case.data))
    elif isinstance(case.data, str):
        yield from (replace(case, data=t) for t in _halves(case.data))
    elif SCENARIO in case.files:
        text = case.files[SCENARIO]
        yield from (replace(case, files={**case.files, SCENARIO: t}) for t in _without_lines(text))
    for name, content in case.files.items():
        if name != SCENARIO and case.kind == "tables":
            yield from (replace(case, files={**case.files, name: t}) for t in _without_lines(content))


def _as_data(case: Case) -> Iterator[Case]:
    try:
        data = yaml.safe_load(case.files[SCENARIO])
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return
    if isinstance(data, dict) and case.kind == "documents":
        yield replace(case, data=data, files={k: v for k, v in case.files.items() if k != SCENARIO})


def _without_parts(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in sorted(paths(data), key=len):
        less = copy.deepcopy(data)
        del at(less, path[:-1])[path[-1]]
        yield less


def _halves(text: str) -> Iterator[str]:
    size = len(text) // 2
    while size:
        for k in range(0, len(text), size):
            yield text[:k] + text[k + size :]
        size //= 2


def _without_lines(content: bytes) -> Iterator[bytes]:
    lines = content.splitlines(keepends=True)
    size = max(1, len(lines) // 2)
    while size and len(lines) > 1:
        for k in range(0, len(lines), size):
            yield b"".join(lines[:k] + lines[k + size :])
        size //= 2
