"""Worlds as one big network of element flows, of any size, with the truth behind the reports.

Each year and element is a block: mines feed a first market in every second region, markets hand on to the
next stage and to an outside use, and trade with each other. Truth balances exactly; reports have errors of
1 to 60 %, one in a hundred is grossly wrong, six in a hundred flows are not reported; a reserve limits what
each mine may give over all years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import splu

from mfa.solve.problem import Cells, LeastSquares, Observed, Rows

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
ELEMENTS = 15
TRACE = 6.0
"""Decades from the most to the least abundant element with which flows go over 13 decades."""
SIZES = {
    "1k": {"elements": 2, "years": 1, "regions": 20, "stages": 3, "partners": 6, "decades": TRACE},
    "10k": {"elements": 5, "years": 2, "regions": 40, "stages": 4, "partners": 6, "decades": TRACE},
    "150k": {"elements": 15, "years": 3, "regions": 66, "stages": 4, "partners": 14, "decades": TRACE},
    "1.8M": {"elements": 15, "years": 20, "regions": 66, "stages": 4, "partners": 60, "decades": TRACE},
    "5M": {"elements": 15, "years": 25, "regions": 226, "stages": 6, "partners": 10, "decades": TRACE},
    "10M": {"elements": 15, "years": 30, "regions": 250, "stages": 6, "partners": 15, "decades": TRACE},
}
"""About 1.2 thousand to 10 million unknowns."""


@dataclass(frozen=True)
class Network:
    """A problem and the truth behind it."""

    problem: LeastSquares
    truth: Floats


@dataclass(frozen=True)
class _Block:
    """The flows of one year and element: from and to (-1 outside), and what share of its sender each is."""

    source: Ints
    target: Ints
    share: Floats
    domestic: Bools
    mines: int


def network(
    *,
    elements: int,
    years: int,
    regions: int,
    stages: int,
    partners: int,
    seed: int = 1,
    reserves: bool = True,
    decades: float = 4.0,
) -> Network:
    """A world of `elements` x `years` blocks of `regions` x `stages` markets; the elements, of 15 whose
    abundances fall over some `decades`, are the first."""
    rng = np.random.default_rng(seed)
    block, nodes = _block(rng, regions, stages, partners), regions * stages
    count, flows = elements * years, len(block.source)
    factors = splu(_leaving(block, nodes))
    size = 10 ** rng.uniform(0, 5, block.mines)
    scale = np.repeat(10.0 ** -np.linspace(0, decades, ELEMENTS)[:elements], years)
    truth = np.concatenate([_truth(rng, block, factors, nodes, size * s) for s in scale])
    balance = _balances(block, nodes, count)
    limits, most = (
        _reserves(block, truth, elements, years)
        if reserves
        else (sparse.csr_array((0, len(truth))), np.zeros(0))
    )
    value, sd, seen = _reports(rng, truth, np.tile(block.domestic, count))
    n = count * flows
    cells = Cells(np.arange(n), np.full(n, -1), np.ones(n), lambda k: f"flow {k}")
    rows = sparse.csr_array((np.ones(len(seen)), seen, np.arange(len(seen) + 1)), shape=(len(seen), n))
    observed = Observed(
        Rows(rows, value, lambda k: f"report {k}"), sd, np.zeros(len(seen)), np.ones(len(seen), bool)
    )
    start = np.full(n, np.median(value))
    start[seen] = np.maximum(value, 0.0)
    problem = LeastSquares(
        cells=cells,
        lower=np.zeros(n),
        upper=np.full(n, np.inf),
        start=start,
        scale=np.maximum(start, 1e-9),
        exact=Rows(balance, np.zeros(count * nodes), lambda k: f"balance {k}"),
        limits=Rows(limits, most, lambda k: f"reserve {k}"),
        observed=observed,
        name=lambda k: f"flow {k}",
        block=np.repeat(np.arange(count), flows),
        floor=1e-6,
    )
    return Network(problem, truth)


def _block(rng: np.random.Generator, regions: int, stages: int, partners: int) -> _Block:
    mines = np.arange(0, regions, 2)
    size = 10 ** rng.uniform(0, 3, regions)
    p = np.sqrt(size) / np.sqrt(size).sum()
    source, target = [np.full(len(mines), -1)], [mines]
    for s in range(stages):
        node = s * regions + np.arange(regions)
        if s + 1 < stages:
            source.append(node)
            target.append(node + regions)
        source.append(node)
        target.append(np.full(regions, -1))
        a, b = (rng.choice(regions, partners * regions, p=p) for _ in range(2))
        a, b = np.divmod(np.unique((a * regions + b)[a != b]), regions)
        source.append(s * regions + a)
        target.append(s * regions + b)
    sent, got = np.concatenate(source), np.concatenate(target)
    weight = 10 ** rng.uniform(-3, 0, len(sent))
    total = np.bincount(sent[sent >= 0], weight[sent >= 0], regions * stages)
    share = np.where(sent >= 0, weight / np.where(sent >= 0, total[sent], 1.0), 0.0)
    domestic = (sent >= 0) & ((got < 0) | (got - sent == regions))
    return _Block(sent, got, share, domestic, len(mines))


def _leaving(block: _Block, nodes: int) -> sparse.csc_array:
    """I - S': the throughput of every node from what enters from outside."""
    inside = (block.source >= 0) & (block.target >= 0)
    entries = (block.share[inside], (block.target[inside], block.source[inside]))
    return sparse.csc_array(sparse.eye_array(nodes) - sparse.coo_array(entries, shape=(nodes, nodes)))


