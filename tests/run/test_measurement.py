"""The next measurement of a scenario, against adding it to the scenario and running again."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

import mfa
from mfa.cli import main
from mfa.errors import InputError, UnknownName
from mfa.run.measurement import target
from mfa.run.trace import trace_of
from tests.build.documents import solved
from tests.run.test_anchors import PARTS

BASE: dict[str, Any] = {
    "mfa": 1,
    "name": "next",
    "dimensions": {"year": {"range": [2020, 2021]}, "element": ["Nd", "Dy"]},
    "processes": {"in": {"kind": "source"}, "p": {}, "q": {}, "out": {"kind": "sink"}},
    "flows": {
        "a": {"from": "in", "to": "p"},
        "b": {"from": "p", "to": "q"},
        "c": {"from": "p", "to": "out"},
        "d": {"from": "q", "to": "out"},
    },
    "observations": {
        "ra": {"of": "a", "data": [[10, 3], [11, 3]], "dims": ["year", "element"], "sd": 1},
        "rb": {"of": "b", "data": [[6, 2], [7, 2]], "dims": ["year", "element"], "sd": 0.6},
        "rc": {"of": "c", "data": [[5, 1], [4, 1]], "dims": ["year", "element"], "sd": 0.8},
    },
    "outputs": {
        "indicators": {
            "ratio": "b[element=Nd] / a[element=Nd]",
            "whole": "sum(a)",
            "by_year": "sum(a, element)",
        }
    },
}


def with_report(of: str, at: dict[str, Any], value: float, sd: float) -> dict[str, Any]:
    document = copy.deepcopy(BASE)
    document["observations"]["new"] = {"of": of, "at": at, "value": value, "sd": sd}
    return document


def propagated(result: mfa.Result, name: str) -> float:
    """The standard deviation of a flow where bounds are ignored."""
    trace = trace_of(result)
    return float(trace.posterior.sd_of(target(result, trace, name, {}).slope)[0])


def test_the_ranking_is_what_running_again_gives() -> None:
    result = mfa.run(BASE)
    at = {"year": 2020, "element": "Nd"}
    table = result.next_measurement("a", at=at, sd=0.5).set_index("measure")
    assert table["sd_after"].is_monotonic_increasing
    assert not any("2021" in m or "Dy]" in m for m in table.index)
    for flow in "abcd":
        row = table.loc[f"{flow}[2020, Nd]"]
        again = mfa.run(with_report(flow, at, row["value"], 0.5))
        assert row["sd_after"] == pytest.approx(float(again.sd("a").sel(at)), rel=1e-9)
        assert row["narrows"] == pytest.approx(1 - row["sd_after"] / float(result.sd("a").sel(at)))


def test_sums_over_elements_can_be_measured_and_asked_for() -> None:
    result = mfa.run(BASE)
    table = result.next_measurement("a[2020]", cv=0.05).set_index("measure")
    row = table.loc["c[2020], sum over element"]
    assert row["assumed"] == pytest.approx(0.05 * row["value"])
    document = with_report("c", {"year": 2020}, row["value"], row["assumed"])
    document["observations"]["new"]["sum"] = ["element"]
    before, after = (propagated(r, "a[2020]") for r in (result, mfa.run(document)))
    assert row["narrows"] == pytest.approx(1 - after / before, rel=1e-9)
    # beside the bound of c the deviation is a smaller one, which is narrowed by the same share
    whole = result.indicators.set_index(["name", "year"]).loc[("by_year", 2020)]
    assert row["sd_after"] == pytest.approx((1 - row["narrows"]) * whole["sd"], rel=1e-9)
    assert whole["sd"] < 0.999 * before


def test_an_indicator_of_one_year() -> None:
    result = mfa.run(BASE)
    with pytest.raises(InputError, match="ratio is 2 numbers"):
        result.next_measurement("ratio")
    table = result.next_measurement("ratio[2021]", sd=0.01).set_index("measure")
    assert {"a[2021, Nd]", "b[2021, Nd]", "c[2021, Nd]"} <= set(table.index)
    row = table.loc["c[2021, Nd]"]
    document = with_report("c", {"year": 2021, "element": "Nd"}, row["value"], 0.01)
    again = mfa.run(document).indicators.set_index(["name", "year"])
    assert row["sd_after"] == pytest.approx(again.loc[("ratio", 2021), "sd"], rel=1e-9)


def test_a_formula_and_a_choice_of_candidates() -> None:
    table = mfa.run(BASE).next_measurement("sum(a - c)", among=["b"])
    assert all(m.startswith("b[") for m in table["measure"])
    assert len(table) == 6


def test_a_free_flow_lists_what_determines_it() -> None:
    table = mfa.run(PARTS).next_measurement("total[2020, AAA]", cv=0.1).set_index("measure")
    assert set(table.index) == {"x[2020, AAA]", "y[2020, AAA]", "z[2020, AAA]"}
    document = copy.deepcopy(PARTS)
    row = table.loc["y[2020, AAA]"]
    place = {"year": 2020, "region": "AAA"}
    document["observations"]["ry"] = {"of": "y", "at": place, "value": row["value"], "sd": row["assumed"]}
    again = mfa.run(document)
    # bounds, which cut off what the equation propagates, have no part in it
    assert row["sd_after"] == pytest.approx(propagated(again, "x[2020, AAA]"), rel=1e-6)


def test_relative_reports_and_shares_agree_to_first_order() -> None:
    transfers = {"plant": {"metal": {"value": 0.25, "sd": 0.01}}}
    result = solved(transfers=transfers)
    place = {"year": 2020, "region": "AAA"}
    row = result.next_measurement("metal", at=place, sd=50).set_index("measure").loc["metal[2020, AAA]"]
    new = {"new": {"of": "metal", "at": place, "value": row["value"], "sd": 50}}
    again = solved(transfers=transfers, observations=new)
    assert row["sd_after"] == pytest.approx(float(again.sd("metal").sel(place)), rel=1e-6)


def test_names_that_are_not_there() -> None:
    result = mfa.run(BASE)
    with pytest.raises(UnknownName, match='did you mean "ratio"'):
        result.next_measurement("ration")
    with pytest.raises(UnknownName, match='no dimension of it has the label "2031"'):
        result.next_measurement("a[2031]")


def test_the_command_line_ranks_them_from_a_saved_result(tmp_path: Path) -> None:
    (tmp_path / "next.yaml").write_text(yaml.safe_dump(BASE), encoding="utf-8")
    run = CliRunner().invoke(main, ["run", str(tmp_path / "next.yaml"), "-q", "-o", str(tmp_path / "out")])
    assert run.exit_code == 0, run.stderr
    arguments = ["explain", "a[2020, Nd]", str(tmp_path / "out"), "--next", "--cv", "5%", "--top", "2"]
    done = CliRunner().invoke(main, arguments)
    sd = float(mfa.run(BASE).sd("a").sel(year=2020, element="Nd"))
    first, _, *rows = done.stdout.splitlines()
    assert first == f"a[2020, Nd]: 10.5 +- {sd:.3g}; measured with a cv of 0.05, in t:"
    assert len(rows) == 2
    wrong = CliRunner().invoke(main, [*arguments[:-4], "--cv", "much"])
    assert wrong.exit_code == 2
    assert "--cv takes a share" in wrong.stderr


def test_nothing_to_narrow() -> None:
    document = copy.deepcopy(BASE)
    document["observations"] = {
        "ra": {"of": "a", "value": 4, "sd": 0},
        "rb": {"of": "b", "value": 1, "sd": 0},
    }
    table = mfa.run(document).next_measurement("a", at={"year": 2020})
    assert table.empty
    assert np.isclose(table.attrs["value"], 8)
