"""The scenario document, version 1: frozen models whose field descriptions are the reference manual."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from mfa.spec.losses import Robust
from mfa.spec.stocks import Stock
from mfa.spec.values import (
    REST,
    Count,
    Label,
    Labels,
    Node,
    Number,
    Ratio,
    StrList,
    TableRef,
    Value,
    by_shape,
    refuse,
)

ProcessKind = Literal["process", "market", "stock", "source", "sink"]
_LIST_OR_COLUMN = Annotated[
    Annotated[tuple[Label, ...], Tag("list")] | Annotated[str, Tag("column")],
    by_shape("a list of labels, or the name of a column of the file", list=(list, tuple), column=str),
]
_GROUPS_OR_COLUMN = Annotated[
    Annotated[dict[Label, Labels], Tag("mapping")] | Annotated[str, Tag("column")],
    by_shape(
        "a mapping from label to members, or the name of a column of the file", mapping=dict, column=str
    ),
]
_TITLES_OR_COLUMN = Annotated[
    Annotated[dict[Label, str], Tag("mapping")] | Annotated[str, Tag("column")],
    by_shape("a mapping from label to title, or the name of a column of the file", mapping=dict, column=str),
]


class Dimension(Node):
    """The labels of one dimension: a list, `{range: [2015, 2024]}`, or a file with one label a row.

    A label may stand for several labels of the tables (`members`); `"*"` is every country not named
    elsewhere.
    """

    labels: _LIST_OR_COLUMN | None = Field(None, description="the labels, or the file's column of labels")
    range: tuple[Count, Count] | None = Field(None, description="[first, last], whole numbers, both included")
    step: Count = Field(1, ge=1, description="how far apart the labels of a range are")
    file: str | None = Field(None, description="a CSV with one row a label")
    members: _GROUPS_OR_COLUMN | None = Field(
        None,
        description="label -> the table labels it stands for, or the file's column of them, `;` between",
    )
    titles: _TITLES_OR_COLUMN | None = Field(
        None, description="label -> name in figures, or the file's column"
    )
    outside: Literal["refuse", "ignore"] = Field(
        "refuse",
        description="rows of tables at labels that it does not have: an error, or left out; for all tables "
        "that do not say otherwise",
    )

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, raw: object) -> object:
        return {"labels": raw} if isinstance(raw, list | tuple) else raw

    @model_validator(mode="after")
    def _one_form(self) -> Dimension:
        forms = [self.range is not None, self.file is not None, isinstance(self.labels, tuple)]
        if sum(forms) != 1:
            raise refuse("dimension-form", "give a list of labels, or a range, or a file: one of the three")
        columns = [k for k in ("labels", "members", "titles") if isinstance(getattr(self, k), str)]
        if columns and self.file is None:
            text = f"`{columns[0]}` names a column, and there is no file"
            hint = "add `file: regions.csv`, or write the labels here"
            raise refuse("dimension-form", text, columns[0], hint=hint)
        if self.range is not None and self.range[0] > self.range[1]:
            first, last = self.range
            text = f"the range is upside down: [{first}, {last}]"
            raise refuse("range", text, "range", hint=f"write [{last}, {first}]")
        if self.step > 1 and self.range is None:
            raise refuse("dimension-form", "`step` belongs to a range, and there is none", "step")
        if self.range is not None and (self.range[1] - self.range[0]) % self.step:
            first, last = self.range
            text = f"steps of {self.step} from {first} do not reach {last}"
            near = last - (last - first) % self.step
            raise refuse("range", text, "step", hint=f"end at {near} or at {near + self.step}")
        return self


class Units(Node):
    """The units of results, and of numbers that state none."""

    mass: str = Field(
        "t",
        description="unit of mass of flows, stocks, balances and figures, such as `Mt`; numbers that state a "
        "unit keep theirs",
    )
    time: str = Field("year", description="unit of time of the time dimension")


class Process(Node):
    """A node of the system: `process`, `market` (mixes what enters), `stock`, `source` or `sink`."""

    kind: ProcessKind = Field("process", description="source and sink are boundaries: they have no balance")
    label: str | None = Field(None, description="name in figures and tables")
    where: dict[str, Labels] = Field(
        default_factory=dict, description="the labels at which the process exists"
    )
    converts: StrList = Field(
        (),
        description="dimensions of `by` whose labels change here (ores become metals): the balance holds for "
        "their sum, and not label by label",
    )
    balance: Literal["closed", "open"] = Field(
        "closed",
        description="`open`: not all that enters or leaves is known; the gap is reported and exerts nothing",
    )
    statistical_difference: Value | None = Field(
        None,
        description="a named flow that closes the balance of a market, with this standard deviation "
        "(`cv` of the market's throughput, `sd`, `floor`): evidence of missing statistics, never a plug",
    )


class Flow(Node):
    """An edge of the system, a tensor over the dimensions (and `by`)."""

    from_: str = Field(alias="from", description="the process it leaves")
    to: str = Field(description="the process it enters")
    commodity: str | None = Field(None, description="what flows: names its composition and content")
    by: StrList = Field((), description="further dimensions")
    where: dict[str, Labels] = Field(default_factory=dict, description="the labels at which the flow exists")
    label: str | None = Field(None, description="name in figures and tables")


def _pairs(raw: object) -> str:
    return "word" if raw in ("observed", "all") else "table"


Pairs = Annotated[
    Annotated[Literal["observed", "all"], Tag("word")] | Annotated[TableRef, Tag("table")],
    Discriminator(_pairs),
]
"""`observed`, `all`, or a table with the columns exporter and importer."""


class Trade(Node):
    """A bilateral flow of a commodity between the regions of one process, kept on the pairs that exist."""

    at: str = Field(description="the process (a market) whose regions trade")
    commodity: str | None = Field(None, description="what is traded")
    pairs: Pairs = Field(
        "observed", description="which pairs exist: those with an observation, all, or the rows of a table"
    )
    where: dict[str, Labels] = Field(
        default_factory=dict, description="limits on exporter and importer labels"
    )
    label: str | None = Field(None, description="name in figures and tables")


_ELEMENT = "element"


class Composition(Value):
    """The element split of a commodity: `mixed`, or given shares over `element` (and other dimensions).

    Shares of element alone may stand without `data`: `{P: {value: 0.10, sd: 0.01}, other: rest}`.
    """

    mixed: bool = Field(False, description="whatever leaves a process has that process's composition")
    rest: Label | None = Field(
        None, description="the element that takes what the others leave, wherever its share is not stated"
    )

    @model_validator(mode="before")
    @classmethod
    def _lift_shares(cls, raw: object) -> object:
        if raw == "mixed":
            return {"mixed": True}
        shares = {k: v for k, v in raw.items() if k not in cls.model_fields} if isinstance(raw, dict) else {}
        if not isinstance(raw, dict) or not shares or not all(map(_is_share, shares, shares.values())):
            return raw
        beside = {k: v for k, v in raw.items() if k in cls.model_fields}
        if {"data", "table", "value", "mixed"} & set(beside) or not _along_element(beside.get("dims")):
            return raw
        return {**beside, "data": shares, "dims": [_ELEMENT]}


def _is_share(key: object, raw: object) -> bool:
    """Whether what stands at a key can be an element's share, and the key is no misspelt one of the form."""
    if get_close_matches(str(key), Composition.model_fields, cutoff=0.75):
        return False
    if isinstance(raw, str):
        return raw == REST or any(c.isdigit() for c in raw[:2])
    return isinstance(raw, int | float | dict)


