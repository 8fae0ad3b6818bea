"""Validation: a tree to the frozen models, every refusal a problem in plain words at its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mfa.errors import Problem, did_you_mean
from mfa.spec.draft import copy
from mfa.spec.schema import Scenario
from mfa.spec.shape import keys_at
from mfa.spec.spreads import spread_meant
from mfa.spec.tree import Steps, Tree, find, spell
from mfa.spec.values import TableRef, plain, ratio

_ROUNDS = 12
_WANTED: Mapping[str, str] = {
    "string_type": "text",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}
Said = tuple[str, str, str]
"""Code, sentence, hint."""


def real_steps(data: Any, location: tuple[str | int, ...]) -> Steps:
    """The part of pydantic's location that is a path in the document: names of union branches left out."""
    steps: Steps = ()
    for step in location:
        try:
            data = find(data, (step,))
        except KeyError:
            continue
        steps = (*steps, step)
    return steps


def _missing(error: ErrorDetails, steps: Steps, data: Any) -> Said:
    key, where = str(error["loc"][-1]), spell(steps) or "the document"
    if isinstance(error["loc"][-1], int):
        return "type", f"{where}: expected two numbers", ""
    field = keys_at(steps).get(key)
    return "missing-key", f'{where} needs the key "{key}"', (field.description if field else "") or ""


def _extra(error: ErrorDetails, steps: Steps, data: Any) -> Said:
    where, key, known = spell(steps[:-1]) or "a scenario", str(steps[-1]), keys_at(steps[:-1])
    meant = spread_meant(key)
    hint = f'did you mean "{meant}"?' if meant in known else did_you_mean(key, known)
    if key in TableRef.model_fields and "table" in known:
        hint = f"it says how to read a table: `table: {{file: ..., {key}: ...}}`"
    return "unknown-key", f'{where} has no key "{key}"', hint


def _choice(error: ErrorDetails, steps: Steps, data: Any) -> Said:
    expected = str(error["ctx"]["expected"]).replace(" or ", ", ").replace("'", "")
    found = f'"{data}"' if isinstance(data, str) else plain(data)
    text = f"{spell(steps)} is one of {expected}, not {found}"
    if steps == ("mfa",):
        return (
            "version",
            f"this is version 1 of the grammar, and the document says {plain(data)}",
            "write `mfa: 1`",
        )
    return "choice", text, did_you_mean(str(data), expected.split(", "))


def _short(error: ErrorDetails, steps: Steps, data: Any) -> Said:
    wanted = "at least one item" if error["type"] == "too_short" else "two numbers"
    return "type", f"{spell(steps)}: expected {wanted}", ""


def _limit(error: ErrorDetails, steps: Steps, data: Any) -> Said:
    return "range", f"{spell(steps)} {error['msg'].replace('Input should be', 'must be')}, not {data}", ""


def _pattern(error: ErrorDetails, steps: Steps, data: Any) -> Said:
    text = f'{spell(steps)}: "{data}" cannot name a folder'
    return "identifier", text, "letters, digits, dots, dashes and underscores; a letter or digit first"


def _not_finite(error: ErrorDetails, steps: Steps, data: Any) -> Said:
    return "not-finite", f"{spell(steps)} must be a finite number", "leave the value out if it is not known"


def _invalid_key(error: ErrorDetails, steps: Steps, data: Any) -> Said:
    where = spell(steps[:-1]) or "the document"
    return "key", f"{where}: a name here is text, not the number {steps[-1]}", "put it in quotes"


_SAID: Mapping[str, Callable[[ErrorDetails, Steps, Any], Said]] = {
    "missing": _missing,
    "extra_forbidden": _extra,
    "literal_error": _choice,
    "too_short": _short,
    "too_long": _short,
    "greater_than": _limit,
    "greater_than_equal": _limit,
    "string_pattern_mismatch": _pattern,
    "finite_number": _not_finite,
    "invalid_key": _invalid_key,
}


