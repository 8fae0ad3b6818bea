"""Stock dynamics as sparse linear relations, for a reconciliation in which inflows are unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.core.lifetime import Lifetime
from mfa.core.lifetime.ageing import losses
from mfa.core.lifetime.periods import Periods, read_periods
from mfa.core.stock.forward import inflow_driven
from mfa.core.stock.initial import InitialStock
from mfa.errors import InputError, Problem

Floats = npt.NDArray[np.float64]

CUT = 1e-12
"""Shares below this are left out of a relation."""


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
    return _relation(_survival(lifetime, periods, timing), periods, leaving=True)


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
    return _relation(_survival(lifetime, periods, timing), periods, leaving=False)


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


def _relation(keep: Floats, periods: Periods, *, leaving: bool) -> sparse.csr_array:
    shares: Any = np.zeros_like(keep)
    for c in range(len(keep)):
        column = keep[c:, c]
        shares[c:, c] = losses(column) if leaving else column
    shares[shares < CUT] = 0.0
    weights = shares * periods.lengths[None, :]
    if leaving:
        weights = weights / periods.lengths[:, None]
    return sparse.csr_array(weights)
