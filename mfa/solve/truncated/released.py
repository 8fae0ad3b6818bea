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

from mfa.solve.kkt import ROUNDS, Kkt
from mfa.solve.posterior import CHUNK, Posterior, posterior_at
from mfa.solve.problem import Floats, Ints
from mfa.solve.solution import Solution
from mfa.solve.truncated.sweeps import Sites

WEAK = 1e-2
"""Precision, per squared scale, of the first site of a bound that carries no force."""
OPEN, NOTHING, MOVED = 1e-7, 1e-7, 1e-9
"""Shares of a row's terms, of a weak site's precision, and of a squared response that are rounding."""
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
        whole = self.precision + self.able.T @ (self.weak[:, None] * self.able)
        return np.asarray(self.able @ linalg.solve(whole, self.able.T, assume_a="pos"))

    def without_bounds(self, rows: sparse.csr_array) -> tuple[Floats, Floats]:
        """How far the means of combinations move, and what is added to their variances, where the held have
        no bounds; infinite where nothing else determines one."""
        weak = self.able.T @ (self.weak[:, None] * self.able)
        size, vectors = linalg.eigh(self.precision, weak)
        turned, force = (rows @ self.follow) @ self.able @ vectors, vectors.T @ (self.able.T @ self.force)
        some = size > NOTHING
        moved = -(turned[:, some] / size[some]) @ force[some]
        added = np.sum(turned[:, some] ** 2 / size[some], axis=1)
        loose = np.sum(turned[:, ~some] ** 2, axis=1)
        return moved, np.where(loose > MOVED * np.sum(turned**2, axis=1), np.inf, added)


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
    weak = np.maximum(force**2, WEAK)
    pulled, moved = at.pulls[:, held].toarray(), at.rows[:, held].toarray()
    right = np.concatenate([np.zeros((n, len(held))), -pulled, -moved])
    follow = _solved(kkt, right)[:n] if len(held) else np.zeros((n, 0))
    follow[at.fixed] = 0.0
    follow[held, np.arange(len(held))] = 1.0
    off, open_ = at.pulls @ follow, at.rows @ follow
    size = np.maximum(np.max(abs(at.rows) @ np.abs(follow), axis=1, initial=0.0), 1e-300)
    able = _null_space(open_ / size[:, None])
    whole = off @ able
    return Moves(able, whole.T @ whole, weak, force, follow)


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
