"""Reserves: stocks of a source that extraction depletes and discoveries fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Terms
from mfa.build.flows import EdgeCells
from mfa.build.naming import blocks, cell_namer
from mfa.build.parameters import ObservedGroup, statements
from mfa.build.stocks import StockCells, add_stock, aligned, n_times, per_time, previous_cells, series_of
from mfa.build.values import Reader, ValueArray
from mfa.core.labels import at_cells
from mfa.core.system import StockOf, System


@dataclass(frozen=True)
class ReserveValues:
    """What a document states of a reserve at each of its cells.

    `recovery` is the mass that leaves per mass depleted, `additions` the discoveries of a year and `revision`
    their standard deviation.
    """

    initial: ValueArray
    recovery: Floats
    additions: Floats
    revision: Floats


def read_reserve(reader: Reader, stock: StockOf) -> ReserveValues | None:
    """The values of a reserve; None, with problems of the reader, where one is missing or wrong."""
    stated = reader.document.spec.stocks[stock.name].initial
    assert stated is not None
    initial = reader.array(("stocks", stock.name, "initial"), stated, reader.mass)
    recovery, _ = _at_cells(reader, stock, "recovery", 1.0, "1")
    additions, revision = _at_cells(reader, stock, "additions", 0.0, reader.mass)
    if initial is None or not _complete(reader, stock, initial) or not _positive(reader, stock, recovery):
        return None
    return ReserveValues(initial, recovery, additions, revision)


def _at_cells(reader: Reader, stock: StockOf, key: str, default: float, unit: str) -> tuple[Floats, Floats]:
    """A value of a reserve and its standard deviation at each of the reserve's cells."""
    value = getattr(reader.document.spec.stocks[stock.name], key)
    given = None if value is None else reader.array(("stocks", stock.name, key), value, unit)
    if given is None:
        return np.full(len(stock.cells), default), np.zeros(len(stock.cells))
    number = at_cells(given.value, given.axes, stock.cells, 1)[:, 0]
    if np.isnan(number).any():
        lacking = _places(reader, stock, given, np.isnan(number))
        text = f'`{key}` of "{stock.name}" has no number for {lacking}'
        hint = f"nothing is assumed: write {default:g} where it is {default:g}"
        path = ("stocks", stock.name, key)
        reader.problems.append(reader.document.problem("no-value", text, *path, hint=hint))
        number = np.where(np.isnan(number), default, number)
    spread = np.fmax(given.sd, given.cv * np.abs(np.nan_to_num(given.value)))
    return number, at_cells(spread, given.axes, stock.cells, 1)[:, 0]


def _complete(reader: Reader, stock: StockOf, initial: ValueArray) -> bool:
    """Whether every region of a reserve has an initial level; a problem names those that have none."""
    missing = np.isnan(at_cells(initial.value, initial.axes, stock.cells, 1)[:, 0])
    if not missing.any():
        return True
    lacking = _places(reader, stock, initial, missing)
    text = f'reserve "{stock.name}" has no initial level for {lacking}, from where something leaves'
    hint = "give one, with a large sd if little is known, or limit the process with `where`"
    path = ("stocks", stock.name, "initial")
    reader.problems.append(reader.document.problem("no-value", text, *path, hint=hint))
    return False


def _places(reader: Reader, stock: StockOf, given: ValueArray, which: Bools) -> str:
    """The labels of the value's own dimensions at which something holds for cells of the reserve."""
    further = [a for a in stock.cells.axes if a in given.axes]
    dimensions = reader.dims.dimensions
    found = dict.fromkeys(
        ", ".join(str(dimensions[a].labels[stock.cells.column(a)[k]]) for a in further)
        for k in np.flatnonzero(which)
    )
    return "; ".join(found)


def _positive(reader: Reader, stock: StockOf, recovery: Floats) -> bool:
    """Whether every recovery is a share above 0."""
    if ((recovery > 0) & (recovery <= 1)).all():
        return True
    text = f'the recovery of reserve "{stock.name}" must be above 0 and at most 1'
    path = ("stocks", stock.name, "recovery")
    reader.problems.append(reader.document.problem("share-range", text, *path))
    return False


def add_reserve(
    assembly: Assembly,
    system: System,
    stock: StockOf,
    edges: Mapping[str, EdgeCells],
    weights: Floats,
    *,
    values: ReserveValues,
) -> StockCells:
    """The rows of a reserve: R[t] = R[t-1] - L[t] (mined / recovery - additions), never below zero.

    `weights` is what a tonne of each element counts in the reserve's basis. Where `revision` is above 0, each
    year's additions are an unknown of either sign.
    """
    cells = add_stock(assembly, system, stock, edges, values.initial)
    level, k, additions = cells.level, np.arange(len(stock.cells)), values.additions
    previous = previous_cells(system, stock, level, cells.before)[:, 0]
    rate, there = per_time(system, stock, level)[:, 0], previous >= 0
    parts = [Terms.of(k, level.offset + k, rate), Terms.of(k[there], previous[there], -rate[there])]
    parts += _mined(system, stock, edges, weights, values.recovery)
    if (values.revision > 0).any():
        first, group = _revisions(assembly, system, stock, values)
        parts.append(Terms.of(k, first + k, -1.0))
        cells, additions = replace(cells, groups=(*cells.groups, group)), np.zeros(len(k))
    namer = cell_namer(system, f"depletion of {stock.name}", stock.cells)
    assembly.exact(Terms.join(*parts), additions, namer)
    return cells


def _mined(
    system: System, stock: StockOf, edges: Mapping[str, EdgeCells], weights: Floats, recovery: Floats
) -> list[Terms]:
    """What extraction takes from each cell of the reserve."""
    number = _cell_numbers(system, stock)
    parts = []
    for name in stock.outflow:
        row = number[aligned(system, stock, name)]
        where, e = np.nonzero(edges[name].mask & (weights != 0))
        cell = edges[name].of(np.arange(len(row)))[where, e]
        parts.append(Terms.of(row[where], cell, weights[e] / recovery[row[where]]))
    return parts


def _revisions(
    assembly: Assembly, system: System, stock: StockOf, values: ReserveValues
) -> tuple[int, ObservedGroup]:
    """The first cell of a reserve's yearly additions, unknowns of either sign, and what is stated of them."""
    name, n, certain = f"{stock.name}.additions", len(stock.cells), values.revision == 0
    namer = cell_namer(system, name, stock.cells)
    first = assembly.unknowns(
        n,
        namer,
        start=values.additions,
        lower=np.where(certain, values.additions, -np.inf),
        upper=np.where(certain, values.additions, np.inf),
        block=blocks(system, stock.cells),
        scalable=False,
        scale=float(values.revision.max()),
    )
    cell, rows = assembly.linear(first, n, namer), np.arange(n)
    terms = Terms.of(rows, cell + rows, 1.0)
    stated, sd, cv = values.additions, values.revision, np.zeros(n)
    at = assembly.observe(terms, stated, sd, cv, counted=~certain, namer=namer)
    unit, factor = f"{system.mass_unit} {stock.basis}".strip(), 1 / system.mass_factor
    return cell, statements(system, name, at, stock.cells, unit, factor=factor, certain=certain)


def _cell_numbers(system: System, stock: StockOf) -> Ints:
    """The stock cell of every (series, time)."""
    own, t = series_of(system, stock.cells)
    number = np.full((int(own.max(initial=-1)) + 1, n_times(system)), -1, np.int64)
    number[own, t] = np.arange(len(stock.cells))
    return number
