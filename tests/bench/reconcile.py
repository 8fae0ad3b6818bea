"""Timings of reconciliations: `python -m tests.bench.reconcile [networks|peers|diagnosis|worlds ...]`.

`networks`: linear networks of growing size (`--sizes 1k 10k 150k 1.8M 5M 10M`): bounded, equality only
beside the factorisation of A V A' alone, and standard deviations; closure is the worst row of all, relative
to its own terms. `peers`: PIQP and Clarabel on the bounded problem (`--sizes 150k`), with the closure they
leave. `diagnosis`: what is asked after a solve (`--sizes 150k 1.8M`): intervals of the first free flows,
sums of them, the next measurement for one flow, all gross errors one after another. `worlds`: problems with
products. Seconds are the processor's, of workers too: other work on the machine moves them little. Every
size runs in a process of its own; memory is its peak with its data, of networks after the standard
deviations."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import qdldl
from scipy import sparse

from mfa.solve.classify import LISTED, free_sums
from mfa.solve.elimination import gross_errors
from mfa.solve.intervals import intervals
from mfa.solve.narrow import narrowed
from mfa.solve.posterior import posterior
from mfa.solve.reconcile import reconcile
from mfa.solve.separable.form import Separable, split
from mfa.solve.separable.normal import scaled
from mfa.solve.separable.posterior import parts_posterior
from tests.bench.network import SIZES, network
from tests.solve.worlds import world

WORLDS = {
    "small": {"years": 2, "regions": 6, "miners": 3, "partners": 3},
    "medium": {"years": 5, "regions": 20, "miners": 6, "partners": 4},
    "large": {"years": 8, "regions": 48, "miners": 12, "partners": 3},
    "huge": {"years": 8, "regions": 153, "miners": 12, "partners": 3},
}
T = TypeVar("T")


def ready() -> None:
    """Load what a first solve loads."""
    reconcile(network(**SIZES["10k"]).problem)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` returns, and its processor seconds, those of its workers included."""
    start = _processor()
    return work(), _processor() - start


def _processor() -> float:
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + workers.ru_utime + workers.ru_stime


def peak() -> float:
    """Peak memory of this process in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def closure(problem: Any, x: Any) -> float:
    """The worst exact row, relative to its own terms."""
    matrix = problem.exact.matrix
    size = abs(matrix) @ np.abs(x)
    return float(np.max(np.abs(matrix @ x)[size > 0] / size[size > 0]))


def one_network(size: str) -> None:
    """The row of one size."""
    ready()
    problem = network(**SIZES[size]).problem
    found, bounded = timed(lambda: reconcile(problem))
    row = f"| {size} | {len(problem):,} | {len(problem.exact):,} | {bounded:.2f} | {found.iterations} |"
    open_ = closure(problem, found.x)
    _, spread = timed(lambda: parts_posterior(problem, found))
    memory = peak()
    free = replace(problem, lower=np.full(len(problem), -np.inf), limits=_none(problem))
    solved, equality = timed(lambda: reconcile(free))
    open_ = max(open_, closure(problem, solved.x))
    alone = factorisation(free)
    ratio = equality / alone
    print(row, f"{equality:.2f} | {alone:.2f} | {ratio:.2f} | {spread:.2f} | {open_:.1e} | {memory:.2f} |")


def _none(problem: Any) -> Any:
    matrix = sparse.csr_array((0, problem.limits.matrix.shape[1]))
    return replace(problem.limits, matrix=matrix, rhs=np.zeros(0))


def factorisation(problem: Any) -> float:
    """Seconds of one sparse factorisation of A V A' alone; unreported flows take the largest variance."""
    form: Separable = split(problem).form(problem.observed.sd)
    known = np.isfinite(form.variance)
    variance = np.where(known, form.variance, form.variance[known].max())
    upper, _ = scaled(form.by_row, variance)
    return timed(lambda: qdldl.Solver(upper, upper=True))[1]


def diagnosis(size: str) -> None:
    """The row of one size: what is asked after a solve."""
    problem = network(**SIZES[size]).problem
    found = reconcile(problem)
    spread = parts_posterior(problem, found)
    assert spread is not None
    free = np.flatnonzero(spread.free_q)
    _, ranges = timed(lambda: intervals(spread, free[:LISTED]))
    sums, summed = timed(lambda: free_sums(problem, found, spread))
    singles = sparse.csr_array(sparse.eye_array(len(problem.cells)))
    one = int(np.flatnonzero(spread.sd_q > 0.05 * found.q)[0])
    sigma = 0.1 * np.abs(found.q) + 1e-6
    _, following = timed(lambda: narrowed(spread, singles[[one]], singles, sigma, spread.sd_q))
    errors, searched = timed(lambda: gross_errors(problem, found, spread))
    row = f"| {size} | {len(free):,} | {ranges:.2f} | {len(sums)} | {summed:.2f} | {following:.2f} |"
    print(row, f"{len(errors.suspects):,} | {searched:.1f} | {peak():.2f} |")


