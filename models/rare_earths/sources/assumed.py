"""Judgements where there are no open statistics, and the trade routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from sources.raw import (
    YEARS,
    judged,
)


def magnet_making(folder: Path) -> pd.DataFrame:
    """Magnets made outside China, gross tonnes: no open statistics, orders of magnitude with wide errors."""
    guess = {
        "JPN": (9000, 3000),
        "EU27": (1000, 500),
        "VNM": (3000, 1500),
        "PHL": (2500, 1500),
        "THA": (1500, 1000),
        "KOR": (300, 200),
        "USA": (300, 200),
    }
    why = "outside China about a tenth of world output (published shares of China 87 to 94 %)"
    return pd.DataFrame(
        [judged(why, year=y, region=r, value=v, sd=sd) for r, (v, sd) in guess.items() for y in YEARS]
    )


def compound_trade(folder: Path) -> pd.DataFrame:
    """Separated compounds on routes without open statistics, gross tonnes a year."""
    tang = "Tang et al.: with Japan 136 kt, with the Netherlands 46 kt in 2015 to 2022, all stages"
    guess = {
        ("CHN", "JPN"): (12000, 5000, tang),
        ("CHN", "EU27"): (6000, 3000, tang),
        ("CHN", "KOR"): (3000, 2000, "rest of the Chinese total"),
        ("CHN", "ROW"): (8000, 5000, "rest of the Chinese total"),
        ("MYS", "CHN"): (
            4000,
            3000,
            "lanthanum, cerium and samarium-europium-gadolinium products of one plant",
        ),
        ("MYS", "EU27"): (3000, 2000, "lanthanum and cerium of one plant"),
        ("MYS", "JPN"): (2000, 1500, "lanthanum and cerium of one plant"),
        ("IND", "JPN"): (500, 400, "one offtake agreement"),
    }
    return _routes(guess)


def magnet_material_trade(folder: Path) -> pd.DataFrame:
    """Oxides and metals of the magnet elements on routes without open statistics, gross tonnes a year."""
    total = "China exported 9,443 t of metals in 2021, lanthanum and cerium metal among them"
    guess = {
        ("CHN", "JPN"): (2500, 1500, total),
        ("CHN", "VNM"): (1000, 600, total),
        ("CHN", "EU27"): (400, 250, total),
        ("CHN", "KOR"): (120, 80, total),
        ("CHN", "THA"): (500, 350, total),
        ("CHN", "USA"): (120, 80, total),
        ("MYS", "JPN"): (3500, 1500, "most of one plant's output"),
        ("MYS", "CHN"): (500, 500, "the rest of that output"),
        ("JPN", "PHL"): (900, 500, "feeds the plants of Japanese makers"),
        ("IND", "JPN"): (400, 300, "one offtake agreement"),
    }
    new = {("USA", "JPN"): (500, 500, "neodymium-praseodymium oxide of the new US plant")}
    return pd.concat([_routes(guess), _routes(new, range(2023, 2025))])


def _routes(
    guess: Mapping[tuple[str, str], tuple[float, float, str]], years: Iterable[int] = YEARS
) -> pd.DataFrame:
    return pd.DataFrame(
        [
            judged(why, year=y, exporter=a, importer=b, value=v, sd=sd)
            for (a, b), (v, sd, why) in guess.items()
            for y in years
        ]
    )


def in_use_initial(folder: Path) -> pd.DataFrame:
    """Rare earths in magnets in use at the end of 2016, t of element, by region and element."""
    total = 225_000
    region = {
        "CHN": 45,
        "EU27": 13,
        "JPN": 12,
        "USA": 11,
        "ROW": 8,
        "KOR": 4,
        "IND": 2,
        "THA": 1.5,
        "VNM": 1,
        "BRA": 1,
        "RUS": 1,
        "MYS": 0.5,
    }
    element = {"Nd": 0.72, "Pr": 0.19, "Dy": 0.075, "Tb": 0.015}
    why = "stock of 2007 (Du and Graedel 2011) carried forward; region by use; README"
    return pd.DataFrame(
        [
            judged(why, region=r, element=e, value=round(total * s / 100 * x), cv=0.4)
            for r, s in region.items()
            for e, x in element.items()
        ]
    )


ROUTES = {
    "pairs_ores": [("USA", "CHN"), ("AUS", "MYS"), ("BDI", "CHN")],
    "pairs_monazite": [(r, "CHN") for r in ("MDG", "NGA", "THA", "BRA", "ROW")],
    "pairs_mixed": [("MMR", "CHN"), ("LAO", "CHN"), ("MYS", "CHN"), ("VNM", "CHN"), ("RUS", "EU27")],
}


def pairs(name: str) -> Callable[[Path], pd.DataFrame]:
    """A maker of the list of pairs that trade, every year."""

    def make(folder: Path) -> pd.DataFrame:
        return pd.DataFrame(
            [
                {
                    "year": y,
                    "exporter": a,
                    "importer": b,
                    "value": 1,
                    "source": "judgement",
                    "edition": "v1",
                    "note": "route exists",
                }
                for a, b in ROUTES[name]
                for y in YEARS
            ]
        )

    return make
