"""Every file under tests/invalid is refused with exactly the problems its first lines announce."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfa.errors import DocumentError, MissingFile, Problem
from mfa.spec.resolve import load_document, read_document

INVALID = Path(__file__).resolve().parents[1] / "invalid"
FILES = sorted(INVALID.glob("*.yaml"))
_HEAD = re.compile(r"# (expect|warn|variant|set): (.*)")


def header(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_bytes().decode("utf-8", "replace").splitlines():
        if found := _HEAD.fullmatch(line):
            yield found.group(1), found.group(2)


def place_of(problem: Problem, path: Path) -> str:
    where = problem.where
    if where is None or not where.line:
        return "-"
    spot = f"{where.line}:{where.column}" if where.column else str(where.line)
    if where.file == str(path):
        return spot
    return f"{Path(where.file).relative_to(INVALID).as_posix()}:{spot}"


def options(path: Path) -> dict[str, object]:
    lines = list(header(path))
    variant = [text for kind, text in lines if kind == "variant"]
    return {
        "variant": variant[0] if variant else None,
        "set": [text for kind, text in lines if kind == "set"],
    }


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_problems_are_those_announced(path: Path) -> None:
    announced = [(kind, *text.split(" ", 2)) for kind, text in header(path) if kind in ("expect", "warn")]
    document, problems = read_document(path, **options(path))  # type: ignore[arg-type]
    kinds = {"error": "expect", "warning": "warn"}
    found = [(kinds[p.severity], p.code, place_of(p, path), p.text) for p in problems]
    assert sorted(f[:3] for f in found) == sorted(a[:3] for a in announced)
    for said, meant in zip(sorted(found), sorted(announced), strict=True):
        assert meant[3] in said[3]
    assert (document is None) == any(kind == "expect" for kind, *_ in announced)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_source_line_and_caret_belong_together(path: Path) -> None:
    _, problems = read_document(path, **options(path))  # type: ignore[arg-type]
    for problem in problems:
        if problem.source_line:
            assert problem.where is not None
            assert 1 <= problem.where.column <= len(problem.source_line) + 1
            assert "^" in str(problem)


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 140
    assert all(any(kind in ("expect", "warn") for kind, _ in header(p)) for p in FILES)


@pytest.mark.parametrize("name", ["five_mistakes", "five_mistakes_in_checks"])
def test_five_mistakes_come_at_once(name: str) -> None:
    with pytest.raises(DocumentError) as raised:
        load_document(INVALID / f"{name}.yaml")
    assert len(raised.value.problems) == 5
    assert raised.value.exit_code == 2


def test_missing_files_alone_are_a_file_not_found_error() -> None:
    with pytest.raises(MissingFile):
        load_document(INVALID / "table_missing.yaml")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_document(INVALID / "nothing_at_all.yaml")
    with pytest.raises(DocumentError):
        load_document(INVALID / "five_mistakes.yaml")
