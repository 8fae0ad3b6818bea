"""Where the nodes and ribbons of a Sankey go: columns, order within them, heights; in points, y downwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import networkx as nx
import numpy as np
from scipy.optimize import isotonic_regression

from mfa.figures.network import Link, Network

Item = tuple[str, int]
"""A node `(name, -1)`, or the passage of a long link through a column, `(link name, column)`."""
BAR = 10.0
TALLEST, FULLEST = 150.0, 300.0
"""Height of the largest node and of the fullest column, in points, whichever is reached first."""
GAP, LOOSE = 9.0, 1.1
SWEEPS = 24


@dataclass(frozen=True)
class Segment:
    """A part of a link between neighbouring columns."""

    link: Link
    source: Item
    target: Item


@dataclass(frozen=True)
class Columns:
    """The items of every column from top to bottom, and the segments between columns."""

    items: tuple[tuple[Item, ...], ...]
    segments: tuple[Segment, ...]

    @cached_property
    def column(self) -> dict[Item, int]:
        """Item -> its column."""
        return {item: k for k, column in enumerate(self.items) for item in column}


def columns(network: Network) -> Columns:
    """Nodes by their longest way from a source without feedback; long links pass through columns."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(network.nodes)
    forward = [x for x in network.links if not x.back]
    graph.add_edges_from((x.source, x.target) for x in forward)
    at: dict[str, int] = {}
    for name in nx.topological_sort(graph):
        at[name] = max((at[p] + 1 for p in graph.predecessors(name)), default=0)
    for name in network.nodes:
        after = [at[s] for s in graph.successors(name)]
        if after and not graph.in_degree(name):
            at[name] = min(after) - 1
    items: list[list[Item]] = [[] for _ in range(max(at.values()) + 1)]
    for name in network.nodes:
        items[at[name]].append((name, -1))
    segments = [s for link in forward for s in _segments(link, at, items)]
    return Columns(tuple(map(tuple, items)), tuple(segments))


def _segments(link: Link, at: Mapping[str, int], items: list[list[Item]]) -> list[Segment]:
    between = [(link.name, c) for c in range(at[link.source] + 1, at[link.target])]
    for passage in between:
        items[passage[1]].append(passage)
    stops: list[Item] = [(link.source, -1), *between, (link.target, -1)]
    return [Segment(link, a, b) for a, b in pairwise(stops)]


def ordered(found: Columns) -> Columns:
    """The columns sorted by barycentre sweeps, in the order with the least weight crossed."""
    best, fewest = found, crossings(found)
    current = found
    for sweep in range(SWEEPS):
        current = _swept(current, rightwards=sweep % 2 == 0)
        weight = crossings(current)
        if weight < fewest:
            best, fewest = current, weight
    return best


def _swept(found: Columns, *, rightwards: bool) -> Columns:
    items = [list(c) for c in found.items]
    for k in range(len(items)) if rightwards else reversed(range(len(items))):
        place = {item: p / max(len(c) - 1, 1) for c in items for p, item in enumerate(c)}
        pull = {i: _barycentre(i, found.segments, place, before=rightwards) for i in items[k]}
        items[k] = sorted(items[k], key=lambda i: pull[i])
    return Columns(tuple(map(tuple, items)), found.segments)


def _barycentre(
    item: Item, segments: Sequence[Segment], place: Mapping[Item, float], *, before: bool
) -> float:
    """The weighted mean place of an item's neighbours on one side; its own where it has none."""
    near = [
        (s.source if before else s.target, s.link.value)
        for s in segments
        if (s.target if before else s.source) == item
    ]
    return sum(place[n] * v for n, v in near) / sum(v for _, v in near) if near else place[item]


def crossings(found: Columns) -> float:
    """The weight of all crossings: the smaller of every two links that cross."""
    place = {item: p for c in found.items for p, item in enumerate(c)}
    total = 0.0
    for k in range(len(found.items)):
        ends = [
            (place[s.source], place[s.target], s.link.value)
            for s in found.segments
            if found.column[s.source] == k
        ]
        for i, (a, b, v) in enumerate(ends):
            total += sum(min(v, w) for c, d, w in ends[:i] if (a - c) * (b - d) < 0)
    return total


@dataclass(frozen=True)
class Layout:
    """Top of every item's bar and its height, points of height per unit, and the height of the whole."""

    columns: Columns
    top: Mapping[Item, float]
    height: Mapping[Item, float]
    scale: float
    bottom: float


def layout(network: Network, heads: Mapping[str, float]) -> Layout:
    """The places of all items; `heads` is the room each node's label needs above its bar, in points."""
    found = ordered(columns(network))
    value = {item: _value(network, item) for column in found.items for item in column}
    fullest = max(sum(value[i] for i in column) for column in found.items)
    scale = min(TALLEST / max(value.values()), FULLEST / fullest)
    height = {item: max(v * scale, 1.0) for item, v in value.items()}
    head = {item: heads[item[0]] if item[1] < 0 else 0.0 for item in value}
    slot = {item: head[item] + height[item] + GAP for item in value}
    room = LOOSE * max(sum(slot[i] for i in column) for column in found.items)
    centre = _relaxed(found, slot, {i: head[i] + height[i] / 2 for i in value}, room)
    top = {i: centre[i] - height[i] / 2 for i in value}
    first = min(top[i] - head[i] for i in value)
    top = {i: y - first for i, y in top.items()}
    return Layout(found, top, height, scale, max(top[i] + height[i] for i in value))


def _value(network: Network, item: Item) -> float:
    name, column = item
    return network.nodes[name].value if column < 0 else next(x.value for x in network.links if x.name == name)


def _relaxed(
    found: Columns, slot: Mapping[Item, float], middle: Mapping[Item, float], room: float
) -> dict[Item, float]:
    """The centre of every bar: near its neighbours' centres as far as the order and the slots allow."""
    centre: dict[Item, float] = {}
    for column in found.items:
        y = (room - sum(slot[i] for i in column)) / 2
        for item in column:
            centre[item] = y + middle[item]
            y += slot[item]
    for sweep in range(SWEEPS):
        rightwards = sweep % 2 == 0
        for column in found.items if rightwards else reversed(found.items):
            wanted = [_barycentre(i, found.segments, centre, before=rightwards) for i in column]
            centre |= _placed(column, wanted, slot, middle, room)
    return centre


def _placed(
    column: Sequence[Item],
    wanted: Sequence[float],
    slot: Mapping[Item, float],
    middle: Mapping[Item, float],
    room: float,
) -> dict[Item, float]:
    """The centres closest to those wanted at which no slots of a column overlap (isotonic regression)."""
    before = np.concatenate([[0.0], np.cumsum([slot[i] for i in column])])
    inside = np.array([middle[i] for i in column])
    start = np.array(wanted) - inside - before[:-1]
    fitted = isotonic_regression(start, weights=np.array([slot[i] for i in column])).x
    fitted = np.clip(fitted, 0.0, room - before[-1])
    return dict(zip(column, (fitted + before[:-1] + inside).tolist(), strict=True))
