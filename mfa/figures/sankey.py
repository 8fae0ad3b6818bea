"""A Sankey of the chain with its loops: processes in columns, ribbons as wide as flows, feedback below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.transforms import Bbox

from mfa.figures.frame import sheet, width
from mfa.figures.layout import BAR, layout
from mfa.figures.network import Link, Network, network
from mfa.figures.places import LETTERS, LINE, NAME, STUB, Caption, Places, Return, places
from mfa.figures.ribbons import RADIUS, Point, band, height_at, return_band, stub_band
from mfa.figures.select import check_labels, selection_text, time_axis, unit_of, unit_text
from mfa.figures.spec import FigureSpec
from mfa.figures.style import FAINT, INK, MUTED, OTHERS, look, styled
from mfa.figures.text import number, with_sd, wrapped
from mfa.run.result import Result

CAPTION = (
    "Heights are proportional to mass. A number over a bar is the throughput of the process with its standard"
    " deviation; ribbons wide enough carry their flow. Bands that run below lead back upstream."
)
SMALL = 6.5
TRADE = "Hatched: trade with other regions."
DIFFERENCE = (
    "Grey stubs: statistical differences, what a market's statistics lack (+) or have too much"
    " (\N{MINUS SIGN})."
)


def draw(result: Result, spec: FigureSpec) -> Figure:
    """A Sankey of the selected year, element and regions; what is not selected is summed.

    Raises UnknownName for a name or label the result lacks, UnitError, and EmptyFigure.
    """
    check_labels(result, spec.at)
    found = network(result, spec, unit_of(result, spec.unit))
    captions = {name: Caption.of(node) for name, node in found.nodes.items()}
    placed = places(found, captions, layout(found, {n: c.height for n, c in captions.items()}))
    kinds = {s.kind for s in found.stubs}
    note = " ".join(text for kind, text in (("trade", TRADE), ("difference", DIFFERENCE)) if kind in kinds)
    with styled():
        page = sheet(spec.title or "Flows from process to process", subtitle(result, spec), note, placed.size)
        axes = page.axes()
        axes.set_axis_off()
        axes.set_xlim(0, placed.size[0])
        axes.set_ylim(placed.size[1], 0)
        _paint(axes, found, placed, list(result.processes))
    return page.figure


def subtitle(result: Result, spec: FigureSpec) -> str:
    """Unit, time, regions and elements of a Sankey in words."""
    time = time_axis(result)
    flows = [q for q in result.quantities.values() if q.kind == "flow"]
    unit = unit_text(spec, unit_of(result, spec.unit), flows)
    times = spec.at.get(time, result.dimensions[time]) if time else ()
    per = f" per {result.time_unit}" if len(times) == 1 else ""
    axes = [a for a in (time, "element", "region") if a in result.dimensions]
    return ", ".join([unit + per, *selection_text(result, spec.at, [a for a in axes if a], unit)])


def _paint(axes: Axes, found: Network, placed: Places, order: list[str]) -> None:
    colours = {name: look(order.index(name)).colour for name in found.nodes}
    scale = placed.layout.scale
    for link, parts in placed.ribbons:
        _patch(axes, band(parts, link.value * scale), colours[link.source], alpha=0.5, name=link.name)
    for back in placed.returns:
        path = return_band(back.start, back.end, back.lane, back.link.value * scale, back.out)
        _patch(axes, path, colours[back.link.source], alpha=0.8, name=back.link.name, zorder=2)
        _arrow(axes, back, back.link.value * scale)
    for stub, corner in placed.stubs:
        path = stub_band(corner, stub.value * scale, STUB, enters=stub.enters)
        style = {"hatch": "////", "colour": FAINT} if stub.kind == "trade" else {"colour": OTHERS}
        patch = PathPatch(
            path, facecolor=style["colour"], edgecolor=MUTED, linewidth=0.5, hatch=style.get("hatch")
        )
        patch.set(zorder=2, clip_on=False, gid=f"stub-{stub.kind}-{stub.process}")
        axes.add_patch(patch)
    for name in found.nodes:
        corner = placed.left((name, -1)), placed.layout.top[name, -1]
        bar = Rectangle(corner, BAR, placed.layout.height[name, -1], facecolor=colours[name], edgecolor=INK)
        bar.set(linewidth=0.4, zorder=3, clip_on=False, gid=f"node-{name}")
        axes.add_patch(bar)
    _texts(axes, placed)


def _patch(axes: Axes, path: object, colour: str, *, alpha: float, name: str, zorder: int = 1) -> None:
    patch = PathPatch(path, facecolor=colour, edgecolor=colour, alpha=alpha, linewidth=0.4)  # type: ignore[arg-type]
    patch.set(zorder=zorder, clip_on=False, gid=f"flow-{name}")
    axes.add_patch(patch)


def _arrow(axes: Axes, back: Return, wide: float) -> None:
    """A head on the lane of a feedback band that says which way it runs."""
    x, y, size = back.end[0] + 6, back.lane + wide / 2, max(3.0, min(wide / 2 - 1, 6.0))
    axes.add_patch(
        Polygon(
            [(x, y), (x + 1.4 * size, y - size), (x + 1.4 * size, y + size)],
            facecolor=INK,
            zorder=4,
            linewidth=0,
        )
    )


def _texts(axes: Axes, placed: Places) -> None:
    """Labels of nodes and feedback, and of the ribbons that have room for one."""
    taken = list(_labels_of_nodes(axes, placed))
    taken += _labels_of_returns(axes, placed)
    for link, _ in sorted(placed.ribbons, key=lambda r: (-r[0].value, r[0].name)):
        box = _ribbon_label(axes, placed, link, taken)
        taken += [box] if box is not None else []


def _labels_of_nodes(axes: Axes, placed: Places) -> Iterator[Bbox]:
    for name, caption in placed.captions.items():
        x, y = placed.left((name, -1)) + BAR / 2, placed.layout.top[name, -1] - caption.height
        half = caption.width / 2
        weights = ["bold"] * len(caption.name) + ["normal"] * len(caption.numbers)
        for k, (text, weight) in enumerate(zip((*caption.name, *caption.numbers), weights, strict=True)):
            _write(axes, (x, y + LINE * (k + 0.5)), text, weight=weight)
        yield Bbox.from_extents(x - half, y, x + half, y + caption.height)


def _labels_of_returns(axes: Axes, placed: Places) -> Iterator[Bbox]:
    """Each feedback band's label under its lane; the boxes of label and upright parts."""
    for back in placed.returns:
        wide = back.link.value * placed.layout.scale
        x, y = (back.start[0] + back.end[0]) / 2, back.lane + wide + 7.0
        text = f"{back.link.label} {with_sd(back.link.value, back.link.sd)}"
        _write(axes, (x, y), text)
        yield Bbox.from_extents(x - width(text, NAME) / 2, y - 5, x + width(text, NAME) / 2, y + 5)
        right, left = back.start[0] + back.out[0] + RADIUS, back.end[0] - back.out[1] - RADIUS - wide
        for edge, top in ((right, back.start[1]), (left, back.end[1])):
            yield Bbox.from_extents(edge, top, edge + wide, back.lane + wide)


