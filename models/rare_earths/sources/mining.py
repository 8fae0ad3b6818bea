"""Mine production, quotas and reserves."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sources.raw import (
    EDITIONS,
    MINES,
    NO_MINE,
    Rows,
    in_years,
    judged,
    read,
    records,
)

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
    """Mine production by country, every edition of the USGS kept; 2017 carried back."""
    raw = read(folder, "usgs_mine_production")
    raw = in_years(raw[raw["edition"].isin(EDITIONS) & ~raw["iso3"].isin(["WLD", *NO_MINE])])
    rows: Rows = []
    for r in records(raw):
        region = r.iso3 or "ROW"
        origin = origin_of(region, int(r.year), r.note)
        rows.append(
            {
                "year": r.year,
                "region": region,
                "value": r.quantity,
                "cv": cv_of(region, origin),
                "source": "usgs",
                "edition": EDITIONS[r.edition],
                "derived_from": origin,
                "note": r.note,
            }
        )
    frame = pd.DataFrame(rows)
    return pd.concat(
        [frame, _no_us_mine(folder), _carried_back(frame), _never_published()], ignore_index=True
    )


def _no_us_mine(folder: Path) -> pd.DataFrame:
    raw = read(folder, "usgs_us_salient")
    raw = raw[(raw["variable"] == "production_mineral_concentrates") & (raw["year"] == 2017)]
    return pd.DataFrame(
        [
            {
                "year": 2017,
                "region": "USA",
                "value": r.quantity,
                "cv": CV_REPORTED,
                "source": "usgs",
                "edition": EDITIONS[r.edition],
                "derived_from": "",
                "note": "salient statistics: no mine was working",
            }
            for r in records(raw)
        ]
    )


def _carried_back(frame: pd.DataFrame) -> pd.DataFrame:
    """2017 stands in no open table by country: the figure of 2018 with a wide uncertainty."""
    of_2018 = frame[(frame["year"] == 2018) & ~frame["region"].isin(["CHN", "USA"])]
    rows = [
        judged(
            "the figure of 2018 carried back: no open table has 2017 by country",
            year=2017,
            region=r.region,
            value=r.value,
            cv=CV_CARRIED,
            derived_from="china_imports_2846" if r.region in IONIC else "",
        )
        for r in records(of_2018)
    ]
    return pd.DataFrame(rows)


def _never_published() -> pd.DataFrame:
    """What no source lists, said rather than left at zero by silence (value and sd in t REO)."""
    weak = [
        ("LAO", range(2017, 2023), 0, 300, "no source reports Laotian output or Chinese imports of it"),
        (
            "NGA",
            range(2017, 2023),
            200,
            400,
            "MYB 2022 note 2: Nigeria may have produced, no estimate possible",
        ),
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
    return pd.DataFrame(
        [
            {
                "year": 2017,
                "value": r.quantity,
                "cv": 0.07,
                "source": "usgs",
                "edition": EDITIONS[r.edition],
                "note": "DS140, world production",
            }
            for r in records(raw)
        ]
    )


def quota(folder: Path) -> pd.DataFrame:
    """China's mining quota, total of a year."""
    raw = in_years(read(folder, "china_quotas"))
    raw = raw[raw["variable"] == "mining_quota_total"]
    return pd.DataFrame(
        [
            {
                "year": r.year,
                "value": r.quantity,
                "cv": 0.05,
                "source": "china_quota_notices",
                "edition": f"{r.year} notices",
                "note": f"{r.page_url} {r.note}".strip(),
            }
            for r in records(raw)
        ]
    )


def quota_ionic(folder: Path) -> pd.DataFrame:
    """The part of the quota for ionic clays; unchanged since 2018 where a page states it."""
    raw = in_years(read(folder, "china_quotas"))
    stated = raw[raw["variable"] == "mining_quota_ionic_medium_heavy"]
    rows: Rows = [
        {
            "year": r.year,
            "value": r.quantity,
            "cv": 0.05,
            "source": "china_quota_notices",
            "edition": f"{r.year} notices",
            "note": r.page_url,
        }
        for r in records(stated)
    ]
    first = raw[raw["variable"] == "mining_quota_first_batch_ionic"].iloc[0]
    rows.append(
        {
            "year": first.year,
            "value": 2 * first.quantity,
            "cv": 0.08,
            "source": "china_quota_notices",
            "edition": "2019 notices",
            "note": f"twice the first of two batches; {first.page_url}",
        }
    )
    for year in (2022, 2023, 2024):
        rows.append(
            judged(
                "19,150 t in every year since 2018 in which a page states it; H1 2024 has 10,140",
                year=year,
                value=19150,
                cv=0.10,
            )
        )
    return pd.DataFrame(rows).sort_values("year")


def reserves(folder: Path) -> pd.DataFrame:
    """Reserves by country as each edition states them, on the year they stand for."""
    raw = in_years(read(folder, "usgs_reserves"))
    raw = raw[raw["edition"].isin(EDITIONS) & raw["iso3"].isin(MINES)]
    rows = [
        {
            "year": r.year,
            "region": r.iso3,
            "value": r.quantity,
            "cv": 0.30,
            "source": "usgs",
            "edition": EDITIONS[r.edition],
            "note": r.note[:90],
        }
        for r in records(raw)
    ]
    return pd.DataFrame(rows)


def reserves_initial(folder: Path) -> pd.DataFrame:
    """Reserves before 2017: the MCS 2023 figure, else a wide placeholder that cannot bind."""
    raw = read(folder, "usgs_reserves")
    first = raw[(raw["edition"] == "MCS 2023") & raw["quantity"].notna()].set_index("iso3")["quantity"]
    rows: Rows = []
    for region in MINES:
        if region in first.index:
            rows.append(
                {
                    "region": region,
                    "value": first[region],
                    "cv": 0.50,
                    "source": "usgs",
                    "edition": EDITIONS["MCS 2023"],
                    "note": "first open edition, taken for the end of 2016",
                }
            )
        else:
            rows.append(
                judged("reserves not available: a wide placeholder", region=region, value=1_000_000, cv=1.0)
            )
    return pd.DataFrame(rows)
