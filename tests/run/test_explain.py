"""Names as messages and tables write them, and what is said of each: rows, reports, limits, flows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mfa
from mfa.errors import MissingFile, UnknownName
from mfa.run.explain import Explanation
from mfa.run.lookup import spelt
from mfa.run.result import Result
from mfa.run.store import open_result
from mfa.run.trace import FILE, trace_of
from mfa.solve.reconcile import reconcile
from tests.build.documents import solved

SECOND = {
    "dug": {"of": "ore", "value": 8, "cv": 0.1, "unit": "kt"},
    "sold": {"of": "metal", "at": {"region": "AAA"}, "value": 2.5, "sd": 0.2, "unit": "kt", "source": "s"},
}
ROW = "share of metal in plant[2020, AAA]"
SOURCES = {"s": {"title": "Sales"}}


def checked(**changes: object) -> Result:
    return solved(observations=SECOND, sources=SOURCES, **changes)


def one(result: Result, name: str) -> Explanation:
    (found,) = result.explain(name)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "balance of plant[2020, AAA]",
        "balance of plant[AAA, 2020]",
        "balance of plant[2020] AAA",
        "plant,2020,AAA",
        "plant[2020, AAA]",
    ],
)
def test_a_balance_is_found_under_every_spelling(name: str) -> None:
    found = one(checked(), name)
    assert found.name == "balance of plant[2020, AAA]"
    assert [(t.coefficient, t.name) for t in found.terms] == [
        (1.0, "ore[2020, AAA]"),
        (-1.0, "metal[2020, AAA]"),
        (-1.0, "slag[2020, AAA]"),
    ]
    assert sum(t.coefficient * t.value for t in found.terms) == pytest.approx(found.right, abs=1e-9)


def test_terms_have_the_numbers_of_the_tables() -> None:
    result = checked()
    ore = one(result, "plant[2020, AAA]").terms[0]
    place = {"year": 2020, "region": "AAA"}
    assert ore.value == float(result.flow("ore").sel(place))
    assert ore.sd == float(result.sd("ore").sel(place))


def test_a_multiplier_is_the_slope_of_half_chi_square() -> None:
    result = checked()
    trace = trace_of(result)
    problem = trace.problem
    k = next(k for k in range(len(problem.exact)) if problem.exact.name(k) == ROW)

    def half(right: float) -> float:
        rhs = problem.exact.rhs.copy()
        rhs[k] = right
        fixed = replace(problem.observed, sd=trace.solution.sigma, cv=np.zeros(len(problem.observed)))
        return reconcile(replace(problem, exact=replace(problem.exact, rhs=rhs), observed=fixed)).chi2 / 2

    slope = (half(1.0) - half(-1.0)) / 2
    said = one(result, ROW).numbers["multiplier"]
    assert slope != 0
    assert said == pytest.approx(slope, rel=1e-4)


def test_a_report_says_what_its_table_says_and_with_what_it_is_checked() -> None:
    result = checked()
    found = one(result, "sold[2020]")
    row = result.observations.query("name == 'sold' and year == 2020").iloc[0]
    for key in ("value", "sigma", "adjusted", "adjusted_sd", "z", "leverage"):
        assert found.numbers[key] == pytest.approx(row[key], rel=1e-9), key
    assert found.numbers["shift"] == pytest.approx(-row["residual"] / row["sigma"])
    lines = [text for _, text in found.lines]
    assert "balance of plant[2020, AAA]" in lines
    assert any(t.startswith("dug[2020, AAA] (scenario, as stated): 8 +- ") for t in lines)
    assert not any("BBB" in t or t.startswith("sold") for t in lines)


def test_a_limit_says_its_room_or_its_price() -> None:
    caps = {"cap": {"of": "ore", "at": {"region": "AAA"}, "max": {"value": 7, "unit": "kt"}}}
    floor = {"least": {"of": "ore", "at": {"region": "BBB"}, "min": {"value": 1, "unit": "kt"}}}
    result = checked(constraints={**caps, **floor})
    cap = one(result, "cap[2020]")
    assert (cap.sign, cap.right) == ("<=", 7000)
    assert cap.numbers["room"] == pytest.approx(0, abs=1e-6)
    assert cap.numbers["multiplier"] < 0
    least = one(result, "constraints.least.min[2021]")
    assert (least.sign, least.right) == (">=", 1000)
    assert least.numbers["room"] == pytest.approx(7000, rel=1e-6)
    assert ("room", "7,000 t") in least.lines


def test_a_flow_names_its_reports_and_rows() -> None:
    lines = [text for _, text in one(checked(), "metal[2021, AAA]").lines]
    assert any(t.startswith("sold[2021] (s, as stated)") for t in lines)
    assert "balance of plant[2021, AAA]" in lines


def test_a_parameter_is_explained_once_with_the_rows_it_enters() -> None:
    result = checked(transfers={"plant": {"metal": {"value": 0.25, "sd": 0.01}}})
    found = one(result, "transfers.plant.metal")
    assert found.kind == "a report"
    assert found.numbers["value"] == 0.25
    assert any("metal" in text and "2020" in text for key, text in found.lines if "z" not in key)


def test_names_that_nothing_has_get_near_ones() -> None:
    result = checked()
    with pytest.raises(UnknownName, match=r'did you mean "balance of plant\[2020, AAA\]"'):
        result.explain("balance of plnt[2020, AAA]")
    with pytest.raises(UnknownName, match=r"near it are metal\[2020, AAA\]"):
        result.explain("metal[2031, AAA]")
    with pytest.raises(UnknownName, match=r"means 9 different things"):
        result.explain("metal")


def test_a_saved_result_explains_itself_without_its_data(tmp_path: Path) -> None:
    result = checked()
    again = open_result(result.save(tmp_path / "out"))
    for name in ("plant[2020, AAA]", "sold[2020]", "metal[2021, AAA]"):
        assert one(again, name) == one(result, name)
    copy = open_result(again.save(tmp_path / "copy"))
    assert one(copy, "sold[2020]") == one(result, "sold[2020]")
    assert (tmp_path / "copy" / FILE).read_bytes() == (tmp_path / "out" / FILE).read_bytes()
    (tmp_path / "out" / FILE).unlink()
    with pytest.raises(MissingFile, match="run the scenario again"):
        open_result(tmp_path / "out").explain("metal[2021, AAA]")


def test_saved_rows_carry_the_same_standard_deviations(tmp_path: Path) -> None:
    result = checked(transfers={"plant": {"metal": {"value": 0.25, "sd": 0.01}}})
    again = trace_of(open_result(result.save(tmp_path / "out")))
    np.testing.assert_allclose(again.posterior.sd_q, result.state.posterior.sd_q, rtol=1e-9)
    np.testing.assert_allclose(again.posterior.leverage, result.state.posterior.leverage, atol=1e-12)


def test_what_is_at_a_bound_says_what_that_costs() -> None:
    document = {
        "mfa": 1,
        "processes": {"a": {"kind": "source"}, "p": {}, "b": {"kind": "sink"}},
        "flows": {
            "x": {"from": "a", "to": "p"},
            "y": {"from": "p", "to": "b"},
            "w": {"from": "p", "to": "b"},
        },
        "observations": {"rx": {"of": "x", "value": 10, "sd": 1}, "ry": {"of": "y", "value": 12, "sd": 1}},
    }
    text = str(mfa.run(document).explain("w")[0])
    assert "w ends at its bound of 0: half the chi-square changes by +1 as it rises by 1" in text


def test_spellings() -> None:
    assert spelt("r[1, a] (src, ed 2)").origin == "(src, ed 2)"
    assert spelt("r[1, a] exactly").head == "r exactly"
    assert spelt("share of a in b[1]") == spelt("share of a in b [ 1 ]")


def test_an_indicator_has_its_formula_and_values() -> None:
    result = solved(outputs={"indicators": {"yield": "metal / ore", "all": "sum(ore)"}})
    (whole,) = result.explain("all")
    assert ("formula", "sum(ore)") in whole.lines
    assert "72,000 +- " in str(whole)
    (some,) = result.explain("yield[2020, AAA]")
    assert [text for key, text in some.lines if key == "value"] == ["2020, AAA: 0.25"]
    assert "and 6 more" not in str(some)
    with pytest.raises(UnknownName):
        result.explain("yield[2019]")
