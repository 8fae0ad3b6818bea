from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mfa.data.aggregate import Gaps
from mfa.data.evidence import Evidence
from mfa.data.labels import Grouping
from mfa.data.rows import TableSpec, load_rows
from mfa.errors import Place, Problem

EU = ("AUT", "BEL", "DEU", "FRA")
REGION = Grouping("region", ("CHN", "MMR", "EU27", "ROW"), {"EU27": EU}, rest="ROW")
YEAR = Grouping("year", (2020, 2021))
DIMS = {"region": REGION, "year": YEAR}
TRADE = {"year": YEAR, "exporter": REGION, "importer": REGION}


def load(
    folder: Path, text: str, spec: TableSpec | None = None, dims: dict[str, Grouping] | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    (folder / "t.csv").write_text(text)
    return load_rows(spec or TableSpec(("t.csv",)), folder, dims or DIMS)


def errors(problems: list[Problem]) -> list[tuple[str, int]]:
    return [(p.code, p.where.line if p.where else 0) for p in problems if p.severity == "error"]


def codes(problems: list[Problem]) -> list[str]:
    return [p.code for p in problems]


def test_a_plain_table(tmp_path: Path) -> None:
    text = "region,year,value,source,edition,unit\n"
    text += "Burma,2020,>5,usgs,MCS 2024,t REO\nCHN,2021,10-20,usgs,MCS 2024,t REO\n"
    frame, problems = load(tmp_path, text)
    assert problems == []
    assert frame[["region", "year", "unit", "edition", "line"]].to_numpy().tolist() == [
        ["MMR", 2020, "t REO", "MCS 2024", 2],
        ["CHN", 2021, "t REO", "MCS 2024", 3],
    ]
    np.testing.assert_array_equal(frame[["value", "low", "high"]], [[np.nan, 5, np.nan], [15, 10, 20]])
    assert frame["derived_from"].tolist() == [None, None]


def test_what_the_scenario_states_fills_the_gaps_only(tmp_path: Path) -> None:
    spec = TableSpec(("t.csv",), source="mine", edition="2025", derived_from="x", unit="t REO")
    frame, _ = load(tmp_path, "region,year,quantity,source\nCHN,2020,1,theirs\nMMR,2020,2,\n", spec)
    assert frame["source"].tolist() == ["theirs", "mine"]
    assert frame[["edition", "derived_from", "unit"]].drop_duplicates().to_numpy().tolist() == [
        ["2025", "x", "t REO"]
    ]


def test_rename_and_where(tmp_path: Path) -> None:
    spec = TableSpec(("t.csv",), where={"stage": "mine"}, rename={"iso": "region", "t": "value"})
    frame, problems = load(tmp_path, "iso,year,t,stage\nCHN,2020,1,mine\nCHN,2020,2,smelter\n", spec)
    assert (problems, frame["value"].tolist()) == ([], [1.0])


def test_a_region_na_is_namibia(tmp_path: Path) -> None:
    frame, problems = load(tmp_path, "region,year,value\nNA,2020,7\nOTH,2020,1\n")
    assert (problems, frame[["region", "value"]].to_numpy().tolist()) == ([], [["ROW", 8.0]])


def test_a_label_of_the_scenario_is_named_as_it_stands(tmp_path: Path) -> None:
    own = {"region": Grouping("region", ("NA", "EU")), "year": YEAR}
    _, problems = load(tmp_path, "region,year,value\nNA,2020,7\nNA,2020,8\n", dims=own)
    assert [p.text for p in problems] == ["a second row for region NA, year 2020"]


def test_what_a_spreadsheet_makes_of_a_table(tmp_path: Path) -> None:
    frame, problems = load(tmp_path, " region ,year, value\nCHN,2020, 7\n")
    assert (problems, frame["value"].tolist()) == ([], [7.0])
    _, (problem,) = load(tmp_path, "region,year,value\nCHN,2020-01-01,7\n")
    assert problem.hint == "a year is written as a number: 2020"
    _, (problem,) = load(tmp_path, "region,year,Value\nCHN,2020,7\n")
    assert (problem.text.split(";")[0], problem.hint) == ('no column "value"', 'did you mean "Value"?')
    _, (problem,) = load(tmp_path, "region,year,value\nCHN,1990,7\n")
    assert problem.hint == (
        "its labels run from 2020 to 2021; `table: {file: ..., outside: ignore}` leaves such rows out"
    )


def test_a_cv_that_looks_like_a_percentage_is_a_warning(tmp_path: Path) -> None:
    _, (problem,) = load(tmp_path, "region,year,value,cv\nCHN,2020,7,0.1\nMMR,2020,7,15\n")
    assert (problem.severity, problem.where and problem.where.line) == ("warning", 3)
    assert problem.hint == "write `15%` if that is meant"
    assert load(tmp_path, "region,year,value,cv\nCHN,2020,7,15%\n")[1] == []


def test_every_problem_at_once(tmp_path: Path) -> None:
    text = "region,year,value,unit\nChnia,2020,1,t\nCHN,20x0,1,t\nCHN,2020,1x,t\n"
    text += "MMR,2020,NaN,t\nMMR,2021,1,t\nMMR,2021,2,kg\n"
    _, problems = load(tmp_path, text)
    assert sorted(errors(problems)) == [
        ("table-duplicate", 7),
        ("table-label", 2),
        ("table-label", 3),
        ("table-nan", 5),
        ("table-number", 4),
        ("table-unit", 7),
    ]
    assert next(p for p in problems if p.code == "table-label").hint == 'did you mean "China"?'


def test_duplicates_say_in_what_they_differ(tmp_path: Path) -> None:
    text = "exporter,importer,year,value,flow\nCHN,MMR,2020,1,import\nCHN,MMR,2020,2,export\n"
    _, (problem,) = load(tmp_path, text, dims=TRADE)
    assert problem.text == "a second row for year 2020, exporter CHN, importer MMR"
    assert problem.hint.endswith("t.csv:2 has the same labels; they differ in flow: choose with `where`")


def test_many_duplicates_are_counted(tmp_path: Path) -> None:
    _, problems = load(tmp_path, "region,year,value\n" + "CHN,2020,1\n" * 50)
    assert len(problems) == 21
    assert problems[-1].text == "29 more rows repeat labels"


def test_one_spelling_of_a_country_repeats_another(tmp_path: Path) -> None:
    _, problems = load(tmp_path, "region,year,value\nBurma,2020,1\nMyanmar,2020,2\n")
    assert errors(problems) == [("table-duplicate", 3)]


def test_the_same_figure_in_two_files_counts_once(tmp_path: Path) -> None:
    for name, cell in (("a", "1"), ("b", "1")):
        (tmp_path / f"{name}.csv").write_text(f"region,year,value\nCHN,2020,{cell}\n")
    frame, problems = load_rows(TableSpec(("*.csv",)), tmp_path, DIMS)
    assert (frame["value"].tolist(), problems) == ([1.0], [])
    (tmp_path / "b.csv").write_text("region,year,value\nCHN,2020,2\n")
    _, problems = load_rows(TableSpec(("*.csv",)), tmp_path, DIMS)
    assert errors(problems) == [("table-duplicate", 2)]


def test_missing_figures_are_left_out_and_counted(tmp_path: Path) -> None:
    frame, (warning,) = load(tmp_path, "region,year,value\nCHN,2020,NA\nMMR,2020,0\n")
    assert frame[["region", "value"]].to_numpy().tolist() == [["MMR", 0.0]]
    assert (warning.code, warning.severity) == ("table-missing", "warning")
    assert warning.text.startswith("1 of 2 rows")


IGNORE = TableSpec(("t.csv",), outside="ignore")


def test_years_outside_are_refused_unless_the_table_says_so(tmp_path: Path) -> None:
    # They fell away without a word, and with them the rows of a mistyped year.
    text = "region,year,value\nOldland,1993,1\nCHN,1994,1\nCHN,2020,1\n"
    _, (problem,) = load(tmp_path, text)
    assert (problem.code, problem.where and problem.where.line) == ("table-label", 2)
    assert problem.text == "2 rows are of years that the dimension does not have, 1993 to 1994"
    frame, problems = load(tmp_path, text, IGNORE)
    assert (len(frame), problems) == (1, [])


def test_labels_outside_are_left_out_where_the_table_says_so(tmp_path: Path) -> None:
    own = {"region": Grouping("region", ("CHN",)), "use": Grouping("use", ("ev",))}
    text = "region,use,value\nDEU,ev,1\nCHN,lamps,1\nCHN,ev,2\nChnia,ev,3\n"
    assert errors(load(tmp_path, text, dims=own)[1]) == [("table-label", n) for n in (2, 5, 3)]
    frame, problems = load(tmp_path, text, IGNORE, own)
    assert frame["value"].tolist() == [2.0]
    # what is no country at all stays a mistake
    assert errors(problems) == [("table-label", 5)]
    assert [p.text.split(": ")[1] for p in problems if p.severity == "warning"] == ["DEU", "lamps"]


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    for row in ("CHN,1993,1", "WLD,2020,1", "CHN,2020,NA"):
        frame, problems = load(tmp_path, f"region,year,value\n{row}\n", IGNORE)
        assert (len(frame), errors(problems)) == (0, [("table-empty", 0)])


def test_world_totals_are_left_out_and_said(tmp_path: Path) -> None:
    frame, problems = load(tmp_path, "region,year,value\nWorld total,2020,9\nCHN,2020,1\n")
    assert frame["value"].tolist() == [1.0]
    assert codes(problems) == ["table-total"]


def test_groups_add_values_and_variances(tmp_path: Path) -> None:
    frame, _ = load(tmp_path, "region,year,value,sd\nDEU,2020,10,3\nFRA,2020,20,4\nCHN,2020,5,1\n")
    assert frame[["region", "value", "sd"]].to_numpy().tolist() == [["EU27", 30.0, 5.0], ["CHN", 5.0, 1.0]]


def test_relative_sd_becomes_sd(tmp_path: Path) -> None:
    frame, _ = load(tmp_path, "region,year,value,cv\nDEU,2020,30,10%\nFRA,2020,40,0.1\n")
    assert frame["sd"].tolist() == pytest.approx([5.0])
    assert "cv" not in frame.columns


def test_a_sum_says_of_how_many_rows(tmp_path: Path) -> None:
    frame, _ = load(tmp_path, "region,year,value,note\nDEU,2020,1,a\nFRA,2020,1,b\nCHN,2020,1,c\n")
    assert frame["note"].tolist() == ["sum of 2 rows", "c"]


def test_one_bound_bounds_the_sum(tmp_path: Path) -> None:
    frame, _ = load(
        tmp_path,
        "region,year,value\nDEU,2020,10\nFRA,2020,>20\nAUT,2021,1-3\nBEL,2021,5\nDEU,2021,<1\nFRA,2021,1\n",
    )
    np.testing.assert_array_equal(
        frame[["value", "low", "high"]], [[np.nan, 30, np.nan], [np.nan, np.nan, 10]]
    )


def test_a_sum_derived_in_part_is_still_evidence(tmp_path: Path) -> None:
    text = (
        "region,year,value,derived_from\nDEU,2020,1,china\nFRA,2020,1,\nDEU,2021,1,china\nFRA,2021,1,china\n"
    )
    frame, _ = load(tmp_path, text)
    assert frame["derived_from"].tolist() == [None, "china"]


def test_a_gap_in_a_group_is_refused(tmp_path: Path) -> None:
    text = "region,year,value\nDEU,2020,1\nFRA,2020,2\nDEU,2021,3\n"
    _, (problem,) = load(tmp_path, text, TableSpec(("t.csv",), gaps="refuse"))
    assert (problem.code, problem.severity) == ("table-gap", "error")
    assert problem.text == "FRA missing in 2021 from the sum of EU27"
    frame, problems = load(tmp_path, text, TableSpec(("t.csv",), gaps="zero"))
    assert (frame["value"].tolist(), problems) == ([3.0, 3.0], [])
    frame, (warning,) = load(tmp_path, text)
    assert (frame["value"].tolist(), warning.severity) == ([3.0, 3.0], "warning")
    assert warning.text.endswith("it counts as none")


@pytest.mark.parametrize("cell", ["W", "", "NA", "--"])
@pytest.mark.parametrize("gaps", [None, "zero", "refuse"])
def test_a_withheld_member_makes_the_sum_a_lower_bound_or_is_refused(
    tmp_path: Path, cell: str, gaps: Gaps | None
) -> None:
    text = f"region,year,value,sd\nDEU,2020,1,0.3\nFRA,2020,{cell},\nDEU,2021,3,1\nFRA,2021,1,1\n"
    frame, (problem,) = load(tmp_path, text, TableSpec(("t.csv",), gaps=gaps))
    assert problem.code == "table-withheld"
    assert problem.text.startswith("FRA of EU27, 2020: no figure")
    assert problem.where is not None
    assert problem.where.line == 3
    assert problem.severity == ("error" if gaps == "refuse" else "warning")
    first = frame.iloc[0]
    assert np.isnan(first["value"])
    assert np.isnan(first["high"])
    assert (first["low"], first["sd"]) == (1.0, 0.3)
    assert frame["value"].iloc[1] == 4.0


def test_a_figure_without_a_code_makes_the_sum_over_codes_a_lower_bound(tmp_path: Path) -> None:
    text = "region,year,hs,value\nCHN,2020,1,5\nCHN,2020,2,W\nCHN,2021,1,W\nCHN,2021,2,W\n"
    frame, problems = load(tmp_path, text, TableSpec(("t.csv",), sum_over=("hs",)))
    assert codes(problems) == ["table-withheld", "table-missing"]
    assert problems[0].text.startswith("2 of CHN, 2020")
    assert frame[["low", "year"]].to_numpy().tolist() == [[5.0, 2020]]


def test_a_jump_of_a_thousand_is_named(tmp_path: Path) -> None:
    head = "region,year,value,edition\n"
    slip = "CHN,2020,36000000,2021\nCHN,2021,36000,2022\nUSA,2020,1500,2021\nUSA,2021,2000,2022\n"
    frame, (problem,) = load(tmp_path, head + slip)
    assert (problem.code, problem.severity) == ("table-jump", "warning")
    assert problem.text == "CHN: 3.6e+07 (2020, 2021) and then 36000 (2021, 2022), 1,000 times less"
    assert len(frame) == 4
    again = "CHN,2020,2,A\nCHN,2020,2000,B\n"
    assert codes(load(tmp_path, head + again)[1]) == ["table-jump"]
    assert codes(load(tmp_path, head + "CHN,2020,2,A\nCHN,2021,200,A\n")[1]) == []


def test_gaps_within_an_edition_and_across_yearbooks(tmp_path: Path) -> None:
    head = "region,year,value,source,edition\n"
    within = (
        "DEU,2020,1,s,A\nFRA,2020,1,s,A\nDEU,2021,1,s,A\nFRA,2021,1,s,A\nDEU,2020,1,s,B\nDEU,2021,1,s,B\n"
    )
    assert codes(load(tmp_path, head + within)[1]) == []
    yearbooks = "DEU,2020,1,s,2020\nFRA,2020,1,s,2020\nDEU,2021,1,s,2021\n"
    assert codes(load(tmp_path, head + yearbooks)[1]) == ["table-gap"]


def test_a_trade_gap_is_a_reporter_without_rows(tmp_path: Path) -> None:
    text = "exporter,importer,year,value,flow\n"
    text += "CHN,DEU,2020,1,import\nCHN,FRA,2020,1,import\nMMR,DEU,2021,1,import\n"
    _, (problem,) = load(tmp_path, text, dims=TRADE)
    assert problem.text.startswith("FRA missing in 2021 from the sum of EU27")
    _, problems = load(tmp_path, text.replace(",flow", "").replace(",import\n", "\n"), dims=TRADE)
    assert problems == []


def test_trade_inside_a_group_drops_out_and_is_counted(tmp_path: Path) -> None:
    text = "exporter,importer,year,value\nDEU,FRA,2020,5\nCHN,CHN,2020,1\nCHN,DEU,2020,2\nCHN,FRA,2020,3\n"
    frame, (warning,) = load(tmp_path, text, dims=TRADE)
    assert frame[["exporter", "importer", "value"]].to_numpy().tolist() == [["CHN", "EU27", 5.0]]
    assert "2 rows of trade inside one region are left out" in warning.text
    assert "1 inside EU27" in warning.text


def test_codes_below_their_heading_are_not_added_again(tmp_path: Path) -> None:
    text = "exporter,importer,year,value,hs\nCHN,MMR,2020,10,2846\nCHN,MMR,2020,4,284610\n"
    text += "CHN,MMR,2020,6,284690\nCHN,MMR,2020,1,2805\n"
    spec = TableSpec(("t.csv",), sum_over=("hs",))
    frame, (warning,) = load(tmp_path, text, spec, TRADE)
    assert frame["value"].tolist() == [11.0]
    assert (warning.code, warning.text[:18]) == ("table-nested", "2 rows are left ou")
    _, problems = load(tmp_path, text, dims=TRADE)
    assert errors(problems) == [("table-duplicate", 3), ("table-duplicate", 4), ("table-duplicate", 5)]


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    _, problems = load(tmp_path, "Region,year,vlaue\nCHN,2020,1\n", TableSpec(("t.csv",), where={"hs": 1}))
    assert codes(problems) == ["table-column"] * 3
    assert [p.hint for p in problems][1:] == ['did you mean "Region"?', 'did you mean "vlaue"?']


def test_files_that_are_not_there_carry_the_scenarios_place(tmp_path: Path) -> None:
    place = Place("s.yaml", 3, 9)
    for name in ("no.csv", "*.csv", "b.xlsx#S"):
        _, problems = load_rows(TableSpec((name,)), tmp_path, DIMS, place=place)
        assert [(p.code, p.where) for p in problems] == [("missing-file", place)]


def test_an_unknown_format_or_option(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    _, (problem,) = load_rows(TableSpec(("t.csv",), "comtrad"), tmp_path, DIMS)
    assert problem.hint == 'did you mean "comtrade"?'
    _, (problem,) = load_rows(TableSpec(("t.csv",), "baci", options={"comodity": 1}), tmp_path, DIMS)
    assert problem.hint == 'did you mean "commodity"?'


@pytest.mark.parametrize("sd", ["-1", "x"])
def test_a_wrong_sd(tmp_path: Path, sd: str) -> None:
    _, problems = load(tmp_path, f"region,year,value,sd\nCHN,2020,1,{sd}\n")
    assert errors(problems) == [("table-number", 2)]


def test_a_unit_that_does_not_fit(tmp_path: Path) -> None:
    _, problems = load(
        tmp_path, "region,year,value,unit\nCHN,2020,1,t gross\n", TableSpec(("t.csv",), unit="t REO")
    )
    assert errors(problems) == [("table-unit", 2)]


def test_order_of_rows_does_not_matter_to_sums(tmp_path: Path) -> None:
    lines = [
        f"{r},{y},{v}"
        for v, (r, y) in enumerate((r, y) for r in ("DEU", "FRA", "CHN", "USA") for y in (2020, 2021))
    ]
    first, _ = load(tmp_path, "region,year,value\n" + "\n".join(lines))
    (tmp_path / "u.csv").write_text("region,year,value\n" + "\n".join(reversed(lines)))
    second, _ = load_rows(TableSpec(("u.csv",)), tmp_path, DIMS)
    keys = ["region", "year"]
    pd.testing.assert_series_equal(
        first.set_index(keys)["value"].sort_index(), second.set_index(keys)["value"].sort_index()
    )


def test_myanmars_production_is_chinas_imports(shared: Path) -> None:
    world = Grouping("region", ("CHN", "MMR", "USA", "ROW"), {}, rest="ROW")
    years = Grouping("year", tuple(range(2019, 2026)))
    names = ("2022/*world*.csv", "202[34]/world/*.csv", "2025/*.csv", "2026/*commodities*.csv")
    spec = TableSpec(
        tuple(f"usgs_mcs/{n}" for n in names),
        "usgs",
        where={"statistic": "production", "commodity": "rare earths"},
        unit="t REO",
        gaps="zero",
    )
    frame, problems = load_rows(spec, shared / "data" / "open", {"region": world, "year": years})
    assert not errors(problems)
    evidence = Evidence.of(frame, ["region", "year"], ["china_imports"])
    burma = evidence.frame[evidence.frame["region"] == "MMR"].set_index(["edition", "year"])
    assert burma.loc[("MCS 2024", 2023), ["value", "status"]].tolist() == [38000.0, "superseded"]
    assert burma.loc[("MCS 2025", 2023), ["value", "status"]].tolist() == [43000.0, "derived"]
    assert burma.loc[("MCS 2024", 2022), ["value", "status"]].tolist() == [12000.0, "counted"]
