"""Hints for files that are not there."""

from __future__ import annotations

import difflib
from pathlib import Path


def file_hint(path: Path, otherwise: str) -> str:
    """A hint naming the file in the same folder whose name is nearest, else another hint."""
    folder = path.parent
    if not folder.is_dir():
        return f'there is no folder "{folder.name}" either'
    by_stem = {p.stem: p.name for p in sorted(folder.iterdir(), reverse=True)}
    near = difflib.get_close_matches(path.stem, by_stem, n=1, cutoff=0.6)
    return f'did you mean "{by_stem[near[0]]}"?' if near else otherwise
