from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mfa.data import connectors
from mfa.data.connectors.schema import COLUMNS
from mfa.errors import MissingFile, TableError

HEAD = "year,reporter,partner,cmd,flow,value,netwgt,qty,qtyunit\n"


def comtrade(folder: Path, rows: str, head: str = HEAD, **options: object) -> pd.DataFrame:
    path = folder / "c.csv"
    path.write_text(head + rows)
    return connectors.read("comtrade", [path], **options)


def mapped(shared: Path) -> Path:
    folder = shared / "data" / "restricted"
    if not folder.is_dir():
        pytest.skip("data that may not be shipped are absent")
    return folder


def one(frame: pd.DataFrame, **where: object) -> pd.Series:
    for column, value in where.items():
        frame = frame[frame[column] == value]
    (row,) = (r for _, r in frame.iterrows())
    return row


def cube(total: list[float]) -> list[float]:
    """Every cell of a breakdown with its total, doubled by a second breakdown in one part."""
    cells = [sum(total), *total]
    return cells + cells


# --- every connector


def test_one_schema(tmp_path: Path) -> None:
    frame = comtrade(tmp_path, "2022,276,156,850511,M,5,2,2,8\n")
    assert tuple(frame.columns) == COLUMNS
    assert set(connectors.CONNECTORS) == {"usgs", "dataweb", "baci", "comtrade"}


@pytest.mark.parametrize("name", sorted(connectors.CONNECTORS))
def test_files_of_another_kind_are_refused(tmp_path: Path, name: str) -> None:
    for content in ("a,b\n1,2\n", "\0\1\2", ""):
        for suffix in (".csv", ".json", ".xlsx"):
            path = tmp_path / f"t{suffix}"
            path.write_text(content)
            with pytest.raises(TableError):
                connectors.read(name, [path])
    with pytest.raises(MissingFile):
        connectors.read(name, [tmp_path / "no.csv"])


def test_a_file_is_read_again_only_when_it_changes(tmp_path: Path) -> None:
    first = comtrade(tmp_path, "2022,276,156,850511,M,5,2,2,8\n")
    assert connectors.read("comtrade", [tmp_path / "c.csv"]) is first
    (tmp_path / "c.csv").write_text(HEAD + "2022,276,156,850511,M,6,2,2,8\n")
    os.utime(tmp_path / "c.csv", ns=(1, 1))
    assert connectors.read("comtrade", [tmp_path / "c.csv"])["value_usd"].tolist() == [6.0]


# --- comtrade


def test_direction_codes_and_weight(tmp_path: Path) -> None:
    frame = comtrade(
        tmp_path,
        "2022,276,156,850511,M,5,2,2,8\n2022,842,490,850511,X,7,0,3,8\n2022,4,8,850511,RX,7,0,3,12\n",
    )
    assert frame[["exporter", "importer", "flow"]].to_numpy().tolist() == [
        ["CHN", "DEU", "import"],
        ["USA", "TWN", "export"],
        ["AFG", "ALB", "re-export"],
    ]
    np.testing.assert_array_equal(frame["quantity"], [2, 3, np.nan])
    assert frame["unit"].unique().tolist() == ["kg gross"]


@pytest.mark.parametrize("parts", [[3.0, 1.0], [2.0], [5.0, 5.0, 7.0]])
def test_a_cube_without_codes_is_its_largest_cell(tmp_path: Path, parts: list[float]) -> None:
    rows = "".join(f"2022,276,156,850511,M,{v},{v / 2},{v / 2},8\n" for v in cube(parts))
    row = one(comtrade(tmp_path, rows))
    assert (row["value_usd"], row["quantity"]) == (sum(parts), sum(parts) / 2)
    assert row["note"] == "largest of repeated rows"


def test_rows_that_are_no_cube_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"2022,276,156,850511,M,{v},1,1,8\n" for v in (5, 4, 3))
    with pytest.raises(TableError, match="no total with its breakdown: year 2022, reporter 276") as caught:
        comtrade(tmp_path, rows)
    assert caught.value.problems[0].code == "table-ambiguous"


def test_identical_rows_count_once(tmp_path: Path) -> None:
    assert len(comtrade(tmp_path, "2022,276,156,850511,M,5,1,1,8\n" * 3)) == 1


LONG = (
    "refYear,reporterCode,partnerCode,cmdCode,flowCode,primaryValue,netWgt,"
    "isNetWgtEstimated,motCode,customsCode,partner2Code\n"
)


