"""Systems without time, with time alone, and with numbers over a dimension that what they are of lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.build import check
from mfa.errors import Problem
from mfa.spec.resolve import read_document

CASES = Path(__file__).parent


def refused(source: Path | dict[str, Any]) -> list[Problem]:
    """The errors of a scenario, each with the same words in a check and in a run."""
    document, found = read_document(source)
    if document is not None:
        found = [*found, *check(document)]
    errors = [p for p in found if p.severity == "error"]
    with pytest.raises(mfa.MfaError) as raised:
        mfa.run(mfa.load(source))
    assert {p.text for p in raised.value.problems} == {p.text for p in errors}
    return errors


def only(source: Path | dict[str, Any]) -> Problem:
    """The one error of a scenario."""
    (error,) = refused(source)
    return error


def placed(source: Path, line: int, word: str) -> Problem:
    """The one error of a file, which stands at a word of a line."""
    error = only(source)
    assert error.where is not None
    text = source.read_text().splitlines()[line - 1]
    assert (error.where.line, error.where.column) == (line, text.index(word) + 1)
    return error


# --- time alone ---------------------------------------------------------------------------------------------


def test_an_initial_stock_in_a_system_of_time_alone() -> None:
    """30 that came in as 10 a year live 3 years: with 10 a year more all stays as it was."""
    result = mfa.run(mfa.load(CASES / "04-initial-and-both-driven" / "crash.yaml"))
    assert result.stock("fleet").to_numpy() == pytest.approx(np.full(5, 30.0))
    assert result.flow("gone").to_numpy() == pytest.approx(np.full(5, 10.0))


@pytest.mark.parametrize("variant", [None, "both"])
def test_a_level_and_an_inflow_that_agree(variant: str | None) -> None:
    result = mfa.run(mfa.load(CASES / "04-initial-and-both-driven" / "case.yaml", variant=variant))
    assert result.flow("new").to_numpy() == pytest.approx(np.full((5, 1), 10.0))


def test_a_level_and_an_inflow_that_do_not_agree() -> None:
    with pytest.raises(mfa.MfaError, match="overdetermined"):
        mfa.run(mfa.load(CASES / "04-initial-and-both-driven" / "case.yaml", variant="both_wrong"))


SHOP: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"year": {"range": [2004, 2008]}},
    "processes": {"shop": {"kind": "source"}, "use": {"kind": "stock"}, "tip": {"kind": "sink"}},
    "flows": {"sold": {"from": "shop", "to": "use"}, "gone": {"from": "use", "to": "tip"}},
    "stocks": {"in_use": {"at": "use", "lifetime": {"fixed": 3.5}, "initial": 14}},
}
QUESTIONS = [
    {"solve": {"question": "simulate"}, "drivers": {"d": {"of": "sold", "value": 5}}},
    {"observations": {"o": {"of": "sold", "value": 5, "sd": 1}}},
]


@pytest.mark.parametrize("asked", QUESTIONS)
def test_time_alone_gives_what_one_region_gives(asked: dict[str, Any]) -> None:
    """14 are 4 in each of the last three years and 2 of the fourth; 5 a year live 3.5 years."""
    alone = mfa.run(SHOP | asked)
    beside = mfa.run(SHOP | asked | {"dimensions": {**SHOP["dimensions"], "region": ["AAA"]}})
    assert alone.stock("in_use").to_numpy() == pytest.approx([15, 16, 17, 17.5, 17.5])
    assert alone.stock("in_use").to_numpy() == pytest.approx(beside.stock("in_use").to_numpy()[:, 0])
    assert alone.cohorts("in_use", year=2008).sum() == pytest.approx(17.5)


def test_time_alone_with_an_initial_stock_by_cohort() -> None:
    """Of 3, 5, 2, 4 that entered at the ends of 2000 to 2003 and live 3.5 years nothing is left in 2007."""
    file = CASES / "time-is-the-only-dimension" / "by_cohort.yaml"
    result = mfa.run(mfa.load(file))
    sold = [18 - 11.0, 20 - 6.0 - 7, 14 - 4.0 - 7 - 7, 9 + 4.0 - 7 - 7, 0.0]
    # age k at the end of a year: 2000 has gone by 2004, 2001 by 2005, 2002 by 2006, 2003 by 2007
    sold[4] = 20 - sold[1] - sold[2] - sold[3]
    sold[3] = 9 - sold[0] - sold[1] - sold[2]
    sold[4] = 20 - sold[1] - sold[2] - sold[3]
    assert result.flow("sold").to_numpy() == pytest.approx(sold)


# --- without time -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["case", "element", "year"])
def test_a_stock_without_time_is_its_change(name: str) -> None:
    result = mfa.run(mfa.load(CASES / "55-static-system-with-a-stock" / f"{name}.yaml"))
    assert result.stock("s").item() == pytest.approx(4.0)
    assert result.sd("s").item() == pytest.approx(np.hypot(1, 0.1))


def test_a_stock_without_time_may_lose_and_holds_no_more_than_it_had() -> None:
    given = {
        "mfa": 1,
        "processes": {"a": {"kind": "source"}, "fill": {"kind": "stock"}, "b": {"kind": "sink"}},
        "flows": {"x": {"from": "a", "to": "fill"}, "y": {"from": "fill", "to": "b"}},
        "stocks": {"s": {"at": "fill"}},
        "observations": {"in": {"of": "x", "value": 5, "sd": 1}, "out": {"of": "y", "value": 9, "sd": 1}},
    }
    assert mfa.run(given).stock("s").item() == pytest.approx(-4.0)
    level = mfa.run(given | {"stocks": {"s": {"at": "fill", "initial": 100}}})
    assert level.stock("s").item() == pytest.approx(96.0)
    # 2 are there at first: of 9 that leave, at most 2 more than enter can
    held = mfa.run(given | {"stocks": {"s": {"at": "fill", "initial": 2}}})
    assert held.stock("s").item() == pytest.approx(0.0, abs=1e-9)
    assert held.flow("y").item() - held.flow("x").item() == pytest.approx(2.0)


def test_a_stock_without_time_that_is_driven() -> None:
    given = {
        "mfa": 1,
        "dimensions": {"element": ["Fe", "Cu"]},
        "processes": {"a": {"kind": "source"}, "fill": {"kind": "stock"}, "b": {"kind": "sink"}},
        "flows": {"x": {"from": "a", "to": "fill"}, "y": {"from": "fill", "to": "b"}},
        "stocks": {"s": {"at": "fill"}},
        "solve": {"question": "simulate"},
        "drivers": {
            "change": {"of": "s", "dims": ["element"], "data": {"Fe": -3, "Cu": 2}},
            "out": {"of": "y", "value": 7},
        },
    }
    assert mfa.run(given).flow("x").to_numpy() == pytest.approx([4.0, 9.0])


def test_an_element_that_only_leaves_a_stock_without_time() -> None:
    """Nothing says that what is mined from a landfill had ever entered it."""
    given = {
        "mfa": 1,
        "dimensions": {"element": ["Fe", "Cu"]},
        "processes": {"a": {"kind": "source"}, "fill": {"kind": "stock"}, "b": {"kind": "sink"}},
        "flows": {"x": {"from": "a", "to": "fill", "commodity": "ash"}, "y": {"from": "fill", "to": "b"}},
        "compositions": {"ash": {"dims": ["element"], "data": {"Fe": 1, "Cu": 0}}},
        "stocks": {"s": {"at": "fill"}},
        "observations": {
            "in": {"of": "x", "sum": ["element"], "value": 5, "sd": 1},
            "out": {"of": "y", "value": 2, "sd": 1},
        },
    }
    assert mfa.run(given).stock("s").to_numpy() == pytest.approx([3.0, -2.0])


def test_a_reserve_without_time() -> None:
    given = {
        "mfa": 1,
        "processes": {"mine": {"kind": "source"}, "use": {"kind": "sink"}},
        "flows": {"mined": {"from": "mine", "to": "use"}},
        "stocks": {
            "ground": {"at": "mine", "kind": "reserve", "initial": 100, "recovery": 0.5, "additions": 3}
        },
        "observations": {"o": {"of": "mined", "value": 10, "sd": 1}},
    }
    result = mfa.run(given)
    assert result.stock("ground").item() == pytest.approx(100 - 10 / 0.5 + 3)
    assert result.sd("ground").item() == pytest.approx(2.0)


def test_a_reserve_of_which_products_are_made() -> None:
    """It is one, whatever is told apart in what leaves it."""
    given = {
        "mfa": 1,
        "dimensions": {"year": [2020, 2021], "product": ["car", "van"]},
        "processes": {"mine": {"kind": "source"}, "use": {"kind": "sink"}},
        "flows": {"mined": {"from": "mine", "to": "use", "by": ["product"]}},
        "stocks": {"ground": {"at": "mine", "kind": "reserve", "initial": 100}},
        "observations": {"o": {"of": "mined", "value": 10, "sd": 1}},
    }
    assert mfa.run(given).stock("ground").to_numpy() == pytest.approx([80.0, 60.0])


def test_a_lifetime_without_time() -> None:
    file = SHOP | {"dimensions": {"region": ["AAA"]}} | QUESTIONS[1]
    assert only(file).code == "no-time"
    by_cohort = {"in_use": {"at": "use", "initial": {"data": {2000: 3}, "dims": "cohort"}}}
    dimensions = {"region": ["AAA"], "cohort": [2000]}
    assert only(file | {"stocks": by_cohort, "dimensions": dimensions}).code == "no-time"


def test_nothing_but_a_stock_and_no_time() -> None:
    result = mfa.run(mfa.load(CASES / "fuzz" / "stock_no_time.yaml"))
    assert result.flow("f").item() == pytest.approx(1.0)
    assert np.isnan(result.sd("k").item())  # nothing says what leaves
    (file,) = (CASES / "fuzz").glob("fz_TRACEBACK_tables*")
    assert only(file).code == "stock-place"


@pytest.mark.parametrize("axis", ["region", "element", "product"])
def test_what_runs_along_time_without_it(axis: str) -> None:
    by = {"x": {"from": "a", "to": "b", "by": ["product"] if axis == "product" else []}}
    given = NAMED | {"dimensions": {axis: ["p", "q"]}, "flows": by}
    assert only(given | {"outputs": {"indicators": {"all": "cumsum(x)"}}}).code == "no-time"
    filled = {"of": "x", "dims": [axis], "data": {"p": 1}, "interpolate": "linear"}
    driven = {k: v for k, v in given.items() if k != "observations"}
    driven |= {"solve": {"question": "simulate"}, "drivers": {"d": filled}}
    assert only(driven).code == "no-time"


# --- names of dimensions ------------------------------------------------------------------------------------


def test_a_time_axis_named_otherwise() -> None:
    error = placed(CASES / "54-time-axis-named-otherwise" / "case.yaml", 3, "years")
    assert (error.code, error.hint) == ("axis-name", 'did you mean "year"?')


NAMED: dict[str, Any] = {
    "mfa": 1,
    "processes": {"a": {"kind": "source"}, "b": {"kind": "sink"}},
    "flows": {"x": {"from": "a", "to": "b"}},
    "observations": {"o": {"of": "x", "value": 5, "sd": 1}},
}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *(("Year", "year"), ("yr", "year"), ("YEARS", "year"), ("yaer", "year"), ("Months", "month")),
        *(("Region", "region"), ("regions", "region"), ("regoin", "region"), ("Elements", "element")),
        *(("elemnt", "element"), ("times", "time")),
    ],
)
def test_names_that_are_plainly_misspelt(name: str, meant: str) -> None:
    by = {"x": {"from": "a", "to": "b", "by": [name]}}
    error = only(NAMED | {"dimensions": {name: ["p", "q"]}, "flows": by})
    assert (error.code, error.hint) == ("axis-name", f'did you mean "{meant}"?')


@pytest.mark.parametrize(
    "name", ["application", "product", "type", "tire", "gear", "legion", "cement", "region2", "ages", "age"]
)
def test_names_of_other_dimensions(name: str) -> None:
    by = {"x": {"from": "a", "to": "b", "by": [name]}}
    result = mfa.run(NAMED | {"dimensions": {name: ["p", "q"]}, "flows": by})
    assert result.flow("x").to_numpy() == pytest.approx([5.0, 5.0])


@pytest.mark.parametrize("name", ["year", "month", "time", "region", "element"])
def test_names_with_a_meaning(name: str) -> None:
    labels = [2020, 2021] if name in ("year", "time") else ["2020-01", "2020-02"]
    result = mfa.run(NAMED | {"dimensions": {name: labels}})
    assert result.flow("x").to_numpy() == pytest.approx([5.0, 5.0])


def test_a_dimension_that_nothing_uses() -> None:
    document = mfa.load(NAMED | {"dimensions": {"product": ["car", "van"], "period": [2000, 2010]}})
    assert [(w.code, w.severity) for w in document.warnings] == [("unused-dimension", "warning")] * 2
    assert any('call it "year"' in w.hint for w in document.warnings)


def test_a_dimension_that_is_not_there() -> None:
    (file,) = (CASES / "fuzz").glob("fz_TRACEBACK_check*")
    assert {"unknown-dimension"} <= {p.code for p in refused(file)}


# --- over a dimension that is not there ---------------------------------------------------------------------


def test_a_content_over_a_dimension_that_its_flow_lacks() -> None:
    error = placed(CASES / "content-over-missing-dimension" / "case.yaml", 17, "material")
    assert error.code == "no-axis"


def test_a_reserve_that_is_observed_and_has_no_start() -> None:
    error = placed(CASES / "60-observed-reserve-without-initial" / "case.yaml", 6, "res")
    assert error.code == "missing-key"


LACKING: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"year": [2000, 2001], "good": ["a", "b"], "element": ["Fe", "Cu"]},
    "processes": {
        **{"s": {"kind": "source"}, "p": {}, "use": {"kind": "stock"}, "o": {"kind": "sink"}},
    },
    "flows": {
        "x": {"from": "s", "to": "p", "by": ["good"], "commodity": "ore"},
        "y": {"from": "p", "to": "o", "commodity": "slag"},
        "z": {"from": "p", "to": "use", "by": ["good"]},
        "w": {"from": "use", "to": "o"},
    },
    "stocks": {"held": {"at": "use", "initial": 50}, "r": {"at": "s", "kind": "reserve", "initial": 9000}},
    "observations": {"of_x": {"of": "x", "value": 10, "sd": 1}, "of_w": {"of": "w", "value": 3, "sd": 1}},
}
OVER = {"dims": ["good"], "data": {"a": 0.3, "b": 0.6}}
ELEMENTS = {"dims": ["element"], "data": {"Fe": 40.0, "Cu": 60.0}}


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("transfers.p.y", OVER, 'flow "y" has no dimension "good"'),
        ("contents.slag", OVER | {"unit": "t / t gross"}, 'what carries "slag" has no dimension "good"'),
        (
            "compositions.slag",
            {"dims": ["good", "element"], "data": {k: {"Fe": 0.5, "Cu": 0.5} for k in "ab"}},
            '"y", which carries "slag", has no dimension "good"',
        ),
        ("observations.k", {"of": "y", "sd": 1, **OVER}, 'what is observed has no dimension "good"'),
        ("observations.k", {"of": "held", "sd": 1, **OVER}, "has no dimension"),
        ("observations.k", {"of": ["x", "y"], "sd": 1, **OVER}, "has no dimension"),
        ("constraints.k", {"of": "y", "max": OVER}, '"y" has no dimension "good"'),
        ("constraints.k", {"of": "x", "sum": ["good"], "min": OVER}, '"good" is summed over'),
        ("stocks.held.initial", OVER, 'the level of "held" before the first period has no dimension "good"'),
        (
            "stocks.held.initial",
            {"dims": ["year"], "data": {2000: 5, 2001: 6}},
            'the level of "held" before the first period has no dimension "year"',
        ),
        ("stocks.r.initial", ELEMENTS, 'the level of "r" before the first period has no dimension "element"'),
        ("stocks.r.recovery", OVER, 'stock "r" has no dimension "good"'),
        ("stocks.r.additions", ELEMENTS, 'stock "r" has no dimension "element"'),
    ],
)
def test_numbers_over_a_dimension_that_is_lacking(path: str, value: dict[str, Any], what: str) -> None:
    error = only(_with(LACKING, path, value))
    assert error.code == "no-axis"
    assert what in error.text or (path == "observations.k" and "has no dimension" in error.text)


def test_a_driver_over_a_dimension_that_is_lacking() -> None:
    driven = {**LACKING, "solve": {"question": "simulate"}, "drivers": {"d": {"of": "y", **OVER}}}
    del driven["observations"]
    assert only(driven).text == '"y" has no dimension "good"'


def test_a_lifetime_over_a_dimension_that_is_lacking() -> None:
    lifetime = {"normal": {"mean": {**OVER, "data": {"a": 3, "b": 4}}, "sd": 1}}
    error = only(_with(LACKING, "stocks.held.lifetime", lifetime))
    assert error.text == 'stock "held" has no dimension "good"'


def _with(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A document with one value more, or another one."""
    key, _, rest = path.partition(".")
    return {**document, key: _with(document.get(key, {}), rest, value) if rest else value}


