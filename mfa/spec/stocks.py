"""Stocks and their lifetimes in the scenario document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from mfa.errors import did_you_mean
from mfa.spec.lifetimes import KINDS, ONE_NUMBER, TIMINGS, is_timing, parameter_sets
from mfa.spec.values import Node, Number, StrList, Value, plain, refuse


def _parameter(raw: object) -> str:
    return "list" if isinstance(raw, list | tuple) else _ONE


_ONE = "one value"
"""A tag that no key of a document is spelt like: `value` is one."""
Parameter = Annotated[
    Annotated[tuple[Number, ...], Tag("list")] | Annotated[Value, Tag(_ONE)], Discriminator(_parameter)
]
"""A number, a value over dimensions, or a list (the ages and the survival of a table)."""


class Parameters(Node):
    """One lifetime distribution: its kind and parameters."""

    kind: str = Field(description="fixed, normal, lognormal, weibull, ...: see `mfa explain lifetime-kind`")
    parameters: dict[str, Parameter] = Field(
        description="such as `{mean: 15, shape: 3.5}`, in years; each may be a `table` or `data` with `dims` "
        "of the stock, the time being that of entry"
    )


def _lifetime(raw: object) -> object:
    """`{weibull: {mean: 15, shape: 3.5}}` or `{fixed: 10}` as kind and parameters."""
    if not isinstance(raw, dict):
        hint = "write `{weibull: {mean: 15, shape: 3.5}}` or `{fixed: 10}`"
        text = f"a lifetime is a mapping from a kind to its parameters, not {plain(raw)}"
        raise refuse("type", text, hint=hint)
    if "kind" in raw:
        return raw
    if len(raw) != 1:
        raise refuse(
            "lifetime-form", f"a lifetime names one distribution; here are {len(raw)}: {_names(raw)}"
        )
    ((kind, value),) = raw.items()
    if value is None:
        hint = f"the parameters are {parameter_sets(kind)}" if kind in KINDS else ""
        raise refuse("lifetime-parameters", f'"{kind}" has no parameters', kind, hint=hint)
    several = isinstance(value, dict) and not {"value", "table", "data"} & {*value}
    return {"kind": kind, "parameters": value if several else {ONE_NUMBER: value}}


def _names(raw: dict[Any, Any]) -> str:
    return ", ".join(f'"{k}"' for k in raw) or "none"


def _one_lifetime(raw: object) -> str:
    """Whether a raw lifetime is one distribution or a mapping from labels to distributions."""
    if not isinstance(raw, dict) or "kind" in raw or not raw or any(k in KINDS for k in raw):
        return "one"
    single = len(raw) == 1 and not any(
        isinstance(v, dict) and any(k in KINDS for k in v) for v in raw.values()
    )
    return "one" if single else "many"


Lifetime = Annotated[Parameters, BeforeValidator(_lifetime)]
"""One lifetime distribution, as `{kind: {parameter: number}}`."""
Lifetimes = Annotated[
    Annotated[Lifetime, Tag("one")] | Annotated[dict[str, Lifetime], Tag("many")],
    Discriminator(_one_lifetime),
]
"""One lifetime, or one for every label of a dimension."""


def _structure(raw: object) -> str:
    return "word" if isinstance(raw, str) else _parameter(raw)


AgeStructure = Annotated[
    Annotated[Literal["stationary", "new"], Tag("word")]
    | Annotated[tuple[Number, ...], Tag("list")]
    | Annotated[Value, Tag(_ONE)],
    Discriminator(_structure),
]
"""`stationary`, `new`, shares youngest first, or shares as a value over `age`."""


class Stock(Node):
    """A stock of a process: a cohort stock with a lifetime, a plain level, or a reserve."""

    at: str = Field(description="the process that holds it")
    kind: Literal["cohort", "level", "reserve"] = Field("level", description="what drives its outflow")
    inflow: StrList = Field((), description="flows into it (all inflows of the process unless given)")
    outflow: StrList = Field((), description="flows out of it (all outflows of the process unless given)")
    lifetime: Lifetimes | None = Field(
        None, description="`{weibull: {mean: 15, shape: 3.5}}`, or one for every label of a `by` dimension"
    )
    timing: str = Field(
        "uniform", description="when in a year the inflow enters: uniform, start, middle, end, gauss(n)"
    )
    initial: Value | None = Field(
        None,
        description="the level before the first period: a total, or by `cohort`, a dimension of the periods "
        "of entry before it (`dims: [cohort, region]`); where no number is given nothing was there",
    )
    age_structure: AgeStructure = Field(
        "stationary",
        description="ages of an initial total: `stationary` (as under a constant inflow before), `new`, a "
        "list of shares (youngest first, a period each), or shares over `age`, a dimension of the ages at "
        "which classes begin (`dims: [age, region]`)",
    )
    shrinking: Literal["error", "retire", "allow"] = Field(
        "error",
        description="what gives way where a driven level falls faster than cohorts leave: nothing, `retire` "
        "(all cohorts are scaled down alike, nothing enters), `allow` (the inflow is negative)",
    )
    used: dict[str, AgeStructure] = Field(
        default_factory=dict,
        description="inflows of used things -> their ages when they enter: a list of shares (youngest "
        "first, a period each), or shares over `age`; they live on as survivors of their cohort",
    )
    recovery: Value | None = Field(None, description="reserve: mass that leaves = depletion x recovery")
    additions: Value | None = Field(None, description="reserve: discoveries and upgrades a year")

    @model_validator(mode="before")
    @classmethod
    def _kind(cls, raw: object) -> object:
        if isinstance(raw, dict) and "lifetime" in raw and "kind" not in raw:
            return {**raw, "kind": "cohort"}
        return raw

    @model_validator(mode="after")
    def _known_timing(self) -> Stock:
        if not is_timing(self.timing):
            hint = did_you_mean(self.timing, TIMINGS)
            raise refuse("choice", f'"{self.timing}" is not a timing', "timing", hint=hint)
        return self
