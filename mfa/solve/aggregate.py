"""Balances of bulk flows in the place of the rows that say that the parts of a mix sum to 1.

The balances of a market's elements and the row that its mix sums to 1 are one row more than the mix has
parts. What that row says of bulk flows reaches them through all elements of all markets, in factors that
fill. Added up over the elements, and each sum of a mix taken out as often as the mix flows, the balances are
one of bulk flows with no mix in it. With it in the place of the sum, the elements' rows do no more than find
mixes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import maximum_bipartite_matching

from mfa.solve.problem import Bools, Floats, Ints, LeastSquares

SHARE = -1
EQUAL = 1e-11
"""How far the flows of a mix's parts may be apart, and what is left of them where they cancel."""


@dataclass(frozen=True)
class Elements:
    """How rows and unknowns differ in the element alone.

    `sums` are the rows that say that a mix sums to 1, `groups` adds up the rows of one balance, `part` marks
    unknowns that are an element's (of a mix or of a flow).
    """

    sums: Ints
    groups: sparse.csr_array
    part: Bools


def elements_of(problem: LeastSquares, unknowns: int, rows: int) -> Elements | None:
    """The elements of a problem with so many unknowns and rows, slacks and limits included; none without
    a mix."""
    if not np.any(problem.merge == SHARE) or not len(problem.bulk):
        return None
    merge = np.full(rows, SHARE)
    merge[: len(problem.merge)] = problem.merge
    sums = np.flatnonzero(problem.merge == SHARE)
    _, group, count = np.unique(merge, return_inverse=True, return_counts=True)
    several = np.flatnonzero((merge != SHARE) & (count[group] > 1))
    _, own = np.unique(group[several], return_inverse=True)
    shape = (int(own.max(initial=-1)) + 1, rows)
    groups = sparse.csr_array(sparse.coo_array((np.ones(len(own)), (own, several)), shape=shape))
    part = np.zeros(unknowns, dtype=bool)
    _, flow, members = np.unique(problem.bulk, return_inverse=True, return_counts=True)
    part[: len(problem)] = (problem.bulk == SHARE) | (members[flow] > 1)
    return Elements(sums, groups, part)


@dataclass(frozen=True)
class Aggregated:
    """Rows with balances of bulk flows in the place of sums: `by` times the rows they were made from."""

    rows: sparse.csr_array
    by: sparse.csr_array


def aggregated(rows: sparse.csr_array, elements: Elements, loose: Bools) -> Aggregated:
    """The rows with bulk balances in the place of the sums of mixes with parts `loose`: unknown and unseen.

    A balance is used where no loose element is left in it. The mix whose sum it replaces is one that no other
    balance moves more of: the mix of its own market, as what others buy of it leaves that.
    """
    sums = sparse.csr_array(rows[elements.sums])
    of, value = _mix_of(sums)
    total = sparse.csr_array(elements.groups @ rows)
    flows = _flows(total, of, value, np.diff(sums.indptr))
    balance = _difference(total, sparse.csr_array(flows @ sums))
    clean = np.diff(sparse.csr_array(balance[:, np.flatnonzero(elements.part & loose)]).indptr) == 0
    group, mix = _paired(flows, clean, _loose_parts(of, loose, len(elements.sums)))
    stay, put = _places(elements.sums[mix], rows.shape[0])
    taken = sparse.csr_array(flows[group] @ _places(elements.sums, rows.shape[0])[1].T)
    by = sparse.csr_array(stay + put @ (elements.groups[group] - taken))
    found = sparse.csr_array(stay @ rows + put @ balance[group])
    found.eliminate_zeros()
    return Aggregated(found, by)


def _places(rows: Ints, count: int) -> tuple[sparse.dia_array, sparse.csr_array]:
    """What keeps all of `count` rows but some, and what puts others in the place of those."""
    kept = np.ones(count)
    kept[rows] = 0.0
    places = (np.ones(len(rows)), (rows, np.arange(len(rows))))
    put = sparse.csr_array(sparse.coo_array(places, shape=(count, len(rows))))
    return sparse.diags_array(kept), put


def _mix_of(sums: sparse.csr_array) -> tuple[Ints, Floats]:
    """The sum that every unknown is a part of (-1: none or several), and how it stands in it."""
    entries = sums.tocoo()
    of, value = np.full(sums.shape[1], -1), np.ones(sums.shape[1])
    of[entries.col], value[entries.col] = entries.row, entries.data
    of[np.bincount(entries.col, minlength=len(of)) > 1] = -1
    return of, value


def _loose_parts(of: Ints, loose: Bools, count: int) -> Ints:
    """Of each mix: 2 where all parts are loose, 1 where some are, 0 where none is."""
    some, held = np.zeros(count, np.int64), np.zeros(count, np.int64)
    some[of[(of >= 0) & loose]] = 1
    held[of[(of >= 0) & ~loose]] = 1
    return np.where(some > held, 2, some)


def _flows(total: sparse.csr_array, of: Ints, value: Floats, size: Ints) -> sparse.csr_array:
    """How much of every whole mix is in each summed balance."""
    entries = total.tocoo()
    inside = (of[entries.col] >= 0) & (entries.data != 0)
    row, column = entries.row[inside].astype(np.int64), entries.col[inside]
    flow, key = entries.data[inside] / value[column], row * len(size) + of[column]
    order = np.argsort(key, kind="stable")
    pair, first, count = np.unique(key[order], return_index=True, return_counts=True)
    shape = (total.shape[0], len(size))
    if not len(pair):
        return sparse.csr_array(shape)
    low, high = np.minimum.reduceat(flow[order], first), np.maximum.reduceat(flow[order], first)
    whole = (count == size[pair % len(size)]) & (high - low <= EQUAL * np.maximum(np.abs(low), np.abs(high)))
    row, mix = pair[whole] // len(size), pair[whole] % len(size)
    return sparse.csr_array(sparse.coo_array((0.5 * (low + high)[whole], (row, mix)), shape=shape))


def _difference(total: sparse.csr_array, taken: sparse.csr_array) -> sparse.csr_array:
    """`total` less `taken`, without what is left of entries that cancel."""
    rest, size = (total - taken).tocoo(), (abs(total) + abs(taken)).tocsr()
    size.sort_indices()
    still = np.abs(rest.data) > EQUAL * np.asarray(size[rest.row, rest.col]).ravel()
    places = (rest.row[still], rest.col[still])
    return sparse.csr_array(sparse.coo_array((rest.data[still], places), shape=total.shape))


def _paired(flows: sparse.csr_array, clean: Bools, loose: Ints) -> tuple[Ints, Ints]:
    """Balances and the mixes whose sums they replace; a mix that is partly seen takes what others leave."""
    entries = flows.tocoo()
    most = np.zeros(flows.shape[1])
    np.maximum.at(most, entries.col, np.abs(entries.data))
    own = clean[entries.row] & (np.abs(entries.data) >= (1 - EQUAL) * most[entries.col])
    row, mix = entries.row[own], entries.col[own]
    taken = np.full(flows.shape[0], -1, np.int64)
    for kind in (2, 1):
        able = (loose[mix] == kind) & (taken[row] < 0)
        graph = sparse.csr_matrix(
            (np.ones(np.count_nonzero(able)), (row[able], mix[able])), shape=flows.shape
        )
        found = np.asarray(maximum_bipartite_matching(graph, perm_type="column"), dtype=np.int64)
        taken = np.where(found >= 0, found, taken)
    group = np.flatnonzero(taken >= 0)
    return group, taken[group]
