"""What a driver may not say: that a flow, trade or stock is negative."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mfa.build.reports import Report, names_of
from mfa.build.values import Reader
from mfa.errors import Place, Problem

NAMED = 4


def negative_drivers(reader: Reader, report: Report) -> Iterator[Problem]:
    """The rows of a driver that state a negative mass, each with its labels and the line of its table."""
    spec = reader.document.spec
    known = {*spec.flows, *spec.trade, *spec.stocks}
    names = names_of(report.spec)
    if any(n in spec.stocks and spec.stocks[n].initial is None for n in names) and not reader.timed:
        return  # a change, which may be of either sign
    if report.section != "drivers" or not set(names) <= known or min(names.values()) < 0:
        return
    frame = report.frame
    for k in np.flatnonzero(frame["value"].to_numpy(float) < 0)[: 1 if report.everywhere else NAMED]:
        row = frame.iloc[int(k)]
        fixed = {a: x[0] for a, x in report.spec.at.items() if len(x) == 1}
        labels = "" if report.everywhere else ", ".join(str(row[a]) for a in report.axes if a not in fixed)
        where = ", ".join([*map(str, fixed.values()), *([labels] if labels else [])])
        number = float(row["value"]) / report.unit.factor
        text = f"driver {report.name} says that {' + '.join(names)} is {number:g} {report.unit.text}"
        text += f" for {where}" if where else ""
        hint = "a flow the other way is a flow of its own; a stock holds nothing or more"
        if row["file"]:
            yield Problem("negative-value", text, Place(str(row["file"]), int(row["line"])), hint)
        else:
            form = "value" if report.spec.value is not None else "data"
            yield reader.document.problem("negative-value", text, "drivers", report.name, form, hint=hint)
