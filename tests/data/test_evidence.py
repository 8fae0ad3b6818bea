from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mfa.data.evidence import Evidence, derived, in_order, latest_edition, repeated


def rows(*cells: tuple[object, ...]) -> pd.DataFrame:
    names = ["region", "source", "edition", "value", "derived_from"]
    return pd.DataFrame(cells, columns=names).assign(low=np.nan, high=np.nan)


@pytest.mark.parametrize(
    ("editions", "given", "expected"),
    [
        (["MCS 2026 v1.3", "MCS 2024", "MCS 2026 v1.0"], (), ["MCS 2024", "MCS 2026 v1.0", "MCS 2026 v1.3"]),
        (["v1.10", "v1.9"], (), ["v1.9", "v1.10"]),
        (["V202601", "V202501"], (), ["V202501", "V202601"]),
        (
            ["downloaded 2026-07-10", "downloaded 2026-02-01"],
            (),
            ["downloaded 2026-02-01", "downloaded 2026-07-10"],
        ),
        (["b", "a"], (), ["b", "a"]),
        (["MCS 2024", ""], (), ["", "MCS 2024"]),
        (["final", "draft"], ("draft", "final"), ["draft", "final"]),
    ],
)
def test_order_of_editions(editions: list[str], given: tuple[str, ...], expected: list[str]) -> None:
    assert in_order(editions, given) == expected


def test_only_the_latest_edition_of_one_source_counts() -> None:
    frame = rows(
        ("VNM", "usgs", "MCS 2024", 22e6, None),
        ("VNM", "usgs", "MCS 2025", 3.5e6, None),
        ("VNM", "bgs", "2020", 9e6, None),
        ("BRA", "usgs", "MCS 2024", 21e6, None),
    )
    assert latest_edition(frame, ["region"])["status"].tolist() == [
        "superseded",
        "counted",
        "counted",
        "counted",
    ]


def test_a_given_order_wins() -> None:
    frame = rows(("VNM", "usgs", "MCS 2024", 1.0, None), ("VNM", "usgs", "MCS 2025", 2.0, None))
    marked = latest_edition(frame, ["region"], {"usgs": ["MCS 2025", "MCS 2024"]})
    assert marked["status"].tolist() == ["counted", "superseded"]


def test_what_is_derived_from_something_present_is_one_piece_of_evidence() -> None:
    frame = rows(
        ("MMR", "usgs", "MCS 2025", 43000.0, "china_imports"),
        ("CHN", "usgs", "MCS 2025", 255000.0, "china_quota"),
    )
    evidence = Evidence.of(frame, ["region"], present=["china_imports"])
    assert evidence.frame["status"].tolist() == ["derived", "counted"]
    assert evidence.counted["region"].tolist() == ["CHN"]
    assert evidence.counts() == {"derived": 1, "counted": 1}


def test_a_figure_made_of_several_is_derived_where_all_of_them_are_present() -> None:
    frame = rows(
        ("MMR", "usgs", "MCS 2025", 43000.0, "china_imports;thai_imports"),
        ("LAO", "usgs", "MCS 2025", 5000.0, "china_imports;vietnam_imports"),
    )
    marked = derived(frame, ["china_imports", "thai_imports"])
    assert marked["status"].tolist() == ["derived", "counted"]


def test_identical_figures_of_one_edition_count_once() -> None:
    twice = rows(
        ("CHN", "usgs", "2024", 5.0, None),
        ("CHN", "usgs", "2024", 5.0, None),
        ("CHN", "bgs", "2024", 5.0, None),
    )
    assert repeated(twice, ["region"])["status"].tolist() == ["counted", "repeated", "counted"]
    bounds = rows(("CHN", "usgs", "2024", np.nan, None), ("CHN", "usgs", "2024", np.nan, None))
    assert repeated(bounds.assign(low=[1.0, 2.0]), ["region"])["status"].tolist() == ["counted", "counted"]


def test_no_rows() -> None:
    assert len(Evidence.of(rows(), ["region"]).counted) == 0
