"""The one form of a value: a number, a table or data, with unit, uncertainty, source and edition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    StrictBool,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from mfa.errors import InputError, did_you_mean
from mfa.spec.reported import parse_quantity, two_readings, why_no_number

_NUMBER = r"[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_NUMBER_UNIT = re.compile(rf"\s*({_NUMBER})\s*([A-Za-z%].*)?")
_FIGURE_UNIT = re.compile(
    rf"\s*((?:[<>]=?|[≤≥~≈])\s*{_NUMBER}(?:\s*%)?|{_NUMBER}\s*%?\s*(?:-|–|—|to)\s*{_NUMBER}(?:\s*%)?)\s*([A-Za-z].*)?"
)
_PERCENT = re.compile(rf"\s*({_NUMBER})\s*%\s*")
FORMATS = ("long", "usgs", "dataweb", "baci", "comtrade")
"""How a table may be laid out: `long`, or the connector that reads it."""


def refuse(code: str, text: str, *keys: str, hint: str = "") -> PydanticCustomError:
    """The error a validator raises: its code for `mfa explain`, a sentence, the keys to blame, a hint."""
    return PydanticCustomError(code, "{text}", {"text": text, "hint": hint, "keys": keys})


def both(keys: list[str]) -> str:
    """`sd and cv are both given`, for two keys or more."""
    return f"{', '.join(keys[:-1])} and {keys[-1]} are {'both' if len(keys) == 2 else 'all'} given"


def by_shape(expected: str, **kinds: type | tuple[type, ...]) -> Discriminator:
    """A union's discriminator: the tag whose Python type the raw value has; errors name only that branch."""

    def tag(raw: object) -> str | None:
        return next((name for name, kind in kinds.items() if isinstance(raw, kind)), None)

    return Discriminator(tag, custom_error_type="type", custom_error_message=f"expected {expected}")


LARGE_CV = 3.0
"""A relative standard deviation from which a percentage is likely to be meant."""


class Node(BaseModel):
    """A frozen part of a document that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def ratio(value: object) -> object:
    """`"10%"` and `"10 %"` as 0.1; anything else unchanged."""
    if isinstance(value, str) and (found := _PERCENT.fullmatch(value)):
        return float(found.group(1).replace("_", "")) / 100
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _label(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise refuse("type", f"a label is text or a whole number, not {plain(value)}")
    return value


def plain(value: object) -> str:
    """A raw value in a sentence: `the number 5`, `the text "x"`, `a list`, `a mapping`, `nothing`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f'the text "{value}"'
    return "a mapping" if isinstance(value, dict) else "a list"


