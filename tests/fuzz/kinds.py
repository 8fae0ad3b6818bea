"""What a case of each kind is, and what is asked of it."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import yaml

import mfa
from mfa.build import check
from mfa.errors import MfaError, Problem
from mfa.figures import draw_all
from mfa.printed import escaped
from mfa.report import render
from mfa.run.formulas import evaluate
from mfa.run.result import Result
from mfa.run.trace import trace_of
from mfa.spec.codes import CODES
from mfa.spec.describe import describe
from mfa.spec.dimensions import dimension_labels
from mfa.spec.resolve import Document, read_document
from tests.fuzz import mutate, seeds

SCENARIO = "scenario.yaml"
SMALL = 3_000
"""Cells up to which a document is also run."""
LARGE = 300_000
"""Cells from which on a document is checked without its tables: the time of a check grows with them."""


class NotFinite(AssertionError):
    """A result that holds a number which is not finite."""


@dataclass(frozen=True)
class Case:
    """What is tried: plain data, text or bytes, by the name of the file they are kept in.

    A document that is sound and small is also run, unless `run` is false.
    """

    kind: str
    files: dict[str, bytes]
    data: Any = None
    run: bool = True

    def write(self, folder: Path) -> None:
        """The files of the case, in a folder of their own."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


# --- documents


def make_document(rng: random.Random) -> Case:
    """A document as Python data, as the YAML it is written in, or as that text with mistakes."""
    data = mutate.document(rng)
    how = rng.random()
    if how < 0.4:
        return Case("documents", {"a.csv": seeds.TABLE.encode()}, data)
    try:
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    except (yaml.YAMLError, ValueError):
        return Case("documents", {"a.csv": seeds.TABLE.encode()}, data)
    if how > 0.75:
        text = mutate.text(rng, text)
    content = text.encode("utf-8", "surrogatepass")
    return Case("documents", {SCENARIO: content, "a.csv": seeds.TABLE.encode()})


def try_document(case: Case, folder: Path) -> str:
    """Check it; run it and draw it where it is small."""
    source = case.data if case.data is not None else folder / SCENARIO
    document, problems = read_document(source)
    if document is not None and _cells(document) <= LARGE:
        problems = [*problems, *check(document)]
    _printed(problems)
    if document is None or any(p.severity == "error" for p in problems):
        return "refused"
    describe(document)
    if not case.run or _cells(document) > SMALL:
        return "checked"
    judged(mfa.run(document))
    return "solved"


def _printed(problems: list[Problem]) -> None:
    """Every message prints, fits a terminal, and its code is explained."""
    for problem in problems:
        assert problem.code in CODES, f"no paragraph on the code {problem.code}"
        assert problem.text.strip(), "an empty message"
        assert escaped(str(problem), keep="\n") == str(problem), "a control character is printed"
        str(problem).encode()


