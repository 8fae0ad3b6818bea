"""A child process that tries cases, with limits on time and memory; it is replaced where it dies."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import time
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.kinds import Case, attempt

SECONDS = 20.0
"""Processor time that a case may take."""
WAITING = 60.0
"""Time on the wall after which a case that takes no processor time waits for something."""
BYTES = 2 * 2**30
_FORK = multiprocessing.get_context("fork")


class Hang(BaseException):
    """A case took longer than it may; no `except Exception` may swallow it."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case: `done` says how it ended, `failure` (empty if it is none) how it failed."""

    done: str
    failure: str = ""
    trace: str = ""


class Child:
    """A process that tries one case after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._start()

    def _start(self) -> None:
        self.pipe, other = _FORK.Pipe()
        self.process = _FORK.Process(target=_serve, args=(other, self.folder), daemon=True)
        self.process.start()
        other.close()

    def attempt(self, case: Case) -> Outcome:
        """The outcome of one case."""
        self.pipe.send(case)
        try:
            if self._answers():
                found: Outcome = self.pipe.recv()
                return found
            outcome = Outcome("failed", "hang outside of Python, or waiting")
        except (EOFError, ConnectionError):
            self.process.join(WAITING)
            outcome = Outcome("failed", f"the process died: exit {self.process.exitcode}")
        self.close()
        self._start()
        return outcome

    def _answers(self) -> bool:
        """Whether the child answers before it has taken twice its time, or waits without taking any."""
        start, begun = time.monotonic(), _used(self.process.pid)
        while not self.pipe.poll(5.0):
            used = _used(self.process.pid) - begun
            if used > 2 * SECONDS or (used < 1.0 and time.monotonic() - start > WAITING):
                return False
        return True

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _used(pid: int | None) -> float:
    """Seconds of processor time that a process has taken; 0 of one that is gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _serve(pipe: Connection, folder: Path) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, _hang)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, used + BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            pipe.send(_outcome(pipe.recv(), folder))


def _hang(number: int, frame: FrameType | None) -> None:
    raise Hang


def _outcome(case: Case, folder: Path) -> Outcome:
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        return Outcome(attempt(case, folder / "case"))
    except MemoryError as error:
        return Outcome("failed", f"memory {_place(error)}", traceback.format_exc())
    except Hang as error:
        return Outcome("failed", f"hang {_place(error)}", traceback.format_exc())
    except Exception as error:
        return Outcome("failed", f"{type(error).__name__} {_place(error)}", traceback.format_exc())
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _place(error: BaseException) -> str:
    """The innermost frame in `mfa`, or else of all: failures with one place are one failure."""
    frames: list[Any] = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/mfa/" in f.filename and "/tests/" not in f.filename]
    if isinstance(error, AssertionError):
        return str(error)
    last = (own or frames)[-1]
    return f"{'/'.join(Path(last.filename).parts[-3:])}:{last.name}"
