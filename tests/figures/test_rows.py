"""Adjustments and mirror gaps as rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfa.figures.residuals import chosen, draw, matching
from mfa.figures.rows import Mark, Row, is_wide
from mfa.figures.spec import FigureSpec
from mfa.figures.text import number, with_sd
from mfa.run.result import Result


def test_the_largest_z_come_first_and_what_does_not_count_only_when_asked_for(world: Result) -> None:
    every = chosen(world, FigureSpec("it", "adjustments", top=3))
    assert every["z"].abs().is_monotonic_decreasing
    assert list(every["standing"].unique()) == ["counted"]
    named = matching(world, FigureSpec("it", "adjustments", of=("production",)))
    assert set(named["standing"]) == {"counted", "superseded"}
    assert "oxides.statistical_difference" not in set(
        matching(world, FigureSpec("it", "adjustments"))["name"]
    )


def test_a_quantity_selects_its_observations(world: Result) -> None:
    spec = FigureSpec("it", "adjustments", of=("ore_trade",), at={"year": (2019,), "exporter": ("USA",)})
    assert set(matching(world, spec)["name"]) == {"us_exports", "china_ores"}


def test_superseded_rows_are_hollow_and_flags_coloured(world: Result) -> None:
    spec = FigureSpec("it", "adjustments", of=("production",), at={"year": (2021,), "region": ("USA",)})
    axes = draw(world, spec).axes[0]
    faces = {str(line.get_markerfacecolor()) for line in axes.lines if line.get_marker() == "o"}
    assert faces == {"#ffffff", "#c1272d"}


def test_a_report_of_zero_is_drawn_at_the_edge(world: Result) -> None:
    table = world.observations.copy()
    table.loc[0, ["value", "adjusted"]] = [0.0, 140000.0]
    table.loc[1, "adjusted"] = 900000.0
    spec = FigureSpec("it", "adjustments", of=("production",), at={"year": (2019,)})
    axes = draw(replace(world, observations=table), spec).axes[0]
    assert axes.get_xscale() == "log"
    assert [line for line in axes.lines if line.get_marker() == "<"]


@pytest.mark.parametrize(("values", "wide"), [((1.0, 2.0), False), ((1.0, 20.0), True), ((0.0, 5.0), False)])
def test_large_spans_are_logarithmic(values: tuple[float, float], wide: bool) -> None:
    rows = [Row("", "", "", "", tuple(Mark(v, 0.1, "k") for v in values))]
    assert is_wide(rows) == wide


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (number(0.0), "0"),
        (number(99999), "100,000"),
        (number(-0.00012345), "−0.000123"),
        (number(float("inf")), "infinite"),
        (with_sd(1234.5, 0.0), "1,230"),
        (with_sd(1e6, 3e4), "1,000,000 ± 30,000"),
        (with_sd(3e-7, 1.2e-8), "3×10⁻⁷ ± 1.2×10⁻⁸"),
    ],
)
def test_numbers_as_text(text: str, wanted: str) -> None:
    assert text == wanted
