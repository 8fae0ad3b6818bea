"""Gross errors of a run, one misfit after another: the table, and the flags of the reports in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.build.balances import BALANCE
from mfa.run.trace import Trace
from mfa.solve.culprits import Member
from mfa.solve.diagnose import GROSS, LEVEL, TESTABLE, global_test
from mfa.solve.elimination import Strategy, Suspect, gross_errors
from mfa.solve.problem import Floats
from mfa.solve.uncertainty import Propagated

COLUMNS = (
    *("order", "name", "kind", "size", "sd", "unit", "sigmas", "z", "critical", "chi_square", "dof", "p"),
    *("alike", "members", "unlikely"),
)
CONFLICT = "conflict"
FLAGS = (GROSS, CONFLICT)
"""Flags of what is wrong, or contradicted by its mirror."""
Suspects = tuple[Suspect, ...]


def suspects(
    trace: Trace, *, leaks: bool = False, strategy: Strategy = "elimination", level: float = LEVEL
) -> Suspects:
    """The misfits of a run in the order they were found; simulations have none."""
    spread, exact = trace.posterior, trace.problem.exact
    if not isinstance(spread, Propagated):
        return ()
    rows = [k for k in range(len(exact)) if exact.name(k).startswith(BALANCE)] if leaks else []
    return gross_errors(
        trace.problem, trace.solution, spread, rows=rows, strategy=strategy, level=level
    ).suspects


def gross_error_table(trace: Trace, found: Suspects) -> pd.DataFrame:
    """`gross_errors.csv`: a line for every misfit, in the order they were found.

    `name` is the report (or the balance) that is likeliest to be wrong, `size` how far it lies above what all
    others say, or how much more enters a process than leaves it, with its sd in `unit`, and in `sigmas`.
    `alike` are those that would explain the data just as well, `members` all of these with the error that
    each would have to have, `unlikely` those whose error would be absurd. `z` is the test before the misfit
    is taken out, `chi_square`, `dof` and `p` the test of what is left (none: nothing is left to test).
    """
    lines = [_line(trace, k + 1, s) for k, s in enumerate(found)]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _line(trace: Trace, order: int, of: Suspect) -> dict[str, Any]:
    first, factor, unit = of.first, *_unit(trace, of.first)
    left = of.dof >= TESTABLE
    return {
        "order": order,
        "name": first.name,
        "kind": first.kind,
        "size": first.size * factor,
        "sd": first.sd * factor,
        "unit": unit,
        "sigmas": first.sigmas,
        "z": of.statistic**0.5,
        "critical": of.critical**0.5,
        "chi_square": max(of.chi2, 0.0) if left else np.nan,
        "dof": of.dof if left else 0.0,
        "p": global_test(of.chi2, of.dof).p if left else np.nan,
        "alike": "; ".join(m.name for m in of.likely[1:]),
        "members": "; ".join(_words(trace, m) for m in of.likely),
        "unlikely": "; ".join(_words(trace, m) for m in of.members if not m.likely),
    }


def _unit(trace: Trace, of: Member) -> tuple[float, str]:
    """The factor to the unit that a member is printed in, and that unit."""
    if of.kind == "leak":
        return 1 / trace.mass_factor, trace.mass_unit
    return float(trace.factors[of.place]), trace.units[of.place]


def _words(trace: Trace, of: Member) -> str:
    """A member with its error, `logs: -4,540 kitem (8 sigma)`."""
    factor, unit = _unit(trace, of)
    words = "" if unit == "1" else f" {unit}"
    sigmas = "" if np.isnan(of.sigmas) else f" ({of.sigmas:.2g} sigma)"
    return f"{of.name}: {_short(of.size * factor)}{words}{sigmas}"


def _short(value: float) -> str:
    """Three digits with a sign.

    >>> _short(-4538.3), _short(0.02), _short(1.2e9)
    ('-4,540', '+0.02', '+1.2e+09')
    """
    digits = float(f"{value:.3g}")
    return f"{digits:+,.0f}" if 1000 <= abs(digits) < 1e7 else f"{digits:+.3g}"


def marks(flag: npt.NDArray[np.str_], found: Suspects) -> tuple[npt.NDArray[np.object_], Floats]:
    """The flag of every observed row, and the number of the misfit that it may explain (nan: none)."""
    flags, misfit = np.asarray(flag, dtype=object).copy(), np.full(len(flag), np.nan)
    for k, suspect in enumerate(found):
        for member in suspect.likely:
            if member.kind == "bias" and np.isnan(misfit[member.place]):
                flags[member.place], misfit[member.place] = GROSS, k + 1
    return flags, misfit
