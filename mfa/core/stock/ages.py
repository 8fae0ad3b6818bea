"""How the cohorts of a stock age: all that its cohorts and its outflow follow from beside its inflow.

The rows of a reconciliation and the cohorts of a result both come from here, so that they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime import Lifetime
from mfa.core.lifetime.ageing import Ageing
from mfa.core.stock.forward import inflow_driven
from mfa.core.stock.initial import InitialStock, stationary_shares
from mfa.core.stock.inverse import stock_driven
from mfa.core.stock.layout import read_layout
from mfa.core.stock.result import StockResult

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
COHORT, AGE = "cohort", "age"


@dataclass(frozen=True, eq=False)
class Part:
    """The lifetime of the series at one label of an axis, or of all series.

    Parameters are numbers, lists (of a table), or DataArrays over dimensions of the stock and `cohort`, the
    period of entry.
    """

    kind: str
    parameters: Mapping[str, Any]
    axis: str = ""
    label: str | int = ""

    def lifetime(self, earlier: int = 0) -> Lifetime:
        """The lifetime; cohorts from before the first period (`earlier` of them) live as its first does.

        Raises
        ------
        InputError
            When a parameter is not positive or they do not fit together.
        """
        timed = any(COHORT in getattr(v, "dims", ()) for v in self.parameters.values())
        given = {name: _lengthened(value, earlier) for name, value in self.parameters.items()}
        return Lifetime.from_spec(self.kind, given, by="cohort" if timed else None)

    def at_start(self) -> Lifetime:
        """The lifetime of what enters in the first period."""
        given = {
            k: v.isel({COHORT: 0}, drop=True) if COHORT in getattr(v, "dims", ()) else v
            for k, v in self.parameters.items()
        }
        return Lifetime.from_spec(self.kind, given)

    def of(self, array: xr.DataArray) -> xr.DataArray:
        """What of an array over the stock's dimensions this part holds for."""
        return array.sel({self.axis: [self.label]}) if self.axis else array


def _lengthened(value: Any, earlier: int) -> Any:
    """A parameter with the first cohort's number repeated before it; cohorts are matched by position."""
    if COHORT not in getattr(value, "dims", ()):
        return value
    axis = value.dims.index(COHORT)
    widths = [(earlier, 0) if k == axis else (0, 0) for k in range(value.ndim)]
    coords = {d: value[d].values for d in value.dims if d != COHORT and d in value.coords}
    return type(value)(np.pad(value.values, widths, mode="edge"), dims=value.dims, coords=coords)


@dataclass(frozen=True, eq=False)
class Structure:
    """The share of an initial stock in each age class, dims (age, ...), youngest first; `ages` limit them.

    `cohorts` are the labels of the classes where they have some, youngest first.
    """

    shares: xr.DataArray
    ages: tuple[float, ...]
    cohorts: tuple[Any, ...] = ()


