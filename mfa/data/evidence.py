"""Which rows are evidence: the latest edition of each source, nothing derived from what is already there."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

COUNTED, SUPERSEDED, DERIVED, REPEATED = "counted", "superseded", "derived", "repeated"
Order = Mapping[str, Sequence[str]]

_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})(?:[-.]?(\d{2})(?!\d{3}))?(?:[-.]?(\d{2})(?!\d))?")
_VERSION = re.compile(r"\bv\.?\s?(\d{1,3}(?:\.\d+)*)(?!\d)", re.IGNORECASE)
Rank = tuple[bool, tuple[int, ...], tuple[int, ...], int]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Observation rows with a `status`: labels, value, low, high, unit, source, edition, file, line.

    Rows that do not count are kept and reported: `superseded` (an edition came after), `derived` (the figure
    it comes from is present), `repeated` (the same figure of the same source again).
    """

    frame: pd.DataFrame

    @classmethod
    def of(
        cls,
        rows: pd.DataFrame,
        keys: Sequence[str],
        present: Collection[str] = (),
        order: Order | None = None,
    ) -> Evidence:
        """The rows with their status, judged by the label columns `keys`.

        `present` names the observations of the problem, what a `derived_from` may point to;
        `order` lists the editions of a source from first to last where their names do not say it.
        """
        return cls(derived(repeated(latest_edition(rows, keys, order), keys), present))

    @property
    def counted(self) -> pd.DataFrame:
        """The rows that count."""
        return self.frame.loc[self.frame["status"] == COUNTED]

    def counts(self) -> dict[str, int]:
        """How many rows have each status."""
        return {str(k): int(v) for k, v in self.frame["status"].value_counts().items()}


def latest_edition(frame: pd.DataFrame, keys: Sequence[str], order: Order | None = None) -> pd.DataFrame:
    """The rows with `status`: of one source's editions with the same labels only the latest is counted."""
    rows = _with_status(frame)
    if not len(rows) or not {"source", "edition"} <= set(rows.columns):
        return rows
    if not rows.duplicated(["source", *keys]).any():
        return rows
    rank = _ranks(rows, order or {})
    groups = [rows[k] for k in ("source", *keys)]
    last = rank.groupby(groups, sort=False, dropna=False).transform("max")
    return _marked(rows, (rank < last).to_numpy(dtype=bool), SUPERSEDED)


def repeated(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The rows with identical figures of one source and edition counted once."""
    rows = _with_status(frame)
    figure = [c for c in ("source", "edition", *keys, "value", "low", "high") if c in rows.columns]
    counted = rows["status"] == COUNTED
    again = rows.loc[counted, figure].duplicated()
    return _marked(rows, again.reindex(rows.index, fill_value=False).to_numpy(dtype=bool), REPEATED)


def derived(frame: pd.DataFrame, present: Collection[str]) -> pd.DataFrame:
    """The rows with those marked whose `derived_from` names observations that are all present.

    Several names stand with `;` between; a figure made in part from what is absent is evidence of that part.
    """
    rows = _with_status(frame)
    if "derived_from" not in rows.columns:
        return rows
    origins = rows["derived_from"].fillna("").astype(str)
    known = [bool(text) and set(text.split(";")) <= set(present) for text in origins]
    return _marked(rows, np.array(known, dtype=bool), DERIVED)


def _with_status(frame: pd.DataFrame) -> pd.DataFrame:
    return frame if "status" in frame.columns else frame.assign(status=COUNTED)


def _marked(rows: pd.DataFrame, where: npt.NDArray[np.bool_], status: str) -> pd.DataFrame:
    marked = rows["status"].mask((rows["status"] == COUNTED) & where, status)
    return rows.assign(status=marked)


def _ranks(rows: pd.DataFrame, order: Order) -> pd.Series:
    rank = pd.Series(0, index=rows.index)
    for source, part in rows.groupby("source", sort=False, dropna=False):
        editions = [str(e) for e in part["edition"].unique()]
        place = {e: k for k, e in enumerate(in_order(editions, order.get(str(source), ())))}
        rank.loc[part.index] = part["edition"].astype(str).map(place)
    return rank


def in_order(editions: Sequence[str], given: Sequence[str] = ()) -> list[str]:
    """Editions from first to last: as listed, else by year and version in the name, else as they come.

    An edition that the list or the dates leave out counts as earlier than those they name.

    >>> in_order(["MCS 2026 v1.3", "MCS 2024", "MCS 2026 v1.0"])
    ['MCS 2024', 'MCS 2026 v1.0', 'MCS 2026 v1.3']
    >>> in_order(["second", "first"], ["first", "second"])
    ['first', 'second']
    """
    if given:
        listed = {e: k for k, e in enumerate(given)}
        return sorted(editions, key=lambda e: listed.get(e, -1))
    ranks = {e: _rank(e, k) for k, e in enumerate(editions)}
    return sorted(editions, key=ranks.__getitem__)


def _rank(edition: str, position: int) -> Rank:
    date, version = _DATE.search(edition), _VERSION.search(edition)
    day = tuple(int(x or 0) for x in date.groups()) if date else ()
    number = tuple(int(x) for x in version[1].split(".")) if version else ()
    return bool(date or version), day, number, position
