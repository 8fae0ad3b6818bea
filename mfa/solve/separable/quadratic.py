"""g' (B V B')^-1 g for many sparse g, by inverses of blocks: small ones dense, large ones on the factors'
pattern.

Rows that couple blocks which are otherwise apart (a reserve over the years) form a border. With blocks M_t,
couplings C_t and the border's Schur complement S = D - sum_t C_t' M_t^-1 C_t,

    g' M^-1 g = sum_t g_t' M_t^-1 g_t + h' S^-1 h,    h = g_border - sum_t C_t' M_t^-1 g_t.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import qdldl
from scipy import linalg, sparse
from scipy.sparse import csgraph

from mfa.solve.problem import Bools, Floats, Ints
from mfa.solve.separable.inverse import selected_inverse
from mfa.solve.separable.normal import scaled

LARGEST = 2500
"""Rows of a block up to which its inverse is made whole."""
SHORT = 4
"""Entries of a g up to which it is summed pair by pair."""
CHUNK = 2048
SHIFT = 1e-15


def quadratic_forms(
    rows: sparse.csr_array, variance: Floats, wanted: sparse.csr_array, border: Bools
) -> Floats:
    """g' (B V B')^-1 g for every row g of `wanted` (k, rows of B); `border` marks the rows that couple
    blocks."""
    upper, unit = scaled(rows, variance, SHIFT)
    matrix = sparse.csr_array(upper + sparse.triu(upper, k=1).T)
    asked = sparse.csr_array(wanted @ sparse.diags_array(unit))
    inner, edge = np.flatnonzero(~border), np.flatnonzero(border)
    total = np.zeros(asked.shape[0])
    schur, left = matrix[edge][:, edge].toarray(), np.zeros((len(unit), len(edge)))
    left[edge, np.arange(len(edge))] = 1.0
    by_place = sparse.csc_array(asked)
    for places in _blocks(matrix, inner):
        own = sparse.csr_array(by_place[:, places])
        some = np.flatnonzero(np.diff(own.indptr))
        across = matrix[places][:, edge].toarray()
        forms, moved = _of_block(matrix[places][:, places], across, own[some])
        total[some] += forms
        schur -= across.T @ moved
        left[places] = -moved
    return total + _at_border(asked, left, schur) if len(edge) else total


def _at_border(wanted: sparse.csr_array, left: Floats, schur: Floats) -> Floats:
    """h' S^-1 h of every g, h = `left`' g; few at a time, as all h are dense."""
    factor, found = linalg.cholesky(schur, lower=True), np.zeros(wanted.shape[0])
    for at in range(0, len(found), CHUNK):
        reach = np.asarray(wanted[at : at + CHUNK] @ left)
        found[at : at + CHUNK] = np.sum(linalg.solve_triangular(factor, reach.T, lower=True) ** 2, axis=0)
    return found


def _blocks(matrix: sparse.csr_array, inner: Ints) -> Iterator[Ints]:
    """Places of the blocks; small ones of one size together would be no faster, and are taken one by one."""
    count, label = csgraph.connected_components(matrix[inner][:, inner], directed=False)
    order = np.argsort(label, kind="stable")
    limits = np.searchsorted(label[order], np.arange(count + 1))
    for k in range(count):
        yield inner[order[limits[k] : limits[k + 1]]]


def _of_block(block: sparse.csr_array, across: Floats, wanted: sparse.csr_array) -> tuple[Floats, Floats]:
    """The forms by one block, and M^-1 of its coupling to the border."""
    if block.shape[0] > LARGEST:
        return _of_large(block, across, wanted)
    inverse = _dense_inverse(block.toarray())
    return _forms(inverse, wanted), inverse @ across


def _dense_inverse(matrix: Floats) -> Floats:
    factor, info = linalg.lapack.dpotrf(matrix, lower=1)
    if info:
        return np.asarray(np.linalg.pinv(matrix, hermitian=True))
    inverse, _ = linalg.lapack.dpotri(factor, lower=1)
    low = np.tril_indices(len(matrix), -1)
    inverse.T[low] = inverse[low]
    return np.asarray(inverse)


def _forms(inverse: Floats, wanted: sparse.csr_array) -> Floats:
    """g' Z g of every row g, Z a whole matrix."""
    terms = np.diff(wanted.indptr)
    found = np.zeros(wanted.shape[0])
    short = np.flatnonzero(terms <= SHORT)
    found[short] = _pairs(wanted[short], lambda a, b: inverse[a, b])
    long = np.flatnonzero(terms > SHORT)
    for at in range(0, len(long), CHUNK):
        some = wanted[long[at : at + CHUNK]]
        found[long[at : at + CHUNK]] = np.asarray(some.multiply(some @ inverse).sum(axis=1)).ravel()
    return found


def _pairs(wanted: sparse.csr_array, entry: Any) -> Floats:
    """The sum over all pairs of entries of each row, `entry` giving those of the inverse."""
    row = np.repeat(np.arange(wanted.shape[0]), np.diff(wanted.indptr))
    total = np.zeros(wanted.shape[0])
    for step in range(int(np.diff(wanted.indptr).max(initial=0))):
        first = np.flatnonzero(row[: len(row) - step] == row[step:])
        second = first + step
        weight = (1.0 if step == 0 else 2.0) * wanted.data[first] * wanted.data[second]
        terms = weight * entry(wanted.indices[first], wanted.indices[second])
        total += np.bincount(row[first], terms, len(total))
    return total


def _of_large(block: sparse.csr_array, across: Floats, wanted: sparse.csr_array) -> tuple[Floats, Floats]:
    """The same by selected inversion; a g with pairs outside its pattern is solved for by itself."""
    factors = qdldl.Solver(sparse.csc_matrix(sparse.triu(block, format="csc")), upper=True)
    inverse = selected_inverse(factors)
    found = np.full(wanted.shape[0], np.nan)
    short = np.flatnonzero(np.diff(wanted.indptr) <= SHORT)
    found[short] = _pairs(wanted[short], inverse.at)
    for k in np.flatnonzero(np.isnan(found)):
        g = wanted[[k]].toarray().ravel()
        found[k] = g @ factors.solve(g)
    moved = [factors.solve(c) for c in across.T]
    return found, np.column_stack(moved) if moved else across
