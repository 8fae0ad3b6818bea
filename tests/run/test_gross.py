"""Gross errors of a scenario: named in order, in the user's units, in tables, report and summary."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import mfa
from mfa.cli import main
from mfa.report import render
from mfa.run.result import Result
from mfa.run.store import open_result

NETWORK: dict[str, Any] = {
    "mfa": 1,
    "name": "gross",
    "processes": {"in": {"kind": "source"}, "p": {}, "q": {}, "out": {"kind": "sink"}},
    "flows": {
        "a": {"from": "in", "to": "p"},
        "b": {"from": "p", "to": "q"},
        "c": {"from": "p", "to": "out"},
        "d": {"from": "q", "to": "out"},
    },
    "observations": {
        "ra": {"of": "a", "value": 10, "sd": 0.1},
        "rb": {"of": "b", "value": 9000, "sd": 100, "unit": "kg"},
        "rc": {"of": "c", "value": 4, "sd": 0.1},
        "rd": {"of": "d", "value": 6, "sd": 0.1},
        "rd2": {"of": "d", "value": 6.05, "sd": 0.1},
    },
}


def network(**reports: float) -> Result:
    document = copy.deepcopy(NETWORK)
    for name, value in reports.items():
        document["observations"][name]["value"] = value
    return mfa.run(document)


def test_one_wrong_report_is_named_and_flagged_alone() -> None:
    result = network()
    assert (result.observations["z"].abs() > 3).all()
    assert result.observations["flag"].tolist() == ["", "gross error", "", "", ""]
    assert result.observations["misfit"].tolist()[1] == 1.0
    (row,) = result.gross_errors.to_dict("records")
    assert (row["order"], row["name"], row["kind"], row["unit"]) == (
        1,
        "rb (scenario, as stated)",
        "bias",
        "kg",
    )
    assert row["size"] == pytest.approx(9000 - 1000 * _without_rb(), rel=1e-9)
    assert row["chi_square"] == pytest.approx(0.15, rel=1e-9)
    assert row["p"] > 0.9


def _without_rb() -> float:
    """b from a - c = 6 (0.1^2 + 0.1^2) and d = 6.025 (0.1^2 / 2), by their precisions."""
    return (6 * 50 + 6.025 * 200) / 250


def test_sound_reports_give_no_table_and_no_section() -> None:
    result = network(rb=6000)
    assert result.gross_errors.empty
    assert "one after another" not in render(result)


def test_two_wrong_reports_come_in_the_order_of_their_evidence() -> None:
    result = network(ra=14)
    first, second = result.gross_errors.to_dict("records")
    assert {first["name"], first["alike"]} == {"ra (scenario, as stated)", "rc (scenario, as stated)"}
    assert abs(first["size"]) == pytest.approx(3.975, rel=1e-6)
    assert (second["name"], second["size"]) == ("rb (scenario, as stated)", pytest.approx(2975))
    assert second["chi_square"] == pytest.approx(0.125)


def test_leaks_compete_with_biases_when_asked_for() -> None:
    document = copy.deepcopy(NETWORK)
    twice = {f"{n}_again": dict(o) for n, o in document["observations"].items()}
    document["observations"] |= twice
    for name in ("rb", "rb_again"):
        document["observations"][name]["value"] = 6000
    for name in ("rd", "rd_again", "rd2", "rd2_again"):
        document["observations"][name]["value"] = 5
    result = mfa.run(document)
    (row,) = result.search_gross_errors(leaks=True).to_dict("records")
    assert (row["name"], row["kind"], row["unit"]) == ("balance of q", "leak", "t")
    assert row["size"] == pytest.approx(1.0, abs=0.05)
    assert len(result.search_gross_errors(strategy="compensation")) >= 2


def test_saved_results_and_the_report_have_them(tmp_path: Path) -> None:
    result = network()
    again = open_result(result.save(tmp_path / "out"))
    assert again.gross_errors["name"].tolist() == result.gross_errors["name"].tolist()
    text = render(again)
    assert "Gross errors, one after another" in text
    assert "Without it chi-square is 0.15 on 2 degrees of freedom" in text
    assert again.search_gross_errors()["size"].tolist() == pytest.approx(result.gross_errors["size"].tolist())


def test_the_summary_names_them(tmp_path: Path) -> None:
    (tmp_path / "gross.yaml").write_text(yaml.safe_dump(NETWORK), encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(tmp_path / "gross.yaml"), "-q", "-o", str(tmp_path / "out")])
    assert "  1 gross error: rb (scenario, as stated); without it chi-square is 0.15 on 2" in done.stdout
