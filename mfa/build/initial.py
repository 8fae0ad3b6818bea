"""The ages of initial stocks: by cohort, by shares of age classes, or by a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mfa.build.ages import NAMED, as_array, labels_of, places
from mfa.build.assembly import Bools, Floats
from mfa.build.naming import cell_name
from mfa.build.values import PathKeys, Reader, ValueArray
from mfa.core.labels import TIME_NAMES, Label, at_cells
from mfa.core.lifetime.periods import Periods, as_years, read_periods
from mfa.core.stock.ages import AGE, COHORT, Structure
from mfa.core.system import StockOf, System
from mfa.errors import InputError, Problem
from mfa.spec.stocks import AgeStructure, Stock
from mfa.spec.values import Value

if TYPE_CHECKING:
    import xarray as xr

SUM = 1e-6
"""How far shares may be from a sum of 1; they are scaled to it."""


@dataclass(frozen=True)
class Initial:
    """The level of a stock before the first period, and its ages (None: as under a constant inflow)."""

    total: ValueArray
    structure: Structure | None


def read_initial(reader: Reader, name: str, stock: Stock) -> Initial | None:
    """What a document states of a stock before the first period; None, with problems, where it cannot."""
    assert stock.initial is not None
    path: PathKeys = ("stocks", name, "initial")
    given = reader.array(path, stock.initial, reader.mass)
    if given is None:
        return None
    if COHORT in given.axes:
        return _by_cohort(reader, path, given)
    path = ("stocks", name, "age_structure")
    structure = _structure(reader, path, stock.age_structure) if stock.kind == "cohort" else None
    return Initial(given, structure)


def initial_problems(
    reader: Reader, system: System, stock: StockOf, total: ValueArray, held: Bools
) -> list[Problem]:
    """Where the level before the first period is negative: a problem; where it is not stated: a warning.

    `held` says which elements each node can hold: no level is asked for where there can be nothing.
    """
    value = at_cells(total.value, total.axes, stock.cells, system.n_elements)
    first = (system.time_of(stock.cells) == 0)[:, None]
    below, unstated = first & (value < 0), first & np.isnan(value)
    unstated &= held[system.nodes.of(stock.process, stock.cells)]
    name, path, found = f'the initial stock of "{stock.name}"', ("stocks", stock.name, "initial"), []
    if below.any():
        text = f"{name} is negative: {_cells(system, stock, below)}"
        found.append(reader.document.problem("initial-stock", text, *path))
    if unstated.any():
        text = f"{name} has no number for {_cells(system, stock, unstated)}: taken as 0"
        hint = "write 0 where nothing is, or a number with its sd"
        found.append(reader.document.problem("initial-unstated", text, *path, hint=hint, severity="warning"))
    return found


def _cells(system: System, stock: StockOf, wrong: Bools) -> str:
    """The first cells at which something holds, and how many more there are."""
    shown = wrong if stock.has_elements else wrong.any(axis=1, keepdims=True)
    at = [cell_name(system, stock.name, stock.cells, int(k), int(e)) for k, e in np.argwhere(shown)]
    return ", ".join(at[:NAMED]) + (f" and {len(at) - NAMED} more" if len(at) > NAMED else "")


def read_used(reader: Reader, name: str, stock: Stock, started: Initial | None) -> dict[str, xr.DataArray]:
    """The shares by age in whole periods of each inflow of used things, which join cohorts as long."""
    found = {}
    classes = started.structure.ages if started and started.structure else ()
    if stock.used and len(classes) and not np.allclose(np.diff(classes), _periods(reader).lengths[0]):
        text = (
            f'used things join the cohorts of "{name}", whose initial stock must be in classes of one period'
        )
        reader.problems.append(reader.document.problem("used-inflow", text, "stocks", name, "used", key=True))
    for flow, given in stock.used.items():
        path: PathKeys = ("stocks", name, "used", flow)
        structure = _structure(reader, path, given)
        shares = None if structure is None else _by_period(reader, path, structure)
        if shares is not None:
            found[flow] = shares
    return found


def _by_period(reader: Reader, path: PathKeys, structure: Structure) -> xr.DataArray | None:
    """Shares of classes of several periods spread over them evenly."""
    periods = _periods(reader)
    spans = np.diff(structure.ages) / periods.lengths[0]
    count = np.round(spans).astype(int)
    if np.ptp(periods.lengths) > 1e-9 or np.abs(spans - count).max() > 1e-9 or count.min() < 1:
        text = "ages of used things are counted in periods: they must be equal, and classes whole ones"
        reader.problems.append(reader.document.problem("used-inflow", text, *path, key=True))
        return None
    pieces = structure.shares.isel({AGE: np.repeat(np.arange(len(count)), count)})
    whole: xr.DataArray = pieces.drop_vars(AGE, errors="ignore")
    return whole.copy(data=(whole.transpose(AGE, ...).values.T / np.repeat(count, count)).T)


def _structure(reader: Reader, path: PathKeys, given: AgeStructure) -> Structure | None:
    """The shares by age that a document gives."""
    if isinstance(given, Value):
        return _by_age(reader, path, given)
    if given == "stationary":
        return None
    import xarray as xr  # slow to load, and few stocks need it

    length = float(_periods(reader).lengths[0])
    shares = np.ones(1) if isinstance(given, str) else np.asarray(given, dtype=float)
    ages = tuple((length * np.arange(len(shares) + 1.0)).tolist())
    structure = Structure(xr.DataArray(shares, dims=[AGE]), ages)
    return _scaled(reader, path, structure)


def _by_age(reader: Reader, path: PathKeys, given: Value) -> Structure | None:
    """Shares over the dimension `age`, whose labels are the ages at which classes begin."""
    found = reader.array(path, given)
    if found is None or not _complete(reader, path, found):
        return None
    begins = np.asarray(labels_of(reader, AGE), dtype=float)
    last = begins[-1] - begins[-2] if len(begins) > 1 else float(_periods(reader).lengths[0])
    structure = Structure(as_array(reader, found), (*begins.tolist(), float(begins[-1] + last)))
    return _scaled(reader, path, structure)


def _scaled(reader: Reader, path: PathKeys, structure: Structure) -> Structure | None:
    """The structure with shares that sum to 1 exactly; a problem where they are far from it."""
    shares = structure.shares
    total = shares.sum(AGE)
    if float(shares.min()) >= 0.0 and float(abs(total - 1.0).max()) <= SUM:
        return replace(structure, shares=shares / total)
    worst = float(total.values.ravel()[int(np.argmax(np.abs(total.values - 1.0)))])
    text = f"the shares by age must be 0 or more and sum to 1, not {worst:.6g}"
    reader.problems.append(reader.document.problem("initial-stock", text, *path))
    return None


def _by_cohort(reader: Reader, path: PathKeys, given: ValueArray) -> Initial | None:
    """The total over cohorts, whose ages are as stated; the total alone is adjusted where it is uncertain."""
    axis = given.axes.index(COHORT)
    absent: Bools = np.asarray(np.isnan(given.value).all(axis=axis, keepdims=True))
    if not _complete(reader, path, given, absent):
        return None
    ages = _ages(reader, path, labels_of(reader, COHORT))
    if ages is None:
        return None
    value = given.value.sum(axis=axis)
    sd = np.sqrt((np.fmax(given.sd, given.cv * given.value) ** 2).sum(axis=axis))
    axes = tuple(a for a in given.axes if a != COHORT)
    total = replace(given, axes=axes, value=value, sd=sd, cv=np.zeros_like(value))
    amounts = as_array(reader, given).fillna(0.0)
    whole = amounts.sum(COHORT)
    shares = (amounts / whole.where(whole > 0, 1.0)).isel({COHORT: slice(None, None, -1)})
    # where nothing is there at all any ages will do
    shares = shares.where(whole > 0, 1.0 / len(ages[1])).rename({COHORT: AGE}).drop_vars(AGE)
    # classes as long as the first period need no labels: they follow from it
    known = np.allclose(np.diff(ages[0]), _periods(reader).lengths[0])
    return Initial(total, Structure(shares, ages[0], () if known else ages[1]))


def _ages(
    reader: Reader, path: PathKeys, cohorts: Sequence[Label]
) -> tuple[tuple[float, ...], tuple[Label, ...]] | None:
    """The limits of ages at the start of the first period, and the cohorts, youngest first."""
    start, problem = float(_periods(reader).edges[0]), ""
    try:
        limits: Floats = read_periods(cohorts).edges.copy()
        limits[-1] = start
        if limits[-2] >= start or as_years(cohorts)[-1] >= start:
            problem = f"{cohorts[-1]} is no cohort before the first period"
    except InputError as error:
        problem = error.problems[0].text
    if problem:
        text, hint = (
            f"the labels of `cohort` do not lead up to the first period: {problem}",
            "put them in order",
        )
        reader.problems.append(reader.document.problem("initial-stock", text, *path, hint=hint))
        return None
    return tuple((start - limits[::-1]).tolist()), tuple(cohorts[::-1])


def _complete(reader: Reader, path: PathKeys, found: ValueArray, absent: Bools | bool = False) -> bool:
    """Whether there is a number, and no negative one, for every label that is not absent altogether."""
    missing, below = np.isnan(found.value) & ~np.asarray(absent), found.value < 0
    if not (missing | below).any():
        return True
    wrong = missing if missing.any() else below
    text = f"{'no number' if missing.any() else 'a negative number'} for {places(reader, found, wrong)}"
    hint = "missing is not zero: write 0 where nothing is" if missing.any() else ""
    problem = reader.document.problem("initial-stock", f"the initial stock has {text}", *path, hint=hint)
    reader.problems.append(problem)
    return False


def _periods(reader: Reader) -> Periods:
    """The periods of the time dimension."""
    time = next(n for n in TIME_NAMES if n in reader.dims.dimensions)
    return read_periods(labels_of(reader, time))
