"""The names that people give to uncertainties, and what each is called here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_SPREADS: Mapping[str, Sequence[str]] = {
    "sd": (
        *("sd", "std", "stdev", "stddev", "standarddeviation", "sigma", "σ", "uncertainty", "unc"),
        *("error", "err", "se", "sem", "stderr", "standarderror"),
    ),
    "cv": ("cv", "rsd", "relsd", "relativesd", "relativeuncertainty", "relativestandarddeviation"),
    "factor": ("factor", "gsd", "uncertaintyfactor"),
    "low": ("low", "lower", "lowerbound", "min", "minimum", "lb"),
    "high": ("high", "upper", "upperbound", "max", "maximum", "ub"),
}
"""Key or column -> names that others give it."""
_FIRST = ("sd", "std", "stdev", "stddev", "sigma", "uncertainty", "cv", "rsd")
"""First words of names such as `SD (kt)`."""


def spread_meant(name: str) -> str:
    """The key or column of uncertainty that a name may stand for; empty for other names.

    >>> spread_meant("Std. dev."), spread_meant("SD (kt)"), spread_meant("CV"), spread_meant("region")
    ('sd', 'sd', 'cv', '')
    """
    words = re.findall(r"[a-zσ]+", name.casefold())
    whole = "".join(words)
    for meant, names in _SPREADS.items():
        if whole in names or (words and words[0] in _FIRST and words[0] in names):
            return meant
    return ""
