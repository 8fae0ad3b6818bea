"""The document's table of lifetimes is the one that computes."""

from __future__ import annotations

from mfa.core.lifetime.kinds import LIFETIME_KINDS
from mfa.core.lifetime.timing import NAMES
from mfa.spec.lifetimes import KINDS, is_timing


def test_kinds_and_parameters_are_those_of_the_core() -> None:
    assert {k: {frozenset(s) for s in v} for k, v in KINDS.items()} == {
        k: {frozenset(s) for s in v} for k, v in LIFETIME_KINDS.items()
    }


def test_timings_are_those_of_the_core() -> None:
    assert all(is_timing(name) for name in NAMES)
    assert not any(is_timing(name) for name in ("gauss(1)", "gauss(11)", "gauss", "uniform ", "mid"))
