"""Work spread over processes that end with their parent, whatever ends it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

T = TypeVar("T")
LARGE = 100_000
"""Unknowns from which more processes than one are worth their start."""
WATCH = 0.2
"""Seconds between two looks of a worker at its parent."""

_log = logging.getLogger("mfa")
_SHARED: list[tuple[Callable[..., Any], Sequence[Any]]] = []


def spread_work(work: Callable[..., T], tasks: Sequence[tuple[Any, ...]], size: int) -> list[T]:
    """`work(*task)` for every task, in order; by several processes where `size` unknowns make it worth that.

    Processes are forks: they see the tasks without a copy, and need no guard in the caller's script. What a
    process was working on when something killed it is done again here. An exception, an interrupt
    included, ends all of them before it goes on.
    """
    cores = min(len(tasks), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    within = multiprocessing.parent_process() is not None
    _SHARED.append((work, tasks))
    try:
        if size < LARGE or within or cores < 2 or sys.platform != "linux":
            return [_shared_work(k) for k in range(len(tasks))]
        return _by_processes(len(tasks), cores)
    finally:
        _SHARED.pop()


def _by_processes(count: int, cores: int) -> list[Any]:
    """What the shared work gives for each task, by several processes."""
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(cores, context, initializer=_start_worker, initargs=(os.getpid(),))
    try:
        with warnings.catch_warnings():
            # the threads of BLAS hold no lock that a fork would need
            warnings.simplefilter("ignore", DeprecationWarning)
            futures = [pool.submit(_shared_work, k) for k in range(count)]
        found = [_result(future) for future in futures]
        pool.shutdown()
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.kill()
        pool.shutdown(cancel_futures=True)
        raise
    lost = [k for k, (done, _) in enumerate(found) if not done]
    if lost:
        _log.warning("a worker process was killed; %d of %d parts are solved again here", len(lost), count)
    return [value if done else _shared_work(k) for k, (done, value) in enumerate(found)]


def _result(future: Future[Any]) -> tuple[bool, Any]:
    """Whether a task came to its end, and what it gave."""
    try:
        return True, future.result()
    except BrokenProcessPool:
        return False, None


def _start_worker(parent: int) -> None:
    """Leave interrupts to the parent, and end when it is gone: a worker would wait for work for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@cache
def _blas() -> ThreadpoolController:
    """The libraries whose threads are counted; looking for them takes as long as a small factorisation."""
    return ThreadpoolController()


def _shared_work(k: int) -> Any:
    work, tasks = _SHARED[-1]
    # blocks are too small for threads of their own, and processes would fight over the cores
    with _blas().limit(limits=1, user_api="blas"):
        return work(*tasks[k])
