"""Every kind of figure: bytes, text that fits, clear errors."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox

from mfa.errors import InputError, OutputError, UnitError, UnknownName
from mfa.figures import CAPTIONS, KINDS, EmptyFigure, caption, draw, figure_specs, save_figures, to_bytes
from mfa.figures.style import PALETTE, look, renderer
from mfa.run.result import Result

NAMES = (
    "sankey_nd",
    "sankey_chn",
    "mine_production",
    "made_by_element",
    "stock",
    "adjustments",
    "mirror",
    "magnets_by_age",
)
HERE = Path(__file__).parent


def with_figure(world: Result, **plain: object) -> Result:
    return replace(world, outputs={"figures": {"it": plain}})


def texts(figure: Figure) -> list[Text]:
    figure.canvas.draw()
    found = [
        t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_visible() and t.get_text().strip()
    ]
    return [t for t in found if not t.get_text().isspace()]


def box(text: Text, figure: Figure) -> Bbox:
    """The box of a text in points."""
    return text.get_window_extent(renderer(figure)).transformed(Affine2D().scale(72 / figure.dpi))


@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_clipped_or_overlaps_another(world: Result, name: str) -> None:
    figure = draw(world, name)
    width, height = (72 * v for v in figure.get_size_inches())
    boxes = [(t.get_text(), box(t, figure)) for t in texts(figure)]
    assert len(boxes) > 5
    for text, b in boxes:
        assert b.x0 >= 0, text
        assert b.y0 >= 0, text
        assert b.x1 <= width, text
        assert b.y1 <= height, text
    for (a, first), (b, second) in itertools.combinations(boxes, 2):
        assert not first.padded(-0.6).overlaps(second.padded(-0.6)), f"{a!r} over {b!r}"


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_names_its_unit(world: Result, name: str) -> None:
    words = " ".join(t.get_text() for t in texts(draw(world, name)))
    unit = {"adjustments": "reported = 1", "mirror": "t gross", "mine_production": "kt REO per year"}
    assert unit.get(name, "t") in words
    if name.startswith("sankey"):
        assert ("t Nd per year" if name == "sankey_nd" else "kt REO per year") in words
        assert "2022" in words


def test_same_bytes_under_different_hash_seeds(world: Result) -> None:
    code = (
        f"import sys; sys.path[:0] = [{str(HERE)!r}, {str(HERE.parents[1])!r}]\n"
        "import hashlib; from world import world; from mfa.figures import draw, to_bytes\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "for n in ('sankey_chn', 'mine_production', 'mirror'):\n"
        "    for f in ('svg', 'pdf', 'png'):\n"
        "        print(hashlib.sha256(to_bytes(draw(world(), n), f)).hexdigest())\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True,
            text=True, check=True,
        ).stdout.split()
        for seed in ("1", "77")
    ]  # fmt: skip
    assert len(set(runs[0])) == 9
    assert runs[0] == runs[1]
    here = hashlib.sha256(to_bytes(draw(world, "mirror"), "svg")).hexdigest()
    assert here in runs[0]


def test_files_are_written_and_settings_come_back(world: Result, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    one = replace(world, outputs={"figures": {"mirror": world.outputs["figures"]["mirror"]}})
    paths = save_figures(one, tmp_path / "figures", formats=("svg", "png"))
    assert [p.name for p in paths] == ["mirror.svg", "mirror.png"]
    assert all(p.stat().st_size > 5000 for p in paths)
    assert "<dc:date>" not in paths[0].read_text()
    assert dict(mpl.rcParams) == before


def test_the_rest_is_written_when_one_figure_is_empty(world: Result, tmp_path: Path) -> None:
    figures = {
        "bad": {"kind": "mirror", "at": {"year": [2022], "exporter": ["CHN"]}},
        "good": {"kind": "mirror"},
    }
    with pytest.raises(InputError, match="bad"):
        save_figures(replace(world, outputs={"figures": figures}), tmp_path, formats=("svg",))
    assert [p.name for p in tmp_path.iterdir()] == ["good.svg"]


def test_an_unwritable_folder_is_a_clear_error(world: Result, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        save_figures(with_figure(world, kind="mirror"), tmp_path / "file" / "figures", formats=("svg",))


@pytest.mark.parametrize(
    ("plain", "error", "says"),
    [
        ({"kind": "sanky"}, UnknownName, 'did you mean "sankey"'),
        ({"kind": "sankey", "at": {"year": [2050]}}, UnknownName, '"2050"'),
        ({"kind": "sankey", "at": {"yaer": [2022]}}, UnknownName, 'did you mean "year"'),
        ({"kind": "sankey", "of": ["ore_trade"]}, EmptyFigure, "nothing flows"),
        ({"kind": "sankey", "of": ["mind"]}, UnknownName, 'did you mean "mined"'),
        ({"kind": "sankey", "unit": "t gross"}, UnitError, "content"),
        ({"kind": "sankey", "unit": "t XYZ"}, UnitError, "XYZ"),
        ({"kind": "sankey", "unit": "USD"}, UnitError, "masses"),
        ({"kind": "area"}, EmptyFigure, "which quantity"),
        ({"kind": "area", "of": ["minde"]}, UnknownName, 'did you mean "mined"'),
        ({"kind": "area", "of": ["mined"], "by": "regoin"}, UnknownName, 'did you mean "region"'),
        (
            {"kind": "area", "of": ["ore_trade"], "at": {"region": ["CHN"]}},
            UnknownName,
            "cannot be restricted",
        ),
        ({"kind": "area", "of": ["made"], "at": {"element": ["La"]}}, EmptyFigure, "nothing is left"),
        ({"kind": "area", "of": ["mined", "in_use"]}, EmptyFigure, "stock"),
        ({"kind": "adjustments", "of": ["prodution"]}, UnknownName, 'did you mean "production"'),
        (
            {"kind": "adjustments", "of": ["production"], "at": {"exporter": ["USA"]}},
            EmptyFigure,
            "no observation",
        ),
        ({"kind": "mirror", "of": ["mined"]}, EmptyFigure, "both sides"),
        ({"kind": "mirror", "unit": "t REO"}, EmptyFigure, "both sides"),
    ],
)
def test_what_cannot_be_drawn_says_why(
    world: Result, plain: dict[str, object], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        draw(with_figure(world, **plain), "it")


def test_an_unknown_figure_has_a_hint(world: Result) -> None:
    with pytest.raises(UnknownName, match="did you mean"):
        draw(world, "sankey_nb")
    with pytest.raises(UnknownName, match="jpg"):
        save_figures(world, "nowhere", formats=("jpg",))


def test_every_kind_has_a_caption(world: Result) -> None:
    assert set(CAPTIONS) == set(KINDS)
    assert {caption(world, n) for n in figure_specs(world)} == set(CAPTIONS.values())


def test_the_palette_stays_apart_without_red_or_green() -> None:
    # Linear-light simulation of protanopia and deuteranopia (Vienot, Brettel and Mollon 1999).
    rgb = np.array([[int(c[k : k + 2], 16) / 255 for k in (1, 3, 5)] for c in PALETTE]) ** 2.2
    blind = {
        "protan": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
        "deutan": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
    }
    for matrix in blind.values():
        seen = np.clip(rgb @ np.array(matrix).T, 0, 1) ** (1 / 2.2)
        gaps = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
        assert min(gaps) > 0.07


def test_one_label_has_one_look() -> None:
    assert len({look(k) for k in range(54)}) == 54
