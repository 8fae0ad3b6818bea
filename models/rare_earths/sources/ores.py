"""What ores hold, and what of it separation sends to magnets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sources.raw import (
    ELEMENTS,
    Rows,
    judged,
    read,
)

BAYAN_OBO, MAONIUPING, WEISHAN = "Bayan Obo, Nei Mongol", "Maoniuping, Sichuan", "Weishan, Shandong"
NANGANG, TAMIL_NADU, MOUNT_WELD = (
    "Nangang, Guangdong",
    "Manavalakurichi, Tamil Nadu",
    "Mount Weld Central Lanthanide",
)
XUNWU, XINFENG, LONGNAN = "Xunwu, Jiangxi", "Xinfeng, Jiangxi", "Longnan, Jiangxi"
LOVOZERO, MOUNTAIN_PASS = "Revda, Murmansk (Lovozero)", "Mountain Pass, CA"
ANALOG = {"bastnaesite": MAONIUPING, "loparite": MAONIUPING, "monazite": TAMIL_NADU}
FEW_MONAZITES = {NANGANG: 0.5, TAMIL_NADU: 0.5}
MEDIUM_CLAY = {XINFENG: 0.7, XUNWU: 0.2, LONGNAN: 0.1}
# weights of deposits, factor on the uncertainty, argument
ROCK_OF: dict[str, tuple[dict[str, float], float, str]] = {
    "CHN": (
        {BAYAN_OBO: 69250, MAONIUPING: 28000, WEISHAN: 3600},
        1.5,
        "deposits by the provinces' quotas of 2018",
    ),
    "USA": ({MOUNTAIN_PASS: 1}, 1, "Mountain Pass"),
    "AUS": ({MOUNT_WELD: 1}, 1, "Mount Weld"),
    "IND": ({TAMIL_NADU: 1}, 1, "Manavalakurichi"),
    "RUS": ({LOVOZERO: 1}, 1, "Lovozero"),
    "BDI": ({MAONIUPING: 1}, 2.5, "no analysis in the table: a bastnaesite with all elements"),
    **dict.fromkeys(
        ("THA", "BRA", "MDG", "NGA", "ROW"),
        (FEW_MONAZITES, 2.5, "no analysis in the table: mean of two placer monazites"),
    ),
}
CLAY_OF: dict[str, tuple[dict[str, float], float, str]] = {
    "CHN": ({XINFENG: 0.5, XUNWU: 0.3, LONGNAN: 0.2}, 2, "Xinfeng 0.5, Xunwu 0.3, Longnan 0.2: judgement"),
    **dict.fromkeys(
        ("MMR", "LAO", "MYS", "VNM"),
        (MEDIUM_CLAY, 3, "no analysis in the table: Xinfeng 0.7, Xunwu 0.2, Longnan 0.1"),
    ),
}


def analyses(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares of every deposit, closed to 1, and which of them were filled in."""
    raw = read(folder, "ree_distribution_by_deposit")
    mineral = raw.drop_duplicates("deposit").set_index("deposit")["mineral"]
    text = raw.pivot_table(aggfunc="first", index="deposit", columns="element", values="raw_value")[ELEMENTS]
    number = text.map(_analysis)
    missing = number.isna()
    for deposit in number.index[missing.any(axis=1)]:
        model = number.loc[ANALOG[mineral[deposit]]]
        scaled = model * number.loc[deposit, "Gd"] / model["Gd"]
        number.loc[deposit] = number.loc[deposit].fillna(scaled)
    for deposit in number.index[number.isna().any(axis=1)]:
        model = number.loc[MAONIUPING]
        number.loc[deposit] = number.loc[deposit].fillna(model * number.loc[deposit, "Gd"] / model["Gd"])
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
                rows.append(
                    {
                        "region": region,
                        "element": e,
                        "value": float(f"{mean[e]:.5g}"),
                        "cv": share_cv(mean[e], bool(guess[e]), factor),
                        "source": "usgs",
                        "edition": "2025-03 MYB 2022",
                        "note": f"table 2; {note}",
                    }
                )
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