def _truth(rng: np.random.Generator, block: _Block, factors: object, nodes: int, size: Floats) -> Floats:
    mined = size * np.exp(rng.normal(0, 0.3, len(size)))
    entering = np.zeros(nodes)
    entering[block.target[: block.mines]] = mined
    through = factors.solve(entering)  # type: ignore[attr-defined]
    return np.where(
        block.source < 0,
        np.append(mined, np.zeros(len(block.source) - len(mined))),
        block.share * through[block.source],
    )


def _balances(block: _Block, nodes: int, count: int) -> sparse.csr_array:
    flows = len(block.source)
    k = np.arange(flows)
    out, into = block.source >= 0, block.target >= 0
    row = np.concatenate([block.source[out], block.target[into]])
    column = np.concatenate([k[out], k[into]])
    value = np.concatenate([-np.ones(out.sum()), np.ones(into.sum())])
    one = sparse.coo_array((value, (row, column)), shape=(nodes, flows))
    return sparse.csr_array(sparse.kron(sparse.eye_array(count), one, format="csr"))


def _reserves(block: _Block, truth: Floats, elements: int, years: int) -> tuple[sparse.csr_array, Floats]:
    """What every mine gives over all years, element by element, and the most it may: a twentieth more than
    it did, or for one in ten a little less than its reports say."""
    flows = len(block.source)
    at = (np.arange(elements)[:, None] * years + np.arange(years))[:, None, :] * flows
    column = (at + np.arange(block.mines)[None, :, None]).reshape(-1, years)
    rows = sparse.csr_array(
        (np.ones(column.size), column.ravel(), np.arange(len(column) + 1) * years),
        shape=(len(column), len(truth)),
    )
    most = truth[column].sum(axis=1) * np.where(np.arange(len(column)) % 10 == 0, 1.0, 1.05)
    return rows, most


def _reports(rng: np.random.Generator, truth: Floats, domestic: Bools) -> tuple[Floats, Floats, Ints]:
    """Values, standard deviations and the flows they are of; half of the domestic flows have none."""
    cv = 10 ** rng.uniform(-2, -0.2, len(truth))
    sd = cv * truth + 1e-6
    value = truth + sd * rng.normal(size=len(truth))
    wrong = rng.random(len(truth)) < 0.01
    value[wrong] *= 10.0
    seen = np.flatnonzero(~domestic | (rng.random(len(truth)) < 0.5))
    return np.maximum(value, 0.0)[seen], sd[seen], seen
