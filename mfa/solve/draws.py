"""Draws from the posterior: every report perturbed by its sigma, and the problem solved again.

Randomise, then optimise: on a linear problem without bounds this draws from the posterior exactly. Bounds cut
the Gaussian off. Its draws then are those of the problem without bounds that keep them (rejection) or, where
few do, steps on ellipses through such draws that stay inside (linear elliptical slice sampling: Gessner,
Kanjilal and Hennig 2020). Problems with products are solved again within their bounds for every draw
(Bardsley, Solonen, Haario and Laine 2014): what ends at a bound stays there, so that such draws pile up on
it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse

from mfa.errors import InputError, NotConverged, Problem
from mfa.limits import DRAWN
from mfa.solve.kkt import Kkt, factorise_pivoted
from mfa.solve.posterior import CHUNK
from mfa.solve.problem import Bools, Floats, LeastSquares
from mfa.solve.programme import least
from mfa.solve.reconcile import again, reconcile
from mfa.solve.solution import Solution, Tangent, tangent

Method = Literal["gaussian", "rejection", "ellipses", "solved again"]
ACCEPTED = 0.1
"""Share of draws inside the bounds from which all others are thrown away."""
THIN, BURN = 10, 50
"""Steps on ellipses between two draws, and before the first."""
ITERATIONS = 200
OUTSIDE = 1e-9
DEEP = 1.0
"""Standard deviations inside its bounds that the first state is at most."""


@dataclass(frozen=True)
class Draws:
    """Unknowns of every draw (n, unknowns), and how they were made."""

    x: Floats
    method: Method


def draws(problem: LeastSquares, solution: Solution, n: int, seed: int) -> Draws:
    """`n` draws of the unknowns given the reports, the sigmas and robust weights of `solution` held.

    Free unknowns stay where they are. Raises what :func:`mfa.solve.reconcile.reconcile` raises, and
    InputError for more draws than memory can be expected to hold.
    """
    if not DRAWN.allows(count := n * len(problem)):
        raise InputError(DRAWN.exceeded(f"{n:,} draws", found=count))
    rng = np.random.default_rng(seed)
    if np.any(problem.cells.j >= 0):
        return Draws(_solved_again(problem, solution, n, rng), "solved again")
    at = tangent(problem, solution)
    gaussian = _Gaussian.at(at)
    z = gaussian.draws(n, rng)
    inside = gaussian.inside(z)
    if inside.all():
        return Draws(_unknowns(at, z), "gaussian")
    if inside.mean() >= ACCEPTED:
        return Draws(_unknowns(at, _rejected(gaussian, z[inside], n, rng)), "rejection")
    return Draws(_unknowns(at, _ellipses(gaussian, n, rng)), "ellipses")


def _unknowns(at: Tangent, z: Floats) -> Floats:
    problem, n = at.form.problem, len(at.form.problem)
    return np.clip(z[:, :n] * at.form.scale[:n], problem.lower, problem.upper)


def _solved_again(problem: LeastSquares, solution: Solution, n: int, rng: np.random.Generator) -> Floats:
    observed = problem.observed
    sigma = np.where(solution.sigma > 0, solution.sigma, 1.0)
    sigma[observed.counted] /= np.sqrt(solution.weight)
    found = np.empty((n, len(problem)))
    for k in range(n):
        noise = np.where(observed.counted, sigma * rng.standard_normal(len(sigma)), 0.0)
        rows = replace(observed.rows, rhs=observed.rows.rhs + noise)
        pinned = replace(observed, rows=rows, sd=sigma, cv=np.zeros(len(sigma)))
        try:
            found[k] = _solved(replace(problem, observed=pinned), solution.x)
        except NotConverged as error:
            hint = "use `uncertainty: {method: posterior}`: not every large system can be drawn from this way"
            text = f"draw {k + 1} of {n} did not settle: {error.problems[0].text}"
            raise NotConverged(Problem("not-converged", text, hint=hint)) from error
    return found


def _solved(problem: LeastSquares, near: Floats) -> Floats:
    """The optimum of a perturbed problem, from the one before; from its own start where that fails."""
    try:
        return again(problem, near).x
    except NotConverged:
        return reconcile(problem, max_iterations=ITERATIONS).x


@dataclass(frozen=True)
class _Gaussian:
    """The posterior without bounds, in the solver's units: its mean, its factors, and the bounds."""

    kkt: Kkt
    rows: sparse.csr_array
    given: Bools
    mean: Floats
    low: Floats
    high: Floats

    @staticmethod
    def at(at: Tangent) -> _Gaussian:
        """The Gaussian of a linear problem, made at its optimum with every bound let go."""
        given = at.form.lower >= at.form.upper
        kkt, _ = factorise_pivoted(at.pulls, at.rows, at.order.labels, fixed=given)
        n = kkt.size[0]
        z = np.where(given, at.form.lower, at.z)
        gap = at.form.reports / _sigmas(at) - at.pulls @ z
        shift = -at.form.residual(z)
        step = kkt.solve(np.concatenate([np.zeros(n), gap, shift]))[:n]
        low = np.where(given, -np.inf, at.form.lower)
        high = np.where(given, np.inf, at.form.upper)
        return _Gaussian(kkt, at.rows, given, z + step, low, high)

    def moves(self, n: int, rng: np.random.Generator) -> Floats:
        """`n` draws around the mean, (n, unknowns)."""
        size, m, p = self.kkt.size
        found = np.empty((n, size))
        for at in range(0, n, CHUNK):
            noise = rng.standard_normal((m, min(CHUNK, n - at)))
            rhs = np.concatenate([np.zeros((size, noise.shape[1])), noise, np.zeros((p, noise.shape[1]))])
            found[at : at + CHUNK] = self.kkt.solve(rhs)[:size].T
        return found

    def draws(self, n: int, rng: np.random.Generator) -> Floats:
        """`n` draws without bounds."""
        return self.mean + self.moves(n, rng)

    def inside(self, z: Floats) -> Bools:
        """Which draws keep every bound."""
        return np.asarray(np.all((z >= self.low - OUTSIDE) & (z <= self.high + OUTSIDE), axis=1))