@pytest.mark.parametrize(
    ("rows", "value", "note"),
    [
        ("0,C00,0,9;1000,C00,0,4;2100,C00,0,5", 9.0, "total of its breakdown"),
        ("0,C00,0,9;1000,C00,0,4", 9.0, "total of its breakdown"),
        ("1000,C00,0,4;2100,C00,0,5", 9.0, "sum of its breakdown"),
        ("1000,C00,0,4;2100,C00,0,5;0,C01,0,2;0,C02,0,7", 9.0, "sum of its breakdown"),
        ("0,C00,36,4;0,C00,40,5", 9.0, "sum of its breakdown"),
        ("2100,C00,0,5", 5.0, ""),
    ],
)
def test_totals_and_breakdowns_with_codes(tmp_path: Path, rows: str, value: float, note: str) -> None:
    cells = (r.rsplit(",", 1) for r in rows.split(";"))
    text = "".join(f"2022,276,156,850511,M,{v},{v},False,{codes}\n" for codes, v in cells)
    row = one(comtrade(tmp_path, text, LONG))
    assert (row["value_usd"], row["quantity"], row["note"]) == (value, value, note)


def test_breakdowns_that_disagree_are_refused(tmp_path: Path) -> None:
    rows = "2022,276,156,850511,M,4,4,False,1000,C00,0\n2022,276,156,850511,M,5,5,False,0,C01,0\n"
    with pytest.raises(TableError, match="do not agree"):
        comtrade(tmp_path, rows, LONG)


def test_an_unweighed_part_leaves_the_sum_unweighed(tmp_path: Path) -> None:
    rows = "2022,276,156,850511,M,4,4,False,1000,C00,0\n2022,276,156,850511,M,5,0,False,2100,C00,0\n"
    row = one(comtrade(tmp_path, rows, LONG))
    assert row["value_usd"] == 9.0
    assert np.isnan(row["quantity"])


def test_the_partner_world_stands_only_where_it_is_alone(tmp_path: Path) -> None:
    rows = "2022,276,0,850511,M,9,9,9,8\n2022,276,156,850511,M,4,4,4,8\n2022,40,0,850511,M,3,3,3,8\n"
    assert comtrade(tmp_path, rows)["exporter"].tolist() == ["CHN", "WLD"]
    assert sorted(comtrade(tmp_path, rows, world=True)["exporter"]) == ["CHN", "WLD", "WLD"]


def test_json_and_estimates(tmp_path: Path) -> None:
    record = dict(
        zip(LONG.strip().split(","), (2022, 156, 104, "2846", "M", 7.5, 2.0, True, 0, "C00", 0), strict=True)
    )
    path = tmp_path / "c.json.gz"
    path.write_bytes(
        gzip.compress(json.dumps({"data": [record, {**record, "partnerCode": 418, "netWgt": None}]}).encode())
    )
    frame = connectors.read("comtrade", [path])
    assert frame["exporter"].tolist() == ["MMR", "LAO"]
    assert frame["note"].tolist() == ["weight estimated", "weight estimated"]
    np.testing.assert_array_equal(frame["quantity"], [2, np.nan])


def test_the_year_may_stand_in_the_name_and_months_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "comtrade_2024.csv"
    path.write_text("reporter,partner,cmd,flow,value,netwgt\n276,156,850511,M,5,2\n")
    assert connectors.read("comtrade", [path])["year"].tolist() == [2024]
    with pytest.raises(TableError, match="use annual data"):
        comtrade(tmp_path, "202201,276,156,850511,M,5,2,2,8\n")
    with pytest.raises(TableError, match="no year in the file's name"):
        comtrade(tmp_path, "276,156,850511,M,5\n", "reporter,partner,cmd,flow,value\n")


def test_germanys_imports_are_765_million_and_not_6121(shared: Path) -> None:
    frame = connectors.read(
        "comtrade", [mapped(shared) / "un_comtrade_raw_2022_2024" / "comtrade_2022.csv.gz"]
    )
    row = one(frame, hs="850511", exporter="CHN", importer="DEU", flow="import")
    assert row["value_usd"] == pytest.approx(765_179_836.583)
    assert row["quantity"] == pytest.approx(12_648_091.76)


