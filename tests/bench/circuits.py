"""How often flows that are not 0 end at 0 in mineral circuits known by their assays alone.

`python -m tests.bench.circuits [circuits] [seed]`: random circuits of 10 to 30 streams and 3 to 8 components
with recycles, the feeds weighed to 2 %, all streams assayed with relative errors of 2, 10 and 30 %.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from mfa.errors import MfaError
from mfa.solve.reconcile import reconcile
from tests.solve.circuits import Circuit, drawn, flows_of

ERRORS = (0.02, 0.1, 0.3)
GONE = 1e-6
"""Share of its true size below which a flow counts as 0."""
APART = 0.5
"""Relative standard deviation up to which a flow is told from 0: beyond, any method ends some at 0."""


def ended(circuit: Circuit, seed: int, cv: float) -> np.ndarray | None:
    """Which flows end at 0; none where no solution is found."""
    model = circuit.model(seed, cv)
    try:
        found = reconcile(model.problem)
    except MfaError:
        return None
    return np.asarray(flows_of(model, found) <= GONE * circuit.flows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("circuits", type=int, nargs="?", default=200)
    parser.add_argument("seed", type=int, nargs="?", default=1000)
    asked = parser.parse_args()
    circuits = [drawn(np.random.default_rng(asked.seed + k)) for k in range(asked.circuits)]
    print("cv of assays | flows | at 0 | told from 0 | of them at 0 | not solved | s a circuit")
    for cv in ERRORS:
        begin, failed, flows, at_zero = time.process_time(), 0, 0, 0
        apart, apart_at_zero = 0, 0
        for k, circuit in enumerate(circuits):
            gone = ended(circuit, asked.seed + k, cv)
            failed += gone is None
            gone = np.ones(len(circuit.ends), dtype=bool) if gone is None else gone
            sure = circuit.errors(cv) < APART
            flows, at_zero = flows + len(gone), at_zero + int(gone.sum())
            apart, apart_at_zero = apart + int(sure.sum()), apart_at_zero + int((gone & sure).sum())
        seconds = (time.process_time() - begin) / len(circuits)
        print(
            f"{cv:4.0%} | {flows:,} | {at_zero / flows:.2%} | {apart:,} | {apart_at_zero / max(apart, 1):.2%}"
            f" | {failed} | {seconds:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