def _sigmas(at: Tangent) -> Floats:
    """Sigma of the counted reports in `at.pulls`: any entry of a report's row has been divided by it."""
    plain = (at.form.pulls @ at.cells).tocsr()
    rows = np.flatnonzero(np.diff(plain.indptr))
    own = np.asarray(abs(plain).max(axis=1).todense()).ravel()
    scaled = np.asarray(abs(at.pulls).max(axis=1).todense()).ravel()
    found = np.ones(len(own))
    found[rows] = own[rows] / scaled[rows]
    return found


def _rejected(of: _Gaussian, kept: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Draws inside the bounds until there are enough."""
    while len(kept) < n:
        more = of.draws(n, rng)
        kept = np.concatenate([kept, more[of.inside(more)]])
    return kept[:n]


def _ellipses(of: _Gaussian, n: int, rng: np.random.Generator) -> Floats:
    """Every `THIN`-th state of a chain on ellipses, from a point inside."""
    state = _interior(of) - of.mean
    found = np.empty((n, len(state)))
    low, high = of.low - of.mean, of.high - of.mean
    for k, move in enumerate(of.moves(BURN + n * THIN, rng)):
        angle = _angle(state, move, low, high, rng)
        state = np.cos(angle) * state + np.sin(angle) * move
        if k >= BURN and (k - BURN) % THIN == THIN - 1:
            found[(k - BURN) // THIN] = of.mean + state
    return found


def _angle(state: Floats, move: Floats, low: Floats, high: Floats, rng: np.random.Generator) -> float:
    """A random angle at which the ellipse through `state` (at 0) and `move` keeps its bounds."""
    radius, phase = np.hypot(state, move), np.arctan2(move, state)
    centres = np.concatenate([phase, phase + np.pi])
    bound, radius = np.concatenate([high, -low]), np.concatenate([radius, radius])
    cuts = bound < radius
    half = np.arccos(np.clip(bound[cuts] / radius[cuts], -1.0, 1.0))
    start = np.mod(centres[cuts] - half, 2 * np.pi)
    end = start + 2 * half
    start = np.concatenate([start, np.zeros(int(np.sum(end > 2 * np.pi)))])
    end = np.concatenate([np.minimum(end, 2 * np.pi), end[end > 2 * np.pi] - 2 * np.pi])
    order = np.argsort(start)
    reach = np.maximum.accumulate(np.concatenate([[0.0], end[order]]))
    gaps = np.maximum(np.concatenate([start[order], [2 * np.pi]]) - reach, 0.0)
    if gaps.sum() <= 0:
        return 0.0
    place = rng.uniform(0, gaps.sum())
    k = int(np.searchsorted(np.cumsum(gaps), place))
    return float(reach[k] + place - (np.cumsum(gaps)[k] - gaps[k]))


def _interior(of: _Gaussian) -> Floats:
    """A point as many standard deviations inside its bounds as there is room for, by linear programming."""
    n = len(of.mean)
    size = np.std(of.moves(CHUNK, np.random.default_rng(0)), axis=0)
    below, above = (np.flatnonzero(np.isfinite(b)) for b in (of.low, of.high))
    every = sparse.eye_array(n, format="csr")
    rows = sparse.block_array([
        [of.rows, None, None, None],
        [every[below], -size[below][:, None], -sparse.eye_array(len(below)), None],
        [every[above], size[above][:, None], None, sparse.eye_array(len(above))],
    ])  # fmt: skip
    right = [np.zeros(of.rows.shape[0]), (of.low - of.mean)[below], (of.high - of.mean)[above]]
    count = len(below) + len(above)
    held = np.where(of.given, 0.0, np.inf)
    found = least(
        np.concatenate([np.zeros(n), [-1.0], np.zeros(count)]),
        sparse.csc_array(rows),
        np.concatenate(right),
        np.concatenate([-held, [0.0], np.zeros(count)]),
        np.concatenate([held, [DEEP], np.full(count, np.inf)]),
    )
    if not found.optimal:
        raise NotConverged("no point inside the bounds was found to draw from")
    return np.asarray(of.mean + found.x[:n])
