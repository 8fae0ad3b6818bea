"""Trade in rare-earth magnets from the values of HS 850511."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sources.raw import (
    ISO3_EU27,
    REGIONS,
    YEARS,
    in_years,
    read,
)

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
    """Share of a pair's value of 2024 that is rare-earth magnets: two goods, two prices."""
    mix = frame[frame["year"] == 2024].groupby(["from", "to"])[["quantity", "tonnes"]].sum()
    magnets = (mix["quantity"] - PRICE_OTHER * mix["tonnes"]) / (PRICE_2024 - PRICE_OTHER)
    magnets = magnets.clip(lower=0.02 * mix["tonnes"], upper=mix["tonnes"])
    return magnets * PRICE_2024 / mix["quantity"]


def magnets(folder: Path) -> pd.DataFrame:
    """Trade in rare-earth magnets, gross tonnes, from the values of HS 850511."""
    raw = in_years(read(folder, "baci_hs850511_2002_2024"))
    raw = raw.assign(
        **{"from": raw["exporter_iso3"].map(to_region), "to": raw["importer_iso3"].map(to_region)}
    )
    raw = raw.assign(tonnes=pd.to_numeric(raw["tonnes"], errors="coerce"))
    raw = raw[(raw["from"] != raw["to"]) & raw["from"].isin(MARKET) & raw["to"].isin(MARKET)]
    share, price = value_shares(raw), magnet_price(folder)
    typical = share.groupby("from").median()
    usd = raw.groupby(["from", "to", "year"])["quantity"].sum().reset_index()
    keys = list(zip(usd["from"], usd["to"], strict=True))
    known = [share.get(k, typical[k[0]]) for k in keys]
    usd["value"] = (usd["quantity"] * known / usd["year"].map(price)).round(1)
    keep = usd.groupby(["from", "to"])["value"].transform("max") >= SMALLEST
    kept = usd[keep].sort_values(["year", "from", "to"]).to_dict("records")
    return pd.DataFrame([_magnet_row(r, (r["from"], r["to"]) in share.index) for r in kept])


def _magnet_row(r: Mapping[Hashable, Any], own: bool) -> dict[str, object]:
    cv = (0.20 if r["from"] == "CHN" else 0.35) * (1 if own else 1.4)
    return {
        "year": r["year"],
        "exporter": r["from"],
        "importer": r["to"],
        "value": r["value"],
        "cv": round(cv, 2),
        "source": "baci",
        "edition": "V202601",
        "note": f"{r['quantity'] / 1e6:.3f} MUSD",
    }