def _cells(document: Document) -> int:
    sizes = [len(dimension_labels(document, name)) for name in document.spec.dimensions]
    regions = len(dimension_labels(document, "region")) or 1
    entries = len(document.spec.flows) + len(document.spec.trade) * regions + len(document.spec.stocks)
    draws = document.spec.uncertainty.draws if document.spec.uncertainty.method != "posterior" else 1
    return int(np.prod([max(1, n) for n in sizes], dtype=object)) * max(1, entries) * max(1, draws // 50)


def judged(result: Result) -> None:
    """Raise where a number that must be finite is not; draw and report what there is."""
    for q in result.quantities.values():
        if not np.isfinite(q.value[q.status >= 0]).all():
            raise NotFinite(f"{q.name} has a value that is not finite")
        if np.isinf(q.sd[q.status >= 0]).any():
            raise NotFinite(f"{q.name} has an sd that is infinite")
    if not np.isfinite(result.balances["relative"]).all():
        raise NotFinite("a balance has a closure that is not finite")
    for name in ("chi_square", "degrees_of_freedom", "worst_closure"):
        if result.facts[name] is not None and not np.isfinite(result.facts[name]):
            raise NotFinite(f"{name} is not finite")
    for name, table in (("observations", result.observations), ("parameters", result.parameters)):
        numbers = table.reindex(columns=["adjusted", "residual", "z", "leverage"]).astype(float)
        if np.isinf(numbers.to_numpy()).any():
            raise NotFinite(f"{name} holds an infinite number")
    draw_all(result)
    render(result)


# --- tables


def make_table(rng: random.Random) -> Case:
    """A small scenario over one table that has mistakes."""
    name, form, content = rng.choice(seeds.tables())
    if content.isascii() and name.endswith(".csv") and rng.random() < 0.8:
        content = mutate.cells(rng, content.decode()).encode("utf-8", "surrogatepass")
    else:
        content = mutate.raw(rng, content)
    table: dict[str, Any] = {"file": name, "format": form}
    if rng.random() < 0.2:
        table[rng.choice(("where", "rename"))] = rng.choice(
            ({"region": "CHN"}, {"value": "v"}, {"unit": "value"})
        )
    if rng.random() < 0.2:
        table |= rng.choice(
            ({"column": "sd"}, {"gaps": "refuse"}, {"sum_over": "hs"}, {"column": "quantity"})
        )
    report: dict[str, Any] = {
        "of": "traded" if form in ("comtrade", "baci") else "mined",
        "cv": "10%",
        "table": table,
    }
    data = {
        "mfa": 1,
        "dimensions": {"year": [2018, 2019, 2020, 2021], "region": {"labels": ["CHN", "USA", "ROW"],
                                                                   "members": {"ROW": ["*"]}}},
        "processes": {"mine": {"kind": "source"}, "m": {"kind": "market"}, "use": {"kind": "sink"}},
        "flows": {"mined": {"from": "mine", "to": "m"}, "used": {"from": "m", "to": "use"}},
        "trade": {"traded": {"at": "m"}},
        "observations": {"o": report, "u": {"of": "used", "value": 5, "sd": 1}},
    }  # fmt: skip
    return Case("tables", {name: content, SCENARIO: yaml.safe_dump(data, sort_keys=False).encode()})


# --- formulas


@cache
def solved() -> Result:
    """The small result on which formulas are evaluated and which is saved."""
    return mfa.run(mfa.load(copy.deepcopy(seeds.SOLVED)))


def make_formula(rng: random.Random) -> Case:
    """A formula with mistakes."""
    return Case("formulas", {}, mutate.formula(rng))


def try_formula(case: Case, folder: Path) -> str:
    """Check it as an indicator, and evaluate it where it passes."""
    document = copy.deepcopy(seeds.SOLVED)
    document["outputs"] = {"indicators": {"i": case.data}}
    _, problems = read_document(document)
    _printed(problems)
    result = solved()
    found = evaluate(result, trace_of(result), case.data)
    trace_of(result).posterior.sd_of(found.slope)
    return "refused by the check alone" if any(p.severity == "error" for p in problems) else "evaluated"


# --- saved results


@cache
def saved(folder: Path) -> dict[str, bytes]:
    """The files of the small result."""
    solved().save(folder)
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()}


def make_result(rng: random.Random, folder: Path) -> Case:
    """A saved result of which one file has changed, with a manifest that knows of it or not."""
    files = dict(saved(folder / "saved"))
    name = rng.choice(("result.nc", "solution.h5", "result.nc", "solution.h5", "manifest.json", *files))
    if name.endswith((".nc", ".h5")) and rng.random() < 0.7:
        files[name] = arrays(rng, files[name], folder)
    else:
        files[name] = mutate.raw(rng, files[name])
    if rng.random() < 0.7 and name != "manifest.json":
        del files["manifest.json"]
    return Case("results", files)


