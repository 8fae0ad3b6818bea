"""The Sankey: numbers, loops, and bands as wide as their flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.transforms import Bbox

from mfa.figures import draw
from mfa.figures.layout import columns, crossings, layout, ordered
from mfa.figures.network import Link, Network, Node, loops, network
from mfa.figures.places import Caption, places
from mfa.figures.ribbons import band, height_at, return_band
from mfa.figures.select import unit_of
from mfa.figures.spec import FigureSpec
from mfa.run.result import Result


def chain(world: Result, unit: str = "t", **at: tuple[object, ...]) -> Network:
    spec = FigureSpec("it", "sankey", at=at)  # type: ignore[arg-type]
    return network(world, spec, unit_of(world, unit))


def test_links_hold_the_sums_of_the_result(world: Result) -> None:
    found = {x.name: x for x in chain(world, year=(2022,), element=("Nd",)).links}
    cells = world.flow("mined").sel(year=2022, element="Nd")
    assert found["mined"].value == pytest.approx(float(cells.sum()))
    assert found["mined"].sd == pytest.approx(
        float(np.sqrt((world.sd("mined").sel(year=2022, element="Nd") ** 2).sum()))
    )
    assert "ore_trade" not in found


def test_oxide_mass_uses_the_factors_of_the_basis(world: Result) -> None:
    found = {x.name: x for x in chain(world, "kt REO", year=(2022,)).links}
    factors = world.facts["bases"]["REO"]
    flow = world.flow("mined").sel(year=2022).sum("region")
    wanted = sum(float(flow.sel(element=e)) * factors[e] for e in factors) / 1000
    assert found["mined"].value == pytest.approx(wanted)
    by_element = {x.name: x.value for x in chain(world, "t Dy", year=(2022,)).links}
    assert by_element["mined"] == pytest.approx(float(flow.sel(element="Dy")))


def test_processes_balance_with_stubs_and_stock_change(world: Result) -> None:
    found = chain(world, year=(2022,), element=("Nd",), region=("CHN",))
    for node in found.nodes.values():
        if node.kind in ("process", "market"):
            assert node.inflow == pytest.approx(node.outflow, rel=1e-9), node.name
    assert {(s.process, s.label) for s in found.stubs} == {
        ("ores", "imports"), ("ores", "exports"), ("oxides", "stat. difference")
    }  # fmt: skip
    assert any("to stock" in n for n in found.nodes["use"].notes)


def test_trade_shows_only_with_a_region_and_stays_inside_a_group(world: Result) -> None:
    assert not [s for s in chain(world, year=(2022,)).stubs if s.kind == "trade"]
    everyone = chain(world, year=(2022,), region=("CHN", "USA", "ROW"))
    assert not [s for s in everyone.stubs if s.kind == "trade"]
    pair = {
        s.label: s.value for s in chain(world, year=(2019,), region=("CHN", "USA")).stubs if s.kind == "trade"
    }
    assert pair == {"imports": pytest.approx(10500.0)}


def test_all_trades_of_a_market_are_one_stub(world: Result) -> None:
    second = replace(world.quantity("ore_trade"), name="monazite_trade")
    twice = replace(world, quantities={**world.quantities, "monazite_trade": second})
    at = {"year": (2019,), "region": ("CHN",)}
    one, two = ([s for s in chain(w, **at).stubs if s.label == "imports"] for w in (world, twice))
    assert len(one) == len(two) == 1
    assert two[0].value == pytest.approx(2 * one[0].value)
    assert two[0].sd == pytest.approx(one[0].sd * 2**0.5)


def test_recycling_is_the_loop(world: Result) -> None:
    found = chain(world, year=(2022,))
    assert [x.name for x in found.links if x.back] == ["recovered"]


def graph_of(pairs: str, values: Mapping[str, float] | None = None) -> list[Link]:
    return [Link(p, p, p[0], p[1], (values or {}).get(p, 1.0), 0.0) for p in pairs.split()]


@pytest.mark.parametrize(
    ("pairs", "back"),
    [
        ("ab bc cb cd", {"cb"}),
        ("ab bb", {"bb"}),
        ("ab bc ca", {"ca"}),
        ("ab bc cd db ce ea", {"db", "ea"}),
        ("ab ac bd cd", set()),
    ],
)
def test_loops_are_closed_by_the_way_back(pairs: str, back: set[str]) -> None:
    links = graph_of(pairs)
    found = loops(links, sorted({c for x in links for c in (x.source, x.target)}))
    assert found == back
    rest = nx.DiGraph([(x.source, x.target) for x in links if x.name not in found])
    assert nx.is_directed_acyclic_graph(rest)


def made(pairs: str) -> Network:
    links = graph_of(pairs)
    names = sorted({c for x in links for c in (x.source, x.target)})
    nodes = {}
    for n in names:
        into, out = (sum(x.value for x in links if getattr(x, end) == n) for end in ("target", "source"))
        nodes[n] = Node(n, n, "process", into, out, 0.0, ())
    return Network(nodes, tuple(links), ())


def test_columns_run_downstream_and_sweeps_remove_crossings() -> None:
    tangled = made("ad be cf ax")
    before = columns(tangled)
    assert all(before.column[s.source] + 1 == before.column[s.target] for s in before.segments)
    swapped = type(before)((before.items[0], before.items[1][::-1]), before.segments)
    assert crossings(swapped) > 0
    assert crossings(ordered(swapped)) == 0


def test_bars_of_a_column_do_not_overlap(world: Result) -> None:
    found = chain(world, year=(2022,))
    heads = {n: Caption.of(node).height for n, node in found.nodes.items()}
    placed = layout(found, heads)
    for column in placed.columns.items:
        for upper, lower in pairwise(column):
            room = heads[lower[0]] if lower[1] < 0 else 0.0
            assert placed.top[upper] + placed.height[upper] + room < placed.top[lower] + 1e-6


def test_nothing_is_cut_off_at_the_edge(world: Result) -> None:
    axes = draw(world, "sankey_nd").axes[0]
    shown = [p for p in axes.patches if str(p.get_gid()).startswith(("node-", "flow-", "stub-"))]
    assert len(shown) > 10
    assert not any(p.get_clip_on() for p in shown)


def test_ribbons_keep_their_width_and_fill_their_bars(world: Result) -> None:
    found = chain(world, year=(2022,))
    captions = {n: Caption.of(node) for n, node in found.nodes.items()}
    placed = places(found, captions, layout(found, {n: c.height for n, c in captions.items()}))
    scale = placed.layout.scale
    for link, parts in placed.ribbons:
        wide = link.value * scale
        vertices = np.asarray(band(parts, wide).vertices)
        assert vertices[:, 1].max() - vertices[:, 1].min() >= wide - 1e-9
        for x in np.linspace(parts[0][0][0], parts[-1][1][0], 9)[1:-1]:
            assert band(parts, wide).contains_point((x, height_at(parts, x) + wide / 2))
    ends: dict[str, float] = {}
    for link in found.links:
        ends[link.source] = ends.get(link.source, 0.0) + link.value * scale
    for name in ("mine", "separation", "magnets", "recycling"):
        assert ends[name] == pytest.approx(placed.layout.height[name, -1])


def test_feedback_passes_beside_the_labels(world: Result) -> None:
    found = chain(world, year=(2022,))
    captions = {n: Caption.of(node) for n, node in found.nodes.items()}
    placed = places(found, captions, layout(found, {n: c.height for n, c in captions.items()}))
    boxes = []
    for name, caption in captions.items():
        x, y = placed.left((name, -1)) + 5, placed.layout.top[name, -1]
        boxes.append(
            Bbox.from_extents(x - caption.width / 2, y - caption.height, x + caption.width / 2, y - 2)
        )
    assert placed.returns
    for back in placed.returns:
        wide = back.link.value * placed.layout.scale
        path = return_band(back.start, back.end, back.lane, wide, back.out)
        assert not any(path.intersects_bbox(b, filled=True) for b in boxes)


def test_a_feedback_band_runs_below_and_keeps_its_width() -> None:
    path = return_band((100, 10), (20, 30), 80, 12, (5, 6))
    points = np.asarray(path.vertices)
    assert points[:, 1].max() == pytest.approx(92)
    assert points[:, 0].max() == pytest.approx(100 + 5 + 7 + 12)
    assert points[:, 0].min() == pytest.approx(20 - 6 - 7 - 12)
    assert path.contains_point((60, 86))
    assert not path.contains_point((60, 60))


def test_the_loop_is_drawn_below_all_bars(world: Result) -> None:
    axes = draw(world, "sankey_nd").axes[0]
    patches = {p.get_gid(): p for p in axes.patches if p.get_gid()}
    loop = patches["flow-recovered"]
    assert isinstance(loop, PathPatch)
    bars = [p for g, p in patches.items() if g.startswith("node-")]
    lowest = max(p.get_y() + p.get_height() for p in bars if isinstance(p, Rectangle))
    assert np.asarray(loop.get_path().vertices)[:, 1].max() > lowest
    assert len([g for g in patches if g.startswith("flow-")]) == 11
    assert "stub-difference-oxides" in patches
