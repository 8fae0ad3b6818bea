"""The balance of every node against a plain loop over cells."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mfa.build.flows import EdgeCells
from mfa.core.labels import CellIndex, Dimension, full_index
from mfa.core.system import Edge, Process, System
from mfa.run.nodes import node_balance

SIZES = {"year": 3, "region": 4, "element": 2}
RNG = np.random.default_rng(11)


def system() -> System:
    dims = {n: Dimension(n, tuple(f"{n}{k}" for k in range(size))) for n, size in SIZES.items()}
    whole = full_index(("year", "region"), SIZES)
    some = whole.keep(RNG.uniform(size=len(whole)) < 0.6)
    processes = {
        "mine": Process("mine", "source", "", whole),
        "market": Process("market", "market", "", whole),
        "maker": Process("maker", "process", "", some),
        "sink": Process("sink", "sink", "", whole),
    }
    pairs = full_index(("year", "exporter", "importer"), SIZES)
    pairs = pairs.keep((pairs.column("exporter") != pairs.column("importer")) & (RNG.uniform(size=48) < 0.7))
    shuffled = CellIndex(whole.axes, whole.coords[RNG.permutation(len(whole))])
    edges = [
        Edge("mined", "mine", "market", whole, "free"),
        Edge("made", "market", "maker", some, "free"),
        Edge("out", "maker", "sink", some, "free"),
        Edge("lost", "market", "sink", shuffled, "free"),
        Edge("traded", "market", "market", pairs, "free", kind="trade"),
        Edge("gap", "market", "market", whole, "free", kind="difference"),
        Edge("by", "mine", "market", full_index(("year", "region", "region"), SIZES), "free"),
        Edge("nowhere", "mine", "sink", whole, "free"),
    ]
    return System(dims, processes, {e.name: e for e in edges})


def model(whole: System) -> Any:
    cells, offset = {}, 0
    for k, (name, edge) in enumerate(whole.edges.items()):
        mask = RNG.uniform(size=(len(edge.cells), 2)) < (0.8 if k % 2 else 2.0)
        cells[name] = EdgeCells(offset, 2, mask)
        offset += mask.size
    return SimpleNamespace(system=whole, edges=cells, stocks={}, before={}), offset


def plain(of: Any, q: Any) -> dict[int, tuple[float, float]]:
    """Node * 2 + element -> what enters and what leaves."""
    found: dict[int, list[float]] = {}
    nodes = of.system.nodes
    for name, edge in of.system.edges.items():
        cells, source, target = of.edges[name], nodes.source_of(edge), nodes.target_of(edge)
        for k, element in zip(*np.nonzero(cells.mask), strict=True):
            value = float(q[cells.offset + 2 * k + element])
            signed = [(target[k], value)] + ([(source[k], -value)] if edge.kind != "difference" else [])
            for node, amount in signed:
                if node >= 0:
                    own = found.setdefault(int(2 * node + element), [0.0, 0.0])
                    own[0] += max(amount, 0.0) if amount == amount else np.nan
                    own[1] += max(-amount, 0.0) if amount == amount else np.nan
    return {k: (a, b) for k, (a, b) in found.items()}


@pytest.mark.parametrize("kind", ["positive", "both ways", "missing"])
def test_as_a_loop_over_cells(kind: str) -> None:
    of, size = model(system())
    q = RNG.uniform(0, 1, size) - (0.5 if kind == "both ways" else 0.0)
    if kind == "missing":
        q[[3, 30, 70]] = np.nan
    balance, number = node_balance(of, q)
    wanted = plain(of, q)
    assert number.tolist() == sorted(wanted)
    np.testing.assert_allclose(balance.inflow, [wanted[k][0] for k in number.tolist()], rtol=1e-12)
    np.testing.assert_allclose(balance.outflow, [wanted[k][1] for k in number.tolist()], rtol=1e-12)
    assert bool(np.isnan(balance.relative).any()) == (kind == "missing")
