"""Stacked areas: bands, others, gaps, the total's deviation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mfa.figures import draw, series
from mfa.figures.select import unit_of
from mfa.figures.series import Band, Stack, stacked
from mfa.figures.spec import FigureSpec
from mfa.figures.style import look
from mfa.run.result import Result


def test_bands_sum_to_the_flow_and_are_sorted(world: Result) -> None:
    spec = FigureSpec("it", "area", of=("mined",), by="region", unit="kt")
    found = stacked(world, spec, [world.quantity("mined")], unit_of(world, "kt"))
    assert [b.title for b in found.bands] == ["China", "United States", "Rest of world"]
    assert found.total * 1000 == pytest.approx(world.flow("mined").sum(["region", "element"]).to_numpy())
    # a result made by hand has no covariances
    variance = (world.sd("mined") ** 2).sum(["region", "element"])
    assert found.sd * 1000 == pytest.approx(np.sqrt(variance).to_numpy())


def test_the_smallest_become_others(world: Result) -> None:
    spec = FigureSpec("it", "area", of=("mined",), by="element", top=2)
    found = stacked(world, spec, [world.quantity("mined")], unit_of(world, "t"))
    assert [b.title for b in found.bands] == ["La", "Nd", "Others (2)"]
    assert found.total == pytest.approx(world.flow("mined").sum(["region", "element"]).to_numpy())


def test_a_label_without_a_cell_is_zero_that_year(world: Result) -> None:
    q = world.quantity("ore_trade")
    keep = ~((q.labels["year"] == 2020) & (q.labels["exporter"] == "USA"))
    labels = {a: x[keep] for a, x in q.labels.items()}
    cut = replace(q, labels=labels, value=q.value[keep], sd=q.sd[keep], status=q.status[keep])
    changed = replace(world, quantities={**world.quantities, "ore_trade": cut})
    spec = FigureSpec("it", "area", of=("ore_trade",), by="exporter")
    found = stacked(changed, spec, [cut], unit_of(world, "t"))
    assert {b.title: b.value[1] for b in found.bands}["United States"] == 0


def test_a_free_part_leaves_the_deviation_of_the_total_open(world: Result) -> None:
    q = world.quantity("mined")
    sd = q.sd.copy()
    sd[0, 0] = np.nan
    free = replace(q, sd=sd)
    changed = replace(world, quantities={**world.quantities, "mined": free})
    spec = FigureSpec("it", "area", of=("mined",))
    found = stacked(changed, spec, [free], unit_of(world, "t"))
    assert np.isnan(found.sd[0])
    assert np.isfinite(found.sd[1:]).all()


def test_the_legend_is_in_the_order_of_the_stack(world: Result) -> None:
    legend = draw(world, "mine_production").axes[0].get_legend()
    assert legend is not None
    shown = [t.get_text() for t in legend.get_texts()]
    assert shown[-3:] == ["Rest of world", "United States", "China"]
    assert legend.get_window_extent().x0 > draw(world, "mine_production").axes[0].get_window_extent().x1


def test_a_total_that_is_certain_has_no_band() -> None:
    bands = (Band("a", look(0), np.array([1.0, 2.0])),)
    for sd, told in (
        (np.zeros(2), ["Total", "a"]),
        (np.array([np.nan, np.nan]), ["Total", "a"]),
        (np.array([np.nan, 1.0]), ["Total \N{PLUS-MINUS SIGN} 1 sd", "Total", "a"]),
        (np.ones(2), ["Total \N{PLUS-MINUS SIGN} 1 sd", "Total", "a"]),
    ):
        figure = series._drawn(Stack((2000, 2001), bands, sd), ("title", "words", ""), "kt", "year")
        legend = figure.axes[0].get_legend()
        assert legend is not None
        assert [t.get_text() for t in legend.get_texts()] == told
