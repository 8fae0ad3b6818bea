"""UN Comtrade, annual data: JSON and CSV, plain or gzip, with the API's long or short column names.

A trade is stated as a total and again in parts: by mode of transport, customs procedure, second partner and
mode of supply, and by partner below the partner World. :mod:`mfa.data.connectors.totals` says how it is
kept from being added twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.data.connectors.schema import (
    directed,
    iso3_column,
    numbers,
    tidy,
    unknown_layout,
    year_of_name,
    years,
)
from mfa.data.connectors.totals import KEYS, TOTAL_CODES, totals
from mfa.data.readers import read_json
from mfa.data.tables import Table, read_table
from mfa.errors import Place, Problem, TableError

OPTIONS = ("edition", "world")
SOURCE = "UN Comtrade"
UNIT = "kg gross"
KILOGRAM = "8"

_NAMES = {
    "year": ("refYear", "year", "period"),
    "reporter": ("reporterCode", "reporter"),
    "partner": ("partnerCode", "partner"),
    "flow": ("flowCode", "flow"),
    "hs": ("cmdCode", "cmd"),
    "value": ("primaryValue", "value"),
    "weight": ("netWgt", "netwgt"),
    "guessed": ("isNetWgtEstimated",),
    "quantity": ("qty",),
    "quantity_unit": ("qtyUnitCode", "qtyunit"),
    "motCode": ("motCode",),
    "customsCode": ("customsCode",),
    "partner2Code": ("partner2Code",),
    "mosCode": ("mosCode",),
}
_NEEDED = ("reporter", "partner", "flow", "hs", "value")
_FLOWS = {"M": "import", "X": "export", "RM": "re-import", "RX": "re-export", "DX": "domestic export"}


def read(paths: Sequence[Path], *, edition: str = "", world: bool = False) -> pd.DataFrame:
    """The tidy rows of Comtrade files: one for each year, reporter, partner, flow and code; kg and USD.

    The partner World is left out where partners stand beside it, unless `world` is true. A weight of zero
    beside a value is missing; a quantity in kg stands in for it. Raises TableError (`table-ambiguous`)
    where rows of one trade are neither a total with its parts nor one complete breakdown.
    """
    parts = [_rows(table) for table in map(_table, paths)]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if not len(rows):
        return tidy(pd.DataFrame())
    kept = totals(rows) if world else _without_world(totals(rows))
    return tidy(_finished(kept).assign(edition=edition))


def _table(path: Path) -> Table:
    suffixes = [s.lower() for s in path.suffixes]
    table = _json_table(path) if ".json" in suffixes else read_table(path)
    names = {c.casefold(): c for c in table.columns}
    found = {
        names[n.casefold()]: key
        for key, options in _NAMES.items()
        if (n := next((o for o in options if o.casefold() in names), None))
    }
    lacking = [key for key in _NEEDED if key not in found.values()]
    if lacking:
        raise unknown_layout(
            path, f"no column for {', '.join(lacking)}; the columns are {', '.join(table.columns)}"
        )
    return replace(table, frame=table.frame[list(found)].rename(columns=found))


def _json_table(path: Path) -> Table:
    document = read_json(path)
    records = document.get("data") if isinstance(document, dict) else document
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise unknown_layout(path, "the JSON needs a list of records under `data`")
    if not records:
        raise TableError(Problem("table-empty", "the file holds no records", Place(str(path))))
    frame = pd.DataFrame({c: ["" if r.get(c) is None else str(r[c]) for r in records] for c in records[0]})
    # A record has no line of its own: the files are written in one line.
    return Table(str(path), frame, np.zeros(len(frame), dtype=np.int64))


def _rows(table: Table) -> pd.DataFrame:
    """The rows of one file as figures and codes."""
    frame = table.frame
    value, weight = numbers(table, "value")[0], _column(table, "weight")
    in_kg = _is(frame, "quantity_unit", KILOGRAM)
    quantity = _column(table, "quantity").where(in_kg)
    out = pd.DataFrame(
        {
            "year": years(table, "year") if "year" in frame.columns else year_of_name(table.file),
            **{c: frame[c].str.strip() for c in ("reporter", "partner", "flow", "hs")},
            "value": value,
            "weight": weight.where(weight > 0, quantity.where(quantity > 0)),
            "estimated": _is(frame, "guessed", "true"),
            "file": table.file,
            "line": table.lines,
        }
    )
    present = [c for c in TOTAL_CODES if c in frame.columns]
    return out.assign(**{c: frame[c].str.strip() for c in present})


def _is(frame: pd.DataFrame, column: str, text: str) -> pd.Series:
    if column not in frame.columns:
        return pd.Series(False, frame.index)
    return frame[column].str.strip().str.casefold() == text


def _column(table: Table, name: str) -> pd.Series:
    if name not in table.frame.columns:
        return pd.Series(np.nan, table.frame.index)
    return numbers(table, name)[0]


def _without_world(rows: pd.DataFrame) -> pd.DataFrame:
    world = rows["partner"] == "0"
    others = (~world).groupby([rows[k] for k in KEYS if k != "partner"], sort=False).transform("any")
    return rows.loc[~(world & others)]


def _finished(rows: pd.DataFrame) -> pd.DataFrame:
    named = rows.assign(
        source=SOURCE,
        reporter=iso3_column(rows["reporter"]),
        partner=iso3_column(rows["partner"]),
        flow=rows["flow"].map(lambda f: _FLOWS.get(f, f)),
        quantity=rows["weight"],
        unit=UNIT,
        value_usd=rows["value"],
        note=_notes(rows),
    )
    return directed(named)


def _notes(rows: pd.DataFrame) -> npt.NDArray[np.object_]:
    weighed = np.where(rows["estimated"].to_numpy(dtype=bool), "weight estimated", "").astype(object)
    return np.asarray(
        [" ".join(x for x in (w, n) if x) for w, n in zip(weighed, rows["note"], strict=True)], object
    )