def _along_element(dims: object) -> bool:
    return dims in (None, _ELEMENT, [_ELEMENT], (_ELEMENT,))


_NAMES_OR_FACTORS = Annotated[
    Annotated[StrList, Tag("names")] | Annotated[dict[str, Number], Tag("factors")],
    by_shape(
        "a name, a list of names, or a mapping from name to factor", names=(str, list, tuple), factors=dict
    ),
]


class Target(Node):
    """What a number speaks about: flows, trades or stocks, where, and over what it is summed."""

    of: _NAMES_OR_FACTORS = Field(
        description="a flow, trade or stock; a list is their sum; a mapping gives each a factor"
    )
    at: dict[str, Labels] = Field(default_factory=dict, description="the labels it is restricted to")
    sum: StrList = Field((), description="the dimensions the report sums over")


class Common(Node):
    """An error that the rows of one observation share: of a factor (`cv`) or of an amount (`sd`)."""

    cv: Ratio | None = Field(None, description="standard deviation of a factor that all rows share")
    sd: Number | None = Field(None, description="standard deviation of an amount, in the observation's unit")
    by: StrList = Field(
        (), description="dimensions: one error for each of their labels, one for all unless given"
    )

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, raw: object) -> object:
        return {"cv": raw} if isinstance(raw, str | int | float) and not isinstance(raw, bool) else raw

    @model_validator(mode="after")
    def _one_size(self) -> Common:
        given = [k for k in ("cv", "sd") if getattr(self, k) is not None]
        if len(given) != 1:
            raise refuse(
                "uncertainty", "a common error has one size: cv for a factor, sd for an amount", *given
            )
        if not getattr(self, given[0]) > 0:
            raise refuse("uncertainty", f"a common error must be above 0: {given[0]}", *given)
        return self


