"""The labels of a document's dimensions, from the document or from the files it names."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from mfa.errors import InputError, Place, Problem, did_you_mean
from mfa.files import NOT_A_FILE, kind_of_file, not_a_file, read_bytes
from mfa.limits import LABEL_BYTES, LABELS
from mfa.spec.document import Document
from mfa.spec.folders import file_hint
from mfa.spec.schema import Dimension
from mfa.spec.values import Label

TIME_NAMES = ("year", "month", "time")
REGION, ELEMENT = "region", "element"
EXPORTER, IMPORTER = "exporter", "importer"
AGE, COHORT = "age", "cohort"
"""Dimensions that the ages of initial stocks are given over."""
RESERVED = (
    EXPORTER,
    IMPORTER,
    "value",
    "quantity",
    "unit",
    "sd",
    "cv",
    "source",
    "edition",
    "status",
    "name",
)
"""Names that no dimension may have: they stand for the regions of a trade or are columns of tables."""
MISSING = "missing-file"
YEAR_DIGITS = 18
"""Digits of a label of time that is read as a whole number."""
LONGEST_HEADER = 1 << 20
"""Characters of the first line of a table that are looked at for its columns."""


def dimension_of(axis: str) -> str:
    """The dimension an axis runs over: exporter and importer run over regions.

    >>> dimension_of("importer"), dimension_of("year")
    ('region', 'year')
    """
    return REGION if axis in (EXPORTER, IMPORTER) else axis


@dataclass(frozen=True)
class LabelFile:
    """The rows of a file of labels, by column; or what is wrong with the file."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    problem: Problem | None = None
    lines: tuple[int, ...] = ()

    def column(self, name: str) -> tuple[str, ...]:
        """The texts of one column."""
        at = self.columns.index(name)
        return tuple(row[at].strip() if at < len(row) else "" for row in self.rows)


def label_file(path: Path) -> LabelFile:
    """The label file at a path, read anew when it has changed."""
    try:
        stamp = path.stat()
    except (OSError, ValueError):
        return LabelFile(problem=Problem(MISSING, "there is no such file"))
    return _read(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int, _size: int) -> LabelFile:
    try:
        reader = csv.reader(io.StringIO(read_bytes(path, LABEL_BYTES).decode("utf-8-sig"), newline=""))
        rows = [(reader.line_num, tuple(row)) for row in reader if any(cell.strip() for cell in row)]
    except UnicodeDecodeError:
        return LabelFile(problem=Problem("table", "the file is not UTF-8 text"))
    except InputError as error:
        return LabelFile(problem=error.problems[0])
    except (OSError, csv.Error) as error:
        return LabelFile(problem=Problem("table", f"the file cannot be read: {error}"))
    if not rows:
        return LabelFile(problem=Problem("table", "the file is empty"))
    if not LABELS.allows(len(rows)):
        return LabelFile(problem=LABELS.exceeded("the file", found=len(rows)))
    columns = tuple(c.strip() for c in rows[0][1])
    return LabelFile(columns, tuple(r for _, r in rows[1:]), lines=tuple(n for n, _ in rows[1:]))


def shown_path(document: Document, file: str, *path: str | int) -> str:
    """A file's path as messages show it: relative where the document's own path is."""
    place = document.place(*path)
    folder = os.path.dirname(place.file) if place and place.line else ""
    return os.path.normpath(os.path.join(folder, file))


def label_files(document: Document) -> tuple[Path, ...]:
    """The files that hold labels of dimensions."""
    every = document.spec.dimensions.items()
    return tuple(document.folder("dimensions", n, "file") / d.file for n, d in every if d.file is not None)


def _file_of(document: Document, name: str, dimension: Dimension) -> LabelFile:
    assert dimension.file is not None
    return label_file(document.folder("dimensions", name, "file") / dimension.file)


def _label_column(name: str, dimension: Dimension, file: LabelFile) -> str | None:
    """The column that holds the labels: the one named, else that of the dimension's name, else the first."""
    if isinstance(dimension.labels, str):
        return dimension.labels if dimension.labels in file.columns else None
    return name if name in file.columns else next(iter(file.columns), None)


def dimension_labels(document: Document, name: str) -> tuple[Label, ...]:
    """The labels of a dimension in their order.

    None where it has too many, its file cannot be read, or there is no such dimension (a check says so).
    Labels of a time dimension that come from a file are whole numbers where their text is.
    """
    dimension = document.spec.dimensions.get(name)
    if dimension is None or not LABELS.allows(_counted(dimension)):
        return ()
    if dimension.range is not None:
        return tuple(range(dimension.range[0], dimension.range[1] + 1, dimension.step))
    if isinstance(dimension.labels, tuple):
        return dimension.labels
    return _labels_of_file(document, name, dimension)


