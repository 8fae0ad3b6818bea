"""A world-like reconciliation of any size: regions, years, elements, mixed markets, trade, reserves.

Per year and region a mine feeds a market whose composition is mixed; the market sells to partners and to
a magnet maker, whose yield is one shared transfer coefficient per region; scrap returns in the same year.
Reserve rows chain the years. Truth is simulated first, then observed with noise, so that the answer is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.solve.problem import Cells, LeastSquares, Observed, Rows

Array = npt.NDArray[np.float64]
SHARE, SHARES = "share", -1
"""What marks shares of compositions, and rows that say that these sum to 1."""
ABUNDANCE = np.array(
    [0.27, 0.42, 0.05, 0.16, 0.02, 3e-3, 1.5e-2, 2e-3, 9e-3, 1.5e-3, 4e-3, 5e-4, 3e-3, 4e-4, 0.04]
)


@dataclass
class Writer:
    """Collects unknowns, cells and rows by name; `problem` turns them into a LeastSquares."""

    names: list[str] = field(default_factory=list)
    truth: list[float] = field(default_factory=list)
    block: list[int] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    bulk: list[int] = field(default_factory=list)
    cells: list[tuple[int, int, float]] = field(default_factory=list)
    rows: dict[str, list[tuple[str, list[tuple[int, float]], float]]] = field(
        default_factory=lambda: {"exact": [], "limits": [], "observed": []}
    )
    errors: list[tuple[float, float]] = field(default_factory=list)
    merge: list[int] = field(default_factory=list)
    _groups: dict[str, int] = field(default_factory=dict)

    def unknown(
        self, name: str, truth: float, block: int, upper: float = np.inf, *, part_of: str = ""
    ) -> int:
        """A new unknown; `part_of` names the bulk flow it is an element of, SHARE a composition."""
        self.names.append(name)
        self.truth.append(truth)
        self.block.append(block)
        self.upper.append(upper)
        self.bulk.append(self._number(part_of or name))
        return len(self.names) - 1

    def _number(self, group: str) -> int:
        return SHARES if group == SHARE else self._groups.setdefault(group, len(self._groups))

    def cell(self, i: int, j: int = -1, coef: float = 1.0) -> int:
        self.cells.append((i, j, coef))
        return len(self.cells) - 1

    def row(
        self, kind: str, name: str, terms: list[tuple[int, float]], rhs: float = 0.0, *, one_of: str = ""
    ) -> None:
        """A new row; exact ones are `one_of` those that differ in the element alone, SHARE sums a mix."""
        self.rows[kind].append((name, terms, rhs))
        if kind == "exact":
            self.merge.append(self._number(one_of or name))

    def observe(
        self, name: str, terms: list[tuple[int, float]], *, sd: float, cv: float, noise: float
    ) -> None:
        true = sum(w * self.cell_value(k) for k, w in terms)
        self.row("observed", name, terms, true + noise * max(sd, cv * abs(true)))
        self.errors.append((sd, cv))

    def cell_value(self, k: int) -> float:
        i, j, coef = self.cells[k]
        return coef * self.truth[i] * (self.truth[j] if j >= 0 else 1.0)

    def _rows(self, kind: str) -> Rows:
        entries = [(r, k, w) for r, (_, terms, _) in enumerate(self.rows[kind]) for k, w in terms]
        r, k, w = (np.array(v) for v in zip(*entries, strict=True)) if entries else (np.zeros(0, int),) * 3
        shape = (len(self.rows[kind]), len(self.cells))
        matrix = sparse.coo_array((w.astype(float), (r, k)), shape=shape).tocsr()
        names = [name for name, _, _ in self.rows[kind]]
        rhs = np.array([rhs for _, _, rhs in self.rows[kind]], dtype=float)
        return Rows(matrix, rhs, names.__getitem__)

    def problem(self, start: Array | None = None) -> LeastSquares:
        i, j, coef = (np.array(v) for v in zip(*self.cells, strict=True))
        names = self.names
        cells = Cells(i, j, coef.astype(float), lambda k: f"cell {k} of {names[i[k]]}")
        truth = np.array(self.truth)
        sd, cv = (np.array(v) for v in zip(*self.errors, strict=True))
        observed = Observed(self._rows("observed"), sd, cv, np.ones(len(sd), dtype=bool))
        scale = np.maximum(np.abs(truth), 1e-12)
        return LeastSquares(
            cells,
            np.zeros(len(truth)),
            np.array(self.upper),
            truth.copy() if start is None else start,
            scale,
            self._rows("exact"),
            self._rows("limits"),
            observed,
            names.__getitem__,
            np.array(self.block, dtype=np.int64),
            np.array(self.bulk, dtype=np.int64),
            np.array(self.merge, dtype=np.int64),
            floor=1e-6,
        )


@dataclass(frozen=True)
class World:
    """A generated problem and the truth behind it."""

    problem: LeastSquares
    truth: Array


def world(*, years: int = 3, regions: int = 4, miners: int = 3, partners: int = 2, seed: int = 1,
          spread: float = 3.0) -> World:  # fmt: skip
    """A world of `years` x `regions` x 15 elements; sizes grow as about 80 unknowns per year and region."""
    rng = np.random.default_rng(seed)
    write = Writer()
    size = 10 ** rng.uniform(5 - spread, 5, regions)
    ores = ABUNDANCE * np.exp(rng.normal(0, 0.4, (miners, len(ABUNDANCE))))
    ores /= ores.sum(axis=1, keepdims=True)
    tau = rng.uniform(0.6, 0.8, regions)
    ore = [[write.unknown(f"ore {r} {e}", ores[r, e], -1, 1.0, part_of=SHARE) for e in range(15)]
           for r in range(miners)]  # fmt: skip
    made = [write.unknown(f"yield {r}", tau[r], -1, 1.0) for r in range(regions)]
    for r in range(miners):
        write.row("exact", f"ore {r} sums to 1", [(write.cell(c), 1.0) for c in ore[r]], 1.0, one_of=SHARE)
        for e in range(15):
            write.observe(
                f"assay {r} {e}", [(write.cell(ore[r][e]), 1.0)], sd=1e-5, cv=0.1, noise=rng.normal()
            )
    for r in range(regions):
        write.observe(f"yield {r}", [(write.cell(made[r]), 1.0)], sd=0.05, cv=0, noise=rng.normal())
    reserve = [_reserve(write, r, -1, 40 * size[r], rng.normal) for r in range(miners)]
    for t in range(years):
        reserve = _year(write, t, size * 1.05**t, ores, tau, ore, made, reserve, partners, rng)
    truth = np.array(write.truth)
    start = truth * np.exp(rng.normal(0, 0.3, len(truth)))
    share = np.array(["ore" in n or "mix" in n for n in write.names])
    element = np.array([int(n.split()[-1]) if s else 0 for n, s in zip(write.names, share, strict=True)])
    start[share] = (ABUNDANCE / ABUNDANCE.sum())[element[share]]
    return World(write.problem(np.minimum(start, np.array(write.upper))), truth)


def _reserve(write: Writer, r: int, t: int, value: float, normal: Callable[[], float]) -> int:
    level = write.unknown(f"reserve {t} {r}", value, max(t, 0))
    if t < 0:
        write.observe(f"reserve {r}", [(write.cell(level), 1.0)], sd=0, cv=0.3, noise=normal())
    return level


def _mixing(ores: Array, mined: Array, trade: Array) -> tuple[Array, Array]:
    """The bulk throughput and the composition of every market."""
    regions, miners = len(trade), len(mined)
    solve = np.linalg.inv(np.eye(regions) - trade.T)[:, :miners]
    inside, flow = solve @ mined, solve @ (mined[:, None] * ores)
    return inside, flow / inside[:, None]


def _year(write: Writer, t: int, size: Array, ores: Array, tau: Array, ore: list[list[int]], made: list[int],
          reserve: list[int], partners: int, rng: np.random.Generator) -> list[int]:  # fmt: skip
    regions, miners = len(size), len(ores)
    mined = size[:miners] * np.exp(rng.normal(0, 0.1, miners))
    trade = np.zeros((regions, regions))
    for r in range(regions):
        others = _partners(rng, r, regions, partners)
        trade[r, others] = 0.5 * rng.dirichlet(np.full(len(others), 0.5))
    through, mix = _mixing(ores, mined, trade)
    mine = [write.unknown(f"mined {t} {r}", mined[r], t) for r in range(miners)]
    share = [
        [write.unknown(f"mix {t} {r} {e}", mix[r, e], t, 1.0, part_of=SHARE) for e in range(15)]
        for r in range(regions)
    ]
    sold = [write.unknown(f"to magnet {t} {r}", through[r] * (1 - trade[r].sum()), t) for r in range(regions)]
    pairs = {(int(a), int(b)): write.unknown(f"trade {t} {a} {b}", through[a] * trade[a, b], t)
             for a, b in np.argwhere(trade > 0)}  # fmt: skip
    for r in range(regions):
        write.row(
            "exact", f"mix {t} {r} sums to 1", [(write.cell(c), 1.0) for c in share[r]], 1.0, one_of=SHARE
        )
        for e in range(15):
            _element(write, t, r, e, mine, share, sold, pairs, ore, made, tau)
        if r < miners:
            write.observe(
                f"production {t} {r}", [(write.cell(mine[r]), 1.0)], sd=1, cv=0.1, noise=rng.normal()
            )
        write.observe(f"sold {t} {r}", [(write.cell(sold[r]), 1.0)], sd=1.0, cv=0.2, noise=rng.normal())
    for (a, b), x in pairs.items():
        for reporter in ("exporter", "importer"):
            write.observe(f"trade {t} {a} {b} by {reporter}", [(write.cell(x), 1.0)], sd=0.1, cv=0.2,
                          noise=rng.normal())  # fmt: skip
    return [_next_reserve(write, t, r, mine[r], reserve[r]) for r in range(miners)]


def _partners(rng: np.random.Generator, r: int, regions: int, partners: int) -> Array:
    """The buyers of `r`: the next region, so that every market is reached, and some others."""
    others = rng.permutation([k for k in range(regions) if k not in (r, (r + 1) % regions)])
    return np.append(others[: partners - 1], (r + 1) % regions)


def _element(
    write: Writer, t: int, r: int, e: int, mine: list[int], share: list[list[int]], sold: list[int],
    pairs: dict[tuple[int, int], int], ore: list[list[int]], made: list[int], tau: Array,
) -> None:  # fmt: skip
    inside = write.truth[sold[r]] * write.truth[share[r][e]]
    enters = write.unknown(f"enters {t} {r} {e}", inside, t, part_of=f"enters {t} {r}")
    magnet = write.unknown(f"magnets {t} {r} {e}", inside * tau[r], t, part_of=f"magnets {t} {r}")
    swarf = write.unknown(f"swarf {t} {r} {e}", inside * (1 - tau[r]), t, part_of=f"swarf {t} {r}")
    use = write.unknown(f"use {t} {r} {e}", inside * tau[r], t, part_of=f"use {t} {r}")

    def balance(name: str, terms: list[tuple[int, float]]) -> None:
        write.row("exact", f"{name} {t} {r} {e}", terms, one_of=f"rows {name} {t} {r}")

    terms = [(write.cell(sold[r], share[r][e]), -1.0)]
    if r < len(mine):
        terms.append((write.cell(mine[r], ore[r][e]), 1.0))
    for (a, b), x in pairs.items():
        if a == r:
            terms.append((write.cell(x, share[a][e]), -1.0))
        if b == r:
            terms.append((write.cell(x, share[a][e]), 1.0))
    balance("market", terms)
    entered, out = write.cell(enters), write.cell(magnet)
    balance("sold", [(terms[0][0], -1.0), (entered, 1.0)])
    balance("magnet", [(entered, 1.0), (out, -1.0), (write.cell(swarf), -1.0)])
    balance("yield", [(out, 1.0), (write.cell(enters, made[r]), -1.0)])
    balance("use", [(out, 1.0), (write.cell(use), -1.0)])


def _next_reserve(write: Writer, t: int, r: int, mine: int, before: int) -> int:
    after = _reserve(write, r, t, write.truth[before] - 1.25 * write.truth[mine], float)
    terms = [(write.cell(after), 1.0), (write.cell(before), -1.0), (write.cell(mine, -1, 1.25), 1.0)]
    write.row("exact", f"reserve {t} {r}", terms)
    return after
