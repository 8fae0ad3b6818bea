# ruff: noqa: E501
"""What is mutated: documents that use every part of the grammar, tables of every format, formulas."""

from __future__ import annotations

import copy
import gzip
import io
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

from mfa.spec.draft import merge
from mfa.spec.imports import with_imports
from mfa.spec.reader import read_file, read_text

ROOT = Path(__file__).resolve().parents[2]
PLAIN: dict[str, Any] = {
    "mfa": 1,
    "processes": {"supply": {"kind": "source"}, "plant": {}, "market": {"kind": "sink"}},
    "flows": {
        "feed": {"from": "supply", "to": "plant"},
        "product": {"from": "plant", "to": "market"},
        "waste": {"from": "plant", "to": "market"},
    },
    "transfers": {"plant": {"product": {"value": 0.7, "sd": 0.05}, "waste": "rest"}},
    "observations": {
        "in": {"of": "feed", "value": 10, "sd": 1, "unit": "t", "source": "scales"},
        "out": {"of": "product", "value": "4 kt", "cv": "10%", "floor": "1 t"},
    },
    "constraints": {"room": {"of": "waste", "min": 1, "max": "100 t"}},
    "outputs": {"indicators": {"rate": "product / feed"}, "figures": {"chain": {"kind": "sankey"}}},
    "sources": {"scales": {"title": "Weighbridge", "edition": "2024"}},
}
WORLD: dict[str, Any] = {
    "mfa": 1,
    "name": "world",
    "dimensions": {
        "year": {"range": [2018, 2021]},
        "region": {"labels": ["CHN", "USA", "ROW"], "members": {"ROW": ["*"]}},
        "element": ["Nd", "Pr", "Y"],
        "use": ["ev", "wind"],
    },
    "units": {"mass": "kt", "time": "year"},
    "bases": {"REO": {"Nd": "Nd2O3", "Pr": "Pr6O11", "Y": "Y2O3"}},
    "processes": {
        "mine": {"kind": "source", "where": {"region": ["CHN", "USA"]}},
        "oxides": {"kind": "market", "statistical_difference": {"cv": "5%", "floor": "1 t"}},
        "magnet": {"label": "Magnet making"},
        "in_use": {"kind": "stock"},
        "recycle": {},
        "losses": {"kind": "sink"},
    },
    "flows": {
        "mined": {"from": "mine", "to": "oxides", "commodity": "ore"},
        "used": {"from": "oxides", "to": "magnet", "commodity": "oxide"},
        "magnets": {"from": "magnet", "to": "in_use", "by": ["use"]},
        "swarf": {"from": "magnet", "to": "recycle"},
        "retired": {"from": "in_use", "to": "recycle", "by": ["use"]},
        "back": {"from": "recycle", "to": "oxides"},
        "gone": {"from": "recycle", "to": "losses"},
    },
    "trade": {"traded": {"at": "oxides", "commodity": "oxide", "pairs": "all"}},
    "compositions": {
        "ore": {"data": {"Nd": 0.5, "Pr": 0.2, "Y": 0.3}, "dims": ["element"], "cv": "10%"},
        "oxide": "mixed",
    },
    "contents": {"oxide": {"value": 0.75, "sd": 0.1, "unit": "t REO / t gross"}},
    "transfers": {
        "magnet": {"magnets": 0.7, "swarf": "rest"},
        "recycle": {"back": {"value": 0.9, "sd": 0.03}, "gone": "rest"},
    },
    "stocks": {
        "fleet": {
            "at": "in_use",
            "inflow": "magnets",
            "outflow": "retired",
            "lifetime": {"ev": {"weibull": {"mean": 4, "shape": 3}}, "wind": {"fixed": 2}},
            "initial": {"value": 3, "unit": "kt"},
        },
        "ground": {"at": "mine", "kind": "reserve", "initial": "100 Mt REO"},
    },
    "observations": {
        "production": {
            "of": "mined",
            "sum": ["element"],
            "table": "a.csv",
            "unit": "t REO",
            "cv": "10%",
            "source": "usgs",
        },
        "customs": {
            "of": "traded",
            "sum": ["element"],
            "reported_by": "importer",
            "at": {"year": 2019, "exporter": "CHN", "importer": "USA"},
            "value": 30,
            "unit": "t gross",
            "sd": 5,
        },
        "share": {"of": "used", "at": {"element": "Nd"}, "data": [1, 2, 3, 4], "dims": ["year"], "cv": 0.2,
                  "robust": "huber"},
    },
    "constraints": {"quota": {"of": "mined", "sum": ["element"], "at": {"region": "CHN"}, "max": "210 kt REO"}},
    "solve": {"question": "reconcile", "robust": "l2"},
    "uncertainty": {"method": "posterior"},
    "variants": {
        "no_quota": {"drop": ["constraints.quota"]},
        "better": {"set": {"transfers.recycle.back": {"value": 0.95, "sd": 0.02}}},
    },
    "sweep": {"yields": {"path": "transfers.magnet.magnets", "values": [0.6, 0.8]}},
    "outputs": {
        "indicators": {"recycled": "back / (mined + back)", "to_date": "cumsum(mined)", "part": "share(used, region)"},
        "figures": {
            "flows": {"kind": "sankey", "at": {"year": 2019}, "unit": "t"},
            "area": {"kind": "area", "of": "fleet", "by": "use"},
            "ages": {"kind": "ages", "of": "fleet", "at": {"year": 2021}},
            "moves": {"kind": "adjustments"},
            "mirrors": {"kind": "mirror", "of": "traded"},
        },
    },
    "sources": {"usgs": {"title": "Mineral Commodity Summaries", "edition": "2024", "licence": "public domain"}},
}  # fmt: skip
DRIVEN: dict[str, Any] = {
    "mfa": 1,
    "name": "driven",
    "dimensions": {"year": {"range": [1990, 2010], "step": 5}, "region": ["AAA", "BBB"]},
    "processes": {"shop": {"kind": "source"}, "use": {"kind": "stock"}, "tip": {"kind": "sink"}},
    "flows": {"sold": {"from": "shop", "to": "use"}, "gone": {"from": "use", "to": "tip"}},
    "stocks": {"fleet": {"at": "use", "lifetime": {"normal": {"mean": 12, "sd": 3}}, "timing": "middle"}},
    "solve": {"question": "simulate"},
    "drivers": {
        "sales": {"of": "sold", "data": [10, 12, 9, 14, 3], "dims": "year", "at": {"region": "AAA"}},
        "more": {"of": "sold", "value": 4, "at": {"region": "BBB"}},
    },
    "outputs": {
        "indicators": {"all": "sum(fleet, region)"},
        "figures": {"a": {"kind": "area", "of": "gone"}},
    },
}
TABLE = "year,region,value,source,edition,sd\n" + "".join(
    f"{year},{region},{10 * k + year - 2017},usgs,2024,{k + 1}\n"
    for year in range(2018, 2022)
    for k, region in enumerate(("CHN", "USA", "ROW"))
)
FORMULAS = (
    "feed", "product / feed", "sum(feed)", "cumsum(feed)", "share(feed, region)", "-(feed - waste) * 2 / product",
    "sum(feed[region=AAA], year)", "feed[year=2020|2021, region=BBB]", "cumsum(sum(feed, region))",
    "feed - (product + waste)", "1e3 * feed / sum(feed, year)", "kept[year=2021]", "share(kept + 0 * feed, region)",
)  # fmt: skip


