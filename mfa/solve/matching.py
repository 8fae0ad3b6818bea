"""A row for every unknown: maximum matching."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from mfa.solve.problem import Bools, Ints


def matched(graph: sparse.csr_array, usable: Bools, last: Bools) -> Ints:
    """The row of each column of a pattern, -1 where none is left for it; rows in `last` only where needed."""
    match = _maximum(graph, usable & ~last)
    return match if (match >= 0).all() or not last.any() else _maximum(graph, usable)


def _maximum(graph: sparse.csr_array, which: Bools) -> Ints:
    """A maximum matching (Hopcroft and Karp 1973) with some of the rows."""
    rows = np.flatnonzero(which)
    match = csgraph.maximum_bipartite_matching(graph[rows], perm_type="row").astype(np.int64)
    return np.where(match >= 0, rows[match] if len(rows) else -1, -1)
