"""Output folders: one writer at a time, whole or as they were, and never at the cost of a user's own files.

A run writes into `.NAME.partial` beside its folder NAME and swaps the two at its end. What of the old folder
the old manifest does not list, or what was changed since, goes to `NAME.kept/`. A run that was killed leaves
`.NAME.partial` or `.NAME.old`, which the next run into the folder clears or puts back.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mfa.errors import OutputError, Problem
from mfa.run.manifest import MANIFEST, sha256, update_manifest

LISTED = 3


@dataclass(frozen=True)
class Staging:
    """A folder to write into, and, once it is in its place, what was moved out of its way."""

    folder: Path
    kept: list[str] = field(default_factory=list)


def check_target(folder: Path) -> None:
    """Raises OutputError where results may not be written: a file, or a folder that no run wrote."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f'cannot write results to "{folder}": it is a file, not a folder')
    if folder.is_dir() and any(folder.iterdir()) and written(folder) is None:
        raise OutputError(
            f'will not replace the folder "{folder}": no run wrote it (there is no {MANIFEST} of a run); '
            "choose another with -o"
        )


def held(folder: Path) -> str | None:
    """The name of the scenario whose result is in a folder; None where there is none."""
    found = _manifest(folder)
    return str(found["scenario"]) if found else None


def written(folder: Path) -> Mapping[str, str] | None:
    """File -> SHA-256 of all that a run wrote into a folder; None where none did."""
    found = _manifest(folder)
    return {str(name): str(digest) for name, digest in found["outputs"].items()} if found else None  # type: ignore[attr-defined]


def _manifest(folder: Path) -> dict[str, object] | None:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        ours = isinstance(found["outputs"], dict) and isinstance(found["scenario"], str)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if ours else None


@contextlib.contextmanager
def reserved(folder: Path) -> Iterator[Path]:
    """The folder that results go to, links followed, for this process alone until the block ends.

    What a killed run left beside it is cleared first. Raises OutputError when another run holds it, when it
    is not for results, or when the disk refuses.
    """
    place = folder.resolve()
    check_target(place)
    made = _made(place.parent, folder)
    try:
        with _locked(place, folder):
            _recover(place)
            yield place
    finally:
        for parent in made:
            with contextlib.suppress(OSError):  # it holds something now
                parent.rmdir()


def _made(parent: Path, folder: Path) -> list[Path]:
    """The folders above the results that were not there, made; the lowest first."""
    missing = [p for p in (parent, *parent.parents) if not p.exists()]
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(folder, error) from error
    return missing


def _refused(folder: Path, error: OSError) -> OutputError:
    return OutputError(f'cannot write results to "{folder}": {error.strerror or error}')


@contextlib.contextmanager
def _locked(place: Path, folder: Path) -> Iterator[None]:
    """Nothing, with the lock of a folder, which one process holds as often as it likes."""
    from filelock import FileLock, Timeout

    lock = FileLock(_beside(place, "lock"), timeout=0, is_singleton=True)
    try:
        lock.acquire()
    except Timeout as error:
        text = f'another run is writing to "{folder}"; wait for its end, or choose another folder with -o'
        raise OutputError(text) from error
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        yield
    finally:
        if lock.lock_counter == 1:
            # gone before it is given back: whoever waits for this file sees that and makes a new one
            _beside(place, "lock").unlink(missing_ok=True)
        lock.release()


def _beside(place: Path, what: str) -> Path:
    return place.parent / f".{place.name}.{what}"


def _recover(place: Path) -> None:
    """Clear or put back what a killed run left."""
    shutil.rmtree(_beside(place, "partial"), ignore_errors=True)
    old = _beside(place, "old")
    if not old.is_dir():
        return
    if place.exists():
        _keep(old, place)
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.rename(place)


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Staging]:
    """A folder beside `folder` to write into, put in its place when the block ends well, else removed.

    Raises OutputError as `reserved`.
    """
    with reserved(folder) as place, _partial(place, folder) as staging:
        yield staging
        staging.kept.extend(_swap(staging.folder, place))


@contextlib.contextmanager
def added(folder: Path) -> Iterator[Staging]:
    """A folder to write into, whose files are added to those of a result when the block ends well.

    Raises OutputError as `reserved`, and where `folder` holds no result.
    """
    with reserved(folder) as place, _partial(place, folder) as staging:
        yield staging
        known, files = dict(written(place) or {}), _files(staging.folder)
        own = [f for f in files if os.path.lexists(place / f) and not _is_ours(place, f, known)]
        staging.kept.extend(_move(place, own, place))
        for name in files:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (staging.folder / name).replace(place / name)
        update_manifest(place, files)


@contextlib.contextmanager
def _partial(place: Path, folder: Path) -> Iterator[Staging]:
    partial = _beside(place, "partial")
    try:
        partial.mkdir()
        yield Staging(partial)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise _refused(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _swap(partial: Path, place: Path) -> list[str]:
    """What was kept of the old folder, whose place the finished one took; it comes back if that fails."""
    old = _beside(place, "old")
    if not place.exists():
        partial.rename(place)
        return []
    place.rename(old)
    try:
        partial.rename(place)
    except BaseException:
        old.rename(place)
        raise
    kept = _keep(old, place)
    shutil.rmtree(old, ignore_errors=True)
    return kept


def _keep(old: Path, place: Path) -> list[str]:
    """What is a user's own in an old folder, moved to `NAME.kept/`."""
    known = written(old) or {}
    return _move(old, [f for f in _files(old) if not _is_ours(old, f, known)], place)


def _is_ours(folder: Path, name: str, known: Mapping[str, str]) -> bool:
    """Whether a file is as the run wrote it."""
    path = folder / name
    if name == MANIFEST or path.is_symlink() or not path.is_file():
        return name == MANIFEST
    return name in known and sha256(path) == known[name]


def _files(folder: Path) -> list[str]:
    """Everything below a folder that is no folder itself, links included."""
    found = []
    for root, folders, files in os.walk(folder):
        links = [f for f in folders if (Path(root) / f).is_symlink()]
        found += [(Path(root) / f).relative_to(folder).as_posix() for f in (*files, *links)]
    return sorted(found)


def _move(folder: Path, names: list[str], place: Path) -> list[str]:
    """The names, moved to `NAME.kept/`, where nothing is overwritten."""
    kept = place.parent / f"{place.name}.kept"
    for name in names:
        target, k = kept / name, 2
        while os.path.lexists(target):
            target, k = (kept / name).with_stem(f"{Path(name).stem}-{k}"), k + 1
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / name).rename(target)
    return names


def said(folder: Path, kept: list[str]) -> tuple[Problem, ...]:
    """A warning of what was moved out of the way of new results; none where nothing was."""
    if not kept:
        return ()
    more = f" and {len(kept) - LISTED} more" if len(kept) > LISTED else ""
    text = (
        f'what no run wrote, or was changed since, was moved from "{folder}" to "{folder.name}.kept":'
        f" {', '.join(kept[:LISTED])}{more}"
    )
    return (Problem("kept", text, severity="warning"),)
