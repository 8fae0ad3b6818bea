"""The table of codes and the codes used in the source are the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfa.errors import UnknownName
from mfa.spec.codes import CODES, explain
from mfa.spec.reader import read_text

ELSEWHERE = {
    *("table-column", "table-number", "table-nan", "table-duplicate", "table-label", "table-empty"),
    *("table-gap", "table-unit", "missing-file", "infeasible", "undetermined", "not-converged"),
    *("imbalance", "output", "unit", "unknown-name", "overdetermined", "closed-loop"),
}
_CALLS = {"problem": 0, "Problem": 0, "refuse": 0, "complain": 0, "Syntax": 0, "_at_label": 1, "BadPath": 2}


def codes_in(tree: ast.AST) -> Iterator[str]:
    """The codes given to calls that make problems, and those that refusals return first in a tuple."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            at = _CALLS.get(name)
            if at is not None and at < len(node.args) and isinstance(node.args[at], ast.Constant):
                yield node.args[at].value  # type: ignore[attr-defined]
        if isinstance(node, ast.FunctionDef) and getattr(node.returns, "id", "") == "Said":
            for inner in ast.walk(node):
                if (
                    isinstance(inner, ast.Tuple)
                    and isinstance(inner.elts[0], ast.Constant)
                    and len(inner.elts) == 3
                ):
                    yield inner.elts[0].value  # type: ignore[misc]


def used(root: Path) -> set[str]:
    files = (root / "mfa/spec").rglob("*.py")
    return {code for path in files for code in codes_in(ast.parse(path.read_text(encoding="utf-8")))}


def test_every_code_in_the_source_is_explained(root: Path) -> None:
    codes = used(root) | {"patch-nothing"}
    assert len(codes) > 60
    assert codes | ELSEWHERE <= set(CODES)


def test_every_explained_code_is_used_somewhere(root: Path) -> None:
    text = "".join(
        p.read_text(encoding="utf-8") for p in (root / "mfa").rglob("*.py") if "codes" not in p.parts
    )
    assert [code for code in CODES if f'"{code}"' not in text] == []


@pytest.mark.parametrize("code", CODES)
def test_an_explanation_is_a_paragraph_and_its_example_reads(code: str) -> None:
    entry = CODES[code]
    assert len(entry.paragraph) > 60
    assert entry.paragraph.rstrip().endswith(".")
    assert explain(code).startswith(f"{code}\n")
    if entry.example and not entry.example.startswith(("mfa run", "year,")):
        assert read_text(entry.example, code)[1] == []


def test_unknown_code_has_a_hint() -> None:
    with pytest.raises(UnknownName, match="two-rests"):
        explain("two-rest")
