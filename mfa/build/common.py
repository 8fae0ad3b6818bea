"""Errors that the rows of one observation share: an unknown of their own, with its size as evidence.

    report_k = f_k (1 + g) + e_k,  g ~ N(0, cv)      or      report_k = f_k + s + e_k,  s ~ N(0, sd)

With g or s taken out the reports have the covariance diag(sigma^2) + cv^2 f f' (or sd^2 1 1'), a dense one;
as an unknown it costs one column.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mfa.build.assembly import ROW_BLOCK, Assembly, Bools, Ints, Namer, Terms
from mfa.build.parameters import AS_STATED, ASSUMED, ObservedGroup
from mfa.build.reports import Report
from mfa.build.rows import of_rows, row_namer
from mfa.spec.schema import Common


def add_common(
    assembly: Assembly, report: Report, common: Common, terms: Terms, *, rows: Bools
) -> tuple[Terms, list[ObservedGroup]]:
    """The terms of a report with the error that its counted `rows` share, and what is stated of it."""
    which = np.flatnonzero(rows)
    if not len(which):
        return terms, []
    owner, labels = _owners(report.frame.iloc[which], [a for a in common.by if a in report.axes])
    relative = common.sd is None
    size = (common.cv or 0.0) if common.sd is None else common.sd * report.unit.factor
    namer = row_namer(f"{report.name}.common", labels, list(labels.columns))
    first = assembly.unknowns(
        len(labels), namer, start=0.0, lower=-1.0 if relative else -np.inf, mass=False, scale=size
    )
    cell = assembly.linear(first, len(labels), namer)
    group = _stated(assembly, report, cell, labels, size=size, relative=relative)
    if relative:
        return _multiplied(assembly, report, terms, which, first + owner), [group]
    return Terms.join(terms, Terms.of(which, cell + owner, 1.0)), [group]


def _owners(frame: pd.DataFrame, columns: list[str]) -> tuple[Ints, pd.DataFrame]:
    """The error that each row has, and the labels of each error."""
    if not columns:
        return np.zeros(len(frame), np.int64), pd.DataFrame(index=range(1))
    owner = np.asarray(frame.groupby(columns, sort=False).ngroup(), dtype=np.int64)
    return owner, frame[columns].drop_duplicates().reset_index(drop=True)


def _stated(
    assembly: Assembly, report: Report, cell: int, labels: pd.DataFrame, *, size: float, relative: bool
) -> ObservedGroup:
    """The errors as evidence: none is expected, give or take `size`."""
    n, name = len(labels), f"{report.name}.common"
    terms, zero = Terms.of(np.arange(n), cell + np.arange(n), 1.0), np.zeros(n)
    namer = row_namer(name, labels, list(labels.columns))
    first = assembly.observe(terms, zero, zero + size, zero, counted=np.ones(n, np.bool_), namer=namer)
    unit, factor = ("1", 1.0) if relative else (report.unit.text, 1 / report.unit.factor)
    return ObservedGroup(
        name=name,
        first=first,
        labels=labels,
        unit=unit,
        factor=np.full(n, factor),
        source=[ASSUMED] * n,
        edition=[AS_STATED] * n,
        derived_from=[""] * n,
        standing=[""] * n,
        of=name,
    )


def _multiplied(assembly: Assembly, report: Report, terms: Terms, which: Ints, factor: Ints) -> Terms:
    """The terms with those of the rows `which` replaced by their sum times 1 + g."""
    n, rows = len(which), np.arange(len(which))
    namer: Namer = of_rows(row_namer(report.name, report.frame, report.axes), which)
    whole = assembly.total(terms.only(which), n, namer, block=ROW_BLOCK)
    plain = assembly.linear(whole, n, namer)
    shared = assembly.cells(whole + rows, factor, 1.0, namer)
    other = ~np.isin(terms.row, which)
    kept = Terms(terms.row[other], terms.cell[other], terms.weight[other])
    return Terms.join(kept, Terms.of(which, plain + rows, 1.0), Terms.of(which, shared + rows, 1.0))
