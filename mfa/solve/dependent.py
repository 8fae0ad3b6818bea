"""Rows of a block that follow from the others by their numbers, though its pattern would determine all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import splu

from mfa.solve.equations import Equations
from mfa.solve.local import localised
from mfa.solve.problem import Floats, Ints

DENSE = 40
"""Blocks of more unknowns are factorised one by one as sparse matrices, on one thread each: threads that wait
for each other make a dense one of a hundred slower by far where others use the machine too."""
SINGULAR = 1e11
"""Growth of a solution from which a block counts as singular: a loop that loses less than 1e-11 a round."""
NOISE = 1e-14
"""Relative change of a block's entries that lets a singular one be factorised at all."""
TRIED = 8
SMALL = 1e-6
"""Share of the largest entry of a null vector below which an entry counts as nothing."""


@dataclass(frozen=True)
class Dependent:
    """Rows that depend on others of their block, and each such block: its rows and unknowns, (2, size)."""

    rows: Ints
    blocks: tuple[Ints, ...]


def dependent_rows(rows: Equations, of: Ints, unknowns: Ints, typical: Floats) -> Dependent:
    """The dependent rows among the blocks of one size (blocks, size); one a block, more of a large one.

    Inverse iteration: with y = A^-T g for a random g, |y| is huge where A is singular, and y is then the
    combination of rows that vanishes.
    """
    local = localised(rows, of, unknowns)
    if of.shape[1] > DENSE:
        chosen = _of_one(local.sparse_slope(rows, typical))
        return Dependent(of[0, chosen], (np.stack([of[0], unknowns[0]]),) if len(chosen) else ())
    slope = _scaled(local.slope(rows, typical))
    random = np.random.default_rng(0)
    shaken = slope + NOISE * random.uniform(0.5, 1.0, slope.shape[1:])
    pushed = np.broadcast_to(random.uniform(0.5, 1.0, (of.shape[1], 1)), (*of.shape, 1))
    y = np.abs(np.linalg.solve(np.swapaxes(shaken, 1, 2), pushed)[..., 0])
    singular = np.flatnonzero(~(y.max(axis=1) < SINGULAR))
    both = np.stack([of[singular], unknowns[singular]], axis=1)
    return Dependent(of[singular, np.argmax(y[singular], axis=1)], tuple(both))


def circulation(rows: Equations, of: Ints, unknowns: Ints, typical: Floats) -> Ints:
    """The unknowns of a singular block that can grow together without end; none where some would shrink.

    That tells a loop which returns all that enters it from rows that merely say one thing twice.
    """
    slope = _scaled(localised(rows, of[None], unknowns[None]).slope(rows, typical))[0]
    random = np.random.default_rng(0)
    shaken = slope + NOISE * random.uniform(0.5, 1.0, slope.shape)
    grows = np.linalg.solve(shaken, random.uniform(0.5, 1.0, len(unknowns)))
    grows = grows / np.abs(grows).max()
    some = np.abs(grows) > SMALL
    return unknowns[some] if np.all(grows[some] > 0) or np.all(grows[some] < 0) else unknowns[:0]


def _scaled(slope: Floats) -> Floats:
    """Blocks with columns and then rows of unit size."""
    for axis in (1, 2):
        size = np.abs(slope).max(axis=axis, keepdims=True)
        slope = slope / np.where(size > 0, size, 1.0)
    return slope


def _of_one(slope: sparse.csc_array) -> Ints:
    """The dependent rows of one large block."""
    for axis in (0, 1):
        size = abs(slope).max(axis=axis).toarray().ravel()
        unit = sparse.diags_array(1.0 / np.where(size > 0, size, 1.0))
        slope = sparse.csc_array(slope @ unit if axis == 0 else unit @ slope)
    random = np.random.default_rng(0)
    k = slope.shape[0]
    slope.data *= 1 + NOISE * random.uniform(0.5, 1.0, slope.nnz)
    turned = sparse.csc_array(slope.T + sparse.diags_array(NOISE * random.uniform(0.5, 1.0, k)))
    y = splu(turned).solve(random.uniform(0.5, 1.0, (k, TRIED)))
    _, size, order = linalg.qr(y.T, mode="economic", pivoting=True)
    return np.asarray(order[: int(np.count_nonzero(np.abs(np.diag(size)) > SINGULAR))], np.int64)