def test_all_magnet_trades_against_the_largest_row_of_each(shared: Path) -> None:
    folder = mapped(shared)
    paths = sorted((folder / "un_comtrade_raw_2022_2024").glob("*.csv.gz"))
    frame = connectors.read("comtrade", paths)
    known = pd.read_csv(
        folder / "magnets_hs850511_mirror_2022_2024.csv", keep_default_na=False, na_values=[""]
    )
    codes = {"S19": "TWN", "568": "E19", "899": "_X"}
    known["exporter"], known["importer"] = (
        known[f"{s}_iso3"].replace(codes) for s in ("exporter", "importer")
    )
    compared = 0
    for flow in ("import", "export"):
        ours = frame[(frame["hs"] == "850511") & (frame["flow"] == flow)]
        both = known.dropna(subset=f"{flow}_reported_usd").merge(
            ours, on=["year", "exporter", "importer"], how="left"
        )
        np.testing.assert_allclose(both["value_usd"], both[f"{flow}_reported_usd"], rtol=1e-12)
        compared += len(both)
    assert compared == 3173


def test_chinas_imports_against_the_tidy_table(shared: Path) -> None:
    folder = mapped(shared)
    frame = connectors.read("comtrade", sorted((folder / "un_comtrade_china_2846").glob("[12]*.json")))
    known = pd.read_csv(
        folder / "china_imports_hs2846_1993_2024_tidy.csv", keep_default_na=False, na_values=[""]
    )
    burma = known[known["iso3"] == "MMR"].merge(
        frame, left_on=["iso3", "year"], right_on=["exporter", "year"]
    )
    assert len(burma) == (known["iso3"] == "MMR").sum()
    np.testing.assert_array_equal(burma["quantity_x"], burma["quantity_y"])
    assert len(frame) == (known["iso3"] != "WLD").sum()


# --- baci


def test_release_layout(tmp_path: Path) -> None:
    path = tmp_path / "BACI_HS17_Y2022_V202601.csv"
    path.write_text("t,i,j,k,v,q\n2022,156,842,850511,1.5,2\n2022,490,757,30520,2,        NA\n")
    frame = connectors.read("baci", [path])
    assert frame[["exporter", "importer", "hs", "value_usd", "edition"]].to_numpy().tolist() == [
        ["CHN", "USA", "850511", 1500.0, "V202601"],
        ["TWN", "CHE", "030520", 2000.0, "V202601"],
    ]
    np.testing.assert_array_equal(frame["quantity"], [2, np.nan])
    assert frame["line"].tolist() == [2, 3]


def test_extract_and_atlas_agree(shared: Path) -> None:
    folder = shared / "data" / "open" / "baci"
    extract = connectors.read("baci", [folder / "full_31_codes" / "baci_2022.csv"])
    atlas = connectors.read("baci", [folder / "flows" / "flows_2022.json"], commodity="magnets")
    where = {"exporter": "CHN", "importer": "DEU"}
    assert one(extract, hs="850511", **where)["value_usd"] == one(atlas, **where)["value_usd"] == 748_867_153
    assert atlas["note"].unique().tolist() == ["six largest partners per side only"]
    assert atlas["quantity"].isna().all()


def test_parquet_and_json_tonnes(shared: Path) -> None:
    pytest.importorskip("pyarrow")
    folder = shared / "data" / "open" / "baci"
    where = {"exporter": "CHN", "importer": "DEU", "commodity": "magnets"}
    exact = one(connectors.read("baci", [folder / "trade.parquet"]), **where)
    rounded = one(connectors.read("baci", [folder / "flows" / "flows_2024.json"]), **where)
    assert (exact["quantity"], rounded["quantity"]) == (12606.775, 12607.0)
    assert exact["unit"] == "t gross"


def test_an_unknown_material(shared: Path) -> None:
    path = shared / "data" / "open" / "baci" / "flows" / "flows_2022.json"
    with pytest.raises(TableError, match='did you mean "magnets"'):
        connectors.read("baci", [path], commodity="magnet")


# --- usgs

WIDE = "Source,Country,Type,Prod_t_2021,Prod_t_est_2022,Prod_notes,Reserves_t,Reserves_notes,,\n"
OXIDE = '"Rare earths, mine production, rare-earth-oxide equivalent, metric tons"'


def usgs(folder: Path, text: str, name: str = "mcs2023-raree_world.csv") -> pd.DataFrame:
    (folder / name).write_text(text, encoding="utf-8")
    return connectors.read("usgs", [folder / name])


