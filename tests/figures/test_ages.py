"""Age profiles: what they show, of which year, and that their text fits."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mfa
from mfa.errors import DocumentError, ModelError
from mfa.figures import EmptyFigure, draw, save_figures
from mfa.figures.ages import profiled
from mfa.figures.select import unit_of
from mfa.figures.spec import FigureSpec
from mfa.run.result import Result
from tests.figures.test_figures import box, texts
from tests.run.test_cohorts import FLEET, fleet

OUTPUTS = {"figures": {"ages": {"kind": "ages", "of": "in_use", "by": "product", "unit": "kg"}}}


@pytest.fixture(scope="module")
def result() -> Result:
    return fleet(outputs=OUTPUTS)


def test_classes_are_the_cohorts_of_the_year_youngest_first(result: Result) -> None:
    spec = FigureSpec("it", "ages", of=("in_use",), by="product", at={"region": ("AAA",), "element": ("Nd",)})
    found = profiled(result, spec, result.quantity("in_use"), unit_of(result, "kg"), 2015)
    cohorts = result.cohorts("in_use", 2015).sel(region="AAA", element="Nd").sum("product")
    assert found.limits[:3].tolist() == [0, 1, 2]
    expected = [1000 * float(cohorts.sel(cohort=2015 - k)) for k in range(10)]
    assert found.total[:10] == pytest.approx(expected, rel=1e-12)
    assert [b.title for b in found.bands] == ["car", "fan"]
    middle = 2015 - cohorts["cohort"] + 0.5
    assert found.mean == pytest.approx(float((cohorts * middle).sum() / cohorts.sum()), rel=1e-9)
    assert 0 <= found.older < 1e-3


def test_text_fits_and_files_come_from_a_saved_result(result: Result, tmp_path: Path) -> None:
    again = mfa.open_result(result.save(tmp_path / "out"))
    figure = draw(again, "ages")
    width, height = (72 * v for v in figure.get_size_inches())
    boxes = [(t.get_text(), box(t, figure)) for t in texts(figure)]
    assert any("kg (element mass) per year of age" in t and "end of 2029" in t for t, _ in boxes)
    for text, b in boxes:
        assert min(b.x0, b.y0, width - b.x1, height - b.y1) >= 0, text
    for (a, first), (b, second) in itertools.combinations(boxes, 2):
        assert not first.padded(-0.6).overlaps(second.padded(-0.6)), f"{a!r} over {b!r}"
    (path,) = save_figures(again, tmp_path / "figures", ("svg",))
    assert path.read_bytes() == save_figures(result, tmp_path / "again", ("svg",))[0].read_bytes()


def test_several_years_and_an_empty_selection_are_refused(result: Result) -> None:
    def drawn(**plain: object) -> None:
        figure = {"kind": "ages", "of": "in_use", **plain}
        draw(replace(result, outputs={"figures": {"it": figure}}), "it")

    with pytest.raises(EmptyFigure, match="one year"):
        drawn(at={"year": [2010, 2011]})
    with pytest.raises(ModelError, match="no lifetime"):
        drawn(of="sold")


def test_a_figure_of_ages_is_of_one_cohort_stock() -> None:
    for of in ("sold", [], ["in_use", "sold"]):
        figure = {"figures": {"ages": {"kind": "ages", "of": of}}}
        with pytest.raises(DocumentError) as raised:
            mfa.load({**FLEET, "outputs": figure})
        assert [p.code for p in raised.value.problems] == ["figure-of"]


def test_the_mass_of_long_cohorts_is_spread_over_their_years(result: Result) -> None:
    spec = FigureSpec("it", "ages", of=("in_use",), by="region")
    found = profiled(result, spec, result.quantity("in_use"), unit_of(result, "t"), 2029)
    held = float((found.total * np.diff(found.limits)).sum()) / (1 - found.older)
    assert held == pytest.approx(float(result.stock("in_use").sel(year=2029).sum()), rel=1e-9)
