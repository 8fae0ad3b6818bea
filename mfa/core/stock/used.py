"""Inflow by cohort: things that enter used (second-hand imports), with the age they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.timing import read_timing
from mfa.core.stock.cohorts import Cohorts
from mfa.core.stock.layout import Array, Layout
from mfa.errors import InputError, Problem

Floats = npt.NDArray[np.float64]
LEAST = 1e-12


def read_used(used: Array, layout: Layout, labels: Sequence[Any]) -> Floats:
    """Inflow by period, cohort and series, per year.

    Raises
    ------
    InputError
        When the shape or the labels do not match, a value is negative or missing, or something enters before
        it is made.
    """
    values = _in_order(used, layout, labels)
    cohorts = len(labels)
    wanted = (len(layout.periods), cohorts, *layout.shape)
    if values.shape != wanted:
        text = f"the used inflow of {layout.name} has the shape {values.shape}, not {wanted}"
        hint = "period, cohort (those of the initial stock first), then the other dimensions"
        raise InputError(Problem("shape", text, hint=hint))
    flat = values.reshape(len(layout.periods), cohorts, layout.series)
    bad = np.argwhere(~(np.isfinite(flat) & (flat >= 0.0)))
    if len(bad):
        t, c, series = (int(i) for i in bad[0])
        text = (
            f"the used inflow of {layout.name} has a missing or negative value at "
            f"{layout.place(t, series)}, cohort {labels[c]}"
        )
        raise InputError(Problem("negative-value", text))
    later = np.triu(np.ones(flat.shape[:2], dtype=bool), k=cohorts - len(layout.periods) + 1)
    if np.any(flat[later] > 0.0):
        text = f"the used inflow of {layout.name} enters before it is made"
        raise InputError(Problem("used-inflow", text))
    return flat


def _in_order(used: Array, layout: Layout, labels: Sequence[Any]) -> Floats:
    """Period, cohort, then the other dimensions; labels must be those of the new inflow."""
    if not (hasattr(used, "dims") and hasattr(used, "coords")):
        return np.asarray(used, dtype=np.float64)
    import xarray as xr

    try:
        if layout.template is not None:
            xr.align(layout.template, used, join="exact")
        ordered = used.transpose(layout.dim, "cohort", *(layout.dims or ()))
    except ValueError as error:
        text = f"the used inflow does not match {layout.name}: {error}"
        raise InputError(Problem("shape", text)) from error
    if "cohort" in used.coords and used["cohort"].values.tolist() != np.asarray(labels).tolist():
        text = f"the cohorts of the used inflow of {layout.name} are not {labels[0]} to {labels[-1]}"
        raise InputError(Problem("shape", text, hint="all cohorts in order, the initial stock's first"))
    return np.asarray(ordered.values, dtype=np.float64)


def add_used(amounts: Floats, cohorts: Cohorts, layout: Layout, stock: Floats, left: Floats) -> Cohorts:
    """The cohorts with the used amounts in them; adds them to stock and left in place.

    An amount u of cohort c that enters in period t is as if u / m had entered when it was new, m the share
    of the cohort left when it enters.

    Raises
    ------
    InputError
        When something used is older than its lifetime allows.
    """
    engine = cohorts.engine
    joined = np.zeros_like(amounts)
    for c, column in engine.ageing.columns():
        after = max(0, engine.first - c)
        at = max(0, c - engine.first)
        keep = column[after:, engine.index]
        before = (
            column[after - 1 : -1, engine.index] if after else np.vstack([np.ones_like(keep[:1]), keep[:-1]])
        )
        came = amounts[at:, c]
        share = _share_left(before, keep, cohorts.timing, new=not after)
        _check_age(share, came, cohorts, c, layout)
        joined[at:, c] = np.cumsum(np.divide(came, share, out=np.zeros_like(came), where=came > 0.0), axis=0)
        held = keep * joined[at:, c]
        stock[at:] += held
        left[at:] += np.maximum(came - np.diff(held, axis=0, prepend=0.0), 0.0)
    return replace(cohorts, joined=joined, used=amounts)


def _share_left(before: Floats, keep: Floats, timing: str, *, new: bool) -> Floats:
    weight = read_timing(timing).centre
    share = (1.0 - weight) * before + weight * keep
    if new:
        share[0] = 1.0
    return share


def _check_age(share: Floats, came: Floats, cohorts: Cohorts, c: int, layout: Layout) -> None:
    if np.any((share < LEAST) & (came > 0.0)):
        cohort = cohorts.labels[c]
        text = f"the used inflow of {layout.name} of cohort {cohort} is older than its lifetime allows"
        raise InputError(Problem("used-inflow", text))
