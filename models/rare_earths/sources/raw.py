"""Reading the raw tables, and what all tables share: years, regions, editions, the mark of a judgement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

YEARS = range(2017, 2025)
ELEMENTS = ["La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Y"]
ISO3_EU27 = frozenset(
    {
        "AUT",
        "BEL",
        "BGR",
        "HRV",
        "CYP",
        "CZE",
        "DNK",
        "EST",
        "FIN",
        "FRA",
        "DEU",
        "GRC",
        "HUN",
        "IRL",
        "ITA",
        "LVA",
        "LTU",
        "LUX",
        "MLT",
        "NLD",
        "POL",
        "PRT",
        "ROU",
        "SVK",
        "SVN",
        "ESP",
        "SWE",
    }
)
REGIONS = [
    "CHN",
    "USA",
    "AUS",
    "MMR",
    "MYS",
    "THA",
    "VNM",
    "LAO",
    "IND",
    "BRA",
    "RUS",
    "MDG",
    "NGA",
    "BDI",
    "JPN",
    "KOR",
    "PHL",
    "EU27",
    "ROW",
]
NO_MINE = ["CAN", "GRL", "TZA", "ZAF"]  # zero in every edition: no mine, no flow
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


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows as named tuples."""
    return list(frame.itertuples())


def judged(note: str, **labels: object) -> dict[str, object]:
    """A row that is the modellers' judgement and says so."""
    return {**labels, "source": "judgement", "edition": "v1", "note": note}


ROCK = ["CHN", "USA", "AUS", "IND", "RUS", "THA", "BRA", "MDG", "NGA", "BDI", "ROW"]
CLAY = ["CHN", "MMR", "LAO", "MYS", "VNM"]
MINES = list(dict.fromkeys(ROCK + CLAY))
