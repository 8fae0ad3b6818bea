"""Speed and memory of stocks beside flodym, in one run: `python tests/bench/stocks.py [--peer PYTHON]`.

Every measurement runs in a process of its own, so that memory is its own; `--peer` is a Python that has
flodym (default: this one, if it has it). Times are the best of the repeats; memory is the peak above that
of the inputs. `--quick` takes a tenth of the series. The peer always takes inflow in the middle of the
year; ours is spread evenly (uniform), except in `inflow cohort`, which takes it in the middle too.
Of ours alone, 100 years x 50,000 is an ensemble: runs of one stock that each have a lifetime of their own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Run = Callable[[], Any]
MIB = 1024.0


def inputs(periods: int, series: int) -> tuple[Any, Any, Any]:
    """Inflow, and mean lifetimes by series and by cohort."""
    rng = np.random.default_rng(1)
    inflow = rng.uniform(0.5, 1.5, (periods, series)) * (1 + 0.02 * np.arange(periods))[:, None]
    return inflow, rng.uniform(10, 30, series), rng.uniform(10, 30, (periods, series))


def ours(case: str, periods: int, series: int) -> Run:
    """One computation by this package."""
    from mfa.core.lifetime import Lifetime
    from mfa.core.stock import inflow_driven, stock_driven

    inflow, own, cohort = inputs(periods, series)
    lives = {
        "shared": lambda: Lifetime.normal(20.0, 6.0),
        "own": lambda: Lifetime.normal(own, 0.3 * own),
        "own weibull": lambda: Lifetime.weibull(mean=own, shape=3.5),
        "cohort": lambda: Lifetime.normal(cohort, 0.3 * cohort, by="cohort"),
        "cohort uniform": lambda: Lifetime.normal(cohort, 0.3 * cohort, by="cohort"),
    }
    drive, kind = case.split(" ", 1)
    if drive == "inflow":
        return lambda: inflow_driven(inflow, lives[kind](), "middle" if kind == "cohort" else "uniform")
    stock = np.cumsum(inflow, axis=0)
    return lambda: stock_driven(stock, lives[kind]())


def peers(case: str, periods: int, series: int) -> Run:
    """The same computation by flodym."""
    import flodym as fd

    inflow, own, cohort = inputs(periods, series)
    time_dim = fd.Dimension(name="time", letter="t", items=list(range(periods)), dtype=int)
    other = fd.Dimension(name="series", letter="s", items=list(range(series)), dtype=int)
    dims = fd.DimensionSet(dim_list=[time_dim, other])
    drive, kind = case.split(" ", 1)
    mean = {"shared": 20.0, "own": own, "own weibull": own, "cohort": cohort, "cohort uniform": cohort}[kind]
    values = inflow if drive == "inflow" else np.cumsum(inflow, axis=0)
    array = fd.StockArray(dims=dims, values=values)

    def run() -> Any:
        if kind == "own weibull":
            life: Any = fd.WeibullLifetime(dims=dims, weibull_scale=mean, weibull_shape=3.5)
        else:
            life = fd.NormalLifetime(dims=dims, mean=mean, std=0.3 * mean)
        if drive == "inflow":
            model = fd.InflowDrivenDSM(dims=dims, inflow=array, lifetime_model=life)
        else:
            model = fd.StockDrivenDSM(dims=dims, stock=array, lifetime_model=life)
        model.compute()
        return model

    return run


def measure(who: str, case: str, periods: int, series: int, repeats: int) -> dict[str, float]:
    """Seconds (best) and peak memory above the inputs (MiB)."""
    run = (ours if who == "mfa" else peers)(case, periods, series)
    warm = (ours if who == "mfa" else peers)(case, 4, 3)
    warm()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": min(seconds), "mib": (after - before) / MIB}


def apart(
    python: str, who: str, case: str, periods: int, series: int, repeats: int
) -> dict[str, float] | None:
    """`measure` in a process of its own; None when the package is not there."""
    work = json.dumps([who, case, periods, series, repeats])
    out = subprocess.run([python, __file__, "--one", work], capture_output=True, text=True, check=False)
    if out.returncode:
        if "No module named 'flodym'" not in out.stderr:
            print(out.stderr[-600:], file=sys.stderr)
        return None
    found: dict[str, float] = json.loads(out.stdout)
    return found


CASES = [
    ("inflow shared", 200, 10_000, 150),
    ("inflow own", 200, 10_000, 150),
    ("inflow own weibull", 200, 10_000, 150),
    ("stock shared", 200, 10_000, 100),
    ("stock own", 200, 10_000, 100),
    ("inflow cohort", 200, 10_000, 8),
    ("inflow cohort uniform", 200, 10_000, 8),
]
ALONE = [
    ("inflow shared", 400, 10_000),
    ("inflow own", 400, 10_000),
    ("stock shared", 400, 10_000),
    ("inflow own weibull", 100, 50_000),
]
LADDER = [50, 100, 200, 400, 800, 1600]


def report(python: str, scale: int) -> None:
    """The tables, on standard output."""
    print(
        "| case | years x series | mfa s | mfa extra MiB | flodym s | flodym extra MiB | ratio | to reach |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for case, periods, series, target in CASES:
        size = series // scale
        mine = apart(sys.executable, "mfa", case, periods, size, 5)
        theirs = apart(python, "flodym", case, periods, size, 1)
        assert mine is not None
        row = f"| {case} | {periods} x {size} | {mine['seconds']:.3f} | {mine['mib']:.0f} |"
        if theirs is None:
            print(row, "- | - | - |", target, "|", flush=True)
            continue
        ratio = theirs["seconds"] / mine["seconds"]
        print(row, f"{theirs['seconds']:.2f} | {theirs['mib']:.0f} | {ratio:.0f} | {target} |", flush=True)
    print("\n| case | years x series | mfa s | mfa extra MiB |\n|---|---|---|---|")
    for case, periods, series in [*ALONE, *(("inflow shared", t, 1000) for t in LADDER)]:
        mine = apart(sys.executable, "mfa", case, periods, series // scale, 5)
        assert mine is not None
        size = f"{periods} x {series // scale}"
        print(f"| {case} | {size} | {mine['seconds']:.4f} | {mine['mib']:.0f} |", flush=True)


def main() -> None:
    """Run the benchmark, or one measurement of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable)
    parser.add_argument("--quick", action="store_true", help="a tenth of the series")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(*json.loads(given.one))))
    else:
        report(given.peer, 10 if given.quick else 1)


if __name__ == "__main__":
    main()
