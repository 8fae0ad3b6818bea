"""The Gaussian around an optimum with what bounds held let go.

At the optimum everything at a bound is held there. Let the held move by t: all else follows as C t, its own
errors apart, and observations are off by r(t). That gives the held a precision P = r' r of their own, so that

    Cov = Cov_held + C S C',    S = T (T' (P + W) T)^-1 T',

T being the moves that keep all rows. With g the forces with which bounds held the optimum the mean moves by
-C S g. What bounds alone determine has no precision: the held have weak sites W at their bounds, to be taken
off again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph

from mfa.solve.kkt import ROUNDS, Kkt, largest
from mfa.solve.posterior import CHUNK, Posterior, posterior_at
from mfa.solve.problem import Floats, Ints
from mfa.solve.solution import Solution
from mfa.solve.truncated.sweeps import Sites

WEAK = 1e-2
"""Precision, per squared scale, of the first site of a bound that carries no force."""
OPEN, NOTHING, MOVED = 1e-7, 1e-7, 1e-6
"""Shares of a row's terms, of a weak site's precision, and of a response's terms that are rounding."""
RANK = 1e-14
"""Share of a precision that is rounding."""
FORCELESS = 1e-9
"""Forces, in chi-square per scale, below which there is none."""
LARGE = 10_000
"""Size of a system from which covariances are refined once: rounding in them then stays below that of
sites."""


@dataclass(frozen=True)
class Moves:
    """The moves T (held, moves) that keep all rows, their precision T' P T without bounds, the weak sites and
    the forces of the held, and what follows from each of the held in `follow` C (unknowns, held)."""

    able: Floats
    precision: Floats
    weak: Floats
    force: Floats
    follow: Floats

    @cached_property
    def covariance(self) -> Floats:
        """S, the covariance of the held with their weak sites."""
        root = self.able @ _root(self.precision + self._weak)
        return np.asarray(root @ root.T)

    @property
    def _weak(self) -> Floats:
        """T' W T."""
        return np.asarray(self.able.T @ (self.weak[:, None] * self.able))

    def without_bounds(self, rows: sparse.csr_array) -> tuple[Floats, Floats]:
        """How far the means of combinations move, and what is added to their variances, where the held have
        no bounds; infinite where nothing else determines one."""
        root = _root(self._weak)
        size, vectors = linalg.eigh(root.T @ self.precision @ root)
        along, turns = rows @ self.follow, self.able @ root @ vectors
        turned, force = along @ turns, turns.T @ self.force
        some = size > NOTHING
        moved = -(turned[:, some] / size[some]) @ force[some]
        added = np.sum(turned[:, some] ** 2 / size[some], axis=1)
        terms = np.abs(along) @ np.abs(turns[:, ~some])
        loose = np.any(np.abs(turned[:, ~some]) > MOVED * terms, axis=1)
        return moved, np.where(loose, np.inf, added)


def _root(matrix: Floats) -> Floats:
    """R with R R' the inverse of a matrix whose numbers may be many decades apart; nothing in it is less than
    rounding."""
    unit = 1.0 / np.sqrt(np.diagonal(matrix))
    size, vectors = linalg.eigh(unit[:, None] * matrix * unit)
    return np.asarray(unit[:, None] * (vectors / np.sqrt(np.maximum(size, RANK))))


@dataclass(frozen=True)
class Released:
    """Covariances of all unknowns (and slacks, solver's units) with some of them, `with_places` (unknowns,
    places): first the `held` ones, then as many of the `posterior` as have a weak site in it (`wide`)."""

    posterior: Posterior
    moves: Moves
    held: Ints
    wide: int
    places: Ints
    with_places: Floats

    def including(self, places: Ints) -> Released:
        """The same with the covariances of further unknowns."""
        if not len(places):
            return self
        kkt, moves = self.posterior.kkt, self.moves
        unit = np.zeros((len(kkt.unit), len(places)))
        unit[places, np.arange(len(places))] = 1.0
        found = _solved(kkt, unit)[: kkt.size[0]]
        found += moves.follow @ (moves.covariance @ moves.follow[places].T)
        alive = found[places, np.arange(len(places))] > 0
        columns = np.concatenate([self.with_places, found[:, alive]], axis=1)
        return replace(self, places=np.concatenate([self.places, places[alive]]), with_places=columns)

    @cached_property
    def shift(self) -> Floats:
        """How far the mean is from the optimum."""
        return np.asarray(-(self.moves.follow @ (self.moves.covariance @ self.moves.force)))

    @property
    def given(self) -> Sites:
        """The sites that are in the covariances, of deviations from the optimum."""
        tau, h = np.zeros(len(self.places)), len(self.held)
        tau[:h], tau[h : h + self.wide] = self.moves.weak, WEAK
        return Sites(tau, np.zeros(len(tau)))

    @cached_property
    def covariance(self) -> Floats:
        """The covariance of the places."""
        found = self.with_places[self.places]
        return np.asarray(0.5 * (found + found.T))

    def gained(self, rows: sparse.csr_array) -> Floats:
        """What letting go of the held adds to the variances of combinations (k, unknowns)."""
        follow = rows @ self.moves.follow
        return np.asarray(np.sum((follow @ self.moves.covariance) * follow, axis=1))


