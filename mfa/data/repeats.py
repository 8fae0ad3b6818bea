"""What must not be added twice: trade inside a group, codes below their heading, rows that repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mfa.data.aggregate import member_column
from mfa.data.labels import Grouping
from mfa.errors import Place, Problem

LISTED = 20
"""How many repeated rows are named one by one."""
_TOLD = ("flow", "hs", "unit", "detail", "note")
Rows = tuple[pd.DataFrame, list[Problem]]
Dims = Mapping[str, Grouping]


def across_borders(rows: pd.DataFrame, dims: Dims, sum_over: Sequence[str] = ()) -> Rows:
    """The trade between different labels; pairs inside one group or country are counted in a warning."""
    if not {"exporter", "importer"} <= set(dims):
        return rows, []
    inside = (rows["exporter"] == rows["importer"]).to_numpy(dtype=bool)
    if not inside.any():
        return rows, []
    counts = rows.loc[inside, "exporter"].astype(str).value_counts()
    named = ", ".join(f"{n} inside {label}" for label, n in counts.items())
    text = f"{int(inside.sum())} rows of trade inside one region are left out: {named}"
    return rows.loc[~inside], [Problem("table-inner-trade", text, severity="warning")]


def broadest(rows: pd.DataFrame, dims: Dims, sum_over: Sequence[str]) -> Rows:
    """The rows without codes whose heading stands beside them: HS 2846 already holds 284610."""
    if "hs" not in sum_over or "hs" not in rows.columns:
        return rows, []
    codes = sorted(rows["hs"].astype(str).unique())
    headings = {c: h for c in codes if (h := [b for b in codes if b != c and c.startswith(b)])}
    if not headings:
        return rows, []
    cells = [(str(c), k) for c, k in zip(rows["hs"], _keys(rows, identity(dims)), strict=True)]
    have = set(cells)
    below = np.array([any((h, k) in have for h in headings.get(c, ())) for c, k in cells], dtype=bool)
    text = f"{int(below.sum())} rows are left out: the heading above their code is in the table as well"
    warning = Problem("table-nested", text, severity="warning")
    return rows.loc[~below], [warning] if below.any() else []


def once(rows: pd.DataFrame, dims: Dims, sum_over: Sequence[str]) -> Rows:
    """The rows without those that another file repeats; other rows of the same labels are problems."""
    keys = [*identity(dims), *sum_over]
    if not rows.duplicated(keys).any():
        return rows.reset_index(drop=True), []
    same = rows.duplicated([*keys, "value", "low", "high"]).to_numpy(dtype=bool)
    elsewhere = ~rows.duplicated([*keys, "file"]).to_numpy(dtype=bool)
    rows = rows.loc[~(same & elsewhere)].reset_index(drop=True)
    again = np.flatnonzero(rows.duplicated(keys).to_numpy())
    if not len(again):
        return rows, []
    named = _keys(rows, keys)
    first: dict[tuple[object, ...], int] = {}
    for row, key in enumerate(named):
        first.setdefault(key, row)
    found = [_repeat(rows, int(i), first[named[int(i)]], list(dims)) for i in again[:LISTED]]
    more = len(again) - len(found)
    return rows, found + ([Problem("table-duplicate", f"{more} more rows repeat labels")] if more else [])


def identity(dims: Dims) -> list[str]:
    """The columns that tell one figure from another: labels before grouping, source and edition."""
    return [*(member_column(d) for d in dims), "source", "edition"]


def _keys(rows: pd.DataFrame, columns: Sequence[str]) -> list[tuple[object, ...]]:
    return list(rows[list(columns)].astype(object).fillna("").itertuples(index=False, name=None))


def _repeat(rows: pd.DataFrame, row: int, first: int, dims: Sequence[str]) -> Problem:
    """The problem of a second row, with the columns in which the two differ as a hint."""
    second, earlier = rows.iloc[row], rows.iloc[first]
    named = ", ".join(f"{d} {second[member_column(d)]}" for d in dims)
    compared = rows.loc[[first, row], [c for c in _TOLD if c in rows.columns]].astype(object).fillna("")
    differ = [str(c) for c in compared.columns if compared[c].iloc[0] != compared[c].iloc[1]]
    if "detail" in differ:
        differ = [c for c in differ if c != "note"]  # which may say more of one row than of the next
    hint = f"{earlier['file']}:{earlier['line']} has the same labels"
    hint += f"; they differ in {', '.join(differ)}: choose with `where`" if differ else ""
    where = Place(str(second["file"]), int(second["line"]))
    text = f"a second row for {named}" if named else "a second row for one figure"
    return Problem("table-duplicate", text, where, hint)
