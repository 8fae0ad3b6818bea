"""Eight networks of the kinds reconciliation is published for, through the solver and the command line.

The topologies are the usual ones of plants and grids; measurements are made up around a truth that balances.
Least-squares values and standard deviations are those of the dense implementation.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from mfa.cli import main
from mfa.solve.posterior import posterior
from mfa.solve.reconcile import reconcile
from tests.solve import dense
from tests.solve.small import network

Stream = tuple[int, int]
NETWORKS: dict[str, tuple[str, float]] = {
    # edges from-to, 0 the environment; the largest flow
    "boiler house and turbines": ("0-1 0-2 1-3 2-3 3-4 3-5 4-6 5-6 3-6 6-7 6-8 7-0 8-0 4-0 5-0", 200.0),
    "pulp washing": ("0-1 1-2 2-3 3-4 4-0 0-4 4-3 3-2 2-1 1-0", 1000.0),
    "flotation circuit": ("0-1 1-2 1-3 2-4 2-1 3-1 3-0 4-0 4-2", 350.0),
    "grinding with a cyclone": ("0-1 1-2 2-3 3-1 3-4 4-0 0-2 4-5 5-3 5-0", 820.0),
    "heat exchangers with bypasses": ("0-1 1-2 1-3 2-4 3-4 4-5 4-6 5-7 6-7 7-0", 64.0),
    "grid of six buses": ("0-1 0-2 1-3 1-4 2-4 2-5 3-6 4-6 5-6 4-5 6-0 3-0 5-0", 450.0),
    "water supply with two tanks": ("0-1 1-2 1-3 2-4 3-4 2-3 4-5 4-6 5-0 6-0 3-0 5-6", 12.0),
    "distillation train": ("0-1 1-2 1-0 2-3 2-0 3-4 3-0 4-1 4-0 0-3", 95.0),
}


def made(name: str) -> tuple[list[Stream], list[float], list[float]]:
    """Streams, measurements and sigmas of a network: a truth without accumulation, off by its errors."""
    text, largest = NETWORKS[name]
    streams = [(int(a), int(b)) for a, b in (edge.split("-") for edge in text.split())]
    random = np.random.default_rng(list(NETWORKS).index(name))
    nodes = max(max(s) for s in streams)
    rows = np.array([[float(b == n) - float(a == n) for a, b in streams] for n in range(1, nodes + 1)])
    truth = np.abs(random.normal(1, 0.3, len(streams)))
    for _ in range(2000):  # alternately balanced and kept above a twentieth
        truth = np.maximum(truth - np.linalg.pinv(rows) @ (rows @ truth), 0.05)
    truth *= largest / truth.max()
    sigma = truth * random.uniform(0.01, 0.06, len(truth))
    return streams, [float(f"{v:.4g}") for v in truth + sigma * random.normal(size=len(truth))], [
        float(f"{v:.3g}") for v in sigma
    ]  # fmt: skip


def answer(streams: list[Stream], measured: list[float], sigma: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Values and standard deviations by the dense implementation."""
    nodes = max(max(s) for s in streams)
    rows = np.array([[float(b == n) - float(a == n) for a, b in streams] for n in range(1, nodes + 1)])
    pulls = np.diag(1 / np.array(sigma))
    x = dense.least_squares(rows, np.zeros(nodes), pulls, np.array(measured) / sigma)
    return x, np.sqrt(np.diag(dense.covariance(rows, pulls)))


def scenario(streams: list[Stream], measured: list[float], sigma: list[float]) -> str:
    """The same as a scenario."""
    nodes = range(1, max(max(s) for s in streams) + 1)
    ends = [(f"n{a}" if a else "from", f"n{b}" if b else "to") for a, b in streams]
    lines = [
        "mfa: 1",
        "processes:",
        "  from: {kind: source}",
        "  to: {kind: sink}",
        *(f"  n{n}: {{}}" for n in nodes),
    ]
    lines += ["flows:", *(f"  F{k}: {{from: {a}, to: {b}}}" for k, (a, b) in enumerate(ends))]
    lines += ["observations:"]
    lines += [f"  F{k}: {{of: F{k}, value: {v!r}, sd: {s!r}, unit: t}}"
              for k, (v, s) in enumerate(zip(measured, sigma, strict=True))]  # fmt: skip
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", NETWORKS)
def test_the_solver_gives_the_least_squares_answer(name: str) -> None:
    streams, measured, sigma = made(name)
    x, sd = answer(streams, measured, sigma)
    problem = network(streams, measured, sigma)
    found = reconcile(problem)
    spread = posterior(problem, found)
    assert x.min() > 0
    np.testing.assert_allclose(found.x, x, rtol=1e-8)
    np.testing.assert_allclose(spread.sd_x, sd, rtol=1e-8)
    assert spread.leverage.sum() == pytest.approx(max(max(s) for s in streams), abs=1e-8)
    assert found.chi2 == pytest.approx(float(np.sum(((x - measured) / np.array(sigma)) ** 2)), rel=1e-8)


@pytest.mark.parametrize("name", NETWORKS)
def test_so_does_the_command_line(tmp_path: Path, name: str) -> None:
    streams, measured, sigma = made(name)
    x, sd = answer(streams, measured, sigma)
    (tmp_path / "network.yaml").write_text(scenario(streams, measured, sigma), encoding="utf-8")
    done = CliRunner().invoke(
        main, ["run", str(tmp_path / "network.yaml"), "-o", str(tmp_path / "out"), "-q"]
    )
    assert done.exit_code == 0, done.output
    flows = pd.read_csv(tmp_path / "out/flows.csv").set_index("name").loc[[f"F{k}" for k in range(len(x))]]
    np.testing.assert_allclose(flows["value"], x, rtol=1e-8)
    np.testing.assert_allclose(flows["sd"], sd, rtol=1e-8)
    assert pd.read_csv(tmp_path / "out/balances.csv")["relative"].max() < 1e-9