def test_wide_layout(tmp_path: Path) -> None:
    note = "Estimated based on reported import data for China."
    rows = f"MCS2023,Burma ,{OXIDE},35000,12000,{note},NA,,,\nMCS2023,Other countries6,{OXIDE},60,,,>5,,,\n"
    frame = usgs(tmp_path, WIDE + rows)
    assert frame["edition"].unique().tolist() == ["MCS 2023"]
    assert frame["unit"].unique().tolist() == ["t REO"]
    burma = frame[frame["region"] == "MMR"]
    assert burma[["statistic", "year"]].to_numpy().tolist() == [
        ["production", 2021],
        ["production", 2022],
        ["reserves", 2022],
    ]
    np.testing.assert_array_equal(burma["quantity"], [35000, 12000, np.nan])
    assert burma["derived_from"].tolist() == ["china_imports", "china_imports", None]
    others = frame[frame["region"] == "OTH"]
    np.testing.assert_array_equal(others["quantity"], [60, np.nan, np.nan])
    assert others["low"].iloc[2] == 5
    assert others["estimated"].tolist() == [False, True, False]


def test_a_dash_is_missing_in_a_wide_release(tmp_path: Path) -> None:
    frame = usgs(tmp_path, WIDE + f"MCS2023,Canada,{OXIDE},—,0,,830000,,,\n")
    np.testing.assert_array_equal(frame["quantity"], [np.nan, 0, 830000])


def test_a_wrong_figure_has_its_line(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r'raree_world\.csv:2: .*"1243,000" is not a number'):
        usgs(tmp_path, WIDE + f'MCS2023,Canada,{OXIDE},"1243,000",0,,1,,,\n')


def test_quota_and_unknown_names(tmp_path: Path) -> None:
    frame = usgs(
        tmp_path,
        WIDE + f"MCS2023,China,{OXIDE},1,2,Production quota;,3,,,\nMCS2023,Atlantis,{OXIDE},1,2,,3,,,\n",
    )
    assert frame["derived_from"].tolist() == ["china_quota", "china_quota", None, None, None, None]
    assert frame["region"].iloc[-1] == "Atlantis"


@pytest.fixture(scope="module")
def mcs(shared: Path) -> pd.DataFrame:
    folder = shared / "data" / "open" / "usgs_mcs"
    names = ("2022/*world*.csv", "202[34]/world/*.csv", "2025/*.csv", "2026/*commodities*.csv")
    paths = [p for n in names for p in sorted(folder.glob(n))]
    return connectors.read("usgs", paths, commodity="rare earths")


@pytest.mark.parametrize(
    ("edition", "statistic", "year", "rows", "stated"),
    [
        ("MCS 2022", "production", 2021, 17, 17),
        ("MCS 2023", "production", 2022, 17, 17),
        ("MCS 2023", "reserves", 2022, 17, 13),
        ("MCS 2024", "production", 2023, 16, 16),
        ("MCS 2025", "production", 2024, 18, 14),
        ("MCS 2025", "reserves", 2024, 18, 12),
        ("MCS 2026", "production", 2024, 18, 18),
        ("MCS 2026", "production", 2025, 18, 18),
        ("MCS 2026", "reserves", 2025, 18, 11),
    ],
)
def test_every_release(
    mcs: pd.DataFrame, edition: str, statistic: str, year: int, rows: int, stated: int
) -> None:
    part = mcs[(mcs["edition"] == edition) & (mcs["statistic"] == statistic) & (mcs["year"] == year)]
    assert (len(part), int(part["quantity"].notna().sum())) == (rows, stated)
    assert part["region"].str.len().eq(3).all()
    assert part["region"].is_unique
    assert part["unit"].unique().tolist() == ["t REO"]


def test_real_figures(mcs: pd.DataFrame) -> None:
    world = one(mcs, edition="MCS 2025", statistic="reserves", region="WLD")
    assert (world["low"], np.isnan(world["quantity"])) == (90e6, True)
    canada = mcs[(mcs["region"] == "CAN") & (mcs["statistic"] == "production")].set_index(
        ["edition", "year"]
    )["quantity"]
    assert np.isnan(canada["MCS 2025", 2024])
    assert canada["MCS 2026", 2024] == 0
    nigeria = mcs[(mcs["region"] == "NGA") & (mcs["year"] == 2024) & (mcs["statistic"] == "production")]
    assert nigeria["quantity"].tolist() == [13000, 1500]
    assert (
        one(mcs, edition="MCS 2025", region="CHN", year=2024, statistic="production")["derived_from"]
        == "china_quota"
    )


