"""The public class: a lifetime, immutable, with scalar, array or labelled parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.ageing import Ageing, table
from mfa.core.lifetime.check import parameter_problems, read_table, where
from mfa.core.lifetime.family import Family, Floats
from mfa.core.lifetime.kinds import find_form, load_family
from mfa.core.lifetime.labelled import By, Grid, Labelled, gather, spread
from mfa.core.lifetime.periods import read_periods, straighten
from mfa.core.lifetime.timing import read_timing
from mfa.errors import InputError, Problem

Parameter = Any
"""A number, a numpy array, or an `xarray.DataArray`."""


@dataclass(frozen=True, eq=False)
class Lifetime:
    """How long what enters a stock stays there: a distribution of lifetimes T in years (or your time unit).

    Parameters are numbers, arrays (which broadcast against the stock's dimensions other than time), or
    DataArrays (matched by dimension name and label). With `by="cohort"` their first axis (or the dimension
    `cohort` or `year`) is the period in which things are made ("nature"); with `by="year"` it is the period
    in which they are in use ("nurture": each period's survival ratio is that of its own lifetime; Krych et
    al. 2024, doi 10.1111/jiec.13586). `with_hazard` multiplies the hazard of a period instead.

    Every maker raises InputError for a parameter that is not finite or not above 0, with its labels, and for
    shapes or labels that do not fit. Equations are those of Klugman, Panjer and Willmot, Loss Models,
    appendix A; their use for stocks is reviewed by Mueller et al. 2014, doi 10.1021/es403506a.

    >>> life = Lifetime.weibull(mean=15, shape=3.5)
    >>> life
    Lifetime.weibull(mean=15, shape=3.5)
    >>> round(float(life.survival(15)), 4)
    0.5011
    """

    kind: str
    parameters: Mapping[str, Any]
    by: By
    _family: Family
    _values: Labelled
    _hazard: Labelled | None = None

    @classmethod
    def from_spec(cls, kind: str, parameters: Mapping[str, Parameter] | Parameter, by: By = None) -> Lifetime:
        """The lifetime of a kind name and its parameters; a bare number where the kind has one parameter.

        Raises
        ------
        InputError
            When the kind is unknown, the parameters are none of the sets in `LIFETIME_KINDS`, or a value is
            not finite, not positive, or of the wrong shape.

        >>> Lifetime.from_spec("weibull", {"mean": 15, "shape": 3.5}).kind
        'weibull'
        >>> Lifetime.from_spec("fixed", 10)
        Lifetime.fixed(mean=10)
        """
        if not isinstance(parameters, Mapping):
            parameters = {"mean": parameters}
        form = find_form(kind, parameters)
        if by not in (None, "cohort", "year"):
            raise InputError(Problem("lifetime-parameters", f'by is "cohort", "year" or nothing, not "{by}"'))
        given = {name: parameters[name] for name in form}
        if kind == "table":
            family, values = read_table(given["age"], given["survival"], timed=by is not None)
        else:
            family = load_family(kind)
            values = gather(given, timed=by is not None)
            raise_if(parameter_problems(kind, form, values, family))
            given = {name: _own(given[name], a) for name, a in zip(form, values.arrays, strict=True)}
            arrays = family.convert[form](*values.arrays)
            values = replace(values, arrays=tuple(np.asarray(a, dtype=np.float64) for a in arrays))
        return cls(kind, given, by, family, values)

    @classmethod
    def fixed(cls, mean: Parameter, *, by: By = None) -> Lifetime:
        """Everything leaves at the age `mean`: S(a) = 1 before it, 0 from it on.

        >>> Lifetime.fixed(10).survival([9.5, 10]).tolist()
        [1.0, 0.0]
        """
        return cls.from_spec("fixed", {"mean": mean}, by)

    @classmethod
    def normal(cls, mean: Parameter, sd: Parameter, *, by: By = None) -> Lifetime:
        """Normal, not truncated: what would leave before age 0 leaves on entry, as peers have it.

        S(a) = P(Z > (a - mean) / sd), Z standard normal.

        >>> float(Lifetime.normal(mean=10, sd=3).survival(10))
        0.5
        """
        return cls.from_spec("normal", {"mean": mean, "sd": sd}, by)

    @classmethod
    def truncated_normal(cls, mean: Parameter, sd: Parameter, *, by: By = None) -> Lifetime:
        """Normal given that it is positive; `mean` and `sd` before truncation.

        S(a) = P(Z > (a - mean) / sd) / P(Z > -mean / sd).

        >>> round(float(Lifetime.truncated_normal(mean=2, sd=3).mean()), 4)
        3.2821
        """
        return cls.from_spec("truncated_normal", {"mean": mean, "sd": sd}, by)

    @classmethod
    def folded_normal(cls, mean: Parameter, sd: Parameter, *, by: By = None) -> Lifetime:
        """The absolute value of a normal variable; `mean` and `sd` before folding.

        S(a) = P(Z > (a - mean) / sd) + P(Z > (a + mean) / sd).

        >>> round(float(Lifetime.folded_normal(mean=2, sd=3).mean()), 4)
        2.9067
        """
        return cls.from_spec("folded_normal", {"mean": mean, "sd": sd}, by)

    @classmethod
    def lognormal(cls, mean: Parameter, sd: Parameter, *, by: By = None) -> Lifetime:
        """Lognormal; `mean` and `sd` are those of the lifetime itself, not of its logarithm.

        S(a) = P(Z > (log a - mu) / sigma), sigma^2 = log(1 + (sd/mean)^2), mu = log(mean) - sigma^2 / 2.

        >>> float(Lifetime.lognormal(mean=10, sd=3).mean().round(12))
        10.0
        """
        return cls.from_spec("lognormal", {"mean": mean, "sd": sd}, by)

    @classmethod
    def weibull(
        cls,
        *,
        mean: Parameter = None,
        sd: Parameter = None,
        shape: Parameter = None,
        scale: Parameter = None,
        by: By = None,
    ) -> Lifetime:
        """Weibull by (mean, shape), (shape, scale) or (mean, sd): S(a) = exp(-(a/scale)^shape).

        The mean is scale Gamma(1 + 1/shape). A shape above 1 wears out, one below 1 fails early.

        >>> round(float(Lifetime.weibull(shape=1, scale=8).mean()), 12)
        8.0
        """
        return cls.from_spec("weibull", _given(mean=mean, sd=sd, shape=shape, scale=scale), by)

    @classmethod
    def gamma(
        cls,
        *,
        mean: Parameter = None,
        sd: Parameter = None,
        shape: Parameter = None,
        scale: Parameter = None,
        by: By = None,
    ) -> Lifetime:
        """Gamma by (mean, sd), (mean, shape) or (shape, scale).

        S(a) = Q(shape, a/scale), Q the regularised upper incomplete gamma function; mean = shape scale.

        >>> round(float(Lifetime.gamma(mean=10, sd=5).survival(10)), 4)
        0.4335
        """
        return cls.from_spec("gamma", _given(mean=mean, sd=sd, shape=shape, scale=scale), by)

    @classmethod
    def exponential(cls, mean: Parameter = None, *, rate: Parameter = None, by: By = None) -> Lifetime:
        """Exponential by its mean, or by the rate at which things leave (1/mean): S(a) = exp(-a/mean).

        >>> round(float(Lifetime.exponential(rate=0.1).mean()), 12)
        10.0
        """
        return cls.from_spec("exponential", _given(mean=mean, rate=rate), by)

    @classmethod
    def log_logistic(
        cls,
        *,
        mean: Parameter = None,
        sd: Parameter = None,
        shape: Parameter = None,
        scale: Parameter = None,
        by: By = None,
    ) -> Lifetime:
        """Log-logistic by (mean, shape), (shape, scale) or (mean, sd): S(a) = 1 / (1 + (a/scale)^shape).

        The scale is the median. A shape of 1 or less is refused: it has no finite mean.

        >>> float(Lifetime.log_logistic(shape=3, scale=8).survival(8))
        0.5
        """
        return cls.from_spec("log_logistic", _given(mean=mean, sd=sd, shape=shape, scale=scale), by)

    @classmethod
    def uniform(
        cls,
        low: Parameter = None,
        high: Parameter = None,
        *,
        mean: Parameter = None,
        sd: Parameter = None,
        by: By = None,
    ) -> Lifetime:
        """Lifetimes spread evenly from `low` to `high`, or by mean and sd.

        S(a) = 1 up to low, (high - a) / (high - low) from there to high, then 0.

        >>> Lifetime.uniform(5, 15).survival([5, 10, 15]).tolist()
        [1.0, 0.5, 0.0]
        """
        return cls.from_spec("uniform", _given(low=low, high=high, mean=mean, sd=sd), by)

    @classmethod
    def table(cls, age: Sequence[float], survival: Parameter, *, by: By = None) -> Lifetime:
        """An empirical table: the share alive at each age, straight lines between, 0 at the last age.

        `survival` has the ages as its first axis (after time, with `by`), or as the dimension `age`. Raises
        InputError when ages do not ascend from 0, or survival rises, leaves 0 to 1, or does not end at 0.

        >>> Lifetime.table([0, 5, 10], [1, 0.8, 0]).survival([2.5, 7.5]).tolist()
        [0.9, 0.4]
        """
        return cls.from_spec("table", {"age": age, "survival": survival}, by)

    def with_hazard(self, factor: Parameter) -> Lifetime:
        """The same lifetime with the hazard of each period multiplied ("nurture" by a factor).

        What survives period t is raised to the power of factor[t]: r_t = (sf[t]/sf[t-1])^factor[t]. The first
        axis (or the dimension `year`) is the period; a factor of 0.5 halves the hazard, 1 leaves it.

        Raises
        ------
        InputError
            When a factor is negative or not finite.

        >>> life = Lifetime.exponential(10).with_hazard([1.0, 2.0])
        >>> life.sf(range(2), "start")[:, 0].round(4).tolist()  # exp(-0.1), then exp(-0.2) times that
        [0.9048, 0.7408]
        """
        hazard = gather({"hazard factor": factor}, timed=True)
        factors = hazard.arrays[0]
        bad = ~(np.isfinite(factors) & (factors >= 0.0))
        if bad.any():
            text = f"the hazard factor{where(hazard, bad)} is {factors[bad][0]:g}; it must be 0 or more"
            raise InputError(Problem("lifetime-parameters", text, hint="1 leaves the hazard as it is"))
        return replace(self, _hazard=hazard)

    @property
    def scalar(self) -> bool:
        """Whether one lifetime holds for everything and always."""
        return not self.varies and self._values.shape == ()

    @property
    def varies(self) -> bool:
        """Whether it differs by cohort or by year."""
        return self.by is not None or self._hazard is not None

    def survival(self, age: npt.ArrayLike) -> Any:
        """S(a), the share with a lifetime above each age: the shape of `age`, then the parameters' own.

        Raises
        ------
        InputError
            When an age is negative or not a number.

        >>> Lifetime.fixed([4.0, 8.0]).survival([2, 6]).tolist()
        [[1.0, 1.0], [0.0, 1.0]]
        """
        return self._at(age, self._family.survival)

    def limited_expected_value(self, age: npt.ArrayLike) -> Any:
        """E[min(T, a)], the integral of S from 0 to a, in closed form; shaped as `survival`.

        Raises
        ------
        InputError
            When an age is negative or not a number.

        >>> float(Lifetime.fixed(10).limited_expected_value(4))
        4.0
        """
        return self._at(age, self._family.limited)

    def mean(self) -> Any:
        """E[T], the integral of S from 0 on, in the time unit; for the untruncated normal, of max(T, 0).

        >>> float(Lifetime.uniform(5, 15).mean())
        10.0
        """
        return self._labelled(np.asarray(self._family.mean(*self._values.arrays)), ())

    def sf(
        self,
        years: Sequence[Any] | None = None,
        timing: str = "uniform",
        *,
        edges: Sequence[float] | None = None,
    ) -> Floats:
        """The table sf[t, c, ...]: the share of cohort c's inflow in stock at the end of period t.

        Parameters
        ----------
        years
            Labels of the periods, ascending; their limits lie half way between. Or give `edges`.
        timing
            "uniform", "start", "middle", "end" or "gauss(2)" to "gauss(10)".

        Raises
        ------
        InputError
            When years are not ascending, or the timing is unknown.

        >>> Lifetime.fixed(1.5).sf(range(4))[:, 0].tolist()
        [1.0, 0.5, 0.0, 0.0]
        """
        periods = read_periods(years, edges=edges)
        own = self.own_shape
        grid = Grid(own, self._own_dims(), self._values.coords, len(periods), periods.labels, "the table")
        ageing, index = self.over(grid, periods.edges, timing)
        return table(ageing)[:, :, index].reshape(len(periods), len(periods), *own)

    def over(self, grid: Grid, edges: Floats, timing: str) -> tuple[Ageing, npt.NDArray[np.int64]]:
        """The distinct lifetimes over a stock's periods, and which of them each series of the stock has."""
        values = spread(self._values, grid)
        hazard = None if self._hazard is None else spread(self._hazard, grid)[0]
        lead = int(self.by is not None)
        own = np.broadcast_shapes(values[0].shape[lead:], () if hazard is None else hazard.shape[1:])
        flat = tuple(_flatten(v, lead, own) for v in values)
        scaled = None if hazard is None else _flatten(hazard, 1, own)
        count = int(np.prod(own, dtype=np.int64))
        index = np.broadcast_to(np.arange(count).reshape(own), grid.shape).ravel()
        ageing = Ageing(self._family, flat, straighten(edges), read_timing(timing), self.by, scaled)
        ageing, index = _merge(ageing, index)
        return ageing.quickened(), index

    @property
    def own_shape(self) -> tuple[int, ...]:
        """The shape of the parameters, time apart: () for one lifetime."""
        parts = [self._values.shape[int(self.by is not None) :]]
        if self._hazard is not None:
            parts.append(self._hazard.shape[1:])
        return np.broadcast_shapes(*parts)

    def _own_dims(self) -> tuple[str, ...] | None:
        dims = self._values.dims
        return dims if dims is None or self.by is None else dims[1:]

    def _at(self, age: npt.ArrayLike, equation: Any) -> Any:
        ages = np.asarray(age, dtype=np.float64)
        if not np.all(ages >= 0.0):
            raise InputError(Problem("age", "an age is negative or not a number"))
        column = ages.reshape(ages.shape + (1,) * len(self._values.shape))
        return self._labelled(np.asarray(equation(column, *self._values.arrays)), ages.shape, ages)

    def _labelled(self, values: Floats, lead: tuple[int, ...], ages: Floats | None = None) -> Any:
        """A DataArray where the parameters have names and the ages are a scalar or a list."""
        if not self._values.dims or len(lead) > 1:
            return values
        import xarray as xr

        coords: dict[str, Any] = dict(self._values.coords)
        if lead:
            coords["age"] = ages
        return xr.DataArray(values, dims=(*(["age"] if lead else []), *self._values.dims), coords=coords)

    def __repr__(self) -> str:
        parts = [f"{name}={_short(value)}" for name, value in self.parameters.items()]
        parts += [f"by={self.by!r}"] if self.by else []
        return f"Lifetime.{self.kind}({', '.join(parts)})" + (".with_hazard(...)" if self._hazard else "")


def raise_if(problems: list[Problem]) -> None:
    """Raise an InputError that carries the problems, if there are any."""
    if problems:
        raise InputError(*problems)


def _given(**parameters: Any) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


def _own(value: Any, copy: Floats) -> Any:
    """The copy of an array in its place, so that what the user does to it later does not show."""
    return copy if isinstance(value, np.ndarray) and value.shape == copy.shape else value


def _short(value: Any) -> str:
    if np.ndim(value) == 0 and not hasattr(value, "dims"):
        return str(value)
    return f"<{' x '.join(map(str, np.shape(value))) or 'scalar'}>"


def _flatten(values: Floats, lead: int, own: tuple[int, ...]) -> Floats:
    return np.broadcast_to(values, values.shape[:lead] + own).reshape(*values.shape[:lead], -1)


def _merge(ageing: Ageing, index: npt.NDArray[np.int64]) -> tuple[Ageing, npt.NDArray[np.int64]]:
    """Lifetimes that are the same, once; series that share one are computed together."""
    if ageing.lifetimes == 1 or ageing.by or ageing.hazard is not None:
        return ageing, index
    rows = np.stack(ageing.values, axis=1)
    _, first, same = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    if len(first) == ageing.lifetimes:
        return ageing, index
    return ageing.part(first), np.asarray(same).ravel()[index]
