"""Which report is wrong: one misfit is one group, in any order, with the same numbers everywhere."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

import mfa
from mfa.cli import main
from mfa.report import render
from mfa.run.result import Result

WOOD = Path(__file__).parent / "culprit-by-order" / "case.yaml"
CHAIN: dict[str, Any] = {
    "mfa": 1,
    "name": "chain",
    "processes": {"in": {"kind": "source"}, "p": {}, "out": {"kind": "sink"}},
    "flows": {"x": {"from": "in", "to": "p"}, "a": {"from": "p", "to": "out"}},
}


def chain(**reports: Any) -> Result:
    """Two flows that are equal, x and a, with reports of them: name -> (flow, value, sd)."""
    stated = {n: {"of": of, "value": v, "sd": sd} for n, (of, v, sd) in reports.items()}
    return mfa.run({**CHAIN, "observations": stated})


def shuffled(document: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same scenario with flows, contents and observations in another order."""
    rng, mixed = random.Random(seed), dict(document)
    for part in ("flows", "contents", "observations"):
        entries = list(document.get(part, {}).items())
        rng.shuffle(entries)
        mixed[part] = dict(entries)
    return mixed


def misfits(result: Result) -> list[dict[str, Any]]:
    texts = result.gross_errors[["name", "alike", "members", "unlikely"]]
    return list(texts.to_dict("records"))


def flags(result: Result) -> dict[str, tuple[str, float]]:
    """Flag and misfit of every report and parameter, by name."""
    tables = pd.concat([result.observations, result.parameters])
    return {r["name"]: (r["flag"], r["misfit"]) for r in tables.to_dict("records")}


def test_the_wood_cascade_has_one_misfit_in_any_order() -> None:
    document = yaml.safe_load(WOOD.read_text(encoding="utf-8"))
    first = mfa.run(document)
    (one,) = first.gross_errors.to_dict("records")
    assert (one["name"], one["alike"]) == ("contents.roundwood", "logs (scenario, as stated)")
    assert (one["sigmas"], one["dof"]) == (pytest.approx(6.7249, abs=1e-4), 0)
    assert np.isnan(one["chi_square"])
    for seed in range(3):
        again = mfa.run(shuffled(document, seed))
        assert misfits(again) == misfits(first)
        assert {k: str(v) for k, v in flags(again).items()} == {k: str(v) for k, v in flags(first).items()}


def test_members_have_the_error_that_each_would_have_to_have() -> None:
    result = mfa.run(yaml.safe_load(WOOD.read_text(encoding="utf-8")))
    table = pd.concat([result.observations, result.parameters]).set_index("name")
    (one,) = result.gross_errors.to_dict("records")
    row = table.loc[one["name"]]
    assert one["size"] == pytest.approx(row["residual"] / row["leverage"], rel=1e-6)
    assert one["sigmas"] == pytest.approx(abs(one["size"]) / row["sigma"])
    # chips1 would have to be 2,090 too high, and is 2,000; sawn would be wrong by 33 sigma
    assert "chips1 (scenario, as stated): +2,090 kt gross (12 sigma)" in one["unlikely"]
    assert "sawn (scenario, as stated): +4,840 kitem (33 sigma)" in one["unlikely"]
    assert set(table.index[table["flag"] == "gross error"]) == {"contents.roundwood", "logs"}


def test_counts_agree_in_console_json_report_and_csv(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["run", str(WOOD), "-q", "-o", str(out)])
    assert "7 observations and 6 uncertain parameters counted, 0 kept aside, 2 flagged" in done.stdout
    assert "1 gross error: one of contents.roundwood: -0.202 t / item (6.7 sigma); logs" in done.stdout
    assert "without it nothing is left to test" in done.stdout
    facts = json.loads(CliRunner().invoke(main, ["run", str(WOOD), "-q", "--json", "-o", str(out)]).stdout)
    read = [pd.read_csv(out / f"{name}.csv") for name in ("observations", "parameters", "gross_errors")]
    flagged = [int((t["flag"] == "gross error").sum()) for t in read[:2]]
    assert facts["flagged"] == sum(flagged) == 2
    assert facts["gross_errors"] == len(read[2]) == 1
    assert (facts["observations_counted"], facts["parameters_counted"]) == (len(read[0]), len(read[1]))
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "1 figure is a gross error; 2 figures are flagged" in page
    assert "7 reported figures and 6 uncertain parameters count as evidence" in page
    assert "Without it nothing is left to test" in page


