"""The one tidy form in which every connector returns its rows."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from mfa.data.countries import iso3_of
from mfa.data.tables import Table
from mfa.errors import Place, Problem, TableError

COLUMNS = (
    "source",  # who publishes it
    "edition",  # which release of it, empty where the file does not say
    "reporter",  # ISO3 of who reports a trade flow
    "partner",
    "exporter",  # ISO3 of origin and destination, whoever reports
    "importer",
    "flow",  # import, export, re-export, re-import
    "hs",  # code of the Harmonized System, as text
    "commodity",
    "statistic",  # production, reserves, capacity
    "region",  # ISO3; WLD for world totals, OTH for other countries
    "year",
    "quantity",  # NaN where the file states none; low and high where it states bounds
    "low",
    "high",
    "unit",  # of quantity, with its basis
    "value_usd",
    "estimated",  # the source says that it estimated the figure
    "derived_from",  # what the source says that it took the figure from
    "detail",  # what the figure is of, in the source's words
    "note",
    "file",
    "line",
)
NUMBERS = ("quantity", "low", "high", "value_usd")


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with all of `COLUMNS` in order: missing text empty, missing numbers NaN."""
    out = frame.reset_index(drop=True)
    for column in (c for c in COLUMNS if c not in out.columns):
        out[column] = np.nan if column in NUMBERS else _BLANK.get(column, "")
    origin = out["derived_from"].astype(object)
    out["derived_from"] = origin.where(origin.notna(), None)
    return out[list(COLUMNS)]


_BLANK: dict[str, str | bool | int | None] = {"derived_from": None, "estimated": False, "line": 0}


def iso3_column(column: pd.Series) -> pd.Series:
    """Codes or names as ISO3; what is unknown stays as it is, for the label check to name."""
    codes, uniques = pd.factorize(column.astype(str))
    found = np.array([iso3_of(u) or u.strip() for u in uniques], dtype=object)
    return pd.Series(found[codes], index=column.index, dtype=object)


def numbers(table: Table, column: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Value, low and high of a column; raises TableError where a cell is no figure."""
    parsed, problems = table.figures(column)
    if problems:
        raise TableError(*problems)
    index = table.frame.index
    return (pd.Series(parsed.value, index), pd.Series(parsed.low, index), pd.Series(parsed.high, index))


def years(table: Table, column: str) -> pd.Series:
    """A column of years as integers; raises TableError for anything else, months included."""
    text = table.frame[column].str.strip()
    wrong = np.flatnonzero(~text.str.fullmatch(r"\d{4}").to_numpy(dtype=bool))
    if len(wrong):
        cell = text.iloc[int(wrong[0])]
        hint = "monthly rows are not added up to years; use annual data" if cell.isdigit() else ""
        where = table.place(int(wrong[0]))
        raise TableError(Problem("table-number", f'{column}: "{cell}" is not a year', where, hint))
    return text.astype(int)


def year_of_name(file: str) -> int:
    """The year in a file's name, for files without a year column; raises TableError where there is none."""
    found = re.search(r"(?<!\d)((?:19|20)\d{2})(?!\d)", Path(file).name)
    if found is None:
        text = "no column of years, and no year in the file's name (as in trade_2022.csv)"
        raise TableError(Problem("table-column", text, Place(file, 1)))
    return int(found[1])


def unknown_layout(path: Path, known: str) -> TableError:
    """The error for a file whose columns no layout of the connector has."""
    text = "the columns are those of no layout this connector reads"
    return TableError(Problem("table-column", text, Place(str(path), 1), known))


def directed(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with exporter and importer set from reporter, partner and flow."""
    inward = frame["flow"].isin(["import", "re-import"])
    return frame.assign(
        exporter=frame["partner"].where(inward, frame["reporter"]),
        importer=frame["reporter"].where(inward, frame["partner"]),
    )
