"""The table of checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mfa.errors import Problem
from mfa.spec.checks import (
    axes,
    commodities,
    drivers,
    evidence,
    figures,
    files,
    labels,
    lifetimes,
    limits,
    names,
    network,
    numbers,
    periods,
    shares,
    sizes,
    stocks,
    uncertainty,
    units,
)
from mfa.spec.document import Document


@dataclass(frozen=True)
class Check:
    """One check: what it does, and the sections that must be whole for its answer to mean anything."""

    run: Callable[[Document], list[Problem]]
    needs: frozenset[str] = frozenset()


def _check(run: Callable[[Document], list[Problem]], *needs: str) -> Check:
    return Check(run, frozenset(needs))


CHECKS: tuple[Check, ...] = (
    _check(names.identifiers),
    _check(drivers.stated),
    _check(drivers.asked, "solve"),
    _check(drivers.draws, "solve", "uncertainty"),
    _check(names.duplicates),
    _check(names.references),
    _check(names.sources),
    _check(names.bases),
    _check(labels.dimensions),
    _check(axes.names, "dimensions", "flows", "stocks"),
    _check(periods.times, "dimensions"),
    _check(sizes.cells, "dimensions", "flows", "trade", "stocks"),
    _check(sizes.values, "dimensions"),
    _check(labels.groups, "dimensions"),
    _check(labels.restrictions, "dimensions", "flows", "trade", "stocks"),
    _check(labels.further_dimensions, "dimensions"),
    _check(numbers.value_dims, "dimensions"),
    _check(axes.targets, "dimensions", "flows", "trade", "stocks"),
    _check(axes.values, "dimensions", "flows", "trade", "stocks"),
    _check(axes.times, "dimensions"),
    _check(numbers.written_data, "dimensions"),
    _check(network.ends),
    _check(network.trade_places, "processes"),
    _check(network.boundaries, "processes"),
    _check(network.connected, "processes", "flows", "trade"),
    _check(network.conversions, "dimensions", "flows", "trade", "processes"),
    _check(network.unconverted, "dimensions", "flows", "trade", "processes", "stocks"),
    _check(network.openings, "processes", "transfers"),
    _check(network.statistical_differences),
    _check(commodities.unused, "flows", "trade"),
    _check(commodities.compositions),
    _check(commodities.contents),
    _check(commodities.compounds, "dimensions"),
    _check(shares.outflows, "flows"),
    _check(shares.rests),
    _check(shares.ranges),
    _check(shares.sums, "flows", "processes"),
    _check(stocks.places, "processes"),
    _check(stocks.ends, "flows"),
    _check(lifetimes.distributions),
    _check(lifetimes.labels, "dimensions", "flows"),
    _check(lifetimes.dims, "dimensions", "flows"),
    _check(evidence.stated),
    _check(uncertainty.spreads),
    _check(uncertainty.intervals),
    _check(uncertainty.percentages),
    _check(uncertainty.of_limits),
    _check(evidence.interpolated),
    _check(evidence.targets, "flows", "trade", "stocks"),
    _check(evidence.origins),
    _check(limits.bounds),
    _check(units.readable, "bases", "dimensions"),
    _check(units.fitting, "bases", "dimensions", "flows", "trade", "stocks", "contents"),
    _check(units.shares, "bases", "dimensions"),
    _check(files.tables),
    _check(figures.figures, "dimensions", "flows", "trade", "stocks"),
    _check(figures.indicators, "dimensions", "flows", "trade", "stocks"),
    _check(figures.sweeps),
)
"""Every check, in the order of the sections they read."""
