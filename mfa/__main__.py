"""The command `mfa`, which an interrupt ends with one line, soon, and at any moment."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

INTERRUPTED = 130
"""The exit code that shells expect of what an interrupt ended."""
GRACE = 1.0
"""Seconds an interrupted command has to remove what it has half written; the next one removes the rest."""


def main() -> None:
    """Run the command line; exits with 130 where it is interrupted."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _interrupt)
    try:
        from mfa.cli import main as command

        command()
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            _end()
        raise


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise SystemExit; what catches it, or takes too long over it, does not stop the end."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    print("interrupted", file=sys.stderr)
    last = threading.Timer(GRACE, _end)
    last.daemon = True
    last.start()
    raise SystemExit(INTERRUPTED)


def _end() -> None:
    """End at once: unloading libraries takes longer than anybody waits."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