def arrays(rng: random.Random, content: bytes, folder: Path) -> bytes:
    """An HDF5 file in which one array or attribute is another."""
    path = folder / "arrays.h5"
    path.write_bytes(content)
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        name = rng.choice(names)
        item = file[name]
        if len(item.attrs) and (not isinstance(item, h5py.Dataset) or rng.random() < 0.2):
            key = rng.choice(list(item.attrs))
            item.attrs[key] = rng.choice(
                (0, -1, "", "x", "{}", "[1]", '{"map": []}', "null", np.zeros(3), 1e308)
            )
        elif isinstance(item, h5py.Dataset):
            _changed(rng, file, name)
        else:
            del file[name]
    return path.read_bytes()


def _changed(rng: random.Random, file: Any, name: str) -> None:
    """One array with other numbers, another shape or another type; or none."""
    old = file[name][...]
    del file[name]
    how = rng.randrange(6)
    if how == 0:
        return
    if how == 1:
        file.create_dataset(name, shape=(2**40,), dtype="f8", chunks=(2**16,), compression="gzip")
    elif how == 2:
        file[name] = np.ravel(old)[: rng.randrange(old.size + 1)]
    elif how == 3:
        file[name] = rng.choice(([1, 2, 3], "text", [[1.0]], np.zeros((0, 0)), [True], ["a", "b"]))
    else:
        new = old.copy()
        if new.size and new.dtype.kind in "iuf":
            odd = rng.choice((-1, -5, 127, 0, 3) if new.dtype.itemsize == 1 else (-1, 2**30, 10**9, 0, 7))
            new.flat[rng.randrange(new.size)] = odd if new.dtype.kind != "u" else abs(odd) % 256
            if new.dtype.kind == "f" and rng.random() < 0.5:
                new.flat[rng.randrange(new.size)] = rng.choice((np.nan, np.inf, -1e308))
        file[name] = new


def try_result(case: Case, folder: Path) -> str:
    """Open it, ask it everything, draw it and report it."""
    result = mfa.open_result(folder)
    for ask in ASKED:
        try:
            ask(result)
        except MfaError as error:
            _printed(list(error.problems))
    return "opened"


ASKED: tuple[Callable[[Result], Any], ...] = (
    lambda r: [str(e) for e in r.explain("balance of plant[2021, AAA, Nd]")],
    lambda r: [str(e) for e in r.explain("kept[2021, AAA, Nd]")],
    lambda r: [str(e) for e in r.explain("in[2021, AAA, Nd]")],
    lambda r: r.explain("rate"),
    lambda r: r.flow("feed"),
    lambda r: r.cohorts("kept"),
    lambda r: r.next_measurement("to_date[2022, AAA, Nd]"),
    lambda r: r.search_gross_errors(),
    lambda r: r.draws(5).values("feed"),
    lambda r: (repr(r), r._repr_html_()),
    draw_all,
    render,
)


@dataclass(frozen=True)
class Kind:
    """How cases are made and tried."""

    make: Callable[[random.Random, Path], Case]
    attempt: Callable[[Case, Path], str]


KINDS: dict[str, Kind] = {
    "documents": Kind(lambda rng, _: make_document(rng), try_document),
    "tables": Kind(lambda rng, _: make_table(rng), try_document),
    "formulas": Kind(lambda rng, _: make_formula(rng), try_formula),
    "results": Kind(make_result, try_result),
}


def attempt(case: Case, folder: Path) -> str:
    """What became of a case: `refused` with an MfaError, or what was done; all else is raised."""
    shutil.rmtree(folder, ignore_errors=True)
    case.write(folder)
    try:
        return KINDS[case.kind].attempt(case, folder)
    except MfaError as error:
        _printed(list(error.problems))
        return "refused"


def shown(case: Case) -> str:
    """The data of a case as JSON, for a person to read."""
    return json.dumps(case.data, indent=1, default=str, ensure_ascii=True)


__all__ = ["KINDS", "Case", "attempt", "shown"]