@pytest.mark.parametrize(
    "of_one", [{"at": {"element": "Fe"}, "value": 5}, {"dims": ["element"], "data": {"Fe": 1, "Cu": 2}}]
)
@pytest.mark.parametrize("unit", ["t gross", "item"])
def test_one_element_of_whole_products(of_one: dict[str, Any], unit: str) -> None:
    content = {"ore": {"value": 0.5, "unit": "t / t gross" if unit == "t gross" else "t / item"}}
    observed = {"of": "x", "unit": unit, "sd": 1, **of_one}
    assert only(LACKING | {"contents": content, "observations": {"o": observed}}).code == "no-axis"


# --- the axes of a target -----------------------------------------------------------------------------------

FLEET: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"year": [2000, 2001], "product": ["car", "van"]},
    "processes": {"in": {"kind": "source"}, "use": {"kind": "stock"}, "out": {"kind": "sink"}},
    "flows": {
        "x": {"from": "in", "to": "use", "by": ["product"]},
        "w": {"from": "use", "to": "out", "by": ["product"]},
    },
    "stocks": {"s": {"at": "use", "lifetime": {"fixed": 10}}},
    "observations": {"seen": {"of": "s", "value": 10, "sd": 1}, "fl": {"of": "x", "value": 3, "sd": 1}},
}


