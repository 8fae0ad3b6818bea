"""Two results side by side."""

from __future__ import annotations

import pytest

from mfa.run.compare import compare
from tests.build.documents import solved


def test_the_largest_change_in_standard_deviations_first() -> None:
    first, second = solved(), solved(observations={"dug": {"value": 10}})
    table = compare(first, second)
    assert len(table) == 27
    row = table[(table["name"] == "ore") & (table["year"] == "2020") & (table["region"] == "AAA")].iloc[0]
    assert (row["value"], row["value_other"], row["change"]) == pytest.approx((8000, 10000, 2000))
    assert row["in_sd"] == pytest.approx(2000 / (800**2 + 1000**2) ** 0.5, rel=1e-6)
    assert table["in_sd"].abs().is_monotonic_decreasing


def test_a_cell_that_one_lacks_counts_as_nothing() -> None:
    where = {"plant": {"where": {"region": ["AAA", "BBB"]}}}
    table = compare(solved(), solved(processes=where))
    lost = table[table["region"] == "CCC"]
    assert (lost["value_other"] == 0).all()
    assert (lost["change"] == -lost["value"]).all()
    assert (table[table["region"] != "CCC"]["change"].abs() < 1e-6).all()
