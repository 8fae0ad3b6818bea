"""A missing or odd uncertainty is never exact: it is refused with its row, its place and what it may mean."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

import mfa
from mfa.cli import main
from mfa.errors import InputError, Problem

HERE = Path(__file__).parent
BLANK = HERE / "blank-sd-cell"
PERCENT = HERE / "percent-and-sd"


def plant(table: Any = None, **observed: Any) -> dict[str, Any]:
    """What enters a plant by year as a table states it, and what leaves it, 9 +- 1."""
    stated = {"of": "x", **({} if table is None else {"table": table}), **observed}
    return {
        "mfa": 1,
        "dimensions": {"year": [2020, 2021]},
        "processes": {"s": {"kind": "source"}, "p": {}, "t": {"kind": "sink"}},
        "flows": {"x": {"from": "s", "to": "p"}, "y": {"from": "p", "to": "t"}},
        "observations": {"o": stated, "q": {"of": "y", "value": 9, "sd": 1}},
    }


def split(share: Any, **sections: Any) -> dict[str, Any]:
    """100 +- 5 t of two elements enter, and a share of them leaves as y."""
    return {
        "mfa": 1,
        "dimensions": {"element": ["Nd", "Dy"]},
        "processes": {"s": {"kind": "source"}, "p": {}, "t": {"kind": "sink"}},
        "flows": {
            "x": {"from": "s", "to": "p", "commodity": "c"},
            "y": {"from": "p", "to": "t"},
            "z": {"from": "p", "to": "t"},
        },
        "transfers": {"p": {"y": share, "z": "rest"}},
        "observations": {"o": {"of": "x", "sum": ["element"], "value": 100, "sd": 5}},
        **sections,
    }


def refused(source: Any) -> list[Problem]:
    """The errors of a scenario; it must have some."""
    with pytest.raises(InputError) as caught:
        mfa.run(mfa.load(source))
    return [p for p in caught.value.problems if p.severity == "error"]


def csv(folder: Path, text: str) -> str:
    path = folder / "t.csv"
    path.write_text(text.replace(" ", "\n") + "\n", encoding="utf-8")
    return str(path)


def at(problem: Problem) -> tuple[str, int]:
    return problem.code, problem.where.line if problem.where else 0


def sigmas(result: mfa.Result) -> list[float]:
    table = result.observations
    return [float(x) for x in table.loc[table["name"] == "o", "sigma"]]


# the cases


@pytest.mark.parametrize(
    ("file", "line", "cell"),
    [("s.yaml", 5, "empty"), ("more/blank_sd.yaml", 2, "empty"), ("more/na_sd.yaml", 2, '"NA"')],
)
def test_a_blank_cell_is_no_uncertainty(file: str, line: int, cell: str) -> None:
    (problem,) = refused(BLANK / file)
    assert at(problem) == ("no-uncertainty", line)
    assert cell in problem.text
    assert "0 says that it is exact" in problem.hint


def test_a_blank_cell_takes_what_the_observation_states() -> None:
    result = mfa.run(mfa.load(BLANK / "more/na_sd.yaml", set={"observations.o.sd": 3}))
    assert sigmas(result) == [3, 1]


def test_a_percentage_in_a_column_of_tonnes_is_refused() -> None:
    problems = refused(BLANK / "more/percent_value.yaml")
    assert at(problems[0]) == ("table-unit", 2)
    assert '"12 %" is a share, and the unit is t' in problems[0].text


def test_a_superscript_is_no_digit() -> None:
    problems = refused(BLANK / "more/label_superscript.yaml")
    assert [at(p) for p in problems] == [("table-label", 2), ("table-label", 3)]
    assert "CN¹" in problems[0].text
    assert "²" in problems[1].text


@pytest.mark.parametrize(
    ("file", "code", "said"),
    [
        ("sd_pct.csv", "table-number", 'sd: "10%" may be 10% of the value, or 0.1 kt'),
        ("sd_blank.csv", "no-uncertainty", "no uncertainty: sd is empty"),
        ("nosd.csv", "no-uncertainty", "no uncertainty: the table has no column sd, cv or factor"),
    ],
)
def test_tables_without_a_usable_sd(file: str, code: str, said: str) -> None:
    document = plant(str(PERCENT / file), unit="kt")
    del document["dimensions"]
    (problem,) = refused(document)
    assert at(problem) == (code, 2)
    assert said in problem.text


def test_a_value_outside_its_interval_is_refused_where_it_stands() -> None:
    (problem,) = refused(HERE / "fuzz/silent_value_outside_interval.json")
    assert (at(problem), problem.where and problem.where.column) == (("uncertainty", 30), 13)
    assert problem.text == "the value 10 lies outside its interval [20, 30]"


def test_what_is_not_finite_is_refused_from_a_file_and_from_python() -> None:
    path = HERE / "fuzz/nan_in_message.json"
    (problem,) = refused(path)
    assert 'found the text "Infinity"' in problem.text
    document = json.loads(path.read_text())
    assert document["drivers"]["sales"]["data"][2] == math.inf
    for number in (math.inf, math.nan, 10**400):
        document["drivers"]["sales"]["data"][2] = number
        (problem,) = refused(document)
        assert problem.code == "not-finite"
        assert problem.text.startswith("drivers.sales.data.2: ")


def test_a_number_of_four_hundred_digits_is_no_traceback() -> None:
    assert refused(HERE / "fuzz/trace_bigint.yaml")
    for text in ("1" * 400, "0x" + "f" * 300, "1" * 5000):
        share = json.loads('{"data": {"Nd": 0.5, "Dy": "?"}, "dims": ["element"]}')
        share["data"]["Dy"] = text
        assert all(len(str(p)) < 500 for p in refused(split(share)))


# columns of tables


@pytest.mark.parametrize(
    "name",
    ["SD", "Sd", "stdev", "std", "sigma", "uncertainty", "Std. dev.", "SD (kt)", "CV", "error", "Factor"],
)
def test_an_uncertainty_under_another_name_is_not_passed_over(tmp_path: Path, name: str) -> None:
    table = csv(tmp_path, "year,value,? 2020,10,1.5 2021,11,1.5")
    Path(table).write_text(Path(table).read_text().replace("?", name))
    for stated in ({}, {"cv": "10%"}):
        (problem,) = refused(plant(table, **stated))
        assert at(problem) == ("no-uncertainty", 1)
        assert f'"{name}" is not read' in problem.text
    # and the hint is true
    meant = problem.hint.split("}")[0].split(": ")[-1]
    assert len(sigmas(mfa.run(mfa.load(plant({"file": table, "rename": {name: meant}}))))) == 2
    assert sigmas(mfa.run(mfa.load(plant({"file": table, "rename": {name: "note"}}, sd=2)))) == [2, 2]


@pytest.mark.parametrize("cell", ["", "NA", "W", "-", "<5", ">5", "n.a."])
@pytest.mark.parametrize("column", ["sd", "cv", "factor"])
def test_every_cell_that_states_nothing(tmp_path: Path, column: str, cell: str) -> None:
    table = csv(tmp_path, f"year,value,{column} 2020,10,{cell} 2021,11,1.5")
    assert [at(p) for p in refused(plant(table))] == [("no-uncertainty", 2)]
    assert sigmas(mfa.run(mfa.load(plant(table, sd=2))))[0] == 2


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("year,value,low,high 2020,10,8,12 2021,11,,", ("no-uncertainty", 3)),
        ("year,value,low,high 2020,10,8,12 2021,11,9,", ("uncertainty", 3)),
        ("year,value,low,high 2020,10,18,22 2021,11,9,12", ("uncertainty", 2)),
        ("year,value,low,high 2020,10,12,8 2021,11,9,12", ("uncertainty", 2)),
        ("year,value,low,high,sd 2020,10,8,12, 2021,11,9,12,1", ("uncertainty", 3)),
        ("year,value,sd,cv 2020,10,,10% 2021,11,1,10%", ("uncertainty", 3)),
        ("year,value,sd 2020,10,1-2 2021,11,1", ("table-number", 2)),
        ("year,value,sd 2020,10,-1 2021,11,1", ("table-number", 2)),
        ("year,value,factor 2020,10,1 2021,11,2", ("table-number", 2)),
        ("year,value,factor 2020,10,30% 2021,11,2", ("table-number", 2)),
        ('year,value,sd 2020,"21,000",1 2021,11,1', ("table-number", 2)),
        ('year,value,sd 2020,10,"1,000" 2021,11,1', ("table-number", 2)),
        ("year,value,sd 2020,10,1 2022,11,1", ("table-label", 3)),
        ("year,value,sd,Unit 2020,10,1,kt 2021,11,1,kt", ("table-column", 1)),
    ],
)
def test_odd_rows_are_refused_where_they_stand(tmp_path: Path, rows: str, found: tuple[str, int]) -> None:
    assert [at(p) for p in refused(plant(csv(tmp_path, rows)))] == [found]


def test_what_rows_state_is_taken(tmp_path: Path) -> None:
    ranges = plant(csv(tmp_path, "year,value,low,high 2020,10,8,12 2021,9-11,,"))
    assert sigmas(mfa.run(mfa.load(ranges))) == pytest.approx([4 / 12**0.5, 2 / 12**0.5])
    exact = mfa.run(mfa.load(plant(csv(tmp_path, "year,value,sd 2020,10,0 2021,11,1"))))
    assert exact.observations["flag"][0] == "exact"


@pytest.mark.parametrize("written", ["-0.0", "-0", "-0e3"])
def test_minus_zero_is_zero(tmp_path: Path, written: str) -> None:
    tabled = plant(csv(tmp_path, f"year,value,sd 2020,{written},1 2021,11,1"))
    for document in (tabled, plant(value=float(written), sd=1), plant(value=written, sd=1)):
        value = mfa.run(mfa.load(document)).observations["value"][0]
        assert (value, math.copysign(1, value)) == (0, 1)


def test_a_column_of_factors_is_what_factor_is(tmp_path: Path) -> None:
    table = mfa.run(mfa.load(plant(csv(tmp_path, "year,value,factor 2020,10,1.3 2021,14,1.3"))))
    stated = mfa.run(mfa.load(plant(data=[10, 14], dims=["year"], factor=1.3)))
    columns = ["value", "sigma", "adjusted", "adjusted_sd", "z"]
    pd.testing.assert_frame_equal(table.observations[columns], stated.observations[columns])


def test_sheets_and_parquet_are_tables_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"year": [2020, 2021], "value": [10.0, 11.0], "sd": [1.0, None]})
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    assert [at(p) for p in refused(plant(str(tmp_path / "t.xlsx")))] == [("no-uncertainty", 3)]
    assert [at(p)[0] for p in refused(plant(str(tmp_path / "t.parquet")))] == ["no-uncertainty"]


def test_a_percentage_of_a_sheet_is_one(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (("year", "value", "sd"), (2020, 10, 0.1), (2021, 11, 1)):
        book.active.append(row)
    book.active["C2"].number_format = "0%"
    book.save(tmp_path / "t.xlsx")
    (problem,) = refused(plant(str(tmp_path / "t.xlsx"), unit="kt"))
    assert (at(problem), problem.text) == (
        ("table-number", 2),
        'sd: "10%" may be 10% of the value, or 0.1 kt',
    )


def test_a_table_from_python_is_a_file() -> None:
    (problem,) = refused(plant(pd.DataFrame({"year": [2020], "value": [10.0]}), cv=0.1))
    assert problem.text == "observations.o.table: a document holds no DataFrame"


def test_years_outside_are_left_out_on_request_only(tmp_path: Path) -> None:
    table = csv(tmp_path, "year,value,sd 2020,10,1 2021,11,1 2022,12, 2030,12,1")
    (problem,) = refused(plant(table))
    assert problem.text == "2 rows are of years that the dimension does not have, 2022 to 2030"
    assert sigmas(mfa.run(mfa.load(plant({"file": table, "outside": "ignore"})))) == [1, 1]


def test_rows_of_a_dimension_that_nothing_reads(tmp_path: Path) -> None:
    document = plant(csv(tmp_path, "year,region,value,sd 2020,CHN,10,1 2021,DEU,11,1"))
    document["dimensions"]["region"] = ["CHN", "DEU"]
    document["observations"]["o"] |= {"at": {"region": "CHN"}}
    (problem,) = refused(document)
    assert (at(problem), problem.text) == (("table-label", 3), 'region is "DEU", and `at` says CHN')
    document["observations"]["o"] = {**document["observations"]["o"], "at": {}, "sum": ["region"]}
    (problem,) = refused(document)
    assert problem.text == 'the rows vary over "region", and nothing here does'


def test_other_columns_are_named_in_a_warning(tmp_path: Path) -> None:
    rows = "year,value,sd,checked 2020,10,1,yes 2021,11,1,no"
    (warning,) = mfa.run(mfa.load(plant(csv(tmp_path, rows)))).warnings
    assert "nothing reads the column checked" in warning
    picked = {"file": csv(tmp_path, rows), "column": "value"}
    assert mfa.run(mfa.load(plant(picked))).warnings == ()


def test_a_table_whose_years_are_columns_is_told_to_be_long(tmp_path: Path) -> None:
    (problem,) = refused(plant(csv(tmp_path, "region,2020,2021 CHL,10,11"), cv=0.1))
    assert "one row for each figure" in problem.hint


# shares, compositions, contents


@pytest.mark.parametrize("section", ["share", "composition", "content"])
def test_parameters_are_exact_unless_a_column_says_otherwise(tmp_path: Path, section: str) -> None:
    def document(rows: str) -> dict[str, Any]:
        given = {"table": csv(tmp_path, rows), "dims": ["element"]}
        if section == "share":
            return split(given)
        if section == "composition":
            return split(0.5, compositions={"c": given})
        return split(0.5, contents={"c": {**given, "unit": "t / t gross"}})

    assert len(mfa.run(mfa.load(document("element,value Nd,0.6 Dy,0.4"))).parameters) == 0
    assert at(refused(document("element,value,sd Nd,0.6,0.1 Dy,0.4,"))[0]) == ("no-uncertainty", 3)
    assert at(refused(document("element,value,SD Nd,0.6,0.1 Dy,0.4,0.1"))[0]) == ("no-uncertainty", 1)
    assert at(refused(document("element,value Nd,0.6 Dy,>0.4"))[0]) == ("value-form", 3)
    assert at(refused(document("element,value Nd,-0.6 Dy,0.4"))[0])[0] == "share-range"


def test_a_range_in_a_table_of_shares_has_an_uncertainty(tmp_path: Path) -> None:
    # It was its middle, exactly.
    share = {"table": csv(tmp_path, "element,value Nd,0.5-0.7 Dy,0.4"), "dims": ["element"]}
    table = mfa.run(mfa.load(split(share))).parameters
    assert table["sigma"][0] == pytest.approx(0.2 / 12**0.5)


POINTS = [{"value": 40, "sd": 5, "unit": "%"}, {"value": 0.4, "sd": 0.05}, {"value": "40%", "sd": 0.05}]


@pytest.mark.parametrize("share", POINTS)
def test_an_sd_is_in_the_unit_of_its_value(share: dict[str, Any]) -> None:
    result = mfa.run(mfa.load(split(share)))
    scale = 100 if "unit" in share else 1
    assert (result.parameters["value"] / scale).to_list() == pytest.approx([0.4])
    assert (result.parameters["sigma"] / scale).to_list() == pytest.approx([0.05])


@pytest.mark.parametrize(
    ("share", "readings"),
    [
        ({"value": "40%", "sd": 5}, "5 as a share, or 5 percentage points"),
        ({"value": "40%", "sd": 0.5}, "0.5 as a share, or 0.5 percentage points"),
        ({"value": "40%", "interval": [30, 50]}, "0.4 as a share, 40 as a percentage"),
        ({"value": "40%", "sd": 0.1, "unit": "%"}, "the unit is stated twice"),
        ({"value": 0.4, "interval": [0.5, 0.6]}, "outside its interval [0.5, 0.6]"),
        ({"value": "1,400", "sd": 0.1}, "1400 or 1.400"),
    ],
)
def test_a_number_with_two_readings_is_refused_with_both(share: dict[str, Any], readings: str) -> None:
    assert any(readings in p.text for p in refused(split(share)))


def test_the_hint_of_an_sd_in_per_cent_has_both_readings() -> None:
    problems = refused(split({"value": "40%", "sd": "5%"}))
    assert problems[-1].hint == "`cv: 5%` is of the value, `sd: 0.05` in its unit: say which"


# evidence that counts twice, signs


def test_one_figure_under_two_names_is_said() -> None:
    def warnings(**other: Any) -> tuple[str, ...]:
        document = plant(data=[10, 11], dims=["year"], unit="kt", sd=1, source="usgs")
        document["sources"] = {"usgs": {"title": "Survey"}, "bgs": {"title": "Another"}}
        again = {"of": "x", "data": [10000, 12000], "dims": ["year"], "sd": 1, "source": "usgs"}
        document["observations"]["again"] = again | other
        return mfa.run(mfa.load(document)).warnings

    (said,) = warnings()
    assert '"again" states what "o" states for 2020, from the same source (usgs, as stated)' in said
    assert warnings(source="bgs") == ()
    assert warnings(edition="2024") == ()
    assert warnings(derived_from="o") == ()
    assert warnings(data=[10001, 12000]) == ()
    assert warnings(of="y") == ()


def test_a_negative_mass_is_said_with_its_row(tmp_path: Path) -> None:
    (said,) = mfa.run(mfa.load(plant(csv(tmp_path, "year,value,sd 2020,10,1 2021,-11,1")))).warnings
    assert "t.csv:3: warning[negative-value]: observation o says that x is -11 t for 2021" in said


def test_what_may_be_of_either_sign(tmp_path: Path) -> None:
    difference = plant(data=[-1, 2], dims=["year"], sd=1)
    difference["observations"]["o"]["of"] = {"x": 1, "y": -1}
    result = mfa.run(mfa.load(difference))
    assert (result.observations["value"][0], result.warnings) == (-1, ())


def test_a_simulation_needs_no_uncertainty(tmp_path: Path) -> None:
    document = plant()
    document |= {"observations": {}, "solve": {"question": "simulate"}}
    table = csv(tmp_path, "year,value,sd 2020,10, 2021,11,0")  # one that is stated is refused
    document["drivers"] = {"in": {"of": "x", "table": table}}
    assert mfa.run(mfa.load(document)).flow("y").to_numpy() == pytest.approx([10, 11])


# the command line, lines


@pytest.mark.parametrize("command", ["run", "check", "show"])
def test_two_variants_are_one_too_many(command: str) -> None:
    done = CliRunner().invoke(main, [command, "rare_earths", "-v", "a", "--variant", "b"])
    assert done.exit_code == 2
    assert "--variant is given 2 times" in done.output


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("inside", ["\u2028", "\u0085", "\u2029"])
def test_lines_are_counted_as_editors_count_them(tmp_path: Path, end: str, inside: str) -> None:
    lines = [
        "mfa: 1",
        "processes: {s: {kind: source}, t: {kind: sink}}",
        f'title: "a{inside}b"',
        "flows: {x: {from: s, to: t}}",
        "observations: {o: {of: x, value: abc, sd: 1}}",
    ]
    path = tmp_path / "s.yaml"
    path.write_bytes((end.join(lines) + end).encode())
    (problem,) = refused(path)
    assert problem.where is not None
    assert (problem.where.line, problem.where.column) == (5, 34)
    assert problem.source_line == lines[4]


def test_a_form_feed_is_named_in_its_line(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("mfa: 1\n# a\x0cb\n")
    (problem,) = refused(path)
    assert problem.where is not None
    assert (problem.where.line, problem.where.column, "U+000C" in problem.text) == (2, 4, True)


@pytest.mark.parametrize(
    ("stock", "said"),
    [
        ({"lifetime": {"weibull": None}}, '"weibull" has no parameters'),
        ({"age_structure": {"value": {"value": 1}}}, "expected a number, found a mapping"),
    ],
)
def test_what_was_expected_differs_from_what_was_found(stock: dict[str, Any], said: str) -> None:
    # `expected a mapping, found a mapping`
    document = plant(value=1, sd=1)
    document["processes"]["u"] = {"kind": "stock"}
    document["stocks"] = {"st": {"at": "u", **stock}}
    assert any(said in p.text for p in refused(document))


def test_one_path_is_set_once() -> None:
    done = CliRunner().invoke(
        main, ["check", "rare_earths", "--set", "solve.robust=l2", "--set", "solve.robust=l1"]
    )
    assert done.exit_code == 2
    assert '"solve.robust" is set twice' in done.output


def test_an_interval_beside_a_table_holds_the_rows_that_take_it(tmp_path: Path) -> None:
    table = csv(tmp_path, "year,value,sd 2020,10,1 2021,12,")
    stated = mfa.run(mfa.load(plant(table, interval=[11, 14])))
    assert sigmas(stated) == pytest.approx([1, 3 / 12**0.5])
    (problem,) = refused(plant(table, interval=[13, 14]))
    assert (at(problem), problem.text) == (
        ("uncertainty", 3),
        "the value 12 lies outside the interval [13, 14] that is stated for it",
    )


def test_the_sd_of_a_limit_is_said_to_be_idle() -> None:
    document = plant(value=10, sd=1)
    document["constraints"] = {"quota": {"of": "x", "max": {"value": 12, "sd": 1}}}
    (warning,) = mfa.load(document).warnings
    assert "a constraint holds exactly: `sd` says nothing here" in warning.text


def test_a_number_out_of_range_is_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "mfa: 1\n"
        "dimensions: {year: [2020, 2021]}\n"
        "processes: {s: {kind: source}, t: {kind: sink}}\n"
        "flows: {x: {from: s, to: t}}\n"
        "observations:\n"
        "  a: {of: x, dims: year, sd: 1, data: {2020: 3, 2021: 1e20}}\n"
        "  b: {of: x, dims: year, sd: 1, data: [1e20, 3]}\n"
        "  c: {of: x, value: 1, sd: 1e20}\n"
        "constraints: {k: {of: x, max: 1e20 kt}}\n"
    )
    places = [(p.where.line, p.where.column) for p in refused(path) if p.where]
    assert places == [(6, 55), (7, 40), (8, 28)]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ({"rename": {"Std. Dev.": "sd"}}, "year,value,Std. Dev. 2020,7,1 2021,8,1"),
        ({"rename": {"Uncertainty (t)": "sd"}}, "year,value,Uncertainty (t) 2020,7,1 2021,8,1"),
        ({"outside": "ignore"}, "year,value,sd 2019,9,1 2020,7,1 2021,8,1"),
    ],
)
def test_a_hint_about_a_table_works_as_it_is_written(tmp_path: Path, key: dict[str, Any], text: str) -> None:
    """The hint has the form that the scenario takes; where it is written beside `table`, that is said."""
    head, *rows = text.split(" 2")
    path = tmp_path / "t.csv"
    path.write_text("\n".join([head, *(f"2{r}" for r in rows)]) + "\n")
    assert "`table: {file: ..., " in refused(plant(str(path)))[0].hint
    (name,) = key
    assert f"`table: {{file: ..., {name}: ...}}`" in refused(plant(str(path), **key))[0].hint
    assert sigmas(mfa.run(mfa.load(plant({"file": str(path), **key}))))[:2] == [1, 1]