def test_an_inflow_is_the_same_named_or_not() -> None:
    named = FLEET | {"stocks": {"s": {**FLEET["stocks"]["s"], "inflow": "x", "outflow": "w"}}}
    whole, other = mfa.run(FLEET).observations, mfa.run(named).observations
    assert len(whole[whole["name"] == "seen"]) == 4
    columns = ["name", "year", "product", "value", "adjusted"]
    assert whole[columns].equals(other[columns])


@pytest.mark.parametrize("first", ["x", "y"])
def test_a_sum_is_over_the_dimensions_that_all_its_terms_have(first: str) -> None:
    """One number for a year, whichever term stands first."""
    given = {
        "mfa": 1,
        "dimensions": {"year": [2000, 2001], "product": ["car", "van"]},
        "processes": {"a": {"kind": "source"}, "b": {"kind": "sink"}},
        "flows": {"x": {"from": "a", "to": "b", "by": ["product"]}, "y": {"from": "a", "to": "b"}},
        "observations": {
            "both": {"of": [first, "y" if first == "x" else "x"], "value": 12, "sd": 1},
            "one": {"of": "x", "value": 2, "sd": 0.1},
        },
    }
    result = mfa.run(given)
    assert result.flow("y").to_numpy() == pytest.approx([8.0, 8.0])


