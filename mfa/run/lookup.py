"""From a name as messages and tables write it to the row, flow, stock or report that it means."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mfa.build.balances import BALANCE
from mfa.errors import Problem, UnknownName, nearest
from mfa.run.trace import Trace
from mfa.solve.problem import LeastSquares

Kind = str
EXACT, LIMIT, OBSERVED, CELL = "exact", "limit", "observed", "cell"
MOST = 6
"""How many things one name may mean; beyond that more labels are asked for."""
_FORM = re.compile(
    r"^(?P<head>[^\[\](),]*)(?P<more>,[^\[\]()]*)?(?:\[(?P<labels>[^\]]*)\](?P<tail>[^\[\]()]*))?(?P<origin>\(.*\))?$"
)
_SIDES = (" exactly", " at least", " at most")


@dataclass(frozen=True)
class Spelt:
    """A name taken apart: `production[2022, CHN] (usgs, MCS 2024)`."""

    head: str
    labels: tuple[str, ...]
    origin: str = ""


@dataclass(frozen=True)
class Found:
    """Thing `k` among the rows, limits, reports or cells, and its whole name."""

    kind: Kind
    k: int
    name: str
    spelt: Spelt


def spelt(name: str) -> Spelt:
    """The parts of a name; labels may stand in brackets, behind them, or after commas as in a table.

    >>> spelt("balance of magnet[2022, CHN] Nd")
    Spelt(head='balance of magnet', labels=('2022', 'CHN', 'Nd'), origin='')
    >>> spelt("to_magnet,2022,CHN").labels
    ('2022', 'CHN')
    """
    text, side = " ".join(name.split()), ""
    for words in _SIDES:
        if text.endswith(words):
            text, side = text.removesuffix(words), words
    found = _FORM.match(text)
    if found is None:
        return Spelt(text + side, ())
    inside = f"{found['more'] or ''},{found['labels'] or ''}".split(",")
    labels = [*(p.strip() for p in inside), *(found["tail"] or "").replace(",", " ").split()]
    return Spelt(found["head"].strip() + side, tuple(p for p in labels if p), found["origin"] or "")


def find(trace: Trace, name: str) -> list[Found]:
    """What a name means, at most `MOST` things; raises UnknownName with near names.

    Labels may come in any order, and those that leave no doubt may be missing.
    """
    wanted, heads = spelt(name), _index(trace.problem)
    under = heads.get(wanted.head, [])
    if not under:
        raise _unknown(f'nothing here is called "{wanted.head}"', _near(wanted, heads))
    fitting = _once([f for f in under if _fits(wanted, f.spelt)])
    same = [f for f in fitting if f.spelt.labels == wanted.labels]
    whole = [f for f in fitting if len(f.spelt.labels) == len(wanted.labels)]
    fitting = same or whole or fitting
    if not fitting:
        near = _some([f.name for f in under], _nearest(wanted, under))
        raise _unknown(f'nothing is called "{name}"', f"near it are {near}")
    if len(fitting) > MOST:
        names = [f.name for f in fitting]
        raise _unknown(
            f'"{name}" means {len(fitting)} different things', f"add labels: {_some(names, names)}"
        )
    return fitting


def _unknown(text: str, hint: str) -> UnknownName:
    return UnknownName(Problem("unknown-name", text, hint=hint))


def _index(problem: LeastSquares) -> Mapping[str, list[Found]]:
    """Head -> everything under it; a balance stands under its process too, a limit under its constraint."""
    found: dict[str, list[Found]] = defaultdict(list)
    for thing in _everything(problem):
        for head in _heads(thing.spelt.head):
            found[head].append(thing)
    return found


def _everything(problem: LeastSquares) -> Iterator[Found]:
    rows = ((OBSERVED, problem.observed.rows), (EXACT, problem.exact), (LIMIT, problem.limits))
    for kind, of in (*rows, (CELL, problem.cells)):
        for k in range(len(of)):
            name = of.name(k)
            yield Found(kind, k, name, spelt(name))


def _near(wanted: Spelt, heads: Mapping[str, list[Found]]) -> str:
    """The names nearest to a head that does not exist, each with labels it has."""
    near = nearest(wanted.head, heads, 3)
    holding = [h for h in heads if wanted.head and wanted.head in h]
    names = list(dict.fromkeys([*near, *holding]))[:4]
    if names:
        return "did you mean " + " or ".join(f'"{_example(n, heads[n][0])}"' for n in names) + "?"
    own = [h for h in heads if " " not in h]
    return f"known are {_some(own, own)}"


def _heads(head: str) -> set[str]:
    """The names under which a row may be asked for."""
    words = head.removeprefix("constraints.").split(".")
    limited = {words[0]} if head.startswith("constraints.") else set()
    return {head, head.removeprefix(BALANCE), *limited}


def _fits(wanted: Spelt, other: Spelt) -> bool:
    """Whether the labels wanted are all there, and the origin where one is given."""
    if wanted.origin and wanted.origin != other.origin:
        return False
    if wanted.labels == other.labels:
        return True
    same = sorted(wanted.labels) == sorted(other.labels)
    if same and len(set(wanted.labels)) == len(wanted.labels):
        return True
    return len(wanted.labels) < len(other.labels) and not Counter(wanted.labels) - Counter(other.labels)


def _once(found: Sequence[Found]) -> list[Found]:
    """A cell only where no report or row has its name, and each name of cells once."""
    rows = {f.name for f in found if f.kind != CELL}
    cells = {f.name: f for f in reversed(found) if f.kind == CELL and f.name not in rows}
    return [f for f in found if f.kind != CELL or cells.get(f.name) is f]


def _nearest(wanted: Spelt, under: Sequence[Found]) -> list[str]:
    """The names that share most labels with what was asked."""
    shared = [len(set(wanted.labels) & set(f.spelt.labels)) for f in under]
    order = sorted(range(len(under)), key=lambda k: -shared[k])
    return [under[k].name for k in order]


def _some(every: Sequence[str], first: Sequence[str]) -> str:
    names = list(dict.fromkeys(first))[:4]
    more = len(set(every)) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _example(head: str, found: Found) -> str:
    labels = ", ".join(found.spelt.labels)
    return f"{head}[{labels}]" if labels else head
