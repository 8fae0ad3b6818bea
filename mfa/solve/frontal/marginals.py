"""Variances of unknowns and rows under exact rows and observations of unit error, from one factorisation.

Up the tree every front is eliminated; down again each learns a factor of the joint covariance of its columns
from that of its parent's: the square-root form of selected inversion (Takahashi, Fagan and Chin 1973), which
adds squares and never takes a variance off another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from mfa.solve.frontal.dense import narrow
from mfa.solve.frontal.eliminate import Eliminated, eliminated
from mfa.solve.frontal.front import Asked, Assembler, Front, Link, Message
from mfa.solve.frontal.system import SOFT, system
from mfa.solve.frontal.tree import tree_of
from mfa.solve.frontal.work import Work
from mfa.solve.problem import Floats, Ints

SEED, VECTORS = 20011, 2


@dataclass(frozen=True)
class Marginals:
    """Variances of unknowns, observations and other rows, and random null vectors (unknowns by two).

    What nothing determines has the variance that it has where what is `free` does not move; a null vector
    moves it. `unit` is the size by which each unknown is measured.
    """

    unknowns: Floats
    observed: Floats
    wanted: Floats
    vectors: Floats
    unit: Floats


@dataclass(frozen=True)
class _Kept:
    """What is kept of a front for the way back."""

    own: Ints
    eliminated: Eliminated
    links: tuple[Link, ...]
    asked: Asked


def marginals(exact: sparse.csr_array, soft: sparse.csr_array, wanted: sparse.csr_array) -> Marginals:
    """The marginal variances of n unknowns x with `exact` x = 0 and `soft` x = unit error, of the rows of
    `soft` and of those of `wanted`; all three are (k, n).

    >>> sums = sparse.csr_array(np.array([[1.0, 1.0, -1.0]]))
    >>> seen = sparse.csr_array(np.eye(3))
    >>> marginals(sums, seen, sums[:, [0, 1, 2]]).unknowns.round(12).tolist()
    [0.666666666667, 0.666666666667, 0.666666666667]
    """
    whole = system(exact, soft, wanted)
    work = Work(whole, tree_of(whole))
    n, m, k = exact.shape[1], soft.shape[0], wanted.shape[0]
    found = Marginals(np.zeros(n), np.zeros(m), np.zeros(k), np.zeros((n, VECTORS)), whole.unit)
    # most fronts are too small for threads, which then wait for each other
    with threadpool_limits(1, user_api="blas"):
        _down(work, _up(work), found)
    found.unknowns[:] *= whole.unit**2
    found.vectors[:] *= whole.unit[:, None]
    return found


def _up(work: Work) -> list[_Kept]:
    """All fronts eliminated, children before parents."""
    assembler = Assembler(work)
    waiting: dict[int, Message] = {}
    kept: list[_Kept] = []
    for k, children in enumerate(work.children):
        front: Front = assembler.front(k, [waiting.pop(c) for c in children])
        done, rest = eliminated(front.rows, front.inner)
        waiting[k] = front.message(len(done.waiting), rest)
        kept.append(_Kept(front.own, done, front.links, front.asked))
    return kept


def _down(work: Work, kept: list[_Kept], found: Marginals) -> None:
    """The variances of every front's own unknowns and rows, parents before children; fronts are let go."""
    rng = np.random.default_rng(SEED)
    above: dict[int, tuple[Floats, Floats]] = {}
    for k in range(len(kept) - 1, -1, -1):
        front = kept.pop()
        factor, null = above.pop(k, (np.zeros((0, 0)), np.zeros((0, VECTORS))))
        factor, null = front.eliminated.factor(factor), front.eliminated.null(null, rng)
        own = len(front.own)
        found.unknowns[front.own] = np.sum(factor[:own] ** 2, axis=1)
        found.vectors[front.own] = null[:own]
        _write(front.asked, factor, found)
        for child, link in zip(work.children[k], front.links, strict=True):
            above[child] = narrow(link.down(factor)), link.down(null)


def _write(asked: Asked, factor: Floats, found: Marginals) -> None:
    long, short = asked.values(factor)
    for kind, number, values in (
        (asked.kind, asked.number, long),
        (asked.shorts.kind, asked.shorts.number, short),
    ):
        variance, seen = np.sum(values**2, axis=1), kind == SOFT
        found.observed[number[seen]] = variance[seen]
        found.wanted[number[~seen]] = variance[~seen]
