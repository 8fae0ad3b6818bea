"""Indicators: the formulas of a scenario with standard deviations by error propagation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mfa.errors import InputError
from mfa.run.formulas import evaluate as evaluate_formula
from mfa.run.formulas import positions
from mfa.run.result import Result
from mfa.run.sample import traces
from mfa.run.trace import Trace, trace_of
from mfa.solve.draws import Draws


def evaluate(result: Result) -> pd.DataFrame:
    """`indicators.csv`: name, labels, value, sd of every indicator of a result.

    The value is left empty where a denominator is zero, and where nothing determines it. Raises InputError
    for a formula that does not fit.
    """
    trace = trace_of(result)
    parts = [
        _table(result, trace, name, formula) for name, formula in result.outputs.get("indicators", {}).items()
    ]
    columns = ["name", "value", "sd"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    labels = [c for c in table.columns if c not in (*columns, "formula")]
    return table.reindex(columns=["name", *labels, "value", "sd", *(["formula"] if parts else [])])


def with_indicators(result: Result) -> Result:
    """The result with its indicators computed."""
    return replace(result, indicators=evaluate(result))


def _table(result: Result, trace: Trace, name: str, formula: str) -> pd.DataFrame:
    try:
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
    return pd.DataFrame(
        {"name": name, **columns, "value": value, "sd": sd, "formula": formula}, index=range(len(value))
    )
