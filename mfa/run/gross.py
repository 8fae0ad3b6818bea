"""Gross errors of a run, one after another, as a table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mfa.build.balances import BALANCE
from mfa.run.trace import Trace
from mfa.solve.diagnose import LEVEL, global_test
from mfa.solve.elimination import Strategy, Suspect, gross_errors
from mfa.solve.uncertainty import Propagated

COLUMNS = ("order", "name", "kind", "size", "sd", "unit", "z", "critical", "chi_square", "dof", "p", "alike")


def gross_error_table(
    trace: Trace, *, leaks: bool = False, strategy: Strategy = "elimination", level: float = LEVEL
) -> pd.DataFrame:
    """`gross_errors.csv`: reports (and with `leaks` balances) that stand out, in the order they were found.

    `size` is how far a report lies above what all others say, or how much more enters a process than leaves
    it, with its sd in `unit`; `z` its test before it is taken out, `chi_square`, `dof` and `p` the test of
    what is left; `alike` what would explain the data just as well. Simulations have none.
    """
    spread, exact = trace.posterior, trace.problem.exact
    if not isinstance(spread, Propagated):
        return pd.DataFrame(columns=list(COLUMNS))
    rows = [k for k in range(len(exact)) if exact.name(k).startswith(BALANCE)] if leaks else []
    found = gross_errors(trace.problem, trace.solution, spread, rows=rows, strategy=strategy, level=level)
    lines = [_line(trace, k + 1, s) for k, s in enumerate(found.suspects)]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _line(trace: Trace, order: int, of: Suspect) -> dict[str, Any]:
    bias = of.kind == "bias"
    factor = float(trace.factors[of.place]) if bias else 1 / trace.mass_factor
    return {
        "order": order,
        "name": of.name,
        "kind": of.kind,
        "size": of.size * factor,
        "sd": of.sd * factor,
        "unit": trace.units[of.place] if bias else trace.mass_unit,
        "z": of.statistic**0.5,
        "critical": of.critical**0.5,
        "chi_square": of.chi2,
        "dof": of.dof,
        "p": global_test(of.chi2, of.dof).p,
        "alike": "; ".join(of.alike),
    }
