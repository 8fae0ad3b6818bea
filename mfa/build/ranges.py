"""Numbers that no mass can be, or too large or small to reckon with: sign, unit or exponent is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mfa.build.magnitude import HINT, out_of_range
from mfa.build.reports import Report, names_of, row_problem
from mfa.build.values import Reader
from mfa.errors import Problem, Severity
from mfa.solve.problem import LeastSquares

NAMED = 4
_MASS = "a flow the other way is a flow of its own; a stock holds nothing or more"
_PARTS = {"value": "value", "low": "interval", "high": "interval", "sd": "sd"}


def not_finite(problem: LeastSquares) -> list[Problem]:
    """A problem for the first row of each kind in which what is stated makes a number that is not finite."""
    found = []
    for rows in (problem.exact, problem.limits, problem.observed.rows):
        terms = rows.matrix.tocoo()
        wrong = np.concatenate([terms.row[~np.isfinite(terms.data)], np.flatnonzero(np.isnan(rows.rhs))])
        if len(wrong):
            text = f'the row "{rows.name(int(wrong.min()))}" holds a number that is not finite'
            hint = "a lifetime, a share or a factor in it is so large or so small that it overflows"
            found.append(Problem("number-range", text, hint=hint))
    return found


def range_problems(reader: Reader, report: Report) -> Iterator[Problem]:
    """A problem for every value, bound or standard deviation of a report that is out of range."""
    for column, part in _PARTS.items():
        cells = report.frame[column].to_numpy(float)
        for k in np.flatnonzero(out_of_range(cells) & np.isfinite(cells))[
            : 1 if report.everywhere else NAMED
        ]:
            number = f"{cells[k] / report.unit.factor:g} {report.unit.text}"
            text = f"{report.name}: {column} {number} is out of range"
            yield row_problem(reader.document, report, int(k), "number-range", text, hint=HINT, part=part)


def negative_masses(reader: Reader, report: Report) -> Iterator[Problem]:
    """The rows of a report that say that a flow, trade or stock is negative, each with its labels and place.

    No driver may. An observation is evidence that there is little, and a warning says that it is below 0.
    In a system without time the change of a stock may be negative, and in a simulation an inflow that
    `shrinking: allow` makes so.
    """
    spec = reader.document.spec
    names = names_of(report.spec)
    if not set(names) <= {*spec.flows, *spec.trade, *spec.stocks} or min(names.values()) < 0:
        return
    if _either_sign(reader, report):
        return
    severity: Severity = "error" if report.section == "drivers" else "warning"
    value, high = (report.frame[c].to_numpy(float) for c in ("value", "high"))
    most = np.where(np.isnan(value), high, value)
    for k in np.flatnonzero(most < 0)[: 1 if report.everywhere else NAMED].tolist():
        number = f"{most[k] / report.unit.factor:g} {report.unit.text}"
        below = "below " * bool(np.isnan(value[k]))
        text = f"{report.section[:-1]} {report.name} says that {' + '.join(names)} is {below}{number}"
        labels = _labels(report, k)
        text += f" for {labels}" if labels else ""
        yield row_problem(reader.document, report, k, "negative-value", text, hint=_MASS, severity=severity)


def _either_sign(reader: Reader, report: Report) -> bool:
    spec = reader.document.spec
    stocks = [spec.stocks[name] for name in names_of(report.spec) if name in spec.stocks]
    if not reader.timed and any(stock.initial is None for stock in stocks):
        return True
    shrinking = any(stock.shrinking == "allow" for stock in spec.stocks.values())
    return reader.simulates and report.section == "observations" and shrinking


def _labels(report: Report, row: int) -> str:
    """The labels of a row, those that `at` fixes first; of one number for all labels these alone."""
    fixed = {a: x[0] for a, x in report.spec.at.items() if len(x) == 1}
    own = [] if report.everywhere else [a for a in report.axes if a not in fixed]
    return ", ".join(map(str, (*fixed.values(), *(report.frame[a].iloc[row] for a in own))))