@cache
def documents() -> tuple[dict[str, Any], ...]:
    """Documents as plain data: our own, those of tests, of the documentation, and small bundled ones."""
    found = [PLAIN, WORLD, DRIVEN, *_files(ROOT / "tests" / "invalid"), *_files(ROOT / "tests" / "cases")]
    blocks = [
        block
        for page in sorted((ROOT / "docs").glob("*.md"))
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    ]
    found += [read_text(block, "block")[0].data for block in blocks]
    bundled = ("aluminium_2009", "plastics", "steel_stocks", "vehicles")
    found += [_whole(ROOT / "scenarios" / f"{name}.yaml") for name in bundled]
    return tuple(copy.deepcopy(d) for d in found if d)


def _files(folder: Path) -> list[dict[str, Any]]:
    return [read_file(p)[0].data for p in sorted(folder.rglob("*.yaml")) if p.stat().st_size < 100_000]


def _whole(path: Path) -> dict[str, Any]:
    """A scenario with what it imports, its tables left where they are not."""
    tree, _ = read_file(path)
    whole = merge(*[with_imports(path, tree)[0]] * 2).data
    return {k: v for k, v in whole.items() if k != "import"}


@cache
def tables() -> tuple[tuple[str, str, bytes], ...]:
    """Name, format and bytes of small tables."""
    frame = pd.read_csv(io.StringIO(TABLE))
    parquet, book = io.BytesIO(), io.BytesIO()
    frame.to_parquet(parquet)
    workbook = openpyxl.Workbook()
    for row in [list(frame.columns), *frame.astype(object).to_numpy().tolist()]:
        workbook.active.append(row)
    workbook.save(book)
    records = [dict(zip(COMTRADE[0].split(","), line.split(","), strict=True)) for line in COMTRADE[1:]]
    return (
        ("a.csv", "long", TABLE.encode()),
        ("a.csv.gz", "long", gzip.compress(TABLE.encode(), mtime=0)),
        ("a.parquet", "long", parquet.getvalue()),
        ("a.xlsx", "long", book.getvalue()),
        ("c.csv", "comtrade", "\n".join(COMTRADE).encode()),
        ("c.json", "comtrade", json.dumps({"data": records}).encode()),
        ("b_V202401_2019.csv", "baci", "\n".join(BACI).encode()),
        ("mcs2024-raree.csv", "usgs", "\n".join(USGS).encode()),
        ("mcs2026.csv", "usgs", "\n".join(USGS_LONG).encode()),
    )


