"""What the result says of its observations."""

from __future__ import annotations

import pandas as pd

from mfa.run.collect import with_conflicts


def _reports(exporter: float, importer: float, flag: str = "") -> pd.DataFrame:
    row = {
        "of": "trade", "year": 2023, "exporter": "USA", "importer": "CHN", "unit": "t", "sigma": 10.0,
        "source": "s", "edition": "e", "derived_from": "", "place": "", "standing": "counted", "flag": flag,
        "adjusted": 0.0, "adjusted_sd": 0.0, "residual": 0.0, "z": 0.0, "leverage": 0.0,
    }  # fmt: skip
    sides = [("theirs", exporter, "exporter"), ("ours", importer, "importer")]
    rows = [{**row, "name": name, "value": value, "reported_by": who} for name, value, who in sides]
    other = {**row, "name": "elsewhere", "year": 2022, "value": 1.0, "reported_by": "importer"}
    return pd.DataFrame([*rows, other])


def test_reports_that_contradict_each_other_are_flagged_and_others_not() -> None:
    assert with_conflicts(_reports(100, 200))["flag"].tolist() == ["conflict", "conflict", ""]


def test_reports_that_close_are_not_flagged() -> None:
    assert with_conflicts(_reports(100, 110))["flag"].tolist() == ["", "", ""]


def test_a_flag_that_is_there_stays() -> None:
    assert with_conflicts(_reports(100, 200, "gross error"))["flag"].tolist() == ["gross error"] * 3
