"""Hints for files that are not there."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from mfa.errors import nearest

LOOKED_AT = 2_000
"""Files of a folder among which the nearest name is sought."""


def file_hint(path: Path, otherwise: str) -> str:
    """A hint naming the file in the same folder whose name is nearest, else another hint."""
    folder = path.parent
    if not folder.is_dir():
        return f'there is no folder "{folder.name}" either'
    by_stem = {p.stem: p.name for p in sorted(islice(folder.iterdir(), LOOKED_AT), reverse=True)}
    near = nearest(path.stem, by_stem, 1)
    return f'did you mean "{by_stem[near[0]]}"?' if near else otherwise
