"""The Gaussian around an optimum with what bounds held let go.

At the optimum everything at a bound is held there. With g the forces with which bounds held the optimum z,
the Gaussian without them has the mean z - Sigma g. What held bounds alone determine has no variance without
them: the held have weak sites of precision `weak` at their bounds, to be taken off again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import linalg

from mfa.solve.kkt import Kkt, factorise_pivoted
from mfa.solve.posterior import CHUNK, Posterior
from mfa.solve.problem import Floats, Ints
from mfa.solve.solution import Solution
from mfa.solve.truncated.sweeps import Sites

WEAK = 1e-2
"""Precision, per squared scale, of the first site of a bound that carries no force."""
RANK, NOTHING, MOVED = 1e-11, 1e-7, 1e-9
"""Shares of a correlation, of a weak site's precision, and of a squared response that are rounding."""


@dataclass(frozen=True)
class Released:
    """Covariances of all unknowns (and slacks, solver's units) with some of them, `with_places` (unknowns,
    places); the `held` ones come first. `shift` is the move of the mean off the optimum."""

    kkt: Kkt
    held: Ints
    weak: Floats
    force: Floats
    places: Ints
    with_places: Floats

    def including(self, places: Ints) -> Released:
        """The same with the covariances of further unknowns."""
        columns = np.concatenate([self.with_places, _columns(self.kkt, places)], axis=1)
        return replace(self, places=np.concatenate([self.places, places]), with_places=columns)

    @cached_property
    def shift(self) -> Floats:
        """How far the mean is from the optimum."""
        return np.asarray(-(self.with_places[:, : len(self.held)] @ self.force))

    @property
    def given(self) -> Sites:
        """The sites that are in the covariances, of deviations from the optimum."""
        tau = np.concatenate([self.weak, np.zeros(len(self.places) - len(self.held))])
        return Sites(tau, np.zeros(len(tau)))

    @cached_property
    def covariance(self) -> Floats:
        """The covariance of the places."""
        found = self.with_places[self.places]
        return np.asarray(0.5 * (found + found.T))

    @cached_property
    def _precision(self) -> Floats:
        """The inverse covariance of the held; what depends on others left out."""
        own = self.covariance[: len(self.held), : len(self.held)]
        unit = np.sqrt(np.diagonal(own))
        return np.asarray(linalg.pinvh(own / unit / unit[:, None], rtol=RANK) / unit / unit[:, None])

    def gained(self, along: Floats) -> Floats:
        """What letting go of the held adds to the variances of numbers whose covariances with the places are
        `along` (k, places)."""
        own = along[:, : len(self.held)]
        return np.asarray(np.sum((own @ self._precision) * own, axis=1))

    def without_bounds(self, along: Floats) -> tuple[Floats, Floats]:
        """How far the means of such numbers move, and what is added to their variances, where the held have
        no bounds at all; infinite where nothing else determines a number."""
        root = 1.0 / np.sqrt(self.weak)
        size, vectors = linalg.eigh(root[:, None] * self._precision * root - np.eye(len(root)))
        turned = (along[:, : len(self.held)] @ self._precision * root) @ vectors
        force, some = vectors.T @ (root * self.force), size > NOTHING
        moved = -(turned[:, some] / size[some]) @ force[some]
        added = np.sum(turned[:, some] ** 2 / size[some], axis=1)
        loose = np.sum(turned[:, ~some] ** 2, axis=1)
        return moved, np.where(loose > MOVED * np.sum(turned**2, axis=1), np.inf, added)


def released(posterior: Posterior, solution: Solution, held: Ints) -> Released:
    """The Gaussian with the bounds of `held` let go."""
    at = posterior.tangent
    force = (solution.bound_multipliers * at.form.scale)[held]
    weak = np.maximum(force**2, WEAK)
    kkt = posterior.kkt
    if len(held):
        fixed, diagonal = at.fixed.copy(), np.zeros(len(at.fixed))
        fixed[held], diagonal[held] = False, weak
        kkt, _ = factorise_pivoted(at.pulls, at.rows, at.order.labels, fixed=fixed, diagonal=diagonal)
    return Released(kkt, held, weak, force, held, _columns(kkt, held))


def _columns(kkt: Kkt, places: Ints) -> Floats:
    """The covariances of all unknowns with some."""
    n = kkt.size[0]
    found = np.empty((n, len(places)))
    for at in range(0, len(places), CHUNK):
        some = places[at : at + CHUNK]
        unit = np.zeros((len(kkt.unit), len(some)))
        unit[some, np.arange(len(some))] = 1.0
        found[:, at : at + CHUNK] = kkt.solve(unit)[:n]
    return found
