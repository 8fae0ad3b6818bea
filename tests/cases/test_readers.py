"""Files of statistical offices that changed numbers without a word, or were refused for no reason."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import mfa
from mfa.build import check
from mfa.data.countries import iso3_of
from mfa.data.labels import Grouping
from mfa.errors import InputError
from mfa.spec.resolve import load_document

HERE = Path(__file__).parent


def case(name: str, variant: str | None = None) -> mfa.Result:
    return mfa.run(mfa.load(HERE / name / "case.yaml", variant=variant))


def stated(result: mfa.Result) -> pd.DataFrame:
    return result.observations.set_index([c for c in ("year", "region") if c in result.observations])


def test_a_withheld_member_makes_its_group_a_lower_bound() -> None:
    result = case("36-group-member-without-figure")
    assert float(result.flow("x").sel(year=2021, region="ROW")) == pytest.approx(130_000)
    free = result.free.set_index("name")
    assert free.loc["x[2022, ROW]", "low"] > 40_000
    assert any("table-withheld" in w and "RUS of 2022, ROW" in w for w in result.warnings)
    with pytest.raises(InputError, match="RUS of 2022, ROW: no figure"):
        case("36-group-member-without-figure", "refuse")


def test_reserves_are_in_the_unit_of_their_note() -> None:
    table = stated(case("44-mcs-reserves-in-another-unit"))
    table = table[table["name"] == "res24"]
    assert (table.loc[(2024, "AUS"), "value"], table.loc[(2024, "AUS"), "unit"]) == (50000, "Mt")
    # its own note says nothing: that of its commodity is meant
    assert table.loc[(2024, "BRA"), "value"] == 30000


def test_following_the_hint_keeps_every_row() -> None:
    name = "58-following-the-hint-drops-rows"
    assert stated(case(name)).loc[(2023, "ROW"), "value"] == pytest.approx(3000)
    with pytest.raises(InputError, match=r"they differ in detail: choose with `where`"):
        case(name, "without_note")
    followed = {"observations.p.table.where": {"commodity": "copper", "statistic": "production"}}
    where = followed["observations.p.table.where"]
    for detail, rest in (
        ("Mine production, recoverable copper content", 3000),
        ("Refinery production, copper", 300),
    ):
        where["detail"] = detail
        result = mfa.run(mfa.load(HERE / name / "case.yaml", set=followed))
        assert stated(result).loc[(2023, "ROW"), "value"] == pytest.approx(rest)


def test_a_file_of_one_commodity_knows_its_name() -> None:
    table = stated(case("62-single-commodity-mcs-file"))
    assert table["value"].tolist() == [5600, 5200, 2300, 2200]


def test_rows_that_end_with_a_comma_are_read() -> None:
    table = case("57-comtrade-website-csv-trailing-comma").observations
    assert table["value"].tolist() == [2, 1]


def test_former_countries_belong_to_the_rest_of_the_world() -> None:
    table = case("24-former-countries").observations
    assert table["value"].tolist() == [14]


def test_years_as_columns_are_told_from_a_long_table() -> None:
    problems = check(load_document(HERE / "31-year-columns" / "case.yaml"))
    assert [p.code for p in problems] == ["table-column"]
    assert "years are columns here" in problems[0].hint


@pytest.mark.parametrize(
    ("raw", "iso3"),
    [
        *(("890", "YUG"), ("720", "YMD"), ("YUG", "YUG"), ("381", "ITA"), ("BLX", "BEL"), ("ZAR", "COD")),
        *(("652", "BLM"), ("EL", "GRC"), ("China, mainland", "CHN"), ("'156", "CHN"), ('"004"', "AFG")),
        *(("Türkiye", "TUR"), ("Turkiye", "TUR"), ("Netherlands (the)", "NLD"), ("Congo (the)", "COG")),
    ],
)
def test_codes_and_names_of_more_offices(raw: str, iso3: str) -> None:
    assert iso3_of(raw) == iso3


@pytest.mark.parametrize("raw", ["999", "YUX", "ZZ", "QQQ", "Atlantis"])
def test_what_is_no_country_is_not_said_to_be_another(raw: str) -> None:
    world = Grouping("region", ("CHN", "USA"))
    assert world.resolve(raw) is None
    assert "did you mean" not in world.hint(raw)


@pytest.mark.parametrize(("raw", "name"), [("Chnia", "China"), ("Brasil", "Brazil"), ("Germny", "Germany")])
def test_a_name_that_is_nearly_spelt_is_a_hint(raw: str, name: str) -> None:
    assert Grouping("region", ("CHN", "USA")).hint(raw) == f'did you mean "{name}"?'


@pytest.mark.parametrize(
    ("raw", "iso3"),
    [
        ("Korea, Dem. People's Rep.", "PRK"),
        ("Korea, Democratic People's Republic of", "PRK"),
        ("West Bank and Gaza", "PSE"),
        ("Micronesia, Fed. Sts.", "FSM"),
        ("St. Kitts and Nevis", "KNA"),
        ("Somalia, Fed. Rep.", "SOM"),
        ("Macao SAR, China", "MAC"),
        ("Sudan (former)", "SDN"),
        ("Ethiopia PDR", "ETH"),
        ("Netherlands Antilles (former)", "ANT"),
        ("Germany (until 1990 former territory of the FRG)", "DEU"),
        ("Iran, Islamic Republic of", "IRN"),
        ("Myanmar/Burma", "MMR"),
    ],
)
def test_names_of_the_world_bank_fao_and_eurostat(raw: str, iso3: str) -> None:
    assert iso3_of(raw) == iso3


def test_a_bound_says_that_a_trade_exists(tmp_path: Path) -> None:
    """The figures of a pair are bounds: a withheld member of a sum, a `>7`. Once nothing could flow there."""
    rows = ["year,exporter,importer,hs,value", "2022,CHN,USA,1,5", "2022,CHN,USA,2,W", "2022,JPN,USA,2,>7"]
    (tmp_path / "t.csv").write_text("\n".join([*rows, "2022,USA,CHN,2,7\n"]))
    (tmp_path / "m.yaml").write_text(
        "mfa: 1\nname: m\ndimensions: {year: [2022], region: [CHN, USA, JPN]}\n"
        "processes: {m: {kind: source}, mk: {kind: market}, u: {kind: sink}}\n"
        "flows: {x: {from: m, to: mk}, y: {from: mk, to: u}}\ntrade: {tr: {at: mk}}\n"
        "observations: {d: {of: tr, unit: t, cv: 10%, table: {file: t.csv, sum_over: [hs]}}}\n"
    )
    result = mfa.run(mfa.load(tmp_path / "m.yaml"))
    low = result.free.set_index("name")["low"]
    assert low["tr[2022, CHN, USA]"] == pytest.approx(5)
    assert low["tr[2022, JPN, USA]"] == pytest.approx(7)