def test_two_reports_that_contradict_each_other_are_one_misfit() -> None:
    result = chain(r1=("x", 10.0, 1.0), r2=("a", 20.0, 2.0))
    (one,) = result.gross_errors.to_dict("records")
    assert one["members"].split("; ") == [
        "r2 (scenario, as stated): +10 t (5 sigma)",
        "r1 (scenario, as stated): -10 t (10 sigma)",
    ]
    assert flags(result) == {"r1": ("gross error", 1.0), "r2": ("gross error", 1.0)}


def test_an_error_above_twenty_sigma_or_below_zero_is_not_believed() -> None:
    absurd = chain(r1=("x", 10.0, 0.1), r2=("a", 20.0, 2.0))
    assert {n: f for n, (f, _) in flags(absurd).items()} == {"r1": "not checkable alone", "r2": "gross error"}
    far = chain(r1=("x", 10.0, 0.4), r2=("a", 20.0, 2.0))
    assert {n: f for n, (f, _) in flags(far).items()} == {"r1": "", "r2": "gross error"}


@pytest.mark.parametrize(("b", "second"), [(45, "gross error"), (55, "")])
def test_a_report_whose_true_value_would_be_negative_is_not_flagged(b: float, second: str) -> None:
    """x = a + b: a, reported as 20, would have to be 5 or -5."""
    flows = {**CHAIN["flows"], "b": {"from": "p", "to": "out"}}
    stated = {"r1": ("x", 50, 3), "r2": ("a", 20, 2), "r3": ("b", b, 3)}
    reports = {n: {"of": of, "value": v, "sd": sd} for n, (of, v, sd) in stated.items()}
    result = mfa.run({**CHAIN, "flows": flows, "observations": reports})
    wanted = {"r1": "gross error", "r2": second, "r3": "gross error"}
    assert {n: f for n, (f, _) in flags(result).items()} == wanted


def test_a_limit_is_a_bound_of_what_a_report_may_be_of() -> None:
    reports = {"r1": {"of": "x", "value": 10, "sd": 1}, "r2": {"of": "a", "value": 20, "sd": 1}}
    document = {**CHAIN, "observations": reports}
    assert [m["alike"] for m in misfits(mfa.run(document))] == ["r2 (scenario, as stated)"]
    capped = mfa.run({**document, "constraints": {"most": {"of": "x", "max": 18}}})
    (one,) = misfits(capped)
    assert (one["name"], one["alike"]) == ("r2 (scenario, as stated)", "")


def test_a_thousandfold_slip_is_flagged_whatever_its_sigmas() -> None:
    result = chain(r1=("x", 10.0, 0.5), r2=("a", 10_100.0, 0.5), r3=("a", 10.2, 0.5))
    assert {n: f for n, (f, _) in flags(result).items()} == {"r1": "", "r2": "gross error", "r3": ""}


def test_equal_evidence_does_not_depend_on_the_order() -> None:
    reports = {n: {"of": "x", "value": v, "sd": 1} for n, v in (("p", 0.5), ("q", 10.5), ("r", 5.5))}
    first = mfa.run({**CHAIN, "observations": reports})
    assert len(first.gross_errors)
    for order in ("qrp", "rqp", "prq"):
        again = mfa.run({**CHAIN, "observations": {n: reports[n] for n in order}})
        assert misfits(again) == misfits(first)


