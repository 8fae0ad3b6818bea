"""Chinese customs, as single figures that pages quote."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sources.raw import (
    read,
)


def news(folder: Path) -> pd.DataFrame:
    """China's customs totals as pages quote them."""
    return read(folder, "china_trade_totals_reported")


def fact(
    frame: pd.DataFrame, year: int, commodity: str, page: str = "", flow: str = "import"
) -> tuple[float, str]:
    """One quoted figure and its page."""
    hit = frame[
        (frame["year"] == year) & (frame["flow"] == flow) & frame["commodity"].str.startswith(commodity)
    ]
    hit = hit[hit["page_url"].str.contains(page, regex=False) & hit["unit"].str.startswith("t")]
    if len(hit) != 1:
        raise LookupError(f"{year} {commodity}: {len(hit)} rows")
    return float(hit["quantity"].iloc[0]), str(hit["page_url"].iloc[0])


def customs(value: float, page: str, cv: float, note: str = "", **labels: object) -> dict[str, object]:
    """A row of Chinese customs as quoted."""
    row = {
        **labels,
        "value": round(value, 1),
        "cv": cv,
        "source": "china_customs",
        "edition": str(labels["year"]),
    }
    return row | {"note": f"{page.removeprefix('secondary page ')} {note}".strip()}


def china_ore_imports(folder: Path) -> pd.DataFrame:
    """What China books as rare-earth ore from the United States, gross."""
    quoted = news(folder)
    ore = "rare-earth metal ores from the US"
    stated: list[tuple[int, tuple[float, str], float, float, str]] = [
        (2018, fact(quoted, 2018, ore), 1, 0.10, ""),
        (2019, fact(quoted, 2019, ore), 1, 0.10, ""),
        (2020, fact(quoted, 2020, ore), 1, 0.10, ""),
        (
            2021,
            (71300.0, fact(quoted, 2021, "rare-earth metal ores, January-November")[1]),
            12 / 11,
            0.12,
            "71,300 t from the US in January to November, times 12/11",
        ),
        (2022, fact(quoted, 2022, "rare-earth metal ores, total"), 1, 0.10, "all origins, nearly all US"),
        (2023, fact(quoted, 2023, "bastnaesite"), 0.9983, 0.10, "bastnaesite, 99.83 % from the US"),
        (2024, fact(quoted, 2024, "bastnaesite"), 1, 0.10, "bastnaesite, all origins"),
    ]
    return pd.DataFrame(
        [
            customs(v * k, page, cv, note, year=y, exporter="USA", importer="CHN")
            for y, (v, page), k, cv, note in stated
        ]
    )


def china_monazite_imports(folder: Path) -> pd.DataFrame:
    """China's monazite imports of 2023 by origin, gross; the rest of the total is ROW."""
    total, page = fact(news(folder), 2023, "monazite")
    shares = {"MDG": 0.55, "NGA": 0.25, "THA": 0.13}
    shares["ROW"] = 1 - sum(shares.values())
    return pd.DataFrame(
        [
            customs(
                total * s, page, 0.15, f"{s:.0%} of {total:,.0f} t", year=2023, exporter=r, importer="CHN"
            )
            for r, s in shares.items()
        ]
    )


def china_monazite_total(folder: Path) -> pd.DataFrame:
    """China's monazite imports of 2024, gross, all origins."""
    total, page = fact(news(folder), 2024, "monazite")
    return pd.DataFrame([customs(total, page, 0.15, year=2024, importer="CHN")])


def china_mixed_imports(folder: Path) -> pd.DataFrame:
    """China's imports of unseparated compounds by origin where a page says it, gross."""
    quoted = news(folder)
    rows = [
        customs(
            35539,
            fact(quoted, 2020, "oxides 28469019")[1],
            0.10,
            "of which Myanmar",
            year=2020,
            exporter="MMR",
            importer="CHN",
        )
    ]
    parts = {
        "mixed rare-earth oxides": {"MMR": 0.95, "MYS": 0.026, "LAO": 0.013},
        "mixed rare-earth carbonate": {"MYS": 0.55, "LAO": 0.38},
        "other compounds": {"MMR": 0.69, "MYS": 0.16, "LAO": 0.12},
    }
    totals = {c: fact(quoted, 2023, c) for c in parts}
    for region in ("MMR", "MYS", "LAO"):
        value = sum(totals[c][0] * shares.get(region, 0) for c, shares in parts.items())
        page = totals["other compounds"][1]
        rows.append(
            customs(
                value,
                page,
                0.12,
                "sum of three items x stated shares",
                year=2023,
                exporter=region,
                importer="CHN",
            )
        )
    return pd.DataFrame(rows)


def china_compound_imports(folder: Path) -> pd.DataFrame:
    """China's imports of all rare-earth compounds in 2024, gross: a total without origins."""
    quoted, page = news(folder), "wenxuecity"
    items = ["oxides", "chlorides", "carbonate", "other"]
    value = sum(fact(quoted, 2024, c, page)[0] for c in items)
    note = "oxides, chlorides, carbonate, other; another page totals all imports at 132,931 t"
    return pd.DataFrame([customs(value, page, 0.20, note, year=2024, importer="CHN")])


def china_exports(folder: Path) -> pd.DataFrame:
    """China's exports under the customs heading rare earths: compounds and metals, gross."""
    quoted = news(folder)
    rows = [customs(*fact(quoted, 2018, "rare earths", flow="export"), 0.10, year=2018, exporter="CHN")]
    rows += [
        customs(*fact(quoted, y, "rare earths (customs", flow="export"), 0.08, year=y, exporter="CHN")
        for y in (2021, 2022, 2023, 2024)
    ]
    return pd.DataFrame(rows)


def china_magnets(folder: Path) -> pd.DataFrame:
    """China's own exports of rare-earth magnets (85051110) by partner, where a page states them."""
    quoted = news(folder)
    label = "rare-earth permanent magnets HS 85051110 to "
    to = {
        "Germany": "EU27",
        "United States": "USA",
        "Korea": "KOR",
        "Vietnam": "VNM",
        "Thailand": "THA",
        "Italy": "EU27",
    }
    found = {n: fact(quoted, 2020, label + n, flow="export") for n in to}
    rows = [
        customs(found[n][0], found[n][1], 0.08, year=2020, exporter="CHN", importer=r)
        for n, r in to.items()
        if r != "EU27"
    ]
    us = "rare-earth magnets to United States"
    rows += [
        customs(*fact(quoted, y, us, flow="export"), 0.08, year=y, exporter="CHN", importer="USA")
        for y in (2018, 2019)
    ]
    return pd.DataFrame(rows)


def china_magnets_total(folder: Path) -> pd.DataFrame:
    """China's exports of rare-earth magnets to all partners."""
    quoted = news(folder)
    named = {2020: "rare-earth permanent magnets HS 85051110 total", 2024: "permanent magnets (rare-earth)"}
    return pd.DataFrame(
        [customs(*fact(quoted, y, c, flow="export"), 0.06, year=y, exporter="CHN") for y, c in named.items()]
    )
