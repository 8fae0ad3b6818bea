"""Processes through which one commodity of one composition passes: their elements stand and fall together.

Everything that enters, leaves and stays there is so much of the commodity times the same shares. The stock is
then kept as an amount, not element by element, and one row says what otherwise every element would repeat.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from mfa.build.assembly import Bools, Floats
from mfa.build.compositions import Composition
from mfa.core.labels import ELEMENT, REGION, at_cells
from mfa.core.system import StockOf, System

Uniform = Mapping[str, Composition]
"""Process -> the exact shares of element mass of all that is in it."""


def uniform_processes(
    system: System, compositions: Mapping[str, Composition], started: Collection[str]
) -> dict[str, Composition]:
    """The processes that hold one commodity of exact and constant composition, and its shares.

    `started` names the stocks that hold something before the first period, of whatever composition.
    """
    found = {}
    for name in (p.name for p in system.processes.values() if p.has_nodes):
        edges = [e for e in system.edges.values() if name in (e.source, e.target)]
        stocks = [s.name for s in system.stocks.values() if s.process == name]
        carried = {e.commodity for e in edges if e.kind == "flow" and e.split == "given"}
        whole = all(e.kind == "flow" and e.split == "given" for e in edges) and len(carried) == 1
        if not whole or set(stocks) & set(started):
            continue
        shares = compositions[str(carried.pop())]
        if not shares.uncertain and {*shares.axes} <= {REGION, ELEMENT}:
            found[name] = shares
    return found


def stock_shares(stock: StockOf, uniform: Uniform) -> Composition | None:
    """The shares of element mass of what a stock holds, where its process is uniform."""
    return uniform.get(stock.process) if stock.has_elements else None


def shares_held(system: System, stock: StockOf, shares: Composition) -> Floats:
    """Those shares at every cell of a stock, shape (cells, elements)."""
    return np.asarray(at_cells(shares.value, shares.axes, stock.cells, system.n_elements))


def leading_rows(system: System, uniform: Uniform) -> Bools:
    """Which balance rows (node * n_elements + element) are kept: of uniform processes the chief element's,
    of those left open none."""
    kept = np.repeat(~system.nodes.open[:, None], system.n_elements, axis=1)
    for name, shares in uniform.items():
        index = system.processes[name].cells
        nodes = system.nodes.of(name, index)
        kept[nodes] &= chief(at_cells(shares.value, shares.axes, index, system.n_elements))
    return kept.ravel()


def chief(shares: Floats) -> Bools:
    """The element of largest share in every line, as a mask."""
    return np.asarray(np.arange(shares.shape[1]) == shares.argmax(axis=1)[:, None])
