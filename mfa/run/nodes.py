"""What enters, leaves and stays at every node, summed flow by flow without a list of terms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mfa.build.flows import EdgeCells
from mfa.build.model import Model
from mfa.build.stocks import change_terms
from mfa.core.balance import Balance

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def node_balance(model: Model, q: Floats) -> tuple[Balance, Ints]:
    """The balance of every (node, element) that flows touch, and its number node * n_elements + element."""
    system = model.system
    shape = (len(system.nodes), system.n_elements)
    # written at once: memory from np.zeros is fetched twice, when `+=` reads it and when it writes
    entering, leaving, touched = np.full(shape, 0.0), np.full(shape, 0.0), np.zeros(shape, np.bool_)
    for name, edge in system.edges.items():
        flow, mask = _values(model.edges[name], q)
        source, target = system.ends[name]
        target.mark(touched, mask)
        if edge.kind == "difference":  # leaves nothing
            ends = [(target, entering, leaving)]
        else:
            source.mark(touched, mask)
            ends = [(target, entering, leaving), (source, leaving, entering)]
        one_way = flow.min(initial=0.0) >= 0.0
        for end, ahead, back in ends:
            end.add(ahead, flow if one_way else np.maximum(flow, 0.0))
            if not one_way:  # what is below 0 runs the other way; a NaN stays one
                end.add(back, np.maximum(-flow, 0.0))
    return _touched(entering.ravel(), leaving.ravel(), stock_change(model, q), touched)


def _touched(entering: Floats, leaving: Floats, change: Floats, touched: Bools) -> tuple[Balance, Ints]:
    if touched.all():
        return Balance(entering, leaving, change), np.arange(touched.size)
    number = np.flatnonzero(touched)
    return Balance(entering[number], leaving[number], change[number]), number


def stock_change(model: Model, q: Floats) -> Floats:
    """The stock change of every node * n_elements + element."""
    system = model.system
    change = np.zeros(len(system.nodes) * system.n_elements)
    for name, stock in system.stocks.items():
        if stock.kind != "reserve":
            terms = change_terms(system, stock, model.stocks[name], model.before[name])
            change -= np.bincount(terms.row, terms.weight * q[terms.cell], len(change))
    return change


def _values(cells: EdgeCells, q: Floats) -> tuple[Floats, Bools]:
    """(cells, elements): the values of an edge, 0 where nothing can be; and where something can."""
    flow = q[cells.offset : cells.offset + cells.mask.size].reshape(cells.mask.shape)
    return flow if cells.mask.all() else np.where(cells.mask, flow, 0.0), cells.mask
