"""The result of a run: every flow, trade and stock with its standard deviation and status."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.errors import UnknownName, did_you_mean
from mfa.units import parse_unit

if TYPE_CHECKING:
    import xarray as xr

    from mfa.core.stock.ages import Ages
    from mfa.run.explain import Explanation
    from mfa.run.sample import Sample

Floats = npt.NDArray[np.float64]
STATUSES = ("redundant", "observed", "determined", "free", "fixed")
"""What is known of a number: checked by others, observed, follows from others, undetermined, given."""
NO_SD = "standard_deviations"
"""The fact that says why there are no standard deviations, where there are none."""
NUMBERS = ("value", "mean", "sd", "low", "high")
CAUTIOUS = ("cautious_low", "cautious_high")
INDICATOR = (*NUMBERS, *CAUTIOUS, "unit", "basis", "mark", "formula")
"""The columns of indicators that follow their names and labels."""
"""What is said of every number."""
MARKS = ("", "bound", "prior-driven", "bound, prior-driven")
"""What bounds do to a number: one of its own bites it; they move its mean off its value by over half an
sd."""


@dataclass(frozen=True, repr=False)
class Quantity:
    """A flow, trade, statistical difference or stock: one line of labels a cell, one column an element.

    `value` (the optimum), `mean`, `sd`, `low` and `high` (95 %; of the posterior that bounds cut off) have
    shape (cells, elements), in `unit` (per year for flows); `status` holds positions in STATUSES, -1 where
    the cell cannot be, and `mark` in MARKS.
    """

    name: str
    kind: str
    label: str
    source: str
    target: str
    commodity: str
    axes: tuple[str, ...]
    labels: Mapping[str, npt.NDArray[np.object_]]
    elements: tuple[str, ...]
    value: Floats
    mean: Floats
    sd: Floats
    low: Floats
    high: Floats
    status: npt.NDArray[np.int8]
    mark: npt.NDArray[np.int8]
    unit: str
    basis: str = ""

    def __len__(self) -> int:
        return len(self.value)

    def __repr__(self) -> str:
        over = ", ".join([*self.axes, *(["element"] if self.elements else [])])
        return f"Quantity({self.name!r}: {self.kind} over ({over}), {len(self):,} cells, {self.unit})"

    def frame(self) -> pd.DataFrame:
        """Long form: one row for every cell and element that can be."""
        cell, element = np.nonzero(self.status >= 0)
        columns: dict[str, Any] = {a: self.labels[a][cell] for a in self.axes}
        if self.elements:
            columns["element"] = np.asarray(self.elements, dtype=object)[element]
        numbers = {k: getattr(self, k)[cell, element] for k in NUMBERS}
        words = {
            "status": np.asarray(STATUSES, dtype=object)[self.status[cell, element]],
            "mark": np.asarray(MARKS, dtype=object)[self.mark[cell, element]],
        }
        return pd.DataFrame({**columns, **numbers, **words}, index=range(len(cell)))


@dataclass(frozen=True, repr=False)
class Result:
    """What a run found.

    `observations`, `balances`, `free` and `gross_errors` are tables (see :mod:`mfa.run.tables`); `facts`
    holds the solver's numbers (chi-square, degrees of freedom, iterations, ...), `scenario` the resolved
    document as text, `ages` how the cohorts of each cohort stock age.
    """

    name: str
    title: str
    dimensions: Mapping[str, tuple[str | int, ...]]
    titles: Mapping[str, Mapping[str | int, str]]
    processes: Mapping[str, Mapping[str, str]]
    quantities: Mapping[str, Quantity]
    observations: pd.DataFrame
    balances: pd.DataFrame
    free: pd.DataFrame
    parameters: pd.DataFrame
    indicators: pd.DataFrame
    scenario: str
    identity: str
    facts: Mapping[str, Any]
    outputs: Mapping[str, Any]
    sources: Mapping[str, Mapping[str, str]]
    inputs: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    ages: Mapping[str, Ages] = field(default_factory=dict, compare=False, repr=False)
    gross_errors: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["order", "name"]))
    state: Any = field(default=None, compare=False, repr=False)

    @property
    def mass_unit(self) -> str:
        """The unit of masses: that of stocks, balances and what flows in a period."""
        return next((q.unit.split("/")[0] for q in self.quantities.values()), "t")

    @property
    def time_unit(self) -> str:
        """The unit of time that flows are counted by, such as `year`; `year` where there is no time."""
        units = (q.unit.rpartition("/")[2] for q in self.quantities.values() if "/" in q.unit)
        return next(units, "year")

    @property
    def without_sd(self) -> bool:
        """Whether standard deviations are not known (NaN): a simulation takes what is uncertain as exact."""
        return NO_SD in self.facts

    @property
    def mass_factor(self) -> float:
        """How many t the unit of masses is."""
        return parse_unit(self.mass_unit).factor

    def quantity(self, name: str) -> Quantity:
        """The flow, trade or stock of that name; raises UnknownName with a hint."""
        if name not in self.quantities:
            raise UnknownName(f'the result has no "{name}"; {did_you_mean(name, self.quantities)}')
        return self.quantities[name]

    def flow(self, name: str) -> xr.DataArray:
        """A flow over its dimensions (year, region, element, ...), in `attrs["unit"]` per year.

        Cells that do not exist are 0. Raises UnknownName.
        """
        return self._dense(name, "value")

    def sd(self, name: str) -> xr.DataArray:
        """The standard deviation of every cell of a flow or stock; NaN where it is free, or not known."""
        return self._dense(name, "sd")

    def mean(self, name: str) -> xr.DataArray:
        """The mean of every cell of a flow or stock: of the posterior that bounds cut off, so that it may be
        off the value, which is the optimum; NaN where it is free. Means close balances as values do."""
        return self._dense(name, "mean")

    def interval(self, name: str) -> xr.DataArray:
        """The 95 % interval of every cell of a flow or stock, `end` (low, high) its first dimension.

        From 0 where a bound at 0 bites hard; of what is free the interval that rows and bounds allow, NaN
        where that is not known.
        """
        from mfa.run.tensors import ends

        return ends(self.quantity(name), self.dimensions)

    def mark(self, name: str) -> xr.DataArray:
        """What bounds do to every cell, a position in MARKS."""
        return self._dense(name, "mark")

    def status(self, name: str) -> xr.DataArray:
        """The status of every cell, a position in STATUSES (-1 where the cell cannot be)."""
        return self._dense(name, "status")

    def stock(self, name: str) -> xr.DataArray:
        """The level of a stock at the end of each year, over its dimensions.

        Without a time dimension: at the end of the only period, or of a stock without `initial` its change.
        """
        return self._dense(name, "value")

    def cohorts(self, name: str, year: Any = None, cohort: Any = None) -> xr.DataArray:
        """What of a cohort stock is in use by cohort (the period in which it entered), computed now.

        With `year`, (cohort, ...) at the end of that year; with `cohort`, (year, ...) of that cohort; with
        both, the one slice; with neither, all of it (year, cohort, ...), which is large. In `attrs["unit"]`;
        cohorts from before the first year are those of the initial stock. Equation: N[t, c] = sf[t, c] L[c]
        inflow[c]. Raises UnknownName, and ModelError for a stock without a lifetime.
        """
        from mfa.run.cohorts import cohorts

        return cohorts(self, name, year, cohort)

    def mean_age(self, name: str) -> xr.DataArray:
        """The mean age in years of what is in a cohort stock at the end of each year; NaN where it is empty.

        Counted from the mean moment of entry. Raises UnknownName, and ModelError for a stock without a
        lifetime.
        """
        from mfa.run.cohorts import mean_age

        return mean_age(self, name)

    def trade(self, name: str) -> pd.DataFrame:
        """A bilateral trade in long form: year, exporter, importer, element, value, mean, sd,
        low, high, status, mark."""
        return self.quantity(name).frame()

    def balance(self) -> pd.DataFrame:
        """Relative closure of every balance, worst first; then the gaps of those left open."""
        return self.balances

    def explain(self, name: str) -> tuple[Explanation, ...]:
        """What a row, flow, stock, report, parameter or indicator says, with its numbers, ready to print.

        Names are those of messages and tables, such as `balance of plant[2022, CHN, Nd]`. Raises UnknownName
        with near names, MissingFile where the run's rows were not kept.
        """
        from mfa.run.explain import explain, explain_indicator
        from mfa.run.trace import trace_of

        return explain_indicator(self, name) or explain(trace_of(self), name)

    def search_gross_errors(
        self, *, leaks: bool = False, strategy: Literal["elimination", "compensation"] = "elimination"
    ) -> pd.DataFrame:
        """Gross errors one after another, as `gross_errors`; with `leaks` balances that lose mass too.

        `elimination` estimates all errors anew whenever one is added, `compensation` leaves the earlier ones
        (see :mod:`mfa.solve.elimination`).
        """
        from mfa.run.gross import gross_error_table, suspects
        from mfa.run.trace import trace_of

        trace = trace_of(self)
        return gross_error_table(trace, suspects(trace, leaks=leaks, strategy=strategy))

    def next_measurement(
        self,
        name: str,
        *,
        at: Mapping[str, Any] | None = None,
        cv: float | None = None,
        sd: float | None = None,
        among: Sequence[str] = (),
    ) -> pd.DataFrame:
        """The flows and stocks whose measurement would narrow a flow, stock or indicator most, best first.

        A new measurement is taken to have `sd` (in `mass_unit`), else `cv` (10 % unless given) of the value
        found; `among` names the flows that can be measured
        (see :func:`mfa.run.measurement.next_measurement`).
        """
        from mfa.run.measurement import next_measurement

        return next_measurement(self, name, at=at, cv=cv, sd=sd, among=among)

    def draws(self, n: int = 1000, seed: int = 1) -> Sample:
        """`n` draws from the posterior, with `values`, `sd` and `interval` of any flow, stock or indicator.

        Every report is perturbed by its sigma and the problem solved again; bounds cut the draws off (see
        :mod:`mfa.solve.draws`). Raises InputError for fewer than two draws, ModelError for a simulation.
        """
        from mfa.run.sample import sample

        return sample(self, n, seed)

    def _dense(self, name: str, what: str) -> xr.DataArray:
        from mfa.run.tensors import dense

        return dense(self.quantity(name), self.dimensions, what)

    def save(self, folder: str | Path) -> Path:
        """The folder, with every table and tensor of the result written into it."""
        from mfa.run.store import save

        return save(self, Path(folder))

    def __repr__(self) -> str:
        asked = f"{self.facts.get('question', 'made by hand')}, {len(self.observations):,} observations"
        return f"Result({self.name!r}: {asked}; {', '.join(self.quantities)})"

    def _repr_html_(self) -> str:
        facts = "".join(
            f"<tr><td>{html.escape(str(k))}</td><td>{html.escape(str(v))}</td></tr>"
            for k, v in self.facts.items()
        )
        names = ", ".join(html.escape(n) for n in self.quantities)
        title = html.escape(self.title or self.name)
        return f"<p><b>mfa.Result</b> {title}</p><table>{facts}</table><p>{names}</p>"
