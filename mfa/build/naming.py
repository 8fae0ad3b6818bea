"""Names and solver blocks of cells and nodes, in the user's words."""

from __future__ import annotations

import numpy as np

from mfa.build.assembly import SHARED_BLOCK, Ints, Namer
from mfa.core.labels import CellIndex, dimension_of
from mfa.core.system import System


def cell_name(system: System, name: str, index: CellIndex, k: int, element: int | None = None) -> str:
    """`flow[2022, CHN, Nd]`: a cell in the user's words."""
    words = [
        str(system.dimensions[dimension_of(a)].labels[p])
        for a, p in zip(index.axes, index.coords[k], strict=True)
    ]
    if element is not None and system.elements:
        words.append(system.elements[element])
    return f"{name}[{', '.join(words)}]" if words else name


def cell_namer(system: System, name: str, index: CellIndex) -> Namer:
    """Names of the cells of an index, in order."""
    return lambda k: cell_name(system, name, index, k)


def element_namer(system: System, name: str, index: CellIndex, cell: Ints, element: Ints) -> Namer:
    """Names of chosen (cell, element) pairs."""
    return lambda k: cell_name(system, name, index, int(cell[k]), int(element[k]))


def tensor_namer(system: System, name: str, index: CellIndex, n_elements: int) -> Namer:
    """Names of every (cell, element), elements fastest; one column that is no element goes unnamed."""
    split = n_elements == system.n_elements
    return lambda k: cell_name(system, name, index, k // n_elements, k % n_elements if split else None)


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
