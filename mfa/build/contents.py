"""Contents: the mass that a tonne of a product, or one item of it, holds; by element, its composition too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mfa.build.assembly import Assembly
from mfa.build.compositions import Composition, composition_of_masses, metal_fractions
from mfa.build.parameters import ObservedGroup, Parameter, add_parameter
from mfa.build.values import Reader, ValueArray
from mfa.core.labels import ELEMENT
from mfa.core.system import System
from mfa.errors import Problem
from mfa.spec.schema import Scenario
from mfa.units import COUNT


@dataclass(frozen=True)
class Content:
    """What a commodity holds: mass in `basis` (summed over elements) per gross mass, or per item."""

    given: ValueArray
    parameter: Parameter | None
    basis: str

    @property
    def counted(self) -> bool:
        """Whether it is a mass per item."""
        per = self.given.unit.per
        return per is not None and per.kind == COUNT


def by_element(spec: Scenario, commodity: str | None) -> bool:
    """Whether the content of a commodity says how much of each element it holds."""
    content = spec.contents.get(commodity or "")
    return content is not None and ELEMENT in content.dims


def read_contents(reader: Reader) -> dict[str, ValueArray]:
    """The contents of a document as it states them; problems go to the reader."""
    found = {}
    for name, value in reader.document.spec.contents.items():
        given = reader.array(("contents", name), value)
        if given is not None:
            reader.problems += _unfit(reader, name, given)
            found[name] = given
    return found


def _unfit(reader: Reader, name: str, given: ValueArray) -> list[Problem]:
    """What a content by element cannot be: in an order of its own, or uncertain."""
    if ELEMENT not in given.axes:
        return []
    if given.axes[-1] != ELEMENT:
        text = "a content by element varies over element last, such as dims: [region, element]"
        return [reader.document.problem("data-shape", text, "contents", name, "dims")]
    if given.uncertain:
        text = f'the content of "{name}" is given by element, and these masses have an uncertainty'
        hint = f"give shares with theirs under `compositions.{name}`, and their sum as the content"
        return [reader.document.problem("uncertainty", text, "contents", name, hint=hint)]
    return []


def implied_compositions(reader: Reader, contents: Mapping[str, ValueArray]) -> dict[str, Composition]:
    """The compositions that contents by element state, in the compounds that the content counts."""
    return {
        name: composition_of_masses(given, metal_fractions(reader, given.unit.basis))
        for name, given in contents.items()
        if given.axes[-1:] == (ELEMENT,)
    }


def add_content(
    assembly: Assembly, system: System, name: str, given: ValueArray
) -> tuple[Content, tuple[ObservedGroup, ...]]:
    """The content factor of a commodity; an uncertain one is an unknown with its statement."""
    whole = _whole(given)
    if not whole.uncertain:
        return Content(whole, None, whole.unit.basis), ()
    parameter, group = add_parameter(assembly, system, f"contents.{name}", whole)
    return Content(whole, parameter, whole.unit.basis), (group,)


def _whole(given: ValueArray) -> ValueArray:
    """A content summed over elements where it is given by element (a blank holds none)."""
    if given.axes[-1:] != (ELEMENT,):
        return given
    none = np.isnan(given.value).all(axis=-1)
    value = np.where(none, np.nan, np.nansum(given.value, axis=-1))
    zero = np.zeros_like(value)
    return replace(given, axes=given.axes[:-1], value=value, sd=zero, cv=zero)
