"""Output folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from mfa.errors import OutputError

MANIFEST = "manifest.json"


def check_target(folder: Path) -> None:
    """Raises OutputError where results may not be written: a file, or a folder that holds something else."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f'cannot write results to "{folder}": it is a file, not a folder')
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise OutputError(
            f'will not replace the folder "{folder}": it holds files that no run wrote '
            f"(there is no {MANIFEST}); choose another with -o"
        )


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` to write into, put in its place when the block ends well, else removed.

    Raises OutputError when `folder` may not be written, or the disk refuses.
    """
    check_target(folder)
    partial = folder.parent / f".{folder.name}.partial-{os.getpid()}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        yield partial
        _swap(partial, folder)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f'cannot write results to "{folder}": {error.strerror or error}') from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _swap(partial: Path, folder: Path) -> None:
    """The finished folder in the place of the old one; the old one comes back if that fails."""
    old = folder.parent / f".{folder.name}.old-{os.getpid()}"
    if folder.exists():
        folder.rename(old)
    try:
        partial.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
