"""What can be wrong with the parameters of a lifetime, and the reading of an empirical table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.family import Family
from mfa.core.lifetime.kinds import Form
from mfa.core.lifetime.labelled import Labelled, gather
from mfa.errors import InputError, Problem

MAY_BE_ZERO = {"low"}
HINTS = {
    "sd": 'for lifetimes that do not vary, use the kind "fixed"',
    "mean": "what is not kept needs no stock; give a part of a year as a fraction",
}


def parameter_problems(kind: str, form: Form, values: Labelled, family: Family) -> list[Problem]:
    """What is wrong with the values: not finite, not positive, or against a rule of the family."""
    problems = []
    for name, array in zip(form, values.arrays, strict=True):
        low_enough = array >= 0.0 if name in MAY_BE_ZERO else array > 0.0
        bad = ~(np.isfinite(array) & low_enough)
        if bad.any():
            problems.append(_value_problem(kind, name, values, bad, array))
    if problems:
        return problems
    given = dict(zip(form, values.arrays, strict=True))
    for rule in family.rules:
        if set(rule.names) <= set(form):
            bad = ~rule.holds(**{name: given[name] for name in rule.names})
            if np.any(bad):
                text = f"the {kind} lifetime{where(values, bad)}: {rule.text}"
                problems.append(Problem("lifetime-parameters", text, hint=rule.hint))
    return problems


def _value_problem(
    kind: str, name: str, values: Labelled, bad: npt.NDArray[np.bool_], array: npt.NDArray[np.float64]
) -> Problem:
    value = float(array[bad].flat[0])
    wanted = "0 or more" if name in MAY_BE_ZERO else "above 0"
    text = f"the {kind} lifetime{where(values, bad)} has {name} {value:g}; it must be {wanted} and finite"
    return Problem("lifetime-parameters", text, hint=HINTS.get(name, "") if value == 0.0 else "")


def where(values: Labelled, bad: npt.NDArray[np.bool_]) -> str:
    """The first bad place in words: labels where there are any, else the position."""
    if bad.ndim == 0:
        return ""
    place = [int(i) for i in np.argwhere(bad)[0]]
    if values.dims is None:
        return f" at [{', '.join(map(str, place))}]"
    labels = [
        f"{dim} {values.coords[dim][i] if dim in values.coords else i}"
        for dim, i in zip(values.dims, place, strict=True)
    ]
    return f" of {', '.join(labels)}"


def read_table(age: Sequence[float], survival: Any, timed: bool) -> tuple[Family, Labelled]:
    """The family and the parameters of an empirical table: one array per age.

    Raises
    ------
    InputError
        When ages do not ascend from 0, survival rises, leaves 0 to 1, or does not end at 0.
    """
    from mfa.core.lifetime.families.table import table_family

    ages = np.asarray(age, dtype=np.float64)
    if ages.ndim != 1 or len(ages) < 2 or ages[0] != 0.0 or not np.all(np.diff(ages) > 0.0):
        text = "the ages of a survival table must start at 0 and ascend"
        raise InputError(Problem("lifetime-table", text))
    values = _ages_apart(survival, len(ages), timed)
    table = np.stack(values.arrays)
    problems = []
    if not np.all((table >= 0.0) & (table <= 1.0)) or np.any(table[1:] > table[:-1]):
        problems.append(Problem("lifetime-table", "survival in a table must fall from 1 to 0, never rise"))
    elif np.any(table[-1] > 0.0):
        hint = "add an age by which everything has left"
        text = f"the survival table ends at age {ages[-1]:g} with something still in use"
        problems.append(Problem("lifetime-table", text, hint=hint))
    if problems:
        raise InputError(*problems)
    return table_family(ages), values


def _ages_apart(survival: Any, count: int, timed: bool) -> Labelled:
    """The table as one array per age; ages are the first axis (after time) or the dimension `age`."""
    named = hasattr(survival, "dims") and hasattr(survival, "coords")
    if named and "age" not in survival.dims:
        raise InputError(Problem("lifetime-table", 'survival has no dimension "age"'))
    array = survival if named else np.asarray(survival, dtype=np.float64)
    axis = survival.dims.index("age") if named else int(timed)
    if array.ndim <= axis or array.shape[axis] != count:
        text = f"the survival table has the shape {array.shape} for {count} ages"
        raise InputError(Problem("lifetime-table", text))

    def pick(k: int) -> Any:
        return survival.isel(age=k, drop=True) if named else np.take(array, k, axis=axis)

    return gather({f"age {k}": pick(k) for k in range(count)}, timed)
