"""The table of lifetime kinds: which parameters each accepts, and the module that knows its equations."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from mfa.errors import InputError, Problem, did_you_mean

if TYPE_CHECKING:
    from mfa.core.lifetime.family import Family

Form = tuple[str, ...]

LIFETIME_KINDS: Mapping[str, tuple[Form, ...]] = MappingProxyType(
    {
        "fixed": (("mean",),),
        "normal": (("mean", "sd"),),
        "truncated_normal": (("mean", "sd"),),
        "folded_normal": (("mean", "sd"),),
        "lognormal": (("mean", "sd"),),
        "weibull": (("mean", "shape"), ("shape", "scale"), ("mean", "sd")),
        "gamma": (("mean", "sd"), ("mean", "shape"), ("shape", "scale")),
        "exponential": (("mean",), ("rate",)),
        "log_logistic": (("mean", "shape"), ("shape", "scale"), ("mean", "sd")),
        "uniform": (("low", "high"), ("mean", "sd")),
        "table": (("age", "survival"),),
    }
)
"""Every lifetime kind and the sets of parameter names it accepts, the usual one first."""


def load_family(kind: str) -> Family:
    """The family of a kind; its module (and scipy) is imported here and not before.

    The kind `table` has no fixed family: it makes one for every table of ages.
    """
    module = importlib.import_module(f"mfa.core.lifetime.families.{kind}")
    family: Family = module.FAMILY
    return family


def find_form(kind: str, names: Iterable[str]) -> Form:
    """The accepted parameter set that these names are.

    Raises
    ------
    InputError
        When the kind is unknown, or the names are none of the sets it accepts.
    """
    problems = form_problems(kind, names)
    if problems:
        raise InputError(*problems)
    return next(form for form in LIFETIME_KINDS[kind] if set(form) == set(names))


def form_problems(kind: str, names: Iterable[str]) -> list[Problem]:
    """What is wrong with a lifetime kind and its parameter names; empty when nothing is.

    >>> print(form_problems("weibul", ["mean", "shape"])[0])
    error[lifetime-kind]: no lifetime is called "weibul"
        hint: did you mean "weibull"?
    """
    if kind not in LIFETIME_KINDS:
        hint = did_you_mean(kind, LIFETIME_KINDS, listed=len(LIFETIME_KINDS))
        return [Problem("lifetime-kind", f'no lifetime is called "{kind}"', hint=hint)]
    given = list(names)
    forms = LIFETIME_KINDS[kind]
    if any(set(form) == set(given) for form in forms):
        return []
    known = sorted({name for form in forms for name in form})
    unknown = [name for name in given if name not in known]
    sets = " or ".join("(" + ", ".join(form) + ")" for form in forms)
    text = f"a {kind} lifetime takes {sets}, not ({', '.join(given)})"
    hint = did_you_mean(unknown[0], known) if unknown else ""
    return [Problem("lifetime-parameters", text, hint=hint)]
