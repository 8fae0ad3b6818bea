"""Systems: graph, nodes and ends of edges."""

from __future__ import annotations

import pytest

import mfa
from mfa.build import build
from mfa.core.system import System
from mfa.errors import UnknownName
from tests.build.documents import CHAIN, merged


@pytest.fixture(scope="module")
def system() -> System:
    changes = {
        "processes": {"plant": {"kind": "market", "where": {"region": ["AAA", "CCC"]}}},
        "trade": {"moved": {"at": "plant", "pairs": "all"}},
        "transfers": None,
    }
    return build(mfa.load(merged(CHAIN, changes))).system


def test_the_graph_has_processes_flows_and_trades(system: System) -> None:
    assert set(system.graph.nodes) == {"mine", "plant", "use", "waste"}
    edges = {(a, b, k) for a, b, k in system.graph.edges(keys=True)}
    assert edges == {
        ("mine", "plant", "ore"),
        ("plant", "use", "metal"),
        ("plant", "waste", "slag"),
        ("plant", "plant", "moved"),
    }


def test_nodes_are_the_cells_of_processes_that_balance(system: System) -> None:
    nodes = system.nodes
    assert set(nodes.process) == {"plant"}
    assert nodes.coords.tolist() == [[y, r] for y in range(3) for r in (0, 2)]
    moved = system.edge("moved")
    ends = list(zip(nodes.source_of(moved), nodes.target_of(moved), strict=True))
    assert ends == [(k, k + 1) if k % 2 == 0 else (k, k - 1) for k in range(6)]
    assert set(nodes.source_of(system.edge("ore")).tolist()) == {-1}
    assert (
        nodes.at(nodes.source_of(moved)).column("region").tolist() == moved.cells.column("exporter").tolist()
    )


def test_unknown_edges_and_the_notebook_view(system: System) -> None:
    with pytest.raises(UnknownName, match='did you mean "metal"'):
        system.edge("metall")
    assert "<td>moved</td>" in system._repr_html_()
    assert (system.n_elements, system.elements, system.time) == (1, (), "year")