COMTRADE = (
    "refYear,reporterCode,partnerCode,flowCode,cmdCode,primaryValue,netWgt,qty,qtyUnitCode",
    "2019,842,156,M,284690,5000,2000,2000,8",
    "2020,842,156,M,284690,6000,2500,2500,8",
    "2021,156,842,X,284690,5500,2400,2400,8",
)
BACI = ("t,i,j,k,v,q", "2019,156,842,284690,12.5,30.1", "2019,842,156,284690,2.5,NA")
USGS = (
    "Source,Country,Type,Prod_t_2020,Prod_t_est_2021,Prod_notes,Reserves_t,Reserves_notes",
    "MCS2022,China,Mine production,210000,240000,Production quota,44000000,",
    "MCS2022,United States,Mine production,42000,43000,,1800000,",
    "MCS2022,World total (rounded),Mine production,300000,350000,,110000000,",
)
USGS_LONG = (
    "MCS chapter,Section,Commodity,Country,Statistics,Statistics_detail,Unit,Year,Value,Notes,Other notes",
    "Rare earths,World Mine Production,Rare earths,China,Production,Mine,metric tons,2020,270000,,REO",
    "Rare earths,World Mine Production,Rare earths,Australia,Production,Mine,metric tons,2021,13000,Estimated,REO",
)
SOLVED: dict[str, Any] = {
    "mfa": 1,
    "name": "solved",
    "dimensions": {"year": {"range": [2020, 2022]}, "region": ["AAA", "BBB"], "element": ["Nd", "Y"]},
    "processes": {
        "supply": {"kind": "source"},
        "plant": {},
        "use": {"kind": "stock"},
        "tip": {"kind": "sink"},
    },
    "flows": {
        "feed": {"from": "supply", "to": "plant"},
        "product": {"from": "plant", "to": "use"},
        "waste": {"from": "plant", "to": "tip"},
        "gone": {"from": "use", "to": "tip"},
    },
    "transfers": {"plant": {"product": {"value": 0.7, "sd": 0.05}, "waste": "rest"}},
    "stocks": {"kept": {"at": "use", "lifetime": {"weibull": {"mean": 2, "shape": 2}}}},
    "observations": {
        "in": {"of": "feed", "value": 10, "sd": 1},
        "out": {"of": "product", "sum": ["element"], "value": 12, "cv": "20%"},
        "lost": {"of": "waste", "data": [1, 2, 3], "dims": ["year"], "sd": 1},
    },
    "outputs": {
        "indicators": {"rate": "product / feed", "to_date": "cumsum(feed)"},
        "figures": {
            "chain": {"kind": "sankey", "at": {"year": 2021}},
            "area": {"kind": "area", "of": ["kept"]},
        },
    },
}
