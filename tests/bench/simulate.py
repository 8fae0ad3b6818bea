"""Seconds and memory of simulations by size: `python -m tests.bench.simulate [case ...]`.

Every case is built and solved in a process of its own; `--profile CASE` prints where its time goes instead.
Seconds are of processor time, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import mfa
from mfa.build import build
from mfa.run.pipeline import run
from mfa.solve.simulate import repeated, simulate

MIB = 1024.0
CASES: dict[str, tuple[str, int, int, int]] = {
    "one series": ("loops", 20, 1, 1),
    "3 countries": ("loops", 70, 3, 5),
    "20 countries": ("loops", 70, 20, 5),
    "the world, 10 years": ("loops", 10, 129, 25),
    "the world, 35 years": ("loops", 35, 129, 25),
    "the world, 70 years": ("loops", 70, 129, 25),
    "trade, 30 countries": ("markets", 10, 30, 5),
    "trade, the world": ("markets", 10, 129, 25),
}
"""Name -> system, years, regions, elements."""


def loops(years: int, regions: int, elements: int) -> dict[str, Any]:
    """Two recycling loops round a maker and a cohort stock, by year, region and element: nine flows."""
    return {
        **_labels(years, regions, elements),
        "processes": {
            **{p: {"kind": "source"} for p in ("ore",)},
            **{p: {} for p in ("smelter", "maker", "yard")},
            "use": {"kind": "stock"},
            "tip": {"kind": "sink"},
        },
        "flows": {
            "mined": {"from": "ore", "to": "smelter"},
            "metal": {"from": "smelter", "to": "maker"},
            "slag": {"from": "smelter", "to": "tip"},
            "goods": {"from": "maker", "to": "use"},
            "offcuts": {"from": "maker", "to": "smelter"},
            "waste": {"from": "maker", "to": "tip"},
            "retired": {"from": "use", "to": "yard"},
            "scrap": {"from": "yard", "to": "smelter"},
            "lost": {"from": "yard", "to": "tip"},
        },
        "transfers": {
            "smelter": {"metal": 0.95, "slag": "rest"},
            "maker": {"goods": 0.8, "offcuts": 0.15, "waste": "rest"},
            "yard": {"scrap": 0.5, "lost": "rest"},
        },
        "stocks": {"in_use": {"at": "use", "lifetime": {"weibull": {"mean": 12, "shape": 2.5}}}},
        "drivers": {"ore": {"of": "mined", "value": 100}},
    }


def markets(years: int, regions: int, elements: int) -> dict[str, Any]:
    """A mixed market a region, trade among all neighbours in circles, and scrap that comes back from use."""
    labels = _labels(years, regions, elements)
    names, parts = labels["dimensions"]["region"], labels["dimensions"]["element"]
    random = np.random.default_rng(0)
    ores = {r: dict(zip(parts, random.dirichlet(np.ones(elements)).tolist(), strict=True)) for r in names}
    partners = min(12, regions - 1)
    trade = np.full((years, regions, regions), np.nan)
    for k in range(1, partners + 1):
        trade[:, np.arange(regions), (np.arange(regions) + k) % regions] = 10.0 + k
    return {
        **labels,
        "processes": {
            "mine": {"kind": "source"},
            "market": {"kind": "market"},
            "maker": {},
            "use": {"kind": "stock"},
            "yard": {},
            "tip": {"kind": "sink"},
        },
        "flows": {
            "mined": {"from": "mine", "to": "market", "commodity": "ore"},
            "fed": {"from": "market", "to": "maker", "commodity": "oxide"},
            "goods": {"from": "maker", "to": "use"},
            "waste": {"from": "maker", "to": "tip"},
            "retired": {"from": "use", "to": "yard"},
            "scrap": {"from": "yard", "to": "market"},
            "lost": {"from": "yard", "to": "tip"},
        },
        "trade": {"traded": {"at": "market", "commodity": "oxide"}},
        "compositions": {"ore": {"dims": ["region", "element"], "data": ores}, "oxide": "mixed"},
        "transfers": {"maker": {"goods": 0.7, "waste": "rest"}, "yard": {"scrap": 0.4, "lost": "rest"}},
        "stocks": {
            "in_use": {"at": "use", "timing": "end", "lifetime": {"weibull": {"mean": 8, "shape": 2}}}
        },
        "drivers": {
            "dug": {"of": "mined", "sum": ["element"], "value": 1000},
            "sold": {
                "of": "traded",
                "sum": ["element"],
                "data": trade.tolist(),
                "dims": ["year", "exporter", "importer"],
            },
        },
    }


SYSTEMS: dict[str, Callable[[int, int, int], dict[str, Any]]] = {"loops": loops, "markets": markets}


def _labels(years: int, regions: int, elements: int) -> dict[str, Any]:
    return {
        "mfa": 1,
        "name": "bench",
        "dimensions": {
            "year": {"range": [2000, 1999 + years]},
            "region": [f"R{k:03d}" for k in range(regions)],
            "element": [f"E{k:02d}" for k in range(elements)],
        },
        "solve": {"question": "simulate"},
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB


def measure(case: str) -> dict[str, float]:
    """Seconds and peak memory (MiB) of building, solving, solving again, and of the whole run."""
    system, *size = CASES[case]
    document = mfa.load(SYSTEMS[system](*size))
    times = [time.process_time()]
    model = build(document)
    times.append(time.process_time())
    found = simulate(model.problem)
    times.append(time.process_time())
    peak = _peak()
    kept = repeated(model.problem, found)
    times.append(time.process_time())
    kept.x(model.problem)
    times.append(time.process_time())
    unknowns, terms = len(model.problem), model.problem.exact.matrix.nnz
    largest = max(s.rows.shape[1] for s in found.order.steps)
    steps, blocks = len(found.order.steps), found.order.loops
    del model, found, kept
    run(document)
    times.append(time.process_time())
    built, solved, _, again, whole = np.diff(times).tolist()
    counts = {"unknowns": unknowns, "terms": terms, "steps": steps, "loops": blocks, "largest": largest}
    return {**counts, "build": built, "solve": solved, "again": again, "run": whole, "mib": peak}


def apart(case: str) -> dict[str, float]:
    """`measure` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.simulate", "--one", case],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def profile(case: str) -> None:
    """Print where building and solving a case spend their time, each apart."""
    system, *size = CASES[case]
    document = mfa.load(SYSTEMS[system](*size))
    building, solving = cProfile.Profile(), cProfile.Profile()
    model = building.runcall(build, document)
    solving.runcall(simulate, model.problem)
    for name, seen in (("build", building), ("solve", solving)):
        print(name)
        pstats.Stats(seen).sort_stats("tottime").print_stats(15)


def report(cases: list[str]) -> None:
    """The table, on standard output."""
    print("| case | years x regions x elements | unknowns | terms | steps | loops | largest loop", end=" ")
    print("| build s | solve s | again ms | whole run s | peak MiB |")
    print("|" + "---|" * 12)
    for case in cases:
        r = apart(case)
        size = " x ".join(map(str, CASES[case][1:]))
        counts = " | ".join(f"{r[k]:,.0f}" for k in ("unknowns", "terms", "steps", "loops", "largest"))
        times = f"{r['build']:.2f} | {r['solve']:.3f} | {1e3 * r['again']:.1f} | {r['run']:.1f}"
        print(f"| {case} | {size} | {counts} | {times} | {r['mib']:.0f} |", flush=True)


def main() -> None:
    """Print the table, or the profile of one case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES), help=", ".join(CASES))
    parser.add_argument("--profile", choices=CASES)
    parser.add_argument("--one", choices=CASES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one)))
    elif given.profile:
        profile(given.profile)
    else:
        report(given.cases)


if __name__ == "__main__":
    main()
