"""A document being changed: values replaced and removed together with their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mfa.errors import Place
from mfa.spec.tree import Places, Step, Steps, Tree, find


def copy(data: Any) -> Any:
    """Plain data copied through and through."""
    if isinstance(data, dict):
        return {k: copy(v) for k, v in data.items()}
    return [copy(v) for v in data] if isinstance(data, list) else data


class Draft:
    """A tree in the making; `tree` gives what it has become."""

    def __init__(self, tree: Tree) -> None:
        self.data: dict[Any, Any] = copy(tree.data)
        self._keys, self._values = dict(tree.key_places), dict(tree.value_places)
        self._lines, self._folders = dict(tree.lines), dict(tree.folders)

    def tree(self) -> Tree:
        """The tree as it is now; the draft must not be changed afterwards."""
        return Tree(self.data, self._keys, self._values, self._lines, self._folders)

    def know(self, lines: Mapping[str, tuple[str, ...]], folders: Mapping[str, Path]) -> None:
        """Take in the text and the folders of further files."""
        self._lines.update(lines)
        self._folders.update(folders)

    def put(self, steps: Steps, value: Any, source: Tree, at: Steps) -> None:
        """Replace what is at `steps` by `value`, whose places are those under `at` in `source`."""
        self._forget(steps)
        parent = self._parent(steps)
        parent[steps[-1]] = copy(value)
        size = len(at)
        for mine, theirs in ((self._keys, source.key_places), (self._values, source.value_places)):
            mine.update({(*steps, *k[size:]): place for k, place in theirs.items() if k[:size] == at})
        self.know(source.lines, source.folders)

    def put_key(self, steps: Steps, place: Place) -> None:
        """Say where the key of a value is."""
        self._keys[steps] = place

    def remove(self, steps: Steps) -> None:
        """Take away what is at `steps`; later items of a list move up."""
        parent = find(self.data, steps[:-1])
        self._forget(steps)
        del parent[steps[-1]]
        if isinstance(parent, list) and isinstance(last := steps[-1], int):
            self._move(lambda k: _moved_up(k, steps[:-1], last))

    def _parent(self, steps: Steps) -> Any:
        """The container of a value, made where there is none; a number on the way becomes its full form."""
        here: Any = self.data
        for n, step in enumerate(steps[:-1]):
            inner = here.get(step) if isinstance(here, dict) else here[step]
            if not isinstance(inner, dict | list):
                inner = here[step] = {} if inner is None else {"value": inner}
                if inner and steps[: n + 1] in self._values:
                    self._values[(*steps[: n + 1], "value")] = self._values[steps[: n + 1]]
            here = inner
        return here

    def _forget(self, steps: Steps) -> None:
        size = len(steps)
        for places in (self._keys, self._values):
            for key in [k for k in places if k[:size] == steps]:
                del places[key]

    def _move(self, to: Callable[[Steps], Steps]) -> None:
        self._keys = {to(k): v for k, v in self._keys.items()}
        self._values = {to(k): v for k, v in self._values.items()}


def _moved_up(steps: Steps, parent: Steps, gone: int) -> Steps:
    size = len(parent)
    if len(steps) > size and steps[:size] == parent and isinstance(k := steps[size], int) and k > gone:
        return (*parent, k - 1, *steps[size + 1 :])
    return steps


def merge(base: Tree, over: Tree) -> Tree:
    """`over` laid on `base`: mappings merge, lists and scalars of `over` replace."""
    data: dict[Any, Any] = copy(base.data)
    keys, values = dict(base.key_places), dict(base.value_places)
    _lay(data, over.data, (), lambda steps: _forget_under(steps, keys, values))
    keys.update(over.key_places)
    values.update(over.value_places)
    return Tree(data, keys, values, {**base.lines, **over.lines}, {**base.folders, **over.folders})


def _lay(
    below: dict[Step, Any], above: dict[Step, Any], steps: Steps, replaced: Callable[[Steps], None]
) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _lay(below[key], value, (*steps, key), replaced)
        else:
            if isinstance(below.get(key), dict | list):
                replaced((*steps, key))
            below[key] = copy(value)


def _forget_under(steps: Steps, *places: Places) -> None:
    for table in places:
        for key in [k for k in table if k[: len(steps)] == steps]:
            del table[key]
