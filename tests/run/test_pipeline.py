"""The run: its closure, what it refuses, what its tables say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import mfa
from mfa.build import build
from mfa.errors import Imbalance, Undetermined
from mfa.run import pipeline
from mfa.run.tables import balance_table
from tests.build.documents import CHAIN, merged, solved

LOOSE = {"transfers": None}


def test_what_nothing_determines_is_reported_or_refused() -> None:
    result = solved(**LOOSE)
    assert set(result.quantity("metal").frame()["status"]) == {"free"}
    assert result.facts["free_cells"] == 18
    assert np.isnan(result.sd("metal")).all()
    free = result.free.query("kind == 'free'").set_index("name")
    assert free.loc["metal[2020, AAA]", "low"] == pytest.approx(0, abs=1e-6)
    with pytest.raises(Undetermined, match=r"metal\[2020, AAA\]"):
        solved(solve={"on_free": "stop"}, **LOOSE)


def test_a_process_that_does_not_close_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reconcile = pipeline.reconcile

    def leaking(*args: object, **kwargs: object) -> object:
        found = reconcile(*args, **kwargs)  # type: ignore[arg-type]
        return replace(found, q=found.q * (1 + 1e-6 * np.arange(len(found.q))))

    monkeypatch.setattr(pipeline, "reconcile", leaking)
    with pytest.raises(Imbalance, match="plant"):
        solved()


def test_balances_are_summed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(*args: object) -> object:
        made.append(balance_table(*args))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(pipeline, "balance_table", counted)
    result = solved()
    assert [result.balances is table for table in made] == [True]


def test_the_tolerance_is_that_of_the_closure_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    reconcile = pipeline.reconcile

    def watched(*args: object, **kwargs: object) -> object:
        seen.append(kwargs["tolerance"])
        return reconcile(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "reconcile", watched)
    solved(solve={"tolerance": 1e-3})
    assert seen == [pipeline.STEP]


def test_balances_are_worst_first_and_see_a_leak() -> None:
    model = build(mfa.load(merged(CHAIN, {})))
    cells = model.problem.cells
    q = cells.value(np.ones(len(model.problem)))
    ore = model.edges["ore"].of(np.arange(9))[:, 0]
    q[ore] = 2.0
    q[ore[4]] = 3.0
    table = balance_table(model, q)
    assert table.loc[0, ["process", "year", "region"]].tolist() == ["plant", 2021, "BBB"]
    assert table.loc[0, "relative"] == pytest.approx(1 / 3)
    assert (table["relative"].iloc[1:] == 0).all()
    q[ore[0]] = np.nan
    assert np.isnan(balance_table(model, q)["relative"]).sum() == 1


def test_parameters_and_reports_are_apart() -> None:
    result = solved(transfers={"plant": {"metal": {"value": 0.25, "sd": 0.01}}})
    assert set(result.observations["name"]) == {"dug"}
    assert set(result.parameters["name"]) == {"transfers.plant.metal"}
    assert "region" not in result.parameters
    assert result.observations["source"].unique().tolist() == ["scenario"]


def test_every_stated_number_has_its_shift_in_stated_standard_deviations() -> None:
    result = solved(
        transfers={"plant": {"metal": {"value": 0.25, "sd": 0.01}}},
        observations={"sold": {"of": "metal", "value": 2.4, "cv": 0.05, "unit": "kt"}},
    )
    for table in (result.observations, result.parameters):
        moved = (table["adjusted"] - table["value"]) / table["sigma"]
        np.testing.assert_allclose(table["shift"], moved, rtol=1e-9)
        assert (table["shift"].abs() > 0.01).any()
    exact = solved(transfers={"plant": {"metal": {"value": 0.25, "sd": 0}}})
    assert exact.parameters.empty or exact.parameters["shift"].isna().all()
