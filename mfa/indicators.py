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
from mfa.run.result import CAUTIOUS, INDICATOR, MARKS, NUMBERS, Result
from mfa.run.sample import traces
from mfa.run.sums import numbers_of
from mfa.run.trace import Trace, trace_of
from mfa.solve.draws import Draws

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def evaluate(result: Result) -> pd.DataFrame:
    """`indicators.csv`: name, labels, value, mean, sd and interval of every indicator, with its unit.

    `low` and `high` are the 95 % interval, `cautious_low` and `cautious_high` the one that ignores bounds,
    which is to be shown where `mark` says that the prior drives the number. Numbers are left empty where they
    are not finite (a denominator is zero), and where nothing determines them. Raises InputError for a formula
    that does not fit.
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
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["name", *INDICATOR])
    labels = [c for c in table.columns if c not in ("name", *INDICATOR)]
    return table.reindex(columns=["name", *labels, *INDICATOR])


def _table(result: Result, trace: Trace, name: str, formula: str) -> tuple[pd.DataFrame, Problem | None]:
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            found = evaluate_formula(result, trace, formula)
    except InputError as error:
        raise InputError(f"outputs.indicators.{name}: {error.problems[0].text}") from error
    known = numbers_of(trace, found)
    numbers = {k: getattr(known, k) for k in (*NUMBERS, *CAUTIOUS)} | _drawn(result, trace, formula)
    determined = np.isfinite(known.sd)
    index = positions(found.shape)
    labels = {a: np.asarray(found.labels[a], dtype=object)[index[k]] for k, a in enumerate(found.axes)}
    words = {
        "unit": found.measure.unit(result.mass_unit, result.time_unit),
        "basis": found.measure.basis,
        "mark": np.asarray(MARKS, dtype=object)[known.marks],
        "formula": formula,
    }
    numbers = {k: np.where(determined, v, np.nan) for k, v in numbers.items()}
    if result.without_sd:
        numbers |= {k: np.full(len(found.value), np.nan) for k in numbers if k != "value"}
    table = pd.DataFrame({"name": name, **labels, **numbers, **words}, index=range(len(found.value)))
    return table, _not_finite(name, table[list(labels)], ~np.isfinite(found.value))


def _not_finite(name: str, labels: pd.DataFrame, where: Bools) -> Problem | None:
    """The warning that an indicator has no finite value at some labels."""
    if not where.any():
        return None
    first = ", ".join(map(str, labels.iloc[int(np.flatnonzero(where)[0])]))
    more = f" and {where.sum() - 1} more" if where.sum() > 1 else ""
    at = f" at {first}{more}" if first else ""
    text = f"indicator {name} is not finite{at}: it divides by 0, or its numbers are too large"
    return Problem("not-finite", text, hint="its value is left empty there", severity="warning")


def _drawn(result: Result, trace: Trace, formula: str) -> dict[str, Floats]:
    """Mean, deviation and interval from the draws, where the scenario asks for them: no slopes needed."""
    drawn: Draws | None = getattr(result.state, "drawn", None)
    if drawn is None:
        return {}
    every = np.array([evaluate_formula(result, t, formula).value for t in traces(trace, drawn)])
    low, high = np.quantile(every, [0.025, 0.975], axis=0)
    return {"mean": every.mean(axis=0), "sd": every.std(axis=0, ddof=1), "low": low, "high": high}