@dataclass(frozen=True, eq=False)
class Ages:
    """The lifetimes of a stock by part, when in a period its inflows enter, and the ages it starts with.

    `structure` is None where the initial stock is as a constant inflow before would have left it; `shrinking`
    says what gives way where a level falls faster than cohorts leave, as in `stock_driven`. `used` names the
    inflows of used things and their shares by age in whole periods, dims (age, ...), youngest first.
    """

    time: str
    inflow: tuple[str, ...]
    outflow: tuple[str, ...]
    timing: str
    parts: tuple[Part, ...]
    structure: Structure | None = None
    shrinking: Literal["error", "retire", "allow"] = "error"
    used: Mapping[str, xr.DataArray] = field(default_factory=dict)

    @property
    def oldest(self) -> int:
        """How many periods before the first the oldest used things may have been made."""
        return max((shares.sizes[AGE] for shares in self.used.values()), default=0)

    def ageing(self, part: Part, like: xr.DataArray) -> tuple[Ageing, Ints]:
        """The distinct lifetimes of a part over the periods of an array, and which each series of it has."""
        layout, _ = read_layout(like, "the stock", self.time, None, None)
        return part.lifetime().over(layout.grid(()), layout.periods.edges, self.timing)

    def used_ageing(self, part: Part, like: xr.DataArray) -> tuple[Ageing, Ints]:
        """As `ageing`, with the periods before the first that used things may come from."""
        layout, _ = read_layout(like, "the stock", self.time, None, None)
        length, first = float(layout.periods.lengths[0]), float(layout.periods.edges[0])
        edges = np.concatenate([first - length * np.arange(self.oldest, 0.0, -1.0), layout.periods.edges])
        return part.lifetime(self.oldest).over(layout.grid(range(self.oldest)), edges, self.timing)

    def followed(
        self,
        inflow: xr.DataArray,
        initial: xr.DataArray | None = None,
        used: Mapping[str, xr.DataArray] | None = None,
    ) -> Iterator[tuple[Part, StockResult]]:
        """Each part with the stock that follows from an inflow per year and the level before it.

        `used` has the inflows of used things, which come on top.

        Raises
        ------
        InputError
            When an inflow is negative, or something of the initial stock is older than its lifetime allows.
        """
        for part in self.parts:
            own = part.of(inflow)
            lifetime, start = self._start(part, own, initial, self.oldest if used else 0)
            old = self._by_cohort(part, own, start, used) if used else None
            yield part, inflow_driven(own, lifetime, self.timing, start, used=old, dim=self.time)

    def driven(
        self, level: xr.DataArray, initial: xr.DataArray | None = None
    ) -> Iterator[tuple[Part, StockResult]]:
        """Each part with the stock that is at a level at the end of each period, as `shrinking` says.

        Raises
        ------
        InputError
            When a level is negative, or something of the initial stock is older than its lifetime allows.
        ModelError
            When nothing gives way and a level falls faster than cohorts can leave.
        """
        for part in self.parts:
            own = part.of(level)
            lifetime, start = self._start(part, own, initial)
            yield part, stock_driven(own, lifetime, self.timing, self.shrinking, start, dim=self.time)

    def _by_cohort(
        self, part: Part, own: xr.DataArray, start: InitialStock | None, used: Mapping[str, xr.DataArray]
    ) -> Floats:
        """Used inflows by period and cohort, (period, cohort, ...): k periods old is of cohort t - k."""
        layout, _ = read_layout(own, "the stock", self.time, None, None)
        assert start is not None
        history = len(np.asarray(start.shares))
        periods = len(layout.periods)
        out = np.zeros((periods, history + periods, *layout.shape))
        for name, flow in used.items():
            shares = self.used[name]
            shares = part.of(shares) if part.axis in shares.dims else shares
            shares = shares.broadcast_like(own.isel({self.time: 0}, drop=True))
            by_age = shares.transpose(AGE, *(layout.dims or ())).values
            amounts = part.of(flow).transpose(self.time, *(layout.dims or ())).values
            for t in range(periods):
                cohorts = history + t - np.arange(len(by_age))
                out[t, cohorts] += by_age * amounts[t]
        return out

    def _start(
        self, part: Part, own: xr.DataArray, initial: xr.DataArray | None, oldest: int = 0
    ) -> tuple[Lifetime, InitialStock | None]:
        """The lifetime of a part, cohorts of its initial stock included, and that stock.

        It reaches back at least the `oldest` periods that used things may come from.
        """
        if initial is None and not oldest:
            return part.lifetime(), None
        if initial is None:
            initial = own.isel({self.time: 0}, drop=True) * 0.0
            shares, ages = np.ones((1, *initial.shape)), self._youngest(own)
        else:
            shares, ages = self._shares(part, own)
        if oldest >= len(ages):
            length = ages[1] - ages[0]
            more = oldest + 1 - len(ages)
            ages = [*ages, *(ages[-1] + length * np.arange(1.0, more + 1)).tolist()]
            shares = np.concatenate([shares, np.zeros((more, *shares.shape[1:]))])
        lifetime = part.lifetime(len(ages) - 1)
        if self.structure is None or not self.structure.cohorts:
            return lifetime, InitialStock.by_age(part.of(initial), shares, ages=ages)
        layout, _ = read_layout(own, "the stock", self.time, None, None)
        total = part.of(initial).broadcast_like(own.isel({self.time: 0}, drop=True))
        amounts = shares[::-1] * total.transpose(*(layout.dims or ())).values
        limits = [float(layout.periods.edges[0]) - age for age in reversed(ages)]
        years = self.structure.cohorts[::-1]
        return lifetime, InitialStock.by_cohort(amounts, years, edges=limits)

    def _youngest(self, own: xr.DataArray) -> list[float]:
        """The limits of the youngest age class, one period long."""
        layout, _ = read_layout(own, "the stock", self.time, None, None)
        return [0.0, float(layout.periods.lengths[0])]

    def _shares(self, part: Part, like: xr.DataArray) -> tuple[Floats, list[float]]:
        """The share of a part's initial stock in each age class, (class, ...) as the inflow has it."""
        layout, _ = read_layout(like, "the stock", self.time, None, None)
        if self.structure is None:
            flat, limits = stationary_shares(part.at_start(), layout, float(layout.periods.lengths[0]))
            return flat.reshape(-1, *layout.shape), limits.tolist()
        shares = self.structure.shares
        shares = part.of(shares) if part.axis in shares.dims else shares
        whole = shares.broadcast_like(like.isel({self.time: 0}, drop=True))
        return whole.transpose(AGE, *(layout.dims or ())).values, list(self.structure.ages)

    def join(
        self,
        found: Sequence[tuple[Part, StockResult]],
        like: xr.DataArray,
        of: Callable[[StockResult], xr.DataArray],
    ) -> xr.DataArray:
        """One array made of what each part's stock says, its labels in the order of `like`."""
        import xarray as xr

        arrays = [of(result) for _, result in found]
        if len(arrays) == 1:
            return arrays[0]
        axis = found[0][0].axis
        whole = xr.concat(arrays, dim=axis, join="outer", fill_value=0.0)
        return whole.sel({axis: like[axis].values}).transpose(*arrays[0].dims)
