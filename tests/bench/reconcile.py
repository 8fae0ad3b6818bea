"""Timings of reconcile and posterior on worlds: `python -m tests.bench.reconcile [size ...]`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

from mfa.solve.posterior import posterior
from mfa.solve.reconcile import reconcile
from tests.solve.worlds import world

SIZES = {
    "small": {"years": 2, "regions": 6, "miners": 3, "partners": 3},
    "medium": {"years": 5, "regions": 20, "miners": 6, "partners": 4},
    "large": {"years": 8, "regions": 48, "miners": 12, "partners": 3},
}
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` returns, and its seconds."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def main() -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=list(SIZES))
    print(f"{'size':8}{'unknowns':>10}{'rows':>8}{'reports':>9}{'iterations':>12}{'solve s':>9}{'sd s':>13}")
    for size in parser.parse_args().sizes:
        problem = world(**SIZES[size]).problem
        found, solve = timed(lambda p=problem: reconcile(p))
        _, spread = timed(lambda p=problem, s=found: posterior(p, s))
        counts = f"{len(problem):10}{len(problem.exact):8}{len(problem.observed):9}{found.iterations:12}"
        print(f"{size:8}{counts}{solve:9.2f}{spread:13.2f}")


if __name__ == "__main__":
    main()
