"""What a figure says of its selection."""

from __future__ import annotations

import pytest

from mfa.figures.sankey import subtitle
from mfa.figures.spec import FigureSpec
from mfa.run.result import Result


@pytest.mark.parametrize(
    ("unit", "words"),
    [("t", "t Nd per year, 2022"), ("kt Nd", "kt Nd per year, 2022"), ("t REO", "t REO per year, 2022, Nd")],
)
def test_an_element_is_named_once(world: Result, unit: str, words: str) -> None:
    spec = FigureSpec("it", "sankey", at={"year": (2022,), "element": ("Nd",)}, unit=unit)
    assert subtitle(world, spec).startswith(words)
    assert subtitle(world, spec).count("Nd") == 1
