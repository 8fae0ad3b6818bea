"""The rows of a saved result read back: every array of its kind and size, every place within its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from math import isfinite
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.build.assembly import ROW_BLOCK
from mfa.errors import MissingFile, Problem
from mfa.files import is_file
from mfa.run.sound import (
    LARGEST,
    Unsound,
    array,
    attribute,
    damaged,
    finite,
    mapping,
    member,
    read_json,
    unchanged,
    within,
)
from mfa.run.trace import FILE, Trace
from mfa.solve.kkt import Ordering, ordering_of
from mfa.solve.problem import Cells, LeastSquares, Observed, Rows, named
from mfa.solve.separable.world import is_world
from mfa.solve.solution import Solution
from mfa.solve.standard import standard
from mfa.units import parse_unit

ROUNDING = 1e-6
"""The share by which a cell may differ from what its unknowns make it."""
NUMBER, PLACE, FLAG = "number", "place", "flag"
_ARRAYS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("i", "j"), (PLACE, "cells")),
    **dict.fromkeys(("coef", "q", "sd_q"), (NUMBER, "cells")),
    **dict.fromkeys(("lower", "upper", "start", "scale", "x", "sd_x"), (NUMBER, "unknowns")),
    "bound_multipliers": (NUMBER, "unknowns and limits"),
    **dict.fromkeys(("block", "bulk"), (PLACE, "unknowns or none")),
    "masses": (FLAG, "unknowns"),
    "merge": (PLACE, "exact or none"),
    "exact_multipliers": (NUMBER, "exact"),
    "limit_multipliers": (NUMBER, "limits"),
    "active": (PLACE, "unknowns and limits"),
    **dict.fromkeys(
        ("sd", "cv", "sigma", "fitted", "deviation", "z", "leverage", "factors"), (NUMBER, "observed")
    ),
    "sd_observed": (NUMBER, "observed"),
    "counted": (FLAG, "observed"),
    "weight": (NUMBER, "counted"),
    "log": (FLAG, "observed or none"),
    "loss": (PLACE, "observed or none"),
    "lengths": (NUMBER, ""),
    "rhs": (NUMBER, ""),
}
"""Array -> its kind, and of what it holds one number each (empty: of something that is not counted here)."""
_SCALARS: Mapping[str, type | tuple[type, ...]] = {
    "floor": (int, float),
    "chi2": (int, float),
    "iterations": int,
    "mass_unit": str,
}
_NOT_NEGATIVE = ("sd", "cv", "sd_x", "sd_q", "sd_observed", "sigma", "weight", "leverage")
_ABOVE_ZERO = ("scale", "lengths")
_GAPS = ("sd_x", "sd_q", "sd_observed", "deviation")
_UNBOUNDED = ("lower", "upper")


def read_trace(folder: Path) -> Trace:
    """The trace that a run wrote to `folder`; raises MissingFile or InputError with a hint."""
    path = folder / FILE
    if not is_file(path):
        text = f'"{folder}" does not hold {FILE}, in which a run keeps its rows'
        raise MissingFile(Problem("missing-file", text, hint="run the scenario again"))
    try:
        unchanged(folder, (FILE,))
        with h5py.File(path, "r") as file:
            return _trace(file)
    except (OSError, RuntimeError, ValueError) as error:
        raise damaged(str(path), error) from error


def _trace(file: Any) -> Trace:
    """The trace in a file: every array of its kind and size, every place within what it points into."""
    problem = _problem(file)
    group, sizes = member(file, "trace"), _sizes(problem)
    first = mapping(read_json(attribute(group, "places"), "places"), "places")
    if not all(isinstance(k, int) and 0 <= k <= len(problem.cells) for k in first.values()):
        raise Unsound("places points at cells that do not exist")
    kept = _taken(Trace, group, sizes)
    parse_unit(kept["mass_unit"])
    taken = _taken(Solution, member(file, "solution"), sizes)
    solution = Solution(order=_order(problem), **taken)
    _fits(problem, solution)
    return Trace(
        problem=problem, solution=solution, units=_lines(group, len(problem.observed)), first=first, **kept
    )


def _sizes(problem: LeastSquares) -> dict[str, tuple[int, ...]]:
    """How many of everything there are, by the words of `_ARRAYS`."""
    found = {
        "cells": len(problem.cells),
        "unknowns": len(problem),
        "exact": len(problem.exact),
        "limits": len(problem.limits),
        "observed": len(problem.observed),
        "counted": int(problem.observed.counted.sum()),
    }
    sizes = {name: (n,) for name, n in found.items()}
    return {
        **sizes,
        **{f"{name} or none": (n, 0) for name, n in found.items()},
        "unknowns and limits": (found["unknowns"] + found["limits"],),
    }


def _taken(of: type, group: Any, sizes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The arrays and plain numbers of a dataclass that a group holds, each of its kind and size."""
    found: dict[str, Any] = {}
    for field in fields(of):
        name = field.name
        if name in _SCALARS and name in group.attrs:
            found[name] = _scalar(group, name)
        elif name in _ARRAYS and name in group:
            found[name] = _array(group, name, sizes)
        elif (
            name in {**_SCALARS, **_ARRAYS} and field.default is MISSING and field.default_factory is MISSING
        ):
            raise Unsound(f"{group.name}/{name} is not there")
    return found


