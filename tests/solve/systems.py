"""Random small systems: graphs with elements, stocks over two years, shares, limits, unobserved flows."""

from __future__ import annotations

import numpy as np

from mfa.solve.problem import LeastSquares
from tests.solve.small import Small


class System:
    """A ring of processes through the environment 0 with chords, and a truth that balances."""

    def __init__(self, seed: int) -> None:
        self.random = random = np.random.default_rng(seed)
        self.nodes = int(random.integers(2, 5))
        self.years = int(random.integers(1, 3))
        self.elements = 10.0 ** -random.choice([0, 0, 1, 3], int(random.integers(1, 4)))
        ring = [(k, (k + 1) % (self.nodes + 1)) for k in range(self.nodes + 1)]
        pairs = [(a, b) for a in range(self.nodes + 1) for b in range(self.nodes + 1) if a != b]
        chosen = random.choice(len(pairs), int(random.integers(1, 5)), replace=False)
        self.edges = ring + [pairs[k] for k in chosen]
        self.stocked = [n for n in range(1, self.nodes + 1) if random.random() < 0.25]
        self.flows = [self._flows(len(ring)) for _ in range(self.years)]
        self.small = Small()

    def _flows(self, ring: int) -> np.ndarray:
        """The flow of every edge for an element of abundance 1: a ring, and each chord with its way back."""
        flows = np.zeros(len(self.edges))
        flows[:ring] = 10 ** self.random.uniform(0, 2)
        for k, (a, b) in enumerate(self.edges[ring:], ring):
            amount = 10 ** self.random.uniform(-3, 2)
            flows[k] += amount
            way = np.arange(b, b + (a - b) % ring) % ring
            flows[way] += amount
        return flows

    def problem(self) -> LeastSquares:
        """The system as a problem, with reports off by their errors, some of them by several."""
        for t in range(self.years):
            for e, share in enumerate(self.elements):
                self._year(t, e, share)
        self._sums()
        self._limits()
        return self.small.problem()

    def _year(self, t: int, e: int, share: float) -> None:
        true = self.flows[t] * share
        for k, value in enumerate(true):
            self.small.unknown(f"F{k} {t} {e}", value * self.random.uniform(0.3, 3), scale=value)
            for _ in range(int(self.random.choice([0, 1, 1, 1, 2]))):
                self._observe({f"F{k} {t} {e}": 1.0}, value)
        for n in range(1, self.nodes + 1):
            terms = {f"F{k} {t} {e}": float(b == n) - float(a == n) for k, (a, b) in enumerate(self.edges)}
            terms = {name: w for name, w in terms.items() if w}
            if n in self.stocked:
                terms |= self._stock(t, e, n, 3 * float(true.max()))
            self.small.exact(terms, name=f"balance {n} {t} {e}")
            if n not in self.stocked and self.random.random() < 0.4:
                self._share(t, e, n, true)

    def _stock(self, t: int, e: int, n: int, size: float) -> dict[str, float]:
        if t == 0:
            self.small.unknown(f"S{n} -1 {e}", size, scale=size)
            self._observe({f"S{n} -1 {e}": 1.0}, size)
        self.small.unknown(f"S{n} {t} {e}", size, scale=size)
        if self.random.random() < 0.3:
            self._observe({f"S{n} {t} {e}": 1.0}, size)
        return {f"S{n} {t} {e}": -1.0, f"S{n} {t - 1} {e}": 1.0}

    def _share(self, t: int, e: int, n: int, true: np.ndarray) -> None:
        """The first outflow is its true share of what enters, exactly."""
        entering = [k for k, (_, b) in enumerate(self.edges) if b == n]
        leaving = [k for k, (a, _) in enumerate(self.edges) if a == n]
        if len(leaving) > 1:
            tau = true[leaving[-1]] / true[entering].sum()
            terms = {f"F{k} {t} {e}": -tau for k in entering} | {f"F{leaving[-1]} {t} {e}": 1.0}
            self.small.exact(terms, name=f"share {n} {t} {e}")

    def _observe(self, terms: dict[str, float], value: float) -> None:
        sd = value * 10 ** self.random.uniform(-2, 0.3)
        off = self.random.normal() * self.random.choice([1.0, 1.0, 3.0])
        self.small.observe(terms, value + off * sd, sd)

    def _sums(self) -> None:
        """Reports of an edge over all elements."""
        for k in range(len(self.edges)):
            if self.random.random() < 0.2:
                terms = {f"F{k} 0 {e}": 1.0 for e in range(len(self.elements))}
                self._observe(terms, float(self.flows[0][k] * self.elements.sum()))

    def _limits(self) -> None:
        """Most of what two edges may carry together, of each element."""
        for _ in range(int(self.random.integers(0, 3))):
            a, b = self.random.choice(len(self.edges), 2, replace=False)
            e, room = int(self.random.integers(len(self.elements))), self.random.uniform(0.5, 1.2)
            most = room * float(self.flows[0][[a, b]].sum() * self.elements[e])
            self.small.limit({f"F{a} 0 {e}": 1.0, f"F{b} 0 {e}": 1.0}, most)
