"""The document's table of losses is the one that computes."""

from __future__ import annotations

from dataclasses import fields

import mfa
from mfa.solve.losses import KINDS as SOLVED
from mfa.solve.losses import L1, StudentT, loss_of
from mfa.spec.losses import KINDS

FLOW = {
    "mfa": 1,
    "processes": {"mine": {"kind": "source"}, "plant": {}, "use": {"kind": "sink"}},
    "flows": {"ore": {"from": "mine", "to": "plant"}, "metal": {"from": "plant", "to": "use"}},
    "observations": {"dug": {"of": "ore", "value": 8, "sd": 1, "robust": {"student_t": {"nu": 3}}}},
    "solve": {"robust": "l1"},
}


def test_kinds_and_parameters_are_those_of_the_solver() -> None:
    inner = {L1: {"near"}}  # how far an absolute value is rounded is the solver's own affair
    assert {k: set(v) for k, v in KINDS.items()} == {
        k: {f.name for f in fields(v)} - inner.get(v, set())
        for k, v in SOLVED.items()  # type: ignore[arg-type, call-overload]
    }
    assert all(
        low < getattr(loss_of(kind), name) < high
        for kind, parameters in KINDS.items()
        for name, (low, high) in parameters.items()
    )


def test_a_loss_is_read_set_and_shown() -> None:
    scenario = mfa.load(FLOW, set={"solve.robust": {"student_t": {"nu": 3}}})
    assert loss_of(scenario.spec.solve.robust) == StudentT(3)
    assert "student_t:\n      nu: 3.0" in scenario.text()
    result = mfa.run(mfa.load(FLOW))
    assert result.facts["loss"] == "StudentT(nu=3.0): a local optimum, reached from that of huber"
