"""Scenarios in which nothing gives some flows a size, and results that would need them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

import mfa
from mfa.cli import main
from mfa.errors import Undetermined
from mfa.report import render
from mfa.report.needs import undetermined

PARTS: dict[str, Any] = {
    "mfa": 1,
    "name": "parts",
    "dimensions": {"year": {"range": [2020, 2021]}, "region": ["AAA", "BBB"]},
    "processes": {
        "in": {"kind": "source"},
        "p": {},
        "out": {"kind": "sink"},
        "in2": {"kind": "source"},
        "r": {},
    },
    "flows": {
        "a": {"from": "in", "to": "p"},
        "b": {"from": "p", "to": "out"},
        "x": {"from": "in2", "to": "r"},
        "y": {"from": "r", "to": "out"},
        "z": {"from": "r", "to": "out"},
    },
    "transfers": {"r": {"y": {"value": 0.4, "sd": 0.1}, "z": "rest"}},
    "observations": {"ra": {"of": "a", "value": 3, "sd": 1}},
    "outputs": {
        "indicators": {"share": "y / x", "total": "x", "known": "b"},
        "figures": {
            "chain": {"kind": "sankey", "at": {"year": 2020, "region": "AAA"}, "unit": "t"},
            "supply": {"kind": "area", "of": "a", "unit": "t"},
        },
    },
}


def test_ratios_alone_are_refused_with_the_flows_named() -> None:
    ratio = {"ratio": {"of": {"y": 1, "z": -1}, "value": 0, "sd": 1}}
    with pytest.raises(Undetermined) as caught:
        mfa.run(
            {**PARTS, "flows": {k: PARTS["flows"][k] for k in "xyz"}, "observations": ratio, "outputs": {}}
        )
    (problem,) = caught.value.problems
    assert problem.code == "no-anchor"
    assert problem.text == (
        "nothing says how large the flows x, y, z can be in 4 separate parts of the system"
        " (the first with x[2020, AAA]): what is reported of them are ratios"
    )
    assert problem.hint == "observe one of them in absolute terms, such as `{of: x, value: ...}`"


def test_a_component_nobody_reports_is_a_warning_and_the_rest_is_solved() -> None:
    result = mfa.run(PARTS)
    warning, empty = result.warnings
    assert empty.startswith("warning[not-finite]: indicator share is not finite")
    assert warning.startswith(
        "warning[no-anchor]: nothing is reported of the flows x, y, z in 4 separate parts"
    )
    assert float(result.flow("a").sel(year=2020, region="AAA")) == pytest.approx(3)
    assert set(result.quantity("x").frame()["status"]) == {"free"}
    assert set(result.free["kind"]) == {"free"}
    assert (result.free["low"] == 0).all()


def test_one_report_is_enough() -> None:
    more = {**PARTS["observations"], "ry": {"of": "y", "value": 3, "sd": 1}}
    assert mfa.run({**PARTS, "observations": more}).warnings == ()


def test_a_system_without_reports_is_refused() -> None:
    with pytest.raises(Undetermined, match="nothing is reported of the flows a, b"):
        mfa.run(
            {
                **PARTS,
                "flows": {k: PARTS["flows"][k] for k in "ab"},
                "observations": {},
                "outputs": {},
                "transfers": {},
            }
        )


def test_an_indicator_of_a_free_flow_has_no_value_and_says_why() -> None:
    result = mfa.run(PARTS)
    table = result.indicators.set_index("name")
    assert table.loc["total", ["value", "sd"]].isna().all(axis=None)
    assert table.loc["share", "value"].isna().all()  # of two flows that are free, and nothing
    np.testing.assert_allclose(table.loc["known", "value"].astype(float), 3)
    share, indicator, figure = undetermined(result)
    assert share.text.startswith("the indicator share has no value at 4 of its labels")
    assert indicator.text.startswith(
        "the indicator total has no value at 4 of its labels, because nothing determines x[2020, AAA]"
    )
    assert figure.text == (
        "the figure chain shows numbers that are arbitrary, because nothing determines"
        " x[2020, AAA], y[2020, AAA], z[2020, AAA]"
    )
    text = render(result)
    assert "the figure chain shows numbers that are arbitrary" in text
    assert "nothing is reported of the flows x, y, z" in text


def test_the_command_line_says_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "parts.yaml").write_text(yaml.safe_dump(PARTS), encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(tmp_path / "parts.yaml"), "-q", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0
    for words in ("warning[no-anchor]", "the indicator total", "the figure chain"):
        assert words in done.stderr
