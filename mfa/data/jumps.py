"""Slips of a thousand: figures of one series that lie three decades apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mfa.data.aggregate import member_column
from mfa.data.labels import Grouping
from mfa.errors import Place, Problem

LEAST, MOST = 10.0**2.8, 10.0**3.2
"""Ratios of two figures that are more likely a thousand too much than a change."""
LISTED = 20


def jumps(rows: pd.DataFrame, dims: Mapping[str, Grouping]) -> list[Problem]:
    """A `table-jump` warning where the next figure of a series is some thousand times as much, or as little.

    A series are the figures of one source at the same labels but for the year, in the order of years and
    editions.
    """
    time = [member_column(d) for d, g in dims.items() if g.kind == "year"]
    further = [c for c in ("flow", "hs", "detail") if c in rows.columns]
    keys = [*(member_column(d) for d in dims if member_column(d) not in time), "source", *further]
    order = [*time, "edition"]
    kept = rows.loc[rows["value"] > 0].sort_values(order, kind="stable")
    if len(kept) < 2:
        return []
    groups = kept.groupby(keys, sort=False, dropna=False)
    before = groups["value"].shift()
    ratio = np.maximum(kept["value"] / before, before / kept["value"])
    found = kept.loc[(ratio > LEAST) & (ratio < MOST)]
    earlier = {c: groups[c].shift() for c in ("value", *order)}
    return [
        _jump(kept.loc[k], {c: v.loc[k] for c, v in earlier.items()}, order) for k in found.index[:LISTED]
    ]


def _jump(row: pd.Series, earlier: Mapping[str, object], order: list[str]) -> Problem:
    labels = ", ".join(str(row[c]) for c in row.index if str(c).endswith(" member") and c not in order)
    then, now = (", ".join(str(v[c]) for c in order if str(v[c])) for v in (earlier, row))
    factor = float(row["value"]) / float(earlier["value"])  # type: ignore[arg-type]
    words = f"{factor:,.0f} times as much" if factor > 1 else f"{1 / factor:,.0f} times less"
    head = f"{labels}: " if labels else ""
    text = f"{head}{earlier['value']:g} ({then}) and then {row['value']:g} ({now}), {words}"
    hint = "a slip of a thousand, or another unit? compare the source's editions"
    return Problem("table-jump", text, Place(str(row["file"]), int(row["line"])), hint, severity="warning")
