"""Periods: what time a flow per year is spread over, from labels or from their limits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.family import Floats
from mfa.errors import InputError, Problem

DAYS_PER_YEAR = 365.2425
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, eq=False)
class Periods:
    """Consecutive periods: a label each, and the limits between them (one more than labels)."""

    labels: tuple[Any, ...]
    edges: Floats

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def lengths(self) -> Floats:
        """The length of each period."""
        return np.diff(self.edges) if not equal_steps(self.edges) else np.full(len(self), step(self.edges))


def equal_steps(edges: Floats) -> bool:
    """Whether all periods have the same length, but for rounding.

    >>> equal_steps(np.array([0, 0.1, 0.2, 0.30000000000000004])), equal_steps(np.array([0.0, 1.0, 5.0]))
    (True, False)
    """
    lengths = np.diff(edges)
    return bool(np.ptp(lengths) <= 1e-9 * lengths[0])


def step(edges: Floats) -> float:
    """The length of equal periods; whole months are exact, which the difference of two dates is not.

    >>> step(np.array([2020.0, 2020.0 + 1 / 12])) == 1 / 12
    True
    """
    mean = float(edges[-1] - edges[0]) / (len(edges) - 1)
    months = round(12.0 * mean) / 12.0
    return months if abs(months - mean) <= 1e-9 * mean else mean


def straighten(edges: Floats) -> Floats:
    """The same periods counted from 0; where they are equal, without the rounding of their dates."""
    if equal_steps(edges):
        return np.asarray(np.arange(len(edges)) * step(edges))
    return np.asarray(edges - edges[0])


def read_periods(
    labels: Sequence[Any] | npt.NDArray[Any] | None = None,
    *,
    edges: Sequence[float] | npt.NDArray[Any] | None = None,
    count: int | None = None,
) -> Periods:
    """The periods of these labels: limits half way between labels, unless `edges` gives them.

    Numbers are in the lifetime's time unit; dates and months such as "2020-01" become years, first days of
    months exactly twelfths. A single label is a period of length 1 (a month: a twelfth). Without labels and
    edges, `count` periods of length 1.

    Raises
    ------
    InputError
        When labels or edges are not numbers, not ascending, repeated, or not one edge more than labels.

    >>> read_periods([2000, 2005, 2010, 2011]).edges.tolist()
    [1997.5, 2002.5, 2007.5, 2010.5, 2013.5]
    """
    if labels is None and edges is None:
        labels = range(count or 0)
    if labels is None:
        assert edges is not None
        limits = _ascending(as_years(edges), "edges", edges)
        return Periods(tuple(range(len(limits) - 1)), limits)
    names = tuple(np.asarray(labels).tolist()) if not _is_dates(labels) else tuple(np.asarray(labels))
    at = _ascending(as_years(labels), "years", labels)
    alone = 1.0 / 12.0 if _is_months(labels) else 1.0
    limits = _half_way(at, alone) if edges is None else _ascending(as_years(edges), "edges", edges)
    if len(limits) != len(names) + 1 or not names:
        text = f"{len(names)} periods need {len(names) + 1} edges, not {len(limits)}"
        raise InputError(Problem("periods", text))
    return Periods(names, limits)


def _is_dates(labels: Any) -> bool:
    return np.asarray(labels).dtype.kind == "M"


def _is_months(labels: Any) -> bool:
    """Whether all labels are months as text, such as "2020-01"."""
    array = np.asarray(labels, dtype=object).ravel()
    return len(array) > 0 and all(isinstance(x, str) and MONTH.fullmatch(x) for x in array)


def as_years(labels: Any) -> Floats:
    """Labels as numbers; dates and months as decimal years.

    >>> as_years(["2020-01", "2020-07"]).tolist()
    [2020.0, 2020.5]
    """
    array = np.asarray(labels)
    if array.dtype.kind == "M":
        return _decimal_years(array)
    if _is_months(labels):
        return _decimal_years(np.asarray([str(x) for x in array.ravel()], dtype="datetime64[M]"))
    try:
        return array.astype(np.float64)
    except (ValueError, TypeError) as error:
        text = f"years must be numbers or dates, not {array.ravel()[:1].tolist()}"
        raise InputError(Problem("periods", text)) from error


def _decimal_years(dates: npt.NDArray[Any]) -> Floats:
    months = dates.astype("datetime64[M]")
    if np.array_equal(months.astype("datetime64[D]"), dates.astype("datetime64[D]")):
        return np.asarray(1970.0 + months.astype(np.int64) / 12.0)
    return np.asarray(1970.0 + dates.astype("datetime64[s]").astype(np.int64) / 86400.0 / DAYS_PER_YEAR)


def _ascending(values: Floats, what: str, given: Any) -> Floats:
    if values.ndim != 1 or not np.all(np.isfinite(values)):
        raise InputError(Problem("periods", f"the {what} are not a list of numbers"))
    steps = np.diff(values)
    if np.all(steps > 0.0):
        return values
    at = int(np.argmax(~(steps > 0.0)))
    labels = np.asarray(given).ravel()
    problem = "repeated" if steps[at] == 0.0 else f"followed by {labels[at + 1]}"
    hint = "sort them, and sum or drop repeated ones first"
    raise InputError(Problem("periods", f"the {what} do not ascend: {labels[at]} is {problem}", hint=hint))


def period_lengths(labels: Sequence[Any], unit: float = 1.0) -> Floats:
    """The length of every period in units of `unit` years; 1 for labels that are neither numbers nor months.

    >>> period_lengths(["2020-01", "2020-02"], 1 / 12).tolist(), period_lengths(["before", "after"]).tolist()
    ([1.0, 1.0], [1.0, 1.0])
    """
    if not all(isinstance(x, int | float) for x in labels) and not _is_months(labels):
        return np.ones(len(labels))
    return read_periods(labels).lengths / unit if len(labels) else np.ones(0)


def earlier_labels(first: Any, steps: Floats) -> list[Any]:
    """Labels that lie `steps` years before a first one: whole numbers where they are, months as months.

    >>> earlier_labels(2020, np.array([-2.0, -1.0])), earlier_labels("2020-01", np.array([-1 / 12]))
    ([2018, 2019], ['2019-12'])
    """
    at = as_years([first])[0] + steps
    whole = np.abs(12.0 * at - np.round(12.0 * at)) < 1e-6
    if isinstance(first, str) and whole.all():
        months = np.round(12.0 * at).astype(np.int64) - 12 * 1970
        return [str(x) for x in months.astype("datetime64[M]")]
    return [round(x) if abs(x - round(x)) < 1e-6 else x for x in at.tolist()]


def _half_way(at: Floats, alone: float) -> Floats:
    """Limits half way between labels; the outer periods as long as their neighbours, as flodym has them."""
    if len(at) < 2:
        return np.concatenate([at - 0.5 * alone, at + 0.5 * alone])
    middle = 0.5 * (at[1:] + at[:-1])
    steps = np.diff(middle) if len(middle) > 1 else np.diff(at)
    return np.concatenate([[middle[0] - steps[0]], middle, [middle[-1] + steps[-1]]])
