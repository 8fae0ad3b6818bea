"""What labels cost beside bare numpy, at a million cells: `python tests/bench/tensors.py [--cells N]`.

Each row does the same sums twice, by this package over labelled cells and by the bare call on arrays that
are aligned already; both are timed in turn, in processor time, the best of many; the answers must agree.
`mass balance` is inflow and outflow of every process, year, region and element; `flow x share` and
`flow x composition` lay an array over (region) or (region, element) over all cells of a flow and multiply.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from mfa.build.flows import EdgeCells
from mfa.core.labels import CellIndex, Dimension, at_cells, full_index
from mfa.core.system import Edge, Process, System
from mfa.run.nodes import node_balance

YEARS, ELEMENTS, FLOWS = 25, 16, 10
ROUTE = [("mine", "market"), ("market", "maker"), ("maker", "market"), ("maker", "sink")]
REPEATS = 30
Work = Callable[[], Any]


def model(regions: int) -> tuple[Any, Any]:
    """A system of flows over every year, region and element, and how flows meet its two inner processes."""
    sizes = {"year": YEARS, "region": regions, "element": ELEMENTS}
    dims = {n: Dimension(n, tuple(f"{n} {k}" for k in range(size))) for n, size in sizes.items()}
    cells = full_index(("year", "region"), sizes)
    kinds = {"mine": "source", "market": "market", "maker": "process", "sink": "sink"}
    processes = {n: Process(n, k, n, cells) for n, k in kinds.items()}  # type: ignore[arg-type]
    edges, own, signs = {}, {}, np.zeros((2, 2, FLOWS))
    mask = np.ones((len(cells), ELEMENTS), dtype=np.bool_)
    for k in range(FLOWS):
        source, target = ROUTE[k % 4]
        edges[f"flow {k}"] = Edge(f"flow {k}", source, target, cells, "free")
        own[f"flow {k}"] = EdgeCells(k * mask.size, ELEMENTS, mask)
        for way, process in enumerate((target, source)):
            if process in ("market", "maker"):
                signs[way, ["market", "maker"].index(process), k] = 1.0
    system = System(dims, processes, edges)
    return SimpleNamespace(system=system, edges=own, stocks={}, before={}), signs


def pairs(cells: int) -> dict[str, tuple[Work, Work]]:
    """What is measured: by this package, and bare; both give the same numbers."""
    regions = max(1, cells // (YEARS * ELEMENTS * FLOWS))
    of, signs = model(regions)
    rng = np.random.default_rng(1)
    q = rng.uniform(size=FLOWS * YEARS * regions * ELEMENTS)
    table = q.reshape(FLOWS, -1)
    index: CellIndex = full_index(("year", "region"), {"year": YEARS * FLOWS, "region": regions})
    flow = q.reshape(len(index), ELEMENTS)
    whole = q.reshape(YEARS * FLOWS, regions, ELEMENTS)
    share, mix = rng.uniform(size=regions), rng.uniform(size=(regions, ELEMENTS))

    def balance() -> Any:
        found, _ = node_balance(of, q)
        return np.stack([found.inflow, found.outflow])

    return {
        "mass balance": (
            balance,
            lambda: np.stack([np.einsum("pf,fc->pc", way, table).ravel() for way in signs]),
        ),
        "flow x share": (
            lambda: flow * at_cells(share, ["region"], index, ELEMENTS),
            lambda: np.einsum("tre,r->tre", whole, share),
        ),
        "flow x composition": (
            lambda: flow * at_cells(mix, ["region", "element"], index, ELEMENTS),
            lambda: np.einsum("tre,re->tre", whole, mix),
        ),
    }


def in_turn(first: Work, second: Work) -> tuple[float, float]:
    """The least processor seconds of each, measured alternately."""
    best = [np.inf, np.inf]
    for _ in range(REPEATS):
        for k, work in enumerate((first, second)):
            start = time.process_time()
            work()
            best[k] = min(best[k], time.process_time() - start)
    return best[0], best[1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1_000_000)
    print("| work | mfa ms | bare numpy ms | ratio |\n|---|---|---|---|")
    for name, (ours, bare) in pairs(parser.parse_args().cells).items():
        np.testing.assert_allclose(np.ravel(ours()), np.ravel(bare()), rtol=1e-12)
        mine, theirs = in_turn(ours, bare)
        print(f"| {name} | {1e3 * mine:.2f} | {1e3 * theirs:.2f} | {mine / theirs:.2f} |", flush=True)


if __name__ == "__main__":
    main()
