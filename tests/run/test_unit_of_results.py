"""`units: {mass: Mt}`: results are in Mt, what states a unit keeps its own, what states none is in Mt."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats

import mfa
from mfa.cli import main
from mfa.errors import ModelError
from mfa.figures import caption, draw
from mfa.report.sections import sections
from mfa.run.compare import compare
from mfa.run.mirror import mirror_gaps
from mfa.run.result import Result
from tests.build.documents import merged

MINE: dict[str, Any] = {
    "mfa": 1,
    "name": "mine",
    "dimensions": {"year": [2020, 2021], "region": ["AAA", "BBB"], "element": ["Nd", "Fe"]},
    "processes": {
        "mine": {"kind": "source"},
        "market": {"kind": "market", "statistical_difference": {"sd": 20, "unit": "t"}},
        "use": {"kind": "stock"},
        "tip": {"kind": "sink"},
        "dump": {"kind": "sink"},
    },
    "flows": {
        "ore": {"from": "mine", "to": "market", "commodity": "ore"},
        "goods": {"from": "market", "to": "use"},
        "gone": {"from": "use", "to": "tip"},
        "lost": {"from": "use", "to": "dump"},
    },
    "trade": {"moved": {"at": "market"}},
    "compositions": {"ore": {"data": {"Nd": 0.3, "Fe": 0.7}, "dims": "element", "sd": 0.05}},
    "stocks": {
        "in_use": {"at": "use", "initial": {"value": 1000, "unit": "t"}},
        "ground": {
            "at": "mine", "kind": "reserve", "initial": {"value": 9, "cv": "10%", "unit": "kt"},
            "additions": {"value": 30, "sd": 5, "unit": "t"},
        },
    },
    "observations": {
        "dug": {"of": "ore", "value": 400, "cv": "10%", "sum": "element", "unit": "t"},
        "dug_too": {"of": "ore", "value": 500, "cv": "10%", "sum": "element", "unit": "t"},
        "made": {"of": "goods", "value": 0.6, "cv": "5%", "sum": "element", "unit": "kt"},
        "level": {"of": "in_use", "value": 1.3, "sd": 0.1, "sum": "element", "unit": "kt"},
        "sent": {"of": "moved", "at": {"exporter": "AAA", "importer": "BBB"}, "value": 30, "cv": "10%",
                 "sum": "element", "unit": "t", "reported_by": "exporter"},
        "got": {"of": "moved", "at": {"exporter": "AAA", "importer": "BBB"}, "value": 90, "cv": "10%",
                "sum": "element", "unit": "t", "reported_by": "importer"},
    },
    "constraints": {"cap": {"of": "gone", "at": {"element": "Fe"}, "max": {"value": 40, "unit": "t"}}},
    "outputs": {
        "indicators": {"per_ore": "gone / ore", "dug": "sum(ore, year)"},
        "figures": {"flows": {"kind": "area", "of": ["ore"]}},
    },
}  # fmt: skip
MASS = ["value", "sd", "low", "high", "inflow", "outflow", "stock_change", "difference", "throughput"]


@cache
def solved(mass: str) -> Result:
    return mfa.run(mfa.load(merged(MINE, {"units": {"mass": mass}})))


def alike(kt: pd.DataFrame, t: pd.DataFrame, masses: list[str]) -> None:
    """Two tables that differ by the factor of 1000 of their masses alone, whatever the order of rows."""
    tables = [x.drop(columns="unit", errors="ignore") for x in (kt, t)]
    numbers = [c for c in tables[0].columns if pd.api.types.is_float_dtype(tables[0][c]) and c != "relative"]
    words = [c for c in tables[0].columns if c not in (*numbers, "relative")]
    one, other = (x.sort_values(words, kind="stable") for x in tables)
    assert one[words].astype(str).to_numpy().tolist() == other[words].astype(str).to_numpy().tolist()
    by = np.array([1000.0 if c in masses else 1.0 for c in numbers])
    np.testing.assert_allclose(one[numbers].to_numpy(float) * by, other[numbers], rtol=1e-6, atol=1e-6)


def test_flows_and_stocks_are_in_the_unit_of_results() -> None:
    kt, t = solved("kt"), solved("t")
    assert kt.flow("ore").attrs["unit"] == "kt/year"
    assert kt.stock("in_use").attrs["unit"] == "kt"
    for name in t.quantities:
        np.testing.assert_allclose(kt.flow(name), t.flow(name) / 1000, rtol=1e-9)
        np.testing.assert_allclose(kt.sd(name), t.sd(name) / 1000, rtol=1e-6)


def test_reports_keep_their_units_and_other_tables_do_not() -> None:
    kt, t = solved("kt"), solved("t")
    assert kt.observations["unit"].tolist() == t.observations["unit"].tolist()
    alike(kt.observations, t.observations, [])
    own = kt.parameters["name"].isin(["market.statistical_difference", "ground.additions"])
    assert kt.parameters["unit"].where(own).dropna().unique().tolist() == ["kt"]
    stated = ["value", "sigma", "adjusted", "adjusted_sd", "mean", "low", "high", "residual"]
    alike(kt.parameters[own], t.parameters[own], stated)
    alike(kt.parameters[~own], t.parameters[~own], [])
    assert kt.balances["unit"].unique().tolist() == kt.free["unit"].unique().tolist() == ["kt"]
    alike(kt.balances, t.balances, MASS)
    alike(kt.free, t.free, MASS)
    errors = [r.gross_errors[r.gross_errors["unit"] == "t"] for r in (kt, t)]
    found = errors[1]["name"].isin(errors[0]["name"])
    assert found.any()
    alike(errors[0], errors[1][found], [])
    leaks = [r.search_gross_errors(leaks=True).query("kind != 'bias'") for r in (kt, t)]
    alike(*leaks, ["size", "sd"])


def test_formulas_and_draws_see_the_unit_of_results() -> None:
    kt, t = solved("kt"), solved("t")
    for name, factor in (("dug", 1000), ("per_ore", 1)):
        both = [r.indicators.set_index("name").loc[name, ["value", "sd"]].to_numpy(float) for r in (kt, t)]
        np.testing.assert_allclose(both[0] * factor, both[1], rtol=1e-6)
    draws = [r.draws(5).values("ore") for r in (kt, t)]
    np.testing.assert_allclose(draws[0] * 1000, draws[1], rtol=1e-6)
    for given in ({}, {"cv": 0.05}):
        new = [r.next_measurement("in_use", at={"year": 2021}, **given) for r in (kt, t)]
        alike(*new, ["value", "sd", "assumed", "sd_after"])
    sized = [r.next_measurement("in_use", at={"year": 2021}, sd=sd) for r, sd in ((kt, 0.005), (t, 5.0))]
    alike(*sized, ["value", "sd", "assumed", "sd_after"])


@pytest.mark.parametrize(
    "name", ["balance of use[2021, AAA, Nd]", "constraints.cap.max[2020, AAA]", "dug[2020, AAA]"]
)
def test_explanations_are_in_the_unit_of_results(name: str) -> None:
    kt, t = (solved(mass).explain(name)[0] for mass in ("kt", "t"))
    factor = 1 if kt.kind == "a report" else 1000
    assert [(a.name, a.coefficient) for a in kt.terms] == [(b.name, b.coefficient) for b in t.terms]
    np.testing.assert_allclose([a.value * 1000 for a in kt.terms], [b.value for b in t.terms], rtol=1e-7)
    assert kt.right * 1000 == pytest.approx(t.right)
    for key, number in t.numbers.items():
        by = {"multiplier": 1000, "residual": 1 / factor, "room": 1 / factor}.get(key, 1)
        assert kt.numbers[key] == pytest.approx(number * by, rel=1e-6, abs=1e-7)
    assert factor == 1 or " kt" in str(kt)


def test_a_share_is_no_mass() -> None:
    for mass in ("kt", "t"):
        (found,) = solved(mass).explain("compositions.ore[Nd]")
        assert found.numbers["value"] == pytest.approx(0.3, abs=0.05)


def test_figures_and_report_are_in_the_unit_of_results() -> None:
    kt, t = solved("kt"), solved("t")
    axes = [draw(r, "flows").axes[0] for r in (kt, t)]
    assert "kt" in " ".join(x.get_text() for x in axes[0].figure.findobj(lambda a: hasattr(a, "get_text")))
    assert axes[0].get_ylim()[1] * 1000 == pytest.approx(axes[1].get_ylim()[1])
    assert caption(kt, "flows")
    gaps = mirror_gaps(kt.observations, kt.mass_unit)
    assert gaps["unit"].unique().tolist() == ["kt"]
    assert gaps.loc[0, "importer_value"] == pytest.approx(0.09)
    shown = {s.anchor: s for s in sections(kt)}
    for part, unit in (("balances", "kt"), ("free", "kt"), ("differences", "kt/year")):
        grid = shown[part].grids[0]
        assert {row[grid.columns.index("unit")] for row in grid.rows} == {unit}
    assert len(shown["differences"].grids[0].rows) == len(
        {s.anchor: s for s in sections(t)}["differences"].grids[0].rows
    )


def test_a_saved_result_keeps_its_unit_and_is_compared_in_one(tmp_path: Path) -> None:
    folders = [str(solved(mass).save(tmp_path / mass)) for mass in ("kt", "t")]
    again = mfa.open_result(folders[0])
    assert again.mass_unit == "kt"
    assert str(again.explain("balance of use[2021, AAA, Nd]")[0]) == str(
        solved("kt").explain("balance of use[2021, AAA, Nd]")[0]
    )
    units = pd.read_csv(tmp_path / "kt/flows.csv")["unit"].unique().tolist()
    assert units == ["kt/year"]
    assert compare(again, solved("t"))["in_sd"].abs().max() < 1e-6
    same = solved("kt").quantities
    tonnes = {
        n: replace(q, value=q.value * 1000, sd=q.sd * 1000, unit=q.unit.removeprefix("k"))
        for n, q in same.items()
    }
    assert (compare(again, replace(again, quantities=tonnes))["change"] == 0).all()
    said = CliRunner().invoke(main, ["explain", "in_use[2021, AAA, Nd]", folders[0], "--next"])
    assert "in kt:" in said.output, said.output


@pytest.mark.parametrize("question", ["reconcile", "simulate"])
def test_numbers_without_a_unit_are_in_that_of_results(question: str) -> None:
    document: dict[str, Any] = {
        "mfa": 1,
        "dimensions": {"year": [2020, 2021]},
        "units": {"mass": "Mt"},
        "processes": {"mine": {"kind": "source"}, "use": {"kind": "stock"}, "tip": {"kind": "sink"}},
        "flows": {"ore": {"from": "mine", "to": "use"}, "gone": {"from": "use", "to": "tip"}},
        "stocks": {
            "in_use": {"at": "use", "initial": 7},
            "ground": {"at": "mine", "kind": "reserve", "initial": 100, "additions": 2},
        },
        "solve": {"question": question},
    }
    numbers = {"dug": {"of": "ore", "value": 4}, "left": {"of": "gone", "value": 1}}
    if question == "simulate":
        document["drivers"] = numbers
    else:
        document["observations"] = {n: {**o, "sd": 0.5} for n, o in numbers.items()}
        document["constraints"] = {"cap": {"of": "ore", "max": 3}}
    result = mfa.run(mfa.load(document))
    dug = 4.0 if question == "simulate" else 3.0
    np.testing.assert_allclose(result.flow("ore"), dug)
    np.testing.assert_allclose(result.stock("in_use"), [7 + dug - 1, 7 + 2 * (dug - 1)])
    np.testing.assert_allclose(result.stock("ground"), [100 - dug + 2, 100 - 2 * dug + 4])
    assert result.flow("ore").attrs["unit"] == "Mt/year"
    if question == "reconcile":
        # a report of 1 +- 0.5, cut off at 0
        assert float(result.sd("gone")[0]) == pytest.approx(stats.truncnorm(-2, np.inf, 1, 0.5).std())


def test_what_would_be_negative_is_said_in_the_unit_of_results() -> None:
    document = {
        "mfa": 1,
        "units": {"mass": "kt"},
        "processes": {"a": {"kind": "source"}, "p": {}, "b": {"kind": "sink"}},
        "flows": {
            "x": {"from": "a", "to": "p"},
            "y": {"from": "p", "to": "b"},
            "z": {"from": "p", "to": "b"},
        },
        "solve": {"question": "simulate"},
        "drivers": {"in": {"of": "x", "value": 1}, "out": {"of": "y", "value": 3}},
    }
    with pytest.raises(ModelError, match="would have to be -2 kt"):
        mfa.run(mfa.load(document))
