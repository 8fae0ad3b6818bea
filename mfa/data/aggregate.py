"""Sums over the members of a group: variances in quadrature, bounds with the values, gaps refused."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.data.labels import Grouping
from mfa.errors import Place, Problem

Gaps = Literal["refuse", "zero"]
ORIGIN = ("source", "edition")
IMPORTS = ("import", "re-import")
EXPORTS = ("export", "re-export", "domestic export")
SPREADS = ("sd", "cv", "factor")
_ADDED = ("value", "low", "high")


def member_column(dim: str) -> str:
    """The column that keeps the labels of `dim` as they were before grouping."""
    return f"{dim} member"


def summed(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """One row for each combination of `keys`: values added, variances added in quadrature.

    A bound in one member bounds the sum; a sum is `value` only where every member states a value. `sd`, `cv`
    and `factor` columns become one `sd` (sd^2 = sum of sd_i^2, with sd_i = cv_i |value_i| where only cv is
    given, ln f_i |value_i| where only a factor f_i is).
    """
    if not frame.duplicated(list(keys)).any():
        return frame
    rows = _with_bounds(frame)
    groups = rows.groupby(list(keys), sort=False, dropna=False)
    out = groups.first()
    for column in (c for c in (*_ADDED, "variance") if c in rows.columns):
        out[column] = _strict_sum(rows, groups, column, keys)
    bounded = groups["bounded"].any()
    out["low"], out["high"] = out["low"].where(bounded), out["high"].where(bounded)
    if "note" in rows.columns:
        size = groups.size()
        out["note"] = out["note"].where(size == 1, "sum of " + size.astype(str) + " rows")
    if "derived_from" in rows.columns:
        out["derived_from"] = _shared(rows, groups.ngroup())
    return _with_sd(out.reset_index().drop(columns="bounded"))


def _with_bounds(frame: pd.DataFrame) -> pd.DataFrame:
    exact = frame["low"].isna() & frame["high"].isna()
    rows = frame.assign(
        bounded=~exact,
        low=frame["low"].where(~exact, frame["value"]),
        high=frame["high"].where(~exact, frame["value"]),
    )
    spread = pd.Series(np.nan, index=frame.index)
    if "cv" in frame.columns:
        spread = frame["cv"] * frame["value"].abs()
    if "factor" in frame.columns:
        spread = spread.fillna(np.log(frame["factor"]) * frame["value"].abs())
    if "sd" in frame.columns:
        spread = frame["sd"].fillna(spread)
    return rows.assign(variance=spread**2) if {*SPREADS} & set(frame.columns) else rows


def _strict_sum(rows: pd.DataFrame, groups: object, column: str, keys: Sequence[str]) -> pd.Series:
    stated = rows[column].notna().groupby([rows[k] for k in keys], sort=False, dropna=False).all()
    total = rows[column].groupby([rows[k] for k in keys], sort=False, dropna=False).sum()
    return total.where(stated)


def _shared(rows: pd.DataFrame, group: pd.Series) -> list[str | None]:
    """What all rows of a group are derived from, or None: a sum that is derived in part is still evidence."""
    origins = rows["derived_from"].where(rows["derived_from"].notna(), "").groupby(group)
    first, last = origins.min(), origins.max()
    return [str(f) if f and f == z else None for f, z in zip(first, last, strict=True)]


def _with_sd(out: pd.DataFrame) -> pd.DataFrame:
    if "variance" not in out.columns:
        return out
    rest = out.drop(columns=[c for c in ("variance", "cv", "factor") if c in out.columns])
    return rest.assign(sd=np.sqrt(out["variance"]))


def withheld(
    rows: pd.DataFrame,
    silent: pd.DataFrame,
    dims: Mapping[str, Grouping],
    sum_over: Sequence[str],
    gaps: Gaps | None = None,
) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows without a figure that belong to a sum of others, as members of at least nothing.

    Each such sum, which is then a lower bound, is a `table-withheld`: an error where gaps are refused.
    """
    keys = [*dims, *ORIGIN]
    own = [*(member_column(d) for d in dims), *ORIGIN, *sum_over]
    members = silent.loc[_among(silent, rows, keys) & ~_among(silent, rows, own)]
    groups = members.groupby(keys, sort=False, dropna=False)
    found = [_withheld(part, dims, sum_over, refuse=gaps == "refuse") for _, part in groups]
    spreads = {name: 0.0 for name in ("sd", "cv") if name in rows.columns}
    return members.assign(low=0.0, **spreads), found


