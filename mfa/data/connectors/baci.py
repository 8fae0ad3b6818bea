"""CEPII BACI: reconciled bilateral trade, as CSV, parquet, or the JSON of the Critical Materials Atlas.

| layout | columns | value | quantity |
|---|---|---|---|
| release | t, i, j, k, v, q | kUSD | t |
| extract | i, j, cmd, value (ISO3; the year in the file's name) | USD | none |
| parquet | year, exporter, importer, hs6, value_kusd, qty_t | kUSD | t |
| JSON | materials -> from, to, value, qty (ISO2; the six largest partners only) | USD | t, 2024 |

BACI has no reporters: importer and exporter figures are reconciled already, one row for each pair.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mfa.data.connectors.schema import iso3_column, numbers, tidy, unknown_layout, year_of_name, years
from mfa.data.readers import read_json
from mfa.data.tables import Table, read_table
from mfa.errors import Place, Problem, TableError, did_you_mean

OPTIONS = ("commodity", "edition")
SOURCE = "CEPII BACI"
UNIT = "t gross"


def read(paths: Sequence[Path], *, commodity: str = "", edition: str = "") -> pd.DataFrame:
    """The tidy rows of BACI files; `commodity` keeps one material of the JSON and parquet layouts.

    The edition is the release named in the file or its name (V202601) unless `edition` gives it.
    """
    parts = [_file(path, commodity) for path in paths]
    rows = tidy(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame())
    return rows.assign(edition=edition) if edition else rows


def _file(path: Path, commodity: str) -> pd.DataFrame:
    if path.suffix.lower() == ".json":
        return _atlas(path, commodity)
    table = read_table(path)
    for needed, layout in _LAYOUTS:
        if needed <= set(table.columns):
            return layout(table).assign(source=SOURCE, unit=UNIT, file=table.file, line=table.lines)
    raise unknown_layout(
        path, "known: t,i,j,k,v,q; i,j,cmd,value; year,exporter,importer,hs6,value_kusd,qty_t"
    )


def _release(table: Table) -> pd.DataFrame:
    quantity, low, high = numbers(table, "q")
    return pd.DataFrame(
        {
            "year": years(table, "t"),
            **_pair(table, "i", "j"),
            "hs": table.frame["k"].str.strip().str.zfill(6),
            "quantity": quantity,
            "low": low,
            "high": high,
            "value_usd": numbers(table, "v")[0] * 1000.0,
            "edition": _named(table.file),
        }
    )


def _extract(table: Table) -> pd.DataFrame:
    return pd.DataFrame(
        {
            **_pair(table, "i", "j"),
            "year": year_of_name(table.file),
            "hs": table.frame["cmd"].str.strip().str.zfill(6),
            "quantity": np.nan,
            "value_usd": numbers(table, "value")[0],
            "edition": _named(table.file),
        }
    )


def _columnar(table: Table) -> pd.DataFrame:
    material = table.frame["material"] if "material" in table.frame.columns else ""
    return pd.DataFrame(
        {
            "year": years(table, "year"),
            **_pair(table, "exporter", "importer"),
            "hs": table.frame["hs6"].str.zfill(6),
            "commodity": material,
            "quantity": numbers(table, "qty_t")[0],
            "value_usd": numbers(table, "value_kusd")[0] * 1000.0,
            "edition": _named(table.file),
        }
    )


def _pair(table: Table, exporter: str, importer: str) -> dict[str, pd.Series]:
    return {"exporter": iso3_column(table.frame[exporter]), "importer": iso3_column(table.frame[importer])}


def _named(text: str) -> str:
    release = re.search(r"V20\d{4}", text)
    return release[0] if release else ""


def _atlas(path: Path, commodity: str) -> pd.DataFrame:
    document = _json(path)
    materials: dict[str, list[dict[str, object]]] = document["materials"]
    if commodity and commodity not in materials:
        text = f'no material "{commodity}"'
        raise TableError(Problem("table-label", text, Place(str(path)), did_you_mean(commodity, materials)))
    chosen = [commodity] if commodity else list(materials)
    parts = [pd.DataFrame(materials[m]).assign(commodity=m) for m in chosen if materials[m]]
    flows = pd.concat(parts, ignore_index=True)
    quantity = flows["qty"] if "qty" in flows.columns else pd.Series(np.nan, flows.index)
    return pd.DataFrame(
        {
            "source": SOURCE,
            "edition": _named(str(document.get("source", ""))),
            "year": int(document["year"]),
            "exporter": iso3_column(flows["from"]),
            "importer": iso3_column(flows["to"]),
            "commodity": flows["commodity"],
            "quantity": quantity.astype(float),
            "value_usd": flows["value"].astype(float),
            "unit": UNIT,
            "note": "six largest partners per side only",
            "file": str(path),
        }
    )


def _json(path: Path) -> dict[str, Any]:
    document = read_json(path)
    if not isinstance(document, dict) or not {"year", "materials"} <= document.keys():
        raise unknown_layout(path, "the JSON needs year and materials")
    return document


_LAYOUTS: tuple[tuple[frozenset[str], Callable[[Table], pd.DataFrame]], ...] = (
    (frozenset({"t", "i", "j", "k", "v", "q"}), _release),
    (frozenset({"i", "j", "cmd", "value"}), _extract),
    (frozenset({"year", "exporter", "importer", "hs6", "value_kusd", "qty_t"}), _columnar),
)
