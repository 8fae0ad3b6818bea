"""YAML 1.2 text to plain data with the place of every key and value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from mfa.errors import InputError, Place, Problem
from mfa.files import read_bytes
from mfa.limits import DOCUMENT_BYTES, DOCUMENT_DEPTH, DOCUMENT_VALUES
from mfa.printed import LONGEST_QUOTE, shortened
from mfa.spec.lines import Lines, split_lines
from mfa.spec.scalars import Scalar, is_finite, read_scalar
from mfa.spec.syntax import syntax_problem
from mfa.spec.tree import Places, Steps, Tree

_PLAIN, _QUOTED = "plain", "quoted"
_SUSPECT = 2 * DOCUMENT_DEPTH.most
_DEEP_LINE = re.compile(rf"^[ ?:-]{{{_SUSPECT}}}", re.MULTILINE)
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _resolve(self: Any, kind: type[yaml.Node], value: str, implicit: Any) -> str:
    """A private tag for what has no tag of its own, so that tags in the text can be told apart."""
    return _PLAIN if kind is yaml.ScalarNode and implicit[0] else _QUOTED


class _Loader(_Base):  # type: ignore[misc]
    resolve = _resolve


class _PureLoader(yaml.SafeLoader):
    resolve = _resolve


@dataclass
class _Walk:
    """One pass over the node graph: data, places and problems."""

    file: str
    lines: Lines
    keys: Places = field(default_factory=dict)
    values: Places = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    count: int = 0

    def place(self, node: yaml.Node) -> Place:
        line, column = self.lines.at(node.start_mark.index)
        last, end = self.lines.at(node.end_mark.index)
        return Place(self.file, line + 1, column + 1, max(1, end - column) if last == line else 1)

    def complain(self, code: str, text: str, node: yaml.Node, hint: str = "") -> None:
        place = self.place(node)
        self.problems.append(Problem(code, text, place, hint, "error", self.lines.text(place.line - 1)))

    def data(self, node: yaml.Node, steps: Steps) -> Any:
        """The plain data of a node, its places noted under `steps`."""
        self.values[steps] = self.place(node)
        self.count += 1
        if node.tag not in (_PLAIN, _QUOTED):
            self.complain("tag", f"tags are not allowed: {_tag(node.tag)}", node, "delete the tag")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if id(node) in self.open or not self.fits(steps):
            self.endless(node)
            return None
        self.open.add(id(node))
        found: Any = None
        if isinstance(node, yaml.MappingNode):
            found = self.mapping(node, steps)
        elif isinstance(node, yaml.SequenceNode):
            found = self.sequence(node, steps)
        self.open.discard(id(node))
        return found

    def fits(self, steps: Steps) -> bool:
        return DOCUMENT_DEPTH.allows(len(steps)) and DOCUMENT_VALUES.allows(self.count)

    def endless(self, node: yaml.Node) -> None:
        """Complain, once, of a node that holds itself, or of one that is more than can be taken in."""
        if any(p.code == "yaml-alias" for p in self.problems):
            return
        limit = DOCUMENT_DEPTH if DOCUMENT_VALUES.allows(self.count) else DOCUMENT_VALUES
        text = f"the document is too large: at most {limit} are accepted"
        if id(node) in self.open:
            text = "the document never ends"
        self.complain("yaml-alias", text, node, "is an alias inside its own anchor, or aliases of aliases?")

    def scalar(self, node: yaml.ScalarNode) -> Scalar:
        if node.tag == _QUOTED:
            return str(node.value)
        value = read_scalar(node.value)
        if not is_finite(value):
            text = f"{shortened(node.value, LONGEST_QUOTE)} is not a number that a quantity can have"
            self.complain("not-finite", text, node, "leave the value out if it is not known")
            return None
        return value

    def sequence(self, node: yaml.SequenceNode, steps: Steps) -> list[Any]:
        return [self.data(item, (*steps, k)) for k, item in enumerate(node.value)]

    def mapping(self, node: yaml.MappingNode, steps: Steps) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node)
            if key is None:
                continue
            if key in found:
                self.twice(key, key_node, self.keys[(*steps, key)])
                continue
            self.keys[(*steps, key)] = self.place(key_node)
            found[key] = self.data(value_node, (*steps, key))
        return found

    def key(self, node: yaml.Node) -> str | int | None:
        """The key a node stands for, or None where it cannot be one."""
        if not isinstance(node, yaml.ScalarNode) or node.tag not in (_PLAIN, _QUOTED):
            self.complain("key", "a key is text or a whole number", node)
            return None
        if node.tag == _PLAIN and node.value == "<<":
            hint = "use `import`, or an alias for a whole value"
            self.complain("merge-key", "merge keys (`<<`) are not part of YAML 1.2", node, hint)
            return None
        key = self.scalar(node)
        if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
            return key
        self.complain("key", f"a key is text or a whole number, not `{node.value}`", node, "put it in quotes")
        return None

    def twice(self, key: str | int, node: yaml.Node, first: Place) -> None:
        there = f"line {first.line}, column {first.column}"
        text = f'the key "{key}" stands here a second time; the first is on {there}'
        self.complain("duplicate-key", text, node, "keep one of the two")


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _refused(text: str, loader: Any) -> str:
    """Why a text is not read (it nests deeper than the parser bears, or holds too much), or empty.

    Only what may be so by its signs is looked at event by event, which takes no memory.
    """
    signs = sum(map(text.count, (",", ":", "\n", "[", "{", "- ", "? ")))
    opened = text.count("[") + text.count("{")
    if opened < _SUSPECT and not _DEEP_LINE.search(text) and DOCUMENT_VALUES.allows(2 * signs):
        return ""
    depth = count = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        count += isinstance(event, yaml.NodeEvent)
        if not DOCUMENT_DEPTH.allows(depth):
            return "the document is nested too deep"
        if not DOCUMENT_VALUES.allows(count):
            return f"the document is too large: at most {DOCUMENT_VALUES} are accepted"
    return ""


def _compose(text: str, pure: bool) -> yaml.Node | None:
    kind = _PureLoader if pure else _Loader
    loader = kind(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
        return node
    finally:
        loader.dispose()


def read_text(
    text: str, file: str, *, folder: Path | None = None, pure: bool = False
) -> tuple[Tree, list[Problem]]:
    """The data and places of YAML text, with what is wrong in it; `file` is the name shown in places.

    `pure` reads with the parser written in Python even where the C parser is present.
    """
    text = text.removeprefix("\ufeff")
    lines = split_lines(text)
    nothing = Tree({}, lines={file: lines.texts}, folders={file: folder or Path()})
    try:
        if refused := _refused(text, _PureLoader if pure else _Loader):
            return nothing, [Problem("yaml-alias", refused, Place(file))]
        node = _compose(text, pure)
    except yaml.YAMLError as error:
        return nothing, [syntax_problem(error, file, lines)]
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == _PLAIN and not node.value):
        hint = "a scenario starts with `mfa: 1`"
        return nothing, [Problem("empty-file", "the file holds no document", Place(file), hint)]
    walk = _Walk(file, lines)
    if not isinstance(node, yaml.MappingNode):
        what = "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
        walk.complain(
            "not-a-mapping", f"the document is {what}, not a mapping of keys", node, "start with `mfa: 1`"
        )
        return nothing, walk.problems
    data = walk.data(node, ())
    tree = Tree(data or {}, walk.keys, walk.values, nothing.lines, nothing.folders)
    return tree, walk.problems


def read_file(path: Path, shown: str | None = None, *, pure: bool = False) -> tuple[Tree, list[Problem]]:
    """The data and places of a YAML file, with what is wrong in it; `shown` is its name in places."""
    name = shown or str(path)
    try:
        text = read_bytes(path, DOCUMENT_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        return Tree({}), [_not_utf8(error, name)]
    except InputError as error:
        return Tree({}), [replace(p, where=Place(name)) for p in error.problems]
    except OSError as error:
        return Tree({}), [Problem("missing-file", f"cannot read the file: {error.strerror}", Place(name))]
    return read_text(text, name, folder=path.parent.absolute(), pure=pure)


def _not_utf8(error: UnicodeDecodeError, file: str) -> Problem:
    before = split_lines(error.object[: error.start].decode("utf-8", "replace") + "?")
    line, column = len(before.texts), len(before.texts[-1])
    text = f"the file is not UTF-8 text: byte 0x{error.object[error.start]:02X}"
    return Problem("not-utf8", text, Place(file, line, column), "save the file with the encoding UTF-8")