def _ribbon_label(axes: Axes, placed: Places, link: Link, taken: list[Bbox]) -> Bbox | None:
    """The box of a ribbon's label where one was written: inside the ribbon and clear of everything else."""
    wide = link.value * placed.layout.scale
    parts = next(parts for x, parts in placed.ribbons if x.name == link.name)
    for lines in _wordings(link, wide):
        for box in _boxes(parts, wide, max(width(x, SMALL) for x in lines), (LINE - 1) * len(lines)):
            if not any(box.padded(1.5).overlaps(other) for other in taken):
                for k, text in enumerate(lines):
                    _write(axes, ((box.x0 + box.x1) / 2, box.y0 + (LINE - 1) * (k + 0.5)), text, SMALL)
                return box
    return None


def _boxes(parts: Sequence[tuple[Point, Point]], wide: float, across: float, high: float) -> Iterator[Bbox]:
    """Boxes of a size along a ribbon, those wholly inside it first, from its middle outwards."""
    first, last = parts[0][0][0] + 3 + across / 2, parts[-1][1][0] - 3 - across / 2
    found = []
    for k in range(33) if last >= first else ():
        x = first + (last - first) * k / 32
        ends = [height_at(parts, v) for v in (x - across / 2, x, x + across / 2)]
        y, bend = ends[1] + wide / 2, max(abs(e - ends[1]) for e in ends)
        box = Bbox.from_extents(x - across / 2, y - high / 2, x + across / 2, y + high / 2)
        found.append((max(bend + (high - wide) / 2, 0.0), abs(k - 16), box))
    return (box for out, _, box in sorted(found, key=lambda f: f[:2]) if out <= high / 2)


def _wordings(link: Link, wide: float) -> Iterator[list[str]]:
    """The label of a ribbon on several lines or on one, then its number alone, as its width allows."""
    value = number(link.value)
    if wide >= 2 * LINE:
        yield [link.label, value]
    folded = [*wrapped(link.label, LETTERS), value]
    if wide >= LINE * len(folded):
        yield folded
    if wide >= LINE:
        yield [f"{link.label} {value}"]
        yield [value]


def _write(axes: Axes, at: Point, text: str, size: float = NAME, weight: str = "normal") -> None:
    """Text centred at a point."""
    axes.text(*at, text, size=size, weight=weight, color=INK, ha="center", va="center_baseline", zorder=5)
