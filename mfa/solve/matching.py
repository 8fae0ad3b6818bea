"""A row for every unknown: maximum matching, each period for itself where that is enough."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from mfa.solve.problem import Bools, Ints


def matched(graph: sparse.csr_array, usable: Bools, last: Bools, time: Ints) -> Ints:
    """The row of each column of a pattern, -1 where none is left for it; rows in `last` only where needed.

    Rows are first asked for unknowns of the latest `time` that they hold: in a march that matches all, and
    paths that free a row stay within their period instead of crossing them all.
    """
    first = usable & ~last
    match = _maximum(_latest(graph, time), first)
    for which in (first, usable):
        if (match >= 0).all():
            break
        match = _maximum(graph, which)
    return match


def _latest(graph: sparse.csr_array, time: Ints) -> sparse.csr_array:
    """The pattern with what is earlier than the latest of its row left out."""
    of = time.astype(np.int32)[graph.indices]
    latest = np.full(graph.shape[0], -2, np.int32)
    some = np.flatnonzero(np.diff(graph.indptr))
    latest[some] = np.maximum.reduceat(of, graph.indptr[some]) if len(some) else -2
    kept = (of == np.repeat(latest, np.diff(graph.indptr))).astype(np.int8)
    part = sparse.csr_array((kept, graph.indices.copy(), graph.indptr.copy()), graph.shape)
    part.eliminate_zeros()
    return part


def _maximum(graph: sparse.csr_array, which: Bools) -> Ints:
    """A maximum matching (Hopcroft and Karp 1973) with some of the rows."""
    rows = np.flatnonzero(which)
    match = csgraph.maximum_bipartite_matching(graph[rows], perm_type="row").astype(np.int64)
    return np.where(match >= 0, rows[match] if len(rows) else -1, -1)
