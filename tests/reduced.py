"""Two years of the bundled rare-earth world: quick enough to be solved in a test."""

from __future__ import annotations

from pathlib import Path

import yaml

import mfa
from mfa.run.bundled import find_scenario
from mfa.spec.resolve import Document

NOT_IN_THESE_YEARS = (
    "world_2017",
    "china_monazite_imports",
    "china_monazite_total",
    "china_mixed_imports",
    "china_compound_imports",
    "china_magnets",
    "china_magnets_total",
)
"""Observations of the bundled scenario whose tables have no row in 2021 and 2022."""


def reduced(folder: Path) -> Document:
    """The bundled scenario in 2021 and 2022; its file is written to a folder."""
    few = {
        "set": {"dimensions.year.range": [2021, 2022]},
        "drop": [f"observations.{name}" for name in NOT_IN_THESE_YEARS],
    }
    whole = find_scenario("rare_earths")
    small = {"mfa": 1, "name": "small", "import": [str(whole)], "variants": {"few": few}}
    file = folder / "small.yaml"
    file.write_text(yaml.safe_dump(small), encoding="utf-8")
    return mfa.load(file, variant="few")
