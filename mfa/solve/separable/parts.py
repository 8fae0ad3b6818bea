"""A separable problem in parts that share no row: packed to a useful size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from mfa.solve.problem import Ints
from mfa.solve.separable.form import Separable
from mfa.solve.separable.workers import LARGE

USEFUL = 50_000
"""Unknowns of a part: smaller components are packed together."""


@dataclass(frozen=True)
class Part:
    """The rows and unknowns of a part."""

    rows: Ints
    columns: Ints


def parts_of(rows: sparse.csc_array, useful: int = USEFUL) -> list[Part]:
    """The connected components of rows and unknowns, packed together until they have `useful` unknowns."""
    label = component_of(rows)
    column = _column_labels(rows, label)
    size = np.bincount(column[column >= 0], minlength=int(label.max(initial=-1)) + 1)
    group = (np.cumsum(size) - size) // _even(int(size.sum()), useful) if len(size) else size
    # unknowns in no row go with the first part
    own = np.where(column >= 0, group[column] if len(group) else 0, 0)
    of_row = group[label] if len(group) else label
    row_order, column_order = (np.argsort(k, kind="stable") for k in (of_row, own))
    count = int(max(own.max(initial=-1), of_row.max(initial=-1))) + 1
    sizes = [np.bincount(k, minlength=count) for k in (of_row, own)]
    numbers = np.flatnonzero(sizes[0] + sizes[1])
    row_ends, column_ends = (np.cumsum(size)[numbers] for size in sizes)
    row_parts = np.split(row_order, row_ends[:-1]) if len(numbers) else []
    column_parts = np.split(column_order, column_ends[:-1]) if len(numbers) else []
    return [Part(r, c) for r, c in zip(row_parts, column_parts, strict=True)]


def _even(total: int, useful: int) -> int:
    """A size of parts near the useful one that keeps two processes busy to the end."""
    return useful if total < LARGE else -(-total // (2 * max(1, round(total / (2 * useful)))))


def component_of(rows: sparse.csc_array) -> Ints:
    """The connected component of every row, rows being joined by the unknowns they share."""
    column = np.repeat(np.arange(rows.shape[1]), np.diff(rows.indptr))
    linked = column[1:] == column[:-1]
    ends = (rows.indices[:-1][linked], rows.indices[1:][linked])
    graph = sparse.coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(rows.shape[0],) * 2)
    return np.asarray(csgraph.connected_components(graph, directed=False)[1], np.int64)


def _column_labels(rows: sparse.csc_array, label: Ints) -> Ints:
    """The component of every unknown, -1 where it is in no row."""
    some = np.diff(rows.indptr) > 0
    found = np.full(rows.shape[1], -1)
    found[some] = label[rows.indices[rows.indptr[:-1][some]]]
    return found


def part_of(problem: Separable, part: Part) -> Separable:
    """The problem of one part."""
    whole = len(part.rows) == len(problem.rhs) and len(part.columns) == len(problem)
    return problem if whole else problem.part(part.rows, part.columns)
