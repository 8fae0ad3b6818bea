"""Global aluminium 2009: all of the files used; the result against a general solver and the published."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import optimize

import mfa
from mfa.run.result import Result


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "models/aluminium"


@pytest.fixture(scope="module")
def prepare(folder: Path) -> dict[str, Any]:
    return runpy.run_path(str(folder / "prepare.py"))


@pytest.fixture(scope="module")
def reports(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "reports.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def result() -> Result:
    return mfa.run("aluminium_2009")


def test_the_reports_are_what_the_files_say(folder: Path, prepare: dict[str, Any]) -> None:
    assert (folder / "reports.yaml").read_text(encoding="utf-8") == prepare["document"]()


def test_the_system_has_the_flows_of_the_files_and_no_other(folder: Path, prepare: dict[str, Any]) -> None:
    flows = yaml.safe_load((folder / "model.yaml").read_text(encoding="utf-8"))["flows"]
    assert set(flows) == {prepare["name"](p) for p in prepare["existing"]()}
    for name, flow in flows.items():
        source, target = name.split("_to_")
        assert flow["from"] == ("used" if source.startswith("used_") else source)
        assert flow["to"] == target


def test_every_number_of_the_files_is_used(prepare: dict[str, Any], reports: dict[str, Any]) -> None:
    def stated(name: str) -> int:
        return sum(
            float(r["quantity"]) not in (0.0,) and r["quantity"] != "nan" for r in prepare["rows"](name)
        )

    kinds = pd.Series([n.split("_")[0] for n in reports["observations"]]).value_counts()
    ratios = prepare["rows"]("ratio")
    not_recycled = sum(r["To_top"].endswith("_notrecycled") for r in ratios)
    shares = sum(v != "rest" for share in reports["transfers"].values() for v in share.values())
    assert kinds["prior"] == stated("flowsprior") + stated("stocksprior") + 4  # and the recyclers' losses
    assert kinds["origin"] + shares + not_recycled == len(ratios)
    assert kinds.sum() - kinds["prior"] - kinds["origin"] == stated("flow") + stated("stock")


def test_every_process_closes_and_nothing_is_negative(result: Result) -> None:
    assert result.balance()["relative"].max() < 1e-9
    assert len(result.balance()) == 31
    assert all(result.flow(n).item() >= 0 for n, q in result.quantities.items() if q.kind == "flow")
    assert not len(result.free)


def test_what_repeats_other_figures_exerts_no_pull(result: Result) -> None:
    seen = result.observations.set_index("name")["standing"]
    assert seen[seen != "counted"].to_dict() == {"reserves_change": "derived", "unknown_change": "derived"}


class Plain:
    """The same problem written down from the YAML files alone: flows in Mt, ratios as quotients of flows."""

    def __init__(self, folder: Path, reports: dict[str, Any]) -> None:
        model = yaml.safe_load((folder / "model.yaml").read_text(encoding="utf-8"))
        self.names = list(model["flows"])
        ends = [(f["from"], f["to"]) for f in model["flows"].values()]
        inner = [n for n, p in model["processes"].items() if p.get("kind") not in ("source", "sink")]
        self.balance = np.array([[float(b == n) - float(a == n) for a, b in ends] for n in inner])
        counted = [o for o in reports["observations"].values() if "derived_from" not in o]
        self.rows = np.array([self.row(o["of"]) / o["sd"] for o in counted])
        self.values = np.array([o["value"] / o["sd"] for o in counted])
        parts = [
            (n, share, self.row([k for k, e in zip(self.names, ends, strict=True) if e[0] == process]))
            for process, shares in reports["transfers"].items()
            for n, share in shares.items()
            if share != "rest"
        ]
        self.top = np.array([self.row(n) for n, _, _ in parts])
        self.bottom = np.array([all_of_it for _, _, all_of_it in parts])
        self.ratio, self.sd = (np.array([s[k] for _, s, _ in parts]) for k in ("value", "sd"))

    def row(self, of: Any) -> np.ndarray:
        names = of if isinstance(of, dict) else dict.fromkeys([of] if isinstance(of, str) else of, 1.0)
        return np.array([names.get(n, 0.0) for n in self.names])

    def start(self) -> np.ndarray:
        """Non-negative flows near all figures at once, ratios taken as exact multiples."""
        rows = [
            1e3 * self.balance,
            self.rows,
            0.1 * (self.top - self.ratio[:, None] * self.bottom) / self.sd[:, None],
        ]
        right = np.concatenate([np.zeros(len(self.balance)), self.values, np.zeros(len(self.top))])
        return np.asarray(optimize.lsq_linear(np.vstack(rows), right, bounds=(1e-3, np.inf)).x)

    def residuals(self, x: np.ndarray) -> np.ndarray:
        share = (self.top @ x) / (self.bottom @ x)
        return np.concatenate([self.rows @ x - self.values, (share - self.ratio) / self.sd])

    def gradient(self, x: np.ndarray) -> np.ndarray:
        through = self.bottom @ x
        share = (self.top / through[:, None]) - ((self.top @ x) / through**2)[:, None] * self.bottom
        slopes = np.vstack([self.rows, share / self.sd[:, None]])
        return 2 * slopes.T @ self.residuals(x)


def test_a_general_solver_finds_the_same(folder: Path, reports: dict[str, Any], result: Result) -> None:
    plain = Plain(folder, reports)
    ours = np.array([result.flow(n).item() for n in plain.names])
    found = optimize.minimize(
        lambda x: float(np.sum(plain.residuals(x) ** 2)),
        plain.start(),
        jac=plain.gradient,
        method="SLSQP",
        bounds=[(0, None)] * len(ours),
        constraints={"type": "eq", "fun": lambda x: plain.balance @ x, "jac": lambda x: plain.balance},
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert found.success
    assert np.sum(plain.residuals(ours) ** 2) == pytest.approx(found.fun, rel=1e-6)
    sd = np.array([result.sd(n).item() for n in plain.names])
    assert np.max(np.abs(ours - found.x) / np.maximum(sd, 0.01)) < 1e-5


def test_the_posterior_is_near_the_published_numbers(prepare: dict[str, Any], result: Result) -> None:
    rows = [
        (int(r["Flownumberfrom"]), int(r["Flownumberto"]), float(r["quantity"]))
        for r in prepare["rows"]("flowsprior")
    ]
    published = {prepare["name"]((a, b)): q for a, b, q in rows if q > 0}
    off = {n: abs(result.flow(n).item() - q) / (result.sd(n).item()) for n, q in published.items()}
    assert len(off) == 88
    assert max(off.values()) < 1.5
    within = {n: result.sd(n).item() / prepare["prior"](q)[1] for n, q in published.items()}
    assert max(within.values()) < 0.8  # what the data add to the priors


def test_the_readme_has_the_numbers_of_the_run(folder: Path, result: Result) -> None:
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    table = [[c.strip() for c in line.strip("|").split("|")] for line in lines if line.count("(") >= 2]
    shown = [(cells[0], cells[2]) for cells in table if len(cells) == 4 and cells[0] != "flow, Mt"]
    assert len(shown) == 56 + 88 + 14
    seen = result.observations.set_index("name")
    for name, text in shown:
        known = {name, f"prior_{name}", f"prior_gain_{name.removeprefix('gain of ')}"}
        row = seen.loc[sorted(known & set(seen.index))[0]]
        assert text == f"{row['adjusted']:.3g} ({row['adjusted_sd']:.2g})", name
