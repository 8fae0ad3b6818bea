"""The outlines of ribbons: forward bands as cubics, feedback bands round below everything; y downwards."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.path import Path

Point = tuple[float, float]
KAPPA = 0.5522847498
"""Control point distance of a quarter circle drawn as a cubic."""
RADIUS = 7.0


class Outline:
    """A closed path put together from lines, cubics and quarter turns."""

    def __init__(self, start: Point) -> None:
        self.points: list[Point] = [start]
        self.codes = [int(Path.MOVETO)]

    def line(self, to: Point) -> None:
        """A straight line."""
        self.points.append(to)
        self.codes.append(int(Path.LINETO))

    def cubic(self, a: Point, b: Point, to: Point) -> None:
        """A cubic with control points a and b."""
        self.points += [a, b, to]
        self.codes += [int(Path.CURVE4)] * 3

    def turn(self, corner: Point, to: Point) -> None:
        """A quarter turn from the current point round towards `corner` and on to `to`."""
        last = self.points[-1]
        a, b = (_between(last, corner, KAPPA), _between(to, corner, KAPPA))
        self.cubic(a, b, to)

    def closed(self) -> Path:
        """The path, closed."""
        return Path([*self.points, self.points[0]], [*self.codes, int(Path.CLOSEPOLY)])


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def band(parts: Sequence[tuple[Point, Point]], width: float) -> Path:
    """A ribbon over parts, each given by its upper left and upper right corner, equally high all along."""
    outline = Outline(parts[0][0])
    for left, right in parts:
        _curve(outline, left, right, 0.0)
    x, y = parts[-1][1]
    outline.line((x, y + width))
    for left, right in reversed(parts):
        _curve(outline, right, left, width)
    return outline.closed()


def _curve(outline: Outline, start: Point, end: Point, below: float) -> None:
    """An S from one point to another, level at both ends."""
    middle = (start[0] + end[0]) / 2
    outline.cubic((middle, start[1] + below), (middle, end[1] + below), (end[0], end[1] + below))


def height_at(parts: Sequence[tuple[Point, Point]], x: float) -> float:
    """The height of a ribbon's upper edge at `x`.

    The cubic of `band` has x(t) = x0 + (x1 - x0) (3t - 3t^2 + 2t^3) / 2 and
    y(t) = y0 + (y1 - y0) (3t^2 - 2t^3).
    """
    (x0, y0), (x1, y1) = next((p for p in parts if p[0][0] <= x <= p[1][0]), parts[-1])
    share, low, high = (x - x0) / (x1 - x0), 0.0, 1.0
    for _ in range(30):
        t = (low + high) / 2
        low, high = (t, high) if 1.5 * t - 1.5 * t**2 + t**3 < share else (low, t)
    return y0 + (y1 - y0) * (3 * low**2 - 2 * low**3)


def return_band(start: Point, end: Point, lane: float, width: float, out: tuple[float, float]) -> Path:
    """A band that leaves `start` to the right, runs back along `lane` below and enters `end` from the left.

    `start`, `end` and `lane` are upper edges; `out` is how far it goes straight on before it turns, at the
    right and at the left.
    """
    (xs, ys), (xe, ye) = start, end
    right, left = xs + out[0], xe - out[1]
    outline = Outline(start)
    _side(outline, [(right, ys), (left, lane + width), (left, ye)], right, left, RADIUS + width)
    outline.line((xe, ye))
    outline.line((xe, ye + width))
    _back(outline, left, right, (ye + width, lane, ys + width), RADIUS)
    outline.line((xs, ys + width))
    return outline.closed()


def _side(outline: Outline, stops: Sequence[Point], right: float, left: float, r: float) -> None:
    """The outer edge from the start to the end: right, down, back, up, right."""
    (_, ys), (_, low), (_, ye) = stops
    outline.line((right, ys))
    outline.turn((right + r, ys), (right + r, ys + r))
    outline.line((right + r, low - r))
    outline.turn((right + r, low), (right, low))
    outline.line((left, low))
    outline.turn((left - r, low), (left - r, low - r))
    outline.line((left - r, ye + r))
    outline.turn((left - r, ye), (left, ye))


def _back(outline: Outline, left: float, right: float, heights: tuple[float, float, float], r: float) -> None:
    """The inner edge from the end to the start: left, down, forth, up, left."""
    ye, lane, ys = heights
    outline.line((left, ye))
    outline.turn((left - r, ye), (left - r, ye + r))
    outline.line((left - r, lane - r))
    outline.turn((left - r, lane), (left, lane))
    outline.line((right, lane))
    outline.turn((right + r, lane), (right + r, lane - r))
    outline.line((right + r, ys + r))
    outline.turn((right + r, ys), (right, ys))


def stub_band(corner: Point, width: float, length: float, *, enters: bool) -> Path:
    """A short band at a node's side: notched where it enters, pointed where it leaves."""
    x, y = corner
    tip = min(width / 2, length / 2, 5.0)
    outline = Outline((x, y))
    if enters:
        far = x - length
        stops = [(far, y), (far + tip, y + width / 2), (far, y + width), (x, y + width)]
    else:
        far = x + length
        stops = [(far - tip, y), (far, y + width / 2), (far - tip, y + width), (x, y + width)]
    for stop in stops:
        outline.line(stop)
    return outline.closed()