class Observation(Value, Target):
    """A reported number (or a table of them) with its uncertainty, source and edition."""

    reported_by: Literal["importer", "exporter", "producer", "other"] | None = Field(
        None, description="who reports a trade: mirror reports of a pair are compared"
    )
    editions: Literal["latest", "all"] = Field(
        "latest", description="of several editions for the same labels, which count as evidence"
    )
    robust: Robust | None = Field(None, description="its own loss; that of `solve` unless given")
    common: Common | None = Field(
        None, description="an error that its rows share: `5%`, or `{sd | cv, by}` for one error per label"
    )
    may_be_bound: ClassVar[bool] = True


class Constraint(Target):
    """Limits that must hold: `min`, `max`, or `equal`."""

    min: Value | None = Field(None, description="the least it may be")
    max: Value | None = Field(None, description="the most it may be")
    equal: Value | None = Field(None, description="what it must be")
    source: str | None = Field(None, description="a name of `sources`")

    @model_validator(mode="after")
    def _some(self) -> Constraint:
        if self.min is None and self.max is None and self.equal is None:
            raise refuse("constraint-form", "a constraint needs min, max or equal")
        return self


class Driver(Value, Target):
    """An exogenous number of a simulation: what a flow, trade or stock is, exactly."""


class Solve(Node):
    """Which question is asked and how it is solved."""

    question: Literal["reconcile", "simulate"] = Field(
        "reconcile",
        description="`reconcile`: what happened, given what was reported; `simulate`: what follows from "
        "drivers, shares and lifetimes, all taken as exact (observations are compared, and exert no pull)",
    )
    robust: Robust = Field(
        "l2",
        description="loss of an observation's residual: l2, huber, l1, student_t, contaminated, or one with "
        "its parameters such as `{student_t: {nu: 4}}`; figures are judged by least squares whatever it is",
    )
    on_infeasible: Literal["explain"] = Field("explain", description="the rows in conflict are named")
    on_free: Literal["report", "stop"] = Field("report", description="what an undetermined flow means")
    tolerance: Number = Field(1e-9, gt=0, description="relative closure of every balance")
    max_iterations: Count = Field(200, ge=1, description="outer iterations")


class Uncertainty(Node):
    """How standard deviations are computed."""

    method: Literal["posterior", "montecarlo"] = Field(
        "posterior",
        description="`posterior`: error propagation at the solution; `montecarlo`: standard deviations over "
        "draws, every report perturbed and the problem solved again, cut off at bounds",
    )
    draws: Count = Field(1000, ge=2, description="montecarlo: number of draws")
    seed: Count = Field(1, ge=0, description="montecarlo: seed of the draws")


class Variant(Node):
    """Changes to the scenario under a name."""

    from_: StrList = Field((), alias="from", description="variants applied first")
    set: dict[str, Any] = Field(default_factory=dict, description="path -> new value")
    drop: StrList = Field((), description="paths to remove")
    label: str | None = Field(None, description="name in figures and tables")