def _needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _scalar(group: Any, name: str) -> Any:
    found: Any = group.attrs[name]
    value = found.item() if isinstance(found, np.generic) else found
    if not isinstance(value, _SCALARS[name]) or (isinstance(value, float) and not isfinite(value)):
        raise Unsound(f"{group.name}: {name} is not what it was")
    return value


def _array(group: Any, name: str, sizes: Mapping[str, tuple[int, ...]]) -> npt.NDArray[Any]:
    kind, count = _ARRAYS[name]
    found, where = array(group, name, kind), f"{group.name}/{name}"
    if found.ndim != 1 or (count in sizes and len(found) not in sizes[count]):
        raise Unsound(f"{where} has another size: {found.shape}")
    if kind == NUMBER:
        least = np.nextafter(0.0, 1.0) if name in _ABOVE_ZERO else 0.0 if name in _NOT_NEGATIVE else -LARGEST
        known = found[np.isfinite(found)] if name in _UNBOUNDED else found
        if name in _UNBOUNDED and np.isnan(found).any():
            raise Unsound(f"{where} holds a bound that is no number")
        finite(known, where, least=least, gaps=name in _GAPS)
    return found


def _lines(group: Any, size: int) -> tuple[str, ...]:
    """The texts of a group, one a row."""
    try:
        blob = array(group, "lines", PLACE).astype(np.uint8).tobytes().decode()
    except UnicodeDecodeError as error:
        raise Unsound(f"{group.name}/lines is no text: {error}") from error
    found = tuple(blob.split("\n")) if size else ()
    if len(found) != size:
        raise Unsound(f"{group.name}/lines has {len(found)} names for {size} rows")
    return found


def _problem(file: Any) -> LeastSquares:
    unknowns = len(array(member(file, "problem"), "start", NUMBER))
    cells = _cells(member(file, "cells"), unknowns)
    exact, limits, observed = (_rows(member(file, k), len(cells)) for k in ("exact", "limits", "observed"))
    seen = len(observed)
    sizes = {
        "unknowns": (unknowns,),
        "unknowns or none": (unknowns, 0),
        "exact or none": (len(exact), 0),
        "observed": (seen,),
        "observed or none": (seen, 0),
    }
    group = member(file, "problem")
    taken = _taken(LeastSquares, group, sizes)
    for name in ("block", "bulk"):
        within(taken.get(name, np.zeros(0)), ROW_BLOCK, max(unknowns, 1) ** 2 + 1, name)
    within(taken.get("merge", np.zeros(0)), -1, max(len(exact), 1) ** 2 + 1, "merge")
    return LeastSquares(
        cells=cells,
        exact=exact,
        limits=limits,
        observed=Observed(rows=observed, **_taken(Observed, member(file, "reports"), sizes)),
        name=named(_lines(group, unknowns)),
        **taken,
    )


def _cells(group: Any, unknowns: int) -> Cells:
    size = len(array(group, "coef", NUMBER))
    taken = _taken(Cells, group, {"cells": (size,)})
    within(taken["i"], 0, unknowns, "cells/i")
    within(taken["j"], -1, unknowns, "cells/j")
    return Cells(name=named(_lines(group, size)), **taken)


def _rows(group: Any, cells: int) -> Rows:
    data = array(group, "data", NUMBER)
    indices, starts = (array(group, k, PLACE) for k in ("indices", "indptr"))
    where = f"the rows of {group.name}"
    finite(data, where)
    within(indices, 0, cells, where)
    if data.shape != indices.shape or data.ndim != 1 or starts.ndim != 1 or not len(starts):
        raise Unsound(f"{where} have arrays of different sizes")
    if starts[0] != 0 or starts[-1] != len(data) or (np.diff(starts.astype(np.int64)) < 0).any():
        raise Unsound(f"{where} do not begin where the ones before end")
    size = len(starts) - 1
    matrix = sparse.csr_array((data, indices, starts), shape=(size, cells))
    rhs = array(group, "rhs", NUMBER, (size,))
    finite(rhs, where)
    return Rows(matrix=matrix, rhs=rhs, name=named(_lines(group, size)))


def _fits(problem: LeastSquares, solution: Solution) -> None:
    """Raise Unsound where the cells of a solution are not those of its unknowns."""
    value = problem.cells.value(solution.x)
    if not np.allclose(
        value, solution.q, rtol=ROUNDING, atol=ROUNDING * (np.abs(value).max(initial=0.0) or 1.0)
    ):
        raise Unsound("the values of the cells do not follow from those of the unknowns")


def _order(problem: LeastSquares) -> Ordering | None:
    """The elimination order of a problem that is factorised as a whole."""
    if is_world(problem):
        return None
    form = standard(problem, warm=True)
    cells = form.cell_jacobian(form.start)
    return ordering_of(
        form.pull_jacobian(cells, np.ones(len(form.reports))), form.row_jacobian(cells), form.block
    )
