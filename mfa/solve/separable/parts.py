"""A separable problem in parts that share no row: packed to a useful size, and worked on by all cores."""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from threadpoolctl import ThreadpoolController

from mfa.solve.problem import Ints
from mfa.solve.separable.form import Separable

USEFUL = 50_000
"""Unknowns of a part: smaller components are packed together."""
LARGE = 100_000
"""Unknowns from which more processes than one are worth their start."""
T = TypeVar("T")


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


@cache
def _blas() -> ThreadpoolController:
    """The libraries whose threads are counted; looking for them takes as long as a small factorisation."""
    return ThreadpoolController()


_SHARED: list[tuple[Callable[..., Any], Sequence[Any]]] = []


def _shared_work(k: int) -> Any:
    work, tasks = _SHARED[-1]
    # blocks are too small for threads of their own, and processes would fight over the cores
    with _blas().limit(limits=1, user_api="blas"):
        return work(*tasks[k])


def spread_work(work: Callable[..., T], tasks: Sequence[tuple[Any, ...]], size: int) -> list[T]:
    """`work(*task)` for every task, in order; by several processes where `size` unknowns make it worth that.

    Processes are forks: they see the tasks without a copy, and need no guard in the caller's script.
    """
    cores = min(len(tasks), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    alone = size < LARGE or cores < 2 or sys.platform != "linux"
    _SHARED.append((work, tasks))
    try:
        if alone or multiprocessing.current_process().daemon:
            return [_shared_work(k) for k in range(len(tasks))]
        with warnings.catch_warnings():
            # the threads of BLAS hold no lock that a fork would need
            warnings.simplefilter("ignore", DeprecationWarning)
            pool = multiprocessing.get_context("fork").Pool(cores)
        with pool:
            return pool.map(_shared_work, range(len(tasks)), chunksize=1)
    finally:
        _SHARED.pop()


def part_of(problem: Separable, part: Part) -> Separable:
    """The problem of one part."""
    whole = len(part.rows) == len(problem.rhs) and len(part.columns) == len(problem)
    return problem if whole else problem.part(part.rows, part.columns)