def test_what_leaves_by_more_labels_than_a_stock_has_is_summed() -> None:
    """5 a year live 1.5 years: half of what is a year old leaves, then all; by whatever route."""
    flows = {"x": {"from": "in", "to": "use"}, "w": {"from": "use", "to": "out", "by": ["product"]}}
    split = {2001: {"car": 1}, 2002: {"car": 2}}
    given = FLEET | {
        "dimensions": {"year": [2000, 2001, 2002], "product": ["car", "van"]},
        "flows": flows,
        "stocks": {"s": {"at": "use", "lifetime": {"fixed": 1.5}}},
        "observations": {
            "in": {"of": "x", "value": 5, "sd": 1},
            "split": {"of": "w", "dims": ["year", "product"], "data": split, "sd": 1},
        },
    }
    result = mfa.run(given)
    x, w = result.flow("x").to_numpy(), result.flow("w").sum("product").to_numpy()
    assert w == pytest.approx([0.0, x[0] / 2, x[0] / 2 + x[1] / 2])
    assert result.stock("s").to_numpy() == pytest.approx(np.cumsum(x - w))
    assert result.cohorts("s", year=2002).sum() == pytest.approx(result.stock("s").to_numpy()[2])


# --- a simulation has no standard deviations ----------------------------------------------------------------