class Sweep(Node):
    """Values that one path takes in turn."""

    path: str = Field(description="the path that varies")
    values: list[Any] = Field(min_length=1, description="the values it takes")


class Figure(Node):
    """One figure: its kind and what it shows."""

    kind: str = Field(description="sankey, area, ages, adjustments or mirror")
    of: StrList = Field(
        (),
        description="flows, trades or stocks shown; of adjustments and mirrors observations, too (all "
        "that fit unless given)",
    )
    at: dict[str, Labels] = Field(default_factory=dict, description="the labels it is restricted to")
    by: str | None = Field(None, description="the dimension that makes the bands")
    unit: str | None = Field(None, description="the unit of its axis, such as `kt REO` or `Mitem`")
    title: str | None = Field(None, description="heading; a description is made up unless given")
    top: Count = Field(8, ge=1, description="how many bands or rows; the rest is summed as others")


class Outputs(Node):
    """What is computed from the result and drawn."""

    indicators: dict[str, str] = Field(
        default_factory=dict, description="name -> formula (+ - * / sum cumsum share)"
    )
    figures: dict[str, Figure] = Field(default_factory=dict, description="name -> figure")


class Source(Node):
    """Where numbers come from."""

    title: str = Field(description="full citation")
    licence: str | None = Field(None, description="licence of the data")
    url: str | None = Field(None, description="where it was published")
    edition: str | None = Field(None, description="edition used unless a row names one")
    note: str | None = Field(None, description="anything a reader should know")


def _share(raw: object) -> str:
    return "rest" if raw == REST else "share"


Transfer = Annotated[
    Annotated[Literal["rest"], Tag("rest")] | Annotated[Value, Tag("share")], Discriminator(_share)
]
"""A share of what enters the process, or `rest`."""


class Scenario(Node):
    """A scenario: the system, data, constraints, variants, outputs. A model is a scenario without data."""

    mfa: Literal[1] = Field(description="version of this grammar")
    name: str = Field(
        "scenario", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="names the output folder"
    )
    title: str = Field("", description="heading of the report")
    description: str = Field("", description="what the scenario is about")
    import_: StrList = Field((), alias="import", description="files merged first; this file wins")
    dimensions: dict[str, Dimension] = Field(
        default_factory=dict, description="year, region, element and others"
    )
    units: Units = Field(default_factory=Units, description="units of the results")
    bases: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="a mass basis -> the compound of each element it counts (REO: {La: La2O3, Ce: CeO2})",
    )
    processes: dict[str, Process] = Field(default_factory=dict, description="nodes")
    flows: dict[str, Flow] = Field(default_factory=dict, description="edges")
    trade: dict[str, Trade] = Field(default_factory=dict, description="bilateral flows")
    compositions: dict[str, Composition] = Field(
        default_factory=dict, description="element split of commodities"
    )
    contents: dict[str, Value] = Field(
        default_factory=dict,
        description="mass that a commodity holds (t REO / t gross, or kg / item of what is counted); over "
        "`element` it is the commodity's composition too",
    )
    transfers: dict[str, dict[str, Transfer]] = Field(
        default_factory=dict,
        description="process -> outflow -> share of the inflows (of what leaves, where the process holds a "
        "stock with a lifetime; over a dimension that all of them have: of those with the same label); one "
        "`rest` closes to 1",
    )
    stocks: dict[str, Stock] = Field(default_factory=dict, description="stocks of processes")
    observations: dict[str, Observation] = Field(default_factory=dict, description="what was reported")
    drivers: dict[str, Driver] = Field(default_factory=dict, description="exogenous numbers of a simulation")
    constraints: dict[str, Constraint] = Field(default_factory=dict, description="what must hold")
    solve: Solve = Field(default_factory=Solve, description="the question")
    uncertainty: Uncertainty = Field(default_factory=Uncertainty, description="standard deviations")
    variants: dict[str, Variant] = Field(default_factory=dict, description="named changes")
    sweep: dict[str, Sweep] = Field(default_factory=dict, description="paths that vary")
    outputs: Outputs = Field(default_factory=Outputs, description="indicators and figures")
    sources: dict[str, Source] = Field(default_factory=dict, description="where numbers come from")
