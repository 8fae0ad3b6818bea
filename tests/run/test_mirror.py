"""Mirror gaps from a table of observations."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from mfa.run.mirror import label_columns, mirror_gaps


def row(side: str, value: float, sigma: float, of: str = "ore", **more: Any) -> dict[str, Any]:
    base = {
        "name": f"{side}_{of}",
        "of": of,
        "year": 2020,
        "exporter": "USA",
        "importer": "CHN",
        "source": side,
    }
    rest = {
        "value": value,
        "sigma": sigma,
        "standing": "counted",
        "unit": "t gross",
        "reported_by": side,
        "z": 0.0,
    }
    return {**base, **rest, **more}


def gaps(*rows: dict[str, Any]) -> pd.DataFrame:
    return mirror_gaps(pd.DataFrame(rows))


def test_gap_ratio_and_z() -> None:
    found = gaps(row("exporter", 100.0, 3.0), row("importer", 120.0, 4.0)).iloc[0]
    assert (found["gap"], found["ratio"], found["z"]) == (20.0, 1.2, 4.0)
    assert (found["verdict"], found["year"], found["exporter"]) == ("conflict", 2020, "USA")
    assert gaps(row("exporter", 100.0, 3.0), row("importer", 114.9, 4.0)).iloc[0]["verdict"] == "closes"


def test_the_worst_comes_first() -> None:
    rows = [
        r
        for year, factor in ((2019, 1.1), (2020, 0.2), (2021, 1.5))
        for r in (row("exporter", 100, 10, year=year), row("importer", 100 * factor, 10, year=year))
    ]
    assert list(gaps(*rows)["year"]) == [2020, 2021, 2019]


def test_two_rows_of_one_side_are_summed_against_one_of_the_other() -> None:
    found = gaps(
        row("exporter", 100.0, 10.0, of="ore + compound"),
        row("importer", 70.0, 6.0, of="ore"),
        row("importer", 35.0, 8.0, of="compound"),
    )
    assert len(found) == 1
    one = found.iloc[0]
    assert (one["importer_value"], one["importer_sigma"]) == (105.0, 10.0)
    assert one["z"] == pytest.approx(5 / math.sqrt(200))
    assert (one["of"], one["verdict"]) == ("compound + ore", "closes")


def test_a_part_left_unreported_is_incomplete_unless_it_exceeds_the_whole() -> None:
    whole = row("exporter", 100.0, 10.0, of="ore + compound")
    assert gaps(whole, row("importer", 20.0, 2.0))["verdict"].tolist() == ["incomplete"]
    assert gaps(whole, row("importer", 200.0, 10.0))["verdict"].tolist() == ["conflict"]


def test_a_part_reported_by_both_is_compared_on_its_own() -> None:
    found = gaps(
        row("exporter", 100, 10, of="ore + compound"), row("exporter", 60, 5), row("importer", 61, 5)
    )
    assert found["of"].tolist() == ["ore"]


def test_several_reports_of_one_side_are_averaged_by_precision() -> None:
    found = gaps(
        row("exporter", 90, 1), row("exporter", 120, 2, source="other"), row("importer", 96, 1)
    ).iloc[0]
    assert found["exporter_value"] == pytest.approx((90 + 120 / 4) / 1.25)
    assert found["exporter_sigma"] == pytest.approx(1.25**-0.5)
    assert found["exporter_source"] == "exporter; other"


def test_units_of_one_kind_are_converted_and_kinds_are_kept_apart() -> None:
    found = gaps(row("exporter", 100, 5), row("importer", 100_000, 5_000, unit="kg gross")).iloc[0]
    assert (found["gap"], found["unit"]) == (pytest.approx(0.0), "t gross")
    assert gaps(row("exporter", 100, 5), row("importer", 100, 5, unit="t REO")).empty


@pytest.mark.parametrize("standing", ["superseded", "derived", "repeated", "absent"])
def test_what_is_not_evidence_is_left_out(standing: str) -> None:
    assert gaps(row("exporter", 100, 5), row("importer", 100, 5, standing=standing)).empty


def test_exact_reports_either_agree_or_do_not() -> None:
    same = gaps(row("exporter", 100, 0, standing="exact"), row("importer", 100, 0, standing="exact"))
    other = gaps(row("exporter", 100, 0, standing="exact"), row("importer", 101, 0, standing="exact"))
    assert (same["z"].tolist(), same["verdict"].tolist()) == ([0.0], ["closes"])
    assert (other["z"].tolist(), other["verdict"].tolist()) == ([math.inf], ["conflict"])


def test_other_labels_must_match_and_totals_are_passed_over() -> None:
    a, b = row("exporter", 10, 1, element="Nd"), row("importer", 10, 1, element="Dy")
    assert gaps(a, b).empty
    assert len(gaps(a, {**b, "element": "Nd"})) == 1
    assert gaps(row("exporter", 10, 1, importer=None), row("importer", 10, 1)).empty


def test_a_table_without_trade_gives_an_empty_one() -> None:
    assert list(mirror_gaps(pd.DataFrame()).columns)[:3] == ["exporter", "importer", "of"]
    assert mirror_gaps(pd.DataFrame([{"name": "a", "year": 2020, "value": 1.0}])).empty
    assert label_columns(pd.DataFrame([row("importer", 1, 1)])) == ["year", "exporter", "importer"]
