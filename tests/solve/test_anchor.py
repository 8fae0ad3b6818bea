"""What nothing gives a size, by hand; and that it is what scaling leaves in place."""

from __future__ import annotations

import numpy as np

from mfa.solve.anchor import unanchored
from mfa.solve.problem import LeastSquares
from tests.solve.small import Small


def chain(*, share: float | None = 0.4) -> Small:
    """a = b + c with b = tau a."""
    small = Small()
    for name in "abc":
        small.unknown(name)
    small.unknown("tau", 0.5, high=1.0)
    small.exact({"a": 1, "b": -1, "c": -1}, name="balance")
    small.exact({"b": 1, ("a", "tau"): -1}, name="share")
    if share is not None:
        small.observe({"tau": 1}, share, 0.1)
    return small


def loose(small: Small, names: str = "abc") -> list[tuple[str, bool]]:
    problem: LeastSquares = small.problem()
    cells = [k for k in range(len(problem.cells)) if problem.cells.name(k) in names]
    found = unanchored(problem, np.array(cells, dtype=np.int64))
    return [("".join(sorted(problem.cells.name(int(k)) for k in p.cells)), p.seen) for p in found]


def test_shares_alone_are_no_anchor() -> None:
    assert loose(chain()) == [("abc", False)]


def test_one_amount_is() -> None:
    small = chain()
    small.observe({"c": 1}, 3.0, 1.0)
    assert loose(small) == []


def test_an_amount_reaches_through_a_share_that_is_unknown() -> None:
    small = chain(share=None)
    small.observe({"a": 1}, 3.0, 1.0)
    assert loose(small) == []


def test_a_ratio_is_no_anchor() -> None:
    small = chain()
    small.observe({"a": 1, "c": -2}, 0.0, 1.0)
    assert loose(small) == [("abc", True)]


def test_a_report_that_is_not_counted_is_no_anchor() -> None:
    small = chain()
    small.observe({"c": 1}, 3.0, 1.0, counted=False)
    assert loose(small) == [("abc", False)]


def test_an_exact_amount_or_a_fixed_bound_is_an_anchor() -> None:
    small = chain()
    small.exact({"a": 1}, 5.0)
    assert loose(small) == []
    small = chain()
    small.unknown("d", 2.0, low=2.0, high=2.0)
    small.exact({"c": 1, "d": -1})
    assert loose(small) == []


def test_a_limit_is_not() -> None:
    small = chain()
    small.limit({"a": 1}, 5.0)
    assert loose(small) == [("abc", False)]


def test_what_is_nothing_anchors_only_itself() -> None:
    """d = 0 is reported: e = d is nothing too, and a = b + c + d is as open as before."""
    small = Small()
    for name in "abcde":
        small.unknown(name)
    small.exact({"a": 1, "b": -1, "c": -1, "d": -1})
    small.exact({"d": 1, "e": -1})
    small.observe({"d": 1}, 0.0, 1.0)
    assert loose(small, "abcde") == [("abc", False)]


def test_two_parts_are_two_components() -> None:
    small = chain()
    for name in "xy":
        small.unknown(name)
    small.exact({"x": 1, "y": -1})
    small.unknown("z")
    small.observe({"z": 1}, 1.0, 1.0)
    assert loose(small, "abcxyz") == [("abc", False), ("xy", False)]


def test_a_composition_that_sums_to_one_does_not_anchor_the_flow_it_splits() -> None:
    small = Small()
    small.unknown("f")
    for name in "pq":
        small.unknown(name, 0.5)
    small.exact({"p": 1, "q": 1}, 1.0)
    for name in "gh":
        small.unknown(name)
    small.exact({("f", "p"): 1, "g": -1})
    small.exact({("f", "q"): 1, "h": -1})
    assert loose(small, "fgh") == [("fgh", False)]
    small.observe({"g": 1}, 2.0, 0.1)
    assert loose(small, "fgh") == []
