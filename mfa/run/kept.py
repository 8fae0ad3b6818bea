"""What the folder of a result holds, read back: shapes, labels, words and columns checked on the way."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ValidationError

from mfa.core.labels import ELEMENT, dimension_of
from mfa.core.stock.ages import Ages
from mfa.errors import MfaError
from mfa.files import read_bytes
from mfa.limits import RESULT_BYTES
from mfa.printed import as_cell, from_cell
from mfa.run import sound
from mfa.run.cohorts import from_plain
from mfa.run.result import MARKS, NUMBERS, STATUSES, Quantity
from mfa.run.sound import Unsound, array, attribute, finite, mapping, read_json, within, word, words
from mfa.spec.schema import Outputs
from mfa.units import parse_unit

WORDS = ("kind", "label", "source", "target", "commodity", "unit", "basis")
"""The texts that a quantity has as attributes."""
CODES = {"status": len(STATUSES), "mark": len(MARKS)}
"""The places in a list of words that every cell has, and how long the list is; -1 is none of them."""
FIGURES = frozenset(
    (
        *(
            "value",
            "sd",
            "sigma",
            "adjusted",
            "adjusted_sd",
            "residual",
            "shift",
            "z",
            "leverage",
            "low",
            "high",
        ),
        *("inflow", "outflow", "stock_change", "difference", "throughput", "relative", "size", "critical"),
        *("chi_square", "dof", "p", "order", "mean", "sigmas", "misfit"),
    )
)
"""Columns of tables that hold numbers."""
ENDS = ("low", "high")
"""Columns of ends of intervals, which may be open."""
REPORTED = (
    *("name", "of", "source", "edition", "value", "sigma", "adjusted", "adjusted_sd", "shift", "z"),
    *("flag", "standing", "unit"),
)
"""Columns that tables of reports and of stated parameters have beside their labels."""
NEEDED: Mapping[str, tuple[str, ...]] = {
    "observations": (*REPORTED, "reported_by"),
    "parameters": REPORTED,
    "balances": ("process", "throughput", "relative"),
    "free": ("kind", "name", "value", "sd", "low", "high"),
    "indicators": ("name", "value", "sd"),
    "gross_errors": ("order", "name", "chi_square", "dof", "p"),
}
"""Columns without which a table is none of a result; a table without any rows may lack them."""


def nested(value: Any) -> Any:
    """JSON back as mappings and tuples; raises Unsound for what no result is written as."""
    if isinstance(value, dict):
        pairs = value.get("map")
        if not isinstance(pairs, list) or not all(isinstance(p, list) and len(p) == 2 for p in pairs):
            raise Unsound("a mapping is written in another form")
        if not all(isinstance(key, str | int) for key, _ in pairs):
            raise Unsound("a mapping has a key that is neither text nor a whole number")
        return {key: nested(inner) for key, inner in pairs}
    return tuple(nested(v) for v in value) if isinstance(value, list) else value


def meta_of(text: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """What a result says of itself beside its numbers: names, dimensions, facts, outputs, sources."""
    plain = mapping(read_json(text, "its description"), "its description")
    if set(plain) != set(keys):
        raise Unsound(f"its description has the keys {', '.join(sorted(map(str, plain)))}")
    found = {key: nested(value) for key, value in plain.items()}
    for key, check in _META.items():
        check(found[key], key)
    return found


def _labels(value: Any, where: str) -> None:
    for name, labels in mapping(value, where).items():
        word(name, where)
        if not isinstance(labels, tuple) or not all(isinstance(x, str | int) for x in labels):
            raise Unsound(f"{where} {name} are no labels")


def _tables_of_words(value: Any, where: str) -> None:
    for name, inner in mapping(value, where).items():
        for text in mapping(inner, f"{where} {name}").values():
            word(text, f"{where} {name}")


def _texts(value: Any, where: str) -> None:
    for text in (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else (None,)
    ):
        word(text, where)


def _processes(value: Any, where: str) -> None:
    _tables_of_words(value, where)
    if not all({"kind", "label"} <= set(inner) for inner in value.values()):
        raise Unsound(f"{where} lack a kind or a label")


def _facts(value: Any, where: str) -> None:
    """Counts and tests are numbers, the order of quantities texts."""
    facts = mapping(value, where)
    untested = [name for name in _OF_CHI_SQUARE if name in facts and facts[name] is None]
    if untested and len(untested) < len(_OF_CHI_SQUARE):
        raise Unsound(f"{where}: {untested[0]} is no number")
    for name in (*_COUNTS, *(n for n in _TESTS if n not in untested)):
        number = facts.get(name, 0)
        kinds = (int,) if name in _COUNTS else (int, float)
        if isinstance(number, bool) or not isinstance(number, kinds) or not np.isfinite(float(number)):
            raise Unsound(f"{where}: {name} is no number")
    if "chi_square" in facts and not {*_TESTS} - {"worst_closure"} <= set(facts):
        raise Unsound(f"{where} holds half of a test")
    _texts(facts.get("order", ()), f"{where}: order")
    _factors(facts.get("items") or {}, f"{where}: items")
    for inner in mapping(facts.get("bases") or {}, f"{where}: bases").values():
        _factors(inner, f"{where}: bases")


def _factors(value: Any, where: str) -> None:
    for factor in mapping(value, where).values():
        if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 < factor < np.inf:
            raise Unsound(f"{where} holds a factor that is none")


_COUNTS = (
    *("unknowns", "exact_rows", "observations_counted", "observations_kept_aside", "parameters_counted"),
    *("flagged", "gross_errors", "free_cells", "draws"),
)
_OF_CHI_SQUARE = ("chi_square", "critical_value", "p_value")
"""What there is none of where nothing is left to test."""
_TESTS = (*_OF_CHI_SQUARE, "degrees_of_freedom", "worst_closure")


def _outputs(value: Any, where: str) -> None:
    try:
        Outputs.model_validate(_listed(value))
    except (ValidationError, MfaError) as error:
        raise Unsound(f"{where} cannot be read: {error}") from error


def _listed(value: Any) -> Any:
    """Without what a figure leaves open."""
    if isinstance(value, Mapping):
        return {k: _listed(v) for k, v in value.items() if v is not None}
    return [_listed(v) for v in value] if isinstance(value, tuple) else value


_META: Mapping[str, Callable[[Any, str], object]] = {
    "name": word,
    "title": word,
    "identity": word,
    "dimensions": _labels,
    "titles": _tables_of_words,
    "processes": _processes,
    "facts": _facts,
    "outputs": _outputs,
    "sources": mapping,
    "inputs": _texts,
    "warnings": _texts,
}


def groups_of(file: Any) -> dict[str, Any]:
    """The groups of a file by name; links to other files are not followed."""
    found = {}
    for name in file:
        if not isinstance(file.get(name, getlink=True), h5py.HardLink):
            raise Unsound(f"{name} is a link")
        item = sound.member(file, name)
        if not isinstance(item, h5py.Group):
            raise Unsound(f"{name} is no group")
        found[name] = item
    return found


def quantity_of(name: str, group: Any, meta: Mapping[str, Any]) -> Quantity:
    """A flow, trade, difference or stock: its labels are those of its dimensions, its arrays of one shape."""
    dimensions: Mapping[str, tuple[Any, ...]] = meta["dimensions"]
    axes = read_json(attribute(group, "axes"), f"{name}: axes")
    if not isinstance(axes, list) or not all(
        isinstance(a, str) and dimension_of(a) in dimensions for a in axes
    ):
        raise Unsound(f"{name} runs over dimensions that the result has not")
    values = array(group, "value", "number")
    if values.ndim != 2:
        raise Unsound(f"{name}: value has {values.ndim} dimensions, not 2")
    shape = (len(values), values.shape[1])
    elements = tuple(words(group, "element", shape[1]))
    if elements != ("all",) and elements != tuple(map(str, dimensions.get(ELEMENT, ()))):
        raise Unsound(f"{name} has other elements than the result")
    said: dict[str, Any] = {key: attribute(group, key) for key in WORDS}
    if not {said["source"], said["target"]} <= {"", *meta["processes"]}:
        raise Unsound(f"{name} runs between processes that the result has not")
    parse_unit(said["unit"].split("/")[0].split()[0] if said["unit"].split() else "t")
    codes: dict[str, Any] = {key: _code(group, key, shape, n) for key, n in CODES.items()}
    numbers: dict[str, Any] = {key: array(group, key, "number", shape) for key in NUMBERS}
    there = codes["status"] >= 0
    finite(numbers["value"][there], f"{name}: value")
    finite(numbers["sd"][there], f"{name}: sd", least=0.0, gaps=True)
    finite(numbers["mean"][there], f"{name}: mean", gaps=True)
    labels = {a: _placed(group, a, shape[0], dimensions[dimension_of(a)]) for a in axes}
    known = () if elements == ("all",) else elements
    return Quantity(name=name, axes=tuple(axes), labels=labels, elements=known, **said, **codes, **numbers)


def _code(group: Any, key: str, shape: tuple[int, int], size: int) -> npt.NDArray[np.int8]:
    found = array(group, key, "place", shape)
    within(found.ravel(), -1, size, f"{group.name}/{key}")
    return found.astype(np.int8)


def _placed(group: Any, axis: str, size: int, known: tuple[Any, ...]) -> npt.NDArray[np.object_]:
    """The labels of every cell along an axis."""
    by_text = {str(x): x for x in known}
    found = words(group, axis, size)
    if unknown := set(found) - set(by_text):
        raise Unsound(f'{group.name}/{axis} has the label "{min(unknown)}", which its dimension has not')
    out = np.empty(size, dtype=object)
    out[:] = [by_text[t] for t in found]
    return out


def ages_of(name: str, group: Any, quantities: Mapping[str, Quantity]) -> Ages | None:
    """How the cohorts of a stock age; None of one without cohorts."""
    if "ages" not in group.attrs:
        return None
    try:
        ages = from_plain(read_json(attribute(group, "ages"), f"{name}: ages"))
        for part in ages.parts:
            part.lifetime()
    except MfaError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Unsound(f"{name}: the lifetimes cannot be read: {error}") from error
    if ages.time not in quantities[name].axes or not {*ages.inflow, *ages.outflow, *ages.used} <= set(
        quantities
    ):
        raise Unsound(f"{name}: the lifetimes speak of flows that the result has not")
    return ages


def table_of(folder: Path, name: str) -> pd.DataFrame:
    """One of a result's tables, its columns of numbers numbers."""
    data = read_bytes(folder / f"{name}.csv", RESULT_BYTES)
    table = pd.read_csv(io.BytesIO(data), keep_default_na=False, na_values=[""], low_memory=False)
    lacking = [c for c in NEEDED[name] if c not in table.columns]
    if lacking and len(table):
        raise Unsound(f"{name}.csv has no column {lacking[0]}")
    table = table.reindex(columns=[*table.columns, *lacking])
    for column in FIGURES & set(table.columns):
        if len(table) and not pd.api.types.is_numeric_dtype(table[column]):
            raise Unsound(f"{name}.csv: a cell of {column} is no number")
        if column not in ENDS and np.isinf(table[column].to_numpy(float, na_value=np.nan)).any():
            raise Unsound(f"{name}.csv: a cell of {column} is not finite")
    return plain_text(table)


def plain_text(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts are as they were before they were made fit for a spreadsheet."""
    texts = {c: table[c].map(from_cell, na_action="ignore") for c in table.columns if _is_text(table[c])}
    return table.assign(**texts) if texts else table


def as_cells(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts no spreadsheet takes for formulas."""
    texts = {
        c: fitted for c in table.columns if _is_text(table[c]) and (fitted := _fit(table[c])) is not None
    }
    return table.assign(**texts) if texts else table


def _fit(column: pd.Series) -> pd.Series | None:
    """A column of texts as cells; None where they are already."""
    changed = {t: cell for t in column.unique() if isinstance(t, str) and (cell := as_cell(t)) != t}
    return column.replace(changed) if changed else None


def _is_text(column: pd.Series) -> bool:
    return bool(pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column))
