"""Results on disk: tables as CSV, tensors as netCDF, and back."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5netcdf
import h5py
import numpy as np
import pandas as pd

from mfa.errors import MissingFile, did_you_mean
from mfa.files import is_file
from mfa.run.cohorts import to_plain
from mfa.run.kept import CODES, WORDS, ages_of, as_cells, groups_of, meta_of, quantity_of, table_of
from mfa.run.manifest import write_manifest
from mfa.run.result import NUMBERS, Quantity, Result
from mfa.run.sound import attribute, damaged, unchanged
from mfa.run.staging import said, staged, written
from mfa.run.trace import FILE as TRACE
from mfa.run.trace import Saved, trace_of, write_trace

TENSORS = "result.nc"
FLOAT = "%.12g"
_META = (
    "name",
    "title",
    "dimensions",
    "titles",
    "processes",
    "identity",
    "facts",
    "outputs",
    "sources",
    "inputs",
    "warnings",
)
TABLES = ("observations", "balances", "free", "parameters", "indicators", "gross_errors")
LAST = (*NUMBERS, "unit", "basis", "status", "mark")
"""The last columns of a long table."""
_log = logging.getLogger("mfa")


def save(result: Result, folder: Path) -> Path:
    """The folder, which holds the result's tables, tensors and manifest; a user's own files are kept."""
    with staged(folder) as staging:
        write(result, staging.folder)
        write_manifest(staging.folder, inputs=result.inputs, facts=manifest_facts(result))
    for problem in said(folder, staging.kept):
        _log.warning("%s", problem)
    return folder


def manifest_facts(result: Result) -> dict[str, Any]:
    """What a manifest says beside hashes and versions."""
    return {"scenario": result.name, "identity": result.identity, "solver": dict(result.facts)}


def write(result: Result, folder: Path) -> None:
    """Every table and tensor of the result, into a folder that exists."""
    write_csv(long_table(result, stocks=False), folder / "flows.csv")
    write_csv(long_table(result, stocks=True), folder / "stocks.csv")
    for name in TABLES:
        write_csv(getattr(result, name), folder / f"{name}.csv")
    write_tensors(result, folder / TENSORS)
    if result.state is not None:
        write_trace(trace_of(result), folder)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """A table as CSV with the same bytes at every run; no text in it is a formula to a spreadsheet."""
    as_cells(frame).to_csv(path, index=False, float_format=FLOAT, lineterminator="\n")


def long_table(result: Result, *, stocks: bool) -> pd.DataFrame:
    """All flows (or stocks) in long form: name, labels, value, mean, sd, low, high, unit, basis, status,
    mark."""
    parts = []
    for q in result.quantities.values():
        if (q.kind == "stock") == stocks:
            frame = q.frame()
            frame.insert(0, "name", q.name)
            parts.append(frame.assign(unit=q.unit, basis=q.basis or "element"))
    if not parts:
        return pd.DataFrame(columns=["name", *LAST])
    table = pd.concat(parts, ignore_index=True)
    return table[[c for c in table.columns if c not in LAST] + list(LAST)]


def write_tensors(result: Result, path: Path) -> None:
    """`result.nc`: one group for each quantity; the resolved scenario and the rest as attributes."""
    buffer = io.BytesIO()  # HDF5 ends the process where a disk refuses what it still has to write
    with h5netcdf.File(buffer, "w", track_order=False) as file:
        file.attrs["scenario"] = result.scenario
        file.attrs["mfa"] = json.dumps({k: _plain(getattr(result, k)) for k in _META}, sort_keys=True)
        for q in result.quantities.values():
            group = file.create_group(q.name)
            _write_quantity(group, q)
            if q.name in result.ages:
                group.attrs["ages"] = json.dumps(to_plain(result.ages[q.name]))
    path.write_bytes(buffer.getbuffer())


def _plain(value: Any) -> Any:
    """Nested mappings and tuples as what JSON has; keys keep their order as pairs."""
    if isinstance(value, Mapping):
        return {"map": [[k, _plain(v)] for k, v in value.items()]}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


def _write_quantity(group: Any, q: Quantity) -> None:
    """Long form along `cell`: labels of every axis, and numbers, status, mark over (cell, element)."""
    group.dimensions = {"cell": len(q), "element": q.value.shape[1]}
    text = h5py.string_dtype()
    for axis in q.axes:
        group.create_variable(
            axis, ("cell",), dtype=text, data=np.array([str(x) for x in q.labels[axis]], dtype=object)
        )
    names = q.elements or ("all",)
    group.create_variable("element", ("element",), dtype=text, data=np.array(names, dtype=object))
    for what in (*NUMBERS, *CODES):
        data = getattr(q, what)
        packed = {"compression": "gzip", "shuffle": True} if data.size else {}
        variable = group.create_variable(what, ("cell", "element"), dtype=data.dtype, data=data, **packed)
        if what in NUMBERS:
            variable.attrs["units"] = q.unit
    for key in WORDS:
        group.attrs[key] = getattr(q, key)
    group.attrs["axes"] = json.dumps(q.axes)


def open_result(folder: str | Path) -> Result:
    """The result that a run wrote to `folder`; raises MissingFile or InputError with a hint."""
    folder = Path(folder)
    path = folder / TENSORS
    if not is_file(path):
        raise MissingFile(f'"{folder}" holds no result ({TENSORS} is not there); {_near(folder)}')
    try:
        unchanged(folder, (TENSORS, *(f"{name}.csv" for name in TABLES)))
        with h5py.File(path, "r") as file:
            meta = meta_of(attribute(file, "mfa"), _META)
            groups = groups_of(file)
            quantities = {n: quantity_of(n, g, meta) for n, g in groups.items()}
            found = {n: ages_of(n, g, quantities) for n, g in groups.items()}
            scenario = attribute(file, "scenario")
        tables: dict[str, Any] = {name: table_of(folder, name) for name in TABLES}
    except (OSError, RuntimeError, ValueError) as error:
        raise damaged(f'the result in "{folder}"', error) from error
    ages = {n: a for n, a in found.items() if a is not None}
    ordered = {n: quantities[n] for n in meta["facts"].get("order", quantities) if n in quantities}
    every = {**ordered, **quantities}
    return Result(**meta, **tables, quantities=every, scenario=scenario, ages=ages, state=_rows(folder))


def _rows(folder: Path) -> Saved | None:
    """The rows that a run wrote beside its tensors, read when asked for; None of a result made by hand."""
    told = TRACE in (written(folder) or {})
    return Saved(folder) if told or is_file(folder / TRACE) else None


def results_near(folder: Path) -> dict[str, str]:
    """Name -> path of the results in a folder, or else beside it."""
    for place in (folder, folder.parent):
        found = [p for p in place.glob("*") if is_file(p / TENSORS)] if place.is_dir() else []
        if found:
            return {p.name: p.as_posix() for p in sorted(found)}
    return {}


def _near(folder: Path) -> str:
    """A sentence on where a result may be."""
    near = results_near(folder)
    return did_you_mean(folder.name, near) if near else f"a run writes one: mfa run SCENARIO -o {folder}"
