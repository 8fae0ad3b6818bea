"""What the shares of each process sum to, label by label: exact ones are 1, uncertain ones are evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mfa.build.assembly import Assembly, Bools, Floats, Ints
from mfa.build.sums import ROUNDED, Closing, closing
from mfa.build.values import Reader, ValueArray
from mfa.core.labels import ELEMENT
from mfa.core.system import Edge, StockOf, System
from mfa.errors import Problem, apart
from mfa.spec.checks.shares import too_little, too_much
from mfa.spec.resolve import Document

Shares = Mapping[tuple[str, str], ValueArray]
"""(process, outflow) -> its share of what enters the process."""
ABSENT, UNSAID = -1, -2
"""In the place of a number: the flow is not there; it is, and nothing says what its share is."""
SAME_REST = 1e-9
"""How far apart the rests may be that exact shares leave to one share, as balances close no better."""
SAME = 1e-14
"""How far apart the numbers may be that several sums ask of one share."""


@dataclass(frozen=True)
class Split:
    """The sums of one process: of each, the `numbers` of the shares in it.

    Numbers count the entries of the flows' arrays one after another, `first` is that of the first of each
    flow; `evidence` says which of them have an error; `labels` are those of each sum, `complete` says which
    sums hold all that leaves.
    """

    process: str
    first: Mapping[str, int]
    numbers: Ints
    evidence: Bools
    labels: tuple[tuple[str, ...], ...]
    complete: Bools
    found: Closing


def split_sums(system: System, shares: Shares) -> list[Split]:
    """The sums of every process that states shares; none where no labels say what they are parts of."""
    found = []
    for process in dict.fromkeys(p for p, _ in shares):
        given = {flow: share for (p, flow), share in shares.items() if p == process}
        axes = _axes(system, process, given)
        if axes is not None:
            found.append(_split(system, process, given, axes))
    return found


def _axes(system: System, process: str, given: Mapping[str, ValueArray]) -> tuple[str, ...] | None:
    """The axes over which what leaves a process sums to what its shares divide; None where they differ."""
    own = system.processes[process]
    leaving = [e.cells.axes for e in system.edges.values() if e.source == process and e.kind == "flow"]
    entering = [e.cells for e in system.edges.values() if e.target == process and e.kind != "difference"]
    whole = [s.cells for s in _cohorts(system, process)] or entering

    def shared(axis: str) -> bool:
        return axis not in (*own.cells.axes, *own.converts) and all(axis in c.axes for c in whole)

    further = [a for a in leaving[0] if shared(a) and all(a in axes for axes in leaving)]
    axes = (*own.cells.axes, *further)
    if any(shared(a) for s in given.values() for a in s.axes if a not in (*axes, ELEMENT)):
        return None
    return (*axes, *((ELEMENT,) if any(ELEMENT in s.axes for s in given.values()) else ()))


def _cohorts(system: System, process: str) -> list[StockOf]:
    """The stocks with a lifetime at a process: its shares divide what leaves them, not what enters."""
    return [s for s in system.stocks.values() if s.process == process and s.kind == "cohort"]


def _split(system: System, process: str, given: Mapping[str, ValueArray], axes: tuple[str, ...]) -> Split:
    shape = tuple(system.sizes[a] for a in axes)
    sizes = np.cumsum([0, *(share.value.size for share in given.values())]).tolist()
    begin = dict(zip(given, sizes, strict=False))
    parts = [_numbers(system, system.edges[f], share, axes, begin[f]) for f, share in given.items()]
    for edge in system.edges.values():
        if edge.source == process and edge.kind == "flow" and edge.name not in given:
            there = _there(system, edge, axes, ())
            parts.append(np.where(there, UNSAID, ABSENT).reshape(*shape, 1))
    every = np.concatenate([p.reshape(-1, p.shape[-1]) for p in parts], axis=1)
    numbers, first = np.unique(every, axis=0, return_index=True)
    numbers = numbers[np.argsort(first)]
    labels = tuple(_labels(system, axes, shape, int(k)) for k in np.sort(first))
    value, certain, spread = (
        np.concatenate([getattr(s, key).ravel() for s in given.values()])
        for key in ("value", "certain", "spread")
    )
    at = np.maximum(numbers, 0)
    complete = ~(numbers == UNSAID).any(axis=1) & leaves_by_flows(system, process)
    found = closing(np.where(numbers >= 0, value[at], np.nan), certain[at], spread[at], complete)
    return Split(process, begin, numbers, ~certain & ~np.isnan(value), labels, complete, found)


def leaves_by_flows(system: System, process: str) -> bool:
    """Whether all that enters a process leaves it by its flows."""
    own = system.processes[process]
    stored = own.open or (own.kind == "stock" and not _cohorts(system, process))
    other = any(process in (e.source, e.target) and e.kind == "difference" for e in system.edges.values())
    sold = any(e.source == process and e.kind == "trade" for e in system.edges.values())
    return not (stored or other or sold)


def _numbers(system: System, edge: Edge, share: ValueArray, axes: tuple[str, ...], offset: int) -> Ints:
    """The numbers of a flow's shares over `axes`, and along a last axis those that add up there."""
    added = tuple(a for a in share.axes if a not in axes)
    own = np.where(
        np.isnan(share.value), UNSAID, offset + np.arange(share.value.size).reshape(share.value.shape)
    )
    found = _over(system, own, share.axes, (*axes, *added))
    found = np.where(_there(system, edge, axes, added), found, ABSENT)
    return found.reshape(*(system.sizes[a] for a in axes), -1)