def released(posterior: Posterior, solution: Solution, held: Ints, wide: Ints) -> Released:
    """The Gaussian with the bounds of `held` let go, and weak sites of those whose errors are far `wide`r
    than their scale: a difference of such variances would have no digit left."""
    posterior = _weakened(posterior, solution, wide) if len(wide) else posterior
    moves = _moves(posterior, held, (solution.bound_multipliers * posterior.tangent.form.scale)[held])
    moving = np.diagonal(moves.covariance) > NOTHING**2 / moves.weak
    columns = moves.follow @ moves.covariance[:, moving]
    moves = _only(moves, moving)
    return Released(posterior, moves, held[moving], len(wide), held[moving], columns).including(wide)


def _only(moves: Moves, some: np.ndarray) -> Moves:
    """The moves without those of the held that rows leave no move."""
    return Moves(
        moves.able[some], moves.precision, moves.weak[some], moves.force[some], moves.follow[:, some]
    )


def _moves(posterior: Posterior, held: Ints, force: Floats) -> Moves:
    """What follows from moves of the held."""
    at, kkt = posterior.tangent, posterior.kkt
    n = kkt.size[0]
    strength = _strength(at.rows, held, np.abs(force), at.form.scale[held])
    weak = np.maximum(strength**2, WEAK / _reach(at.rows, held) ** 2)
    pulled, moved = at.pulls[:, held].toarray(), at.rows[:, held].toarray()
    right = np.concatenate([np.zeros((n, len(held))), -pulled, -moved])
    follow = _solved(kkt, right)[:n] if len(held) else np.zeros((n, 0))
    follow[at.fixed] = 0.0
    follow[held, np.arange(len(held))] = 1.0
    off, open_ = at.pulls @ follow, at.rows @ follow
    moved = np.max(abs(at.rows) @ np.abs(follow), axis=1, initial=0.0)
    size = np.maximum(moved, NOTHING * abs(at.rows).sum(axis=1))
    able = _null_space(open_ / np.where(size > 0, size, 1.0)[:, None])
    whole = off @ able
    return Moves(able, whole.T @ whole, weak, force, follow)


def joined(rows: sparse.csr_array, some: Ints) -> Ints:
    """The group of each of some unknowns, those that rows join to each other."""
    own = abs(rows[:, some])
    return np.asarray(
        csgraph.connected_components(sparse.csr_array(own.T @ own), directed=False)[1], np.int64
    )


def _strength(rows: sparse.csr_array, held: Ints, force: Floats, scale: Floats) -> Floats:
    """The force on each of the held, by its scale; on those without, the least of their group: one bound may
    carry what holds all of it."""
    label, each = joined(rows, held), force / scale
    least = np.full(int(label.max(initial=-1)) + 1, np.inf)
    some = force > FORCELESS
    np.minimum.at(least, label[some], each[some])
    shared = np.where(np.isfinite(least), least, 0.0)[label] * scale
    return np.where(some, force, shared)


def _reach(rows: sparse.csr_array, some: Ints) -> Floats:
    """How far, in scales, each of some unknowns would have to move to be as large as the smallest row that it
    is in; 1 at least."""
    size = largest(rows, 1)
    entries = rows[:, some].tocoo()
    there = np.flatnonzero(entries.data)
    found = np.full(len(some), np.inf)
    far = size[entries.row[there]] / np.abs(entries.data[there])
    np.minimum.at(found, entries.col[there], far)
    return np.where(np.isfinite(found), np.maximum(found, 1.0), 1.0)


def _null_space(open_: Floats) -> Floats:
    """The combinations of columns that leave no row open."""
    rows = open_[np.max(np.abs(open_), axis=1, initial=0.0) > OPEN]
    if not len(rows):
        return np.eye(open_.shape[1])
    _, triangle, order = linalg.qr(rows, mode="economic", pivoting=True)
    rank = int(np.count_nonzero(np.abs(np.diagonal(triangle)) > OPEN))
    found = np.zeros((open_.shape[1], open_.shape[1] - rank))
    found[order[:rank]] = -linalg.solve_triangular(triangle[:rank, :rank], triangle[:rank, rank:])
    found[order[rank:]] = np.eye(open_.shape[1] - rank)
    return found


def _solved(kkt: Kkt, right: Floats) -> Floats:
    """The solutions for many right sides."""
    found = np.empty_like(right)
    rounds = ROUNDS if len(kkt.unit) < LARGE else 1
    for at in range(0, right.shape[1], CHUNK):
        found[:, at : at + CHUNK] = kkt.solve(right[:, at : at + CHUNK], rounds=rounds)
    return found


def _weakened(posterior: Posterior, solution: Solution, some: Ints) -> Posterior:
    """The posterior with weak observations of some unknowns at their optimum."""
    at, count = posterior.tangent, len(some)
    m, n = at.pulls.shape
    entries = (np.full(count, np.sqrt(WEAK)), (np.arange(count), some))
    pulls = sparse.vstack([at.pulls, sparse.coo_array(entries, shape=(count, n))], format="csr")
    labels = at.order.labels
    labels = np.concatenate([labels[: n + m], labels[some], labels[n + m :]])
    return posterior_at(replace(at, pulls=pulls, order=replace(at.order, labels=labels)), solution)
