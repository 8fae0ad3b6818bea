"""Observations as rows: bounds, exact numbers, labels they apply to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

import mfa
from mfa.errors import InputError
from mfa.run.result import Result
from tests.build.documents import CHAIN, merged, solved

ONE_CELL = {"dimensions": {"year": {"range": [2020, 2020]}, "region": {"labels": ["AAA"]}}}


def table(folder: Path, text: str) -> dict[str, object]:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return {"dug": {"of": "ore", "table": str(folder / "t.csv"), "unit": "t", "cv": 0.1, "value": None}}


def test_one_number_holds_at_every_label_where_its_target_exists() -> None:
    result = solved(processes={"plant": {"where": {"region": ["AAA", "CCC"]}}})
    seen = result.observations
    assert sorted(zip(seen["year"], seen["region"], strict=True)) == [
        (y, r) for y in (2020, 2021, 2022) for r in ("AAA", "CCC")
    ]
    assert seen["standing"].unique().tolist() == ["counted"]
    ore = result.flow("ore").sel(region=["AAA", "CCC"])
    np.testing.assert_allclose(ore, 8000.0)
    np.testing.assert_allclose(result.flow("metal").sel(region="CCC"), 2000.0)
    assert (seen["value"] == 8).all()
    assert (seen["unit"] == "kt").all()


def test_several_labels_of_a_dimension_that_is_not_summed_are_rows_of_their_own() -> None:
    dug = {"dug": {"at": {"region": ["AAA", "CCC"]}}}
    wide = {"all": {"of": "ore", "sum": ["region"], "value": 30, "cv": 0.1, "unit": "kt"}}
    result = solved(observations=dug | wide)
    seen = result.observations.query("name == 'dug'")
    assert sorted(seen["region"].unique()) == ["AAA", "CCC"]
    assert len(seen) == 6
    np.testing.assert_allclose(result.flow("ore").sel(region="BBB"), 14000.0, rtol=1e-6)


def test_table_rows_outside_at_do_not_count(tmp_path: Path) -> None:
    text = "year,region,value\n" + "".join(f"{y},{r},5\n" for y in (2020, 2021, 2022) for r in ("AAA", "BBB"))
    dug = table(tmp_path, text)
    dug["dug"]["at"] = {"region": ["AAA", "CCC"]}  # type: ignore[index]
    seen = solved(observations=dug).observations
    assert seen["region"].unique().tolist() == ["AAA"]


def test_a_bound_without_an_error_is_a_limit_row(tmp_path: Path) -> None:
    text = "year,region,value,cv\n2020,AAA,>90,0\n2020,BBB,<20,0\n2021,AAA,70,\n"
    dug = table(tmp_path, text)
    metal = {"sold": {"of": "metal", "at": {"year": 2020}, "value": 10, "sd": 1, "unit": "t"}}
    result = solved(observations=dug | metal)
    seen = result.observations.query("name == 'dug'").set_index(["year", "region"])
    assert seen["standing"].to_dict() == {
        (2020, "AAA"): "limit",
        (2020, "BBB"): "limit",
        (2021, "AAA"): "counted",
    }
    assert seen.loc[(2020, "AAA"), "flag"] == "limit"
    assert np.isfinite(seen[["value", "adjusted"]].to_numpy(float)).all()
    ore = result.flow("ore").sel(year=2020)
    assert float(ore.sel(region="AAA")) == pytest.approx(90, rel=1e-9)
    assert float(ore.sel(region="BBB")) == pytest.approx(20, rel=1e-9)
    assert float(ore.sel(region="CCC")) == pytest.approx(40, rel=1e-6)


def test_a_row_given_as_an_interval_has_the_uncertainty_of_its_width(tmp_path: Path) -> None:
    dug = table(tmp_path, "year,region,value\n2020,AAA,10-20\n")
    del dug["dug"]["cv"]  # type: ignore[attr-defined]
    dug["dug"]["sd"] = 0  # type: ignore[index]
    row = solved(observations={"dug": None, "span": dug["dug"]}, **ONE_CELL).observations.iloc[0]
    assert (row["value"], row["standing"]) == (15, "counted")
    assert row["sigma"] == pytest.approx(10 / np.sqrt(12))


def test_an_interval_stated_for_a_number_is_uniform() -> None:
    dug = {"dug": {"of": "ore", "value": 8, "interval": [7, 9], "unit": "kt", "cv": None}}
    seen = solved(observations=dug).observations
    np.testing.assert_allclose(seen["sigma"], 2 / np.sqrt(12), rtol=1e-9)


def bounded(stated: dict[str, object], sold: float = 40.0) -> Result:
    """One plant: what it dug is only bounded, what left it was reported twice."""
    return mfa.run(
        mfa.load(
            {
                "mfa": 1,
                "processes": {"mine": {"kind": "source"}, "plant": {}, "use": {"kind": "sink"}},
                "flows": {"ore": {"from": "mine", "to": "plant"}, "metal": {"from": "plant", "to": "use"}},
                "observations": {
                    "dug": {"of": "ore", **stated},
                    "sold": {"of": "metal", "value": sold, "sd": 3},
                    "counted": {"of": "metal", "value": sold + 2, "sd": 3},
                },
            }
        )
    )


def test_a_bound_with_an_error_pulls_only_when_it_is_passed() -> None:
    plain = 41.0
    for stated in (
        {"interval": [50, None], "sd": 4},
        {"value": ">50", "sd": 4},
        {"value": ">50 t", "cv": "8%"},
    ):
        result = bounded(stated)
        wanted = (2 * plain / 9 + 50 / 16) / (2 / 9 + 1 / 16)
        assert float(result.flow("ore")) == pytest.approx(wanted, rel=1e-12)
        # the truth may lie anywhere beyond what is reported with an error: the posterior by quadrature
        x = np.linspace(20, 70, 20001)
        weight = norm.pdf(x, plain, 4.5**0.5) * norm.cdf((x - 50) / 4)
        mean = np.average(x, weights=weight)
        assert float(result.mean("ore")) == pytest.approx(mean, rel=1e-3)
        sd = np.average((x - mean) ** 2, weights=weight) ** 0.5
        assert float(result.sd("ore")) == pytest.approx(sd, rel=1e-3)
        row = result.observations.set_index("name").loc["dug"]
        assert (row["value"], row["sigma"], row["standing"], row["flag"]) == (50, 4, "counted", "")
        assert row["adjusted"] == pytest.approx(wanted)
        assert row["residual"] == pytest.approx(50 - wanted)
        assert row["leverage"] == pytest.approx(1 - 1 / 16 / (2 / 9 + 1 / 16))
        assert result.facts["degrees_of_freedom"] == pytest.approx(2.0)
    met = bounded({"value": ">35", "sd": 4})
    assert float(met.flow("ore")) == pytest.approx(plain, rel=1e-12)
    assert float(met.sd("ore")) == pytest.approx(2.056175149, rel=1e-6)  # a little less than 3 / sqrt(2)
    row = met.observations.set_index("name").loc["dug"]
    np.testing.assert_allclose(row[["residual", "z", "leverage"]].astype(float), 0.0, atol=1e-12)
    assert row["flag"] == "unchecked"
    assert met.facts["degrees_of_freedom"] == pytest.approx(1.0)
    assert met.facts["observations_counted"] == 3
    assert met.facts["observations_kept_aside"] == 0


def test_the_upper_end_and_both_ends_of_a_soft_interval() -> None:
    low = bounded({"value": "<30", "sd": 4})
    wanted = (2 * 41 / 9 + 30 / 16) / (2 / 9 + 1 / 16)
    assert float(low.flow("ore")) == pytest.approx(wanted, rel=1e-12)
    for span, ore in (
        ([20, 30], wanted),
        ([30, 50], 41.0),
        ([50, 60], (82 / 9 + 50 / 16) / (2 / 9 + 1 / 16)),
    ):
        assert float(bounded({"interval": span, "sd": 4}).flow("ore")) == pytest.approx(ore, rel=1e-12)


def test_a_bound_without_an_error_holds() -> None:
    result = bounded({"value": ">50"})
    assert float(result.flow("ore")) == pytest.approx(50, rel=1e-9)
    assert result.observations.set_index("name").loc["dug", "flag"] == "limit"
    within = bounded({"interval": [10, 30]})
    assert float(within.flow("ore")) == pytest.approx(30, rel=1e-9)


def test_only_a_bound_is_known_of_a_flow_and_is_its_interval() -> None:
    document = {
        "mfa": 1,
        "processes": {"mine": {"kind": "source"}, "plant": {}, "use": {"kind": "sink"}},
        "flows": {"ore": {"from": "mine", "to": "plant"}, "metal": {"from": "plant", "to": "use"}},
        "observations": {"dug": {"of": "ore", "interval": [10, 20], "sd": 1}},
    }
    free = mfa.run(mfa.load(document)).free.set_index("name")
    assert free.loc["ore", ["low", "high"]].tolist() == pytest.approx([10, 20])


def test_a_range_and_a_round_number_are_uniform() -> None:
    for text, value, width in (("35-45", 40, 10), ("~40 t", 40, 10), ("0.03-0.05 kt", 40, 20)):
        row = bounded({"value": text}).observations.set_index("name").loc["dug"]
        shown = row["value"] * (1000 if "kt" in text else 1)
        sigma = row["sigma"] * (1000 if "kt" in text else 1)
        assert (shown, sigma) == (pytest.approx(value), pytest.approx(width / np.sqrt(12)))


def test_negative_figures_have_no_lognormal_errors(tmp_path: Path) -> None:
    dug = table(tmp_path, "year,region,value\n2020,AAA,-3\n")
    del dug["dug"]["cv"]  # type: ignore[attr-defined]
    dug["dug"]["factor"] = 1.3  # type: ignore[index]
    with pytest.raises(InputError, match="cannot be negative: -3") as caught:
        solved(observations={"dug": None, "less": dug["dug"]}, **ONE_CELL)
    assert str(caught.value.problems[0].where).endswith("t.csv:2")


def test_bounds_of_a_table_that_states_errors_are_soft(tmp_path: Path) -> None:
    dug = table(tmp_path, "year,region,value\n2020,AAA,>90\n")
    sold = {"sold": {"of": "ore", "value": 80, "sd": 9, "unit": "t"}}
    result = solved(observations=dug | sold, **ONE_CELL)
    assert float(result.flow("ore").squeeze()) == pytest.approx(85, rel=1e-9)
    assert result.observations["standing"].tolist() == ["counted", "counted"]


def test_an_exact_report_holds_and_is_shown_as_exact() -> None:
    result = solved(observations={"dug": {"sd": 0, "cv": None}})
    assert result.observations["flag"].unique().tolist() == ["exact"]
    np.testing.assert_allclose(result.flow("ore"), 8000.0)
    np.testing.assert_allclose(result.sd("ore"), 0.0, atol=1e-9)


def test_a_report_of_what_cannot_be_names_its_place_and_its_own_unit(tmp_path: Path) -> None:
    dug = table(tmp_path, "year,region,value\n2020,AAA,5\n2020,BBB,7\n")
    dug["dug"]["unit"] = "kt"  # type: ignore[index]
    document = merged(CHAIN, {"observations": dug, "processes": {"plant": {"where": {"region": ["AAA"]}}}})
    with pytest.raises(InputError) as caught:
        mfa.run(mfa.load(document))
    problem = caught.value.problems[0]
    assert problem.code == "nowhere"
    assert "dug: 7 kt is reported for year 2020, region BBB" in problem.text
    assert str(problem.where).endswith("t.csv:3")


def test_of_two_editions_only_the_later_counts(tmp_path: Path) -> None:
    text = "year,region,value,source,edition\n2020,AAA,50,usgs,MCS 2021\n2020,AAA,60,usgs,MCS 2022\n"
    seen = solved(observations=table(tmp_path, text), **ONE_CELL).observations.set_index("edition")
    assert seen["standing"].to_dict() == {"MCS 2021": "superseded", "MCS 2022": "counted"}
    assert seen.loc["MCS 2021", "adjusted"] == pytest.approx(60, rel=1e-9)
    assert seen.loc["MCS 2021", "flag"] == "superseded"


def test_a_figure_derived_from_another_that_is_there_counts_once(tmp_path: Path) -> None:
    dug = table(tmp_path, "year,region,value\n2020,AAA,50\n")
    echo = {"echo": {"of": "ore", "at": {"year": 2020, "region": "AAA"}, "value": 80, "cv": 0.1, "unit": "t"}}
    echo["echo"]["derived_from"] = ["dug"]
    result = solved(observations=dug | echo)
    seen = result.observations.set_index("name")
    assert seen["standing"].to_dict() == {"dug": "counted", "echo": "derived"}
    assert float(result.flow("ore").sel(year=2020, region="AAA")) == pytest.approx(50, rel=1e-9)


@pytest.mark.parametrize("unit", ["kt", None])
def test_a_unit_of_a_table_that_cannot_be_read_has_its_place(tmp_path: Path, unit: str | None) -> None:
    dug = table(tmp_path, "year,region,value,unit\n2020,AAA,5,kilotons\n")
    dug["dug"]["unit"] = unit  # type: ignore[index]
    with pytest.raises(InputError) as caught:
        mfa.run(mfa.load(merged(CHAIN, {"observations": dug})))
    (problem,) = caught.value.problems
    assert problem.code == "table-unit"
    assert "kilotons" in problem.text
    assert str(problem.where).endswith("t.csv:2")
