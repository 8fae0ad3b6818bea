"""The tables of `models/rare_earths/data`, made again from the raw open files.

    python prepare.py INPUT OUTPUT

`INPUT` holds the transcribed tables (`usgs_mine_production.csv`, `china_quotas.csv`, ...), `OUTPUT` gets one tidy
long CSV a table. Needs pandas alone. Every row keeps its source, its edition and a note that says where in the
source it stands; what is a judgement says so in its source. README.md argues the numbers in capitals below.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd

YEARS = range(2017, 2025)
ELEMENTS = ["La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Y"]
ISO3_EU27 = (
    "AUT BEL BGR HRV CYP CZE DNK EST FIN FRA DEU GRC HUN IRL ITA LVA LTU LUX MLT NLD POL PRT ROU SVK SVN ESP SWE"
).split()
REGIONS = "CHN USA AUS MMR MYS THA VNM LAO IND BRA RUS MDG NGA BDI JPN KOR PHL EU27 ROW".split()
NO_MINE = ["CAN", "GRL", "TZA", "ZAF"]  # dashes in every edition: no mine, no flow
Rows = list[dict[str, object]]

EDITIONS = {
    "MCS 2022": "2022-01 MCS 2022",
    "MCS 2023": "2023-01 MCS 2023",
    "MCS 2024": "2024-01 MCS 2024",
    "MCS 2025": "2025-01 MCS 2025",
    "MYB 2022 (advance tables, 2025-03-19)": "2025-03 MYB 2022",
    "MYB 2022 (advance tables)": "2025-03 MYB 2022",
    "MCS 2026": "2026-02 MCS 2026",
    "MCS 2026 v1.0": "2026-02 MCS 2026 v1.0",
    "MCS 2026 v1.3": "2026-02 MCS 2026 v1.3",
    "DS140 (modified 2023-09-27)": "2023-09 DS140",
}


def read(folder: Path, name: str) -> pd.DataFrame:
    """A raw table; the region `NA` is not a missing value."""
    frame = pd.read_csv(folder / f"{name}.csv", keep_default_na=False, dtype=str)
    if "year" in frame:
        frame["year"] = pd.to_numeric(frame["year"], errors="coerce").astype("Int64")
    if "quantity" in frame:
        frame["quantity"] = pd.to_numeric(frame["quantity"].str.replace(",", ""), errors="coerce")
    return frame


def in_years(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the years of the model that state a number."""
    return frame[frame["year"].isin(list(YEARS)) & frame["quantity"].notna()]


def judged(note: str, **labels: object) -> dict[str, object]:
    """A row that is the modellers' judgement and says so."""
    return {**labels, "source": "judgement", "edition": "v1", "note": note}


# ---------------------------------------------------------------- mining

IONIC = {"MMR", "VNM", "MYS", "LAO"}
FROM_CHINA = "based on reported import data for China"
CV_REPORTED, CV_ESTIMATED, CV_IMPORT_FIGURE, CV_CARRIED = 0.05, 0.15, 0.35, 0.40


def origin_of(region: str, year: int, note: str) -> str:
    """The observation or source a producer's figure was made from (README, "Who repeats whom")."""
    if region == "CHN":
        return "china_quota"
    if region == "MMR" and year in (2020, 2023):
        return "china_mixed_imports"
    if region in IONIC:
        return "china_imports_2846"
    if region in ("MDG", "NGA", "THA") and year == 2023:
        return "china_monazite_imports"
    imported = FROM_CHINA in note or "Chinese import data" in note or "REO content of exports" in note
    return "china_customs" if imported else ""


def cv_of(region: str, origin: str) -> float:
    """How uncertain a country's mine production is."""
    if origin and region != "CHN":
        return CV_IMPORT_FIGURE
    return CV_REPORTED if region == "USA" else CV_ESTIMATED


