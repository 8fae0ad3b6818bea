"""The tables of a result: balances and observations in the user's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.build.model import Model
from mfa.build.parameters import ObservedGroup
from mfa.run.nodes import node_balance

_AMOUNTS = ("inflow", "outflow", "stock_change", "difference", "throughput", "relative")
BALANCE_COLUMNS = (*_AMOUNTS, "unit", "balance")
"""The columns of a table of balances that are no labels."""
CLOSED, OPEN = "closed", "open"
"""What `balance` says: whether a process had to close."""
FIRST = ("name", "of")
"""The columns of a table of observations before its labels, and those after them."""
LAST = (
    *("source", "edition", "value", "sigma", "adjusted", "adjusted_sd", "mean", "low", "high", "residual"),
    *("shift", "z", "leverage", "flag", "misfit", "standing", "mark", "unit", "derived_from", "reported_by"),
    "place",
)
_JUDGED = ("sigma", "residual", "z", "leverage", "flag", "misfit")
_CANONICAL = ("value", "sigma", "adjusted", "adjusted_sd", "mean", "low", "high", "residual")
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def node_labels(model: Model, numbers: Ints) -> pd.DataFrame:
    """Process and labels of node * n_elements + element; NaN along an axis over which it is a sum."""
    system = model.system
    node, element = np.divmod(numbers, system.n_elements)
    columns = {"process": np.asarray(system.nodes.process, dtype=object)[node]}
    for k, axis in enumerate(system.nodes.axes):
        # the last one is that of a sum, whose position is -1
        labels = np.asarray([*system.dimensions[axis].labels, np.nan], dtype=object)
        columns[axis] = labels[system.nodes.coords[node, k]]
    if system.elements:
        columns["element"] = np.asarray(system.elements, dtype=object)[element]
    return pd.DataFrame(columns, index=range(len(numbers)))


def balance_table(model: Model, q: Floats) -> pd.DataFrame:
    """`balances.csv`: every balance, the worst relative closure first, then the gaps of what is left open.

    Masses are in the unit of results.
    """
    balance, numbers = node_balance(model, q)
    of, left_open = model.system.mass_factor, model.system.nodes.open[numbers // model.system.n_elements]
    frame = node_labels(model, numbers).assign(
        inflow=balance.inflow / of,
        outflow=balance.outflow / of,
        stock_change=balance.change / of,
        difference=balance.difference / of,
        throughput=balance.throughput / of,
        relative=balance.relative,
        unit=model.system.mass_unit,
        balance=np.where(left_open, OPEN, CLOSED) if left_open.any() else CLOSED,
    )
    order = np.argsort(-balance.relative, kind="stable")
    if left_open.any():
        order = order[np.argsort(left_open[order], kind="stable")]
    return frame.iloc[order].reset_index(drop=True)


def closed_and_open(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The balances that had to close, and those left open (of which a table of 0.3 says nothing)."""
    left_open = table["balance"] == OPEN if "balance" in table.columns else pd.Series(False, table.index)
    return table[~left_open], table[left_open]


def observation_table(groups: Iterable[ObservedGroup], columns: dict[str, npt.NDArray[Any]]) -> pd.DataFrame:
    """`observations.csv`: one row a report, `columns` are the solver's arrays over all observed rows."""
    parts = []
    for g in groups:
        rows = slice(g.first, g.first + len(g.labels))
        part = g.labels.copy()
        part.insert(0, "name", g.name)
        for key, values in columns.items():
            own = values[g.judged] if g.judged is not None and key in _JUDGED else values[rows]
            part[key] = own * g.factor if key in _CANONICAL else own
        parts.append(
            part.assign(
                of=g.of,
                unit=g.unit,
                source=g.source,
                edition=g.edition,
                derived_from=g.derived_from,
                standing=[s or "counted" for s in g.standing],
                reported_by=g.reported_by,
                place=g.place or "",
            )
        )
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    labels = [c for c in table.columns if c not in (*FIRST, *LAST)]
    return table.reindex(columns=[*FIRST, *labels, *LAST])
