"""What a YAML syntax error means, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import yaml

from mfa.errors import Place, Problem
from mfa.spec.lines import Lines

_TAB = "YAML does not allow tabs in the indentation: use blanks"
_RESERVED = "put the text in quotes"


@dataclass(frozen=True)
class Syntax:
    """A kind of syntax error: how to recognise it in the parser's words and in the line, and what to say.

    `at_start` says that the place is where the open part begins, not where the parser gave up.
    """

    code: str
    matches: Callable[[str, str, str], bool]
    text: str
    hint: str = ""
    at_start: bool = False


def _says(*words: str) -> Callable[[str, str, str], bool]:
    return lambda context, problem, line: any(w in f"{context} {problem}" for w in words)


def _tab(context: str, problem: str, line: str) -> bool:
    return "tab" in problem or "'\\t'" in problem or line[: len(line) - len(line.lstrip())].count("\t") > 0


def _cannot_start(context: str, problem: str, line: str) -> bool:
    return "cannot start any token" in problem


KINDS: Sequence[Syntax] = (
    Syntax("yaml-tab", _tab, "a tab stands in the indentation", _TAB),
    Syntax("yaml-alias", _says("nesting depth"), "the document is nested too deep"),
    Syntax(
        "yaml-syntax", _says("flow sequence"), "this list is not closed", "is a `]` or a comma missing?", True
    ),
    Syntax(
        "yaml-syntax",
        _says("flow mapping"),
        "this mapping is not closed",
        "is a `}` or a comma missing?",
        True,
    ),
    Syntax("yaml-syntax", _says("quoted scalar found unexpected end"), "this quote is not closed", "", True),
    Syntax(
        "yaml-syntax",
        _says("unknown escape"),
        "a backslash in double quotes starts an escape that does not exist",
        "use single quotes, or write the backslash twice",
    ),
    Syntax("yaml-syntax", _says("undefined alias"), "this alias names an anchor that is not defined above"),
    Syntax(
        "yaml-documents", _says("single document"), "a second document starts here", "one file, one document"
    ),
    Syntax(
        "yaml-indent",
        _says("mapping values are not allowed"),
        "a `key: value` cannot stand here",
        "check the indentation of this line and of the one above; a text that contains `: ` needs quotes",
    ),
    Syntax(
        "yaml-indent",
        _says("block mapping", "block collection", "block sequence"),
        "this line is indented neither like the lines above it nor like their parts",
        "keys of one mapping start in the same column",
    ),
    Syntax(
        "yaml-syntax", _says("expected ':'"), "this key has no colon behind it", "write `key: value`", True
    ),
    Syntax("yaml-syntax", _cannot_start, "a text cannot begin with this character", _RESERVED),
    Syntax(
        "yaml-syntax", _says("node content"), "a value is missing here, or a bracket or comma is one too many"
    ),
    Syntax("yaml-syntax", _says("block scalar"), "a text cannot begin with > or | here", _RESERVED),
    Syntax("yaml-syntax", _says("directive"), "a line cannot begin with %", _RESERVED),
)
_OTHER = Syntax("yaml-syntax", lambda *_: True, "this is not YAML")


def syntax_problem(error: yaml.YAMLError, file: str, lines: Lines) -> Problem:
    """The parser's error as a problem with its place and source line."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return _reader_problem(error, file, lines)
    end, start = error.problem_mark, error.context_mark or error.problem_mark
    where = lines.at(end.index)[0]
    line = lines.texts[where] if where < len(lines.texts) else ""
    kind = next((k for k in KINDS if k.matches(error.context or "", error.problem or "", line)), _OTHER)
    mark = start if kind.at_start else end
    text = kind.text if kind is not _OTHER else f"{kind.text}: {error.problem}"
    at, column = lines.at(mark.index)
    return Problem(kind.code, text, Place(file, at + 1, column + 1), kind.hint, "error", lines.text(at))


def _reader_problem(error: yaml.YAMLError, file: str, lines: Lines) -> Problem:
    """A character that no YAML file may hold, found again in the text."""
    allowed = "\t\u0085\ufeff"
    for n, line in enumerate(lines.texts):
        for column, c in enumerate(line):
            if c not in allowed and not c.isprintable() and (ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000):
                text = f"a text file cannot hold the control character U+{ord(c):04X}"
                return Problem(
                    "yaml-syntax", text, Place(file, n + 1, column + 1), "delete it", "error", line
                )
    return Problem("yaml-syntax", f"this is not YAML: {error}", Place(file, 1))