def production(folder: Path) -> pd.DataFrame:
    """Mine production by country, every edition of the USGS kept; 2017 carried back where no edition has it."""
    raw = read(folder, "usgs_mine_production")
    raw = in_years(raw[raw["edition"].isin(EDITIONS) & ~raw["iso3"].isin(["WLD", *NO_MINE])])
    rows: Rows = []
    for r in raw.itertuples():
        region = r.iso3 or "ROW"
        origin = origin_of(region, int(r.year), r.note)
        rows.append({
            "year": r.year, "region": region, "value": r.quantity, "cv": cv_of(region, origin), "source": "usgs",
            "edition": EDITIONS[r.edition], "derived_from": origin, "note": r.note,
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    return pd.concat([frame, _no_us_mine(folder), _carried_back(frame), _never_published()], ignore_index=True)


def _no_us_mine(folder: Path) -> pd.DataFrame:
    raw = read(folder, "usgs_us_salient")
    raw = raw[(raw["variable"] == "production_mineral_concentrates") & (raw["year"] == 2017)]
    return pd.DataFrame([
        {"year": 2017, "region": "USA", "value": r.quantity, "cv": CV_REPORTED, "source": "usgs",
         "edition": EDITIONS[r.edition], "derived_from": "", "note": "salient statistics: no mine was working"}
        for r in raw.itertuples()
    ])  # fmt: skip


def _carried_back(frame: pd.DataFrame) -> pd.DataFrame:
    """2017 stands in no open table by country: the figure of 2018 with an uncertainty that covers a doubling."""
    of_2018 = frame[(frame["year"] == 2018) & ~frame["region"].isin(["CHN", "USA"])]
    rows = [
        judged("the figure of 2018 carried back: no open table has 2017 by country", year=2017, region=r.region,
               value=r.value, cv=CV_CARRIED, derived_from="china_imports_2846" if r.region in IONIC else "")
        for r in of_2018.itertuples()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _never_published() -> pd.DataFrame:
    """What no source lists, said rather than left at zero by silence (value and sd in t REO)."""
    weak = [
        ("LAO", range(2017, 2023), 0, 300, "no source reports Laotian output or Chinese imports of it"),
        ("NGA", range(2017, 2023), 200, 400, "MYB 2022 note 2: Nigeria may have produced, no estimate possible"),
        ("BDI", range(2023, 2025), 0, 100, "not listed any more; the mine was suspended in 2021"),
        ("ROW", range(2017, 2020), 200, 300, "other countries are listed from 2020 only"),
    ]
    rows = [
        judged(note, year=y, region=r, value=v, sd=sd, derived_from="")
        for r, years, v, sd, note in weak
        for y in years
    ]
    return pd.DataFrame(rows)


def world_2017(folder: Path) -> pd.DataFrame:
    """World mine production 2017, the one year without figures by country."""
    raw = read(folder, "usgs_mine_production")
    raw = raw[(raw["iso3"] == "WLD") & (raw["year"] == 2017) & (raw["edition"].isin(EDITIONS))]
    return pd.DataFrame([
        {"year": 2017, "value": r.quantity, "cv": 0.07, "source": "usgs", "edition": EDITIONS[r.edition],
         "note": "DS140, world production"} for r in raw.itertuples()
    ])  # fmt: skip


def quota(folder: Path) -> pd.DataFrame:
    """China's mining quota, total of a year."""
    raw = in_years(read(folder, "china_quotas"))
    raw = raw[raw["variable"] == "mining_quota_total"]
    return pd.DataFrame([
        {"year": r.year, "value": r.quantity, "cv": 0.05, "source": "china_quota_notices",
         "edition": f"{r.year} notices", "note": f"{r.page_url} {r.note}".strip()} for r in raw.itertuples()
    ])  # fmt: skip


def quota_ionic(folder: Path) -> pd.DataFrame:
    """The part of the quota for ionic clays; unchanged since 2018 where a page states it."""
    raw = in_years(read(folder, "china_quotas"))
    stated = raw[raw["variable"] == "mining_quota_ionic_medium_heavy"]
    rows: Rows = [
        {"year": r.year, "value": r.quantity, "cv": 0.05, "source": "china_quota_notices",
         "edition": f"{r.year} notices", "note": r.page_url} for r in stated.itertuples()
    ]  # fmt: skip
    first = raw[raw["variable"] == "mining_quota_first_batch_ionic"].iloc[0]
    rows.append({
        "year": first.year, "value": 2 * first.quantity, "cv": 0.08, "source": "china_quota_notices",
        "edition": "2019 notices", "note": f"twice the first of two batches; {first.page_url}",
    })  # fmt: skip
    for year in (2022, 2023, 2024):
        rows.append(judged("19,150 t in every year since 2018 in which a page states it; H1 2024 has 10,140",
                           year=year, value=19150, cv=0.10))  # fmt: skip
    return pd.DataFrame(rows).sort_values("year")


# ---------------------------------------------------------------- reserves

def reserves(folder: Path) -> pd.DataFrame:
    """Reserves by country as each edition states them, on the year they stand for."""
    raw = in_years(read(folder, "usgs_reserves"))
    raw = raw[raw["edition"].isin(EDITIONS) & raw["iso3"].isin(MINES)]
    rows = [
        {"year": r.year, "region": r.iso3, "value": r.quantity, "cv": 0.30, "source": "usgs",
         "edition": EDITIONS[r.edition], "note": r.note[:90]} for r in raw.itertuples()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def reserves_initial(folder: Path) -> pd.DataFrame:
    """Reserves before 2017: the MCS 2023 figure, else a wide placeholder that cannot bind."""
    raw = read(folder, "usgs_reserves")
    first = raw[(raw["edition"] == "MCS 2023") & raw["quantity"].notna()].set_index("iso3")["quantity"]
    rows: Rows = []
    for region in MINES:
        if region in first.index:
            rows.append({"region": region, "value": first[region], "cv": 0.50, "source": "usgs",
                         "edition": EDITIONS["MCS 2023"], "note": "first open edition, taken for the end of 2016"})
        else:
            rows.append(judged("reserves not available: a wide placeholder", region=region, value=1_000_000, cv=1.0))
    return pd.DataFrame(rows)


# ---------------------------------------------------------------- compositions

ROCK = ["CHN", "USA", "AUS", "IND", "RUS", "THA", "BRA", "MDG", "NGA", "BDI", "ROW"]
CLAY = ["CHN", "MMR", "LAO", "MYS", "VNM"]
MINES = list(dict.fromkeys(ROCK + CLAY))
BAYAN_OBO, MAONIUPING, WEISHAN = "Bayan Obo, Nei Mongol", "Maoniuping, Sichuan", "Weishan, Shandong"
NANGANG, TAMIL_NADU, MOUNT_WELD = "Nangang, Guangdong", "Manavalakurichi, Tamil Nadu", "Mount Weld Central Lanthanide"
XUNWU, XINFENG, LONGNAN = "Xunwu, Jiangxi", "Xinfeng, Jiangxi", "Longnan, Jiangxi"
LOVOZERO, MOUNTAIN_PASS = "Revda, Murmansk (Lovozero)", "Mountain Pass, CA"
ANALOG = {"bastnaesite": MAONIUPING, "loparite": MAONIUPING, "monazite": TAMIL_NADU}
FEW_MONAZITES = {NANGANG: 0.5, TAMIL_NADU: 0.5}
MEDIUM_CLAY = {XINFENG: 0.7, XUNWU: 0.2, LONGNAN: 0.1}
# weights of deposits, factor on the uncertainty, argument
ROCK_OF: dict[str, tuple[dict[str, float], float, str]] = {
    "CHN": ({BAYAN_OBO: 69250, MAONIUPING: 28000, WEISHAN: 3600}, 1.5, "deposits by the provinces' quotas of 2018"),
    "USA": ({MOUNTAIN_PASS: 1}, 1, "Mountain Pass"),
    "AUS": ({MOUNT_WELD: 1}, 1, "Mount Weld"),
    "IND": ({TAMIL_NADU: 1}, 1, "Manavalakurichi"),
    "RUS": ({LOVOZERO: 1}, 1, "Lovozero"),
    "BDI": ({MAONIUPING: 1}, 2.5, "no analysis in the table: a bastnaesite with all elements"),
    **{r: (FEW_MONAZITES, 2.5, "no analysis in the table: mean of two placer monazites") for r in
       ("THA", "BRA", "MDG", "NGA", "ROW")},
}
CLAY_OF: dict[str, tuple[dict[str, float], float, str]] = {
    "CHN": ({XINFENG: 0.5, XUNWU: 0.3, LONGNAN: 0.2}, 2, "Xinfeng 0.5, Xunwu 0.3, Longnan 0.2: judgement"),
    **{r: (MEDIUM_CLAY, 3, "no analysis in the table: Xinfeng 0.7, Xunwu 0.2, Longnan 0.1") for r in
       ("MMR", "LAO", "MYS", "VNM")},
}  # fmt: skip


def analyses(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares of every deposit, closed to 1, and which of them were filled in."""
    raw = read(folder, "ree_distribution_by_deposit")
    mineral = raw.drop_duplicates("deposit").set_index("deposit")["mineral"]
    text = raw.pivot(index="deposit", columns="element", values="raw_value")[ELEMENTS]
    number = text.map(_analysis)
    missing = number.isna()
    for deposit in number.index[missing.any(axis=1)]:
        model = number.loc[ANALOG[mineral[deposit]]]
        scaled = model * number.at[deposit, "Gd"] / model["Gd"]
        number.loc[deposit] = number.loc[deposit].fillna(scaled)
    for deposit in number.index[number.isna().any(axis=1)]:
        model = number.loc[MAONIUPING]
        number.loc[deposit] = number.loc[deposit].fillna(model * number.at[deposit, "Gd"] / model["Gd"])
    return number.div(number.sum(axis=1), axis=0), missing | text.map(lambda t: t.startswith("<"))


def _analysis(text: str) -> float:
    """A percentage; half of an upper bound; nothing for NA."""
    if text.startswith("<"):
        return float(text[1:]) / 2
    return float(text) if text not in ("NA", "") else float("nan")


def share_cv(share: float, filled: bool, factor: float) -> float:
    """Relative standard deviation of a share: analyses of one ore body differ more in the rare elements."""
    if filled:
        return 0.6
    base = 0.04 if share >= 0.05 else 0.10 if share >= 0.005 else 0.25
    return round(min(base * factor, 0.6), 3)


def composition(of: dict[str, tuple[dict[str, float], float, str]]) -> Callable[[Path], pd.DataFrame]:
    """A maker of the composition table of a kind of ore."""

    def make(folder: Path) -> pd.DataFrame:
        shares, filled = analyses(folder)
        rows: Rows = []
        for region, (weights, factor, why) in of.items():
            w = pd.Series(weights, dtype=float)
            mean = shares.loc[w.index].mul(w / w.sum(), axis=0).sum()
            guess = (shares.loc[w.index].mul(w, axis=0) * filled.loc[w.index]).sum() > 0.5 * mean * w.sum()
            for e in ELEMENTS:
                note = why + ("; not analysed: analogue's ratio to Gd" if guess[e] else "")
                rows.append({"region": region, "element": e, "value": float(f"{mean[e]:.5g}"),
                             "cv": share_cv(mean[e], bool(guess[e]), factor), "source": "usgs",
                             "edition": "2025-03 MYB 2022", "note": f"table 2; {note}"})  # fmt: skip
        return pd.DataFrame(rows)

    return make


def separation_split(folder: Path) -> pd.DataFrame:
    """Share of each element's separation feed that becomes magnet material."""
    stated = {"Nd": 0.92, "Pr": 0.92, "Dy": 0.92, "Tb": 0.85, "Gd": 0.25, "Ho": 0.40}
    notes = {"Tb": "some to phosphors", "Gd": "cheap additive in part of the magnets", "Ho": "as Gd"}
    rows = []
    for e in ELEMENTS:
        note = notes.get(e, "magnet element" if e in stated else "never in NdFeB")
        rows.append(judged(note, element=e, value=stated.get(e, 0.0)))
    return pd.DataFrame(rows)


# ---------------------------------------------------------------- trade

def us_trade(folder: Path, flow: str) -> pd.DataFrame:
    """US customs, HS 2846, net tonnes by partner."""
    raw = in_years(read(folder, "us_trade_hs4_1993_2025"))
    return raw[(raw["hs4"] == "2846") & (raw["flow"] == flow) & (raw["measure"] == "quantity1")]


def us_exports_2846(folder: Path) -> pd.DataFrame:
    """US exports of HS 2846 to China, which since 2018 are the Mountain Pass concentrate."""
    raw = us_trade(folder, "export")
    raw = raw[(raw["iso3"] == "CHN") & (raw["year"] >= 2018)]
    return _census(raw, exporter=lambda r: "USA", importer=lambda r: "CHN", cv=0.10)


def us_imports_2846(folder: Path) -> pd.DataFrame:
    """US imports of HS 2846 from the makers of separated compounds."""
    raw = us_trade(folder, "import")
    raw = raw[raw["iso3"].isin(["CHN", "MYS", "JPN", "IND", "EST", "FRA", "DEU"])]
    return _census(raw, exporter=lambda r: r.iso3, importer=lambda r: "USA", cv=0.10)


def _census(raw: pd.DataFrame, exporter: Callable, importer: Callable, cv: float) -> pd.DataFrame:
    rows = [
        {"year": r.year, "exporter": exporter(r), "importer": importer(r), "value": round(r.quantity / 1000, 1),
         "cv": cv, "source": "us_census", "edition": r.edition.replace("downloaded ", ""),
         "note": f"HS 2846, {r.description[:40]}"} for r in raw.itertuples()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def us_totals(variables: Sequence[str], origin: str, cv: float) -> Callable[[Path], pd.DataFrame]:
    """A maker of a table of US salient statistics, every edition."""

    def make(folder: Path) -> pd.DataFrame:
        raw = in_years(read(folder, "usgs_us_salient"))
        raw = raw[raw["variable"].isin(variables) & raw["edition"].isin(EDITIONS)]
        raw = raw[raw["year"] >= 2018] if origin == "us_exports_2846" else raw
        return pd.DataFrame([
            {"year": r.year, "value": r.quantity, "cv": cv, "source": "usgs", "edition": EDITIONS[r.edition],
             "derived_from": origin, "note": r.variable} for r in raw.itertuples()
        ])  # fmt: skip

    return make


def us_separated(folder: Path) -> pd.DataFrame:
    """Separated compounds made in the US; 2023 and 2024 with those the main table leaves out."""
    raw = in_years(read(folder, "usgs_us_salient"))
    whole = raw[raw["variable"] == "production_compounds_metals_total_incl_unreported"]
    part = raw[(raw["variable"] == "production_compounds_metals") & ~raw["year"].isin(whole["year"].tolist())]
    part = part[part["edition"].isin(EDITIONS)]
    return pd.DataFrame([
        {"year": r.year, "value": r.quantity, "cv": 0.15, "source": "usgs", "edition": EDITIONS[r.edition],
         "note": r.variable} for r in [*part.itertuples(), *whole.itertuples()]
    ])  # fmt: skip


def us_imports_hs10(folder: Path) -> pd.DataFrame:
    """US imports of compounds 2021 and 2022 in REO, summed over the ten-digit codes of HS 2846."""
    raw = in_years(read(folder, "us_trade_hs10_2021_2022"))
    raw = raw[(raw["flow"] == "import") & (raw["measure"] == "reo_equivalent") & (raw["country"] == "World")]
    raw = raw[raw["hs_code"].str.startswith("2846")]
    total = raw.groupby("year")["quantity"].sum() / 1000
    return pd.DataFrame([
        {"year": y, "value": round(v, 1), "cv": 0.10, "source": "usgs", "edition": "2025-03 MYB 2022",
         "derived_from": "us_imports_2846", "note": "tables 6 and 7, sum over HS 2846 codes, three digits"}
        for y, v in total.items()
    ])  # fmt: skip


def news(folder: Path) -> pd.DataFrame:
    """China's customs totals as pages quote them."""
    return read(folder, "china_trade_totals_reported")


def fact(frame: pd.DataFrame, year: int, commodity: str, page: str = "", flow: str = "import") -> tuple[float, str]:
    """One quoted figure and its page."""
    hit = frame[(frame["year"] == year) & (frame["flow"] == flow) & frame["commodity"].str.startswith(commodity)]
    hit = hit[hit["page_url"].str.contains(page, regex=False) & hit["unit"].str.startswith("t")]
    if len(hit) != 1:
        raise LookupError(f"{year} {commodity}: {len(hit)} rows")
    return float(hit["quantity"].iloc[0]), str(hit["page_url"].iloc[0])


def customs(value: float, page: str, cv: float, note: str = "", **labels: object) -> dict[str, object]:
    """A row of Chinese customs as quoted."""
    row = {**labels, "value": round(value, 1), "cv": cv, "source": "china_customs", "edition": str(labels["year"])}
    return row | {"note": f"{page.removeprefix('secondary page ')} {note}".strip()}


def china_ore_imports(folder: Path) -> pd.DataFrame:
    """What China books as rare-earth ore from the United States, gross."""
    quoted = news(folder)
    ore = "rare-earth metal ores from the US"
    stated: list[tuple[int, tuple[float, str], float, float, str]] = [
        (2018, fact(quoted, 2018, ore), 1, 0.10, ""),
        (2019, fact(quoted, 2019, ore), 1, 0.10, ""),
        (2020, fact(quoted, 2020, ore), 1, 0.10, ""),
        (2021, (71300.0, fact(quoted, 2021, "rare-earth metal ores, January-November")[1]), 12 / 11, 0.12,
         "71,300 t from the US in January to November, times 12/11"),
        (2022, fact(quoted, 2022, "rare-earth metal ores, total"), 1, 0.10, "all origins, nearly all US"),
        (2023, fact(quoted, 2023, "bastnaesite"), 0.9983, 0.10, "bastnaesite, 99.83 % from the US"),
        (2024, fact(quoted, 2024, "bastnaesite"), 1, 0.10, "bastnaesite, all origins"),
    ]  # fmt: skip
    return pd.DataFrame([
        customs(v * k, page, cv, note, year=y, exporter="USA", importer="CHN") for y, (v, page), k, cv, note in stated
    ])


def china_monazite_imports(folder: Path) -> pd.DataFrame:
    """China's monazite imports of 2023 by origin, gross; the rest of the total is ROW."""
    total, page = fact(news(folder), 2023, "monazite")
    shares = {"MDG": 0.55, "NGA": 0.25, "THA": 0.13}
    shares["ROW"] = 1 - sum(shares.values())
    return pd.DataFrame([
        customs(total * s, page, 0.15, f"{s:.0%} of {total:,.0f} t", year=2023, exporter=r, importer="CHN")
        for r, s in shares.items()
    ])  # fmt: skip


def china_monazite_total(folder: Path) -> pd.DataFrame:
    """China's monazite imports of 2024, gross, all origins."""
    total, page = fact(news(folder), 2024, "monazite")
    return pd.DataFrame([customs(total, page, 0.15, year=2024, importer="CHN")])


def china_mixed_imports(folder: Path) -> pd.DataFrame:
    """China's imports of unseparated compounds by origin where a page says it, gross."""
    quoted = news(folder)
    rows = [customs(35539, fact(quoted, 2020, "oxides 28469019")[1], 0.10, "of which Myanmar", year=2020,
                    exporter="MMR", importer="CHN")]  # fmt: skip
    parts = {
        "mixed rare-earth oxides": {"MMR": 0.95, "MYS": 0.026, "LAO": 0.013},
        "mixed rare-earth carbonate": {"MYS": 0.55, "LAO": 0.38},
        "other compounds": {"MMR": 0.69, "MYS": 0.16, "LAO": 0.12},
    }
    totals = {c: fact(quoted, 2023, c) for c in parts}
    for region in ("MMR", "MYS", "LAO"):
        value = sum(totals[c][0] * shares.get(region, 0) for c, shares in parts.items())
        page = totals["other compounds"][1]
        rows.append(customs(value, page, 0.12, "sum of three items x stated shares", year=2023, exporter=region,
                            importer="CHN"))  # fmt: skip
    return pd.DataFrame(rows)


def china_compound_imports(folder: Path) -> pd.DataFrame:
    """China's imports of all rare-earth compounds, gross, in years that a page totals but does not split."""
    quoted = news(folder)
    page = "wenxuecity"
    items = ["oxides", "chlorides", "carbonate", "other"]
    value = sum(fact(quoted, 2024, c, page)[0] for c in items)
    _, page_2021 = fact(quoted, 2021, "rare-earth products total (without ores)")
    return pd.DataFrame([
        customs(45500, page_2021, 0.10, "compounds without 208 t of metals", year=2021, importer="CHN"),
        customs(value, page, 0.20, "oxides, chlorides, carbonate, other; another page totals all imports at 132,931 t",
                year=2024, importer="CHN"),
    ])  # fmt: skip


def china_exports(folder: Path) -> pd.DataFrame:
    """China's exports under the customs heading rare earths: compounds and metals, gross."""
    quoted = news(folder)
    rows = [customs(*fact(quoted, 2018, "rare earths", flow="export"), 0.10, year=2018, exporter="CHN")]
    rows += [
        customs(*fact(quoted, y, "rare earths (customs", flow="export"), 0.08, year=y, exporter="CHN")
        for y in (2021, 2022, 2023, 2024)
    ]
    return pd.DataFrame(rows)


# ---------------------------------------------------------------- magnets

MARKET = [r for r in REGIONS if r not in ("AUS", "MMR", "LAO", "MDG", "NGA", "BDI")]
PRICE_OTHER = 3160.0  # USD/t of what is not a rare-earth magnet in HS 850511 (README, "Magnets")
PRICE_2024 = 49180.0  # USD/t of rare-earth magnets exported by China in 2024: 2.86 bn USD over 58,152 t
PRICE_2020 = 48500.0  # 2020: 92 % of the value over 35,982 t
SMALLEST = 40.0  # t a year: smaller pairs are left out


def to_region(iso3: str) -> str:
    """The region of a country."""
    return iso3 if iso3 in REGIONS else "EU27" if iso3 in ISO3_EU27 else "ROW"


def magnet_price(folder: Path) -> pd.Series:
    """Price of rare-earth magnets by year: China's unit value of HS 850511 scaled to the two known years."""
    uv = read(folder, "baci_hs850511_unit_values").set_index("year")["china_unit_value"].astype(float)
    ratio = {2020: PRICE_2020 / uv[2020], 2024: PRICE_2024 / uv[2024]}
    step = (ratio[2024] - ratio[2020]) / 4
    return pd.Series({y: uv[y] * (ratio[2020] + step * max(y - 2020, 0)) for y in YEARS})


def value_shares(frame: pd.DataFrame) -> pd.Series:
    """Share of a pair's 2024 value that is rare-earth magnets: two goods, two prices, one mass and one value."""
    mix = frame[frame["year"] == 2024].groupby(["from", "to"])[["quantity", "tonnes"]].sum()
    magnets = (mix["quantity"] - PRICE_OTHER * mix["tonnes"]) / (PRICE_2024 - PRICE_OTHER)
    magnets = magnets.clip(lower=0.02 * mix["tonnes"], upper=mix["tonnes"])
    return magnets * PRICE_2024 / mix["quantity"]


def magnets(folder: Path) -> pd.DataFrame:
    """Trade in rare-earth magnets, gross tonnes, from the values of HS 850511."""
    raw = in_years(read(folder, "baci_hs850511_2002_2024"))
    raw = raw.assign(**{"from": raw["exporter_iso3"].map(to_region), "to": raw["importer_iso3"].map(to_region)})
    raw = raw.assign(tonnes=pd.to_numeric(raw["tonnes"], errors="coerce"))
    raw = raw[(raw["from"] != raw["to"]) & raw["from"].isin(MARKET) & raw["to"].isin(MARKET)]
    share, price = value_shares(raw), magnet_price(folder)
    typical = share.groupby("from").median()
    usd = raw.groupby(["from", "to", "year"])["quantity"].sum().reset_index()
    keys = list(zip(usd["from"], usd["to"], strict=True))
    known = [share.get(k, typical[k[0]]) for k in keys]
    usd["value"] = (usd["quantity"] * known / usd["year"].map(price)).round(1)
    keep = usd.groupby(["from", "to"])["value"].transform("max") >= SMALLEST
    return pd.DataFrame([_magnet_row(r, (f, t) in share.index) for r, (f, t) in _zip(usd[keep])])


def _zip(usd: pd.DataFrame) -> Iterable[tuple[object, tuple[str, str]]]:
    for _, r in usd.sort_values(["year", "from", "to"]).iterrows():
        yield r, (r["from"], r["to"])


def _magnet_row(r: object, own: bool) -> dict[str, object]:
    cv = (0.20 if r["from"] == "CHN" else 0.35) * (1 if own else 1.4)  # type: ignore[index]
    return {
        "year": r["year"], "exporter": r["from"], "importer": r["to"], "value": r["value"], "cv": round(cv, 2),  # type: ignore[index]
        "source": "baci", "edition": "V202601", "note": f"{r['quantity'] / 1e6:.3f} MUSD",  # type: ignore[index]
    }


def china_magnets(folder: Path) -> pd.DataFrame:
    """China's own exports of rare-earth magnets (85051110) by partner, where a page states them."""
    quoted = news(folder)
    label = "rare-earth permanent magnets HS 85051110 to "
    to = {"Germany": "EU27", "United States": "USA", "Korea": "KOR", "Vietnam": "VNM", "Thailand": "THA", "Italy": "EU27"}
    found = {n: fact(quoted, 2020, label + n, flow="export") for n in to}
    rows = [
        customs(found[n][0], found[n][1], 0.08, year=2020, exporter="CHN", importer=r)
        for n, r in to.items()
        if r != "EU27"
    ]
    us = "rare-earth magnets to United States"
    rows += [customs(*fact(quoted, y, us, flow="export"), 0.08, year=y, exporter="CHN", importer="USA") for y in (2018, 2019)]
    return pd.DataFrame(rows)


def china_magnets_total(folder: Path) -> pd.DataFrame:
    """China's exports of rare-earth magnets to all partners."""
    quoted = news(folder)
    named = {2020: "rare-earth permanent magnets HS 85051110 total", 2024: "permanent magnets (rare-earth)"}
    return pd.DataFrame([customs(*fact(quoted, y, c, flow="export"), 0.06, year=y, exporter="CHN") for y, c in named.items()])


# ---------------------------------------------------------------- judgements and the system

def magnet_making(folder: Path) -> pd.DataFrame:
    """Magnets made outside China, gross tonnes: no open statistics, orders of magnitude with wide errors."""
    guess = {"JPN": (9000, 3000), "EU27": (1000, 500), "VNM": (3000, 1500), "PHL": (2500, 1500), "THA": (1500, 1000),
             "KOR": (300, 200), "USA": (300, 200)}  # fmt: skip
    why = "outside China about a tenth of world output (published shares of China 87 to 94 %)"
    return pd.DataFrame([
        judged(why, year=y, region=r, value=v, sd=sd) for r, (v, sd) in guess.items() for y in YEARS
    ])  # fmt: skip


def compound_trade(folder: Path) -> pd.DataFrame:
    """Separated compounds on routes without open statistics, gross tonnes a year."""
    tang = "Tang et al.: 2015 to 2022 with Japan 136 kt, with the Netherlands 46 kt, all stages and both directions"
    guess = {
        ("CHN", "JPN"): (12000, 5000, tang), ("CHN", "EU27"): (6000, 3000, tang),
        ("CHN", "KOR"): (3000, 2000, "rest of the Chinese total"), ("CHN", "ROW"): (8000, 5000, "rest of the Chinese total"),
        ("MYS", "CHN"): (4000, 3000, "lanthanum, cerium and samarium-europium-gadolinium products of one plant"),
        ("MYS", "EU27"): (3000, 2000, "lanthanum and cerium of one plant"),
        ("MYS", "JPN"): (2000, 1500, "lanthanum and cerium of one plant"), ("IND", "JPN"): (500, 400, "one offtake agreement"),
    }  # fmt: skip
    return _routes(guess)


def magnet_material_trade(folder: Path) -> pd.DataFrame:
    """Oxides and metals of the magnet elements on routes without open statistics, gross tonnes a year."""
    total = "China exported 9,443 t of metals in 2021, lanthanum and cerium metal among them"
    guess = {
        ("CHN", "JPN"): (2500, 1500, total), ("CHN", "VNM"): (1000, 600, total), ("CHN", "EU27"): (400, 250, total),
        ("CHN", "KOR"): (120, 80, total), ("CHN", "THA"): (500, 350, total), ("CHN", "USA"): (120, 80, total),
        ("MYS", "JPN"): (3500, 1500, "most of one plant's output"), ("MYS", "CHN"): (500, 500, "the rest of that output"),
        ("JPN", "PHL"): (900, 500, "feeds the plants of Japanese makers"), ("IND", "JPN"): (400, 300, "one offtake agreement"),
    }  # fmt: skip
    new = {("USA", "JPN"): (500, 500, "neodymium-praseodymium oxide of the new US plant")}
    return pd.concat([_routes(guess), _routes(new, range(2023, 2025))])


def _routes(guess: dict[tuple[str, str], tuple[float, float, str]], years: Iterable[int] = YEARS) -> pd.DataFrame:
    return pd.DataFrame([
        judged(why, year=y, exporter=a, importer=b, value=v, sd=sd)
        for (a, b), (v, sd, why) in guess.items()
        for y in years
    ])


def in_use_initial(folder: Path) -> pd.DataFrame:
    """Rare earths in magnets in use at the end of 2016, t of element, by region and element."""
    total = 225_000
    region = {"CHN": 45, "EU27": 13, "JPN": 12, "USA": 11, "ROW": 8, "KOR": 4, "IND": 2, "THA": 1.5, "VNM": 1,
              "BRA": 1, "RUS": 1, "MYS": 0.5}  # fmt: skip
    element = {"Nd": 0.72, "Pr": 0.19, "Dy": 0.075, "Tb": 0.015}
    why = "stock of 2007 (Du and Graedel 2011) carried forward; region by use; README"
    return pd.DataFrame([
        judged(why, region=r, element=e, value=round(total * s / 100 * x), cv=0.4)
        for r, s in region.items()
        for e, x in element.items()
    ])


ROUTES = {
    "pairs_ores": [("USA", "CHN"), ("AUS", "MYS"), ("BDI", "CHN")],
    "pairs_monazite": [(r, "CHN") for r in ("MDG", "NGA", "THA", "BRA", "ROW")],
    "pairs_mixed": [("MMR", "CHN"), ("LAO", "CHN"), ("MYS", "CHN"), ("VNM", "CHN"), ("RUS", "EU27")],
}  # fmt: skip


def pairs(name: str) -> Callable[[Path], pd.DataFrame]:
    """A maker of the list of pairs that trade, every year."""

    def make(folder: Path) -> pd.DataFrame:
        return pd.DataFrame([
            {"year": y, "exporter": a, "importer": b, "value": 1, "source": "judgement", "edition": "v1",
             "note": "route exists"} for a, b in ROUTES[name] for y in YEARS
        ])  # fmt: skip

    return make


TABLES: dict[str, Callable[[Path], pd.DataFrame]] = {
    "production": production,
    "world_2017": world_2017,
    "quota": quota,
    "quota_ionic": quota_ionic,
    "reserves": reserves,
    "reserves_initial": reserves_initial,
    "composition_rock": composition(ROCK_OF),
    "composition_clay": composition(CLAY_OF),
    "separation_split": separation_split,
    "us_exports_2846": us_exports_2846,
    "us_imports_2846": us_imports_2846,
    "us_exports_reo": us_totals(["exports_ores_compounds"], "us_exports_2846", 0.10),
    "us_imports_reo": us_totals(["imports_compounds"], "us_imports_2846", 0.10),
    "us_imports_hs10": us_imports_hs10,
    "us_separated": us_separated,
    "china_ore_imports": china_ore_imports,
    "china_monazite_imports": china_monazite_imports,
    "china_monazite_total": china_monazite_total,
    "china_mixed_imports": china_mixed_imports,
    "china_compound_imports": china_compound_imports,
    "china_exports": china_exports,
    "magnets": magnets,
    "china_magnets": china_magnets,
    "china_magnets_total": china_magnets_total,
    "magnet_making": magnet_making,
    "compound_trade": compound_trade,
    "magnet_material_trade": magnet_material_trade,
    "in_use_initial": in_use_initial,
    **{name: pairs(name) for name in ROUTES},
}
ORDER = ["year", "region", "exporter", "importer", "element", "value", "cv", "sd", "source", "edition", "derived_from", "note"]


def main(source: Path, target: Path) -> None:
    """Write every table."""
    target.mkdir(parents=True, exist_ok=True)
    for name, make in TABLES.items():
        frame = make(source)
        frame = frame[[c for c in ORDER if c in frame]]
        frame.to_csv(target / f"{name}.csv", index=False, lineterminator="\n")
        print(f"{name}.csv: {len(frame)} rows", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
