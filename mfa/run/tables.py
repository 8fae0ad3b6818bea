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

BALANCE_COLUMNS = ("inflow", "outflow", "stock_change", "difference", "throughput", "relative", "unit")
"""The columns of a table of balances that are numbers, and their unit."""
FIRST = ("name", "of")
"""The columns of a table of observations before its labels, and those after them."""
LAST = (
    *("source", "edition", "value", "sigma", "adjusted", "adjusted_sd", "mean", "low", "high", "residual"),
    *("shift", "z", "leverage", "flag", "standing", "mark", "unit", "derived_from", "reported_by", "place"),
)
_JUDGED = ("sigma", "residual", "z", "leverage", "flag")
_CANONICAL = ("value", "sigma", "adjusted", "adjusted_sd", "mean", "low", "high", "residual")
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def node_labels(model: Model, numbers: Ints) -> pd.DataFrame:
    """Process, time, region and element of node * n_elements + element."""
    system = model.system
    node, element = np.divmod(numbers, system.n_elements)
    columns = {"process": np.asarray(system.nodes.process, dtype=object)[node]}
    for k, axis in enumerate(system.nodes.axes):
        labels = np.asarray(system.dimensions[axis].labels, dtype=object)
        columns[axis] = labels[system.nodes.coords[node, k]]
    if system.elements:
        columns["element"] = np.asarray(system.elements, dtype=object)[element]
    return pd.DataFrame(columns, index=range(len(numbers)))


def balance_table(model: Model, q: Floats) -> pd.DataFrame:
    """`balances.csv`: every process, time, region and element, the worst relative closure first.

    Masses are in the unit of results.
    """
    balance, numbers = node_balance(model, q)
    of = model.system.mass_factor
    frame = node_labels(model, numbers).assign(
        inflow=balance.inflow / of,
        outflow=balance.outflow / of,
        stock_change=balance.change / of,
        difference=balance.difference / of,
        throughput=balance.throughput / of,
        relative=balance.relative,
        unit=model.system.mass_unit,
    )
    order = np.argsort(-balance.relative, kind="stable")
    return frame.iloc[order].reset_index(drop=True)


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
