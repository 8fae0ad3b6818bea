"""Loops of shares that something enters, and that lose nothing or next to nothing in a round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from mfa.build.assembly import Bools, Floats, Ints
from mfa.build.reports import names_of
from mfa.build.splits import Shares, leaves_by_flows
from mfa.build.values import ValueArray
from mfa.core.balance import TOLERANCE
from mfa.core.labels import ELEMENT, at_cells
from mfa.core.system import Edge, System
from mfa.errors import Problem
from mfa.spec.resolve import Document

LEAST = TOLERANCE / 2
"""What a loop has to lose in a round, of what passes."""
ROUNDING = 1e-15
"""A loop that loses less loses nothing."""
SHIFT = 1e-13
"""How much more than it does each loop is taken to lose, so that one that is closed has an answer."""
REPORT = ", or report a flow of the loop, which moves the shares that state an error"


@dataclass(frozen=True)
class _Steps:
    """What of each node's throughput goes where along one edge, exactly: node * layers + layer both times."""

    edge: str
    source: Ints
    target: Ints
    share: Floats


def loop_problems(document: Document, system: System, shares: Shares) -> list[Problem]:
    """A problem for each loop that something enters and in which shares return all but less than `LEAST` of
    what passes: exact ones, and stated ones with an error where nothing else speaks of what goes round.

    The latter have no optimum: shares as stated are met the better the more goes round, without end.
    """
    if not _is_circular(system):
        return []
    exact = _closed(system, shares)
    found = [_problem(document, of, lost) for of, lost in exact.items()]
    if not (document.spec.compositions or document.spec.contents):
        uncertain = {key: replace(s, sd=0 * s.value, cv=0 * s.value) for key, s in shares.items()}
        stated = _closed(system, uncertain)
        spoken = _spoken_of(document)
        silent = [of for of in stated if of not in exact and not spoken & {*of}]
        found += [_problem(document, of, stated[of], REPORT) for of in silent]
    return found


def _spoken_of(document: Document) -> set[str]:
    """What some observation or constraint names."""
    said = [*document.spec.observations.values(), *document.spec.constraints.values()]
    return {name for of in said for name in names_of(of)}


def _closed(system: System, shares: Shares) -> dict[tuple[str, ...], float]:
    """The loops that lose less than `LEAST`, by their flows, with what they lose."""
    if not _is_circular(system):
        return {}
    steps, layers = list(_steps(system, shares)), _layers(system, shares)
    size = len(system.nodes) * layers
    if not size or not steps:
        return {}
    from scipy.sparse import csgraph  # which loads solvers that a check without loops does without

    source, target, share = (
        np.concatenate([getattr(s, key) for s in steps]) for key in ("source", "target", "share")
    )
    matrix = sparse.csr_array(sparse.coo_array((share, (source, target)), shape=(size, size)))
    matrix.eliminate_zeros()
    loop = np.asarray(csgraph.connected_components(matrix, connection="strong")[1], np.int64)
    inside = np.flatnonzero(np.bincount(loop)[loop] > 1)
    lost = _lost(matrix, inside, loop)
    found: dict[tuple[str, ...], float] = {}
    for k in np.flatnonzero((lost < LEAST) & _fed(system, loop.reshape(-1, layers))):
        of = [s.edge for s in steps if ((loop[s.source] == k) & (loop[s.target] == k) & (s.share > 0)).any()]
        found.setdefault(tuple(of), float(lost[k]))
    return found


def _is_circular(system: System) -> bool:
    """Whether flows lead from some process back to it."""
    ahead = {(e.source, e.target) for e in system.edges.values() if e.kind == "flow"}
    while ahead:
        entered = {target for _, target in ahead}
        kept = {(source, target) for source, target in ahead if source in entered}
        if kept == ahead:
            return True
        ahead = kept
    return False


def _fed(system: System, loop: Ints) -> Bools:
    """Into which loops, numbered by node and layer, something leads from outside."""
    found = np.zeros(int(loop.max(initial=-1)) + 1, np.bool_)
    for edge in system.edges.values():
        source, target = system.nodes.source_of(edge), system.nodes.target_of(edge)
        inner, of = target >= 0, loop[target]
        other = (source < 0)[:, None] | (loop[source] != of)
        found[of[other & inner[:, None]]] = True
    return found


