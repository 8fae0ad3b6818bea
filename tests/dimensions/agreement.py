"""Whether a case's result is what its dense twin says, or a refusal that it deserves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import mfa
from mfa.figures import draw_all
from tests.dimensions.documents import Case, document
from tests.dimensions.twin import Answer, NoAnswer, Twin

BESIDE, REFUSED = "beside a bound", "refused as it should be"
"""What is said of a case whose numbers would be negative but for bounds, of which the twin has none, and
of a case without an answer."""
KNOWN = ("", BESIDE, REFUSED)
"""What is said of cases with which nothing is wrong."""


REASONS = {"region": "unknown-dimension", "element": "unknown-dimension", "year": "no-time"}
"""The code of the refusal of what needs a dimension that is not there."""


def disagreement(case: Case, *, drawn: bool = False) -> str:
    """What is wrong with a case's result: one of KNOWN where nothing is."""
    whole, wanted = document(case), {REASONS[d] for d in case.lacking}
    try:
        result = mfa.run(mfa.load(whole))
    except mfa.MfaError as error:
        return _refusal(case, error, wanted)
    if wanted:
        return f"not refused, and should be: {wanted}"
    try:
        found = Twin(whole).answer()
    except NoAnswer as error:
        return f"an answer where there is none: {error}"
    if drawn:
        draw_all(result)
    if _beside(whole, found) or _at_zero(result):
        return BESIDE
    return _compared(result, found)


def _beside(whole: Mapping[str, Any], found: Answer) -> bool:
    """Whether a flow or a level of the twin is within a few standard deviations of 0, or below it."""
    stocks = whole["stocks"]
    changes = {n for n, s in stocks.items() if "initial" not in s and "year" not in whole["dimensions"]}
    return any(x < 4 * found.sd[c] - 1e-9 for c, x in found.value.items() if c[0] not in changes)


def _at_zero(result: mfa.Result) -> bool:
    """Whether something that could be is 0, so that a bound may hold what the twin leaves open."""
    return any((abs(q.value[q.status >= 0]) < 1e-6).any() for q in result.quantities.values())


def _refusal(case: Case, error: mfa.MfaError, wanted: set[str]) -> str:
    codes = {p.code for p in error.problems}
    if wanted:
        return REFUSED if wanted <= codes else f"refused for another reason: {error}"
    try:
        found = Twin(document(case)).answer()
    except NoAnswer:
        return REFUSED
    if min(found.value.values()) < 0 and codes <= {"infeasible", "shrinking-stock"}:
        return REFUSED
    return f"refused: {error}"


def _compared(result: mfa.Result, found: Answer) -> str:
    seen = 0
    for name in result.quantities:
        value, sd = result.flow(name), result.sd(name)
        for (of, at), x in found.value.items():
            if of != name:
                continue
            own = value.values[_position(value, at)], sd.values[_position(value, at)]
            if not np.isclose(own[0], x, rtol=1e-6, atol=1e-5):
                return f"{name}{list(at)} is {own[0]}, and {x} by the twin"
            if not np.isclose(own[1], found.sd[of, at], rtol=1e-4, atol=1e-5):
                return f"the sd of {name}{list(at)} is {own[1]}, and {found.sd[of, at]} by the twin"
            seen += 1
    return "" if seen == len(found.value) else f"{seen} cells of {len(found.value)} were compared"


def _position(array: Any, at: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(array[d].values.tolist().index(x) for d, x in zip(array.dims, at, strict=True))
