"""Age profile: what is in a stock at the end of one year by age, split by a dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mfa.figures.frame import plain_numbers, sheet, width
from mfa.figures.select import (
    Floats,
    check_labels,
    element_weights,
    selection_text,
    time_axis,
    unit_of,
    unit_text,
)
from mfa.figures.series import KEY, LEGEND, LINE, PLOT, Band, band_axis, bands, key
from mfa.figures.spec import FigureSpec, Label
from mfa.figures.style import PAPER, styled
from mfa.figures.text import number
from mfa.run.cohorts import limits
from mfa.run.result import Quantity, Result
from mfa.units import Unit

if TYPE_CHECKING:
    import xarray as xr

CAPTION = (
    "What is in the stock at the end of the year by age, the mass of a cohort spread over its years of age;"
    " labels are in the order of the stack. Cohorts follow from the inflows and lifetimes of the result."
)
SHOWN = 0.999
"""The share of the stock up to whose age the figure is drawn."""


@dataclass(frozen=True)
class Profile:
    """Bands over age classes from the youngest, per year of age; `limits` has one more than there are."""

    limits: Floats
    bands: tuple[Band, ...]
    mean: float
    older: float

    @property
    def total(self) -> Floats:
        """The sum of all bands in every class."""
        return np.asarray(np.sum([b.value for b in self.bands], axis=0))


def draw(result: Result, spec: FigureSpec) -> Figure:
    """The age profile of the figure's stock at one year, the last unless `at` names another.

    Raises UnknownName for a name, label or dimension the result lacks, UnitError, ModelError for a stock
    without a lifetime, and EmptyFigure.
    """
    check_labels(result, spec.at)
    if len(spec.of) != 1:
        raise spec.empty("it shows one stock", "name it with `of`, such as `of: in_use`")
    quantity, unit = result.quantity(spec.of[0]), unit_of(result, spec.unit)
    year = _year(result, spec)
    profile = profiled(result, spec, quantity, unit, year)
    mass = unit_text(spec, unit, [quantity])
    label = f"{mass} per year of age"
    by = band_axis(spec, [quantity])
    axes = [a for a in (*quantity.axes, "element") if a not in (by, time_axis(result))]
    if not quantity.elements:
        axes.remove("element")
    words = [
        f"end of {year}",
        *selection_text(result, spec.at, axes, mass),
        f"mean age {number(profile.mean, 3)} years",
    ]
    text = ", ".join([label, *words])
    older = f"{number(100 * profile.older, 2)} % of the stock is older." if profile.older > 0 else ""
    name = quantity.label[:1].upper() + quantity.label[1:]
    with styled():
        heading = (spec.title or f"{name} by age", text if spec.title is None else f"{name}; {text}", older)
        return _drawn(profile, heading, label)


def _year(result: Result, spec: FigureSpec) -> Label:
    """The one time that is shown."""
    time = time_axis(result)
    if time is None:
        raise spec.empty("the result has no time dimension", "ages need year, month or time")
    wanted = {str(t) for t in spec.at.get(time, result.dimensions[time][-1:])}
    found = [t for t in result.dimensions[time] if str(t) in wanted]
    if len(found) != 1:
        raise spec.empty(
            "it shows one year", f"name it, such as `at: {{{time}: {result.dimensions[time][-1]}}}`"
        )
    return found[0]


def profiled(result: Result, spec: FigureSpec, quantity: Quantity, unit: Unit, year: Label) -> Profile:
    """The stock by age at the end of a year in a unit, up to the age below which nearly all of it is.

    Raises EmptyFigure where nothing is left of the selection.
    """
    by = band_axis(spec, [quantity])
    amounts = _chosen(result, spec, quantity, unit, result.cohorts(quantity.name, year))
    known = limits(result, quantity.name)
    ends = np.array([known[c] for c in amounts["cohort"].values.tolist()])
    now = known[year][1]
    there = np.flatnonzero(ends[:, 1] <= now)[::-1]
    split = amounts.isel(cohort=there)
    labels = [None] if by is None else split[by].values.tolist()
    values = {k: _per_year(split if by is None else split.sel({by: k}), ends[there]) for k in labels}
    values = {k: v for k, v in values.items() if np.any(v > 0)}
    if not values:
        raise spec.empty("nothing is left of the selection, or all of it is zero", "widen `at`")
    spans = np.diff(ends[there], axis=1).ravel()
    whole = np.sum(list(values.values()), axis=0) * spans
    middle = now - ends[there].mean(axis=1)
    count = int(np.searchsorted(np.cumsum(whole), SHOWN * whole.sum())) + 1
    cut = {k: v[:count] for k, v in values.items()}
    ages = now - np.append(ends[there][:count, 1], ends[there][count - 1, 0])
    mean, older = float(middle @ whole / whole.sum()), float(whole[count:].sum() / whole.sum())
    return Profile(ages, tuple(bands(result, spec, by, cut)), mean, older)


def _chosen(
    result: Result, spec: FigureSpec, quantity: Quantity, unit: Unit, amounts: xr.DataArray
) -> xr.DataArray:
    """Amounts by cohort and band in a unit, all else summed."""
    import xarray as xr

    for axis, wanted in spec.at.items():
        if axis in amounts.dims and axis != "element":
            names = {str(x) for x in wanted}
            amounts = amounts.sel({axis: [x for x in amounts[axis].values.tolist() if str(x) in names]})
    weights = element_weights(result, quantity, unit, spec.at.get("element", ()))
    if quantity.elements:
        amounts = amounts * xr.DataArray(weights, dims="element", coords={"element": list(quantity.elements)})
    else:
        amounts = amounts * weights[0]
    kept = ("cohort", band_axis(spec, [quantity]))
    return amounts.sum([d for d in amounts.dims if d not in kept])


def _per_year(amounts: xr.DataArray, ends: Floats) -> Floats:
    """Amounts of cohorts per year of their length."""
    return np.asarray(amounts.to_numpy() / np.diff(ends, axis=1).ravel())


def _drawn(profile: Profile, heading: tuple[str, str, str], label: str) -> Figure:
    names = [b.title for b in profile.bands]
    ticks = max(width(number(t, 4)) for t in MaxNLocator(6).tick_values(0, float(np.max(profile.total))))
    left, right = ticks + 24, max(map(width, names)) + KEY + 24
    page = sheet(*heading, (PLOT[0] + left + right, PLOT[1] + 46))
    axes = page.axes(left=left, right=right, bottom=42)
    _fill(axes, profile)
    axes.set_ylabel(label)
    axes.set_xlabel("age in years")
    if len(names) > 1:
        handles, place = [key(b) for b in reversed(profile.bands)], (1.0 + 12 / PLOT[0], 1.0)
        axes.legend(handles, names[::-1], loc="upper left", bbox_to_anchor=place, **LEGEND)
    return page.figure


def _fill(axes: Axes, profile: Profile) -> None:
    """The stack in steps over age, its outline, and plain numbers on both axes."""
    x = np.repeat(profile.limits, 2)[1:-1]
    base = np.zeros(len(x))
    for band in profile.bands:
        above = base + np.repeat(band.value, 2)
        style = {"facecolor": band.look.colour, "edgecolor": PAPER, "hatch": band.look.hatch or None}
        axes.fill_between(x, base, above, linewidth=0.4, **style)  # type: ignore[arg-type]
        base = above
    axes.plot(x, base, **LINE)
    top = 1.04 * float(np.max(base))
    axes.set_ylim(0, top)
    axes.set_yticks([t for t in MaxNLocator(6).tick_values(0, top) if t <= top])
    axes.set_xlim(x[0], x[-1])
    axes.set_xticks(
        [t for t in MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(x[0], x[-1]) if x[0] <= t <= x[-1]]
    )
    plain_numbers(axes, "y")
    plain_numbers(axes, "x")
