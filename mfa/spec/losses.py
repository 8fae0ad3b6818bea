"""The losses a document may name and the parameters each takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from mfa.errors import did_you_mean
from mfa.spec.values import plain, refuse

KINDS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "l2": {},
    "huber": {"k": (0.0, float("inf"))},
    "l1": {},
    "student_t": {"nu": (0.0, float("inf"))},
    "contaminated": {"eps": (0.0, 1.0), "inflation": (1.0, float("inf"))},
}
"""Loss -> its parameters, each with the open range it lies in."""


def _loss(raw: object) -> object:
    """A loss as the document names it, checked; anything that is not one is refused."""
    if isinstance(raw, str):
        _known(raw)
        return raw
    if not isinstance(raw, dict) or len(raw) != 1:
        text = f"a loss is one name, or one name with its parameters, not {plain(raw)}"
        raise refuse("loss-kind", text, hint="such as {student_t: {nu: 4}}")
    ((kind, given),) = raw.items()
    _known(kind, str(kind))
    if not isinstance(given, dict):
        raise refuse("loss-parameters", f"{_takes(kind)}; here it has {plain(given)}", kind)
    for name, value in given.items():
        _check(kind, name, value)
    return raw


def _known(kind: object, *keys: str) -> None:
    if kind not in KINDS:
        hint = did_you_mean(str(kind), KINDS, listed=len(KINDS))
        raise refuse("loss-kind", f'there is no loss "{kind}"', *keys, hint=hint)


def _check(kind: str, name: object, value: object) -> None:
    if name not in KINDS[kind]:
        raise refuse("loss-parameters", f'{_takes(kind)}, and no "{name}"', kind)
    low, high = KINDS[kind][str(name)]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low < value < high:
        wanted = f"a number above {low:g}" + (f" and below {high:g}" if high < float("inf") else "")
        raise refuse("loss-parameters", f"{name} of {kind} must be {wanted}, not {plain(value)}", kind)


def _takes(kind: str) -> str:
    """The parameters of a loss, as the start of a sentence.

    >>> _takes("contaminated")
    'the loss contaminated takes eps and inflation'
    """
    return f"the loss {kind} takes {' and '.join(KINDS[kind]) or 'no parameters'}"


_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": list(KINDS)},
        *(
            {
                "type": "object",
                "properties": {
                    kind: {
                        "type": "object",
                        "properties": {p: {"type": "number"} for p in parameters},
                        "additionalProperties": False,
                    }
                },
                "required": [kind],
                "additionalProperties": False,
            }
            for kind, parameters in KINDS.items()
        ),
    ]
}
Robust = Annotated[str | dict[str, dict[str, float]], BeforeValidator(_loss), WithJsonSchema(_SCHEMA)]
"""The loss of residuals: `huber`, or `{student_t: {nu: 4}}`."""
