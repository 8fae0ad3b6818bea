"""The places of a Sankey's marks: columns across, ports along the bars, lanes of the feedback below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mfa.figures.frame import width
from mfa.figures.layout import BAR, Item, Layout
from mfa.figures.network import Link, Network, Node, Stub
from mfa.figures.ribbons import RADIUS, Point
from mfa.figures.text import PLUS_MINUS, with_sd, wrapped

NAME, LINE = 7.5, 9.5
"""Size of a label and distance of its lines, in points."""
LETTERS = 13
SIGN, KEPT = f" {PLUS_MINUS} ", PLUS_MINUS
PITCH, STUB, APART, LANE = 84.0, 16.0, 5.0, 15.0


@dataclass(frozen=True)
class Caption:
    """A node's label: its name over several lines, then its throughput and notes."""

    name: tuple[str, ...]
    numbers: tuple[str, ...]

    @staticmethod
    def of(node: Node) -> Caption:
        """The label of a node."""
        whole = [n.replace(SIGN, KEPT) for n in (with_sd(node.value, node.sd), *node.notes)]
        numbers = [line.replace(KEPT, SIGN) for n in whole for line in wrapped(n, 2 * LETTERS - 4)]
        return Caption(tuple(wrapped(node.label, LETTERS)), tuple(numbers))

    @property
    def height(self) -> float:
        """The room above the bar, in points."""
        return LINE * (len(self.name) + len(self.numbers)) + 4

    @property
    def width(self) -> float:
        """The width of the widest line, in points."""
        names = [width(text, NAME, "bold") for text in self.name]
        return max(*names, *(width(text, NAME) for text in self.numbers))


@dataclass(frozen=True)
class Return:
    """A feedback link: upper edges of its ports and lane, how far it goes straight on at both ends."""

    link: Link
    start: Point
    end: Point
    lane: float
    out: tuple[float, float]


@dataclass(frozen=True)
class Places:
    """Everything that is drawn, in points, y downwards."""

    layout: Layout
    captions: Mapping[str, Caption]
    x: tuple[float, ...]
    ribbons: tuple[tuple[Link, tuple[tuple[Point, Point], ...]], ...]
    returns: tuple[Return, ...]
    stubs: tuple[tuple[Stub, Point], ...]
    size: tuple[float, float]

    def left(self, item: Item) -> float:
        """The left side of an item's bar (a passage has no width)."""
        x = self.x[self.layout.columns.column[item]]
        return x - BAR / 2 if item[1] < 0 else x


def lanes(network: Network, found: Layout) -> list[Link]:
    """The feedback links from the innermost lane to the outermost: short ways first."""
    column = found.columns.column
    back = [x for x in network.links if x.back]
    return sorted(back, key=lambda x: (column[x.source, -1] - column[x.target, -1], x.name))


def places(network: Network, captions: Mapping[str, Caption], found: Layout) -> Places:
    """Where all of a network goes."""
    back = lanes(network, found)
    leave, arrive = (_straight(back, captions, found, end) for end in (0, 1))
    x, wide = _across(network, captions, found, _room(network, found, back, (arrive, leave)))
    ports = _ports(network, found, back)
    sides = _Sides(found, x, ports)
    low, returns = found.bottom + 14.0, []
    for link in back:
        returns.append(
            Return(link, sides.start(link), sides.end(link), low, (leave[link.name], arrive[link.name]))
        )
        low += link.value * found.scale + LANE
    stubs = tuple((s, sides.stub(s)) for s in network.stubs)
    ribbons = tuple((link, sides.ribbon(link)) for link in network.links if not link.back)
    return Places(found, captions, x, ribbons, tuple(returns), stubs, (wide, low if back else found.bottom))


def _straight(
    back: Sequence[Link], captions: Mapping[str, Caption], found: Layout, end: int
) -> dict[str, float]:
    """How far each feedback band goes on before it turns: past labels below it and bands further in."""
    out: dict[str, float] = {}
    reached: dict[int, float] = {}
    for link in back:
        name = (link.source, link.target)[end]
        k = found.columns.column[name, -1]
        start = max(reached.get(k, 0.0), _labels_below(name, captions, found)) + APART
        out[link.name], reached[k] = start, start + link.value * found.scale
    return out


def _labels_below(name: str, captions: Mapping[str, Caption], found: Layout) -> float:
    """How far the labels of nodes below a node reach beyond its bar."""
    column = found.columns.items[found.columns.column[name, -1]]
    below = [n for n, k in column if k < 0 and found.top[n, k] > found.top[name, -1]]
    return max((captions[n].width / 2 - BAR / 2 - RADIUS for n in below), default=0.0)


