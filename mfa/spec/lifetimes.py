"""The kinds of lifetime a document may name and the parameters each takes."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MEAN_SD = ("mean", "sd")
_MEAN_SHAPE = ("mean", "shape")
_SHAPE_SCALE = ("shape", "scale")

KINDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "fixed": (("mean",),),
    "normal": (_MEAN_SD,),
    "truncated_normal": (_MEAN_SD,),
    "folded_normal": (_MEAN_SD,),
    "lognormal": (_MEAN_SD,),
    "weibull": (_MEAN_SHAPE, _SHAPE_SCALE, _MEAN_SD),
    "gamma": (_MEAN_SD, _MEAN_SHAPE, _SHAPE_SCALE),
    "exponential": (("mean",), ("rate",)),
    "log_logistic": (_MEAN_SHAPE, _SHAPE_SCALE, _MEAN_SD),
    "uniform": (("low", "high"), _MEAN_SD),
    "table": (("age", "survival"),),
}
"""Kind -> the sets of parameters it may be given by, the usual one first."""
ONE_NUMBER = "mean"
"""The parameter that a bare number stands for, as in `{fixed: 10}`."""
MAY_BE_ZERO = ("low",)
"""Parameters that may be 0; all others are above it."""
PLAIN = ("shape", "rate")
"""Parameters that are no times (a rate is per year)."""
SD_HINT = "lifetimes that do not vary are of the kind `fixed`"

_TIMING = re.compile(r"uniform|start|middle|end|gauss\(([2-9]|10)\)")
TIMINGS = ("uniform", "start", "middle", "end", "gauss(2)")
"""When in a year the inflow may enter; `gauss(n)` takes 2 to 10 points."""


def is_timing(text: str) -> bool:
    """Whether a text names a timing.

    >>> is_timing("gauss(4)"), is_timing("gauss(40)")
    (True, False)
    """
    return _TIMING.fullmatch(text) is not None


def parameter_sets(kind: str) -> str:
    """The parameters a kind takes, as a sentence.

    >>> parameter_sets("weibull")
    'mean and shape, or shape and scale, or mean and sd'
    """
    return ", or ".join(" and ".join(names) for names in KINDS[kind])
