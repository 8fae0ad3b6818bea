"""Mineral circuits whose streams are known by their assays alone, the feeds by weight, with known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import mfa
from mfa.build import Model, build
from mfa.solve.solution import Solution

Array = npt.NDArray[np.float64]
OUTSIDE = -1
"""Where feeds come from and products go."""
LEAST, MOST = 0.003, 20.0
"""Every stream's mass in that of all feeds: smaller ones nobody samples."""
ASSAYED, TOLD = 0.1, 0.5
"""Relative error of assays from which every flow of a circuit is known to this share of itself."""
WEIGHED = 0.02
"""Relative error of the feeds' weights."""


@dataclass(frozen=True)
class Circuit:
    """A circuit: where every stream begins and ends, and the true mass of every component (stream,
    component)."""

    ends: tuple[tuple[int, int], ...]
    mass: Array

    @property
    def flows(self) -> Array:
        """The true mass of every stream."""
        return np.asarray(self.mass.sum(axis=1))

    @property
    def shares(self) -> Array:
        """The true assays, (stream, component)."""
        return np.asarray(self.mass / self.flows[:, None])

    @property
    def feeds(self) -> list[int]:
        """The streams that enter the circuit."""
        return [k for k, (start, _) in enumerate(self.ends) if start == OUTSIDE]

    def errors(self, cv: float) -> Array:
        """The relative standard deviation of every flow to first order, from assays of this relative error
        and the feeds' weights: balances of components, weighted by what errors of assays make of them."""
        units = sorted({n for ends in self.ends for n in ends if n != OUTSIDE})
        sign = np.array([[float(end == n) - float(start == n) for start, end in self.ends] for n in units])
        slopes, least = sign[:, None, :] * self.mass.T[None], 1e-9 * self.flows.max()
        sigma = np.maximum(cv * np.sqrt(np.sum(slopes**2, axis=2)), least)
        rows = (slopes / sigma[:, :, None]).reshape(-1, len(self.ends))
        feeds = np.eye(len(self.ends))[self.feeds] / WEIGHED
        both = np.vstack([rows, feeds])
        size = np.linalg.svd(both, compute_uv=False)
        if size[-1] < 1e-9 * size[0]:
            return np.full(len(self.ends), np.inf)
        return np.asarray(np.sqrt(np.diag(np.linalg.inv(both.T @ both))))

    def assayed(self, cv: float, rng: np.random.Generator) -> Array:
        """Assays with relative errors, each sample's closed to 1."""
        values = np.maximum(self.shares * (1 + cv * rng.standard_normal(self.mass.shape)), 1e-3 * self.shares)
        return np.asarray(values / values.sum(axis=1, keepdims=True))

    def document(self, assays: Array, cv: float, weights: Sequence[float]) -> dict[str, Any]:
        """The scenario that a user would write: a commodity a stream, its assay, the feeds' weights."""
        elements = [f"c{e}" for e in range(assays.shape[1])]
        units = sorted({n for ends in self.ends for n in ends if n != OUTSIDE})
        return {
            "mfa": 1,
            "name": "circuit",
            "dimensions": {"element": elements},
            "processes": {
                "feed": {"kind": "source"},
                "product": {"kind": "sink"},
                **{f"u{n}": {} for n in units},
            },
            "flows": {
                f"s{k}": {
                    "from": "feed" if start == OUTSIDE else f"u{start}",
                    "to": "product" if end == OUTSIDE else f"u{end}",
                    "commodity": f"k{k}",
                }
                for k, (start, end) in enumerate(self.ends)
            },
            "compositions": {
                f"k{k}": {
                    "data": {e: float(v) for e, v in zip(elements, row, strict=True)},
                    "dims": ["element"],
                    "cv": cv,
                }
                for k, row in enumerate(assays)
            },
            "observations": {
                f"weight{k}": {"of": f"s{k}", "sum": "element", "value": float(w), "cv": WEIGHED}
                for k, w in zip(self.feeds, weights, strict=True)
            },
        }

    def model(self, seed: int, cv: float) -> Model:
        """The model of the circuit with drawn errors."""
        rng = np.random.default_rng(seed)
        assays = self.assayed(cv, rng)
        weights = self.flows[self.feeds] * (1 + WEIGHED * rng.standard_normal(len(self.feeds)))
        return build(mfa.load(self.document(assays, cv, weights.tolist())))


def drawn(rng: np.random.Generator) -> Circuit:
    """A random circuit of 10 to 30 streams and 3 to 8 components with recycles, every flow of which can
    be told from its assays."""
    while True:
        found = _drawn(rng)
        if found is not None:
            return found


def _drawn(rng: np.random.Generator) -> Circuit | None:
    units, components = int(rng.integers(4, 14)), int(rng.integers(3, 9))
    feeds = 1 if rng.random() < 0.6 else int(rng.integers(2, 4))
    ends = [(OUTSIDE, 0), *((OUTSIDE, int(rng.integers(units))) for _ in range(feeds - 1))]
    outs = []
    for unit in range(units):
        count = 2 if rng.random() < 0.85 else 3
        outs.append(list(range(len(ends), len(ends) + count)))
        targets = [t for t in range(-1, units) if t != unit]
        forward = unit + 1 if unit + 1 < units else OUTSIDE
        chosen = rng.choice([t for t in targets if t != forward], count - 1, replace=False)
        ends += [(unit, int(t)) for t in (forward, *chosen)]
    if not 10 <= len(ends) <= 30:
        return None
    mass = _masses(ends, outs, components, rng)
    if mass is None:
        return None
    found = Circuit(tuple(ends), mass)
    total = found.flows[found.feeds].sum()
    small, large = found.flows.min() / total, found.flows.max() / total
    return found if small > LEAST and large < MOST and np.all(found.errors(ASSAYED) < TOLD) else None


def _masses(
    ends: list[tuple[int, int]], outs: list[list[int]], components: int, rng: np.random.Generator
) -> Array | None:
    """The masses of all streams where units part components at random; none where a loop lets nothing out."""
    mass = np.zeros((len(ends), components))
    fed = [k for k, (start, _) in enumerate(ends) if start == OUTSIDE]
    mass[fed] = rng.dirichlet(np.full(components, 1.0), len(fed)) * rng.uniform(50, 200, len(fed))[:, None]
    for e in range(components):
        part = np.zeros(len(ends))
        for own in outs:
            weight = np.exp(rng.normal(0.0, 1.2, len(own)))
            part[own] = weight / weight.sum()
        pass_on = np.zeros((len(ends), len(ends)))
        for k, (start, _) in enumerate(ends):
            for other, (_, end) in enumerate(ends):
                if start != OUTSIDE and end == start:
                    pass_on[k, other] = part[k]
        if np.max(np.abs(np.linalg.eigvals(pass_on))) > 0.98:
            return None
        mass[:, e] = np.linalg.solve(np.eye(len(ends)) - pass_on, mass[:, e])
    return mass


def flows_of(model: Model, solution: Solution) -> Array:
    """The mass of every stream in a solution, in the order of the streams."""
    return np.array([solution.q[cells.of(np.arange(1))].sum() for cells in model.edges.values()])
