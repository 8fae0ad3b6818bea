"""Published reconciliation cases as problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mfa.solve.problem import LeastSquares
from tests.solve.small import Small, network

EDGES = "0-1 1-2 2-3 3-1 3-4 4-5 5-6 5-0 6-0 6-4 2-7 7-8 7-8 8-9 9-0 9-7"
FLOWS = "24.7 26.5 29.2 1.8 18.32 22.02 20.8 9.43 8.01 4.14 6 6.56 1.04 7.38 4.99 7.69"
FLOW_SIGMA = "1 1.325 1.46 0.2 0.916 1.101 1.04 0.472 0.401 0.207 0.3 0.328 0.052 0.369 0.25 0.385"
ASSAYS = (
    "3.50 3.58 2.50 4.60 2.29 2.50 2.80 2.08 2.50 nan 8.34 3.40 11.80 5.92 8.34 3.50",
    "3.00 3.13 3.50 4.80 3.37 3.37 3.10 3.74 3.00 nan 1.52 4.20 0.00 2.76 1.52 4.00",
)
ASSAY_SIGMA = (
    ".389 .27 .252 .475 .209 .246 .29 .201 .371 nan .349 .363 .871 .424 .349 .515",
    ".344 .353 .355 .5 .329 .351 .374 .52 .329 nan .419 .434 .632 .665 .41 .518",
)
CIRCUIT = (
    "22.0451 28.9746 25.3351 6.9295 18.4056 22.8086 13.4541 9.3545 9.0511 4.4030 3.6395 7.5431 1.0865 8.6296 "
    "3.6395 4.9901"
)


def numbers(text: str) -> list[float]:
    return [float(v) for v in text.split()]


def three_flows(unit: float = 1.0) -> LeastSquares:
    """x = a + b with x = 10 +- 1, a = 4 +- 0.5, b = 5 +- 0.2, in units of 1/`unit`."""
    small = Small()
    for name in "xab":
        small.unknown(name, unit)
    small.exact({"x": 1, "a": -1, "b": -1}, name="balance")
    for name, value, sd in (("x", 10, 1), ("a", 4, 0.5), ("b", 5, 0.2)):
        small.observe({name: 1}, value * unit, sd * unit)
    return small.problem()


def cencic(*, equal: bool) -> LeastSquares:
    """Cencic 2016, with or without F6 = F7."""
    small = Small()
    for name, start in {"F1": 100, "F2": 50, "F3": 300, "F4": 150, "F5": 160, "F6": 70, "F7": 90}.items():
        small.unknown(name, start)
    small.unknown("TC", 0.5)
    small.exact({"F1": 1, "F2": 1, "F4": 1, "F3": -1}, name="P1")
    small.exact({"F3": 1, "F4": -1, "F5": -1}, name="P2")
    small.exact({"F5": 1, "F6": -1, "F7": -1}, name="P3")
    small.exact({"F4": 1, ("F3", "TC"): -1}, name="transfer")
    small.exact({"F2": 1}, 50, name="F2 given")
    if equal:
        small.exact({"F6": 1, "F7": -1}, name="halves")
    for name, value, sd in (("F1", 100, 10), ("F3", 300, 30), ("F5", 160, 16), ("TC", 0.5, 0.05)):
        small.observe({name: 1}, value, sd)
    return small.problem()


def networks(shared: Path) -> dict[str, dict[str, Any]]:
    """The published linear networks by id."""
    text = (shared / "reference" / "reconciliation_networks.json").read_text(encoding="utf-8")
    return {n["id"]: n for n in json.loads(text)["networks"]}


def published(case: dict[str, Any], bias: tuple[int, float] = (0, 0.0)) -> LeastSquares:
    """A published network as a problem, one measurement moved by `bias` (stream, amount)."""
    measured = list(case["measured"])
    measured[bias[0]] += bias[1]
    return network([tuple(s) for s in case["streams_from_to"]], measured, case["sigma"])


def circuit(low: float, flows: bool = True) -> LeastSquares:
    """Alhaj-Dibo 2008 with two assays; every start is 10 and 3 unless `flows`."""
    edges = [tuple(int(v) for v in e.split("-")) for e in EDGES.split()]
    small = Small()
    for k, value in enumerate(numbers(FLOWS)):
        small.unknown(f"F{k}", value if flows else 10.0)
        for e in range(2):
            small.unknown(f"a{e} {k}", 3.0, low=low)
    for node in range(1, 10):
        sign = {k: float(b == node) - float(a == node) for k, (a, b) in enumerate(edges) if node in (a, b)}
        small.exact({f"F{k}": w for k, w in sign.items()}, name=f"node {node}")
        for e in range(2):
            small.exact({(f"F{k}", f"a{e} {k}"): w for k, w in sign.items()}, name=f"node {node} assay {e}")
    for k, (value, sd) in enumerate(zip(numbers(FLOWS), numbers(FLOW_SIGMA), strict=True)):
        if k not in (0, 3, 10):
            small.observe({f"F{k}": 1}, value, sd)
    for e in range(2):
        for k, (value, sd) in enumerate(zip(numbers(ASSAYS[e]), numbers(ASSAY_SIGMA[e]), strict=True)):
            if not np.isnan(value):
                small.observe({f"a{e} {k}": 1}, value, sd)
    return small.problem()


def table(low: float) -> LeastSquares:
    """Miller and Blair 7.4.2: a 3 x 3 table moved to new sums, sigma proportional to value."""
    shares = np.array([[0.12, 0.10, 0.049], [0.21, 0.247, 0.265], [0.026, 0.249, 0.145]])
    values = shares * np.array([421.0, 284.0, 283.0])
    small = Small()
    for (i, j), value in np.ndenumerate(values):
        small.unknown(f"z{i}{j}", value, low=low)
        small.observe({f"z{i}{j}": 1}, value, value)
    for i, total in enumerate((245, 136, 159)):
        small.exact({f"z{i}{j}": 1 for j in range(3)}, total, name=f"row {i}")
    for j, total in enumerate((251, 107, 182)):
        small.exact({f"z{i}{j}": 1 for i in range(3)}, total, name=f"column {j}")
    return small.problem()
