"""Stock dynamics as sparse linear relations, for a reconciliation in which inflows are unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.core.lifetime import Lifetime
from mfa.core.lifetime.ageing import Ageing, table
from mfa.core.lifetime.periods import Periods, read_periods
from mfa.core.lifetime.timing import read_timing
from mfa.core.stock.forward import inflow_driven
from mfa.core.stock.initial import InitialStock
from mfa.errors import InputError, Problem

Floats = npt.NDArray[np.float64]

CUT = 1e-12
"""Shares below this are left out of a relation."""
CELLS = 4_000_000
"""Survival values held at a time."""


def outflow_weights(
    lifetime: Lifetime, edges: Sequence[float] | Floats, timing: str = "uniform"
) -> sparse.csr_array:
    """The matrix W (periods x cohorts) with outflow[t] = sum_c W[t, c] inflow[c], both per year.

    W[t, c] = (sf[t-1, c] - sf[t, c]) L[c] / L[t]; shares below 1e-12 are left out.

    Raises
    ------
    InputError
        When the lifetime has parameters by dimension, or edges do not ascend.

    >>> outflow_weights(Lifetime.fixed(1.5), [0, 1, 2, 3]).toarray().tolist()
    [[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.5, 0.5, 0.0]]
    """
    periods = read_periods(edges=edges)
    return sparse.csr_array(leaving(_survival(lifetime, periods, timing), periods.lengths))


def stock_weights(
    lifetime: Lifetime, edges: Sequence[float] | Floats, timing: str = "uniform"
) -> sparse.csr_array:
    """The matrix H (periods x cohorts) with stock[t] = sum_c H[t, c] inflow[c]: H[t, c] = sf[t, c] L[c].

    Raises
    ------
    InputError
        When the lifetime has parameters by dimension, or edges do not ascend.

    >>> stock_weights(Lifetime.fixed(1.5), [0, 1, 2, 3]).toarray().tolist()
    [[1.0, 0.0, 0.0], [0.5, 1.0, 0.0], [0.0, 0.5, 1.0]]
    """
    periods = read_periods(edges=edges)
    keep = _survival(lifetime, periods, timing)
    return sparse.csr_array(np.where(keep < CUT, 0.0, keep) * periods.lengths[None, :])


def initial_outflow(
    lifetime: Lifetime,
    edges: Sequence[float] | Floats,
    age_structure: npt.ArrayLike | Literal["stationary"] = "stationary",
    *,
    ages: Sequence[float] | None = None,
    timing: str = "uniform",
) -> Floats:
    """The share of an initial stock that leaves in each period (not per year); what is missing from 1 stays.

    `age_structure` holds the share in each age class, youngest first, or is "stationary"; `ages` are the
    limits of the classes, by default as long as the first period.

    Raises
    ------
    InputError
        When the lifetime has parameters by dimension, shares do not sum to 1, or a class is older than its
        lifetime allows.

    >>> initial_outflow(Lifetime.fixed(4), [0, 1, 2, 3]).round(12).tolist()
    [0.25, 0.25, 0.25]
    """
    periods = read_periods(edges=edges)
    _one(lifetime)
    initial = InitialStock.by_age(1.0, age_structure, ages=ages)
    result = inflow_driven(np.zeros(len(periods)), lifetime, timing, initial, edges=list(periods.edges))
    return np.asarray(result.outflow * periods.lengths)


def _one(lifetime: Lifetime) -> None:
    if lifetime.own_shape != ():
        text = f"a linear relation needs one lifetime, and {lifetime!r} has several"
        raise InputError(Problem("lifetime-dimensions", text, hint="make one relation for each"))


def _survival(lifetime: Lifetime, periods: Periods, timing: str) -> Floats:
    _one(lifetime)
    return lifetime.sf(periods.labels, timing, edges=list(periods.edges))


def survival_tables(ageing: Ageing) -> Iterator[tuple[int, Floats]]:
    """For each of several lifetimes its number and sf[t, c], the share of each cohort left in each period."""
    size = max(1, CELLS // ageing.periods**2)
    for start in range(0, ageing.lifetimes, size):
        shares = table(ageing.part(slice(start, min(start + size, ageing.lifetimes))))
        for k in range(shares.shape[2]):
            yield start + k, shares[:, :, k]


def retired_early(keep: Floats, kept: Floats) -> Floats:
    """The shares left when in each period only `kept` of what was there before it stays.

    sf'[t, c] = sf[t, c] kept[c+1] ... kept[t].

    >>> retired_early(np.tril(np.ones((3, 3))), np.array([1.0, 0.5, 1.0])).tolist()
    [[1.0, 0.0, 0.0], [0.5, 1.0, 0.0], [0.5, 1.0, 1.0]]
    """
    left = keep.copy()
    for c in range(len(keep) - 1):
        left[c + 1 :, c] *= np.multiply.accumulate(kept[c + 1 :])
    return left


def used_leaving(keep: Floats, shares: Floats, timing: str) -> Floats:
    """U[t, s]: what of a used inflow of period s leaves in period t, for equal periods.

    Its `shares` are by age in whole periods, youngest first; `keep` is sf[t, c] with as many periods of
    history as there are ages. What enters at an age is a survivor of its cohort: it lasts as sf[t, c] / m, m
    the share left when it enters (between those before and after its period, as the timing says; 1 if new).

    Raises
    ------
    InputError
        When something is older than its lifetime allows.

    >>> table = np.tril(np.ones((4, 4))) - np.tril(np.ones((4, 4)), -2)
    >>> used_leaving(table, np.array([0.5, 0.5]), "end").tolist()
    [[0.0, 0.0], [0.5, 0.0]]
    """
    count, weight = len(shares), read_timing(timing).centre
    periods = len(keep) - count
    out = np.zeros((periods, periods))
    for s in range(periods):
        cohorts = count + s - np.arange(count)
        before, after = keep[count + s - 1, cohorts], keep[count + s, cohorts]
        share = (1.0 - weight) * before + weight * after
        share[0] = 1.0
        if np.any((share < CUT) & (shares > 0.0)):
            age = int(np.flatnonzero((share < CUT) & (shares > 0.0))[0])
            text = f"what enters used at an age of {age} periods is older than its lifetime allows"
            raise InputError(Problem("used-inflow", text))
        lasting = np.divide(shares, share, out=np.zeros_like(shares), where=shares > 0.0)
        left = keep[count + s :, cohorts] @ lasting
        out[s:, s] = -np.diff(left, prepend=shares.sum())
    return np.where(np.abs(out) < CUT, 0.0, out)


def leaving(keep: Floats, lengths: Floats) -> Floats:
    """(sf[t-1, c] - sf[t, c]) L[c] / L[t], a cohort being whole before it enters; 0 where negligible."""
    shares: Floats = -np.diff(keep, axis=0, prepend=0.0)
    shares[np.diag_indices(len(keep))] += 1.0
    return np.where(shares < CUT, 0.0, shares) * lengths[None, :] / lengths[:, None]
