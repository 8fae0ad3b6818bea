"""Totals and their breakdown rows in customs data: recognised, never added twice.

With columns that tell them apart (`TOTAL_CODES`), the row with every total code is the trade; without such a
row one complete breakdown is added up, and several must agree.

Without such columns the rows of a trade just repeat. A cube of k breakdowns, each stated with its total,
adds up to 2^k times the total, and the total is its largest cell. This holds for all 38,064 repeated trades
of the annual files of 2022 and 2024 (162 and 136 reporters, 31 codes) to within 6.1e-5; rows that do not
obey it are refused.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mfa.errors import Place, Problem, TableError

KEYS = ["year", "reporter", "partner", "flow", "hs"]
TOTAL_CODES = {"motCode": "0", "customsCode": "C00", "partner2Code": "0", "mosCode": "0"}
"""Column of a breakdown -> its code for the total."""

TOLERANCE = 1e-3
_BREAKDOWNS = len(TOTAL_CODES)


def totals(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each trade (`KEYS`) with `value` (USD), `weight` (kg) and a `note` on what it was made of.

    Raises TableError (`table-ambiguous`) naming the trades that cannot be told.
    """
    rows = rows.assign(note="", parts=_signature(rows))
    alone = ~rows.duplicated(KEYS, keep=False)
    # A total beside its parts settles most trades at once, without looking at the figures.
    whole = rows["parts"] == ""
    settled = ~alone & whole & (whole.groupby([rows[k] for k in KEYS], sort=False).transform("sum") == 1)
    done = pd.concat([rows.loc[alone], rows.loc[settled].assign(note="total of its breakdown")])
    rest = rows.loc[~alone & ~_of_trades(rows, settled)]
    return pd.concat([done, _repeated(rest), _unsummed(rest)], ignore_index=True).drop(columns="parts")


def _of_trades(rows: pd.DataFrame, marked: pd.Series) -> pd.Series:
    return marked.groupby([rows[k] for k in KEYS], sort=False).transform("any")


def _signature(rows: pd.DataFrame) -> pd.Series:
    """The breakdowns in which a row is a part, empty for a total."""
    parts = pd.Series("", rows.index)
    for column, total in TOTAL_CODES.items():
        if column in rows.columns:
            code = rows[column].fillna("").replace("", total)
            parts = parts.where(code == total, parts + column + " ")
    return parts


def _repeated(rest: pd.DataFrame) -> pd.DataFrame:
    """The largest of several total rows, where the rows are a cube with its margins, or all the same."""
    whole = rest.loc[rest["parts"] == ""]
    if not len(whole):
        return whole
    groups = whole["value"].groupby([whole[k] for k in KEYS], sort=False)
    top = whole.loc[groups.transform("max") == whole["value"]].drop_duplicates(KEYS)
    ratio = (groups.transform("sum") / groups.transform("max")).loc[top.index]
    power = np.log2(ratio.to_numpy(dtype=float)).round().clip(1, _BREAKDOWNS)
    same = (groups.transform("min") == groups.transform("max")).loc[top.index].to_numpy(dtype=bool)
    fits = (np.abs(ratio - 2.0**power) <= TOLERANCE * ratio).to_numpy(dtype=bool) | same
    _refuse(top.loc[~fits], "the rows are no total with its breakdown")
    return top.assign(note="largest of repeated rows")


def _unsummed(rest: pd.DataFrame) -> pd.DataFrame:
    """The sum of a complete breakdown where no total is stated; several breakdowns must agree."""
    parts = rest.loc[~_of_trades(rest, rest["parts"] == "")]
    if not len(parts):
        return parts
    sums = parts.groupby([*KEYS, "parts"], sort=False).agg(
        value=("value", "sum"),
        weight=("weight", lambda w: w.sum(skipna=False)),
        estimated=("estimated", "any"),
        file=("file", "first"),
        line=("line", "first"),
    )
    sums = sums.reset_index()
    groups = sums["value"].groupby([sums[k] for k in KEYS], sort=False)
    low, high = groups.transform("min"), groups.transform("max")
    _refuse(sums.loc[high - low > TOLERANCE * high], "its breakdowns do not agree and no total is stated")
    return sums.drop_duplicates(KEYS).assign(note="sum of its breakdown")


def _refuse(trades: pd.DataFrame, why: str) -> None:
    if not len(trades):
        return
    shown = trades.drop_duplicates(KEYS).head(8)
    raise TableError(*(_ambiguous(row, why) for _, row in shown.iterrows()))


def _ambiguous(row: pd.Series, why: str) -> Problem:
    named = ", ".join(f"{k} {row[k]}" for k in KEYS)
    hint = "keep the total rows only (motCode 0, customsCode C00, partner2Code 0)"
    return Problem("table-ambiguous", f"{why}: {named}", Place(str(row["file"]), int(row["line"])), hint)
