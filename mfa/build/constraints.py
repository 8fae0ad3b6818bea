"""Constraints as rows of the problem: limits and exact values of targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mfa.build.assembly import Assembly, Floats, Ints
from mfa.build.reports import kept_axes, names_of
from mfa.build.rows import of_rows, row_namer, target_rows
from mfa.build.targets import Targets
from mfa.build.values import Reader, ValueArray
from mfa.core.labels import ELEMENT, dimension_of
from mfa.spec.schema import Constraint
from mfa.spec.targets import common_axes

SIDES = ("min", "max", "equal")


def add_constraints(assembly: Assembly, targets: Targets, reader: Reader) -> None:
    """The rows of every constraint; problems go to the reader."""
    for name, constraint in reader.document.spec.constraints.items():
        for side in SIDES:
            bound = getattr(constraint, side)
            found = None if bound is None else reader.array(("constraints", name, side), bound, reader.mass)
            if found is not None:
                _add(assembly, targets, reader, name=name, side=side, found=found)


def _add(
    assembly: Assembly,
    targets: Targets,
    reader: Reader,
    *,
    name: str,
    side: str,
    found: ValueArray,
) -> None:
    system, constraint = targets.system, reader.document.spec.constraints[name]
    own = common_axes(reader.document, constraint.of) or ()
    kept = kept_axes(own, constraint, found.unit, system.elements)
    axes = tuple(a for a in own if a in (*kept, *found.axes))
    wanted, value = _limited(targets, constraint, axes, found)
    path = ("constraints", name, side)
    terms = target_rows(targets, reader, constraint, found.unit, axes=axes, wanted=wanted, path=path)
    if terms is None or not len(terms.row):
        return
    labels = {a: np.asarray(system.dimensions[dimension_of(a)].labels, object) for a in axes}
    frame = pd.DataFrame({a: labels[a][wanted[:, k]] for k, a in enumerate(axes)})
    there = np.unique(terms.row)
    only, namer = terms.only(there), of_rows(row_namer(".".join(path), frame, axes), there)
    if side == "equal":
        assembly.exact(only, value[there], namer)
    else:
        sign = -1.0 if side == "min" else 1.0
        assembly.limit(only.times(sign), sign * value[there], namer)


def _limited(
    targets: Targets, constraint: Constraint, axes: tuple[str, ...], found: ValueArray
) -> tuple[Ints, Floats]:
    """The positions a constraint holds at, and its number there (labels without a number are unlimited)."""
    own = [a for a in axes if a != ELEMENT]
    parts = [np.zeros((0, len(own)), np.int64)]
    for name in names_of(constraint):
        index = targets.index_of(name)
        kept = index.keep(targets.within(index, constraint.at))
        parts.append(np.array([kept.column(a) for a in own], np.int64).T.reshape(len(kept), len(own)))
    positions = np.unique(np.concatenate(parts), axis=0)
    if ELEMENT in axes:
        ne, n = len(targets.system.elements), len(positions)
        positions = np.column_stack([np.repeat(positions, ne, axis=0), np.tile(np.arange(ne), n)])
    ordered = [*own, *([ELEMENT] if ELEMENT in axes else [])]
    positions = positions[:, [ordered.index(a) for a in axes]]
    value = found.value[tuple(positions[:, axes.index(a)] for a in found.axes)]
    value = np.broadcast_to(value, len(positions))
    given = ~np.isnan(value)
    return positions[given], np.asarray(value[given])
