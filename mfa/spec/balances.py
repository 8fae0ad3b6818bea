"""Over which further dimensions (`by`) each process balances."""

from __future__ import annotations

from mfa.spec.schema import Scenario

BOUNDARIES = ("source", "sink")
"""The kinds of process that have no balance."""


def balanced_labels(spec: Scenario, process: str) -> tuple[str, ...]:
    """The further dimensions over which a process balances: those that all its flows have, none `converts`.

    Time, region and element are not among them: every balance holds by these. Trade has no further ones, and
    sources and sinks do not balance.
    """
    entry = spec.processes.get(process)
    if entry is None or entry.kind in BOUNDARIES:
        return ()
    return tuple(a for a in shared_labels(spec, process) if a not in entry.converts)


def shared_labels(spec: Scenario, process: str) -> tuple[str, ...]:
    """The further dimensions that all flows and trades at a process have, in the order of `dimensions`."""
    flows = [f.by for f in spec.flows.values() if process in (f.from_, f.to)]
    flows += [() for t in spec.trade.values() if t.at == process]
    common = set(flows[0]).intersection(*flows[1:]) if flows else set()
    return tuple(d for d in spec.dimensions if d in common)
