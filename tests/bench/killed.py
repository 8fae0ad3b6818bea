"""Runs and their workers killed or interrupted at many moments: `python -m tests.bench.killed`.

For each moment it says how the run ended, after how long, what is left in its folder and whether a process
or a half-written folder stayed behind.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from mfa.run.manifest import sha256

LIMIT = 120.0


def descendants(pid: int) -> list[int]:
    """The processes below a process that live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            own = int(stat.parent.name)
            found += [own, *descendants(own)]
    return found


def lives(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start(scenario: str, folder: Path) -> subprocess.Popen[str]:
    """A run of a scenario into a folder."""
    command = [sys.executable, "-m", "mfa", "run", scenario, "-o", str(folder), "-q"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def whole(folder: Path) -> str:
    """Whether a folder holds a complete result, none, or a damaged one."""
    if not folder.exists():
        return "none"
    manifest = json.loads((folder / "manifest.json").read_text())
    same = all(sha256(folder / name) == digest for name, digest in manifest["outputs"].items())
    return "whole" if same else "DAMAGED"


def ended(scenario: str, folder: Path, after: float, by: signal.Signals, worker: bool) -> Iterator[str]:
    """How a run ends that gets a signal after some seconds: words for one line."""
    run = start(scenario, folder)
    time.sleep(after)
    below = descendants(run.pid)
    target = below[0] if worker and below else run.pid
    hit = "worker" if target != run.pid else "run"
    if run.poll() is None and not (worker and hit == "run"):
        os.kill(target, by)
    else:
        hit = "nobody"
    sent = time.monotonic()
    _, said = run.communicate(timeout=LIMIT)
    took = time.monotonic() - sent
    time.sleep(0.5)
    left = [p for p in below if lives(p)]
    yield f"{after:6.2f} s  {hit:7}  exit {run.returncode:4}  {took:6.2f} s later  {whole(folder):8}"
    yield f"{len(left)} processes left" if left else "none left"
    yield "TRACEBACK" if "Traceback" in said else said.strip().splitlines()[-1][:60] if said.strip() else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="?", default="steel_stocks")
    parser.add_argument("--by", choices=["KILL", "INT", "TERM"], default="KILL")
    parser.add_argument("--worker", action="store_true", help="send it to a worker, not to the run")
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--seconds", type=float, help="the last moment (default: as long as one run takes)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "out"
        began = time.monotonic()
        start(asked.scenario, folder).communicate(timeout=LIMIT)
        last = asked.seconds or time.monotonic() - began
        print(f"{asked.scenario}: one run takes {time.monotonic() - began:.1f} s")
        for k in range(asked.moments):
            after = last * (k + 0.5) / asked.moments
            print(
                "  ".join(
                    ended(asked.scenario, folder, after, signal.Signals[f"SIG{asked.by}"], asked.worker)
                )
            )
        start(asked.scenario, folder).communicate(timeout=LIMIT)
        print(f"after all: {whole(folder)}, beside it {sorted(p.name for p in Path(temporary).iterdir())}")


if __name__ == "__main__":
    main()
