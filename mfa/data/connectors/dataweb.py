"""USITC DataWeb exports: US imports for consumption and domestic exports, one sheet per measure.

The header is the third row of a sheet; years are columns, beside `YYYY_Suppressed` columns that count the
suppressed entries. Year-to-date sheets are left out, and years in which every figure of a sheet is zero.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mfa.data.connectors.schema import directed, iso3_column, tidy, unknown_layout
from mfa.data.quantities import parse_column
from mfa.data.readers import open_book, page_rows
from mfa.errors import Place, Problem, TableError

OPTIONS = ("edition",)
SOURCE = "USITC DataWeb"
REPORTER = "USA"

_HEADER = 2
_UNITS = {"kilograms": "kg gross", "metric tons": "t gross", "grams": "g gross"}
_KEYS = ["country", "hs", "unit"]
_MEASURES = {"First Unit of Quantity": "quantity", "Second Unit of Quantity": "second"}
_LABELS = {
    "Country": "country",
    "HTS Number": "hs",
    "Description": "commodity",
    "Quantity Description": "unit",
}


def read(paths: Sequence[Path], *, edition: str = "") -> pd.DataFrame:
    """The tidy rows of DataWeb workbooks: one for each country, heading, unit and year.

    The value in USD (customs value of imports, FAS of exports) stands with the first unit; rows in the second
    unit have none, so nothing is valued twice. A figure with suppressed entries is a low bound.
    """
    parts = [_book(path, edition) for path in paths]
    return tidy(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame())


def _book(path: Path, edition: str) -> pd.DataFrame:
    sheets = _sheets(path)
    flow = _flow(sheets, path)
    stamp = edition or _downloaded(sheets)
    parts = {title: _sheet(title, rows, path) for title, rows in sheets.items() if _is_annual(title)}
    values = [p for t, p in parts.items() if t not in _MEASURES]
    if len(values) != 1 or "First Unit of Quantity" not in parts:
        known = "needs the sheets First Unit of Quantity and one of values"
        raise unknown_layout(path, known)
    rows = _paired(parts["First Unit of Quantity"], values[0])
    second = parts.get("Second Unit of Quantity")
    if second is not None:
        rows = pd.concat([rows, second.assign(note="second unit")], ignore_index=True)
    return _finished(rows, flow, stamp, path)


def _sheets(path: Path) -> dict[str, list[list[str]]]:
    book = open_book(path)
    try:
        annual = [page for page in book if not page.title.endswith("YTD")]
        return {str(page.title): list(page_rows(page, path)) for page in annual}
    finally:
        book.close()


def _is_annual(title: str) -> bool:
    return title in _MEASURES or title.endswith("Value")


def _flow(sheets: dict[str, list[list[str]]], path: Path) -> str:
    first = " ".join(rows[0][0] for rows in sheets.values() if rows and rows[0]).casefold()
    if "imports" in first:
        return "import"
    if "exports" in first:
        return "export"
    raise unknown_layout(path, "known: DataWeb exports of imports for consumption and of domestic exports")


def _downloaded(sheets: dict[str, list[list[str]]]) -> str:
    parameters = sheets.get("Query Parameters", [])
    date = next((r[1] for r in parameters if len(r) > 1 and r[0] == "Download Date"), "")
    return f"downloaded {date[:10]}" if date else ""


def _sheet(title: str, rows: list[list[str]], path: Path) -> pd.DataFrame:
    """One sheet in long form: country, hs, commodity, unit, year, figure, suppressed, line."""
    where = Place(f"{path}#{title}", _HEADER + 1)
    header = rows[_HEADER] if len(rows) > _HEADER else []
    lacking = [c for c in _LABELS if c not in header]
    if lacking:
        raise TableError(Problem("table-column", f"no column {', '.join(lacking)} in the third row", where))
    width = len(header)
    body = [(*r[:width], *[""] * (width - len(r))) for r in rows[_HEADER + 1 :]]
    frame = pd.DataFrame(body, columns=header, dtype=str)
    frame = frame.assign(line=np.arange(_HEADER + 2, _HEADER + 2 + len(frame)))
    frame = frame.loc[frame["Country"] != ""]  # the foot holds a grand total
    return _years_down(frame, [c for c in header if re.fullmatch(r"\d{4}", c)], where)


def _years_down(frame: pd.DataFrame, years: list[str], where: Place) -> pd.DataFrame:
    figures = {y: parse_column(frame[y]) for y in years}
    wrong = [(y, i, p) for y, f in figures.items() for i, p in f.wrong]
    if wrong:
        lines = frame["line"].to_numpy()
        raise TableError(
            *(Problem(p.code, f"{y}: {p.text}", Place(where.file, int(lines[i]))) for y, i, p in wrong[:8])
        )
    used = [y for y in years if np.nansum(np.abs(figures[y].value)) > 0]
    labels = frame[[*_LABELS, "line"]].rename(columns=_LABELS)
    labels["unit"] = labels["unit"].str.removeprefix("Value for: ")
    parts = [
        labels.assign(year=int(y), figure=figures[y].value, suppressed=_suppressed(frame, y)) for y in used
    ]
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else labels.assign(year=0, figure=0.0, suppressed=0.0)[:0]
    )


def _suppressed(frame: pd.DataFrame, year: str) -> pd.Series | float:
    column = f"{year}_Suppressed"
    return pd.to_numeric(frame[column], errors="coerce").fillna(0.0) if column in frame.columns else 0.0


def _paired(quantities: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    value = values.set_index([*_KEYS, "year"])["figure"].rename("value_usd")
    return quantities.join(value, on=[*_KEYS, "year"]).assign(note="")


def _finished(rows: pd.DataFrame, flow: str, edition: str, path: Path) -> pd.DataFrame:
    hidden = rows["suppressed"] > 0
    uncounted = rows["unit"] == "no units collected"
    rows = rows.assign(
        source=SOURCE,
        edition=edition,
        reporter=REPORTER,
        partner=iso3_column(rows["country"]),
        flow=flow,
        quantity=rows["figure"].where(~hidden & ~uncounted),
        low=rows["figure"].where(hidden),
        note=rows["note"].mask(hidden, rows["note"] + " suppressed in part").str.strip(),
        unit=rows["unit"].map(lambda u: _UNITS.get(u, u)),
        file=str(path),
    )
    return directed(rows)