def _problem(document: Document, edges: tuple[str, ...], lost: float, more: str = "") -> Problem:
    text = f"the loop {', '.join(edges)} returns all that enters it"
    if lost <= ROUNDING:
        text, hint = f"{text}: it has no finite answer", "let something leave the loop, or nothing enter it"
    else:
        text += f" but {lost:.2g}, and balances close to {TOLERANCE:g} of what passes: nothing can be said of"
        text, hint = f"{text} what goes round in it", "let more leave the loop"
    return document.problem("closed-loop", text, "flows", edges[0], hint=hint + more, key=True)


def _layers(system: System, shares: Shares) -> int:
    """How many elements differ in their shares: all, or one for all."""
    return system.n_elements if any(ELEMENT in s.axes for s in shares.values()) else 1


def _steps(system: System, shares: Shares) -> Iterator[_Steps]:
    """Where exact shares lead, process by process; what is left goes to the one flow that has none."""
    stated = {flow: share for (_, flow), share in shares.items()}
    layers, size = _layers(system, shares), len(system.nodes)
    for process in system.processes:
        leaving = [e for e in system.edges.values() if e.source == process and e.kind == "flow"]
        taken, unknown = np.zeros((size, layers)), np.zeros((size, layers), np.int64)
        own = {e.name: _exact(system, e, stated.get(e.name), layers) for e in leaving}
        for edge in leaving:
            pairs, share = own[edge.name]
            known = ~np.isnan(share)
            np.add.at(taken, pairs[0], np.where(known, share, 0.0))
            node, first = np.unique(pairs[0], return_index=True)
            unknown[node] += ~known[first]
        rest = np.where((unknown == 1) & leaves_by_flows(system, process), np.maximum(1 - taken, 0.0), 0.0)
        for edge in leaving:
            (source, target), share = own[edge.name]
            share = np.where(np.isnan(share), rest[source], share)
            there = target >= 0
            layer = np.arange(layers)
            yield _Steps(
                edge.name,
                (source[there, None] * layers + layer).ravel(),
                (target[there, None] * layers + layer).ravel(),
                share[there].ravel(),
            )


def _exact(
    system: System, edge: Edge, given: ValueArray | None, layers: int
) -> tuple[tuple[Ints, Ints], Floats]:
    """The pairs of nodes that an edge joins, and the exact share of what enters the first (NaN: none is)."""
    source, target = system.nodes.source_of(edge), system.nodes.target_of(edge)
    share = np.full((len(source), layers), np.nan)
    if given is not None:
        exact = np.where(given.certain, given.value, np.nan)
        share = at_cells(exact, given.axes, edge.cells, layers, edge.source_region)
    inner = source >= 0
    source, target, share = source[inner], target[inner], share[inner]
    pairs, first, of = np.unique(np.stack([source, target]), axis=1, return_index=True, return_inverse=True)
    further = set(edge.cells.axes) - set(system.processes[edge.source].cells.axes)
    if given is not None and further & set(given.axes):
        added = np.zeros((pairs.shape[1], layers))
        np.add.at(added, of.ravel(), share)
        return (pairs[0], pairs[1]), added
    return (pairs[0], pairs[1]), np.asarray(share[first])


def _lost(matrix: sparse.csr_array, inside: Ints, loop: Ints) -> Floats:
    """What leaves each loop, relative to the most that passes a node of it (infinite for what is none).

    What passes, v = P' v + 1, is dominated by what goes round where a loop loses next to nothing.
    """
    found = np.full(int(loop.max(initial=-1)) + 1, np.inf)
    if not len(inside):
        return found
    own = sparse.csr_array(matrix[inside][:, inside])
    rows = np.repeat(loop[inside], np.diff(own.indptr))
    own.data[rows != loop[inside[own.indices]]] = 0.0
    turned = sparse.eye_array(len(inside), format="csc") - (1 - SHIFT) * sparse.csc_array(own.T)
    from scipy.sparse.linalg import splu

    passing = np.abs(splu(sparse.csc_array(turned)).solve(np.ones(len(inside))))
    leaving = np.maximum(1.0 - np.asarray(own.sum(axis=1)).ravel(), 0.0)
    most = np.zeros(len(found))
    np.maximum.at(most, loop[inside], passing)
    lost = np.bincount(loop[inside], passing * leaving, len(found))
    return np.asarray(np.divide(lost, most, out=found, where=most > 0))
