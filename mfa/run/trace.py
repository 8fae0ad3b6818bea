"""What a result keeps of its solver: the rows, the optimum, and where every flow and stock stands in them.

It is written beside the tensors, so that a result explains itself without its data and without a solve.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.core.labels import TIME_NAMES
from mfa.errors import MissingFile
from mfa.run.result import Result
from mfa.run.sound import Unsound, damaged
from mfa.solve.certain import Spread
from mfa.solve.problem import LeastSquares, Names, Rows
from mfa.solve.solution import Solution
from mfa.solve.truncated.aggregate import Truncated
from mfa.solve.truncated.beside import beside_bounds
from mfa.solve.uncertainty import uncertainty
from mfa.units import parse_unit

if TYPE_CHECKING:
    from mfa.run.pipeline import Solved

FILE = "solution.h5"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """A solved problem: standard deviations beside bounds as they were found, z and leverage of every row as
    `observations.csv` has them, `first` cell of every flow and stock, the unit of every observed row with the
    factor from canonical units to it, the `lengths` of the periods, which unknowns are `masses` (here in t),
    and the unit of mass in which results are printed."""

    problem: LeastSquares
    solution: Solution
    sd_x: Floats
    sd_q: Floats
    sd_observed: Floats
    z: Floats
    leverage: Floats
    first: Mapping[str, int]
    units: tuple[str, ...]
    factors: Floats
    lengths: Floats
    masses: npt.NDArray[np.bool_]
    mass_unit: str

    @cached_property
    def mass_factor(self) -> float:
        """How many t the unit of mass of results is."""
        return parse_unit(self.mass_unit).factor

    @cached_property
    def mass_cells(self) -> npt.NDArray[np.bool_]:
        """Which cells are masses, or products with one."""
        cells = self.problem.cells
        known = np.append(self.masses, False)  # of no factor: -1
        return np.asarray(known[cells.i] | known[cells.j])

    @cached_property
    def units_x(self) -> Floats:
        """How many t the unit is in which each unknown is printed; 1 of what is no mass."""
        return np.where(self.masses, self.mass_factor, 1.0)

    @cached_property
    def units_q(self) -> Floats:
        """The same of each cell."""
        return np.where(self.mass_cells, self.mass_factor, 1.0)

    @cached_property
    def truncated(self) -> Truncated:
        """What is known of numbers and sums of them, made anew where it was not kept: to be asked by
        :func:`mfa.solve.truncated.aggregate.aggregate`."""
        return beside_bounds(self.problem, self.solution, self.posterior)

    @cached_property
    def posterior(self) -> Spread:
        """The error propagation at the solution; made anew where it was not kept."""
        return uncertainty(self.problem, self.solution)


@dataclass(frozen=True)
class Saved:
    """A trace on disk, read when it is first asked for."""

    folder: Path

    @cached_property
    def trace(self) -> Trace:
        """The trace in the folder; raises MissingFile where there is none."""
        from mfa.run.reread import read_trace

        return read_trace(self.folder)


def trace_of(result: Result) -> Trace:
    """What a result keeps of its solver, just run or opened; raises MissingFile where nothing was kept."""
    if isinstance(result.state, Saved):
        found = result.state.trace
        _belongs(found, result)
        return found
    if result.state is None:
        raise MissingFile(f'the result "{result.name}" was made by hand: there are no rows to look at')
    return traced(result.state)


def _belongs(trace: Trace, result: Result) -> None:
    """Raise InputError where the rows kept beside a result are those of another."""
    cells, rows = len(trace.problem.cells), f'the result "{result.name}"'
    for name, q in result.quantities.items():
        if name not in trace.first or trace.first[name] + q.value.size > cells:
            raise damaged(rows, Unsound(f'the rows kept beside it do not hold its "{name}"'))
    time = next((t for t in TIME_NAMES if t in result.dimensions), None)
    if time is not None and len(trace.lengths) != len(result.dimensions[time]):
        raise damaged(rows, Unsound("the rows kept beside it have other periods"))


def traced(solved: Solved) -> Trace:
    """The trace of a model just solved."""
    model, spread, beside = solved.model, solved.posterior, solved.truncated
    n = len(model.problem.observed)
    units, factors, judged = np.full(n, "", dtype=object), np.ones(n), np.arange(n)
    for g in model.observed:
        own = np.arange(g.first, g.first + len(g.labels))
        judged[own] = own if g.judged is None else g.judged
        for rows in (own, judged[own]):
            units[rows], factors[rows] = g.unit, g.factor
    found = Trace(
        problem=model.problem,
        solution=solved.solution,
        sd_x=beside.unknowns.sd,
        sd_q=beside.cells.sd,
        sd_observed=beside.observed.sd,
        z=solved.diagnosis.z[judged],
        leverage=solved.diagnosis.leverage[judged],
        first={n: c.offset for n, c in {**model.edges, **model.stocks}.items()},
        units=tuple(map(str, units)),
        factors=factors,
        lengths=model.system.lengths,
        masses=model.masses,
        mass_unit=model.system.mass_unit,
    )
    found.__dict__["posterior"], found.__dict__["truncated"] = spread, beside
    return found


def write_trace(trace: Trace, folder: Path) -> None:
    """`solution.h5` in a folder: every array by its name; the same bytes at every run."""
    buffer = io.BytesIO()  # HDF5 ends the process where a disk refuses what it still has to write
    with h5py.File(buffer, "w") as file:
        problem = trace.problem
        _put(file, "problem", problem, _names(problem.name, len(problem)))
        _put(file, "cells", problem.cells, _names(problem.cells.name, len(problem.cells)))
        _put(file, "reports", problem.observed)
        for kind, rows in _row_groups(problem).items():
            _put_matrix(_put(file, kind, rows, _names(rows.name, len(rows))), rows.matrix)
        _put(file, "solution", trace.solution)
        _put(file, "trace", trace, trace.units)
        file["trace"].attrs["places"] = json.dumps({n: int(k) for n, k in trace.first.items()})
    (folder / FILE).write_bytes(buffer.getbuffer())


def _row_groups(problem: LeastSquares) -> dict[str, Rows]:
    return {"exact": problem.exact, "limits": problem.limits, "observed": problem.observed.rows}


def _names(name: Names, n: int) -> Iterable[str]:
    return (name(k) for k in range(n))


def _put(file: Any, name: str, of: Any, lines: Iterable[str] | None = None) -> Any:
    """A group with the arrays and plain numbers of a dataclass, and lines of text."""
    group = file.create_group(name)
    for key in (f.name for f in fields(of)):
        value = getattr(of, key)
        if isinstance(value, np.ndarray):
            _put_array(group, key, value)
        elif isinstance(value, bool | int | float | str | np.generic):
            group.attrs[key] = value
    if lines is not None:
        blob = "\n".join(line.replace("\n", " ") for line in lines)
        _put_array(group, "lines", np.frombuffer(blob.encode(), dtype=np.uint8))
    return group


def _put_array(group: Any, key: str, values: npt.NDArray[Any]) -> None:
    packed = {"compression": "gzip", "shuffle": True} if values.size else {}
    group.create_dataset(key, data=values, **packed)


def _put_matrix(group: Any, matrix: sparse.csr_array) -> None:
    for key in ("data", "indices", "indptr"):
        _put_array(group, key, getattr(matrix, key))
