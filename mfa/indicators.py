"""Indicators: the formulas of a scenario with standard deviations by error propagation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.errors import InputError, Problem
from mfa.run.formulas import evaluate as evaluate_formula
from mfa.run.formulas import positions
from mfa.run.result import Result
from mfa.run.sample import traces
from mfa.run.trace import Trace, trace_of
from mfa.solve.draws import Draws

Bools = npt.NDArray[np.bool_]


def evaluate(result: Result) -> pd.DataFrame:
    """`indicators.csv`: name, labels, value, sd of every indicator of a result.

    The value is left empty where it is not finite (a denominator is zero), and where nothing determines it.
    Raises InputError for a formula that does not fit.
    """
    return _joined([table for table, _ in _evaluated(result)])


def with_indicators(result: Result) -> Result:
    """The result with its indicators computed, and a warning for each that is not finite somewhere."""
    found = list(_evaluated(result))
    warnings = tuple(str(problem) for _, problem in found if problem is not None)
    indicators = _joined([table for table, _ in found])
    return replace(result, indicators=indicators, warnings=(*result.warnings, *warnings))


def _evaluated(result: Result) -> Iterator[tuple[pd.DataFrame, Problem | None]]:
    """The table of every indicator, and what is to be said of it."""
    trace = trace_of(result)
    for name, formula in result.outputs.get("indicators", {}).items():
        yield _table(result, trace, name, formula)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    columns = ["name", "value", "sd"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    labels = [c for c in table.columns if c not in (*columns, "formula")]
    return table.reindex(columns=["name", *labels, "value", "sd", *(["formula"] if parts else [])])


def _table(result: Result, trace: Trace, name: str, formula: str) -> tuple[pd.DataFrame, Problem | None]:
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            found = evaluate_formula(result, trace, formula)
    except InputError as error:
        raise InputError(f"outputs.indicators.{name}: {error.problems[0].text}") from error
    sd = np.full(len(found.value), np.nan)
    defined = np.flatnonzero(np.isfinite(found.value))
    if len(defined):
        sd[defined] = trace.posterior.sd_of(found.slope[defined].tocsr())
    drawn: Draws | None = getattr(result.state, "drawn", None)
    if drawn is not None:
        every = [evaluate_formula(result, t, formula).value for t in traces(trace, drawn)]
        sd = np.where(np.isfinite(sd), np.std(every, axis=0, ddof=1), np.nan)
    index = positions(found.shape)
    columns = {a: np.asarray(found.labels[a], dtype=object)[index[k]] for k, a in enumerate(found.axes)}
    value = np.where(np.isfinite(sd), found.value, np.nan)
    sd = np.full(len(sd), np.nan) if result.without_sd else sd
    table = pd.DataFrame(
        {"name": name, **columns, "value": value, "sd": sd, "formula": formula}, index=range(len(value))
    )
    return table, _not_finite(name, table[list(columns)], ~np.isfinite(found.value))


def _not_finite(name: str, labels: pd.DataFrame, where: Bools) -> Problem | None:
    """The warning that an indicator has no finite value at some labels."""
    if not where.any():
        return None
    first = ", ".join(map(str, labels.iloc[int(np.flatnonzero(where)[0])]))
    more = f" and {where.sum() - 1} more" if where.sum() > 1 else ""
    at = f" at {first}{more}" if first else ""
    text = f"indicator {name} is not finite{at}: it divides by 0, or its numbers are too large"
    return Problem("not-finite", text, hint="its value is left empty there", severity="warning")
