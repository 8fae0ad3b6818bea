"""Names and solver blocks of cells and nodes, in the user's words."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from mfa.build.assembly import SHARED_BLOCK, Ints, Namer
from mfa.core.labels import CellIndex, dimension_of
from mfa.core.system import SUMMED, System


def cell_name(system: System, name: str, index: CellIndex, k: int, element: int | None = None) -> str:
    """`flow[2022, CHN, Nd]`: a cell in the user's words."""
    return _named(system, name, _place(system, index, k), element)


def _place(system: System, index: CellIndex, k: int) -> str:
    """`2022, CHN`: the labels of a cell; none along an axis over which it is a sum."""
    at = zip(index.axes, index.coords[k].tolist(), strict=True)
    return ", ".join([system.dimensions[dimension_of(a)].texts[p] for a, p in at if p != SUMMED])


def _named(system: System, name: str, place: str, element: int | None) -> str:
    if element is not None and system.elements:
        place = f"{place}, {system.elements[element]}" if place else system.elements[element]
    return f"{name}[{place}]" if place else name


def cell_namer(system: System, name: str, index: CellIndex) -> Namer:
    """Names of the cells of an index, in order."""
    return lambda k: cell_name(system, name, index, k)


def element_namer(system: System, name: str, index: CellIndex, cell: Ints, element: Ints) -> Namer:
    """Names of chosen (cell, element) pairs."""
    place = _last(system, index)
    return lambda k: _named(system, name, place(int(cell[k])), int(element[k]))


def tensor_namer(system: System, name: str, index: CellIndex, n_elements: int) -> Namer:
    """Names of every (cell, element), elements fastest; one column that is no element goes unnamed."""
    split, place = n_elements == system.n_elements, _last(system, index)
    return lambda k: _named(system, name, place(k // n_elements), k % n_elements if split else None)


def _last(system: System, index: CellIndex) -> Callable[[int], str]:
    """The labels of a cell, those of the last one remembered: names are mostly asked for in their order."""
    return lru_cache(maxsize=1)(lambda k: _place(system, index, k))


def node_namer(system: System, pattern: str, nodes: Ints, elements: Ints | None = None) -> Namer:
    """Names of nodes such as `balance of magnet[2022, CHN, Nd]`; `{}` in the pattern is the process."""

    def name(k: int) -> str:
        node = int(nodes[k])
        element = None if elements is None else int(elements[k])
        index = system.nodes.at(nodes[[k]])
        return cell_name(system, pattern.format(system.nodes.process[node]), index, 0, element)

    return name


def blocks(system: System, index: CellIndex) -> Ints:
    """The time position of every cell, which is its block in the solver (shared where it has no time)."""
    if system.time is None or system.time not in index.axes:
        return np.full(len(index), SHARED_BLOCK if system.time else 0, dtype=np.int64)
    return index.column(system.time)
