"""Work by processes: the same numbers, and no end without a word."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mfa.solve.separable import workers

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
linux = pytest.mark.skipif(sys.platform != "linux", reason="workers are forks, on Linux alone")


def power(base: int, exponent: float) -> float:
    return float(base) ** exponent


def dies_in_a_worker(k: int, parent: int) -> int:
    if k == 2 and os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return k * k


def raises(k: int) -> int:
    if k == 1:
        raise KeyboardInterrupt
    time.sleep(30 * k)
    return k


def test_work_is_the_same_alone_and_by_processes() -> None:
    tasks = [(k, 2.0) for k in range(5)]
    alone = workers.spread_work(power, tasks, 10)
    assert alone == [0.0, 1.0, 4.0, 9.0, 16.0]
    assert workers.spread_work(power, tasks, workers.LARGE) == alone


@linux
def test_what_a_killed_worker_had_is_done_again(caplog: pytest.LogCaptureFixture) -> None:
    tasks = [(k, os.getpid()) for k in range(6)]
    with caplog.at_level(logging.WARNING, "mfa"):
        assert workers.spread_work(dies_in_a_worker, tasks, workers.LARGE) == [k * k for k in range(6)]
    assert "a worker process was killed" in caplog.text or CORES < 2
    assert not multiprocessing.active_children()


@linux
def test_an_interrupt_leaves_no_process() -> None:
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        workers.spread_work(raises, [(k,) for k in range(4)], workers.LARGE)
    assert time.monotonic() - started < 10
    assert not multiprocessing.active_children()


SLEEPERS = """
import os, sys, time
sys.path.insert(0, {root!r})
from mfa.solve.separable import workers
def work(k):
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(60)
workers.spread_work(work, [(1,), (2,)], workers.LARGE)
"""


@linux
@pytest.mark.skipif(CORES < 2, reason="one core works alone")
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(by: signal.Signals) -> None:
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPERS.format(root=root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        parent.send_signal(by)
        parent.wait(10)
        last = time.monotonic() + 10
        while any(_lives(pid) for pid in pids) and time.monotonic() < last:
            time.sleep(0.05)
        assert not any(_lives(pid) for pid in pids)


def _lives(pid: int) -> bool:
    """Whether a process is there and no zombie that nobody has waited for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