def test_independent_misfits_of_one_size_are_two() -> None:
    parts = {
        f"{k}{n}": v for n in "12" for k, v in (("s", {"kind": "source"}), ("p", {}), ("e", {"kind": "sink"}))
    }
    flows = {f"{k}{n}": {"from": f"{a}{n}", "to": f"{b}{n}"} for n in "12" for k, a, b in ("xsp", "ape")}
    values = (("x", 10), ("a", 20))
    reports = {f"r{k}{n}": {"of": f"{k}{n}", "value": v, "sd": 1} for n in "12" for k, v in values}
    result = mfa.run({"mfa": 1, "processes": parts, "flows": flows, "observations": reports})
    assert len(result.gross_errors) == 2
    assert sorted(m for _, m in flags(result).values()) == [1, 1, 2, 2]


def test_nothing_to_test_is_null_and_said(tmp_path: Path) -> None:
    reports = {"r1": {"of": "x", "value": 10, "sd": 1}}
    path = tmp_path / "one.yaml"
    path.write_text(yaml.safe_dump({**CHAIN, "observations": reports}), encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(path), "-q", "-o", str(tmp_path / "out")])
    assert "nothing is left to test" in done.stdout
    assert "chi-square" not in done.stdout
    result = mfa.open_result(tmp_path / "out")
    assert [result.facts[k] for k in ("chi_square", "critical_value", "p_value")] == [None] * 3
    assert "there is nothing to test" in render(result)


@pytest.mark.parametrize("robust", ["l2", "huber", "student_t"])
def test_explain_has_the_z_and_leverage_of_the_table(robust: str, tmp_path: Path) -> None:
    reports = {"r1": ("x", 10, 1), "r2": ("a", 10.5, 1), "r3": ("x", 16, 1)}
    stated: dict[str, Any] = {n: {"of": of, "value": v, "sd": sd} for n, (of, v, sd) in reports.items()}
    stated["r4"] = {"of": "a", "value": "<9", "sd": 1, "unit": "kt"}
    stated["r5"] = {"of": "x", "value": 11, "sd": 1, "derived_from": "r1"}
    result = mfa.run({**CHAIN, "observations": stated, "solve": {"robust": robust}})
    opened = mfa.open_result(result.save(tmp_path / "out"))
    for row in result.observations.to_dict("records"):
        for of in (result, opened):
            numbers = of.explain(row["name"])[0].numbers
            assert (numbers["z"], numbers["leverage"]) == pytest.approx(
                (row["z"], row["leverage"]), abs=1e-12
            )


def test_explain_of_a_robust_fit_is_that_of_least_squares() -> None:
    reports = {"r1": ("x", 10, 1), "r2": ("a", 10.5, 1), "r3": ("x", 16, 1)}
    stated = {n: {"of": of, "value": v, "sd": sd} for n, (of, v, sd) in reports.items()}
    result = mfa.run({**CHAIN, "observations": stated, "solve": {"robust": "huber"}})
    found = [result.explain(n)[0].numbers for n in ("r1", "r3")]
    assert [n["z"] for n in found] == pytest.approx([-2.6536, 4.6949], abs=1e-4)
    assert [n["leverage"] for n in found] == pytest.approx([2 / 3, 2 / 3])


def test_a_figure_that_cannot_be_drawn_ends_the_run_with_an_exit_status(tmp_path: Path) -> None:
    figures = {"flow": {"kind": "adjustments", "of": "x"}, "chain": {"kind": "sankey", "unit": "kt"}}
    reports = {"r1": {"of": "x", "value": 0, "sd": 1}}
    path = tmp_path / "zero.yaml"
    document = {**CHAIN, "observations": reports, "outputs": {"figures": figures}}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    for arguments in (["run", str(path), "-q", "-o", str(tmp_path / "out")], ["plot", str(tmp_path / "out")]):
        done = CliRunner().invoke(main, arguments)
        assert "error[empty-figure]" in done.stderr
        assert done.exit_code == 2
    assert (tmp_path / "out" / "flows.csv").is_file()
