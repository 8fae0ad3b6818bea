"""Which single new measurement would narrow a chosen result most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from mfa.core.balance import FLOOR
from mfa.core.labels import ELEMENT
from mfa.errors import InputError, Problem, UnknownName, did_you_mean
from mfa.run.formulas import Ints, Operand, evaluate, select, total
from mfa.run.lookup import spelt
from mfa.run.result import STATUSES, Quantity, Result
from mfa.run.sums import numbers_of
from mfa.run.trace import Trace, trace_of
from mfa.solve.certain import Spread
from mfa.solve.narrow import narrowed
from mfa.solve.uncertainty import Propagated

CV = 0.1
USEFUL = 1e-6
"""Share of a standard deviation that a measurement has to take off to be listed."""
Label = str | int
At = Mapping[str, Label | Sequence[Label]]
FIXED = STATUSES.index("fixed")


def next_measurement(
    result: Result,
    name: str,
    *,
    at: At | None = None,
    cv: float | None = None,
    sd: float | None = None,
    among: Sequence[str] = (),
) -> pd.DataFrame:
    """What each flow or stock, measured once more, would leave of the standard deviation of a result.

    `name` is a flow, stock, indicator or formula; labels stand in brackets behind it or in `at`, and a flow
    is summed over the dimensions they leave out. A measurement has `sd` (in the result's `mass_unit`), else
    `cv` (10 % unless given) of the value found. Columns: `measure`, its value and sd now, status, `assumed`
    sd, `sd_after` of the result, `narrows` as a share; best first. A candidate that changes nothing is not
    listed, and of sums over elements only the most promising are looked at (their own sd is left empty).

    Equation: var' = var - cov^2 / (var_c + s^2). Raises UnknownName and InputError.
    """
    trace = trace_of(result)
    spread = trace.posterior
    wanted = target(result, trace, name, at or {})
    matrix, table = _candidates(result, trace, among)
    relative = (CV if cv is None else cv) * _sizes(trace, matrix, table)
    assumed = relative if sd is None else np.full(len(table), sd)
    table = table.assign(assumed=assumed)
    before = float(spread.sd_of(wanted.slope)[0])
    kept = np.flatnonzero(table["assumed"] > (CV * FLOOR / trace.mass_factor if sd is None else 0.0))
    table, matrix = table.iloc[kept], matrix[kept].tocsr()
    sigma, own = table["assumed"].to_numpy(float), _propagated(spread, matrix)
    after = np.zeros(len(table))
    if isinstance(spread, Propagated):
        after = narrowed(spread, wanted.slope, matrix, sigma, own)
    share = 1 - after / before if before > 0 else np.where(np.isfinite(after), np.nan, 0.0)
    useful = np.isfinite(after) if np.isnan(before) else after < (1 - USEFUL) * before
    now = float(numbers_of(trace, wanted).sd[0])
    # beside a bound the deviation is smaller than the propagated one, which a measurement narrows by a share
    after = after * (now / before) if before > 0 and np.isfinite(now) else after
    table = table.assign(sd_after=after, narrows=share)
    found = table[useful].sort_values("sd_after", kind="stable").reset_index(drop=True)
    found = found.assign(measure=_names(result, found))
    found.attrs = {"name": name, "value": float(wanted.value[0]), "sd": now}
    return found[["measure", "value", "sd", "status", "assumed", "sd_after", "narrows"]]


def _sizes(trace: Trace, matrix: sparse.csr_array, table: pd.DataFrame) -> pd.Series:
    """The size of every candidate: its value, and of a free one, which may be nothing, its scale."""
    problem = trace.problem
    scale = np.asarray(abs(matrix) @ np.abs(problem.cells.value(problem.scale)))
    return table["value"].abs().where(table["status"] != "free", np.fmax(table["value"].abs(), scale))


def _propagated(spread: Spread, matrix: sparse.csr_array) -> npt.NDArray[np.float64]:
    """The propagated standard deviations of single cells, nan of sums."""
    single = np.diff(matrix.indptr) == 1
    place = matrix.indptr[:-1][single]
    found = np.full(len(single), np.nan)
    found[single] = np.abs(matrix.data[place]) * spread.sd_q[matrix.indices[place]]
    return found


def target(result: Result, trace: Trace, name: str, at: At) -> Operand:
    """The number that a name and labels mean, summed over the rest, with its derivative by the cells.

    Raises UnknownName, and InputError for an indicator without the labels it needs.
    """
    wanted = spelt(name)
    indicators = result.outputs.get("indicators") or {}
    known = wanted.head in indicators or wanted.head in result.quantities
    formula = indicators.get(wanted.head, wanted.head) if known else name
    if not known and not any(c in name for c in "+-*/("):
        hint = did_you_mean(wanted.head, [*result.quantities, *indicators])
        text = f'no flow, stock or indicator is called "{wanted.head}"'
        raise UnknownName(Problem("unknown-name", text, hint=hint))
    found = evaluate(result, trace, formula)
    for axis, labels in {**_by_axis(found, wanted.labels if known else ()), **at}.items():
        found = select(found, axis, [str(x) for x in _several(labels)])
    if len(found.value) != 1 and wanted.head in indicators:
        text = f"{name} is {len(found.value)} numbers, one for each {' and '.join(found.axes)}"
        raise InputError(Problem("input", text, hint=f"choose one, such as {_example(wanted.head, found)}"))
    if not np.isfinite(found.value).all():
        raise InputError(f"{name} has no value")
    return total(found, ())


def _several(labels: Label | Sequence[Label]) -> Sequence[Label]:
    return (labels,) if isinstance(labels, str | int) else labels


def _by_axis(found: Operand, labels: Sequence[str]) -> dict[str, str]:
    """Labels by the dimension that has them, in the order of the dimensions."""
    taken: dict[str, str] = {}
    for label in labels:
        axis = next((a for a in found.axes if a not in taken and label in map(str, found.labels[a])), None)
        if axis is None:
            known = sorted({str(x) for a in found.axes for x in found.labels[a]})
            text = f'no dimension of it has the label "{label}"'
            raise UnknownName(Problem("unknown-label", text, hint=did_you_mean(label, known)))
        taken[axis] = label
    return taken


def _example(name: str, found: Operand) -> str:
    return f"{name}[{', '.join(str(found.labels[a][0]) for a in found.axes)}]"


def _candidates(result: Result, trace: Trace, among: Sequence[str]) -> tuple[sparse.csr_array, pd.DataFrame]:
    """Every flow and stock that is not fixed, cell by cell and with its elements summed."""
    rows: list[Ints] = []
    cells: list[Ints] = []
    tables: list[pd.DataFrame] = []
    count = 0
    wanted = among or [n for n, q in result.quantities.items() if q.kind != "difference"]
    for q in (result.quantity(n) for n in wanted):
        for groups, table in _measurable(q, trace.first[q.name]):
            rows.append(count + groups[0])
            cells.append(groups[1])
            tables.append(table.assign(of=q.name))
            count += len(table)
    if not count:
        raise InputError("there is nothing left to measure: every flow is given")
    row, cell = np.concatenate(rows), np.concatenate(cells)
    shape = (count, len(trace.problem.cells))
    weight = np.full(len(row), 1 / trace.mass_factor)
    matrix = sparse.coo_array((weight, (row, cell)), shape=shape).tocsr()
    return matrix, pd.concat(tables, ignore_index=True)


def _measurable(q: Quantity, first: int) -> Iterator[tuple[tuple[Ints, Ints], pd.DataFrame]]:
    """(row, cell) entries and a table: of single cells, and of sums over elements (place `e` -1)."""
    width = q.value.shape[1]
    k, e = np.nonzero((q.status >= 0) & (q.status != FIXED))
    if len(k):
        entries = (np.arange(len(k)), first + k * width + e)
        yield entries, _table(k, e, q.status[k, e]).assign(value=q.value[k, e], sd=q.sd[k, e])
    if len(q.elements) > 1 and len(k):
        some = np.unique(k)
        status = np.max(q.status[some], axis=1)
        value = np.where(q.status >= 0, q.value, 0.0)[some].sum(axis=1)
        kk, ee = np.nonzero(q.status[some] >= 0)
        entries = (kk, first + some[kk] * width + ee)
        yield entries, _table(some, np.full(len(some), -1), status).assign(value=value, sd=np.nan)


def _table(k: Ints, e: Ints, status: npt.NDArray[Any]) -> pd.DataFrame:
    return pd.DataFrame({"k": k, "e": e, "status": np.asarray(STATUSES, dtype=object)[status]})


def _names(result: Result, table: pd.DataFrame) -> list[str]:
    """The names of candidates, of which only those that are listed are made."""
    places = zip(table["of"], table["k"], table["e"], strict=True)
    return [_name(result.quantity(str(of)), int(k), int(e)) for of, k, e in places]


def _name(q: Quantity, k: int, e: int) -> str:
    words = [str(q.labels[a][k]) for a in q.axes]
    if e >= 0 and q.elements:
        words.append(q.elements[e])
    text = f"{q.name}[{', '.join(words)}]" if words else q.name
    return f"{text}, sum over {ELEMENT}" if e < 0 else text