def peers(size: str) -> None:
    """The row of each peer at one size, and ours."""
    ready()
    problem = network(**SIZES[size]).problem
    form = split(problem).form(problem.observed.sd)
    weight = np.where(np.isfinite(form.variance), 1.0 / form.variance, 0.0)
    found, ours = timed(lambda: reconcile(problem))
    least = _cost(weight, form, np.concatenate([found.x, np.zeros(len(form) - len(problem))]))
    print(f"| mfa | {ours:.2f} | 1 | {closure(problem, found.x):.1e} | 0 | |")
    for name, solve in (("PIQP", _piqp), ("Clarabel", _clarabel)):
        try:
            (x, status), seconds = timed(lambda solve=solve: solve(form, weight))
        except ImportError:
            print(f"| {name} | | | | | not installed |")
            continue
        gap = (_cost(weight, form, x) - least) / least
        open_ = closure(problem, x[: len(problem)])
        print(f"| {name} | {seconds:.2f} | {seconds / ours:.1f} | {open_:.1e} | {gap:.1e} | {status} |")


def _cost(weight: Any, form: Separable, x: Any) -> float:
    return 0.5 * float(np.sum(weight * (x - form.mean) ** 2))


def _piqp(form: Separable, weight: Any) -> tuple[Any, str]:
    import piqp

    solver = piqp.SparseSolver()
    hessian, none = sparse.csc_matrix(sparse.diags_array(weight)), np.full(len(form), np.inf)
    solver.setup(
        hessian, -weight * form.mean, sparse.csc_matrix(form.rows), form.rhs, x_l=form.lower, x_u=none
    )
    status = solver.solve()
    return np.array(solver.result.x), str(status).rsplit(".", maxsplit=1)[-1]


def _clarabel(form: Separable, weight: Any) -> tuple[Any, str]:
    import clarabel

    settings = clarabel.DefaultSettings()
    settings.verbose = False
    rows = sparse.vstack([form.rows, -sparse.eye_array(len(form))], format="csc")
    cones = [clarabel.ZeroConeT(len(form.rhs)), clarabel.NonnegativeConeT(len(form))]
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix(sparse.diags_array(weight)),
        -weight * form.mean,
        sparse.csc_matrix(rows),
        np.concatenate([form.rhs, np.zeros(len(form))]),
        cones,
        settings,
    )
    found = solver.solve()
    return np.array(found.x), str(found.status)


def one_world(size: str) -> None:
    """The row of one size of problems with products."""
    problem = world(**WORLDS[size]).problem
    found, solve = timed(lambda: reconcile(problem))
    _, spread = timed(lambda: posterior(problem, found))
    row = f"| {size} | {len(problem):,} | {len(problem.exact):,} | {found.iterations} |"
    print(row, f"{solve:.2f} | {spread:.2f} |")


KINDS: dict[str, tuple[Callable[[str], None], list[str], str]] = {
    "networks": (
        one_network,
        ["1k", "10k", "150k", "1.8M"],
        "| size | unknowns | rows | bounded s | solves | equality s | factorisation s | ratio | sds s |"
        " closure | GiB |",
    ),
    "peers": (peers, ["150k"], "| solver | s | times ours | closure | cost above | status |"),
    "diagnosis": (
        diagnosis,
        ["150k", "1.8M"],
        "| size | free | intervals s | sums | sums s | next s | errors | errors s | GiB |",
    ),
    "worlds": (one_world, ["small", "medium"], "| size | unknowns | rows | iterations | solve s | sds s |"),
}


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help="networks, peers, diagnosis, worlds")
    parser.add_argument("--sizes", nargs="*")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        KINDS[given.one[0]][0](given.one[1])
        return
    for kind in given.kinds or KINDS:
        _, sizes, head = KINDS[kind]
        print(head, "|---" * (head.count("|") - 1) + "|", sep="\n", flush=True)
        for size in given.sizes or sizes:
            subprocess.run([sys.executable, "-m", "tests.bench.reconcile", "--one", kind, size], check=True)
        print(flush=True)


if __name__ == "__main__":
    main()