def _there(system: System, edge: Edge, axes: tuple[str, ...], added: tuple[str, ...]) -> Bools:
    """Where a flow exists, over `axes` and `added`."""
    own = edge.cells.axes
    table = np.zeros(tuple(system.sizes[a] for a in own), np.bool_)
    table[tuple(edge.cells.coords.T)] = True
    kept = tuple(a for a in own if a in axes or a in added)
    there = np.asarray(table.any(axis=tuple(k for k, a in enumerate(own) if a not in kept)))
    return _over(system, there, kept, (*axes, *added))


def _over(
    system: System, array: npt.NDArray[Any], axes: tuple[str, ...], wanted: tuple[str, ...]
) -> npt.NDArray[Any]:
    """An array over some of the `wanted` axes over all of them."""
    there = [a for a in wanted if a in axes]
    array = np.asarray(array).transpose([axes.index(a) for a in there])
    sizes = [system.sizes[a] if a in axes else 1 for a in wanted]
    return np.broadcast_to(array.reshape(sizes), [system.sizes[a] for a in wanted])


def _labels(system: System, axes: tuple[str, ...], shape: tuple[int, ...], k: int) -> tuple[str, ...]:
    place = np.unravel_index(k, shape) if shape else ()
    return tuple(str(system.dimensions[a].labels[i]) for a, i in zip(axes, place, strict=True))


def closed_shares(
    reader: Reader, splits: Sequence[Split], shares: Shares
) -> dict[tuple[str, str], ValueArray]:
    """The shares, exact ones closed to 1 where print explains what is missing; problems go to the reader."""
    closed = dict(shares)
    for split in splits:
        low, high = _asked(split)
        agreed = np.isnan(low) | (high - low <= SAME)
        reader.problems += _problems(reader.document, split, agreed)
        for flow, first in split.first.items():
            share = shares[split.process, flow]
            own = low[first : first + share.value.size].reshape(share.value.shape)
            closed[split.process, flow] = replace(share, value=np.where(np.isnan(own), share.value, own))
    return closed


def _asked(split: Split) -> tuple[Floats, Floats]:
    """The least and the largest number that the sums of a process ask of each share, exact ones closed."""
    low, high = (np.full(len(split.evidence), np.nan) for _ in range(2))
    there = split.numbers >= 0
    np.fmin.at(low, split.numbers[there], split.found.value[there])
    np.fmax.at(high, split.numbers[there], split.found.value[there])
    return low, high


def _contradictions(document: Document, split: Split) -> Iterator[Problem]:
    """A problem where exact shares leave different rests at several labels to one share that has an error."""
    evidence = np.append(split.evidence, False)[np.where(split.numbers >= 0, split.numbers, -1)]
    alone = np.flatnonzero(split.complete & (evidence.sum(axis=1) == 1) & (split.found.exact <= 1))
    left = 1.0 - split.found.exact[alone]
    number = split.numbers[alone][evidence[alone]]
    for k in np.unique(number):
        low, high = (alone[number == k][pick(left[number == k])] for pick in (np.argmin, np.argmax))
        least, most = (1.0 - split.found.exact[row] for row in (low, high))
        if most - least > SAME_REST:
            flow = max((first, name) for name, first in split.first.items() if first <= k)[1]
            rests = [f"{apart(v)} for {', '.join(split.labels[r])}" for v, r in ((least, low), (most, high))]
            text = (
                f'exact shares of "{split.process}" leave {" and ".join(rests)}, and "{flow}" has one share'
            )
            hint = f"give {flow} a share for each label, or the others an sd"
            yield document.problem("share-sum", text, "transfers", split.process, flow, hint=hint)


def _problems(document: Document, split: Split, agreed: Bools) -> Iterator[Problem]:
    """What is wrong with the sums of a process, and a warning where they are closed."""
    found, there = split.found, split.numbers >= 0
    apart_ = (there & ~np.append(agreed, True)[np.where(there, split.numbers, -1)]).any(axis=1)
    low = found.open | (found.rounded & apart_ & (found.total < 1))
    high = found.above | (found.rounded & apart_ & (found.total > 1))
    if high.any():
        yield too_much(document, split.process, *_where(split, high, found.exact))
    if low.any():
        yield too_little(document, split.process, *_where(split, low, found.total))
    yield from _contradictions(document, split)
    rounded = found.rounded & ~apart_
    if rounded.any():
        number, where = _where(split, rounded, found.total)
        text = f'the shares of "{split.process}" sum to {apart(number)}{where}{ROUNDED}'
        yield document.problem(
            *("share-rounding", text, "transfers", split.process), severity="warning", key=True
        )


def _where(split: Split, rows: Bools, total: Floats) -> tuple[float, str]:
    """The sum of the first of some rows, and where that is."""
    k = int(np.flatnonzero(rows)[0])
    labels = ", ".join(split.labels[k]) if len(split.labels) > 1 else ""
    more = f" (and {rows.sum() - 1} more like it)" if rows.sum() > 1 else ""
    return float(total[k]), (f" for {labels}" if labels else "") + more


def note_closed(
    assembly: Assembly, splits: Sequence[Split], observed: Mapping[tuple[str, str], Ints]
) -> None:
    """Note the statements of shares that sum to 1 as they are stated, given the observed row of each."""
    for split in splits:
        kept = np.flatnonzero(split.found.closed)
        numbers = split.numbers[kept]
        member = (numbers >= 0) & split.evidence[np.maximum(numbers, 0)]
        row = np.full(len(split.evidence), -1)
        for flow, first in split.first.items():
            if (split.process, flow) in observed:
                own = observed[split.process, flow].ravel()
                row[first : first + len(own)] = own
        found = np.where(member, row[np.maximum(numbers, 0)], -1)
        whole = np.asarray((~member | (found >= 0)).all(axis=1))
        group, column = np.nonzero(member & whole[:, None])
        assembly.closed(group, found[group, column])
