"""What is said of numbers beside an active bound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mfa

SCENARIO = Path(__file__).parent / "bound-neighbour/scenario.yaml"


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    """Draws of (x, y, z) from the reports, those with z < 0 thrown away."""
    rng = np.random.default_rng(0)
    x, y = 100 + rng.normal(size=2_000_000), 130 + 30 * rng.normal(size=2_000_000)
    return np.array([x, y, x - y])[:, y <= x]


@pytest.mark.parametrize("changes", [{}, {"uncertainty.method": "montecarlo"}])
def test_a_flow_beside_a_bound(truth: np.ndarray, changes: dict[str, str]) -> None:
    result = mfa.run(mfa.load(SCENARIO, set=changes))
    assert float(result.flow("y")) == pytest.approx(100.033, abs=1e-3)
    assert float(result.flow("z")) == 0.0
    rel = 0.1 if changes else 0.01
    for name, drawn in zip("xyz", truth, strict=True):
        assert float(result.mean(name)) == pytest.approx(drawn.mean(), abs=rel * drawn.std())
        assert float(result.sd(name)) == pytest.approx(drawn.std(), rel=rel)
    width = 6 * rel
    assert result.interval("y").values == pytest.approx(
        np.quantile(truth[1], [0.025, 0.975]), abs=13.4 * width
    )
    assert result.interval("z").values == pytest.approx([0, np.quantile(truth[2], 0.95)], abs=13.4 * width)
    assert [int(result.mark(n)) for n in "xyz"] == [0, 2, 3]
    balance = float(result.mean("x") - result.mean("y") - result.mean("z"))
    assert balance == pytest.approx(0.0, abs=1e-9)


def test_the_columns_of_the_tables(tmp_path: Path) -> None:
    result = mfa.run(mfa.load(SCENARIO))
    flows = pd.read_csv(result.save(tmp_path / "out") / "flows.csv", keep_default_na=False)
    numbers = ["value", "mean", "sd", "low", "high", "unit", "basis", "status", "mark"]
    assert list(flows) == ["name", *numbers]
    assert flows["mark"].tolist() == ["", "prior-driven", "bound, prior-driven"]
    again = mfa.open_result(tmp_path / "out")
    np.testing.assert_array_equal(again.interval("z"), result.interval("z"))
    seen = pd.read_csv(tmp_path / "out/observations.csv")
    assert seen.set_index("name").loc["y", ["mean", "low"]].tolist() == flows.loc[1, ["mean", "low"]].tolist()


def test_a_number_without_a_bound_near_is_its_value_and_1_96_sd() -> None:
    far = mfa.load(SCENARIO, set={"observations.y.value": 60, "observations.y.sd": 3})
    result = mfa.run(far)
    for name in "xyz":
        value, sd = float(result.flow(name)), float(result.sd(name))
        assert float(result.mean(name)) == value
        assert result.interval(name).values == pytest.approx([value - 1.95996 * sd, value + 1.95996 * sd])
        assert int(result.mark(name)) == 0


def test_an_error_that_is_a_factor_gives_a_lognormal_interval() -> None:
    text = {
        "mfa": 1,
        "processes": {"s": {"kind": "source"}, "o": {"kind": "sink"}},
        "flows": {"x": {"from": "s", "to": "o"}},
        "observations": {"x": {"of": "x", "value": 100, "factor": 1.3}},
    }
    result = mfa.run(mfa.load(text))
    far = 1.3**1.959964
    assert result.interval("x").values == pytest.approx([100 / far, 100 * far], rel=1e-5)


def test_what_is_free_has_the_range_that_rows_allow() -> None:
    text = {
        "mfa": 1,
        "processes": {"s": {"kind": "source"}, "p": {}, "o": {"kind": "sink"}},
        "flows": {n: {"from": a, "to": b} for n, a, b in (("x", "s", "p"), ("y", "p", "o"), ("z", "p", "o"))},
        "observations": {"x": {"of": "x", "value": 100, "sd": 1}},
    }
    result = mfa.run(mfa.load(text))
    assert np.isnan(result.sd("y"))
    assert np.isnan(result.mean("y"))
    assert result.interval("y").values == pytest.approx([0, 100])
    assert result.interval("x").values == pytest.approx([98.04, 101.96], abs=1e-3)


@pytest.mark.parametrize(("end", "limit"), [("max", 30), ("min", 55)])
def test_the_interval_of_a_flow_at_a_limit_ends_at_the_limit(end: str, limit: float) -> None:
    text = _split({"a": {"of": "a", "value": 100, "sd": 5}, "b": {"of": "b", "value": 40, "sd": 10}})
    result = mfa.run(mfa.load({**text, "constraints": {"most": {"of": "b", end: limit}}}))
    drawn = np.random.default_rng(0).normal(40, 10, size=2_000_000)
    kept = drawn[drawn <= limit] if end == "max" else drawn[drawn >= limit]
    wanted = [np.quantile(kept, 0.05), limit] if end == "max" else [limit, np.quantile(kept, 0.95)]
    assert float(result.flow("b")) == pytest.approx(limit)
    found = result.interval("b").values
    assert found == pytest.approx(wanted, abs=0.05 * kept.std())
    assert found[wanted.index(limit)] == pytest.approx(limit, rel=1e-12)


def test_a_ratio_of_what_cannot_be_negative_is_not_shown_below_0() -> None:
    seen = {n: {"of": n, "value": 0 if n != "a" else 10, "sd": 3} for n in "abc"}
    outputs = {"indicators": {"ratio": "b / a", "part": "b / (b + c)", "gap": "(b - c) / a"}}
    found = mfa.run(mfa.load({**_split(seen), "outputs": outputs})).indicators.set_index("name")
    ends = found[["low", "cautious_low"]]
    assert (ends.loc[["ratio", "part"]].to_numpy() >= 0).all()
    assert (ends.loc["gap"] < 0).all()


def _split(observations: dict[str, object]) -> dict[str, object]:
    ends = {"a": ("s", "p"), "b": ("p", "o"), "c": ("p", "q")}
    return {
        "mfa": 1,
        "processes": {"s": {"kind": "source"}, "p": {}, "o": {"kind": "sink"}, "q": {"kind": "sink"}},
        "flows": {n: {"from": a, "to": b} for n, (a, b) in ends.items()},
        "observations": observations,
    }
