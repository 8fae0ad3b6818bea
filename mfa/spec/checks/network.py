"""The graph: ends of flows, places of trade, boundaries, processes that nothing joins."""

from __future__ import annotations

from mfa.errors import Problem
from mfa.spec.dimensions import REGION
from mfa.spec.document import Document
from mfa.spec.targets import inflows, named, outflows


def ends(document: Document) -> list[Problem]:
    """Flows from a process to itself."""
    return [
        document.problem(
            "self-loop",
            f'flow "{name}" goes from "{flow.to}" to itself: it cancels out of every balance',
            "flows",
            name,
            "to",
            hint="leave it out, or name the step in between as a process",
        )
        for name, flow in document.spec.flows.items()
        if flow.from_ == flow.to
    ]


def trade_places(document: Document) -> list[Problem]:
    """Trade at a process that is no market, and trade without regions."""
    problems, processes = [], document.spec.processes
    for name, trade in document.spec.trade.items():
        if trade.at in processes and (kind := processes[trade.at].kind) != "market":
            text = f'trade "{name}" is at "{trade.at}", which is a {kind}: trade happens at a market'
            hint = f"write `{trade.at}: {{kind: market}}` under processes"
            problems.append(document.problem("trade-place", text, "trade", name, "at", hint=hint))
        if REGION not in named(document, "dimensions"):
            text = f'trade "{name}" is between regions, and there is no dimension "region"'
            problems.append(document.problem("unknown-dimension", text, "trade", name, key=True))
    return problems


def boundaries(document: Document) -> list[Problem]:
    """A source that something enters, a sink that something leaves."""
    problems, processes = [], document.spec.processes
    for name, flow in document.spec.flows.items():
        if flow.to in processes and processes[flow.to].kind == "source":
            text = f'flow "{name}" enters "{flow.to}", which is a source: nothing enters a source'
            problems.append(document.problem("boundary", text, "flows", name, "to"))
        if flow.from_ in processes and processes[flow.from_].kind == "sink":
            text = f'flow "{name}" leaves "{flow.from_}", which is a sink: nothing leaves a sink'
            problems.append(document.problem("boundary", text, "flows", name, "from"))
    return problems


def connected(document: Document) -> list[Problem]:
    """A system without processes, markets with one side only, processes that no flow joins.

    Where a flow ends at an unknown process, nobody can say which of the known ones it was meant to join.
    """
    processes = document.spec.processes
    if not processes:
        hint = "name the processes under `processes`, or import a model"
        return [document.problem("empty-system", "the system has no process", hint=hint)]
    ends = [end for flow in document.spec.flows.values() for end in (flow.from_, flow.to)]
    if any(end not in processes for end in ends):
        return []
    return [p for name in processes for p in _joined(document, name)]


def _joined(document: Document, name: str) -> list[Problem]:
    entering, leaving = inflows(document, name), outflows(document, name)
    process = document.spec.processes[name]
    if not entering and not leaving:
        text = f'no flow enters or leaves process "{name}"'
        return [document.problem("idle-process", text, "processes", name, severity="warning", key=True)]
    if process.kind != "market" or (entering and leaving):
        return []
    side, other = ("no outflow", "leaves") if entering else ("no inflow", "enters")
    text = f'market "{name}" has {side}: trade only moves a commodity between regions'
    hint = f'add a flow that {other} "{name}"'
    return [document.problem("market-ends", text, "processes", name, hint=hint, key=True)]


def statistical_differences(document: Document) -> list[Problem]:
    """Statistical differences elsewhere than at a market, or without a size."""
    problems = []
    for name, process in document.spec.processes.items():
        difference, path = process.statistical_difference, ("processes", name, "statistical_difference")
        if difference is None:
            continue
        if process.kind != "market":
            text = f'"{name}" is a {process.kind}: only a market may have a statistical difference'
            problems.append(document.problem("difference-place", text, *path, key=True))
        if difference.sd is None and difference.cv is None:
            text = "a statistical difference needs a standard deviation: `cv` of the throughput, or `sd`"
            problems.append(document.problem("no-uncertainty", text, *path, key=True))
    return problems
