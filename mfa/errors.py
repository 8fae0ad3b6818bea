"""What goes wrong, as values: where, what, and a hint; and the exceptions that carry them.

Checks return lists of :class:`Problem`; only the edge of the package (the command line, `mfa.load`,
`mfa.run`) raises. Every exception is an :class:`MfaError` and also the builtin a Python user would catch.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from mfa.printed import excerpt, sentence

Severity = Literal["error", "warning"]
COMPARED = 2_000
"""Names that are compared to find the nearest: each takes some time, and hints come by the hundred."""
LIKE_NAMES = 200
"""Characters of the longest text that may be a name with a slip in it."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a text file: `file:line:column`, lines and columns counted from 1."""

    file: str
    line: int = 0
    column: int = 0
    length: int = 1

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a code for `mfa explain`, the place, the sentence, a hint."""

    code: str
    text: str
    where: Place | None = None
    hint: str = ""
    severity: Severity = "error"
    source_line: str = ""

    def __str__(self) -> str:
        head = f"{sentence(str(self.where))}: " if self.where else ""
        lines = [f"{head}{self.severity}[{self.code}]: {sentence(self.text)}"]
        if self.source_line and self.where and self.where.column:
            line, column, length = excerpt(self.source_line, self.where.column, self.where.length)
            lines.append(f"    {line}")
            lines.append("    " + " " * (column - 1) + "^" * length)
        if self.hint:
            lines.append(f"    hint: {sentence(self.hint)}")
        return "\n".join(lines)


class MfaError(Exception):
    """The base of every error of `mfa`: `problems` says what went wrong, `exit_code` what a shell sees."""

    exit_code = 1
    code = "error"

    def __init__(self, *problems: Problem | str) -> None:
        self.problems: tuple[Problem, ...] = tuple(
            p if isinstance(p, Problem) else Problem(self.code, p) for p in problems
        )
        super().__init__("\n".join(str(p) for p in self.problems))

    def __str__(self) -> str:
        return "\n".join(str(p) for p in self.problems)


class InputError(MfaError, ValueError):
    """The input is wrong: a document, a table, a name, a unit, an option (exit 2)."""

    exit_code = 2
    code = "input"


class DocumentError(InputError):
    """A scenario or model file that cannot be accepted."""

    code = "document"


class UnknownName(InputError, KeyError):
    """A name that nothing in the scenario, the system or the result has."""

    code = "unknown-name"


class UnitError(InputError, TypeError):
    """A unit that cannot be read, or two kinds of quantity put together."""

    code = "unit"


class TableError(InputError):
    """A table that cannot be read or does not hold what the scenario says it holds."""

    code = "table"


class MissingFile(InputError, FileNotFoundError):
    """A file that the scenario or the command line names and that is not there."""

    code = "missing-file"


class OutputError(InputError, OSError):
    """The output folder cannot be written."""

    code = "output"


class ModelError(MfaError, ArithmeticError):
    """The input is well formed and the model has no acceptable answer (exit 1)."""

    code = "model"


class Infeasible(ModelError):
    """Exact rows, limits and bounds contradict each other; `problems` name the smallest set found."""

    code = "infeasible"


class Undetermined(ModelError):
    """A quantity that a result needs is not determined by the data."""

    code = "undetermined"


class NotConverged(ModelError):
    """The solver stopped before it met its tolerances."""

    code = "not-converged"


class Imbalance(ModelError):
    """A process does not close to the tolerance."""

    code = "imbalance"


def nearest(name: str, known: Iterable[str], most: int) -> list[str]:
    """The known names that are most like one, at most so many; none is near a text as long as a paragraph.

    >>> nearest("oxyde", ["metal", "oxide"], 1)
    ['oxide']
    """
    if len(name) > LIKE_NAMES:
        return []
    # two names whose lengths are further apart than that have a ratio below the cutoff
    fitting = (n for n in known if 3 * len(n) <= 7 * len(name) and 3 * len(name) <= 7 * len(n))
    return difflib.get_close_matches(name, list(islice(fitting, COMPARED)), n=most, cutoff=0.6)


def did_you_mean(name: str, known: Iterable[str], *, listed: int = 8) -> str:
    """A hint sentence: the nearest known name, or the first few known names when none is near.

    >>> did_you_mean("oxyde", ["oxide", "metal"])
    'did you mean "oxide"?'
    """
    names = [str(k) for k in known]
    near = nearest(str(name), names, 1)
    if not near:
        folded = {n.casefold(): n for n in names}
        near = [folded[str(name).casefold()]] if str(name).casefold() in folded else []
    if near:
        return f'did you mean "{near[0]}"?'
    if not names:
        return "there are none"
    more = f" and {len(names) - listed} more" if len(names) > listed else ""
    return "known: " + ", ".join(names[:listed]) + more


def apart(total: float, other: float = 1.0) -> str:
    """A number with as many digits as tell it from another, six at least.

    >>> apart(1.2), apart(1.00000004), apart(0.9999999999)
    ('1.2', '1.00000004', '0.9999999999')
    """
    for digits in range(6, 18):
        if (text := f"{total:.{digits}g}") != f"{other:.{digits}g}":
            break
    return text
