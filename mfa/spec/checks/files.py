"""Files of tables: that they are there."""

from __future__ import annotations

from pathlib import Path

from mfa.errors import InputError, Problem
from mfa.files import is_file, is_pattern, matching
from mfa.spec.dimensions import missing_file
from mfa.spec.document import Document
from mfa.spec.tree import Steps
from mfa.spec.values import TableRef
from mfa.spec.walk import nodes


def tables(document: Document) -> list[Problem]:
    """Tables whose files are missing, unless they are optional; patterns that would search too much."""
    return [
        problem
        for steps, table in nodes(document, TableRef)
        for k, file in enumerate(table.file)
        if (problem := _missing(document, table, file, (steps, k))) is not None
    ]


def _missing(document: Document, table: TableRef, file: str, at: tuple[Steps, int]) -> Problem | None:
    steps, k = at
    folder = document.folder(*steps, "file", k)
    try:
        there = _there(folder, file)
    except InputError as error:
        refused = error.problems[0]
        return document.problem(refused.code, refused.text, *_path(document, steps, k), hint=refused.hint)
    return None if there or table.optional else missing_file(document, file, *_path(document, steps, k))


def _path(document: Document, steps: Steps, k: int) -> Steps:
    """Where a file is named: in a list, under `file`, or as the table itself."""
    for path in ((*steps, "file", k), (*steps, "file")):
        if document.origin.has(path):
            return path
    return steps


def _there(folder: Path, file: str) -> bool:
    """Whether a file (the book of `book.xlsx#Sheet`), or at least one file of a pattern, exists."""
    name = file.partition("#")[0]
    if is_file(folder / name):
        return True
    return is_pattern(name) and bool(matching(folder, name))