def test_other_minerals_and_all_commodities(shared: Path) -> None:
    folder = shared / "data" / "open" / "usgs_mcs"
    cobalt = connectors.read("usgs", [folder / "other_minerals_2024" / "mcs2024-cobal_world.csv"])
    assert one(cobalt, region="NCL", year=2023, statistic="production")["quantity"] == 3000
    lithium = connectors.read("usgs", [folder / "other_minerals_2024" / "mcs2024-lithi_world.csv"])
    assert np.isnan(one(lithium, region="USA", year=2023, statistic="production")["quantity"])
    everything = connectors.read("usgs", [folder / "2026" / "usgs_mcs2026_commodities_data.csv"])
    assert everything["commodity"].nunique() > 60


# --- dataweb


def dataweb(folder: Path, header_row: int = 3, title: str = "Imports For Consumption|Annual") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    query = book.create_sheet("Query Parameters")
    query.append(["Download Date", "2026-07-10"])
    labels = [
        "Data Type",
        "Country",
        "HTS Number",
        "Description",
        "Quantity Description",
        "2022",
        "2023",
        "2024",
    ]
    for name, unit, cells in (
        ("Customs Value", "Value for: kilograms", [10.0, 20.0, 0.0]),
        ("Customs Value YTD", "Value for: kilograms", [1.0, 1.0, 1.0]),
        ("First Unit of Quantity", "kilograms", [100.0, 200.0, 0.0, 0.0, 3.0, 0.0]),
        ("Second Unit of Quantity", "number", [7.0, 8.0, 0.0, 0.0, 0.0, 0.0]),
    ):
        sheet = book.create_sheet(name)
        for _ in range(header_row - 1):
            sheet.append([title])
        hidden = [f"{y}_Suppressed" for y in (2022, 2023, 2024)] if len(cells) > 3 else []
        sheet.append([*labels, *hidden])
        sheet.append([name, "Myanmar (Burma)", "2846", "COMPOUNDS", unit, *cells])
        sheet.append(["Total: ", "", "", "", "", "1,000", "2,000", "0"])
    path = folder / "web.xlsx"
    book.save(path)
    return path


def test_dataweb(tmp_path: Path) -> None:
    frame = connectors.read("dataweb", [dataweb(tmp_path)])
    assert frame[["year", "unit", "note", "line"]].to_numpy().tolist() == [
        [2022, "kg gross", "", 4],
        [2023, "kg gross", "suppressed in part", 4],
        [2022, "number", "second unit", 4],
        [2023, "number", "second unit", 4],
    ]
    np.testing.assert_array_equal(frame["quantity"], [100, np.nan, 7, 8])
    np.testing.assert_array_equal(frame["low"], [np.nan, 200, np.nan, np.nan])
    np.testing.assert_array_equal(frame["value_usd"], [10, 20, np.nan, np.nan])
    assert frame[["exporter", "importer", "edition"]].drop_duplicates().to_numpy().tolist() == [
        ["MMR", "USA", "downloaded 2026-07-10"]
    ]


def test_dataweb_with_another_header_or_flow(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="in the third row"):
        connectors.read("dataweb", [dataweb(tmp_path, header_row=5)])
    with pytest.raises(TableError, match="DataWeb exports of"):
        connectors.read("dataweb", [dataweb(tmp_path, title="Something else")])


def test_dataweb_against_the_transcribed_table(shared: Path) -> None:
    folder = shared / "data" / "open"
    frame = connectors.read("dataweb", sorted((folder / "usitc_dataweb").glob("*.xlsx")))
    assert frame["year"].max() == 2025
    ours = frame[(frame["hs"] == "2846") & (frame["note"] != "second unit")]
    known = pd.read_csv(
        folder / "transcribed" / "us_trade_hs4_1993_2025.csv", dtype={"hs4": str}, keep_default_na=False
    )
    known = known[(known["hs4"] == "2846") & (known["measure"] == "quantity1")].rename(
        columns={"iso3": "partner"}
    )
    both = known.merge(ours, on=["flow", "partner", "year"], how="left")
    np.testing.assert_array_equal(both["quantity_x"].astype(float), both["quantity_y"].fillna(both["low"]))
    assert len(both) == 864
