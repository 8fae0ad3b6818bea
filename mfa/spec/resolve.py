"""From a file (or a mapping) to a document: read, merge, change, validate, check; every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mfa.errors import DocumentError, MissingFile, Place, Problem
from mfa.files import digests, is_file, not_a_file
from mfa.spec.checks import run_checks
from mfa.spec.document import Document
from mfa.spec.folders import file_hint
from mfa.spec.given import given_tree
from mfa.spec.implied import with_implied_stocks
from mfa.spec.imports import with_imports
from mfa.spec.reader import read_file
from mfa.spec.refusals import validate
from mfa.spec.tree import Tree, unusable
from mfa.spec.variants import (
    Settings,
    apply_settings,
    apply_variant,
    check_variants,
    too_many_variants,
)

__all__ = ["Document", "load_document", "read_document"]
Source = str | Path | Mapping[Any, Any]


def load_document(source: Source, *, variant: str | None = None, set: Settings = None) -> Document:
    """The document of a scenario file (or of a mapping made in Python), resolved, validated and checked.

    `variant` names one of its variants; `set` holds further changes, `{path: value}` or `path=value` texts.
    Raises :class:`~mfa.errors.DocumentError`, or :class:`~mfa.errors.MissingFile` when nothing but missing
    files is wrong; the exception holds every problem.

    >>> processes = {"mine": {"kind": "source"}, "use": {"kind": "sink"}}
    >>> scenario = {"mfa": 1, "processes": processes, "flows": {"ore": {"from": "mine", "to": "use"}}}
    >>> load_document(scenario).spec.flows["ore"].to
    'use'
    """
    document, problems = read_document(source, variant=variant, set=set)
    errors = [p for p in problems if p.severity == "error"]
    if document is None or errors:
        kind = MissingFile if all(p.code == "missing-file" for p in errors) else DocumentError
        raise kind(*errors)
    return document


def read_document(
    source: Source, *, variant: str | None = None, set: Settings = None
) -> tuple[Document | None, list[Problem]]:
    """The document (None where it has errors) and every problem with it, errors and warnings, by place.

    The arguments are those of :func:`load_document`; a mistake in the input never raises.
    """
    tree, files, problems = _gather(source)
    problems += unusable(tree)
    read = digests(files)
    if any(p.code != "duplicate-key" for p in problems):
        return None, _sorted(problems)
    if many := too_many_variants(tree):
        return None, _sorted([*problems, *many])
    problems += check_variants(tree)
    if variant is not None:
        tree, found = apply_variant(tree, variant)
        problems += found
    tree, found = apply_settings(tree, set)
    problems += found
    if set and (found := unusable(tree)):
        return None, _sorted([*problems, *found])
    tree = with_implied_stocks(tree)
    spec, refused, lost = validate(tree)
    problems += refused
    if spec is None:
        return None, _sorted(problems)
    document = Document(spec, tree, files, variant, digests=read)
    problems = _sorted([*problems, *run_checks(document, lost)])
    if any(p.severity == "error" for p in problems):
        return None, problems
    return replace(document, warnings=tuple(problems)), problems


def _gather(source: Source) -> tuple[Tree, tuple[Path, ...], list[Problem]]:
    """The merged tree of a source, its files, and what is wrong with reading them."""
    if isinstance(source, Mapping):
        (tree, problems), path = given_tree(source), Path.cwd() / "scenario.yaml"
        if "import" not in tree.data:
            return tree, (), problems
        merged, files, found = with_imports(path, tree)
        return merged, files[1:], [*problems, *found]
    path = Path(source)
    if not is_file(path):
        return Tree({}), (), [_absent(path)]
    tree, problems = read_file(path)
    merged, files, found = with_imports(path, tree)
    return merged, files, [*problems, *found]


def _absent(path: Path) -> Problem:
    if (problem := not_a_file(path)) is not None:
        return problem
    return Problem("missing-file", f"there is no file {path}", None, file_hint(path, ""))


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, in the order of their places."""
    once = list(dict.fromkeys(problems))
    return sorted(once, key=lambda p: (p.where or Place(""), p.code, p.text))