Number = Annotated[float, Strict()]
"""A number; text and booleans are refused."""
Count = Annotated[int, Strict()]
"""A whole number."""
Ratio = Annotated[
    float,
    Strict(),
    BeforeValidator(ratio),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*[-+0-9.eE]+\s*%\s*$"}]}
    ),
]
"""A share or relative error: a number, or a percentage such as `10%`."""
StrList = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One name or a list of names."""
_LABEL_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
Label = Annotated[str | int, BeforeValidator(_label), WithJsonSchema(_LABEL_SCHEMA)]
"""A label of a dimension: text, or a whole number such as a year."""
Labels = Annotated[
    tuple[Label, ...],
    BeforeValidator(lambda v: v if isinstance(v, list | tuple) else [v]),
    WithJsonSchema({"anyOf": [*_LABEL_SCHEMA["anyOf"], {"type": "array", "items": _LABEL_SCHEMA}]}),
]
"""One label or a list of labels of a dimension."""


class TableRef(Node):
    """Where numbers are and how to read it: a long CSV, parquet, `book.xlsx#Sheet`, or a connector."""

    file: StrList = Field(description="path, or paths (with * and ?), relative to the file that names it")
    format: str = Field("long", description="`long`, or a connector: usgs, dataweb, baci, comtrade")
    where: dict[str, Labels] = Field(
        default_factory=dict, description="keep the rows whose column has this value"
    )
    rename: dict[str, str] = Field(default_factory=dict, description="column of the file -> name used here")
    column: str | None = Field(
        None, description="the column that holds the numbers (`value`, else `quantity`)"
    )
    gaps: Literal["zero", "refuse"] | None = Field(
        None,
        description="a group member without a row in some year: counts as zero, or is refused (unless given: "
        "zero with a warning); `refuse` also refuses sums with a member whose figure is withheld",
    )
    outside: Literal["refuse", "ignore"] | None = Field(
        None,
        description="rows of years or other labels that the dimensions do not have: refused or left out (as "
        "the dimension says unless given)",
    )
    sum_over: StrList = Field((), description="columns over which rows are added up, such as `hs`")
    optional: StrictBool = Field(
        False, description="an absent file means no rows (a dataset that users supply)"
    )

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, raw: object) -> object:
        return {"file": raw} if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _known_format(self) -> TableRef:
        if self.format not in FORMATS:
            hint = did_you_mean(self.format, FORMATS)
            raise refuse("choice", f'"{self.format}" is not a format of tables', "format", hint=hint)
        return self


class Uncertain(Node):
    """How uncertain a number is: one of `sd`, `cv`, `interval`, `factor`, or columns of the table."""

    sd: Number | None = Field(None, description="standard deviation, in the unit of the value; 0 means exact")
    cv: Ratio | None = Field(
        None, description="relative standard deviation of the adjusted value, such as `10%`"
    )
    interval: tuple[Number | None, Number | None] | None = Field(
        None,
        description="[low, high]: uniform between the two. Of an observation without a value it is a bound, "
        "open where it says null: a limit, or with sd or cv a soft one, beyond which it pulls",
    )
    factor: Number | None = Field(
        None,
        description="lognormal errors: the true value is within this factor (68 %), the value the median",
    )
    floor: Value | None = Field(None, description="the least standard deviation, such as `1 t`")

    @model_validator(mode="after")
    def _one_way(self) -> Uncertain:
        given = [k for k in ("sd", "cv", "interval", "factor") if getattr(self, k) is not None]
        if len(given) > 1 and not (self.bound and given in (["sd", "interval"], ["cv", "interval"])):
            raise refuse("uncertainty", f"state the uncertainty once: {both(given)}", *reversed(given))
        if self.sd is not None and self.sd < 0:
            raise refuse("uncertainty", f"a standard deviation cannot be negative: sd = {self.sd:g}", "sd")
        if self.cv is not None and self.cv < 0:
            text = f"a relative standard deviation cannot be negative: cv = {self.cv:g}"
            raise refuse("uncertainty", text, "cv")
        low, high = self.interval or (None, None)
        if low is not None and high is not None and low > high:
            raise refuse("uncertainty", f"the interval is upside down: [{low:g}, {high:g}]", "interval")
        if self.factor is not None and self.factor <= 1:
            text = f"a lognormal factor must be above 1: factor = {self.factor:g}"
            raise refuse("uncertainty", text, "factor")
        return self

    @property
    def uncertain(self) -> bool:
        """Whether it says how uncertain it is, exactness (`sd: 0`) included."""
        return any(getattr(self, k) is not None for k in ("sd", "cv", "interval", "factor"))

    @property
    def bound(self) -> bool:
        """Whether it states an interval and no number in it."""
        return False


def _read_text(raw: str) -> dict[str, Any]:
    """`"10 kt"`, `"10 %"`, `">90 kt"`, `"10-20 kt"` and `"~100 kt"` in the full form."""
    if readings := two_readings(raw):
        hint = "write the number without a comma between thousands; the decimal mark is a point"
        raise refuse("value-form", f'"{raw}" may be {readings}', "value", hint=hint)
    found = _NUMBER_UNIT.fullmatch(raw)
    if not found:
        return _read_figure(raw)
    number = float(found.group(1).replace("_", "")) + 0.0  # no minus zero
    unit = (found.group(2) or "").strip()
    if unit == "%":
        return {"value": number / 100}
    return {"value": number, "unit": unit} if unit else {"value": number}


def _read_figure(raw: str) -> dict[str, Any]:
    """A bound, a range or a round number, as tables hold them, with its unit."""
    found = _FIGURE_UNIT.fullmatch(raw)
    try:
        stated = parse_quantity(found.group(1)) if found else None
    except InputError as error:
        raise refuse("value-form", error.problems[0].text, "value") from None
    if found is None or stated is None:
        text = f'"{raw}" is not a number, nor a number with a unit such as "10 kt"'
        hint = why_no_number(raw.strip()) or 'bounds and ranges are written ">90 kt", "10-20 kt", "~100 kt"'
        raise refuse("value-form", text, "value", hint=hint)
    read: dict[str, Any] = {} if stated.value is None else {"value": stated.value}
    unit = (found.group(2) or "").strip()
    return {**read, "interval": [stated.low, stated.high]} | ({"unit": unit} if unit else {})


REST = "rest"
"""What a share is that takes what the others leave."""


def _entry_kind(raw: object) -> str:
    """What stands in `data`: a number, `rest`, one with an uncertainty of its own, or more of them inside."""
    if isinstance(raw, str | BaseModel) or (isinstance(raw, dict) and "value" in raw):
        return "rest" if raw == REST else "entry"
    return "mapping" if isinstance(raw, dict) else "list" if isinstance(raw, list | tuple) else "number"


def _entry(raw: object) -> object:
    """One of the numbers of `data` in the full form: a percentage is a share, whatever the unit beside it."""
    text = raw.get("value") if isinstance(raw, dict) else raw
    if not isinstance(text, str):
        return raw
    if not any(c.isdigit() for c in text):
        raise refuse("data-shape", f"expected a number, found {plain(text)}")
    read = _read_text(text)
    own = {"unit": "1"} if "%" in text and "unit" not in read else {}
    beside = {k: v for k, v in raw.items() if k != "value"} if isinstance(raw, dict) else {}
    return {**own, **beside, **read}


if TYPE_CHECKING:
    Data = Any  # an alias of itself is more than mypy follows through annotations
else:
    Data = TypeAliasType(
        "Data",
        Annotated[
            Annotated[Number, Tag("number")]
            | Annotated[Literal["rest"], Tag("rest")]
            | Annotated["Value", BeforeValidator(_entry), Tag("entry")]
            | Annotated[dict[Label, "Data"], Tag("mapping")]
            | Annotated[list["Data"], Tag("list")],
            Discriminator(_entry_kind),
        ],
    )
"""What may stand at a label of `data`: a number, `{value, sd}`, `rest` in a composition, or labels of the
next dimension."""
_NUMBERS = Annotated[
    Annotated[dict[Label, Data], Tag("mapping")] | Annotated[list[Data], Tag("list")],
    by_shape("a mapping from label to number, or a list of numbers", mapping=dict, list=list),
]


class Value(Uncertain):
    """A number or an array of numbers: `number | {value | table | data, dims, unit, sd, source, ...}`."""

    value: Number | None = Field(None, description="one number for every label")
    table: TableRef | None = Field(None, description="a table of numbers")
    data: _NUMBERS | None = Field(
        None,
        description="numbers written here: a mapping from label to number or `{value, sd | cv | interval}`, "
        "nested in the order of `dims`; in a composition one element may be `rest`",
    )
    dims: StrList = Field((), description="the dimensions the numbers vary over")
    unit: str | None = Field(None, description="such as `t`, `kt Nd`, `t REO`, `t gross`, `%`")
    basis: str | None = Field(
        None, description="what shares are counted in: a name of `bases`, or element mass"
    )
    source: str | None = Field(None, description="a name of `sources`")
    edition: str | None = Field(None, description="which edition of the source")
    derived_from: StrList = Field(
        (), description="observations this figure was made from: where they are there, it exerts no pull"
    )
    interpolate: Literal["linear", "step"] | None = Field(None, description="fill years between given ones")
    note: str | None = Field(None, description="anything a reader should know")
    may_be_bound: ClassVar[bool] = False

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, raw: object) -> object:
        """Numbers and `"10 kt"` lifted to the full form; `value: 10 kt` inside the full form too."""
        if isinstance(raw, str):
            return _read_text(raw)
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            return {"value": raw}
        if isinstance(raw, dict) and isinstance(raw.get("value"), str):
            read = _read_text(raw["value"])
            twice = "unit" in read or ("%" in raw["value"] and raw.get("unit") in ("%", "percent"))
            if raw.get("unit") is not None and twice:
                text = f'the unit is stated twice: "{raw["value"]}" and "{raw["unit"]}"'
                raise refuse("value-form", text, "unit")
            if "interval" in raw and "interval" in read:
                text = f'the interval is stated twice: "{raw["value"]}" and {raw["interval"]}'
                raise refuse("value-form", text, "interval")
            return {**{k: v for k, v in raw.items() if k != "value"}, **read}
        return raw

    @model_validator(mode="after")
    def _one_form(self) -> Value:
        given = [k for k in ("value", "table", "data") if getattr(self, k) is not None]
        if len(given) > 1:
            text = f"give one of value, table and data: {both(given)}"
            raise refuse("value-form", text, *reversed(given))
        if self.bound and not self.may_be_bound:
            raise refuse("value-form", "a bound is no number: only an observation may state one", "interval")
        if self.factor is not None and self.value is not None and self.value < 0:
            text = f"a figure with lognormal errors cannot be negative: value = {self.value:g}"
            raise refuse("uncertainty", text, "factor")
        if (
            self.interval is not None
            and None in self.interval
            and (not self.bound or set(self.interval) == {None})
        ):
            raise refuse("uncertainty", "an interval has two ends, unless it is a bound alone", "interval")
        return self

    @property
    def bound(self) -> bool:
        """Whether it states an interval and no number in it."""
        return self.interval is not None and not self.stated

    @property
    def stated(self) -> bool:
        """Whether any number is given."""
        return self.value is not None or self.table is not None or self.data is not None


Uncertain.model_rebuild()
Value.model_rebuild()
