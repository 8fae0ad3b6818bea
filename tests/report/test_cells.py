"""What the report prints where there is no number, and of one degree of freedom."""

from __future__ import annotations

import mfa
from mfa.report import render


def test_an_indicator_that_nothing_determines_has_no_empty_cell() -> None:
    ends = {"a": ("s", "p"), "b": ("p", "o"), "c": ("p", "q")}
    text = {
        "mfa": 1,
        "processes": {"s": {"kind": "source"}, "p": {}, "o": {"kind": "sink"}, "q": {"kind": "sink"}},
        "flows": {n: {"from": a, "to": b} for n, (a, b) in ends.items()},
        "observations": {
            "a": {"of": "a", "value": 100, "sd": 5},
            "again": {"of": "a", "value": 104, "sd": 5},
        },
        "outputs": {"indicators": {"out": "b + c", "one": "b"}},
    }
    page = render(mfa.run(mfa.load(text)))
    assert page.count("not determined") == 1
    assert "with 1 degree of freedom" in page
