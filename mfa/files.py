"""Files as bytes: only regular ones are opened, and no more is read of them than a limit allows."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from mfa.errors import InputError, Place, Problem
from mfa.limits import FOLDER_ENTRIES, TABLE_FILES, Limit

NOT_A_FILE = "not-a-file"
FOLDER = "a folder"
GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20
_KINDS = {
    stat.S_IFDIR: FOLDER,
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def is_file(path: Path) -> bool:
    """Whether a path leads to a regular file; False, too, where it cannot be followed."""
    return os.path.isfile(path)


def kind_of_file(path: Path) -> str:
    """What a path is instead of a file: `a folder`, `a pipe`, ...; empty for a file, and where nothing is.

    A link is what it leads to.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    return "" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "no file")


def not_a_file(path: Path, where: Place | None = None) -> Problem | None:
    """The problem that a path leads to something else than a file; None for a file, and where nothing is."""
    kind = kind_of_file(path)
    if not kind:
        return None
    code = "missing-file" if kind == FOLDER else NOT_A_FILE
    return Problem(code, f'"{path}" is {kind}, not a file', where or Place(str(path)))


def read_bytes(path: Path, limit: Limit) -> bytes:
    """The bytes of a regular file.

    Raises InputError for anything else than a file and for one with more bytes than `limit`, OSError where
    the system refuses.
    """
    if (problem := not_a_file(path)) is not None:
        raise InputError(problem)
    size = path.stat().st_size
    # what the system makes up as it is read states no size, and may have no end
    data = path.read_bytes() if 0 < size <= limit.most else _beginning(path, limit.most + 1)
    if not limit.allows(len(data)):
        raise InputError(limit.exceeded("the file", Place(str(path)), found=size or None))
    _DIGESTS[path.resolve()] = hashlib.sha256(data).hexdigest()
    return data


_DIGESTS: dict[Path, str] = {}


def digests(paths: Iterable[Path]) -> dict[Path, str]:
    """File -> SHA-256, in hexadecimal, of the bytes that were last read from it by `read_bytes`.

    The file may have changed or gone away since; one that was never read is left out.
    """
    found = {path: _DIGESTS.get(path.resolve()) for path in paths}
    return {path: digest for path, digest in found.items() if digest is not None}


def _beginning(path: Path, most: int) -> bytes:
    """At most so many bytes of a file, without waiting for any."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    found, size = list[bytes](), 0
    with os.fdopen(handle, "rb", buffering=0) as stream:
        while size < most and (block := stream.read(_BLOCK)):
            found.append(block)
            size += len(block)
    return b"".join(found)[:most]


def unpacked(data: bytes, path: Path, limit: Limit) -> bytes:
    """Bytes out of their gzip, or as they are where they are not packed.

    Raises InputError where they unpack to more than `limit`, ValueError where they are damaged.
    """
    if data[:2] != GZIP:
        return data
    found, size = list[bytes](), 0
    for part in _blocks(data):
        size += len(part)
        if not limit.allows(size):
            raise InputError(limit.exceeded("the file", Place(str(path))))
        found.append(part)
    return b"".join(found)


def _blocks(data: bytes) -> Iterator[bytes]:
    """The members of a gzip one after another, block by block."""
    rest = data
    while rest:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            try:
                part = member.decompress(rest, _BLOCK)
            except zlib.error as error:
                raise ValueError(str(error)) from error
            rest = member.unconsumed_tail or member.unused_data
            if not part and not rest and not member.eof:
                raise ValueError("it ends too early")
            yield part
        rest = member.unused_data.lstrip(b"\0")


def is_pattern(name: str) -> bool:
    """Whether a name stands for several files."""
    return any(c in name for c in "*?[")


def matching(folder: Path, pattern: str) -> list[Path]:
    """The files below a folder that fit a pattern (`*`, `?`, `[...]`; `**` for folders of any depth), sorted.

    Links to folders are not followed by `**`. Raises InputError where more folders and files would have to be
    looked at, or more are found, than the limits.
    """
    path = Path(pattern)
    start, parts = (Path(path.anchor), path.parts[1:]) if path.anchor else (folder, path.parts)
    looked, found = _Count(pattern), set[Path]()
    for file in _fitting(start, parts, looked):
        found.add(file)
        if not TABLE_FILES.allows(len(found)):
            raise InputError(TABLE_FILES.exceeded(f'the pattern "{pattern}"'))
    return sorted(found)


class _Count:
    """How much of the disk a pattern has looked at."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.seen = pattern, 0

    def entries(self, folder: Path) -> Iterator[os.DirEntry[str]]:
        """What is in a folder; nothing where it cannot be read."""
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self.seen += 1
                    if not FOLDER_ENTRIES.allows(self.seen):
                        raise InputError(FOLDER_ENTRIES.exceeded(f'the pattern "{self.pattern}"'))
                    yield entry
        except OSError:
            return


def _fitting(folder: Path, parts: tuple[str, ...], looked: _Count) -> Iterator[Path]:
    head, rest = parts[0], parts[1:]
    if head == "**":
        yield from _fitting(folder, rest or ("*",), looked)
        for entry in looked.entries(folder):
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                yield from _fitting(folder / entry.name, parts, looked)
    elif not is_pattern(head):
        yield from _reached(folder / head, rest, looked)
    else:
        for entry in looked.entries(folder):
            shown = head.startswith(".") or not entry.name.startswith(".")
            if shown and fnmatch.fnmatchcase(entry.name, head):
                yield from _reached(folder / entry.name, rest, looked)


def _reached(path: Path, rest: tuple[str, ...], looked: _Count) -> Iterator[Path]:
    if rest:
        yield from _fitting(path, rest, looked)
    elif is_file(path):
        yield path