def _say(error: ErrorDetails, steps: Steps, data: Any) -> Said:
    """What a pydantic error means."""
    kind, where = error["type"], spell(steps)
    if error["loc"] and error["loc"][-1] == "[key]":
        return "key", f"{where}: a name here is text, not a number", "begin it with a letter"
    if kind in _SAID:
        return _SAID[kind](error, steps, data)
    if kind in _WANTED:
        found = error["input"]
        return "type", f"{where}: expected {_WANTED[kind]}, found {plain(found)}", _hint(error, kind, found)
    text = (
        error["msg"] if kind != "type" or "not " in error["msg"] else f"{error['msg']}, found {plain(data)}"
    )
    if "_" in kind:  # a mistake for which pydantic has words of its own
        return "type", f"{where}: {text[:1].lower()}{text[1:]}, found {plain(data)}", ""
    named = error.get("ctx", {}).get("keys") and len(steps) > 1
    where = spell(steps[:-1]) if named and steps[-1] in error["ctx"]["keys"] else where
    return kind, f"{where}: {text}" if where else text, str(error.get("ctx", {}).get("hint", ""))


def _hint(error: ErrorDetails, kind: str, found: Any) -> str:
    if found is None and _WANTED[kind] == "a mapping":
        return "write {} for one with nothing to say"
    share = ratio(found) if error["loc"][-1:] == ("sd",) and isinstance(found, str) else None
    if isinstance(share, float):
        return f"`cv: {found.strip()}` is of the value, `sd: {share:g}` in its unit: say which"
    return ""


def _problem(error: ErrorDetails, tree: Tree, steps: Steps) -> Problem:
    code, text, hint = _say(error, steps, find(tree.data, steps))
    return tree.problem(code, text, steps, hint=hint, key=code in ("unknown-key", "missing-key", "key"))


def _errors(failed: ValidationError, data: Any) -> Iterator[tuple[Steps, ErrorDetails]]:
    """Each error with the path to what is to blame: a key that the validator names, where it is there."""
    for error in failed.errors(include_url=False):
        steps = real_steps(data, error["loc"])
        inside = [(*steps, key) for key in error.get("ctx", {}).get("keys", ()) if _has(data, (*steps, key))]
        yield inside[0] if inside else steps, error


def _has(data: Any, steps: Steps) -> bool:
    try:
        find(data, steps)
    except KeyError:
        return False
    return True


def _prune(data: dict[Any, Any], failed: ValidationError) -> set[Steps]:
    """Take the refused parts away; the paths of what is gone."""
    refused = {steps for steps, _ in _errors(failed, data)}
    lists_last = sorted(refused, key=lambda s: tuple(str(x).rjust(9) for x in s), reverse=True)
    for steps in lists_last:
        _delete(data, steps)
    return {steps or ("mfa",) for steps in refused}


def _delete(data: dict[Any, Any], steps: Steps) -> None:
    """Delete what is at a path, if it is still there; at the top, make the document one of this grammar."""
    if not steps or steps == ("mfa",):
        data["mfa"] = 1
        return
    try:
        parent = find(data, steps[:-1])
        find(parent, steps[-1:])
    except KeyError:
        return
    step = steps[-1]
    if isinstance(parent, list) and isinstance(step, int) and "data" in steps:
        parent[step] = 0.0  # the others keep their places
    else:
        del parent[step]


def validate(tree: Tree) -> tuple[Scenario | None, list[Problem], frozenset[Steps]]:
    """The scenario of a tree, what is refused, and the paths of what was taken away because of it.

    With refusals the scenario holds what is left without the refused parts, so that checks can go on.
    """
    try:
        return Scenario.model_validate(tree.data), [], frozenset()
    except ValidationError as failed:
        problems = [_problem(error, tree, steps) for steps, error in _errors(failed, tree.data)]
        left, lost = copy(tree.data), set[Steps]()
        for _ in range(_ROUNDS):
            lost |= _prune(left, failed)
            try:
                return Scenario.model_validate(left), problems, frozenset(lost)
            except ValidationError as again:
                failed = again
    return None, problems, frozenset(lost)