def _room(
    network: Network,
    found: Layout,
    back: Sequence[Link],
    out: tuple[Mapping[str, float], Mapping[str, float]],
) -> list[list[float]]:
    """What stubs and feedback bands take left and right of the middle of every column."""
    room = [[BAR / 2, BAR / 2] for _ in found.columns.items]
    ends = [(s.process, 0 if s.enters else 1, STUB) for s in network.stubs]
    for link in back:
        wide = RADIUS + link.value * found.scale
        ends += [(link.target, 0, out[0][link.name] + wide), (link.source, 1, out[1][link.name] + wide)]
    for name, side, reach in ends:
        own = room[found.columns.column[name, -1]]
        own[side] = max(own[side], BAR / 2 + reach)
    return room


def _across(
    network: Network, captions: Mapping[str, Caption], found: Layout, room: Sequence[Sequence[float]]
) -> tuple[tuple[float, ...], float]:
    """The middle of every column, apart enough for labels, stubs and feedback bands; and the whole width."""
    half = [BAR / 2] * len(room)
    for name, caption in captions.items():
        k = found.columns.column[name, -1]
        half[k] = max(half[k], caption.width / 2)
    x = [max(half[0], room[0][0])]
    for k in range(1, len(room)):
        right, left = max(half[k - 1], room[k - 1][1]), max(half[k], room[k][0])
        both = room[k - 1][1] + room[k][0] - BAR
        x.append(x[-1] + max(PITCH, right + left + 8, PITCH / 2 + both))
    return tuple(x), x[-1] + max(half[-1], room[-1][1])


@dataclass(frozen=True)
class _Ports:
    """The offset below the top of its bar at which every link and stub leaves and enters."""

    leaves: Mapping[str, float]
    enters: Mapping[str, float]
    stub: Mapping[tuple[str, str, bool], float]


def _ports(network: Network, found: Layout, back: Sequence[Link]) -> _Ports:
    """Forward links in the order of their other ends, then stubs, then feedback, outermost lane first."""
    ports = _Ports({}, {}, {})
    for name in network.nodes:
        for leaving, offsets in ((True, ports.leaves), (False, ports.enters)):
            y = 0.0
            for link in _forward(network, found, name, leaving=leaving):
                offsets[link.name] = y  # type: ignore[index]
                y += link.value * found.scale
            for stub in network.stubs:
                if stub.process == name and stub.enters != leaving:
                    ports.stub[stub.process, stub.label, stub.enters] = y  # type: ignore[index]
                    y += stub.value * found.scale
            for link in reversed(back):
                if (link.source if leaving else link.target) == name:
                    offsets[link.name] = y  # type: ignore[index]
                    y += link.value * found.scale
    return ports


def _forward(network: Network, found: Layout, name: str, *, leaving: bool) -> list[Link]:
    """The forward links at one side of a node, sorted by the height of what is at their next stop."""
    near = {
        s.link.name: (found.top[s.target if leaving else s.source], s.link.name)
        for s in found.columns.segments
        if (s.source if leaving else s.target) == (name, -1)
    }
    return sorted((x for x in network.links if x.name in near), key=lambda x: near[x.name])


@dataclass(frozen=True)
class _Sides:
    """Corners of bands at the sides of the bars."""

    layout: Layout
    x: Sequence[float]
    ports: _Ports

    def _bar(self, name: str) -> tuple[float, float]:
        return self.x[self.layout.columns.column[name, -1]] - BAR / 2, self.layout.top[name, -1]

    def start(self, link: Link) -> Point:
        """The upper edge of a link where it leaves its source."""
        x, y = self._bar(link.source)
        return x + BAR, y + self.ports.leaves[link.name]

    def end(self, link: Link) -> Point:
        """The upper edge of a link where it enters its target."""
        x, y = self._bar(link.target)
        return x, y + self.ports.enters[link.name]

    def stub(self, stub: Stub) -> Point:
        """The upper edge of a stub at its bar."""
        x, y = self._bar(stub.process)
        return x + (0.0 if stub.enters else BAR), y + self.ports.stub[stub.process, stub.label, stub.enters]

    def ribbon(self, link: Link) -> tuple[tuple[Point, Point], ...]:
        """The upper edge of a link from column to column."""
        between = sorted(item for item in self.layout.top if item[0] == link.name and item[1] >= 0)
        middle = [(self.x[column], self.layout.top[name, column]) for name, column in between]
        stops = [self.start(link), *middle, self.end(link)]
        return tuple(pairwise(stops))
