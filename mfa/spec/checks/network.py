"""The graph: ends of flows, places of trade, boundaries, processes that nothing joins."""

from __future__ import annotations

from mfa.errors import Problem, did_you_mean
from mfa.spec.balances import BOUNDARIES, balanced_labels, shared_labels
from mfa.spec.dimensions import ELEMENT, REGION, TIME_NAMES, dimension_labels, dimension_problems
from mfa.spec.document import Document
from mfa.spec.targets import inflows, named, outflows
from mfa.spec.tree import Steps


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
    if process.kind not in ("process", "market") or process.balance == "open" or (entering and leaving):
        return []
    side, other = ("no outflow", "leaves") if entering else ("no inflow", "enters")
    if process.kind == "market":
        text = f'market "{name}" has {side}: trade only moves a commodity between regions'
        hint = f'add a flow that {other} "{name}"'
        return [document.problem("market-ends", text, "processes", name, hint=hint, key=True)]
    boundary = "sink" if entering else "source"
    text = f'process "{name}" has {side}: its balance makes all its flows 0'
    hint = f"did you mean `kind: {boundary}`? Otherwise add a flow that {other} it, or say `balance: open`"
    return [document.problem("process-ends", text, "processes", name, hint=hint, key=True)]


def conversions(document: Document) -> list[Problem]:
    """Conversions of what is no further dimension, or of one that some flow of the process lacks."""
    return [
        p
        for name, process in document.spec.processes.items()
        for k, axis in enumerate(process.converts)
        for p in _conversion(document, name, axis, ("processes", name, "converts", k))
    ]


def _conversion(document: Document, name: str, axis: str, path: Steps) -> list[Problem]:
    spec = document.spec
    if axis not in spec.dimensions:
        text, hint = f'there is no dimension "{axis}"', did_you_mean(axis, spec.dimensions)
        return [document.problem("unknown-dimension", text, *path, hint=hint)]
    if axis in (*TIME_NAMES, REGION, ELEMENT):
        text = f"every balance holds by {axis}: only a dimension of `by` can be converted"
        return [document.problem("converts", text, *path)]
    if spec.processes[name].kind in BOUNDARIES:
        text = f'"{name}" is a {spec.processes[name].kind}: it has no balance'
        return [document.problem("converts", text, *path)]
    if axis in shared_labels(spec, name):
        return []
    entering, leaving = inflows(document, name), outflows(document, name)
    lacking = [f for f in (*entering, *leaving) if axis not in spec.flows[f].by]
    shared = spec.transfers.get(name, {})
    if not set(entering) & set(lacking) and any(f in shared and f not in lacking for f in leaving):
        return []  # a share by label is of what enters with that label, unless it is converted
    whose = f'flow "{lacking[0]}"' if lacking else "its trade"
    text = f'"{name}" does not balance by {axis} anyway: {whose} has no such dimension'
    return [document.problem("converts", text, *path, severity="warning")]


def unconverted(document: Document) -> list[Problem]:
    """Warnings of labels with which something enters a process and nothing leaves, or the other way round.

    Such flows are 0. A process with a stock may keep what enters, and one left open may lack the other flow.
    """
    spec = document.spec
    holding = {s.at for s in spec.stocks.values()}
    plain = [
        name
        for name, p in spec.processes.items()
        if p.kind in ("process", "market") and p.balance == "closed" and name not in holding
    ]
    return [
        p for name in plain for axis in balanced_labels(spec, name) for p in _one_sided(document, name, axis)
    ]


def _one_sided(document: Document, name: str, axis: str) -> list[Problem]:
    if axis not in document.spec.dimensions or dimension_problems(document, axis):
        return []
    every = dimension_labels(document, axis)
    flows = document.spec.flows
    entering, leaving = (
        {label for f in side for label in flows[f].where.get(axis, every)}
        for side in (inflows(document, name), outflows(document, name))
    )
    found = []
    for only, verb, other in (
        (entering - leaving, "enters", "leave"),
        (leaving - entering, "leaves", "enter"),
    ):
        if only and entering and leaving:
            labels = ", ".join(str(x) for x in every if x in only)
            text = f'what {verb} "{name}" with {axis} {labels} cannot {other} it: it is 0'
            hint = f"if labels change there, add `converts: [{axis}]` to the process"
            path = ("processes", name)
            found.append(
                document.problem("one-sided-label", text, *path, hint=hint, key=True, severity="warning")
            )
    return found


def openings(document: Document) -> list[Problem]:
    """Balances left open that are none, or that something else of the process needs closed."""
    problems = []
    for name, process in document.spec.processes.items():
        if process.balance == "closed":
            continue
        rest = [f for f, share in document.spec.transfers.get(name, {}).items() if share == "rest"]
        if process.kind in BOUNDARIES:
            text = f'"{name}" is a {process.kind}: it has no balance'
            problems.append(document.problem("open-balance", text, "processes", name, "balance", key=True))
        if process.statistical_difference is not None:
            text = f'a statistical difference closes the balance of "{name}", which is left open'
            path = ("processes", name, "statistical_difference")
            problems.append(document.problem("open-balance", text, *path, key=True))
        for flow in rest:
            text = f'`rest` is what the balance of "{name}" leaves, and that is left open'
            hint = "give the flow a share, or a number of its own"
            problems.append(document.problem("open-balance", text, "transfers", name, flow, hint=hint))
    return problems


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
