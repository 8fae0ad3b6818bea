"""Files of tables: that they are there."""

from __future__ import annotations

from glob import glob
from pathlib import Path

from mfa.errors import Problem
from mfa.spec.dimensions import missing_file
from mfa.spec.document import Document
from mfa.spec.tree import Steps
from mfa.spec.values import TableRef
from mfa.spec.walk import nodes


def tables(document: Document) -> list[Problem]:
    """Tables whose files are missing, unless they are optional."""
    return [
        missing_file(document, file, *_path(document, steps, k))
        for steps, table in nodes(document, TableRef)
        for k, file in enumerate(table.file)
        if not table.optional and not _there(document.folder(*steps, "file", k), file)
    ]


def _path(document: Document, steps: Steps, k: int) -> Steps:
    """Where a file is named: in a list, under `file`, or as the table itself."""
    for path in ((*steps, "file", k), (*steps, "file")):
        if document.origin.has(path):
            return path
    return steps


def _there(folder: Path, file: str) -> bool:
    """Whether a file (the book of `book.xlsx#Sheet`), or at least one file of a pattern, exists."""
    name = file.partition("#")[0]
    if (folder / name).is_file():
        return True
    return any(c in name for c in "*?[") and bool(glob(str(folder / name)))
