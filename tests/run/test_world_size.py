"""A scenario above the size from which linear problems are solved part by part says what it says below it."""

from __future__ import annotations

import copy
from typing import Any

import pandas as pd
import pytest

import mfa
from mfa.run import collect
from mfa.run.result import Result
from mfa.run.store import open_result
from mfa.solve.separable import world
from mfa.solve.separable.posterior import PartsPosterior

SCENARIO: dict[str, Any] = {
    "mfa": 1,
    "name": "large",
    "dimensions": {"year": {"range": [2020, 2023]}, "element": ["Nd", "Dy"]},
    "processes": {
        "in": {"kind": "source"}, "p": {}, "q": {}, "r": {}, "out": {"kind": "sink"},
    },
    "flows": {
        "a": {"from": "in", "to": "p"},
        "b": {"from": "p", "to": "q"},
        "c": {"from": "p", "to": "out"},
        "d": {"from": "q", "to": "r"},
        "e": {"from": "q", "to": "r"},
        "f": {"from": "r", "to": "out"},
    },
    "observations": {
        name: {"of": of, "data": data, "dims": ["year", "element"], "sd": sd}
        for name, of, data, sd in (
            ("ra", "a", [[10, 9], [11, 10], [12, 11], [13, 12]], 0.3),
            ("rb", "b", [[60, 5], [7, 6], [7, 6], [8, 27]], 0.2),
            ("rc", "c", [[4, 4], [4, 4], [5, 5], [5, 5]], 0.2),
            ("rf", "f", [[6, 5], [7, 6], [7, 6], [8, 7]], 0.2),
        )
    }
    | {
        "again": {"of": "f", "at": {"element": "Nd"}, "data": [6.1, 7.1, 7, 8], "dims": ["year"], "sd": 0.4},
        "whole": {"of": "a", "sum": ["element"], "data": [19, 21, 23, 25], "dims": ["year"], "sd": 0.5},
    },
    "outputs": {"indicators": {"total": "sum(a)"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def small() -> Result:
    return mfa.run(SCENARIO)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(world, "LARGE", 1)
    found = mfa.run(SCENARIO)
    assert isinstance(found.state.posterior, PartsPosterior)
    return found


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The numbers of gross errors that are the same whichever of several that explain alike is named."""
    return table[["z", "critical", "chi_square", "dof"]]


def same(ours: pd.DataFrame, other: pd.DataFrame) -> None:
    assert len(ours)
    pd.testing.assert_frame_equal(ours, other, rtol=1e-6, atol=1e-6)


def test_free_flows_have_intervals_and_their_sums(small: Result, large: Result) -> None:
    assert set(large.free["kind"]) == {"free", "sum"}
    assert (large.free["high"].dropna() > 1).all()
    same(large.free, small.free)


def test_gross_errors_are_searched(small: Result, large: Result) -> None:
    assert len(large.gross_errors) >= 2
    same(large.gross_errors, small.gross_errors)
    same(*(numbers(r.search_gross_errors(leaks=True)) for r in (large, small)))


@pytest.mark.parametrize("target", ["c[2021, Nd]", "a[2020]", "d[2022, Dy]", "total"])
def test_the_next_measurement_is_named(small: Result, large: Result, target: str) -> None:
    ours, other = (r.next_measurement(target, sd=0.1).set_index("measure") for r in (large, small))
    # what is free has a value of its own in each, which is one of many
    left = [] if target.startswith("d") else ["value"]
    columns = [*left, "sd", "status", "assumed", "sd_after", "narrows"]
    same(ours.sort_index()[columns], other.sort_index()[columns])


def test_a_saved_result_answers_too(large: Result, tmp_path: Any) -> None:
    again = open_result(large.save(tmp_path / "out"))
    same(again.next_measurement("c[2021, Nd]", sd=0.1), large.next_measurement("c[2021, Nd]", sd=0.1))


def test_what_is_not_listed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "LISTED", 3)
    result = mfa.run(copy.deepcopy(SCENARIO))
    assert (result.free["kind"] == "free").sum() == 3
    assert any("free.csv lists 3 of 16 free flows" in w for w in result.warnings)


def test_standard_deviations_may_be_drawn(small: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    document = copy.deepcopy(SCENARIO) | {"uncertainty": {"method": "montecarlo", "draws": 100, "seed": 1}}
    other = mfa.run(document).sd("c").to_numpy()
    monkeypatch.setattr(world, "LARGE", 1)
    drawn = mfa.run(document)
    assert isinstance(drawn.state.posterior, PartsPosterior)
    assert drawn.sd("c").to_numpy() == pytest.approx(other, rel=1e-3)
    assert (other != small.sd("c").to_numpy()).all()