def _counted(dimension: Dimension) -> int:
    """How many labels a dimension states, before any of them is made; 0 where a file does."""
    if dimension.range is not None:
        return (dimension.range[1] - dimension.range[0]) // dimension.step + 1
    return len(dimension.labels) if isinstance(dimension.labels, tuple) else 0


def _labels_of_file(document: Document, name: str, dimension: Dimension) -> tuple[Label, ...]:
    file = _file_of(document, name, dimension)
    column = _label_column(name, dimension, file)
    texts = file.column(column) if column is not None else ()
    if name in TIME_NAMES and all(t.isascii() and t.isdigit() and len(t) <= YEAR_DIGITS for t in texts):
        return tuple(int(t) for t in texts)
    return texts


def _by_label(document: Document, name: str, column: str) -> dict[Label, str]:
    dimension = document.spec.dimensions[name]
    file = _file_of(document, name, dimension)
    texts = file.column(column) if column in file.columns else ()
    labels = dimension_labels(document, name)
    return {label: text for label, text in zip(labels, texts, strict=False) if text}


def dimension_members(document: Document, name: str) -> dict[Label, list[str]]:
    """Label -> the labels of tables that it stands for; a column of a file lists them with `;` between."""
    members = document.spec.dimensions[name].members
    if isinstance(members, str):
        found = _by_label(document, name, members)
        return {label: [m.strip() for m in text.split(";") if m.strip()] for label, text in found.items()}
    return {label: [str(m) for m in group] for label, group in (members or {}).items()}


def dimension_titles(document: Document, name: str) -> dict[Label, str]:
    """Label -> its name in figures, for the labels that have one."""
    titles = document.spec.dimensions[name].titles
    return _by_label(document, name, titles) if isinstance(titles, str) else dict(titles or {})


def dimension_problems(document: Document, name: str) -> list[Problem]:
    """What is wrong with the file and the labels of a dimension."""
    dimension = document.spec.dimensions[name]
    if dimension.file is not None and (found := _file_problems(document, name, dimension)):
        return found
    if not LABELS.allows(count := _counted(dimension)):
        path = ("dimensions", name, "range") if dimension.range is not None else ("dimensions", name)
        refused = LABELS.exceeded(f'dimension "{name}"', found=count)
        return [document.problem(refused.code, refused.text, *path, hint=refused.hint)]
    labels = dimension_labels(document, name)
    if not labels:
        return [document.problem("empty-dimension", f'dimension "{name}" has no labels', "dimensions", name)]
    return _label_problems(document, name, labels)


def _file_problems(document: Document, name: str, dimension: Dimension) -> list[Problem]:
    path = ("dimensions", name, "file")
    file = _file_of(document, name, dimension)
    if file.problem is not None and file.problem.code in (MISSING, NOT_A_FILE):
        return [missing_file(document, str(dimension.file), *path)]
    if file.problem is not None:
        return [replace(file.problem, where=Place(shown_path(document, str(dimension.file), *path)))]
    columns = {k: getattr(dimension, k) for k in ("labels", "members", "titles")}
    return [
        document.problem(
            "table-column",
            f'"{dimension.file}" has no column "{column}"',
            "dimensions",
            name,
            key,
            hint=did_you_mean(column, file.columns),
        )
        for key, column in columns.items()
        if isinstance(column, str) and column not in file.columns
    ]


def _label_problems(document: Document, name: str, labels: tuple[Label, ...]) -> list[Problem]:
    problems, seen = [], set[str]()
    for k, label in enumerate(labels):
        if str(label) in seen:
            text = f'dimension "{name}" has the label "{label}" twice'
            problems.append(_at_label(document, "duplicate-label", text, name, k))
        elif not str(label).strip():
            text = f'dimension "{name}" has an empty label'
            problems.append(_at_label(document, "empty-label", text, name, k))
        seen.add(str(label))
    return problems


def _at_label(document: Document, code: str, text: str, name: str, k: int) -> Problem:
    """A problem with the k-th label: in its row of the file, in `labels: [...]`, or in the list itself."""
    dimension = document.spec.dimensions[name]
    if dimension.file is not None:
        shown = shown_path(document, dimension.file, "dimensions", name, "file")
        return Problem(code, text, Place(shown, _file_of(document, name, dimension).lines[k]))
    full = ("dimensions", name, "labels", k)
    return document.problem(code, text, *(full if document.origin.has(full) else ("dimensions", name, k)))


def missing_file(document: Document, file: str, *path: str | int) -> Problem:
    """The problem that a file named at a path is not there, or is no file."""
    target = document.folder(*path) / file
    if (other := not_a_file(target)) is not None:
        return document.problem(other.code, f'"{file}" is {kind_of_file(target)}, not a file', *path)
    hint = file_hint(target, f"looked for {shown_path(document, file, *path)}")
    return document.problem("missing-file", f'there is no file "{file}"', *path, hint=hint)
