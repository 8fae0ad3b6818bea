"""Free quantities that an indicator or a figure needs, named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mfa.errors import InputError, Problem
from mfa.figures import figure_specs
from mfa.run.result import INDICATOR, STATUSES, Quantity, Result
from mfa.spec.formula import names_in, parse_formula

FREE = STATUSES.index("free")
LISTED = 3
DRAWN = ("sankey", "area")
"""Kinds of figures that show flows and stocks."""


def undetermined(result: Result) -> tuple[Problem, ...]:
    """A warning for every indicator and figure that shows a number nothing determines."""
    return (*_indicators(result), *_figures(result))


def _indicators(result: Result) -> Iterator[Problem]:
    table = result.indicators
    for name, formula in (result.outputs.get("indicators") or {}).items():
        rows = table[(table["name"] == name) & table["sd"].isna()]
        try:
            used = names_in(parse_formula(formula))
        except InputError:
            continue
        found = [text for n in used for text in _free(result.quantities[n], _labels(rows))]
        if len(rows) and found:
            yield _warning(f"the indicator {name} has no value at {len(rows)} of its labels", found)


def _labels(rows: pd.DataFrame) -> Mapping[str, Sequence[Any]]:
    """The labels that some rows of the indicators have."""
    axes = [c for c in rows.columns if c not in ("name", *INDICATOR)]
    return {a: rows[a].dropna().unique().tolist() for a in axes if rows[a].notna().any()}


def _figures(result: Result) -> Iterator[Problem]:
    for name, spec in figure_specs(result).items():
        names = spec.of or tuple(n for n, q in result.quantities.items() if q.kind != "stock")
        shown = [result.quantities[n] for n in names if n in result.quantities and spec.kind in DRAWN]
        found = [text for q in shown for text in _free(q, spec.at)]
        if found:
            yield _warning(f"the figure {name} shows numbers that are arbitrary", found)


def _free(q: Quantity, at: Mapping[str, Sequence[Any]]) -> list[str]:
    """The free cells of a quantity at some labels, by name."""
    keep = q.status == FREE
    for axis, labels in at.items():
        wanted = {_text(x) for x in labels}
        if axis == "element" and q.elements:
            keep = keep & np.array([e in wanted for e in q.elements])[None, :]
        elif axis in q.axes:
            keep = keep & np.array([_text(x) in wanted for x in q.labels[axis]], dtype=bool)[:, None]
    found = []
    for k, e in zip(*np.nonzero(keep), strict=True):
        words = [str(q.labels[a][k]) for a in q.axes] + ([q.elements[e]] if q.elements else [])
        found.append(f"{q.name}[{', '.join(words)}]" if words else q.name)
    return found


def _text(label: Any) -> str:
    """A label as text; a column with gaps is read as floats."""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def _warning(what: str, free: Sequence[str]) -> Problem:
    more = f" and {len(free) - LISTED} more" if len(free) > LISTED else ""
    text = f"{what}, because nothing determines {', '.join(free[:LISTED])}{more}"
    hint = f"see what would: mfa explain {free[0]!r} DIR --next".replace("'", '"')
    return Problem("undetermined", text, hint=hint, severity="warning")
