"""Given compositions: shares of element mass, as numbers or as unknowns with a statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mfa.build.assembly import Assembly, Floats, Ints, Terms
from mfa.build.naming import cell_namer
from mfa.build.parameters import ObservedGroup, add_parameter
from mfa.build.values import Reader, ValueArray
from mfa.core.composition import mass_fraction, to_element_shares
from mfa.core.labels import ELEMENT, CellIndex, full_index
from mfa.core.system import System


def read_compositions(reader: Reader) -> dict[str, ValueArray]:
    """The given compositions of a document as shares of element mass; problems go to the reader."""
    found = {}
    for name, composition in reader.document.spec.compositions.items():
        if composition.mixed:
            continue
        given = reader.array(("compositions", name), composition, "1")
        if given is not None and given.axes[-1:] == (ELEMENT,):
            found[name] = closed_shares(given, metal_fractions(reader, composition.basis))
        elif given is not None:
            text = "a composition varies over element last, such as dims: [region, element]"
            reader.problems.append(reader.document.problem("data-shape", text, "compositions", name, "dims"))
    return found


def metal_fractions(reader: Reader, basis: str | None) -> Floats:
    """The mass fraction of each element in the compound a basis counts (1 for element mass)."""
    elements = [str(e) for e in reader.dims.dimensions[ELEMENT].labels]
    compounds = reader.document.spec.bases.get(basis or "", {})
    return np.array([mass_fraction(compounds[e], e) if e in compounds else 1.0 for e in elements])


def closed_shares(given: ValueArray, fractions: Floats) -> ValueArray:
    """Shares of element mass that sum to 1, from shares of compound mass in any scale; blanks are zero."""
    value = np.nan_to_num(given.value, nan=0.0)
    stated = value.sum(axis=-1, keepdims=True) > 0
    shares = np.where(stated, to_element_shares(np.where(stated, value, 1.0), fractions), 0.0)
    ratio = np.divide(shares, value, out=np.zeros_like(shares), where=value > 0)
    return replace(given, value=shares, sd=given.sd * ratio)


def composition_unknowns(
    assembly: Assembly, system: System, name: str, shares: ValueArray
) -> tuple[Ints, list[ObservedGroup]]:
    """The numbers of a composition's share unknowns (empty where the shares are exact), and their statements.

    The shares of one composition always sum to 1: none is moved without the others.
    """
    if not shares.uncertain:
        return np.zeros(0, np.int64), []
    parameter, group = add_parameter(
        assembly, system, f"compositions.{name}", shares, used=shares.value > 0, upper=1.0, shares=True
    )
    flat = parameter.cell.reshape(-1, parameter.cell.shape[-1])
    free = (flat >= 0) & ~shares.certain.reshape(flat.shape)
    rows: Ints = np.flatnonzero(free.any(axis=1))
    row, element = np.nonzero(flat[rows] >= 0)
    index = CellIndex(shares.axes[:-1], full_index(shares.axes[:-1], system.sizes).coords[rows])
    assembly.exact(
        Terms.of(row, flat[rows[row], element], 1.0),
        np.ones(len(rows)),
        cell_namer(system, f"composition of {name} sums to 1", index),
        merge=np.full(len(rows), -1),
    )
    return parameter.unknown, [group]


def first_mix(compositions: Mapping[str, ValueArray], n_elements: int) -> Floats:
    """A mix to start from: the mean of all given compositions, with a little of everything."""
    given = [v.value.reshape(-1, n_elements) for v in compositions.values()]
    rows = np.concatenate([np.zeros((0, n_elements)), *(g[g.sum(axis=1) > 0] for g in given)])
    mean = (rows.mean(axis=0) if len(rows) else np.zeros(n_elements)) + 1e-4
    return np.asarray(mean / mean.sum())
