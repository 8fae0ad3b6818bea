"""The arithmetic: sums over cohorts and their inverse, without an array of periods x periods x series.

Series that share a lifetime are one product (or triangular solve) of a periods x periods matrix with a
periods x series array. Series with lifetimes of their own go in batches small enough for the cache.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.ageing import Ageing, losses, table

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Members = slice | Ints
Sums = Mapping[str, Floats]

BATCH = 1024
"""Series with lifetimes of their own computed at a time."""
MANY = 100_000
"""Cells (periods x series) from which threads are worth starting."""
ROWS = 128
"""Rows of a triangular product computed at a time; what lies above the diagonal is skipped."""
LEAST = 1e-12
"""Below this share left at the end of its own period, an inflow cannot hold a stock."""


class NotHeldError(Exception):
    """Nothing that enters a series in a period is left at its end, so no inflow can hold the stock."""

    def __init__(self, period: int, series: int) -> None:
        super().__init__(period, series)
        self.period, self.series = period, series


@dataclass(frozen=True)
class Engine:
    """Lifetimes over periods, which lifetime each series has, and the first period that is not history."""

    ageing: Ageing
    index: Ints
    first: int = 0

    @property
    def periods(self) -> int:
        """How many periods results have."""
        return self.ageing.periods - self.first

    def totals(self, entered: Floats) -> tuple[Floats, Floats]:
        """Stock at the end of, and amount leaving in, each period, from what entered (history first).

        stock[t] = sum_c sf[t, c] entered[c]; left[t] = sum_c (sf[t-1, c] - sf[t, c]) entered[c].
        """
        stock = np.empty((self.periods, len(self.index)))
        left = np.empty_like(stock)
        self._sum(entered, {"stock": stock, "left": left})
        return stock, left

    def leaving(self, entered: Floats) -> Floats:
        """The amount leaving in each period, from what entered (history first)."""
        left = np.empty((self.periods, len(self.index)))
        self._sum(entered, {"left": left})
        return left

    def _sum(self, entered: Floats, sums: Sums) -> None:
        """Write the sums asked for, by name, into their arrays."""

        def work(part: Ageing, members: Members) -> None:
            fill = _shared_totals if part.lifetimes == 1 else _own_totals
            if isinstance(members, slice):
                fill(part, entered[:, members], self.first, {k: v[:, members] for k, v in sums.items()})
                return
            own = {k: np.empty((self.periods, len(members))) for k in sums}
            fill(part, entered[:, members], self.first, own)
            for name, values in own.items():
                sums[name][:, members] = values

        self._each(work)

    def _each(self, work: Callable[[Ageing, Members], None]) -> None:
        """Do the work for every batch; on all cores where lifetimes are several and cells are many."""
        if self.ageing.lifetimes == 1 or self.ageing.periods * len(self.index) < MANY:
            for part, members in self.batches():
                work(part, members)
            return
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for _ in pool.map(lambda batch: work(*batch), self.batches()):
                pass

    def solve(self, stock: Floats) -> Floats:
        """What must enter in each period for the stock to be as given: the inverse of `totals`.

        Raises
        ------
        NotHeldError
            When nothing of an inflow is left at the end of its own period.
        """
        if self.ageing.lifetimes == 1:
            return _shared_solve(self.ageing, stock, self.first)
        entered = np.empty_like(stock)

        def work(part: Ageing, members: Members) -> None:
            solve = _shared_solve if part.lifetimes == 1 else _own_solve
            try:
                entered[:, members] = solve(part, np.ascontiguousarray(stock[:, members]), self.first)
            except NotHeldError as found:
                own = np.arange(len(self.index))[members]
                raise NotHeldError(found.period, int(own[found.series])) from found

        self._each(work)
        return entered

    def batches(self) -> Iterator[tuple[Ageing, Members]]:
        """Lifetimes with the series that have them: one with all its series, or one for each series."""
        count, series = self.ageing.lifetimes, len(self.index)
        if count == 1:
            yield self.ageing, slice(None)
        elif count * (8 if self.ageing.stationary else 64) <= series:
            order = np.argsort(self.index, kind="stable")
            limits = np.searchsorted(self.index[order], np.arange(count + 1))
            for k in range(count):
                yield self.ageing.part(slice(k, k + 1)), order[limits[k] : limits[k + 1]]
        else:
            for start in range(0, series, BATCH):
                members = slice(start, min(start + BATCH, series))
                yield self.ageing.part(self.index[members]), members


def _shared_totals(part: Ageing, entered: Floats, first: int, sums: Sums) -> None:
    keep = table(part)[:, :, 0]
    _lower_product(keep, entered, first, sums.get("stock"))
    lose = -np.diff(keep, axis=0, prepend=0.0)
    lose[np.diag_indices(len(lose))] += 1.0
    _lower_product(lose, entered, first, sums["left"])


def _lower_product(matrix: Floats, entered: Floats, first: int, out: Floats | None) -> None:
    """matrix[first:] @ entered for a lower triangular matrix."""
    if out is None:
        return
    for start in range(first, len(matrix), ROWS):
        stop = min(start + ROWS, len(matrix))
        np.matmul(matrix[start:stop, :stop], entered[:stop], out=out[start - first : stop - first])


def _own_totals(part: Ageing, entered: Floats, first: int, sums: Sums) -> None:
    fill = _sum_by_age if part.stationary else _sum_by_cohort
    fill(part, np.ascontiguousarray(entered), first, sums)


def _sum_by_age(part: Ageing, entered: Floats, first: int, sums: Sums) -> None:
    """Survival by age alone: each period is one weighted sum over the inflows before it, youngest first."""
    keep = part.column(0)
    lasting = _lasting(keep)
    weights = {"stock": keep[:lasting], "left": losses(keep[: lasting + 1])}
    latest_first = entered[::-1]
    for name, out in sums.items():
        for t in range(first, part.periods):
            share = weights[name][: t + 1]
            past = latest_first[part.periods - 1 - t :][: len(share)]
            np.einsum("cn,cn->n", share, past, out=out[t - first])


def _sum_by_cohort(part: Ageing, entered: Floats, first: int, sums: Sums) -> None:
    """Survival of each cohort its own: cohorts are added one after the other."""
    for out in sums.values():
        out[:] = 0.0
    for c, keep in part.columns():
        held = keep[: _lasting(keep) + 1] * entered[c]
        gone = losses(held, entered[c])
        skip, at = max(0, first - c), max(0, c - first)
        for name, change in (("stock", held), ("left", gone)):
            if name in sums:
                sums[name][at : at + max(0, len(change) - skip)] += change[skip:]


def _lasting(keep: Floats) -> int:
    """How many periods anything is left: rows of survival, which never rises, that are not all 0."""
    return bisect_left(range(len(keep)), True, key=lambda row: not keep[row].any())


def _shared_solve(part: Ageing, stock: Floats, first: int) -> Floats:
    from scipy.linalg.blas import dtrsm

    keep = table(part)[first:, first:, 0]
    held = np.diagonal(keep)
    if np.min(held) < LEAST:
        raise NotHeldError(int(np.argmin(held)), 0)
    # X' K' = S' on the transposed views, so that nothing of the size of the stock is copied
    solved = dtrsm(1.0, np.asfortranarray(keep), stock.T, side=1, lower=1, trans_a=1)
    return np.asarray(solved.T)


def _own_solve(part: Ageing, stock: Floats, first: int) -> Floats:
    return _solve_by_age(part, stock) if part.stationary else _solve_by_cohort(part, stock, first)


def _solve_by_age(part: Ageing, stock: Floats) -> Floats:
    """Survival by age alone: from each stock, what is left of the inflows before it, youngest first."""
    keep = part.column(0)
    _check_held(keep[0])
    older = keep[1 : _lasting(keep)]
    count = len(stock)
    latest_first = np.empty_like(stock)
    for t in range(count):
        past = latest_first[count - t :][: len(older)]
        left = np.einsum("cn,cn->n", older[: len(past)], past)
        latest_first[count - 1 - t] = (stock[t] - left) / keep[0]
    return latest_first[::-1]


def _solve_by_cohort(part: Ageing, stock: Floats, first: int) -> Floats:
    """Survival of each cohort its own: what a cohort leaves behind is taken from every later stock."""
    rest = stock.copy()
    entered = np.empty_like(stock)
    for c, keep in part.columns():
        if c >= first:
            t = c - first
            _check_held(keep[0], t)
            entered[t] = rest[t] / keep[0]
            lasting = _lasting(keep)
            rest[t + 1 : t + lasting] -= keep[1:lasting] * entered[t]
    return entered


def _check_held(kept: Floats, period: int = 0) -> None:
    if np.min(kept) < LEAST:
        raise NotHeldError(period, int(np.argmin(kept)))
