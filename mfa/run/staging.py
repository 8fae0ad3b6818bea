"""Output folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from mfa.errors import OutputError

MANIFEST, REPORT, FIGURES = "manifest.json", "report.html", "figures/"
LISTED = 3


def check_target(folder: Path) -> None:
    """Raises OutputError where results may not be written: a file, or a folder that holds something else."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f'cannot write results to "{folder}": it is a file, not a folder')
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise OutputError(
            f'will not replace the folder "{folder}": it holds files that no run wrote '
            f"(there is no {MANIFEST}); choose another with -o"
        )
    if folder.is_dir() and (others := _others(folder)):
        more = f" and {len(others) - LISTED} more" if len(others) > LISTED else ""
        raise OutputError(
            f'will not replace the folder "{folder}": it holds files that no run wrote: '
            f"{', '.join(others[:LISTED])}{more}; move them, or choose another folder with -o"
        )


def held(folder: Path) -> str | None:
    """The name of the scenario whose result is in a folder; None where there is none."""
    try:
        return str(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["scenario"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _others(folder: Path) -> list[str]:
    """The files of a result's folder that are no output of a run, of `mfa plot` or of `mfa report`."""
    try:
        written = set(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["outputs"])
    except (OSError, ValueError, KeyError, TypeError):
        written = set[str]()
    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    own = {MANIFEST, REPORT, *written}
    return [
        f for f in found if f not in own and not f.startswith(FIGURES) and not Path(f).name.startswith(".")
    ]


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Where h5py writes: what it raises as a RuntimeError when the disk refuses becomes an OSError."""
    try:
        yield
    except RuntimeError as error:
        found = re.search(r"error message = '([^']*)'", str(error))
        raise OSError(found[1] if found else str(error)) from error


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
