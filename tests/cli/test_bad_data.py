"""Data that contradict each other or say nothing, through `mfa run`: a clear answer or none at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from mfa.cli import main

PLANT = """\
mfa: 1
name: plant
processes: {s: {kind: source}, p: {}, m: {kind: sink}}
flows:
  x: {from: s, to: p}
  a: {from: p, to: m}
  b: {from: p, to: m}
"""


@dataclass(frozen=True)
class Ran:
    """What a run said and wrote."""

    code: int
    said: str
    folder: Path

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / f"{name}.csv").set_index("name")

    @property
    def flows(self) -> dict[str, float]:
        return self.table("flows")["value"].to_dict()


def ran(folder: Path, *, more: str = "", **observations: str) -> Ran:
    """The plant with these observations (flow or name: the rest of the entry) and further sections."""
    lines = [f"  {n}: {{of: {n[0]}, {text}, unit: t}}" for n, text in observations.items()]
    text = PLANT + "\n".join(["observations:", *lines] if lines else []) + f"\n{more}\n"
    (folder / "plant.yaml").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(folder / "plant.yaml"), "-o", str(folder / "out"), "-q"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    if done.exit_code == 0:
        for file in ("flows", "observations"):
            numbers = pd.read_csv(folder / f"out/{file}.csv")[
                ["value", *(["adjusted"] if file[0] == "o" else [])]
            ]
            assert np.isfinite(numbers.to_numpy(float)).all()
        worst = pd.read_csv(folder / "out/balances.csv")["relative"].max()
        assert worst <= 1e-9
    else:
        assert not (folder / "out").exists()
    return Ran(done.exit_code, done.output, folder / "out")


EXACT = {
    "a balance": (
        {"x": "value: 10, sd: 0", "a": "value: 6, sd: 0", "b": "value: 5, sd: 0"},
        ["balance of p", "x (", "a (", "b ("],
    ),
    "a balance, by a millionth": (
        {"x": "value: 10, sd: 0", "a": "value: 5, sd: 0", "b": "value: 5.00001, sd: 0"},
        ["balance of p", "x (", "a (", "b ("],
    ),
    "two figures of one flow": ({"x": "value: 10, sd: 0", "x2": "value: 11, sd: 0"}, ["x (", "x2 ("]),
    "two figures of a trace": (
        {"x": "value: 1e7, sd: 0", "a": "value: 0.005, sd: 0", "a2": "value: 0.006, sd: 0"},
        ["a (", "a2 ("],
    ),
    "a negative flow": ({"x": "value: -10, sd: 0"}, ["x (", "x at least 0"]),
}


@pytest.mark.parametrize("case", EXACT)
def test_exact_figures_in_conflict_are_named_and_no_others(tmp_path: Path, case: str) -> None:
    observations, named = EXACT[case]
    done = ran(tmp_path, b9="value: 5, sd: 1", **observations)
    assert done.code == 1
    told = [line for line in done.said.splitlines() if "error[infeasible]" in line]
    assert len(told) == len(named)
    assert all(any(name in line for line in told) for name in named)


def test_exact_figures_that_differ_by_rounding_have_no_silent_answer(tmp_path: Path) -> None:
    done = ran(tmp_path, x="value: 10, sd: 0", x2="value: 10.0000001, sd: 0", a="value: 5, sd: 1")
    assert done.code == 1
    assert "x (" in done.said


@pytest.mark.parametrize(
    ("constraint", "named"),
    [
        ("{low: {of: a, max: -1 t}}", ["limit constraints.low.max", "a at least 0"]),
        (
            "{low: {of: a, max: 3 t}, high: {of: a, min: 4 t}}",
            ["constraints.low.max", "constraints.high.min"],
        ),
        ("{none: {of: x, equal: -1 t}}", ["constraints.none.equal", "x at least 0"]),
    ],
)
def test_bounds_that_leave_no_room(tmp_path: Path, constraint: str, named: list[str]) -> None:
    done = ran(tmp_path, more=f"constraints: {constraint}", x="value: 10, sd: 1")
    assert done.code == 1
    assert all(name in done.said for name in named)


def test_an_exact_share_against_exact_flows(tmp_path: Path) -> None:
    share = "transfers: {p: {a: 0.3, b: rest}}"
    done = ran(tmp_path, more=share, x="value: 10, sd: 0", a="value: 4, sd: 0")
    assert done.code == 1
    assert "share of a in p" in done.said


def test_an_uncertain_share_against_exact_flows_is_flagged(tmp_path: Path) -> None:
    share = "transfers: {p: {a: {value: 0.3, sd: 0.01}, b: rest}}"
    done = ran(tmp_path, more=share, x="value: 10, sd: 0", a="value: 4, sd: 0")
    assert done.code == 0
    assert "1 flagged" in done.said
    assert done.table("parameters").loc["transfers.p.a", ["adjusted", "flag"]].tolist() == [
        0.4,
        "gross error",
    ]
    assert "1 figure is a gross error" in (done.folder / "report.html").read_text(encoding="utf-8")


def test_something_that_is_not_in_the_system(tmp_path: Path) -> None:
    done = ran(tmp_path, x="value: 10, sd: 1", zinc="value: 10, sd: 1")
    assert done.code == 2
    assert "unknown-name" in done.said
    assert 'no flow, trade or stock "z"' in done.said


def test_the_same_exact_statement_twice_counts_as_one(tmp_path: Path) -> None:
    observations = {"x": "value: 10, sd: 0", "a": "value: 4, sd: 1", "b": "value: 5, sd: 1"}
    sum_too = "constraints: {x: {of: [a, b], equal: 10 t}}"
    done = ran(tmp_path, more=sum_too, x2="value: 10, sd: 0", **observations)
    assert done.code == 0
    assert done.flows == pytest.approx({"x": 10, "a": 4.5, "b": 5.5}, rel=1e-12)
    assert done.table("flows")["sd"].to_dict() == pytest.approx({"x": 0, "a": 0.5**0.5, "b": 0.5**0.5})
    assert "on 1 degree of freedom" in done.said


def test_a_part_without_any_observation_is_free_and_the_other_is_not(tmp_path: Path) -> None:
    other = "import: [other.yaml]"
    (tmp_path / "other.yaml").write_text(
        "mfa: 1\nprocesses: {s9: {kind: source}, p9: {}, m9: {kind: sink}}\n"
        "flows: {y: {from: s9, to: p9}, z: {from: p9, to: m9}}\n"
    )
    done = ran(tmp_path, more=other, x="value: 10, sd: 1", a="value: 4, sd: 1")
    assert done.code == 0
    assert "2 cells are free" in done.said
    status = done.table("flows")["status"].to_dict()
    assert {n for n, s in status.items() if s == "free"} == {"y", "z"}
    assert done.table("flows").loc[["y", "z"], "sd"].isna().all()
    assert {"x": 10, "a": 4, "b": 6}.items() <= {k: pytest.approx(v) for k, v in done.flows.items()}.items()


def test_no_observation_at_all_is_refused_with_the_names_of_all_flows(tmp_path: Path) -> None:
    done = ran(tmp_path)
    assert done.code == 1
    assert "error[no-anchor]" in done.said
    assert "x, a, b" in done.said


@pytest.mark.parametrize("sd", ["1e-6", "1e-9", "1e-12", "1e-20"])
def test_two_figures_with_hardly_any_error_that_differ_are_flagged(tmp_path: Path, sd: str) -> None:
    done = ran(tmp_path, x=f"value: 10, sd: {sd}", x2=f"value: 11, sd: {sd}", a="value: 4, sd: 1")
    assert done.code == 0
    seen = done.table("observations")
    assert done.flows == pytest.approx({"x": 10.5, "a": 4, "b": 6.5}, rel=1e-9)
    assert seen["flag"].to_dict() == {"x": "gross error", "x2": "gross error", "a": "unchecked"}


@pytest.mark.parametrize("sd", ["1e3", "1e6"])
def test_errors_far_above_all_flows(tmp_path: Path, sd: str) -> None:
    done = ran(tmp_path, x="value: 10, sd: 1e-3", a=f"value: 4, sd: {sd}", b=f"value: 5, sd: {sd}")
    assert done.code == 0
    table = done.table("flows")
    assert table.loc["x", "value"] == pytest.approx(10, rel=1e-9)
    # both are anywhere from 0 to x: expectation propagation has their sd a sixth too large there
    assert table.loc[["a", "b"], "sd"].tolist() == pytest.approx([10 / 12**0.5] * 2, rel=0.2)
    assert abs(table["value"] - [10, 4.5, 5.5]).max() <= 1e-9 * float(sd) + 1e-9
    assert done.table("observations").loc[["a", "b"], "leverage"].tolist() == pytest.approx(
        [0.5, 0.5], rel=1e-6
    )


def test_small_and_large_errors_in_one_balance(tmp_path: Path) -> None:
    done = ran(tmp_path, x="value: 1e12, sd: 1e12", a="value: 1e-6, sd: 1e-12", b="value: 5, sd: 1e-12")
    assert done.code == 0
    assert done.flows == pytest.approx({"x": 5.000001, "a": 1e-6, "b": 5}, rel=1e-12)


@pytest.mark.parametrize("size", ["1e6", "1e9", "1e12"])
def test_a_trace_beside_a_flow_that_is_too_large_to_notice_it(tmp_path: Path, size: str) -> None:
    done = ran(tmp_path, x=f"value: {size}, cv: 10%", a="value: 4, sd: 0.1")
    assert done.code == 0
    assert done.flows["a"] == pytest.approx(4, rel=1e-12)
    assert done.table("flows").loc["a", "sd"] == pytest.approx(0.1, rel=1e-9)


@pytest.mark.parametrize("size", [1e-18, 1e-12, 1e-6, 1e6, 1e9])
def test_the_size_of_a_plant_does_not_matter(tmp_path: Path, size: float) -> None:
    x, x2, a = (f"value: {number * size:g}, cv: {cv}%" for number, cv in ((10, 10), (12, 10), (4, 5)))
    done = ran(tmp_path, x=x, x2=x2, a=a)
    assert done.code == 0
    assert done.flows == pytest.approx({"x": 11 * size, "a": 4 * size, "b": 7 * size}, rel=1e-8)
    assert done.table("flows").loc["x", "sd"] == pytest.approx(1.1 * size * 0.5**0.5, rel=1e-8)


@pytest.mark.parametrize(
    ("text", "column"),
    [("value: 1e300, sd: 1e290", 21), ("value: 10, sd: 1e-320", 29), ("value: 1e-200, cv: 10%", 21)],
)
def test_numbers_that_nothing_can_be_reckoned_with_are_refused(
    tmp_path: Path, text: str, column: int
) -> None:
    done = ran(tmp_path, x=text, a="value: 4, sd: 1")
    assert done.code == 2
    assert f"plant.yaml:9:{column}: error[number-range]: observations.x:" in done.said


def test_a_negative_report_stops_at_zero_and_is_flagged(tmp_path: Path) -> None:
    done = ran(tmp_path, x="value: -10, sd: 1")
    assert done.code == 0
    assert done.flows == {"x": 0, "a": 0, "b": 0}
    assert done.table("observations").loc["x", "flag"] == "gross error"


@pytest.mark.parametrize(
    ("text", "said"), [("value: -10, sd: 1", "is -10 t"), ('value: "<-3", sd: 1', "is below -3 t")]
)
def test_a_negative_mass_is_said_where_it_stands(tmp_path: Path, text: str, said: str) -> None:
    done = ran(tmp_path, x=text)
    assert f"plant.yaml:9:21: warning[negative-value]: observation x says that x {said}" in done.said


def test_reports_of_nothing(tmp_path: Path) -> None:
    done = ran(tmp_path, x="value: 0, sd: 1", a="value: 0, sd: 1")
    assert done.code == 0
    assert done.flows == {"x": 0, "a": 0, "b": 0}
    (tmp_path / "again").mkdir()
    relative = ran(tmp_path / "again", x="value: 0, cv: 10%", a="value: 0, cv: 10%")
    assert relative.code == 2
    assert "error[zero-relative]" in relative.said


def test_a_report_that_its_balance_contradicts_is_flagged(tmp_path: Path) -> None:
    more = "  gap: {of: {x: 1, a: -1, b: -1}, value: 3, sd: 1, unit: t}"
    done = ran(tmp_path, more=more, x="value: 3, sd: 1")
    assert done.code == 0
    assert done.table("observations").loc["gap", ["adjusted", "flag"]].tolist() == [0, "gross error"]