PLANT: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"year": [2020, 2021], "element": ["Fe", "Cu"]},
    "processes": {"s": {"kind": "source"}, "p": {}, "o": {"kind": "sink"}},
    "flows": {
        "x": {"from": "s", "to": "p", "commodity": "ore"},
        "a": {"from": "p", "to": "o"},
        "b": {"from": "p", "to": "o"},
    },
    "transfers": {"p": {"a": 0.4, "b": "rest"}},
    "solve": {"question": "simulate"},
    "drivers": {"d": {"of": "x", "value": 5}},
}


def test_a_simulation_with_draws_is_refused() -> None:
    error = placed(CASES / "simulation-uncertainty" / "case.yaml", 8, "montecarlo")
    assert error.code == "simulation-uncertainty"
    result = mfa.run(PLANT)
    with pytest.raises(mfa.MfaError, match="simulation-uncertainty"):
        result.draws(10)


@pytest.mark.parametrize(
    "stated",
    [{"sd": 1}, {"cv": "10%"}, {"interval": [4, 6]}, {"factor": 2}, {"floor": "1 t"}, {"value": "4-6"}],
)
def test_an_uncertain_driver_is_refused(stated: dict[str, Any]) -> None:
    error = only(_with(PLANT, "drivers.d", {"of": "x", "value": 5, **stated}))
    assert error.code == "simulation-uncertainty"


