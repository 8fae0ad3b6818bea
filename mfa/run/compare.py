"""Two results side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mfa.run.result import Result
from mfa.run.store import LAST, long_table

ROUNDING = 1e-12


def compare(first: Result, second: Result) -> pd.DataFrame:
    """Every flow and stock cell of two results: value, other value, change, and that in standard deviations.

    In the first's unit of mass. A cell that one result lacks counts as 0 there. Largest change in standard
    deviations first.
    """
    factor = second.mass_factor / first.mass_factor
    tables = [_cells(first, 1.0), _cells(second, factor)]
    keys = [c for c in dict.fromkeys([*tables[0].columns, *tables[1].columns]) if c not in ("value", "sd")]
    tables = [t.reindex(columns=[*keys, "value", "sd"]).fillna(dict.fromkeys(keys, "")) for t in tables]
    both = tables[0].merge(tables[1], on=keys, how="outer", suffixes=("", "_other"))
    both[["value", "value_other"]] = both[["value", "value_other"]].fillna(0.0)
    change = both["value_other"] - both["value"]
    if factor != 1.0:  # rounding of the units is no change
        change = change.where(change.abs() > ROUNDING * both["value"].abs(), 0.0)
    spread = np.hypot(*(both[c].fillna(0.0).to_numpy(float) for c in ("sd", "sd_other")))
    in_sd = np.divide(change, spread, out=np.zeros(len(both)), where=spread > 0)
    order = np.lexsort((-np.abs(change), -np.abs(in_sd)))
    return both.assign(change=change, in_sd=in_sd).iloc[order].reset_index(drop=True)


def _cells(result: Result, factor: float) -> pd.DataFrame:
    tables = [t for stocks in (False, True) if len(t := long_table(result, stocks=stocks))]
    table = pd.concat(tables or [long_table(result, stocks=False)], ignore_index=True)
    table = table.drop(columns=[c for c in LAST if c not in ("value", "sd")])
    table = table.assign(value=table["value"] * factor, sd=table["sd"] * factor)
    labels = [c for c in table.columns if c not in ("value", "sd")]
    return table.assign(**{c: table[c].fillna("").astype(str) for c in labels})
