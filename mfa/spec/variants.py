"""Changes to a document: variants (`from`, then `set`, then `drop`) and `--set path=value`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mfa.errors import Place, Problem, did_you_mean
from mfa.limits import VARIANTS
from mfa.spec.draft import Draft
from mfa.spec.given import plain_data
from mfa.spec.paths import BadPath, locate
from mfa.spec.reader import read_text
from mfa.spec.refusals import validate
from mfa.spec.tree import Steps, Tree

Settings = Mapping[str, Any] | Iterable[str] | None
"""`{path: value}` from Python, or `path=value` texts from the command line."""


def variant_names(tree: Tree) -> tuple[str, ...]:
    """The names of the variants of a document that has not been validated."""
    named = tree.data.get("variants")
    return tuple(str(k) for k in named) if isinstance(named, dict) else ()


def apply_variant(tree: Tree, name: str) -> tuple[Tree, list[Problem]]:
    """The document as a variant has it, and the changes that could not be made."""
    if name not in variant_names(tree):
        hint = did_you_mean(name, variant_names(tree))
        return tree, [
            Problem("unknown-variant", f'there is no variant "{name}"', tree.place(("variants",)), hint)
        ]
    problems: list[Problem] = []
    draft = Draft(tree)
    for variant in _order(tree, name, problems):
        problems += _change(tree, draft, variant)
    return draft.tree(), problems


def _entry(tree: Tree, name: str) -> dict[Any, Any]:
    entry = tree.data["variants"].get(name)
    return entry if isinstance(entry, dict) else {}


def _items(tree: Tree, name: str, key: str) -> Iterator[tuple[str, Steps]]:
    """The texts of a list (or a single text) of a variant, and where each is."""
    listed, steps = _entry(tree, name).get(key), ("variants", name, key)
    if isinstance(listed, str):
        yield listed, steps
    for k, text in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(text, str):
            yield text, (*steps, k)


def _order(tree: Tree, name: str, problems: list[Problem]) -> list[str]:
    """The variants to apply, each once, those in `from` before the one that names them."""
    done: list[str] = []
    _visit(tree, name, (), done, problems)
    return done


def _visit(tree: Tree, name: str, chain: tuple[str, ...], done: list[str], problems: list[Problem]) -> None:
    chain = (*chain, name)
    for below, steps in _items(tree, name, "from"):
        if below in chain:
            loop = _circle(chain[chain.index(below) :])
            problems.append(
                tree.problem("variant-cycle", f"these variants start from each other: {loop}", steps)
            )
        elif below not in variant_names(tree):
            hint = did_you_mean(below, variant_names(tree))
            problems.append(
                tree.problem("unknown-variant", f'there is no variant "{below}"', steps, hint=hint)
            )
        elif below not in done:
            _visit(tree, below, chain, done, problems)
    done.append(name)


def _circle(names: tuple[str, ...]) -> str:
    """A circle of variants, the first name in the alphabet first."""
    start = names.index(min(names))
    return " -> ".join((*names[start:], *names[:start], min(names)))


def _change(tree: Tree, draft: Draft, name: str) -> list[Problem]:
    """Apply one variant's own `set` and `drop` to a draft."""
    problems = []
    changes = _entry(tree, name).get("set")
    for path, value in (changes if isinstance(changes, dict) else {}).items():
        steps: Steps = ("variants", name, "set", path)
        try:
            _set(draft, str(path), value, tree, steps)
        except BadPath as bad:
            problems.append(tree.problem(bad.code, bad.text, steps, hint=bad.hint, key=True))
    for path, steps in _items(tree, name, "drop"):
        try:
            draft.remove(locate(draft.data, path, may_add=False).whole)
        except BadPath as bad:
            problems.append(tree.problem(bad.code, bad.text, steps, hint=bad.hint))
    return problems


def _set(draft: Draft, path: str, value: Any, source: Tree, at: Steps) -> None:
    steps = locate(draft.data, path, may_add=True).whole
    draft.put(steps, value, source, at)
    key = source.key_places.get(at)
    if key and not isinstance(steps[-1], int):
        draft.put_key(steps, key)


def apply_settings(tree: Tree, settings: Settings) -> tuple[Tree, list[Problem]]:
    """The document with values set from outside, and those that could not be set."""
    draft, problems, done = Draft(tree), list[Problem](), set[str]()
    pairs = settings.items() if isinstance(settings, Mapping) else (settings or ())
    for pair in pairs:
        found = read_setting(pair) if isinstance(pair, str) else _given(*pair)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        path, source = found
        if path in done:
            text = f'"{path}" is set twice, and one value counts'
            problems.append(Problem("setting", text, source.place(()), "keep one of the two"))
        done.add(path)
        try:
            _set(draft, path, source.data["value"], source, ("value",))
        except BadPath as bad:
            problems.append(Problem(bad.code, bad.text, source.place(()), bad.hint))
    return (draft.tree() if pairs else tree), problems


def _given(path: object, value: object) -> tuple[str, Tree]:
    name = f"--set {path}"
    return str(path), Tree({"value": plain_data(value)}, {}, {(): Place(name), ("value",): Place(name)})


def read_setting(text: str) -> tuple[str, Tree] | Problem:
    """The path and the value of `path=value`, the value read as YAML 1.2.

    >>> path, tree = read_setting("transfers.magnet.magnets=0.8")
    >>> path, tree.data["value"]
    ('transfers.magnet.magnets', 0.8)
    """
    path, equals, value = text.partition("=")
    where = Place(f"--set {text}")
    if not equals or not path.strip():
        return Problem("setting", f'"{text}" is not a setting', where, "write path=value")
    tree, problems = read_text(f'"value": {value.strip()}\n', where.file)
    if not problems and len(tree.data) > 1:
        return Problem("setting", "a setting is one path and one value", where, "write path=value")
    if problems:
        return Problem("setting", f"cannot read the value: {problems[0].text}", where, problems[0].hint)
    return path.strip(), Tree(tree.data, {}, {(): where, ("value",): where})


def too_many_variants(tree: Tree) -> list[Problem]:
    """A problem with more variants than are accepted: each is a document of its own to be checked."""
    found = len(variant_names(tree))
    if VARIANTS.allows(found):
        return []
    refused = VARIANTS.exceeded("the scenario", found=found)
    return [tree.problem(refused.code, refused.text, ("variants",), hint=refused.hint, key=True)]


def check_variants(tree: Tree) -> list[Problem]:
    """What is wrong with the changes of any variant, or with the document as a variant has it."""
    found = dict[object, Problem]()
    as_it_is = set(validate(tree)[1])
    for name in variant_names(tree):
        changed, problems = apply_variant(tree, name)
        for p in (*problems, *(p for p in validate(changed)[1] if p not in as_it_is)):
            found.setdefault(p.text if p.code == "variant-cycle" else p, p)
    return list(found.values())


def sweep_problems(tree: Tree) -> list[Problem]:
    """Sweeps whose path leads nowhere."""
    problems = []
    sweeps = tree.data.get("sweep")
    for name, entry in (sweeps if isinstance(sweeps, dict) else {}).items():
        path = entry.get("path") if isinstance(entry, dict) else None
        if isinstance(path, str):
            try:
                locate(tree.data, path, may_add=True)
            except BadPath as bad:
                problems.append(tree.problem(bad.code, bad.text, ("sweep", name, "path"), hint=bad.hint))
    return problems