def _withheld(part: pd.DataFrame, dims: Iterable[str], sum_over: Sequence[str], *, refuse: bool) -> Problem:
    """The problem that some members of one sum state no figure."""
    summed_dims = [d for d in dims if (part[member_column(d)].astype(str) != part[d].astype(str)).any()]
    cells = part[[*map(member_column, summed_dims), *sum_over]].astype(str).to_numpy()
    named = _listed(sorted({" ".join(row) for row in cells}))
    of = ", ".join(str(part[d].iloc[0]) for d in dims)
    text = f"{named} of {of}: no figure" + ("" if refuse else ", so that the sum is a lower bound")
    hint = "give the figure, or 0 where there was none"
    hint += "; without `gaps: refuse` the sum of the others is a lower bound" if refuse else ""
    where = Place(str(part["file"].iloc[0]), int(part["line"].iloc[0]))
    return Problem("table-withheld", text, where, hint, severity="error" if refuse else "warning")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _among(rows: pd.DataFrame, others: pd.DataFrame, columns: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which rows have the same cells in some columns as one of the others."""
    known, own = (f[list(columns)].astype(object).fillna("") for f in (others, rows))
    have = set(known.itertuples(index=False, name=None))
    return np.array([r in have for r in own.itertuples(index=False, name=None)], dtype=bool)


def gap_problems(
    frame: pd.DataFrame, dims: Mapping[str, Grouping], where: Place | None, gaps: Gaps | None = "refuse"
) -> list[Problem]:
    """A `table-gap` for each group and year in which a member is missing that reports in other years.

    It is a warning where `gaps` says nothing; with `zero` there are none.

    Years are compared within one edition; editions of a single year are compared with each other. In trade
    a gap is a reporter without any row; in trade without reporters an absent pair means no trade.
    """
    year = next((d for d, g in dims.items() if g.kind == "year"), None)
    if year is None or not len(frame) or gaps == "zero":
        return []
    rows = _by_span(frame, year)
    found: list[Problem] = []
    for dim, part, others in _reporting(rows, dims, year):
        grouped = part.loc[part[dim].isin(list(dims[dim].grouped))]
        found += _gaps(grouped, [*_present(grouped), *others, dim], dim, year, where)
    if gaps == "refuse":
        return found
    return [replace(p, text=f"{p.text}: it counts as none", severity="warning") for p in found]


def _present(frame: pd.DataFrame) -> list[str]:
    return [c for c in ("source", "span") if c in frame.columns]


def _by_span(frame: pd.DataFrame, year: str) -> pd.DataFrame:
    """The rows with `span`: the edition where it has several years, else empty."""
    if "edition" not in frame.columns:
        return frame.assign(span="")
    years = frame.groupby([c for c in ORIGIN if c in frame.columns], dropna=False)[year].transform("nunique")
    return frame.assign(span=frame["edition"].where(years > 1, ""))


def _reporting(
    rows: pd.DataFrame, dims: Mapping[str, Grouping], year: str
) -> list[tuple[str, pd.DataFrame, list[str]]]:
    """For each dimension with groups: its name, the rows to compare, the other dimensions to hold fixed."""
    if not {"exporter", "importer"} <= set(dims):
        fixed = [d for d in dims if d != year]
        return [(d, rows, [o for o in fixed if o != d]) for d in fixed if dims[d].grouped]
    if "flow" not in rows.columns:
        return []
    inward, outward = rows["flow"].isin(IMPORTS), rows["flow"].isin(EXPORTS)
    return [("importer", rows.loc[inward], []), ("exporter", rows.loc[outward], [])]


def _gaps(rows: pd.DataFrame, keys: list[str], dim: str, year: str, where: Place | None) -> list[Problem]:
    if not len(rows):
        return []
    member = member_column(dim)
    found: list[Problem] = []
    for key, part in rows.groupby(keys, sort=False, dropna=False):
        seen = {y: set(p[member]) for y, p in part.groupby(year)}
        everyone = set().union(*seen.values())
        found += [_gap(key, y, sorted(everyone - s), where) for y, s in seen.items() if everyone - s]
    return found


def _gap(key: Hashable, year: Hashable, missing: list[str], where: Place | None) -> Problem:
    parts = [str(k) for k in key if str(k)] if isinstance(key, tuple) else [str(key)]
    context = f" ({', '.join(parts[:-1])})" if parts[:-1] else ""
    text = f"{_listed(missing)} missing in {year} from the sum of {parts[-1]}{context}"
    return Problem("table-gap", text, where, "give the figure, or say `gaps: zero` where absence means none")
