"""The command line of the fuzzer: `python -m tests.fuzz --help`."""

from __future__ import annotations

import argparse
import pickle
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.fuzz.child import Child, Outcome
from tests.fuzz.kinds import KINDS, Case, shown
from tests.fuzz.smaller import smaller

SHARES = {"documents": 0.6, "tables": 0.2, "formulas": 0.1, "results": 0.1}


def main(arguments: list[str] | None = None) -> int:
    """0 where every case was answered or refused, 1 where one failed."""
    asked = _asked(arguments)
    with tempfile.TemporaryDirectory(prefix="mfa-fuzz-") as scratch:
        folder = Path(scratch)
        child = Child(folder)
        try:
            if asked.again:
                outcome = child.attempt(pickle.loads(asked.again.read_bytes()))  # a file of our own
                print(outcome.done, outcome.failure, outcome.trace, sep="\n")
                return int(bool(outcome.failure))
            return _search(asked, child, folder)
        finally:
            child.close()


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to look (default 60)")
    parser.add_argument(
        "--count", type=int, default=0, help="how many cases at most (default: as time allows)"
    )
    parser.add_argument("--seed", type=int, default=1, help="where the row of cases starts (default 1)")
    parser.add_argument("--runs", type=float, default=1.0, help="share of the small documents that are run")
    parser.add_argument("--kind", choices=sorted(KINDS), help="cases of this kind alone")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="folder for what fails")
    parser.add_argument("--again", type=Path, help="try a case that was kept")
    return parser.parse_args(arguments)


def _search(asked: argparse.Namespace, child: Child, folder: Path) -> int:
    end, done, failures = time.monotonic() + asked.seconds, Counter[str](), Counter[str]()
    number = 0
    while time.monotonic() < end and not (asked.count and number >= asked.count):
        number += 1
        # every case has a row of random numbers of its own: one can be made again without those before it
        rng = random.Random(f"{asked.seed}-{asked.kind}-{number}")
        kind = asked.kind or rng.choices(list(SHARES), list(SHARES.values()))[0]
        case = replace(KINDS[kind].make(rng, folder), run=rng.random() < asked.runs)
        outcome = child.attempt(case)
        done[f"{kind} {outcome.done}"] += 1
        if outcome.failure:
            failures[outcome.failure] += 1
            if failures[outcome.failure] == 1:
                _keep(asked, child, case, outcome, number)
    print(f"seed {asked.seed}: {number:,} cases")
    for name, count in sorted(done.items()):
        print(f"  {count:>7,} {name}")
    for name, count in failures.most_common():
        print(f"  FAILED {count:,} times: {name}")
    return int(bool(failures))


def _keep(asked: argparse.Namespace, child: Child, case: Case, outcome: Outcome, number: int) -> None:
    """The failing case, made smaller, on disk, and how to see it again."""
    small = smaller(case, lambda c: child.attempt(c).failure == outcome.failure)
    name = "".join(c if c.isalnum() else "_" for c in outcome.failure)[:100]
    folder = asked.keep / f"{case.kind}_{name}"
    small.write(folder)
    (folder / "case.pickle").write_bytes(pickle.dumps(small))
    if small.data is not None:
        (folder / "case.json").write_text(shown(small), encoding="utf-8")
    (folder / "traceback.txt").write_text(f"{outcome.failure}\n{outcome.trace}", encoding="utf-8")
    print(f"case {number} ({case.kind}) failed: {outcome.failure}", file=sys.stderr)
    print(f"    again: python -m tests.fuzz --again {folder / 'case.pickle'}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