@pytest.mark.parametrize("column", ["sd", "cv"])
def test_an_uncertain_row_of_a_driver_is_refused(column: str, tmp_path: Path) -> None:
    table = tmp_path / "given.csv"
    table.write_text(f"year,value,{column}\n2020,5,0\n2021,6,0.5\n")
    driver = {"of": "x", "sum": ["element"], "dims": ["year"], "table": str(table)}
    given = _with(PLANT, "drivers.d", driver)
    error = only(_with(given, "compositions.ore", {"dims": ["element"], "data": {"Fe": 0.5, "Cu": 0.5}}))
    assert error.code == "simulation-uncertainty"
    assert error.where is not None
    assert error.where.line == 3


def test_an_exact_driver_says_so() -> None:
    result = mfa.run(_with(PLANT, "drivers.d.sd", 0))
    assert (result.sd("a") == 0).all()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("transfers.p.a", {"value": 0.4, "sd": 0.1}),
        ("compositions.ore", {"dims": ["element"], "data": {"Fe": 0.5, "Cu": 0.5}, "cv": "10%"}),
        ("contents.ore", {"value": 0.5, "unit": "t / t gross", "sd": 0.1}),
        ("stocks.r", {"at": "s", "kind": "reserve", "initial": {"value": 90, "sd": 5}}),
    ],
)
def test_no_deviation_is_known_where_a_model_states_one_that_is_left_out(
    path: str, value: Any, tmp_path: Path
) -> None:
    given = _with(PLANT, path, value) | {"outputs": {"indicators": {"rate": "a / x"}}}
    if path == "compositions.ore":
        given["drivers"] = {"d": {"of": "x", "sum": ["element"], "value": 10}}
    result = mfa.run(given)
    assert result.flow("a").to_numpy() == pytest.approx(np.full((2, 2), 2.0))
    assert result.sd("a").isnull().all()
    assert result.indicators["value"].tolist() == pytest.approx([0.4] * 4)
    assert result.indicators["sd"].isna().all()
    (warning,) = result.warnings
    assert warning.startswith(f"warning[simulation-uncertainty]: {path}")
    saved = mfa.open_result(result.save(tmp_path / "out"))
    assert saved.sd("a").isnull().all()
    assert "2020,Fe,2,2,,,," in (tmp_path / "out" / "flows.csv").read_text()


def test_a_share_over_a_dimension_that_its_flow_lacks_has_its_place() -> None:
    """From Python there is no file to point into: the words alone name the flow."""
    given = {
        "mfa": 1,
        "dimensions": {"good": ["a", "b"]},
        "processes": {"s": {"kind": "source"}, "p": {}, "o": {"kind": "sink"}},
        "flows": {
            "x": {"from": "s", "to": "p", "by": ["good"]},
            "y": {"from": "p", "to": "o"},
            "z": {"from": "p", "to": "o", "by": ["good"]},
        },
        "transfers": {"p": {"y": {"data": {"a": 0.3, "b": 0.6}, "dims": "good"}, "z": "rest"}},
        "solve": {"question": "simulate"},
        "drivers": {"d": {"of": "x", "data": {"a": 10, "b": 20}, "dims": "good"}},
    }
    assert only(given).text == 'flow "y" has no dimension "good"'
