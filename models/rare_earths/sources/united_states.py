"""US customs and US salient statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from sources.raw import (
    EDITIONS,
    in_years,
    read,
    records,
)


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
        {
            "year": r.year,
            "exporter": exporter(r),
            "importer": importer(r),
            "value": round(r.quantity / 1000, 1),
            "cv": cv,
            "source": "us_census",
            "edition": r.edition.replace("downloaded ", ""),
            "note": f"HS 2846, {r.description[:40]}",
        }
        for r in records(raw)
    ]
    return pd.DataFrame(rows)


def us_totals(variables: Sequence[str], origin: str, cv: float) -> Callable[[Path], pd.DataFrame]:
    """A maker of a table of US salient statistics, every edition."""

    def make(folder: Path) -> pd.DataFrame:
        raw = in_years(read(folder, "usgs_us_salient"))
        raw = raw[raw["variable"].isin(variables) & raw["edition"].isin(EDITIONS)]
        raw = raw[raw["year"] >= 2018] if origin == "us_exports_2846" else raw
        return pd.DataFrame(
            [
                {
                    "year": r.year,
                    "value": r.quantity,
                    "cv": cv,
                    "source": "usgs",
                    "edition": EDITIONS[r.edition],
                    "derived_from": origin,
                    "note": r.variable,
                }
                for r in records(raw)
            ]
        )

    return make


def us_separated(folder: Path) -> pd.DataFrame:
    """Separated compounds made in the US; 2023 and 2024 with those the main table leaves out."""
    raw = in_years(read(folder, "usgs_us_salient"))
    whole = raw[raw["variable"] == "production_compounds_metals_total_incl_unreported"]
    part = raw[(raw["variable"] == "production_compounds_metals") & ~raw["year"].isin(whole["year"].tolist())]
    part = part[part["edition"].isin(EDITIONS)]
    return pd.DataFrame(
        [
            {
                "year": r.year,
                "value": r.quantity,
                "cv": 0.15,
                "source": "usgs",
                "edition": EDITIONS[r.edition],
                "note": r.variable,
            }
            for r in [*records(part), *records(whole)]
        ]
    )


def us_imports_hs10(folder: Path) -> pd.DataFrame:
    """US imports of compounds 2021 and 2022 in REO, summed over the ten-digit codes of HS 2846."""
    raw = in_years(read(folder, "us_trade_hs10_2021_2022"))
    raw = raw[(raw["flow"] == "import") & (raw["measure"] == "reo_equivalent") & (raw["country"] == "World")]
    raw = raw[raw["hs_code"].str.startswith("2846")]
    total = raw.groupby("year")["quantity"].sum() / 1000
    return pd.DataFrame(
        [
            {
                "year": y,
                "value": round(v, 1),
                "cv": 0.10,
                "source": "usgs",
                "edition": "2025-03 MYB 2022",
                "derived_from": "us_imports_2846",
                "note": "tables 6 and 7, sum over HS 2846 codes, three digits",
            }
            for y, v in total.items()
        ]
    )
