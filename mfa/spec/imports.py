"""A document and the files it imports, merged: what is imported lies below, the importing file wins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mfa.errors import Problem
from mfa.files import is_file, not_a_file
from mfa.limits import IMPORTS
from mfa.spec.draft import Draft, merge
from mfa.spec.folders import file_hint
from mfa.spec.reader import read_file
from mfa.spec.tree import Steps, Tree


@dataclass
class _Files:
    """Files in the order in which they are laid on each other, each once."""

    order: list[tuple[Path, Tree]] = field(default_factory=list)
    done: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def _imports(tree: Tree) -> Iterator[tuple[str, Steps]]:
    """The paths a document imports and where each is written; what is no path is left to validation."""
    named = tree.data.get("import")
    if isinstance(named, str):
        yield named, ("import",)
    for k, name in enumerate(named if isinstance(named, list) else []):
        if isinstance(name, str):
            yield name, ("import", k)


def _malformed(tree: Tree) -> list[Problem]:
    """An `import` of an imported file that is no list of paths (validation sees only the document's own)."""
    named = tree.data.get("import", [])
    wrong = named if isinstance(named, list) else [named]
    if all(isinstance(name, str) for name in wrong):
        return []
    return [tree.problem("type", "import: expected a path or a list of paths", ("import",))]


def _missing(path: Path, name: str, tree: Tree, steps: Steps) -> Problem:
    hint = file_hint(path, "the path is relative to the file that imports")
    return tree.problem("missing-file", f'there is no file "{name}" to import', steps, hint=hint)


def _collect(path: Path, tree: Tree, files: _Files, chain: tuple[Path, ...]) -> None:
    """Add a document behind everything it imports."""
    for name, steps in _imports(tree):
        target = Path(os.path.normpath(path.parent / name))
        real = target.resolve()
        if real in (opened := [p.resolve() for p in chain]):
            names = " -> ".join(p.name for p in (*chain[opened.index(real) :], target))
            files.problems.append(
                tree.problem("import-cycle", f"these files import each other: {names}", steps)
            )
        elif (problem := not_a_file(target, tree.place(steps))) is not None:
            files.problems.append(tree.problem(problem.code, problem.text, steps))
        elif not is_file(target):
            files.problems.append(_missing(target, name, tree, steps))
        elif not IMPORTS.allows(len(files.done) + len(chain)):
            files.problems.append(
                tree.problem("too-large", f"at most {IMPORTS} are accepted", steps, hint=IMPORTS.hint)
            )
            return
        elif real not in files.done:
            imported, problems = read_file(target)
            files.problems += [*problems, *_malformed(imported)]
            _collect(target, imported, files, (*chain, target))
    files.done.add(path.resolve())
    files.order.append((path, tree))


def with_imports(path: Path, tree: Tree) -> tuple[Tree, tuple[Path, ...], list[Problem]]:
    """A document merged with its imports, all files (the document's first), and what is wrong with them."""
    files = _Files()
    _collect(path, tree, files, (path,))
    merged = Tree({})
    for _, part in files.order:
        merged = merge(merged, _without_import(part) if part is not tree else part)
    paths = (path, *(p for p, part in files.order if part is not tree))
    return merged, paths, files.problems


def _without_import(tree: Tree) -> Tree:
    if "import" not in tree.data:
        return tree
    draft = Draft(tree)
    draft.remove(("import",))
    return draft.tree()
